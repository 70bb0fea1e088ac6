//! The rows of the dashboard and their order.

mod database;
mod explorer;
mod family;
pub(crate) mod keys;
mod lines;
mod neural;
mod objectives;
mod overview;
mod planning;
pub(crate) mod spec;
pub(crate) mod system;
mod verification;

use super::layout;
use super::used_family::UsedFamily;
use crate::model::Row;
use crate::model::burn_rate::BurnRateAlert;
use measurand_catalog::{Family, families};
use spec::{Limits, Spec, row};

/// A row of the dashboard with predefined panels, and the families that it shows.
struct Fixed {
    key: &'static str,
    title: &'static str,
    families: &'static [&'static Family],
    panels: &'static [Spec],
}

/// The rows between the overview and the rows of user-defined families.
const FIXED: &[Fixed] = &[
    Fixed {
        key: neural::KEY,
        title: "Neural performance",
        families: &[
            &families::NEURAL,
            &families::PATTERN_CONFIDENCE,
            &families::PATTERN_LEARNING,
            &families::PATTERN_MEMORY,
            &families::MEMORY_COMPRESSION,
            &families::FEEDBACK,
        ],
        panels: neural::PANELS,
    },
    Fixed {
        key: verification::KEY,
        title: "Verification and truth",
        families: &[&families::VERIFICATION],
        panels: verification::PANELS,
    },
    Fixed {
        key: database::KEY,
        title: "Database and caching",
        families: &[
            &families::DATABASE,
            &families::DATABASE_CONNECTION,
            &families::CACHE,
            &families::PATTERN_RETRIEVAL,
        ],
        panels: database::PANELS,
    },
    Fixed {
        key: planning::KEY,
        title: "GOAP and coordination",
        families: &[
            &families::PLANNING,
            &families::COORDINATION,
            &families::TASK,
            &families::TASK_QUEUE,
            &families::PATTERNS_ACTIVE,
            &families::PATTERNS_UNUSED,
            &families::PATTERN_REUSE,
        ],
        panels: planning::PANELS,
    },
];

/// Returns the whole dashboard with positions and numbers: the overview, the objectives, the fixed rows, a row for each
/// other family, the explorer and the system.
pub(crate) fn rows(all: &[UsedFamily<'_>], limits: &Limits<'_>, burns: &[BurnRateAlert; 3]) -> Vec<Row> {
    let mut rows = vec![row(overview::KEY, "System overview", overview::PANELS, all, limits)];
    rows.push(objectives::row(all, limits, burns));
    rows.extend(FIXED.iter().map(|it| row(it.key, it.title, it.panels, all, limits)));
    let fixed = |name: &str| FIXED.iter().flat_map(|it| it.families).any(|it| it.name == name);
    // The panels of HTTP requests are in the row of the system.
    let own = all.iter().filter(|it| !fixed(&it.family.name) && it.family.name != families::HTTP.name);
    rows.extend(own.map(|family| {
        let key = format!("family-{}", family.family.name);
        row(&key, &family.family.title, family::PANELS, std::slice::from_ref(family), limits)
    }));
    rows.push(explorer::row(all, limits));
    rows.push(row(system::KEY, "System resources", system::PANELS, all, limits));
    rows.retain(|it| !it.panels.is_empty());
    layout::place(&mut rows);
    rows
}
