//! Labels that look as if secrets or names of people went into them: whatever is in a label value is in every scrape, in
//! Prometheus for weeks, and in alerts.

use super::shown;
use crate::finding::{Finding, Findings};
use measurand_catalog::{Catalog, SiteRecord};
use std::path::Path;

/// Words that stand for something that nobody else may see.
const WORDS: [&str; 20] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "jwt",
    "bearer",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "session",
    "email",
    "phone",
    "iban",
    "ssn",
    "apikey",
    "username",
    "ip",
];
/// The same in two words.
const PAIRS: [[&str; 2]; 9] = [
    ["api", "key"],
    ["access", "key"],
    ["private", "key"],
    ["session", "id"],
    ["user", "name"],
    ["user", "id"],
    ["credit", "card"],
    ["card", "number"],
    ["e", "mail"],
];

pub(super) fn check(catalog: &Catalog, accepted: &[String]) -> Vec<Finding> {
    let sites = catalog.sites.iter().map(|site| {
        let name = shown(Path::new(&site.file));
        let mut findings = Findings::of(&name);
        // A value that is written in the code is nobody's secret.
        for (label, expression) in site.expressions.iter().filter(|(label, _)| !accepted.contains(label)) {
            if let Some(word) = suspicious(label).or_else(|| suspicious(expression)) {
                add(site, label, &word, &mut findings);
            }
        }
        findings.into_all()
    });
    sites.flatten().collect()
}

fn add(site: &SiteRecord, label: &str, word: &str, findings: &mut Findings<'_>) {
    findings.add(
        site.line,
        "label-secret",
        format!("the label `{label}` of `{}` may hold a secret or a person's data: `{word}`", site.function),
        format!(
            "leave it out, record its kind instead, or replace values with `.redact(..)` of the exporter's builder; if it \
             is harmless, list `{label}` under `accepted_labels` in monitoring.toml"
        ),
    );
}

/// The words in a name or an expression that look like it.
fn suspicious(text: &str) -> Option<String> {
    let words = words(text);
    let one = words.iter().find(|it| WORDS.contains(&it.as_str())).cloned();
    one.or_else(|| {
        let pair = words.windows(2).find(|pair| PAIRS.iter().any(|it| it == pair))?;
        Some(pair.join("_"))
    })
}

/// The words of `api_key`, `apiKey` and `user.api_key()`, in small letters.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for it in text.chars() {
        let begins = !last.is_alphanumeric() || (last.is_lowercase() && it.is_uppercase());
        if it.is_alphanumeric() {
            if begins || words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(it.to_lowercase());
            }
        }
        last = it;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::suspicious;

    #[test]
    fn names_and_expressions_that_look_like_secrets() {
        for (text, expected) in [
            ("api_key", Some("api_key")),
            ("apiKey", Some("api_key")),
            ("request.session().id()", Some("session")),
            ("|it| it.user.EMail()", Some("email")),
            ("auth_token", Some("token")),
            ("tokens", None),
            ("tokenizer", None),
            ("user_kind", None),
            ("key", None),
            ("zip", None),
            ("", None),
        ] {
            assert_eq!(suspicious(text).as_deref(), expected, "{text}");
        }
    }
}
