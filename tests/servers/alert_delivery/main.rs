//! Delivery of alerts through a real Prometheus and real Alertmanagers with the generated rules and routes, to local
//! receivers with the protocols of Slack, `PagerDuty` and mail. No alert is lost when one of the servers is killed.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod kill;
mod kills;
mod pager;
mod servers;
mod watchdog;
mod world;

use measurand_tests::{get, mailbox, receivers, routes, wait};
use serde_json::{Value, json};
use world::{Fault, World};

/// Texts that every message of an alert contains, by severity.
const P1: [&str; 2] =
    ["The hit ratio of a cache is low.", "% of the look-ups were hits within five minutes; the limit is 80%."];
const P2: [&str; 2] = ["The process uses more memory than its limit.", "uses 1GiB; the limit is 100MiB."];
const P3: [&str; 2] = ["Many stored patterns are unused.", "; the limit is 1000."];
const P0: [&str; 2] = ["The service does not answer.", "Prometheus cannot scrape claude-code-app ("];

#[test]
fn every_alert_reaches_exactly_its_receivers() {
    let world = World::start();
    // Only the Watchdog reaches the dead man's switch. The alert receiver stores it, too.
    let fed = wait("the Watchdog at the dead man's switch", || world.open.requests("/switch").into_iter().next());
    assert_eq!(fed.json()["alerts"][0]["labels"]["alertname"], "Watchdog");
    world.kept("Watchdog", "firing", &["Alerting works."]);
    assert!(world.open.requests("/slack").is_empty(), "no fault is on: {:#?}", world.open.requests("/slack"));
    assert!(world.mail.mails().is_empty(), "no fault is on: {:#?}", world.mail.mails());

    for fault in [Fault::ColdCache, Fault::Memory, Fault::Unused] {
        world.set(fault, true);
    }
    world.slack("#team-learning", "P1: CacheHitRateLow on claude-code-app", &P1);
    world.mailed("teams@example.org", "[FIRING:1]", &P1);
    world.kept("CacheHitRateLow", "firing", &P1);
    world.slack("#team-storage", "P2: MemoryHigh on claude-code-app", &P2);
    world.kept("MemoryHigh", "firing", &P2);
    world.slack("#alerts-low", "P3: UnusedPatternsAccumulating on claude-code-app", &P3);
    world.mailed("capacity@example.org", "[FIRING:1]", &P3);
    world.kept("UnusedPatternsAccumulating", "firing", &P3);
    // Outside of working hours P3 is muted, but the alert receiver stores it.
    let of_bot = wait("P2 out of hours", || world.muted_slack().into_iter().find(|it| it.1.contains("P2: MemoryHigh")));
    assert_eq!(of_bot.0, "#team-storage", "the bot posts to the channel in the message");
    assert!(!world.muted_slack().iter().any(|it| it.1.contains("UnusedPatterns")), "{:?}", world.muted_slack());

    for fault in [Fault::ColdCache, Fault::Memory, Fault::Unused] {
        world.set(fault, false);
    }
    for (channel, name, texts) in [
        ("#team-learning", "CacheHitRateLow", &P1),
        ("#team-storage", "MemoryHigh", &P2),
        ("#alerts-low", "UnusedPatternsAccumulating", &P3),
    ] {
        world.slack(channel, &format!("resolved: {name} on claude-code-app"), &texts[..1]);
        world.kept(name, "resolved", &texts[..1]);
    }
    world.mailed("teams@example.org", "[RESOLVED]", &P1[..1]);
    world.mailed("capacity@example.org", "[RESOLVED]", &P3[..1]);
    assert!(world.open.requests("/pagerduty").is_empty(), "P1 to P3 do not page");
    assert!(!world.mail.mails().iter().any(|it| it.text.contains("MemoryHigh")), "P2 sends no mail");

    // One of two instances is down.
    world.set(Fault::Down, true);
    world.slack("#alerts-critical", "P0: ServiceDown on claude-code-app", &P0);
    world.mailed("leads@example.org", "[FIRING:1]", &P0);
    world.kept("ServiceDown", "firing", &P0);
    let woken = wait("the pager", || world.open.requests("/pagerduty").into_iter().next()).json();
    assert_eq!(woken["event_action"], "trigger");
    assert_eq!(woken["payload"]["severity"], "critical");
    for (link, text) in [(0, "Runbook"), (1, "Dashboard")] {
        assert_eq!(woken["links"][link]["text"], text);
        assert!(woken["links"][link]["href"].as_str().is_some_and(|it| it.starts_with("http://")), "{woken:#}");
    }
    assert_eq!(woken["payload"]["summary"], "ServiceDown on claude-code-app: The service does not answer.");

    // The alerts about the other instance still notify.
    let before = world.count_slack("MemoryHigh");
    world.set(Fault::Memory, true);
    wait("the notification of MemoryHigh", || (world.count_slack("MemoryHigh") > before).then_some(()));

    world.set(Fault::Down, false);
    world.slack("#alerts-critical", "resolved: ServiceDown on claude-code-app", &P0[..1]);
    world.mailed("leads@example.org", "[RESOLVED]", &P0[..1]);
    world.kept("ServiceDown", "resolved", &P0[..1]);
    let resolved = wait("the resolved page", || {
        world.open.requests("/pagerduty").into_iter().map(|it| it.json()).find(|it| it["event_action"] == "resolve")
    });
    assert_eq!(resolved["dedup_key"], woken["dedup_key"], "the same incident");
    assert!(
        !world.open.requests("/slack").iter().any(|it| it.body.contains("Watchdog")),
        "the Watchdog is not sent to people"
    );
}

/// An instance that is down explains the alerts about that instance. Only a full outage explains those about the whole
/// service.
#[test]
fn service_down_inhibits_only_the_alerts_that_it_explains() {
    let (folder, http, mail) = (tempfile::tempdir().unwrap(), receivers(), mailbox());
    let config = routes(folder.path(), &http, &mail, "http://127.0.0.1:9", &[], false);
    std::fs::write(folder.path().join("alertmanager.yml"), config).unwrap();
    let alertmanager = servers::alertmanager(folder.path(), None);
    let url = format!("{}/api/v2/alerts", alertmanager.url);
    let send = |name: &str, severity: &str, instance: &str| {
        let labels = json!({ "alertname": name, "severity": severity, "service": "shop", "instance": instance });
        let alerts = json!([{ "labels": labels }]).to_string();
        ureq::post(&url).header("content-type", "application/json").send(alerts).unwrap();
    };
    let inhibits = |expected: &[&str]| {
        wait(&format!("{expected:?} to be inhibited"), || {
            let all: Vec<Value> = serde_json::from_str(&get(&url)).unwrap();
            let inhibited = all.iter().filter(|it| it["status"]["inhibitedBy"] != json!([]));
            let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
            let of = |it: &Value| text(&it["labels"]["alertname"]) + &text(&it["labels"]["instance"]);
            let mut names: Vec<String> = inhibited.map(of).collect();
            names.sort();
            (names == expected).then_some(())
        });
    };
    send("MemoryHigh", "P2", "a");
    send("MemoryHigh", "P2", "b");
    send("CacheHitRateLow", "P1", "");
    send("NeuralSystemStalled", "P0", "");
    inhibits(&[]);
    send("ServiceDown", "P0", "a");
    inhibits(&["MemoryHigha"]);
    send("ServiceDown", "P0", "");
    inhibits(&["CacheHitRateLow", "MemoryHigha"]);
}
