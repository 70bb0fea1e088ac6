//! Keys of the panels of a family that show signals of its alerts.

pub(crate) const ERROR_RATIO: &str = "error_ratio";
pub(crate) const FAILURE_RATIO: &str = "failure_ratio";
pub(crate) const DURATION_BY_LABEL: &str = "duration_by_label";
pub(crate) const SCORE_BY_LABEL: &str = "score_by_label";
pub(crate) const ROLLBACKS: &str = "rollbacks";
pub(crate) const FAILURES: &str = "failures";
pub(crate) const COMPLETION_FAILURES: &str = "completion_failures";
pub(crate) const HIT_RATIO: &str = "hit_ratio";
pub(crate) const LAST_SCORE: &str = "last_score";
pub(crate) const LEVEL: &str = "level";
pub(crate) const RATE: &str = "rate";
