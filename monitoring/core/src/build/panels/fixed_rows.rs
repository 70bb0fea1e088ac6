//! The rows with predefined panels, between the overview and the rows of other families.

use super::spec::Spec;
use super::{database, neural, planning, verification};
use measurand_catalog::{Family, families};

/// A row of the dashboard with predefined panels, and the families that it shows.
pub(super) struct Fixed {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    families: &'static [&'static Family],
    pub(super) panels: &'static [Spec],
}

pub(super) const FIXED: &[Fixed] = &[
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
pub(super) fn has_own_row(name: &str) -> bool {
    let fixed = FIXED.iter().flat_map(|it| it.families).map(|it| it.name);
    !fixed.chain([families::HTTP.name, families::FUNCTION.name]).any(|it| it == name)
}
