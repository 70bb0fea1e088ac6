//! The unit tests that are generated for every alert, run by `promtool`.

use crate::support::{catalog, everything, folder, monitoring, promtool_tests, system, verified};
use crate::yaml;
use measurand_monitoring::query::promql::Histograms;
use measurand_monitoring::{Monitoring, Options};
use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

const FILES: [&str; 3] = ["alerts.test.yml", "alerts-slow.test.yml", "alerts-slowest.test.yml"];

#[test]
fn alerts_that_are_split_by_severity_pass_their_tests() {
    for sites in [everything(), vec![verified("coder", &["severity=P0"]), verified("reviewer", &[])]] {
        let folder = folder(&monitoring(&sites));
        promtool_tests(folder.path(), &FILES);
    }
}

/// The alerts on native histograms fire and resolve at the same minutes as those on classic ones. Only the promtool of
/// Prometheus 3 has a notation for native histograms.
#[test]
fn alerts_on_native_histograms_pass_their_tests() {
    let options = Options { histograms: Histograms::Native, ..Options::default() };
    let folder = folder(&Monitoring::new(&catalog(&system()), &options));
    let test = read_to_string(folder.path().join(FILES[0])).unwrap();
    assert!(test.contains("The notation of native histograms needs the promtool of Prometheus 3."), "{test}");
    assert!(test.contains("{{schema:-53 ") && !test.contains("_bucket"), "{test}");
    // The other tests are those for classic histograms, which pass elsewhere.
    for name in FILES {
        let mut file = yaml(&read_to_string(folder.path().join(name)).unwrap());
        file["tests"].as_array_mut().unwrap().retain(|it| it.to_string().contains("{{schema:"));
        std::fs::write(folder.path().join(name), file.to_string()).unwrap();
    }
    // `tests/run` names the folder with the newest servers.
    let newest = std::env::var_os("MEASURAND_NEWEST_SERVERS");
    let promtool = newest.map_or_else(|| "promtool".into(), |it| Path::new(&it).join("promtool"));
    let output = |arguments: &[&str]| {
        let output = Command::new(&promtool).args(arguments).current_dir(folder.path()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    if !output(&["--version"]).1.contains("version 2.") {
        let (passed, printed) = output(&[&["test", "rules"], &FILES[..]].concat());
        assert!(passed, "{printed}");
    }
}
