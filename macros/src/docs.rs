//! The operational parts of a function's doc comment, and the documentation that the annotation adds to it.

use crate::label::LabelValue;
use crate::model::Model;
use crate::objective::Objective;
use measurand_catalog::{Role, record};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The parts of a doc comment that are stored in the catalog.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Docs {
    /// The first paragraph, on one line.
    pub(crate) summary: Option<String>,
    /// The text below a `# Runbook` heading, up to the next heading.
    pub(crate) runbook: Option<String>,
}

impl Docs {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let lines: Vec<String> = attrs.iter().filter_map(line).collect();
        Self::parse(&lines.join("\n"))
    }

    fn parse(text: &str) -> Self {
        let lines = || text.lines().map(str::trim);
        let summary = lines().skip_while(|it| it.is_empty()).take_while(|it| !it.is_empty() && !it.starts_with('#'));
        let runbook = lines()
            .skip_while(|it| !it.trim_start_matches('#').trim().eq_ignore_ascii_case("runbook") || !it.starts_with('#'))
            .skip(1)
            .take_while(|it| !it.starts_with("# "));
        Self { summary: some(summary, " "), runbook: some(runbook, "\n") }
    }
}

/// The text to add to the function's documentation: its metrics, queries to copy, its objective. `None` for a function
/// without documentation: the generated text must not silence the lint `missing_docs`.
pub(crate) fn about(model: &Model) -> Option<String> {
    model.func.attrs.iter().find_map(line)?;
    let attribute = model.attribute;
    let objectives: Vec<String> = model.objective.iter().flat_map(Objective::sentences).collect();
    let objectives =
        if objectives.is_empty() { String::new() } else { format!(". Objective: {}", objectives.join(" and ")) };
    let intro = format!("\n\n# Metrics\n\nMeasured by `#[{}]`{objectives}.\n", attribute.name);
    if model.declared.is_some() {
        return Some(intro);
    }
    let matchers: Vec<String> = model.labels.iter().filter_map(|(name, value)| matcher(name, value)).collect();
    let series = |name: &str| format!("{name}{{{}}}", matchers.join(","));
    let rate = |name: &str| format!("sum(rate({}[5m]))", series(name));
    let mut queries = Vec::new();
    for metric in attribute.family.metrics {
        let name = metric.name;
        let query = match metric.role {
            Role::Duration => {
                format!("histogram_quantile(0.95, sum by (le) (rate({}[5m])))", series(&format!("{name}_bucket")))
            }
            Role::Score => {
                format!("histogram_quantile(0.05, sum by (le) (rate({}[5m])))", series(&format!("{name}_bucket")))
            }
            Role::InFlight => format!("sum({})", series(name)),
            Role::LastScore | Role::Level | Role::HitRate => format!("min({})", series(name)),
            _ => rate(name),
        };
        queries.push(query);
    }
    Some(format!("{intro}\n```promql\n{}\n```\n", queries.join("\n")))
}

/// The matcher of a label, such as `table="patterns"`; `None` if the label has many values.
fn matcher(name: &str, value: &LabelValue) -> Option<String> {
    match value {
        LabelValue::Literal(value) => {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            Some(format!("{name}=\"{escaped}\""))
        }
        _ => None,
    }
}

fn some<'a>(lines: impl Iterator<Item = &'a str>, separator: &str) -> Option<String> {
    let text = record::clean(lines.collect::<Vec<_>>().join(separator).trim());
    (!text.is_empty()).then_some(text)
}

/// The text of `#[doc = "…"]`, the form that the compiler gives to `///`.
fn line(attr: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attr.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value else { return None };
    meta.path.is_ident("doc").then(|| text.value())
}

#[cfg(test)]
mod tests {
    use super::Docs;

    #[test]
    fn parts() {
        let check = |text: &str, summary: Option<&str>, runbook: Option<&str>| {
            let expected = Docs { summary: summary.map(str::to_owned), runbook: runbook.map(str::to_owned) };
            assert_eq!(Docs::parse(text), expected, "{text:?}");
        };
        check("", None, None);
        check(" Loads a\n pattern.\n\n More.", Some("Loads a pattern."), None);
        check(
            " One.\n\n # Runbook\n\n Restart it.\n Then look.\n\n # Panics\n Never.",
            Some("One."),
            Some("Restart it.\nThen look."),
        );
        check("# Runbook\nWait.", None, Some("Wait."));
        check(" Bell \u{7} and \u{1f} gone.", Some("Bell  and  gone."), None);
    }
}
