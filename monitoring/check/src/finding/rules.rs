//! Every rule by name: what `--allow`, a `.lint` file or a comment can switch off, and what `docs/reference/lint.md` lists.

use crate::suggest::did_you_mean;
use std::fmt::Write;

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// [pint](https://cloudflare.github.io/pint/), a linter of Prometheus' rules.
    Pint,
    /// [dashboard-linter](https://github.com/grafana/dashboard-linter) of Grafana.
    DashboardLinter,
    /// What Grafana ignores without a word.
    Grafana,
    /// [What is different](https://prometheus.io/docs/prometheus/latest/migration/) in Prometheus 3.
    Prometheus,
    /// What files say and a program's catalog contradicts; found by `check` alone.
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
            Self::Grafana => "Dashboards: what Grafana ignores without a word",
            Self::Prometheus => "What Prometheus 2 and 3 understand differently",
            Self::Catalog => "Drift from the code, found by `check`",
            Self::Files => "Files",
        }
    }
}

/// A rule that finds something.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct NamedRule {
    /// Its name, as in [`Finding::rule`](crate::Finding::rule).
    pub name: &'static str,
    /// Where it comes from.
    pub origin: Origin,
    /// What it finds.
    pub finds: &'static str,
}

const fn rule(name: &'static str, origin: Origin, finds: &'static str) -> NamedRule {
    NamedRule { name, origin, finds }
}

/// Every rule, by origin.
pub const RULES: &[NamedRule] = {
    use Origin::{Catalog, DashboardLinter, Files, Grafana, Pint, Prometheus};
    &[
        rule("alerts/absent", Pint, "`absent()` with a `for` of less than a minute: fires with each failed scrape"),
        rule("alerts/annotation", Pint, "an alert without `summary` or `description`"),
        rule(
            "alerts/comparison",
            Pint,
            "an alert that compares with nothing, and so fires whenever there is an answer",
        ),
        rule("alerts/for", Pint, "a `for` or `keep_firing_for` that is no duration, or says what holds without it"),
        rule(
            "alerts/template",
            Pint,
            "labels that the answer has not; the value in a label; rates with all their digits; queries in templates",
        ),
        rule("group/interval", Pint, "a group that is evaluated less often than answers stay valid"),
        rule("labels/conflict", Pint, "a label that names the alert anew"),
        rule("pint/comment", Pint, "a comment `# pint …` that says nothing, or stands at no rule"),
        rule("promql/counter", Pint, "a counter shown or compared as it is"),
        rule("promql/features", Pint, "functions that Prometheus has only with a feature flag"),
        rule(
            "promql/fragile",
            Pint,
            "sums `without` labels that are combined, alerts of `topk`, sums of two jobs without a `for`",
        ),
        rule(
            "promql/impossible",
            Pint,
            "comparisons that never hold, and labels that are asked for after they were summed away",
        ),
        rule("promql/nan", Pint, "a sum of divisions by what may be zero"),
        rule("promql/rate", Pint, "a rate of a gauge, of a sum, or over less than two scrapes"),
        rule("promql/regexp", Pint, "patterns that are none, are anchored twice, or take a label apart"),
        rule("promql/syntax", Pint, "what is no PromQL"),
        rule("promql/vector_matching", Pint, "sides with different labels, which never meet"),
        rule("rule/dependency", Pint, "a rule that uses what is recorded after it, or in another group"),
        rule("rule/duplicate", Pint, "two groups of one name, the same rule twice"),
        rule("rule/label", Pint, "an alert without `severity`"),
        rule("rule/name", Pint, "alerts not in CamelCase, recorded series that look scraped"),
        rule("yaml/parse", Pint, "labels and annotations that YAML reads as numbers, truth values or nothing"),
        rule("panel-datasource-rule", DashboardLinter, "a panel that asks one data source only"),
        rule("panel-no-targets-rule", DashboardLinter, "a panel that asks for nothing"),
        rule("panel-title-description-rule", DashboardLinter, "a panel without a title or a description"),
        rule("panel-units-rule", DashboardLinter, "a panel without a unit, or in one that Grafana does not know"),
        rule("target-counter-agg-rule", DashboardLinter, "a counter shown as it is"),
        rule("target-instance-rule", DashboardLinter, "a query of every instance"),
        rule("target-job-rule", DashboardLinter, "a query of every job"),
        rule("target-rate-interval-rule", DashboardLinter, "a rate over a fixed range instead of `$__rate_interval`"),
        rule("template-datasource-rule", DashboardLinter, "no variable for the data source"),
        rule("template-instance-rule", DashboardLinter, "no variable `instance`, or one that panels cannot use"),
        rule("template-job-rule", DashboardLinter, "no variable `job`, or one that panels cannot use"),
        rule("template-label-promql-rule", DashboardLinter, "a variable whose query Grafana cannot read"),
        rule("template-on-time-change-reload-rule", DashboardLinter, "a variable whose list is asked once"),
        rule(
            "uneditable-dashboard",
            DashboardLinter,
            "a dashboard that can be edited where the next deployment undoes it",
        ),
        rule("color-unknown", Grafana, "a colour mode that does not exist"),
        rule("legend-label", Grafana, "a legend of a label that the query does not keep"),
        rule("mapping-unknown", Grafana, "a kind of mapping that does not exist"),
        rule("matcher-unknown", Grafana, "an override whose matcher does not exist"),
        rule("option-unknown", Grafana, "a misspelt option, or a word that it does not take"),
        rule("override-name", Grafana, "an override of a series or a column that is not there"),
        rule("panel-id", Grafana, "two panels with one number"),
        rule("panel-place", Grafana, "panels on top of each other, or outside of the grid"),
        rule("panel-type", Grafana, "a kind of panel that does not exist, or no longer"),
        rule("property-unknown", Grafana, "an override of a property that does not exist"),
        rule("reducer-unknown", Grafana, "a reducer that does not exist"),
        rule("table-instant", Grafana, "a table with a row for each point in time"),
        rule("threshold", Grafana, "thresholds that are no numbers, or out of order"),
        rule("transformation-unknown", Grafana, "a transformation that does not exist"),
        rule("unit-mismatch", Grafana, "seconds shown as milliseconds, rates as seconds, and the like"),
        rule("variable-unknown", Grafana, "a variable that the dashboard does not define"),
        rule("prometheus-3/bound", Prometheus, "`le=\"1\"`, which Prometheus 3 writes `1.0`"),
        rule("prometheus-3/configuration", Prometheus, "settings that it no longer takes"),
        rule("prometheus-3/function", Prometheus, "`holt_winters`, which has another name and a flag there"),
        rule("prometheus-3/name", Prometheus, "names that only Prometheus 3 can read"),
        rule("prometheus-3/range", Prometheus, "a rate of a range as long as its step, which there holds one point"),
        rule("alert-missing", Catalog, "an alert that follows from the code and is in no file"),
        rule("alert-unknown", Catalog, "a test of an alert that is in no file"),
        rule("bucket-unknown", Catalog, "a bound that is no bucket of the histogram"),
        rule("dashboard-unknown", Catalog, "a link to a dashboard that is in no file"),
        rule("file-missing", Catalog, "a file that would be generated now"),
        rule("file-stale", Catalog, "a file that is not what would be generated now"),
        rule("function-numbered", Catalog, "functions of one name in one module, which only a number tells apart"),
        rule("histogram-part", Catalog, "a histogram asked for by its own name, which no series has"),
        rule("job-unknown", Catalog, "a job that is not the program's"),
        rule("label-secret", Catalog, "a label that may hold a secret, or data of a person"),
        rule("label-unbounded", Catalog, "a label that may take a new value with each call"),
        rule("label-unknown", Catalog, "a label that the metric has not"),
        rule("left-out", Catalog, "a family or an objective that no panel and no alert can be made of"),
        rule("metric-unknown", Catalog, "a metric that nothing records"),
        rule("panel-unknown", Catalog, "a link to a panel that the dashboard has not"),
        rule("selects-nothing", Catalog, "values of labels that no function has together"),
        rule("series-shared", Catalog, "functions that record the same series, since their labels are equal"),
        rule("value-unknown", Catalog, "a value that the label cannot have"),
        rule("lint-file", Files, "a `.lint` file that names what does not exist"),
        rule("syntax", Files, "a file that cannot be read"),
    ]
};

/// Checks of pint that are not here, and what is here under another name.
pub(crate) const LEFT_OUT: &[(&str, &str)] = &[
    ("alerts/count", "asks a server how often the alert would have fired"),
    ("alerts/external_labels", "asks a server for its `external_labels`"),
    ("ignore/file", "says that a file was ignored, and whoever wrote the comment knows"),
    ("promql/aggregate", "is told by its user which labels every aggregation has to keep or to drop"),
    ("promql/offset", "asks a server how long it keeps data"),
    ("promql/performance", "is gone from pint as well: it names recorded series that could be used"),
    ("promql/range_query", "asks a server how long it keeps data"),
    ("promql/selector", "is told by its user which labels every selector has to have"),
    ("promql/series", "asks a server which series there are; `check` asks the catalog"),
    ("query/cost", "asks a server how much a query costs"),
    ("rule/for", "is told by its user how long a `for` may be"),
    ("rule/link", "asks the pages that annotations link to"),
    ("rule/owner", "is told by its user who may own a rule"),
    ("rule/reject", "is told by its user what a label or an annotation may not hold"),
    ("rule/report", "is told by its user what to say of a rule"),
    ("target-promql-rule", "of dashboard-linter is `promql/syntax` here"),
];

/// The name if there is such a rule, or which one may have been meant.
///
/// # Errors
/// When there is no such rule.
pub fn rule_named(name: &str) -> Result<&'static str, String> {
    let found = RULES.iter().map(|it| it.name).find(|it| *it == name);
    found.ok_or_else(|| {
        let help = did_you_mean(name, RULES.iter().map(|it| it.name), "`cargo measurand lint --rules` lists all");
        format!("there is no rule `{}`; {help}", name.escape_debug())
    })
}

const LIMITS: &str = "
## Limits

| What | At most | Beyond it |
| --- | --- | --- |
| a file of rules, a dashboard or a test | 32 MiB | exit code 2; pipes, devices and directories likewise |
| values in a file, with those that aliases repeat | 2,000,000 | a finding of `syntax` |
| lists and maps inside of each other | 255 | a finding of `syntax` |
| `monitoring.toml`, `.lint` | 1 MiB | exit code 2 |
| an expression | 64 KiB | a finding of `promql/syntax`; the expression is not parsed |
| parentheses and operations inside of each other | 200 | the same |
| repetitions (`a{9}`) in all patterns of an expression, multiplied where nested | 1,000 | the same |
";

/// The generated part of the page about rules, in Markdown.
#[must_use]
pub fn rules_page() -> String {
    let mut page = String::new();
    // Writing into a string cannot fail.
    for origin in Origin::ALL {
        let _ = write!(page, "\n## {}\n\n| Rule | Finds |\n| --- | --- |\n", origin.title());
        for it in RULES.iter().filter(|it| it.origin == origin) {
            let _ = writeln!(page, "| `{}` | {} |", it.name, it.finds);
        }
    }
    page.push_str(LIMITS);
    page.push_str("\n## What is not here\n\n| Check | It |\n| --- | --- |\n");
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
    fn each_is_listed_once() {
        let names = || RULES.iter().map(|it| it.name).chain(LEFT_OUT.iter().map(|(name, _)| *name));
        assert_eq!(names().collect::<BTreeSet<_>>().len(), names().count());
        assert_eq!(rule_named("promql/rate"), Ok("promql/rate"));
        assert_eq!(rule_named("promql/rat").unwrap_err(), "there is no rule `promql/rat`; did you mean `promql/rate`?");
    }
}
