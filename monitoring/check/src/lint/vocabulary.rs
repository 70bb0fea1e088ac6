//! The ids that Grafana knows.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The ids of units, reducers and other parts of Grafana.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vocabulary {
    pub(super) units: BTreeSet<String>,
    pub(super) reducers: BTreeSet<String>,
    pub(super) color_modes: BTreeSet<String>,
    pub(super) field_matchers: BTreeSet<String>,
    pub(super) transformers: BTreeSet<String>,
}

/// The panel types of Grafana.
pub(super) const PANEL_TYPES: &[&str] = &[
    "alertlist",
    "annolist",
    "barchart",
    "bargauge",
    "candlestick",
    "canvas",
    "dashlist",
    "datagrid",
    "debug",
    "flamegraph",
    "gauge",
    "geomap",
    "heatmap",
    "histogram",
    "library-panel-ref",
    "logs",
    "logstable",
    "news",
    "nodeGraph",
    "piechart",
    "row",
    "stat",
    "state-timeline",
    "status-history",
    "table",
    "text",
    "timeseries",
    "traces",
    "trend",
    "xychart",
];

/// Prefixes of custom units.
const OWN_UNITS: &[&str] = &["prefix:", "suffix:", "time:", "si:", "count:", "currency:", "bool:"];

/// The ids in `vocab/grafana.json`.
pub(super) fn vocabulary() -> &'static Vocabulary {
    static ONCE: OnceLock<Vocabulary> = OnceLock::new();
    // A test reads the file, so parsing cannot fail.
    ONCE.get_or_init(|| serde_json::from_str(include_str!("../../vocab/grafana.json")).unwrap_or_default())
}

impl Vocabulary {
    pub(super) fn knows_unit(&self, unit: &str) -> bool {
        unit.is_empty() || self.units.contains(unit) || OWN_UNITS.iter().any(|it| unit.starts_with(it))
    }
}

#[cfg(test)]
mod tests {
    use super::vocabulary;

    #[test]
    fn the_file_is_read() {
        let it = vocabulary();
        assert!(it.knows_unit("percentunit") && it.knows_unit("suffix: eggs") && !it.knows_unit("opsec"));
        assert!(it.reducers.contains("lastNotNull") && it.color_modes.contains("thresholds"));
        assert!(it.field_matchers.contains("byName") && it.transformers.contains("organize"));
    }
}
