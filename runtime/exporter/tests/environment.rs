//! The effect of environment variables, and the messages on stderr, observed in a copy of this program, since a process
//! must not change its own environment.

mod support;

use measurand_exporter::Builder;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use support::{get, program};

const CHILD: &str = "MEASURAND_TEST_CHILD";

#[test]
fn the_environment_chooses_and_warnings_come_once() {
    if std::env::var_os(CHILD).is_some() {
        let exporter = Builder::new(program()).series_limit(2).install().unwrap();
        for number in 0..9 {
            metrics::gauge!("neural_operations_total").set(1.0);
            metrics::counter!("db_query_errors_total", "table" => number.to_string()).increment(1);
            metrics::gauge!("load", "machine" => number.to_string()).set(1.0);
        }
        let text = get(exporter.address(), "/metrics").text().to_owned();
        let build = text.lines().find(|it| it.starts_with("build_info")).unwrap();
        let said = format!("address={} url={}", exporter.address(), exporter.url());
        std::io::stdout().write_all(format!("{said}\n{build}\n").as_bytes()).unwrap();
        // Messages of recording calls are written by a separate thread, which ends with the process.
        std::thread::sleep(std::time::Duration::from_secs(1));
        return;
    }
    let test = "the_environment_chooses_and_warnings_come_once";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env(CHILD, "1");
    let output = child.env("MEASURAND_LISTEN", "0.0.0.0:0").env("MEASURAND_COMMIT", "c0ffee").output().unwrap();
    let (said, warned) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}{warned}");
    let address = said.split("address=").nth(1).and_then(|it| it.split(' ').next()).unwrap();
    let address: SocketAddr = address.parse().unwrap();
    assert!(address.ip().is_unspecified());
    assert!(said.contains(&format!("url=http://127.0.0.1:{}", address.port())), "{said}");
    assert!(said.contains(r#"build_info{commit="c0ffee",name="shop",version="1.2.3"} 1"#), "{said}");
    let warnings = warned.lines().filter(|it| it.starts_with("measurand: "));
    assert_eq!(
        warnings.filter(|it| it.contains("open to other machines without authentication")).count(),
        1,
        "{warned}"
    );
    let ignored =
        "measurand: `neural_operations_total` is recorded as a gauge, but it is a counter; this recording is ignored";
    assert_eq!(warned.lines().filter(|it| *it == ignored).count(), 1, "{warned}");
    for name in ["db_query_errors_total", "load"] {
        let full = format!(
            "measurand: `{name}` has reached the limit of 2 series, so further label values become `_other`; \
             record fewer different values, or raise the limit with `.series_limit(..)` of the exporter's builder"
        );
        assert_eq!(warned.lines().filter(|it| *it == full).count(), 1, "{warned}");
    }
}
