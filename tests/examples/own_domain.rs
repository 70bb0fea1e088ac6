//! A family that a user declares gets metrics, panels and alerts like the built-in ones.

use measurand_tests::{Running, Scrape, get, program, wait};
use serde_json::Value;
use std::process::Command;

/// The function has an objective, so it has its own series.
const OWN: &str = r#"function="pay",module="your_own_domain""#;

#[test]
fn payments() {
    let path = program("your-own-domain", "your-own-domain", "dev");
    let mut command = Command::new(&path);
    let (_running, url) = Running::serving(command.args(["--seconds", "300"]).env("MEASURAND_LISTEN", "127.0.0.1:0"));
    // Gauges with known labels exist before the first payment.
    let gauge = &format!("payments_in_flight{{{}}}", sorted(&format!(r#"method="card",{OWN}"#)));
    assert!(Scrape::fetch(&url).value(gauge) < 2.0);
    let errors = |scrape: &Scrape, method: &str, kind: &str| {
        let labels = format!(r#"method="{method}",settlement="none",outcome="error",error_kind="{kind}",{OWN}"#);
        scrape.0.contains_key(&format!("payment_errors_total{{{}}}", sorted(&labels)))
    };
    let scrape = wait("payments of every kind", || {
        let scrape = Scrape::fetch(&url);
        let all = [("card", "too_much"), ("bank_transfer", "insufficient_funds")];
        all.iter().all(|(method, kind)| errors(&scrape, method, kind)).then_some(scrape)
    });
    for labels in [r#"method="card",settlement="instant""#, r#"method="bank_transfer",settlement="delayed""#] {
        let labels = sorted(&format!("{labels},{OWN}"));
        let calls = scrape.value(&format!("payments_total{{{labels}}}"));
        let observed = scrape.value(&format!("payment_duration_seconds_count{{{labels}}}"));
        assert!(calls > 0.0 && (calls - observed).abs() < 0.5, "{labels}: {calls} and {observed}");
    }
    let text = get(&format!("{url}/metrics"));
    for line in [
        "# HELP payments_total Finished payments, successful or not.",
        "# TYPE payments_total counter",
        "# TYPE payment_duration_seconds histogram",
        "# TYPE payments_in_flight gauge",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    // The objective of 10 ms adds a bucket.
    assert!(text.contains(r#"method="card",module="your_own_domain",settlement="instant",le="0.01"}"#), "{text}");

    generate(path.to_str().expect("a path"));
    generate(&url);
}

/// Labels sorted by name, like those of a [`Scrape`].
fn sorted(labels: &str) -> String {
    let mut labels: Vec<&str> = labels.split(',').collect();
    labels.sort_unstable();
    labels.join(",")
}

/// Checks the dashboard and the alerts generated from the running program or from its file.
fn generate(source: &str) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let measurand = program("cargo-measurand", "cargo-measurand", "dev");
    let run =
        Command::new(measurand).args(["generate", source, "--out"]).arg(directory.path()).output().expect("it runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let read = |file: &str| std::fs::read_to_string(directory.path().join(file)).expect("a generated file");

    let dashboard: Value = serde_json::from_str(&read("grafana-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let row = panels.iter().find(|it| it["type"] == "row" && it["title"] == "Payments").expect("a row for the family");
    let queries: Vec<String> = row["panels"]
        .as_array()
        .expect("the row is collapsed")
        .iter()
        .flat_map(|it| it["targets"].as_array().cloned().unwrap_or_default())
        .map(|it| it["expr"].as_str().unwrap_or_default().to_owned())
        .collect();
    for metric in ["payments_total", "payment_errors_total", "payment_duration_seconds_bucket", "payments_in_flight"] {
        assert!(queries.iter().any(|it| it.contains(metric)), "{source}: no panel queries {metric}\n{queries:#?}");
    }

    let alerts = read("alerts.yml");
    for expected in ["alert: PaymentErrors", "alert: PaymentsSlow", "Customers cannot pay.", "payment_errors_total"] {
        assert!(alerts.contains(expected), "{source}: {expected} is missing in\n{alerts}");
    }
}

#[test]
fn stops_after_the_given_time() {
    let path = program("your-own-domain", "your-own-domain", "dev");
    let run = Command::new(&path).args(["--seconds", "1"]).env("MEASURAND_LISTEN", "127.0.0.1:0").output().unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for expected in ["/metrics", "/catalog.json", "/healthz", " payments, "] {
        assert!(output.contains(expected), "{expected} is missing in\n{output}");
    }
}
