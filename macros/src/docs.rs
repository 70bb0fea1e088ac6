//! What the doc comment of an annotated function says to people who operate it.

use measurand_catalog::record;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The parts of a doc comment that travel with the record.
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

fn some<'a>(lines: impl Iterator<Item = &'a str>, separator: &str) -> Option<String> {
    let text = record::clean(lines.collect::<Vec<_>>().join(separator).trim());
    (!text.is_empty()).then_some(text)
}

/// The text of `#[doc = "…"]`, which is what `///` becomes.
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
