//! The unit tests that are generated for every alert, run by `promtool`.

use crate::support::{everything, folder, monitoring, promtool_tests, verified};

#[test]
fn alerts_that_are_split_by_severity_pass_their_tests() {
    for sites in [everything(), vec![verified("coder", &["severity=P0"]), verified("reviewer", &[])]] {
        let folder = folder(&monitoring(&sites));
        promtool_tests(folder.path(), &["alerts.test.yml", "alerts-slow.test.yml", "alerts-slowest.test.yml"]);
    }
}
