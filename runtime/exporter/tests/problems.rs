//! One invalid record in a program: the rest of the live page and of the generated files works, and the problem is
//! shown.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod support;

#[path = "../../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod catalogs;

use catalogs::{catalog, everything, measured, site};
use measurand_catalog::{Objective, SiteRecord, families};
use measurand_exporter::{Builder, Program};
use serde_json::Value;
use std::process::Command;
use support::get;

const CHILD: &str = "MEASURAND_TEST_CHILD";
const PROBLEM: &str = "the family `neural` has no panels and no alerts: Prometheus sets the label `job` itself";

fn program() -> Program {
    let mut sites = everything();
    sites[0].objective = Some(Objective { success: Some(0.9), latency: None });
    sites.push(site("task_queue", "task_queue", "queue", &[], &[]));
    // Two functions with the same name, as a macro writes them, and two that record the same series.
    sites.extend([measured("get", &[]), SiteRecord { line: 99, ..measured("get", &[]) }]);
    sites.extend(["one", "other"].map(|name| site("task_queue", "task_queue", name, &[], &[])));
    let mut catalog = catalog(&sites);
    let neural = catalog.families.iter_mut().find(|it| it.name == "neural").unwrap();
    "job".clone_into(&mut neural.labels[0].name);
    Program { families: families::ALL.to_vec(), catalog, binary: None, initialize: || (), limit_series: |_| () }
}

fn install() -> measurand_exporter::Exporter {
    Builder::new(program()).service("shop", "1", "abc").listen("127.0.0.1:0").install().unwrap()
}

#[test]
fn one_bad_family_leaves_the_rest_alone() {
    let address = install().address();
    for path in ["/live/panels", "/live/functions", "/live/alerts", "/live/series", "/monitoring/alerts.yml"] {
        assert_eq!(get(address, path).status, 200, "{path}");
    }
    // A function that sets a gauge counts no calls, and the sum of an empty list is -0.
    let functions = get(address, "/live/functions");
    assert!(!functions.text().contains("-0.0"), "{}", functions.text());
    let model: Value = serde_json::from_str(get(address, "/live/model.json").text()).unwrap();
    let problems = model["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0]["message"].as_str().unwrap().starts_with(PROBLEM), "{problems:#?}");
    assert!(problems[0]["fix"].as_str().unwrap().contains("rename it"), "{problems:#?}");
    // An objective with a large budget has its alerts; the invalid family has none.
    let alerts: Vec<&str> = model["alerts"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert!(alerts.contains(&"ErrorBudgetFastBurn") && !alerts.contains(&"NeuralOperationErrors"), "{alerts:?}");
    // The page finds an alert's state by its position.
    let states: Value = serde_json::from_str(get(address, "/live/alerts").text()).unwrap();
    let states: Vec<&str> =
        states["alerts"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(states, alerts);
    // The functions of the invalid family are still listed.
    assert!(model["functions"].as_array().unwrap().iter().any(|it| it["family"] == "neural"));
}

#[test]
fn install_reports_it_on_standard_error() {
    if std::env::var_os(CHILD).is_some() {
        install();
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["install_reports_it", "--nocapture"]).env(CHILD, "1").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = stderr.lines().filter(|it| it.contains(PROBLEM)).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(lines[0].starts_with("measurand: src/work.rs:"), "{stderr}");
    let numbered = "measurand: 2 functions have the same name in one module and differ only in a number: \
                    `shop::work::get` (src/work.rs:13), `shop::work::get#2` (src/work.rs:99); help: write the attribute on the `impl` block";
    assert_eq!(stderr.lines().filter(|it| it.starts_with(numbered)).count(), 1, "{stderr}");
    // Functions may share the labels of a family on purpose, and stderr is not a terminal here.
    assert!(!stderr.contains("share series"), "{stderr}");
}
