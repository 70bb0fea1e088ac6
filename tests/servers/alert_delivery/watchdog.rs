//! The Watchdog is sent every minute. Alertmanager repeats an alert only at multiples of `group_interval`.

use crate::servers;
use measurand_tests::{mailbox, receivers, routes, wait};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

/// Real seconds in one second of this test.
const FASTER: u64 = 15;
const INTERVALS: u32 = 5;

#[test]
fn the_watchdog_is_sent_every_minute() {
    let folder = tempfile::tempdir().unwrap();
    let (http, mail) = (receivers(), mailbox());
    fs::write(folder.path().join("trusted.pem"), &mail.certificate).unwrap();
    let mut config: Value =
        serde_saphyr::from_str(&routes(folder.path(), &http, &mail, "http://127.0.0.1:9", &[], false)).unwrap();
    let route = &mut config["route"]["routes"][0];
    assert_eq!(route["receiver"], "dead-mans-switch");
    for key in ["group_interval", "repeat_interval"] {
        let seconds: u64 = route[key].as_str().unwrap().strip_suffix('s').unwrap().parse().unwrap();
        assert_eq!(seconds % FASTER, 0, "{key}");
        route[key] = format!("{}s", seconds / FASTER).into();
    }
    // JSON is YAML.
    fs::write(folder.path().join("alertmanager.yml"), config.to_string()).unwrap();
    let alertmanager = servers::alertmanager(folder.path(), Some(folder.path().join("trusted.pem")));
    let alert = json!([{ "labels": { "alertname": "Watchdog", "service": "a", "team": "a" } }]);
    let request = ureq::post(format!("{}/api/v2/alerts", alertmanager.url)).content_type("application/json");
    request.send(alert.to_string()).unwrap();

    let sent =
        |count: u32| wait("the Watchdog", || (http.requests("/switch").len() >= count as usize).then(Instant::now));
    let start = sent(1);
    let each = (sent(1 + INTERVALS) - start) / INTERVALS * u32::try_from(FASTER).unwrap();
    eprintln!("the Watchdog was sent every {each:?}");
    assert!(each < Duration::from_secs(80) && each > Duration::from_secs(40), "{each:?}");
}
