//! Metrics that no table describes: the stock exporter's recorder, kept from contradicting itself.
//!
//! It would write one name under two types, one series on two lines, series in another order at each scrape, and metrics
//! without a help text. Names are therefore admitted with one kind each, keys are made canonical before it sees them, and
//! its text is put in order.

use crate::labels;
use crate::text;
use measurand_catalog::Kind;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder as _, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

/// Without bounds of their own, histograms would become summaries, which cannot be added up over instances.
const BOUNDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// What a histogram's series are called.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

pub(crate) struct Foreign {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// The kind with which each name was first used.
    kinds: RwLock<HashMap<String, Kind>>,
}

impl Foreign {
    pub(crate) fn new() -> Self {
        // The bounds are not empty, which is all that can go wrong here.
        let builder = PrometheusBuilder::new().set_buckets(BOUNDS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        Self { handle: recorder.handle(), recorder, kinds: RwLock::default() }
    }

    /// Whether the name may be used with this kind; otherwise why not.
    pub(crate) fn admit(
        &self,
        name: &str,
        kind: Kind,
        is_described: impl Fn(&str) -> Option<Kind>,
    ) -> Result<(), String> {
        let judge = |first: Kind| if first == kind { Ok(()) } else { Err(format!("it is a {} already", word(first))) };
        if let Some(first) = self.kinds.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return judge(*first);
        }
        if name.is_empty() {
            return Err("it has no name".to_owned());
        }
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = kinds.get(name) {
            return judge(*first);
        }
        let known = |name: &str| kinds.get(name).copied().or_else(|| is_described(name));
        for suffix in SUFFIXES {
            let longer = format!("{name}{suffix}");
            if kind == Kind::Histogram && known(&longer).is_some() {
                return Err(format!("its series would be called like the metric `{longer}`"));
            }
            if let Some(base) = name.strip_suffix(suffix).filter(|it| known(it) == Some(Kind::Histogram)) {
                return Err(format!("the histogram `{base}` has series of that name"));
            }
        }
        kinds.insert(name.to_owned(), kind);
        Ok(())
    }

    pub(crate) fn counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.recorder.register_counter(&tidy(key, Kind::Counter), metadata)
    }

    pub(crate) fn gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.recorder.register_gauge(&tidy(key, Kind::Gauge), metadata)
    }

    pub(crate) fn histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.recorder.register_histogram(&tidy(key, Kind::Histogram), metadata)
    }

    pub(crate) fn describe(&self, name: KeyName, unit: Option<Unit>, help: &SharedString) {
        // The kind does not matter to the recorder: it keeps one description for a name.
        self.recorder.describe_counter(name, unit, SharedString::from(help.replace('\\', "\\\\")));
    }

    /// Empties the buffers of the histograms, which grow with each observation until somebody does.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// Appends all metrics, sorted by name.
    pub(crate) fn render(&self, out: &mut String) {
        let rendered = self.handle.render();
        let mut metrics: BTreeMap<&str, Block<'_>> = BTreeMap::new();
        let mut help = None;
        let mut current = None;
        for line in rendered.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                help = rest.split_once(' ').map(|(_, help)| help);
            } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|it| it.split_once(' ')) {
                metrics.insert(name, Block { help: help.take(), kind, series: Vec::new() });
                current = Some(name);
            } else if !line.is_empty()
                && let Some(block) = current.and_then(|it| metrics.get_mut(it))
            {
                block.series.push(line);
            }
        }
        for (name, mut block) in metrics {
            // The lines of a histogram belong together in the order of its buckets, and come in the order of registration.
            if block.kind != "histogram" {
                block.series.sort_unstable();
            }
            block.push(out, name);
        }
    }
}

/// One metric of the recorder's text.
struct Block<'a> {
    help: Option<&'a str>,
    kind: &'a str,
    series: Vec<&'a str>,
}

impl Block<'_> {
    fn push(&self, out: &mut String, name: &str) {
        match self.help.filter(|it| !it.is_empty()) {
            // The recorder has escaped it.
            Some(help) => {
                for part in ["# HELP ", name, " ", help, "\n# TYPE ", name, " ", self.kind, "\n"] {
                    out.push_str(part);
                }
            }
            None => text::push_header(out, name, self.kind, "Recorded by the program without a description."),
        }
        for line in &self.series {
            out.push_str(line);
            out.push('\n');
        }
    }
}

impl std::fmt::Debug for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Foreign").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

/// The word for a kind in a `# TYPE` line.
pub(crate) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

fn tidy(key: &Key, kind: Kind) -> Cow<'_, Key> {
    labels::rewritten(key, kind).map_or(Cow::Borrowed(key), Cow::Owned)
}
