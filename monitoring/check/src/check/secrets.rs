//! Finds labels that may contain secrets or personal data, and labels that may have a new value in each call.
//!
//! A secret in a label would appear in every scrape and in alerts, and Prometheus would keep it for weeks.

use crate::finding::{Finding, Findings};
use crate::read::folder::shown;
use measurand_catalog::{Catalog, SiteRecord, families};
use std::path::Path;

/// Words for secrets and personal data.
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
/// Names of secrets and personal data that have two words.
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

/// Words for values that differ for each user, request or object.
const IDENTIFIERS: [&str; 27] = [
    "id",
    "ids",
    "uuid",
    "guid",
    "ulid",
    "user",
    "users",
    "customer",
    "account",
    "member",
    "visitor",
    "client",
    "order",
    "cart",
    "invoice",
    "payment",
    "request",
    "trace",
    "span",
    "path",
    "uri",
    "url",
    "hash",
    "nonce",
    "timestamp",
    "message",
    "address",
];
/// Words of methods and macros that convert a value into text.
const CONVERSIONS: [&str; 17] = [
    "to", "string", "as", "str", "ref", "clone", "cloned", "into", "owned", "format", "display", "borrow", "deref",
    "unwrap", "default", "or", "trim",
];

pub(super) fn check(catalog: &Catalog, accepted: &[String]) -> Vec<Finding> {
    let sites = catalog.sites.iter().map(|site| {
        let name = shown(Path::new(&site.file));
        let mut findings = Findings::of(&name);
        // Only labels with an expression are checked: a literal value in the code is not secret.
        for (label, expression) in site.expressions.iter().filter(|(label, _)| !accepted.contains(label)) {
            if let Some(word) = suspicious(label).or_else(|| suspicious(expression)) {
                add(site, label, &word, &mut findings);
            } else if let Some(word) = unbounded(site, label, expression) {
                add_identifier(site, label, &word, &mut findings);
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
        format!("the label `{label}` of `{}` may contain a secret or personal data: `{word}`", site.function),
        format!(
            "remove the label, record a category instead of the value, or replace values with `.redact(..)` of the \
             exporter's builder; if it is harmless, list `{label}` under `accepted_labels` in monitoring.toml"
        ),
    );
}

/// The word in a label or its expression that suggests a new value in each call.
fn unbounded(site: &SiteRecord, label: &str, expression: &str) -> Option<String> {
    if families::ALL.iter().any(|it| it.name == site.family) {
        // Labels of built-in families have few values, and so have expressions that end in the label's name.
        return identifier(expression).filter(|_| !words(expression).ends_with(&words(label)));
    }
    identifier(expression).or_else(|| identifier(label))
}

fn add_identifier(site: &SiteRecord, label: &str, word: &str, findings: &mut Findings<'_>) {
    findings.add(
        site.line,
        "label-unbounded",
        format!("the label `{label}` of `{}` may have a new value in each call: `{word}`", site.function),
        format!(
            "record a category instead of the value, or remove the label: each value creates a series, and values \
             beyond the limit count as `_other`; if it has few values, list `{label}` under `accepted_labels` in \
             monitoring.toml"
        ),
    );
}

/// The last word of a name or an expression, without conversions, if it is one of [`IDENTIFIERS`].
fn identifier(text: &str) -> Option<String> {
    let words = words(text);
    let last = words.iter().rfind(|it| !CONVERSIONS.contains(&it.as_str()))?;
    IDENTIFIERS.contains(&last.as_str()).then(|| last.clone())
}

/// The word or pair of words in a name or an expression that suggests a secret.
fn suspicious(text: &str) -> Option<String> {
    let words = words(text);
    let one = words.iter().find(|it| WORDS.contains(&it.as_str())).cloned();
    one.or_else(|| {
        let pair = words.windows(2).find(|pair| PAIRS.iter().any(|it| it == pair))?;
        Some(pair.join("_"))
    })
}

/// The words of names such as `api_key`, `apiKey` and `user.api_key()`, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for character in text.chars() {
        let starts = !last.is_alphanumeric() || (last.is_lowercase() && character.is_uppercase());
        if character.is_alphanumeric() {
            if starts || words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        last = character;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{identifier, suspicious};

    #[test]
    fn expressions_that_look_like_identifiers() {
        for (text, expected) in [
            ("user.to_string()", Some("user")),
            ("user", Some("user")),
            ("order.id.as_str()", Some("id")),
            ("|it| it.as_ref().map_or(\"none\", |it| it.uuid())", Some("uuid")),
            ("format!(\"{}\", request.uri())", Some("uri")),
            ("user.kind()", None),
            ("table.name()", None),
            ("agent", None),
            ("shard", None),
            ("", None),
        ] {
            assert_eq!(identifier(text).as_deref(), expected, "{text}");
        }
    }

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
