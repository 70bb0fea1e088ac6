//! Tests of stale alerts: Alertmanager sends no resolve for an alert that ended while inhibited.

use crate::support::{Webhook, database, firing, payload, resolved};
use measurand_tests::{Scrape, wait};
use measurand_webhook::STALE_AFTER_HOURS;

/// Changes an alert as if it had been received last this many seconds earlier.
fn age(webhook: &Webhook, fingerprint: u32, seconds: i64) {
    let sql = "UPDATE alerts SET last_seen = last_seen - ?1 WHERE fingerprint = ?2";
    let changed = database(&webhook.directory).execute(sql, (seconds * 1_000_000_000, format!("{fingerprint:016x}")));
    assert_eq!(changed.unwrap(), 1);
}

fn fingerprints(webhook: &Webhook, status: &str) -> Vec<String> {
    let alerts = webhook.alerts(&format!("status={status}"));
    assert!(alerts.iter().all(|it| it["status"] == status), "{alerts:?}");
    alerts.iter().map(|it| it["fingerprint"].as_str().unwrap().trim_start_matches('0').to_owned()).collect()
}

#[test]
fn a_firing_alert_that_is_not_repeated_is_stale() {
    let webhook = Webhook::start(&["--stale-after-hours", "3"]);
    assert_eq!(webhook.post(&payload(&[firing(1), firing(2), firing(3), resolved(4)])).status, 200);
    let page = webhook.get("/").body;
    assert!(page.contains("<title>(3) Alerts</title>") && !page.contains("Stale since"), "{page}");

    age(&webhook, 1, 3 * 3600 + 60);
    age(&webhook, 2, 3 * 3600 - 600);
    age(&webhook, 4, 30 * 3600);
    assert_eq!(fingerprints(&webhook, "firing"), ["3", "2"]);
    assert_eq!(fingerprints(&webhook, "stale"), ["1"]);
    // An alias from an earlier release.
    assert_eq!(webhook.alerts("status=unheard"), webhook.alerts("status=stale"));
    assert_eq!(fingerprints(&webhook, "resolved"), ["4"]);
    let alert = webhook.get("/api/alerts/1").json();
    assert_eq!(alert["status"], "stale");
    assert_eq!(alert["changes"][0]["status"], "firing", "the history is unchanged");

    let page = webhook.get("/").body;
    assert!(page.contains("<title>(2) Alerts</title>"), "{page}");
    let section = page.split("<section aria-labelledby=\"stale\">").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(section.contains("Stale since") && section.contains("href=\"/alerts/1\""), "{section}");
    assert!(!section.contains("href=\"/alerts/2\""), "{section}");
    let since = alert["last_seen"].as_str().unwrap()[..19].replace('T', " ");
    assert!(section.contains(&format!("{since} UTC")), "{since}: {section}");
    assert!(webhook.get("/?status=stale").body.contains("<option value=\"stale\" selected>"));
    assert!(webhook.get("/alerts/1").body.contains("Stale since <time"), "{}", webhook.get("/alerts/1").body);
    let figures = || {
        let scrape = Scrape::fetch(&webhook.url);
        ["firing", "stale", "kept"].map(|it| scrape.value(&format!("webhook_alerts_{it}")).to_string())
    };
    wait("the figures", || (figures() == ["2", "1", "4"]).then_some(()));

    // A stale alert that is received again is firing or resolved.
    webhook.post(&payload(&[firing(1)]));
    assert_eq!(fingerprints(&webhook, "firing"), ["3", "2", "1"]);
    age(&webhook, 2, 4 * 3600);
    webhook.post(&payload(&[resolved(2)]));
    assert_eq!(fingerprints(&webhook, "stale").len(), 0);
}

/// The default is derived from the generated routes.
#[test]
fn the_default_is_twice_what_the_routes_wait_at_most() {
    let routes = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../alertmanager.yml")).unwrap();
    let hours = |text: &str| {
        let (number, unit) = text.split_at(text.len() - 1);
        let unit = match unit {
            "s" => 1.0 / 3600.0,
            "m" => 1.0 / 60.0,
            "h" => 1.0,
            "d" => 24.0,
            _ => panic!("{text}"),
        };
        number.parse::<f64>().unwrap() * unit
    };
    let all: Vec<f64> =
        routes.lines().filter_map(|it| it.trim().strip_prefix("repeat_interval: ")).map(hours).collect();
    let longest = all.iter().copied().fold(0.0, f64::max);
    assert!(all.len() > 4 && (f64::from(STALE_AFTER_HOURS) - 2.0 * longest).abs() < 1e-9, "{all:?}");
}
