//! The names and descriptions of all rules. `--allow`, `.lint` files and comments disable rules by name, and
//! `docs/reference/lint.md` lists them.

use crate::suggest::did_you_mean;
use std::fmt::Write;

/// The origin of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// [pint](https://cloudflare.github.io/pint/), a linter for Prometheus rules.
    Pint,
    /// Grafana's [dashboard-linter](https://github.com/grafana/dashboard-linter).
    DashboardLinter,
    /// Mistakes in dashboards that Grafana ignores silently.
    Grafana,
    /// [Differences](https://prometheus.io/docs/prometheus/latest/migration/) between Prometheus 2 and 3.
    Prometheus,
    /// Differences between files and a program's catalog. Only `check` finds them.
    Catalog,
    /// Files that cannot be read.
    Files,
}

impl Origin {
    const ALL: [Self; 6] =
        [Self::Pint, Self::DashboardLinter, Self::Grafana, Self::Prometheus, Self::Catalog, Self::Files];

    const fn title(self) -> &'static str {
        match self {
            Self::Pint => "Rules: pint's checks",
            Self::DashboardLinter => "Dashboards: dashboard-linter's rules",
            Self::Grafana => "Dashboards: mistakes that Grafana ignores silently",
            Self::Prometheus => "Differences between Prometheus 2 and 3",
            Self::Catalog => "Differences from the program (`check` only)",
            Self::Files => "Files",
        }
    }
}

/// A rule of `check` or `lint`.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct NamedRule {
    /// Its name, as in [`Finding::rule`](crate::Finding::rule).
    pub name: &'static str,
    /// Its origin.
    pub origin: Origin,
    /// The mistake that it finds.
    pub finds: &'static str,
}

const fn rule(name: &'static str, origin: Origin, finds: &'static str) -> NamedRule {
    NamedRule { name, origin, finds }
}

/// All rules, ordered by origin.
pub const RULES: &[NamedRule] = {
    use Origin::{Catalog, DashboardLinter, Files, Grafana, Pint, Prometheus};
    &[
        rule("alerts/absent", Pint, "`absent()` with a `for` below one minute, which fires after one failed scrape"),
        rule("alerts/annotation", Pint, "an alert without `summary` or `description`"),
        rule(
            "alerts/comparison",
            Pint,
            "an alert without a comparison, which fires whenever its expression has a result",
        ),
        rule("alerts/for", Pint, "a `for` or `keep_firing_for` that is not a duration, or that is zero"),
        rule(
            "alerts/template",
            Pint,
            "mistakes in templates: labels that the result does not have, the value in a label, rates with all digits, \
             invalid queries",
        ),
        rule("group/interval", Pint, "a group with an interval above five minutes, after which samples are stale"),
        rule("labels/conflict", Pint, "an alert that sets the label `alertname`"),
        rule("pint/comment", Pint, "a comment `# pint …` with an unknown word, or one that belongs to no rule"),
        rule("promql/counter", Pint, "a raw counter that is shown or compared without `rate` or `increase`"),
        rule("promql/features", Pint, "functions that need a feature flag of Prometheus"),
        rule(
            "promql/fragile",
            Pint,
            "operations between sums `without` labels, alerts on `topk`, alerts on sums of two jobs without a `for`",
        ),
        rule(
            "promql/impossible",
            Pint,
            "comparisons that are never true, and labels that an inner aggregation removed",
        ),
        rule("promql/nan", Pint, "a sum of divisions whose divisor may be zero"),
        rule("promql/rate", Pint, "a rate of a gauge, of a sum, or over less than two scrapes"),
        rule(
            "promql/regexp",
            Pint,
            "patterns without special characters, with anchors, or for parts of a label's value",
        ),
        rule("promql/syntax", Pint, "invalid PromQL"),
        rule("promql/vector_matching", Pint, "operands with different labels, which never match"),
        rule("rule/dependency", Pint, "a rule that uses a series recorded after it, or in another group"),
        rule("rule/duplicate", Pint, "two groups with the same name, or the same rule twice"),
        rule("rule/label", Pint, "an alert without `severity`"),
        rule(
            "rule/name",
            Pint,
            "an alert that is not in CamelCase, or a recorded series that looks like a scraped one",
        ),
        rule("yaml/parse", Pint, "labels and annotations that YAML reads as numbers, booleans or null"),
        rule("panel-datasource-rule", DashboardLinter, "a panel with a fixed data source"),
        rule("panel-no-targets-rule", DashboardLinter, "a panel without a query"),
        rule("panel-title-description-rule", DashboardLinter, "a panel without a title or a description"),
        rule("panel-units-rule", DashboardLinter, "a panel without a unit, or with one that Grafana does not know"),
        rule("target-counter-agg-rule", DashboardLinter, "a raw counter that is shown without `rate` or `increase`"),
        rule("target-instance-rule", DashboardLinter, "a query that ignores the variable `instance`"),
        rule("target-job-rule", DashboardLinter, "a query that ignores the variable `job`"),
        rule("target-rate-interval-rule", DashboardLinter, "a rate over a fixed range instead of `$__rate_interval`"),
        rule("template-datasource-rule", DashboardLinter, "no variable for the data source"),
        rule("template-instance-rule", DashboardLinter, "no variable `instance`, or one that panels cannot use"),
        rule("template-job-rule", DashboardLinter, "no variable `job`, or one that panels cannot use"),
        rule("template-label-promql-rule", DashboardLinter, "a variable whose query Grafana cannot read"),
        rule("template-on-time-change-reload-rule", DashboardLinter, "a variable that is loaded only once"),
        rule(
            "uneditable-dashboard",
            DashboardLinter,
            "a dashboard that can be edited in Grafana, although the next deployment overwrites the edits",
        ),
        rule("color-unknown", Grafana, "a colour mode that does not exist"),
        rule("legend-label", Grafana, "a legend with a label that the query does not keep"),
        rule("mapping-unknown", Grafana, "a mapping type that does not exist"),
        rule("matcher-unknown", Grafana, "an override whose matcher does not exist"),
        rule("option-unknown", Grafana, "a misspelt option, or an invalid value of an option"),
        rule("override-name", Grafana, "an override for a series or a column that does not exist"),
        rule("panel-id", Grafana, "two panels with the same id"),
        rule("panel-place", Grafana, "panels that overlap, or are outside of the grid"),
        rule("panel-type", Grafana, "a panel type that does not exist, or that Grafana removed"),
        rule("property-unknown", Grafana, "an override of a property that does not exist"),
        rule("reducer-unknown", Grafana, "a reducer that does not exist"),
        rule("table-instant", Grafana, "a table with a row for each point in time"),
        rule("threshold", Grafana, "thresholds that are not numbers, or not sorted"),
        rule("transformation-unknown", Grafana, "a transformation that does not exist"),
        rule(
            "unit-mismatch",
            Grafana,
            "a wrong unit: for example, seconds shown as milliseconds, or a rate as seconds",
        ),
        rule("variable-unknown", Grafana, "a variable that the dashboard does not define"),
        rule("prometheus-3/bound", Prometheus, "`le=\"1\"`, which Prometheus 3 writes as `1.0`"),
        rule("prometheus-3/configuration", Prometheus, "settings that Prometheus 3 refuses"),
        rule(
            "prometheus-3/function",
            Prometheus,
            "`holt_winters`, which has another name in Prometheus 3 and needs a flag",
        ),
        rule("prometheus-3/name", Prometheus, "names that only Prometheus 3 can read"),
        rule(
            "prometheus-3/range",
            Prometheus,
            "a rate over a subquery of one step, which has only one point in Prometheus 3",
        ),
        rule("alert-missing", Catalog, "an alert of a function or an objective that no file contains"),
        rule("alert-unknown", Catalog, "a test of an alert that no file contains"),
        rule("bucket-unknown", Catalog, "a bound that is not a bucket of the histogram"),
        rule("dashboard-unknown", Catalog, "a link to a dashboard that no file contains"),
        rule("file-missing", Catalog, "a generated file that is missing"),
        rule("file-stale", Catalog, "a generated file that differs from what `generate` would write now"),
        rule("function-numbered", Catalog, "functions with the same name in one module, which get numbers"),
        rule("histogram-part", Catalog, "a histogram selected by its own name, which no series has"),
        rule("job-unknown", Catalog, "a job that is not the program's"),
        rule("label-secret", Catalog, "a label that may contain a secret or personal data"),
        rule("label-unbounded", Catalog, "a label that may have a new value in each call"),
        rule("label-unknown", Catalog, "a label that the metric does not have"),
        rule("left-out", Catalog, "a family or an objective without panels and alerts, because it is invalid"),
        rule("metric-unknown", Catalog, "a metric that no function and no rule records"),
        rule("panel-unknown", Catalog, "a link to a panel that the dashboard does not have"),
        rule("selects-nothing", Catalog, "label values that no function combines"),
        rule("series-shared", Catalog, "functions that record the same series, because their labels are equal"),
        rule("value-unknown", Catalog, "a value that the label cannot have"),
        rule("dashboard-format", Files, "a dashboard in a format that is not read"),
        rule("lint-file", Files, "a `.lint` file with an unknown key or rule"),
        rule("syntax", Files, "a file that cannot be read"),
    ]
};

/// Checks of pint and dashboard-linter that are missing here or have another name, with the reason.
pub(crate) const LEFT_OUT: &[(&str, &str)] = &[
    ("alerts/count", "needs a server: how often the alert would have fired"),
    ("alerts/external_labels", "needs a server: its `external_labels`"),
    ("ignore/file", "only reports that a comment ignores a file"),
    ("promql/aggregate", "needs settings: the labels that every aggregation must keep or drop"),
    ("promql/offset", "needs a server: its retention time"),
    ("promql/performance", "was removed from pint: it suggested recorded series"),
    ("promql/range_query", "needs a server: its retention time"),
    ("promql/selector", "needs settings: the labels that every selector must have"),
    ("promql/series", "needs a server: its series; `check` uses the catalog instead"),
    ("query/cost", "needs a server: the cost of a query"),
    ("rule/for", "needs settings: the allowed range of a `for`"),
    ("rule/link", "needs the pages that annotations link to"),
    ("rule/owner", "needs settings: the allowed owners of a rule"),
    ("rule/reject", "needs settings: the values that labels and annotations must not contain"),
    ("rule/report", "needs settings: the message to report for a rule"),
    ("target-promql-rule", "has the name `promql/syntax` here"),
];

/// Returns the name if there is such a rule.
///
/// # Errors
/// If there is no such rule; the message suggests the closest name.
pub fn rule_named(name: &str) -> Result<&'static str, String> {
    let found = RULES.iter().map(|it| it.name).find(|it| *it == name);
    found.ok_or_else(|| {
        let help = did_you_mean(name, RULES.iter().map(|it| it.name), LIST_RULES);
        format!("there is no rule `{}`; help: {help}", name.escape_debug())
    })
}

/// The help for an unknown rule.
pub(crate) const LIST_RULES: &str = "run `cargo measurand lint --rules` to list all rules";

const LIMITS: &str = "
## Limits

| Input | Maximum | Beyond the maximum |
| --- | --- | --- |
| rule file, dashboard or test | 32 MiB | exit code 2, as for pipes, devices and directories |
| values in a file, including those that aliases repeat | 2,000,000 | finding `syntax` |
| nested lists and maps | 255 | finding `syntax` |
| `monitoring.toml`, `.lint` | 1 MiB | exit code 2 |
| expression | 64 KiB | finding `promql/syntax`; the expression is not parsed |
| nested parentheses and operations | 200 | finding `promql/syntax`; the expression is not parsed |
| repetitions (`a{9}`) in all patterns of an expression, multiplied if nested | 1,000 | finding `promql/syntax`; the expression is not parsed |
";

/// The generated part of the page about rules, in Markdown.
#[must_use]
pub fn rules_page() -> String {
    let mut page = String::new();
    // Writing into a string cannot fail.
    for origin in Origin::ALL {
        let _ = write!(page, "\n## {}\n\n| Rule | Finds |\n| --- | --- |\n", origin.title());
        for rule in RULES.iter().filter(|it| it.origin == origin) {
            let _ = writeln!(page, "| `{}` | {} |", rule.name, rule.finds);
        }
    }
    page.push_str(LIMITS);
    page.push_str("\n## Missing checks of pint and dashboard-linter\n\n| Check | Reason |\n| --- | --- |\n");
    for (name, reason) in LEFT_OUT {
        let _ = writeln!(page, "| `{name}` | {reason} |");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::{LEFT_OUT, RULES, rule_named};
    use std::collections::BTreeSet;

    #[test]
    fn each_rule_is_listed_once() {
        let names = || RULES.iter().map(|it| it.name).chain(LEFT_OUT.iter().map(|(name, _)| *name));
        assert_eq!(names().collect::<BTreeSet<_>>().len(), names().count());
        assert_eq!(rule_named("promql/rate"), Ok("promql/rate"));
        let error = rule_named("promql/rat").unwrap_err();
        assert_eq!(error, "there is no rule `promql/rat`; help: did you mean `promql/rate`?");
    }
}
