//! What Prometheus 2 and 3 understand differently, or only with a flag: a file of rules outlives the server that reads it.
//!
//! After the migration guide of Prometheus 3. Not looked for, since no file of rules shows it: `.` in a pattern now also
//! matches a line feed, which no label of ours holds; a scrape needs a `Content-Type`; flags of the server.

use super::operands::Add;
use crate::finding::Findings;
use crate::read::{Node, Selection};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{Call, Expr};

/// Functions that Prometheus has only with `--enable-feature=promql-experimental-functions`.
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
/// The same of aggregations.
const EXPERIMENTAL_AGGREGATIONS: &[&str] = &["limitk", "limit_ratio"];

/// Functions that compare at least two points.
const OF_TWO_POINTS: &[&str] =
    &["rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets"];

/// Whether what was not understood is a function of Prometheus 2 alone, which the parser knows by its later name.
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
    let message = format!("uses `{name}`, which a Prometheus without `promql-experimental-functions` refuses");
    add(
        "promql/features",
        message,
        "use a function that needs no flag, or start Prometheus with the flag and allow this",
    );
}

/// In Prometheus 3 a range no longer holds the point on its left edge: of two points one is left.
fn range(it: &Call, add: Add<'_>) {
    let Some(Expr::Subquery(inner)) = it.args.args.iter().map(|it| &**it).find(|it| matches!(it, Expr::Subquery(_)))
    else {
        return;
    };
    let name = it.func.name;
    if OF_TWO_POINTS.contains(&name) && inner.step.is_some_and(|step| step == inner.range) {
        let message = format!("takes the `{name}` of a range as long as its step: in Prometheus 3 it holds one point");
        add("prometheus-3/range", message, "make the range at least twice the step");
    }
}

/// Bounds are numbers to Prometheus 3, and it writes them with a point.
pub(super) fn selection(selection: &Selection<'_>, add: Add<'_>) {
    let matchers = &selection.selector.matchers.matchers;
    for it in matchers.iter().filter(|it| it.name == "le" || it.name == "quantile") {
        if let Some((found, lacking)) = one_spelling(it) {
            let message = format!(
                "matches `{}{}\"{}\"`, which is `{found}` and not `{lacking}`: Prometheus 2 and 3 write it differently",
                it.name, it.op, it.value
            );
            let whole = found.trim_end_matches(".0");
            add("prometheus-3/bound", message, &format!("write `{}=~\"{whole}(\\\\.0)?\"`", it.name));
        }
    }
    let names = selection.name().into_iter().chain(matchers.iter().map(|it| it.name.as_str()));
    for name in names.filter(|it| !is_legacy(it)) {
        let message = format!("names `{}`, which only Prometheus 3 can read", name.escape_debug());
        add("prometheus-3/name", message, "use letters, digits, `_` and `:`");
    }
}

/// The spelling of a whole bound that a matcher takes, and the one that it does not.
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

/// Whether a part of a pattern stands for one number.
fn is_plain(part: &str) -> bool {
    part.chars().all(|it| it.is_ascii_digit() || it == '.' || it == '\\')
}

/// A name as Prometheus 2 and the text format have it.
fn is_legacy(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_' || it == ':')
}

/// Settings that Prometheus 3 refuses.
pub(super) fn configuration(node: &Node, findings: &mut Findings<'_>) {
    let each = |path: &[&str]| node.at(path).map(Node::items).unwrap_or_default();
    for it in each(&["alerting", "alertmanagers"]) {
        if let Some(version) = it.get("api_version").filter(|it| it.text() == Some("v1")) {
            let message =
                "alerts are sent by version 1 of Alertmanager's API, which Prometheus 3 and Alertmanager 0.27 lack";
            findings.add(version.line, "prometheus-3/configuration", message, "write `api_version: v2`, or nothing");
        }
    }
    for it in each(&["scrape_configs"]) {
        if let Some(renamed) = it.get("scrape_classic_histograms") {
            let message = "`scrape_classic_histograms` is called `always_scrape_classic_histograms` in Prometheus 3";
            findings.add(
                renamed.line,
                "prometheus-3/configuration",
                message,
                "leave it out while both versions read this",
            );
        }
    }
}
