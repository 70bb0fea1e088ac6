//! The unit tests that are generated for every alert, run by `promtool`.

use crate::support::{everything, folder, monitoring, promtool, system, verified};

/// Each alert has a case in which it fires, one just below, and one without data.
#[test]
fn no_alert_is_without_a_test() {
    let monitoring = monitoring(&system());
    let files = monitoring.test_files();
    let tests = files.iter().flat_map(|it| it.contents.lines());
    let names: Vec<&str> = tests.filter(|it| it.contains(" name: ") || it.contains("alertname: ")).collect();
    for alert in monitoring.alerts.iter().chain(&monitoring.stack).flat_map(|it| &it.rules) {
        for case in ["fires in time and is over in time: ", "is silent at a near miss: "] {
            let tested = |it: &str| {
                let tested = it.split_once(case).map(|(_, rest)| rest.trim_end_matches(['"', '\'']));
                tested.is_some_and(|it| it.split(", ").any(|it| it == alert.name))
            };
            assert!(names.iter().any(|it| tested(it)), "{}: {case}", alert.name);
        }
    }
}

#[test]
fn alerts_that_are_split_by_severity_pass_their_tests() {
    for sites in [everything(), vec![verified("coder", &["severity=P0"]), verified("reviewer", &[])]] {
        let folder = folder(&monitoring(&sites));
        promtool(
            folder.path(),
            &["test", "rules", "alerts.test.yml", "alerts-slow.test.yml", "alerts-slowest.test.yml"],
        );
    }
}
