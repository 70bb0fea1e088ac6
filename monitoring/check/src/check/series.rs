//! Checks that the names in expressions exist: metrics, labels, values, buckets, jobs and alerts.

use crate::finding::Findings;
use crate::metric_index::{Known, Measured, SeriesKind, is_variable};
use crate::read::{Expression, Located, Selection, VARIABLE, labels_of, selections, subexpressions};
use crate::suggest::nearest;
use measurand_catalog::{Kind, MetricRecord};
use measurand_monitoring::query::promql::Histograms;
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{Expr, LabelModifier};

/// Checks the expressions of one file.
pub(super) struct Checker<'a, 'f, 'n> {
    pub(super) known: &'a Known<'a>,
    /// The value of the label `job` of the program.
    pub(super) job: &'a str,
    pub(super) histograms: Histograms,
    /// The alerts of all files.
    pub(super) alerts: &'a [&'a str],
    pub(super) findings: &'f mut Findings<'n>,
}

/// The place of an expression.
struct Use<'a> {
    line: u32,
    context: &'a str,
    /// Whether it selects series of the program. Tests may also invent series.
    of_this_job: bool,
}

impl Checker<'_, '_, '_> {
    /// Checks one expression. If `of_this_job` is true, selecting another job's series is a mistake.
    pub(super) fn expression(&mut self, text: &Located, context: &str, of_this_job: bool) {
        let expression = match Expression::parse(&text.text) {
            Ok(it) => it,
            Err(error) => {
                return self.findings.add(text.line, "promql/syntax", format!("{context} {error}"), error.help());
            }
        };
        for selection in selections(&expression.tree) {
            let Some(name) = selection.name() else { continue };
            if self.known.exists(name) {
                self.selection(&selection, name, text.line, context, of_this_job);
            } else {
                let help = self.known.nearest(name).map_or_else(
                    || "use an existing metric, or list this one under `known_metrics` in monitoring.toml".to_owned(),
                    |it| format!("did you mean `{it}`?"),
                );
                let message = format!("{context} uses `{name}`, which no function and no rule records");
                self.findings.add(text.line, "metric-unknown", message, help);
            }
        }
        for part in subexpressions(&expression.tree) {
            self.kept_labels(part, text.line, context);
        }
    }

    /// Checks that an alert exists to which a file refers.
    pub(super) fn alert(&mut self, name: &Located, context: &str) {
        if !self.alerts.contains(&name.text.as_str()) {
            let near = nearest(&name.text, self.alerts.iter().copied());
            let help =
                near.map_or_else(|| "remove it, or define the alert".to_owned(), |it| format!("did you mean `{it}`?"));
            let message = format!("{context} names the alert `{}`, which no file contains", name.text);
            self.findings.add(name.line, "alert-unknown", message, help);
        }
    }

    fn selection(&mut self, selection: &Selection<'_>, name: &str, line: u32, context: &str, of_this_job: bool) {
        let matchers = &selection.selector.matchers.matchers;
        let sources = self.known.sources(name);
        let is_native =
            self.histograms == Histograms::Native || selection.around.iter().any(|it| it.starts_with("histogram_"));
        if self.known.kind(name) == Some(SeriesKind::Whole) && !is_native && !sources.is_empty() {
            let message = format!("{context} selects `{name}`, but a histogram has no series with its own name");
            let help = format!("select `{name}_bucket`, `{name}_count` or `{name}_sum`");
            self.findings.add(line, "histogram-part", message, help);
        }
        if name.starts_with("ALERTS") {
            for matcher in
                matchers.iter().filter(|it| it.name == "alertname" && it.op == MatchOp::Equal && !is_variable(it))
            {
                self.alert(&Located { line, text: matcher.value.clone() }, context);
            }
        }
        let labels = self.known.labels_of_series(name);
        let recorded = self.known.is_recorded(name);
        let mut all_fit = true;
        for matcher in matchers.iter().filter(|it| it.name != "__name__" && !it.name.contains(VARIABLE)) {
            if matcher.is_match("") && !is_variable(matcher) && !labels.can_have(&matcher.name) {
                // The matcher requires that the label is absent, which is true.
                continue;
            }
            // If Prometheus sends a recorded series to another server, it adds its external labels.
            let of_sender = recorded && self.known.is_target_label(&matcher.name) && matcher.name != "instance";
            if !(labels.can_have(&matcher.name) || of_sender) {
                let near = nearest(&matcher.name, labels.names.iter().map(String::as_str));
                let known: Vec<&str> =
                    labels.names.iter().map(String::as_str).filter(|it| !self.known.is_target_label(it)).collect();
                let help = near.map_or_else(|| labels_are(&known), |it| format!("did you mean `{it}`?"));
                let message =
                    format!("{context} selects by the label `{}`, which `{name}` does not have", matcher.name);
                self.findings.add(line, "label-unknown", message, help);
                all_fit = false;
            } else if matcher.name == "le" {
                all_fit &= self.bound(matcher, &sources, name, line, context);
            } else if matcher.name == "job" {
                let wrong = of_this_job && !sources.is_empty() && !is_variable(matcher) && !matcher.is_match(self.job);
                if wrong {
                    let message = format!(
                        "{context} selects another job than `{}`: `job{}\"{}\"`",
                        self.job, matcher.op, matcher.value
                    );
                    let help = format!("use `job=\"{}\"`, or set `job` in monitoring.toml", self.job);
                    self.findings.add(line, "job-unknown", message, help);
                }
            } else {
                all_fit &= self.value(matcher, &sources, name, &Use { line, context, of_this_job });
            }
        }
        let fits = |it: &Measured<'_>| self.known.is_recorded_by_a_function(*it, matchers);
        if all_fit && of_this_job && !sources.is_empty() && !sources.iter().any(fits) {
            let message = format!("{context} selects `{name}` by label values that no function combines");
            self.findings.add(line, "selects-nothing", message, "use label values of one function");
        }
    }

    /// Whether a function sets the label to a value that the matcher selects.
    fn value(&mut self, it: &Matcher, sources: &[Measured<'_>], name: &str, place: &Use<'_>) -> bool {
        let with_label = sources.iter().filter(|source| self.known.has_label(**source, &it.name));
        let mut values = Vec::new();
        let mut any = false;
        for source in with_label {
            any = true;
            match self.known.values(*source, &it.name) {
                Some(more) => values.extend(more),
                None => return true,
            }
        }
        // An excluded value has to exist too: otherwise the matcher excludes nothing.
        let affirmed = |value: &str| match it.op {
            MatchOp::Equal | MatchOp::Re(_) => it.is_match(value),
            MatchOp::NotEqual | MatchOp::NotRe(_) => !it.is_match(value),
        };
        let asks_for_none = matches!(it.op, MatchOp::Equal | MatchOp::NotEqual) && it.value.is_empty();
        if !any || is_variable(it) || asks_for_none || values.iter().any(|it| affirmed(it)) {
            return true;
        }
        let near = nearest(&it.value, values.iter().copied());
        if near.is_none() && !place.of_this_job {
            return true;
        }
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if values.is_empty() => "remove the matcher, because no function sets this label".to_owned(),
            None => format!("its values are {}", listed(&values)),
        };
        let message = format!(
            "{} selects `{}{}\"{}\"`, but no `{name}` has such a value",
            place.context, it.name, it.op, it.value
        );
        self.findings.add(place.line, "value-unknown", message, help);
        false
    }

    /// Whether a bucket of a histogram exists. Prometheus 3 writes the bound `5` as `5.0`.
    fn bound(&mut self, it: &Matcher, sources: &[Measured<'_>], name: &str, line: u32, context: &str) -> bool {
        let histograms: Vec<&MetricRecord> =
            sources.iter().map(|it| it.metric).filter(|it| it.kind == Kind::Histogram).collect();
        if histograms.is_empty() || is_variable(it) || it.value.is_empty() {
            return true;
        }
        let mut bounds: Vec<String> = vec!["+Inf".to_owned()];
        bounds.extend(histograms.iter().flat_map(|it| &it.buckets).flat_map(|it| spellings(*it)));
        let equal: Option<f64> = it.value.parse().ok();
        let exists = |text: &String| match it.op {
            MatchOp::Equal | MatchOp::Re(_) => it.is_match(text),
            MatchOp::NotEqual => !it.is_match(text) || equal.is_some() && text.parse::<f64>().ok() == equal,
            MatchOp::NotRe(_) => !it.is_match(text),
        };
        if bounds.iter().any(exists) {
            return true;
        }
        let known: Vec<String> = histograms.iter().flat_map(|it| &it.buckets).map(f64::to_string).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let message = format!("{context} selects `le{}\"{}\"`, which is not a bucket of `{name}`", it.op, it.value);
        self.findings.add(line, "bucket-unknown", message, format!("its buckets are {}", listed(&known)));
        false
    }

    /// Checks that the operands of `by (…)` and `on (…)` have these labels.
    fn kept_labels(&mut self, part: &Expr, line: u32, context: &str) {
        let (names, sides): (&[String], Vec<&Expr>) = match part {
            Expr::Aggregate(it) => match &it.modifier {
                Some(LabelModifier::Include(by)) => (&by.labels, vec![&it.expr]),
                _ => return,
            },
            Expr::Binary(it) => match it.modifier.as_ref().and_then(|it| it.matching.as_ref()) {
                Some(LabelModifier::Include(on)) => (&on.labels, vec![&it.lhs, &it.rhs]),
                _ => return,
            },
            _ => return,
        };
        for side in sides {
            let labels = labels_of(side, &|it| self.known.labels(it));
            for name in names.iter().filter(|it| !labels.can_have(it) && !it.contains(VARIABLE)) {
                let near = nearest(name, labels.names.iter().map(String::as_str));
                let help = near.map_or_else(|| format!("remove `{name}`"), |it| format!("did you mean `{it}`?"));
                let message =
                    format!("{context} groups or joins by the label `{name}`, which an operand does not have");
                self.findings.add(line, "label-unknown", message, help);
            }
        }
    }
}

/// The possible spellings of a bucket's bound.
fn spellings(bound: f64) -> Vec<String> {
    let plain = bound.to_string();
    let mut all = vec![format!("{bound:e}"), format!("{bound:?}")];
    if !plain.contains('.') {
        all.push(format!("{plain}.0"));
    }
    // Go writes small numbers with two digits in the exponent: 1e-05.
    if let Some((digits, exponent)) = format!("{bound:e}").split_once("e-") {
        all.push(format!("{digits}e-{exponent:0>2}"));
    }
    all.push(plain);
    all
}

fn listed(values: &[&str]) -> String {
    const MANY: usize = 12;
    let shown: Vec<String> = values.iter().take(MANY).map(|it| format!("`{it}`")).collect();
    let more = if values.len() > MANY { ", …" } else { "" };
    if shown.is_empty() { "none".to_owned() } else { format!("{}{more}", shown.join(", ")) }
}

fn labels_are(names: &[&str]) -> String {
    if names.is_empty() {
        "it has no labels of its own".to_owned()
    } else {
        format!("its labels are {}", listed(names))
    }
}

#[cfg(test)]
mod tests {
    use super::spellings;

    #[test]
    fn a_bound_has_several_spellings() {
        assert!(spellings(5.0).contains(&"5".to_owned()) && spellings(5.0).contains(&"5.0".to_owned()));
        assert!(spellings(1e-5).contains(&"1e-05".to_owned()) && spellings(1e-5).contains(&"0.00001".to_owned()));
    }
}
