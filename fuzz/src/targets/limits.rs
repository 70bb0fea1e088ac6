//! Long and deeply nested texts, made from few bytes, as expressions, templates, Loki queries, files and settings. The
//! result is findings or an error with a line number, also at and above every limit.

use super::bytes::Bytes;
use super::files;
use measurand_check::Settings;
use std::fmt::Write;

/// Maximum length of the text; above the limit for expressions.
const BYTES_MAX: usize = 80 << 10;

/// Reads the use of the text, then its pieces and their repetitions.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let kind = bytes.below(7);
    let text = repeated(&mut bytes);
    let json = serde_json::to_string(&text).expect("a string in JSON");
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
        // Mostly few repetitions; thousands only for the largest bytes.
        let times = usize::from(bytes.byte()).pow(2) / 4;
        let piece = bytes.text(48);
        let room = (BYTES_MAX - text.len()) / piece.len().max(1) + 1;
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", piece.repeat(times.clamp(1, room)));
    }
    text
}
