//! The rows of the dashboard and their order.

mod database;
pub(crate) mod explorer;
mod family;
pub(crate) mod keys;
mod lines;
mod neural;
mod objectives;
mod overview;
mod planning;
pub(crate) mod programs;
pub(crate) mod spec;
mod stack;
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

/// Whether a family has a row of its own. The overview shows HTTP requests, and the rows of functions show functions.
fn has_own_row(name: &str) -> bool {
    let fixed = FIXED.iter().flat_map(|it| it.families).map(|it| it.name);
    !fixed.chain([families::HTTP.name, families::FUNCTION.name]).any(|it| it == name)
}

/// Returns the whole dashboard with positions and numbers. First come the rows that answer at a glance what users notice:
/// the overview, the objectives and the functions. The rows with details are collapsed.
pub(crate) fn rows(all: &[UsedFamily<'_>], limits: &Limits<'_>, burns: &[BurnRateAlert; 3]) -> Vec<Row> {
    let overview = row(overview::KEY, "System overview", overview::PANELS, all, limits);
    let mut rows = vec![Row { collapsed: false, ..overview }];
    rows.push(objectives::row(all, limits, burns));
    rows.push(explorer::row(all, limits));
    rows.push(explorer::details(all, limits));
    rows.extend(FIXED.iter().map(|it| row(it.key, it.title, it.panels, all, limits)));
    rows.extend(all.iter().filter(|it| has_own_row(&it.family.name)).map(|family| {
        let key = format!("family-{}", family.family.name);
        row(&key, &family.family.title, family::PANELS, std::slice::from_ref(family), limits)
    }));
    rows.push(row(system::KEY, "System resources", system::PANELS, all, limits));
    rows.push(row(stack::KEY, "Monitoring", stack::PANELS, all, limits));
    rows.retain(|it| !it.panels.is_empty());
    layout::place(&mut rows);
    rows
}
