//! Finds expressions and settings that Prometheus 2 and 3 treat differently, or that need a feature flag.
//!
//! The list follows the migration guide of Prometheus 3. Changes that a rule file cannot show are left out: `.` in a
//! pattern also matches a line feed; a scrape needs a `Content-Type`; the server has other flags.

use super::operands::Add;
use crate::finding::Findings;
use crate::read::{Node, Selection};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{Call, Expr};

/// Functions that need `--enable-feature=promql-experimental-functions`.
const EXPERIMENTAL: &[&str] = &[
    "double_exponential_smoothing",
    "first_over_time",
    "info",
    "mad_over_time",
    "sort_by_label",
    "sort_by_label_desc",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
];
/// Aggregations that need the same flag.
const EXPERIMENTAL_AGGREGATIONS: &[&str] = &["limitk", "limit_ratio"];

/// Functions that need at least two points.
const OF_TWO_POINTS: &[&str] =
    &["rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets"];

/// Whether a parse error is about a function that Prometheus 3 renamed. The parser knows only the new name.
pub(super) fn is_renamed(reason: &str) -> bool {
    reason.contains("holt_winters")
}

pub(super) fn part(part: &Expr, add: Add<'_>) {
    match part {
        Expr::Call(it) => {
            function(it, add);
            range(it, add);
        }
        Expr::Aggregate(it) => {
            let name = it.op.to_string();
            if EXPERIMENTAL_AGGREGATIONS.contains(&name.as_str()) {
                experimental(&name, add);
            }
        }
        _ => {}
    }
}

fn function(it: &Call, add: Add<'_>) {
    let name = it.func.name;
    if EXPERIMENTAL.contains(&name) {
        experimental(name, add);
    }
}

fn experimental(name: &str, add: Add<'_>) {
    let message = format!("uses `{name}`, which needs the feature flag `promql-experimental-functions` of Prometheus");
    add("promql/features", message, "use a function without a flag, or enable the flag and disable this rule here");
}

/// Finds subqueries with a range of one step. Prometheus 3 excludes the left edge of a range, so one point remains of
/// two.
fn range(it: &Call, add: Add<'_>) {
    let Some(Expr::Subquery(inner)) = it.args.args.iter().map(|it| &**it).find(|it| matches!(it, Expr::Subquery(_)))
    else {
        return;
    };
    let name = it.func.name;
    if OF_TWO_POINTS.contains(&name) && inner.step.is_some_and(|step| step == inner.range) {
        let message =
            format!("takes the `{name}` over a subquery of one step, which has only one point in Prometheus 3");
        add("prometheus-3/range", message, "make the range at least twice the step");
    }
}

/// Finds matchers of whole bounds, which Prometheus 3 writes with a decimal point, and names that only Prometheus 3
/// reads.
pub(super) fn selection(selection: &Selection<'_>, add: Add<'_>) {
    let matchers = &selection.selector.matchers.matchers;
    for matcher in matchers.iter().filter(|it| it.name == "le" || it.name == "quantile") {
        if let Some((found, lacking)) = one_spelling(matcher) {
            let message = format!(
                "matches `{}{}\"{}\"`, that is `{found}` but not `{lacking}`; Prometheus 2 and 3 write it differently",
                matcher.name, matcher.op, matcher.value
            );
            let whole = found.trim_end_matches(".0");
            add("prometheus-3/bound", message, &format!("write `{}=~\"{whole}(\\\\.0)?\"`", matcher.name));
        }
    }
    let names = selection.name().into_iter().chain(matchers.iter().map(|it| it.name.as_str()));
    for name in names.filter(|it| !is_legacy(it)) {
        let message = format!("uses the name `{}`, which only Prometheus 3 can read", name.escape_debug());
        add("prometheus-3/name", message, "use letters, digits, `_` and `:`");
    }
}

/// The spelling of a whole bound that a matcher selects, and the one that it misses.
fn one_spelling(it: &Matcher) -> Option<(String, String)> {
    let bounds: Vec<&str> = match it.op {
        MatchOp::Equal | MatchOp::NotEqual => vec![&it.value],
        MatchOp::Re(_) | MatchOp::NotRe(_) => it.value.split('|').filter(|it| is_plain(it)).collect(),
    };
    let bounds = bounds.into_iter().map(|it| it.replace("\\.", "."));
    bounds.filter(|it| it.parse::<f64>().is_ok_and(|it| it.is_finite() && it.fract() == 0.0)).find_map(|bound| {
        let other = match bound.strip_suffix(".0") {
            Some(whole) => whole.to_owned(),
            None => format!("{bound}.0"),
        };
        let takes = |text: &str| match it.op {
            MatchOp::Equal | MatchOp::NotEqual => it.value == text,
            MatchOp::Re(_) => it.is_match(text),
            MatchOp::NotRe(_) => !it.is_match(text),
        };
        (takes(&bound) && !takes(&other)).then_some((bound, other))
    })
}

/// Whether a part of a pattern matches one number.
fn is_plain(part: &str) -> bool {
    part.chars().all(|it| it.is_ascii_digit() || it == '.' || it == '\\')
}

/// Whether Prometheus 2 accepts this name.
fn is_legacy(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_' || it == ':')
}

/// Finds settings that Prometheus 3 refuses.
pub(super) fn configuration(node: &Node, findings: &mut Findings<'_>) {
    let each = |path: &[&str]| node.at(path).map(Node::items).unwrap_or_default();
    for alertmanager in each(&["alerting", "alertmanagers"]) {
        if let Some(version) = alertmanager.get("api_version").filter(|it| it.text() == Some("v1")) {
            let message =
                "alerts are sent by version 1 of Alertmanager's API, which Prometheus 3 and Alertmanager 0.27 lack";
            let help = "write `api_version: v2`, or remove the line";
            findings.add(version.line, "prometheus-3/configuration", message, help);
        }
    }
    for job in each(&["scrape_configs"]) {
        if let Some(renamed) = job.get("scrape_classic_histograms") {
            let message = "`scrape_classic_histograms` is called `always_scrape_classic_histograms` in Prometheus 3";
            findings.add(
                renamed.line,
                "prometheus-3/configuration",
                message,
                "remove it if both versions read this file",
            );
        }
    }
}
