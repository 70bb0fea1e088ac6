//! Writes what a Prometheus needs that is one of several.

use crate::promql::quoted;

/// What one Prometheus takes over from others: what they have scraped of the job, and nothing that they have computed,
/// since the rules are evaluated over all of it where it comes together.
pub(crate) fn federated(job: &str) -> String {
    format!(r#"{{job={},__name__!~".+:.+|ALERTS.*"}}"#, quoted(job))
}
