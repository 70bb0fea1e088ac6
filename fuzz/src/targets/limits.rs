//! Texts that are long and deep out of few bytes, as expressions, templates, queries of Loki, files and settings: findings
//! with their lines, or a line and what is wrong there, also at and beyond every limit.

use super::bytes::Bytes;
use super::files;
use measurand_check::Settings;
use std::fmt::Write;

/// Longer than any expression that is read.
const BYTES_MAX: usize = 80 << 10;

/// What the text becomes, then pieces of it and how often each is repeated.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let kind = bytes.below(7);
    let text = repeated(&mut bytes);
    let json = serde_json::to_string(&text).expect("a text is JSON");
    match kind {
        0 => files::check(&format!(
            "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: {json}\n    labels: {{a: b}}\n"
        )),
        1 => files::check(&panel("prometheus", &json)),
        2 => files::check(&panel("loki", &json)),
        3 => files::check(&format!(
            "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: a\n    annotations: {{a: {json}}}\n    labels: {{a: {json}}}\n"
        )),
        4 => files::check(&text),
        5 => files::check(&format!("kind: ConfigMap\ndata:\n  own.yml: {json}\n  own.json: {json}\n")),
        _ => {
            if let Err(error) = Settings::parse("monitoring.toml", &text) {
                assert!(error.starts_with("monitoring.toml"), "{error}");
            }
        }
    }
}

fn panel(kind: &str, json: &str) -> String {
    format!(
        "{{\"schemaVersion\": 1, \"panels\": [{{\"id\": 1, \"type\": \"timeseries\", \"datasource\": {{\"type\": \"{kind}\"}}, \
         \"targets\": [{{\"expr\": {json}, \"legendFormat\": {json}}}]}}]}}"
    )
}

fn repeated(bytes: &mut Bytes<'_>) -> String {
    let mut text = String::new();
    while !bytes.is_empty() && text.len() < BYTES_MAX {
        // Few more often than many: thousands only with the largest numbers.
        let times = usize::from(bytes.byte()).pow(2) / 4;
        let piece = bytes.text(48);
        let room = (BYTES_MAX - text.len()) / piece.len().max(1) + 1;
        // Writing into a string cannot fail.
        let _ = write!(text, "{}", piece.repeat(times.clamp(1, room)));
    }
    text
}
