//! Tests of disabled rules: pint's comments, and `.lint` beside dashboards.

use crate::support::{everything, file, monitoring};
use measurand_check::{__private::rules_page, Finding, RULES, lint};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Two recorded series whose names look like scraped ones, on lines 5 and 9.
const RULES_FILE: &str = "\
groups:
- name: own
  rules:

  - record: one
    expr: |
      sum(x)

  - record: two
    expr: |
      sum(y)
";

#[track_caller]
fn check(text: &str, expected: &[(&str, u32)]) {
    let found = crate::lint::linted("rules.yml", text);
    let places: Vec<(&str, u32)> = found.iter().map(|it| (it.rule, it.line)).collect();
    assert_eq!(places, expected, "{found:#?}");
}

/// The file with this line inserted before line `at`, counted from 1.
fn with(line: &str, at: usize) -> String {
    let mut lines: Vec<&str> = RULES_FILE.lines().collect();
    lines.insert(at - 1, line);
    lines.join("\n") + "\n"
}

#[test]
fn a_comment_disables_a_check_for_one_rule() {
    check(RULES_FILE, &[("rule/name", 5), ("rule/name", 9)]);
    check(&with("# pint disable rule/name", 5), &[("rule/name", 10)]);
    check(&with("    # pint disable rule/name", 6), &[("rule/name", 10)]);
    check(&with("      # pint disable rule/name", 8), &[("rule/name", 10)]);
    check(&with("# pint disable rule/name(prod)", 9), &[("rule/name", 5)]);
    check(&with("# pint disable promql/rate", 5), &[("rule/name", 6), ("rule/name", 10)]);
    check(&with("# pint snooze 2999-01-01 rule/name", 5), &[("rule/name", 10)]);
    check(&with("# pint snooze 2001-01-01T00:00:00Z rule/name", 5), &[("rule/name", 6), ("rule/name", 10)]);
}

#[test]
fn a_comment_disables_a_check_for_a_file() {
    check(&with("# pint file/disable rule/name", 1), &[]);
    check(&with("# pint file/snooze 2999-01-01T00:00:00+02:00 rule/name", 12), &[]);
    check(&with("# pint ignore/file", 8), &[("rule/name", 5)]);
    check(&with("{% set jinja = 1 %} # pint ignore/line", 1), &[("rule/name", 6), ("rule/name", 10)]);
    check(&with("# pint file/owner payments", 1), &[("rule/name", 6), ("rule/name", 10)]);
}

#[test]
fn a_comment_without_effect_is_found() {
    let both = |line: u32| vec![("pint/comment", line), ("rule/name", 6), ("rule/name", 10)];
    check(&with("# pint disable rule/name", 1), &both(1));
    check(&with("# pint disable rule/names", 1), &both(1));
    check(&with("# pint disabel rule/name", 1), &both(1));
    check(&with("# pint snooze tomorrow rule/name", 1), &both(1));
}

/// The findings in a generated dashboard with two unknown units, beside this `.lint`.
fn beside(text: &str) -> Vec<Finding> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut dashboard: Value =
        serde_json::from_str(&file(&monitoring(&everything()), "grafana-dashboard.json")).expect("JSON");
    for title in ["Error ratio", "Error ratio by family"] {
        let mut panels = crate::lint_dashboards::panels(&mut dashboard).into_iter();
        let panel = panels.find(|it| it["title"] == title).expect("a panel with this title");
        panel["fieldConfig"]["defaults"]["unit"] = "percentunits".into();
    }
    fs::write(folder.path().join("dashboard.json"), format!("{dashboard:#}")).expect("a file in it");
    fs::write(folder.path().join(".lint"), text).expect("a file in it");
    lint(&[folder.path().to_owned()], &[]).expect("the files can be read")
}

#[test]
fn a_file_beside_dashboards_is_read() {
    let rules =
        |text: &str| -> Vec<(&'static str, bool)> { beside(text).iter().map(|it| (it.rule, it.is_warning)).collect() };
    let found = ("panel-units-rule", false);
    assert_eq!(rules(""), [found, found]);
    assert_eq!(rules("exclusions:\n  panel-units-rule:\n"), []);
    assert_eq!(rules("warnings:\n  panel-units-rule:\n    reason: later\n"), [("panel-units-rule", true); 2]);
    let entry = |of: &str| format!("exclusions:\n  panel-units-rule:\n    entries:\n    - {of}\n");
    assert_eq!(rules(&entry("{panel: Error ratio}")), [found]);
    assert_eq!(rules(&entry("{panel: Error ratio, dashboard: another}")), [found, found]);
    assert_eq!(rules(&entry("{panel: Error ratio, targetIdx: 0}")), [found, found], "the unit is not in a target");
    assert_eq!(rules("exclusions:\n  panel-unit-rule:\n"), [("lint-file", false), found, found]);
    assert_eq!(rules("excluded: {}\n"), [("lint-file", false), found, found]);
    assert_eq!(rules("a: [\n"), [("syntax", false), found, found]);
}

/// `UPDATE_EXPECT=1 cargo test` writes the generated part.
#[test]
fn the_page_of_rules_is_current() {
    const START: &str = "<!-- generated:rules -->\n";
    const END: &str = "<!-- end -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/lint.md");
    let page = fs::read_to_string(&path).expect("docs/reference/lint.md");
    let (before, rest) = page.split_once(START).expect("the start of the generated part");
    let (_, after) = rest.split_once(END).expect("the end of the generated part");
    let current = format!("{before}{START}{}{END}{after}", rules_page());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, current).expect("docs/reference/lint.md is written");
    } else {
        assert!(
            page == current,
            "docs/reference/lint.md is not current; run `UPDATE_EXPECT=1 cargo test -p measurand-check`"
        );
    }
}

/// A rule without a test might find nothing at all.
#[test]
fn every_rule_has_a_test() {
    let folders = ["tests/all", "../command/tests/all"].map(|it| Path::new(env!("CARGO_MANIFEST_DIR")).join(it));
    let tests: String = folders
        .iter()
        .flat_map(|it| fs::read_dir(it).unwrap())
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "rs"))
        .map(|it| fs::read_to_string(it).unwrap())
        .collect();
    let untested: Vec<&str> =
        RULES.iter().map(|it| it.name).filter(|it| !tests.contains(&format!("\"{it}\""))).collect();
    assert_eq!(untested, [] as [&str; 0]);
}
