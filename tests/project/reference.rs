//! The reference of the book says what the code says. `UPDATE_EXPECT=1 cargo test -p measurand-tests --test reference`
//! writes the generated parts of its pages.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

#[path = "reference/formats.rs"]
mod formats;
#[path = "reference/limits.rs"]
mod limits;
#[path = "reference/settings.rs"]
mod settings;
#[path = "../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use measurand_catalog::attribute::{ALL, COMMON};
use measurand_catalog::{
    Absent, Argument, Catalog, Family, Kind, Latency, Metric, Objective, Role, SiteRecord, Unit, families, platform,
};
use measurand_monitoring::model::{Alert, Group, Piece};
use measurand_monitoring::{Monitoring, NamedQuery, Options};
use measurand_tests::{Running, get, program, wait, workspace};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Holds the generated part `name` of a page below `docs/reference` to `text`.
#[track_caller]
pub(crate) fn check(page: &str, name: &str, text: &str) {
    // Several parts of one page may be written at once.
    static WRITING: Mutex<()> = Mutex::new(());
    const END: &str = "<!-- end -->\n";
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = workspace().join("docs/reference").join(page);
    let start = format!("<!-- generated:{name} -->\n");
    let before = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = before.split_once(&start).unwrap_or_else(|| panic!("{page} lacks the line {start}"));
    let (_, tail) = rest.split_once(END).unwrap_or_else(|| panic!("{page}: `{name}` has no end"));
    let after = format!("{head}{start}{}\n{END}{tail}", text.trim_end());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, after).unwrap();
    } else {
        let help = "run `UPDATE_EXPECT=1 cargo test -p measurand-tests --test reference`";
        assert!(before == after, "the part `{name}` of docs/reference/{page} is not current; {help}");
    }
}

/// A row of a Markdown table.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |\n", cells.map(|it| it.replace('|', "\\|")).join(" | "))
}

/// The head of a Markdown table.
pub(crate) fn head<const N: usize>(cells: [&str; N]) -> String {
    row(cells) + &row(["---"; N])
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn codes<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(code).collect::<Vec<_>>().join(", ")
}

#[test]
fn attributes() {
    let mut text = head(["Attribute", "What it records", "Metrics"]);
    for it in ALL {
        text += &row([&code(it.example), it.help, &codes(it.family.metrics.iter().map(|it| it.name))]);
    }
    check("attributes.md", "attributes", &text);
}

#[test]
fn arguments() {
    let mut text = head(["Argument", "Attribute", "If absent", "Meaning"]);
    let mut add = |it: &Argument, of: &str| {
        let absent = match it.absent {
            Absent::Required => "compile error",
            Absent::Optional => "",
            Absent::FunctionName => "the function's name",
        };
        text += &row([&code(&it.usage()), of, absent, it.help]);
    };
    for attribute in ALL {
        attribute.arguments.iter().for_each(|it| add(it, &code(attribute.name)));
    }
    for it in COMMON {
        add(it, "all");
    }
    check("attributes.md", "arguments", &text);
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

fn unit(metric: &Metric) -> &'static str {
    match metric.unit() {
        Unit::Count => "count",
        Unit::Seconds => "seconds",
        Unit::Ratio => "ratio, 0 to 1",
        Unit::Bytes => "bytes",
    }
}

/// The labels of a metric of a family.
fn labels(family: &Family, metric: &Metric) -> Vec<&'static str> {
    let own = family.labels.iter().filter(|it| metric.role != Role::InFlight || !it.from_result);
    own.map(|it| it.name).chain(metric.role.extra_label().map(|it| it.name)).collect()
}

fn numbers(all: &[f64]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn family(text: &mut String, family: &Family) {
    let recorded: Vec<&str> = ALL.iter().filter(|it| it.family.name == family.name).map(|it| it.name).collect();
    let by = match recorded.as_slice() {
        [] if family.name == "http" => "Recorded by `measurand::http_layer!()`.".to_owned(),
        [] => "Recorded for functions that return a stream (feature `stream`).".to_owned(),
        names => format!("Recorded by {}.", codes(names.iter().map(|it| &**it).collect::<Vec<_>>())),
    };
    let _ = write!(text, "\n### {}\n\n{} {by}\n\n", family.title, family.help);
    *text += &head(["Metric", "Type", "Unit", "Labels", "Help"]);
    for it in family.metrics {
        let labels = codes(labels(family, it));
        *text += &row([&code(it.name), kind(it.role.kind()), unit(it), &labels, it.help]);
    }
    let values = family.labels.iter().filter(|it| !it.values.is_empty());
    let values: Vec<String> =
        values.map(|it| format!("- Values of `{}`: {}\n", it.name, codes(it.values.iter().copied()))).collect();
    let buckets = family.metrics.iter().filter(|it| !it.buckets.is_empty());
    let buckets: Vec<String> =
        buckets.map(|it| format!("- Buckets of `{}`: {}\n", it.name, numbers(it.buckets))).collect();
    if !(values.is_empty() && buckets.is_empty()) {
        *text += "\n";
        *text += &(values.concat() + &buckets.concat());
    }
}

#[test]
fn metrics() {
    let mut text = String::new();
    for it in families::ALL {
        family(&mut text, it);
    }
    family(&mut text, &families::STREAM);
    check("metrics.md", "families", text.trim_start());
    let mut text = head(["Metric", "Type", "Labels", "Only", "Help"]);
    for it in platform::ALL {
        let labels = codes(it.labels.iter().copied());
        text += &row([&code(it.name), kind(it.kind), &labels, it.only.unwrap_or(""), it.help]);
    }
    check("metrics.md", "platform", &text);
}

/// A function in each built-in family, and objectives of both kinds: the catalog from which every alert follows.
fn everything() -> Catalog {
    let site = |family: &&Family| SiteRecord {
        krate: "app".to_owned(),
        version: "1.2.3".to_owned(),
        module: "app".to_owned(),
        function: family.name.to_owned(),
        file: "src/main.rs".to_owned(),
        attribute: "measured".to_owned(),
        family: family.name.to_owned(),
        expressions: family.labels.iter().map(|it| (it.name.to_owned(), it.name.to_owned())).collect(),
        objective: (family.name == "database")
            .then_some(Objective { success: Some(0.999), latency: Some(Latency { seconds: 0.01, share: 0.99 }) }),
        ..SiteRecord::default()
    };
    Catalog {
        format: Catalog::FORMAT,
        families: families::ALL.iter().map(|it| support::record(it)).collect(),
        sites: families::ALL.iter().map(site).collect(),
    }
}

/// The section of one alert.
fn alert(text: &mut String, alert: &Alert, query: &str) {
    let pieces = alert.description.iter().map(|it| match it {
        Piece::Text(it) | Piece::Foreign(it) => it.clone(),
        Piece::Label(it) | Piece::LabelOr(it, _) => format!("{{{it}}}"),
        Piece::Labels => " {labels}".to_owned(),
        Piece::Value(_) => "{value}".to_owned(),
    });
    let description: String = pieces.collect();
    let severity = alert.severity.map_or("none", measurand_catalog::Severity::as_str);
    let _ = write!(
        text,
        "\n### {}\n\n{}\n{}\n\n- Severity {severity}, `for` {}.\n- Message: “{description}”\n- Without data: {}\n\n```promql\n{query}\n```\n\nDo first:\n\n",
        alert.name,
        alert.summary.as_str(),
        alert.impact.as_str(),
        duration(alert.for_seconds),
        alert.absent,
    );
    for (index, it) in alert.advice.iter().enumerate() {
        let _ = writeln!(text, "{}. {it}", index + 1);
    }
}

fn duration(seconds: u32) -> String {
    match seconds {
        0 => "0".to_owned(),
        it if it % 3600 == 0 => format!("{} h", it / 3600),
        it if it % 60 == 0 => format!("{} min", it / 60),
        it => format!("{it} s"),
    }
}

/// The alerts of some groups, those of one name once.
fn alerts<'a>(groups: &'a [Group<Alert>], queries: impl Iterator<Item = NamedQuery<'a>>) -> [String; 2] {
    let mut printed: BTreeMap<&str, String> = BTreeMap::new();
    for it in queries {
        printed.entry(it.name).or_insert_with(|| it.text());
    }
    let mut seen = BTreeSet::new();
    let once: Vec<&Alert> = groups.iter().flat_map(|it| &it.rules).filter(|it| seen.insert(&it.name)).collect();
    let (mut table, mut text) = (head(["Alert", "Severity", "`for`", "What is wrong"]), String::new());
    for it in once {
        let link = format!("[{}](#{})", it.name, it.name.to_lowercase());
        let severity = it.severity.map_or("none", measurand_catalog::Severity::as_str);
        table += &row([&link, severity, &duration(it.for_seconds), it.summary.as_str()]);
        alert(&mut text, it, &printed[it.name.as_str()]);
    }
    [table, text.trim_start().to_owned()]
}

#[test]
fn alerts_of_programs_and_of_the_stack() {
    // Only then is there an alert about too few calls.
    let options = Options { job: Some("app".to_owned()), under_load: true, ..Options::default() };
    let monitoring = Monitoring::new(&everything(), &options);
    assert_eq!(monitoring.problems, []);
    let [table, text] =
        alerts(&monitoring.alerts, monitoring.queries().filter(|it| it.user == measurand_monitoring::User::Alert));
    check("alerts.md", "summary", &table);
    check("alerts.md", "alerts", &text);
    let [table, text] = alerts(&monitoring.stack, monitoring.stack_queries());
    check("alerts.md", "stack-summary", &table);
    check("alerts.md", "stack-alerts", &text);
}

fn help(binary: &str, arguments: &[&str]) -> String {
    let path = program(binary, binary, "dev");
    let output = Command::new(path).args(arguments).arg("--help").env_clear().output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("```text\n{}\n```\n", lines.join("\n").trim_end())
}

#[test]
fn help_of_the_command() {
    let all = help("cargo-measurand", &[]);
    check("command.md", "help", &all);
    let commands = all.split("Commands:\n").nth(1).unwrap().lines().take_while(|it| !it.is_empty());
    // A description of several lines is indented further.
    let names = commands.filter_map(|it| it.strip_prefix("  ")).filter(|it| !it.starts_with(' '));
    for name in names.filter_map(|it| it.split_whitespace().next()).filter(|it| *it != "help") {
        check("command.md", &format!("help-{name}"), &help("cargo-measurand", &[name]));
    }
}

#[test]
fn help_and_metrics_of_the_alert_receiver() {
    check("webhook.md", "help", &help("measurand-webhook", &[]));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("measurand-webhook", "measurand-webhook", "dev"));
    let (_webhook, url) = Running::serving(command.args(["--listen", "127.0.0.1:0"]).current_dir(&folder));
    // Gauges of the database are there after it was looked at.
    let page =
        wait("the gauges", || Some(get(&format!("{url}/metrics"))).filter(|it| it.contains("webhook_alerts_kept ")));
    let mut text = head(["Metric", "Type", "Help"]);
    for line in page.lines().filter_map(|it| it.strip_prefix("# HELP webhook_")) {
        let (name, help) = line.split_once(' ').unwrap();
        let of_type = page.lines().find_map(|it| it.strip_prefix(&format!("# TYPE webhook_{name} "))).unwrap();
        text += &row([&format!("`webhook_{name}`"), of_type, help]);
    }
    check("webhook.md", "metrics", &text);
}

#[test]
fn features_and_packages() {
    let manifest = std::fs::read_to_string(workspace().join("runtime/Cargo.toml")).unwrap();
    let features: toml::Table = manifest.parse().unwrap();
    let section = manifest.split("[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let (mut text, mut comment) = (head(["Feature", "What it adds", "Enables"]), "");
    for line in section.lines().filter(|it| !it.is_empty()) {
        if let Some(it) = line.strip_prefix("# ") {
            comment = it;
            continue;
        }
        let name = line.split(" =").next().unwrap();
        let enables = features["features"][name].as_array().unwrap();
        let enables = enables.iter().filter_map(|it| it.as_str()).filter(|it| !it.contains(':') && !it.contains('/'));
        if name != "default" {
            text += &row([&code(name), comment, &codes(enables)]);
        }
    }
    check("features.md", "features", &text);
    let mut text = head(["Package", "What it is"]);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(workspace())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut packages: Vec<(&str, &str)> = Vec::new();
    for it in metadata["packages"].as_array().unwrap() {
        let path = it["manifest_path"].as_str().unwrap();
        let path = path.strip_prefix(workspace().to_str().unwrap()).unwrap();
        if !path.starts_with("/tests") && !path.starts_with("/examples") {
            packages.push((it["name"].as_str().unwrap(), it["description"].as_str().unwrap_or_default()));
        }
    }
    packages.sort_unstable();
    for (name, what) in packages {
        text += &row([&code(name), what]);
    }
    check("features.md", "packages", &text);
}

/// The first cells of the rows of the table that follows a heading, without backquotes.
pub(crate) fn cells(page: &str, heading: &str) -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join("docs/reference").join(page)).unwrap();
    let section = text.split(&format!("\n{heading}\n")).nth(1).unwrap_or_else(|| panic!("{page} lacks `{heading}`"));
    let rows = section.lines().skip_while(|it| !it.starts_with('|')).take_while(|it| it.starts_with('|'));
    rows.skip(2).map(|it| it.split('|').nth(1).unwrap().trim().trim_matches('`').to_owned()).collect()
}

#[test]
fn the_endpoint_answers_each_path() {
    let quickstart = program("quickstart", "quickstart", "dev");
    let (_quickstart, url) = Running::serving(Command::new(quickstart).env("MEASURAND_LISTEN", "127.0.0.1:0"));
    let model: serde_json::Value = serde_json::from_str(&get(&format!("{url}/live/model.json"))).unwrap();
    let id = model["functions"][0]["id"].as_str().unwrap().to_owned();
    let paths = cells("endpoint.md", "## Paths");
    assert!(paths.len() >= 12, "{paths:?}");
    for path in paths {
        assert!(!get(&format!("{url}{}", path.replace("{id}", &id))).is_empty(), "{path}");
    }
}

/// Constants whose names end in `VARIABLE` name them.
#[test]
fn each_environment_variable_is_listed() {
    let sources = ["runtime/src", "runtime/exporter/src", "runtime/server/src"];
    let output = Command::new("git")
        .args(["grep", "-hoE", "VARIABLE: &str = \"[A-Z_]+\"", "--"])
        .args(sources)
        .current_dir(workspace())
        .output()
        .unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    let mut found: Vec<&str> = found.lines().filter_map(|it| it.split('"').nth(1)).collect();
    found.sort_unstable();
    let mut listed = cells("endpoint.md", "## Environment variables");
    listed.sort_unstable();
    assert_eq!(listed, found);
}
