//! Checks whether a query is about a function.

use super::{Combination, Matcher, Query};
use measurand_catalog::{FamilyRecord, SiteRecord};

/// Whether the result can contain a series that this function records.
#[must_use]
pub fn is_about(query: &Query, family: &FamilyRecord, site: Option<&SiteRecord>) -> bool {
    let about = |it: &Query| is_about(it, family, site);
    match query {
        Query::Combine(one, Combination::Unless, other) => about(one) && !about(other),
        Query::Combine(one, Combination::And, _) => about(one),
        Query::Recorded { matchers, of, .. } => fits(matchers, site) && about(of),
        _ => {
            let own = query.selector().is_some_and(|selector| {
                family.metrics.iter().any(|metric| metric.name == series_of(&selector.metric))
                    && fits(&selector.matchers, site)
            });
            own || query.children().into_iter().any(about)
        }
    }
}

/// Whether a function's labels can satisfy the matchers. A label that the function does not fix can have any value.
fn fits(matchers: &[Matcher], site: Option<&SiteRecord>) -> bool {
    let Some(site) = site else { return true };
    matchers.iter().all(|it| site.labels.get(&it.label).is_none_or(|value| it.is.holds(value)))
}

/// Returns the metric of a series: `_count`, for example, belongs to a histogram.
#[must_use]
pub fn series_of(series: &str) -> &str {
    ["_count", "_sum", "_bucket"].iter().find_map(|it| series.strip_suffix(it)).unwrap_or(series)
}
