//! The keys of every JSON document, read from real ones.

use crate::{check, everything, head, row};
use measurand_tests::{Running, get, program, wait};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Objects whose keys are data: names of labels and the like.
const MAPS: [&str; 6] = ["labels", "expressions", "facts", "condition", "promql", "functions"];

/// Notes the type of each path, such as `families[].name`, down to `depth` levels.
fn walk(value: &Value, path: &str, depth: usize, out: &mut BTreeMap<String, Vec<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) if depth > 0 => {
            for it in items {
                walk(it, &format!("{path}[]"), depth, out);
            }
            "array"
        }
        Value::Array(_) => "array",
        Value::Object(fields) if depth > 0 => {
            let last = path.rsplit(['.', ']']).next().unwrap_or_default();
            for (key, value) in fields {
                let key = if MAPS.contains(&last) { "*" } else { key };
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                walk(value, &path, depth - 1, out);
            }
            "object"
        }
        Value::Object(_) => "object",
    };
    let known = out.entry(path.to_owned()).or_default();
    if !known.contains(&kind) {
        known.push(kind);
        known.sort_unstable();
    }
}

/// The keys of some documents of one form.
fn keys(name: &str, documents: &[Value], depth: usize) {
    let mut paths = BTreeMap::new();
    for it in documents {
        walk(it, "", depth, &mut paths);
    }
    paths.remove("");
    let mut text = head(["Key", "Type"]);
    for (path, kinds) in &paths {
        let is_outer = ["array", "object"].iter().any(|it| kinds == &[*it]);
        let has_inner = paths.keys().any(|it| it.len() > path.len() && it.starts_with(path.as_str()));
        // Its keys say that it is an object.
        if !(is_outer && has_inner) {
            text += &row([&format!("`{path}`"), &kinds.join(" or ")]);
        }
    }
    check("formats.md", &format!("keys-{name}"), &text);
}

fn run(folder: &Path, arguments: &[&str]) -> Value {
    let command = program("cargo-measurand", "cargo-measurand", "dev");
    let output = Command::new(command).args(arguments).args(["--format", "json"]).current_dir(folder).output().unwrap();
    let [text, error] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    serde_json::from_str(&text).unwrap_or_else(|it| panic!("{arguments:?}: {it}\n{text}{error}"))
}

#[test]
fn keys_of_the_catalog() {
    let mut catalog = everything();
    let first = catalog.sites.first_mut().unwrap();
    first.labels = [("function".to_owned(), "f".to_owned())].into();
    first.error_kinds = vec!["busy".to_owned()];
    first.unknown_error_kinds = true;
    first.facts = [("owner".to_owned(), "o".to_owned())].into();
    keys("catalog", &[serde_json::from_str(&catalog.to_json()).unwrap()], 5);
}

#[test]
fn keys_of_the_commands() {
    let quickstart = program("quickstart", "quickstart", "dev");
    let quickstart = quickstart.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    keys("generate", &[run(folder, &["generate", quickstart, "--out", "monitoring"])], 5);
    std::fs::write(folder.join("monitoring/alerts.yml"), "groups: []\n").unwrap();
    keys("findings", &[run(folder, &["check", quickstart, "monitoring"])], 5);
    let mut catalog = everything();
    std::fs::write(folder.join("old.json"), catalog.to_json()).unwrap();
    catalog.sites.retain(|it| it.family != "cache");
    catalog.families.retain(|it| it.name != "cache");
    std::fs::write(folder.join("new.json"), catalog.to_json()).unwrap();
    keys("diff", &[run(folder, &["diff", "old.json", "new.json"])], 5);
    let arguments = [&["explain", quickstart, "best"][..], &["explain", quickstart, "turn"]];
    let explained: Vec<Value> = arguments.map(|it| run(folder, it)).into();
    keys("explain", &explained, 6);
    keys("explain-all", &[run(folder, &["explain", quickstart])], 5);
    keys("size", &[json!({"size": run(folder, &["size", "--series", "1000"])})], 5);
}

#[test]
fn keys_of_a_running_program() {
    let quickstart = program("quickstart", "quickstart", "dev");
    let mut command = Command::new(quickstart);
    let (_quickstart, url) = Running::serving(command.arg("--fail-queries").env("MEASURAND_LISTEN", "127.0.0.1:0"));
    let ask = |path: &str| -> Value { serde_json::from_str(&get(&format!("{url}{path}"))).unwrap() };
    // Rates need two samples, and shares of errors a call.
    let functions = wait("rates", || {
        let answer = ask("/live/functions");
        let all = answer["functions"].as_object()?;
        all.values().all(|it| it["calls"].as_f64() > Some(0.0) && it["error_rate"].is_number()).then_some(answer)
    });
    keys("live-functions", &[functions], 5);
    let model = ask("/live/model.json");
    keys("live-model", &[json!({"functions": model["functions"]}), without(&model, "functions")], 2);
    let ids: Vec<String> =
        model["functions"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    let incidents: Vec<Value> = ids.iter().map(|it| ask(&format!("/live/functions/{it}"))).collect();
    keys("live-function", &incidents, 5);
    let top = wait("a firing alert", || {
        let top = run(Path::new("."), &["top", &url, "--once"]);
        top["firing"].as_array().is_some_and(|it| !it.is_empty()).then_some(top)
    });
    keys("live-alerts", &[ask("/live/alerts")], 5);
    keys("live-series", &[ask("/live/series")], 5);
    keys("live-panels", &[ask("/live/panels")], 4);
    keys("top", &[top], 5);
}

fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(key);
    value
}
