//! Ten thousand alerts, while every server on their way to the disk is killed and restarted.

use crate::servers::{self, Server};
use measurand_monitoring::model::stack::{App, Places};
use measurand_monitoring::{Monitoring, Options, Receivers};
use measurand_tests::{HttpServer as Http, free_port, program, wait};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

const ALERTS: u32 = 10_000;
/// Number of alerts that fire before Prometheus is killed.
const HALF: u32 = 5_000;
/// Number of additional alerts per scrape; small enough to kill a server in between.
const STEP: u32 = 500;
/// Number of alerts per group, and so per notification.
const GROUP: u32 = 40;

#[test]
fn ten_thousand_alerts_are_on_disk_exactly_once() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("webhook_token");
    fs::write(&token, "0123456789abcdef").unwrap();
    let database = folder.path().join("alerts.db");
    let mut webhook = servers::webhook(program("measurand-webhook", "measurand-webhook", "dev"), folder.path(), &token);
    let limit = Arc::new(AtomicU32::new(HALF));
    let target = growing(&limit);
    configure(folder.path(), &target.address, &webhook, &token);
    let mut alertmanager = servers::alertmanager(folder.path(), None);
    let text = fs::read_to_string(folder.path().join("prometheus.yml")).unwrap();
    let address = alertmanager.url.trim_start_matches("http://");
    fs::write(folder.path().join("prometheus.yml"), text.replace("ALERTMANAGER", address)).unwrap();
    // Alertmanager resolves an alert after four times the delay, which includes the restart on a busy machine.
    let (mut prometheus, _) = servers::prometheus(folder.path(), "20s");

    let middle = |least: u32| {
        let stored = wait(&format!("{least} alerts on disk"), || Some(count(&database, "")).filter(|it| *it >= least));
        assert!(stored < ALERTS, "{stored} alerts are already stored: too late to kill a server");
    };
    let killed = |server: &mut Server, at: u32| {
        middle(at);
        server.kill();
        sleep(Duration::from_secs(1));
        server.again();
    };
    killed(&mut webhook, 1000);
    killed(&mut alertmanager, 2500);
    // A restarted Alertmanager has no alerts. Prometheus must send them again before it is killed, otherwise their
    // start time is lost.
    let knows = || {
        let url = format!("{}/api/v2/alerts", alertmanager.url);
        let all = ureq::get(url).call().ok()?.body_mut().with_config().limit(64 << 20).read_to_string().ok()?;
        (all.matches("\"fingerprint\"").count() == HALF as usize).then_some(())
    };
    wait("all alerts in Alertmanager", knows);
    // More alerts fire only after a server was killed: on a busy machine, all would arrive at once.
    limit.store(HALF + 2000, Ordering::Relaxed);
    killed(&mut prometheus, HALF + 1000);
    limit.store(ALERTS - 1000, Ordering::Relaxed);
    killed(&mut webhook, 8000);
    limit.store(ALERTS, Ordering::Relaxed);

    wait("all alerts on disk", || (count(&database, "") >= ALERTS).then_some(()));

    // Prometheus sends all alerts again, which must not store them twice.
    sleep(Duration::from_secs(21));
    assert_eq!(count(&database, "WHERE status = 'firing'"), ALERTS, "all still fire");
    let connection = open(&database).unwrap();
    let mut query = connection.prepare("SELECT json_extract(labels, '$.number') FROM alerts").unwrap();
    let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let rows: Vec<u32> = rows.map(|it| it.unwrap().parse().unwrap()).collect();
    let numbers: BTreeSet<u32> = rows.iter().copied().collect();
    assert_eq!(rows.len(), ALERTS as usize, "none is stored twice");
    assert_eq!(numbers, (0..ALERTS).collect(), "none is lost");
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

pub(crate) fn open(database: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

pub(crate) fn count(database: &Path, which: &str) -> u32 {
    let query = format!("SELECT count(*) FROM alerts {which}");
    let counted = open(database).and_then(|it| it.query_row(&query, [], |row| row.get(0)));
    counted.unwrap_or(0)
}

/// A scrape target that shows more broken parts with each scrape.
fn growing(limit: &Arc<AtomicU32>) -> Http {
    let (shown, limit) = (AtomicU32::new(0), Arc::clone(limit));
    Http::start(move |_| {
        let so_far = (shown.load(Ordering::Relaxed) + STEP).min(limit.load(Ordering::Relaxed));
        shown.store(so_far, Ordering::Relaxed);
        let mut text = String::from("# TYPE broken gauge\n");
        for number in 0..so_far {
            let _ = writeln!(text, "broken{{service=\"service-{}\",number=\"{number}\"}} 1", number / GROUP);
        }
        (200, text)
    })
}

/// Writes all configuration files, with short intervals, and one alert rule for broken parts.
pub(crate) fn configure(folder: &Path, target: &str, webhook: &Server, token: &Path) {
    let receivers = Receivers {
        secrets: folder.display().to_string(),
        webhook_url: format!("{}/webhook", webhook.url),
        ..Receivers::default()
    };
    let options = Options { job: Some("burst".to_owned()), receivers, ..Options::default() };
    let monitoring = Monitoring::new(&measurand_catalog::parse(b"").unwrap(), &options);
    let places = Places {
        interval: "1s",
        apps: vec![App::plain(target)],
        prometheus: format!("127.0.0.1:{}", free_port()),
        alertmanager: "ALERTMANAGER".to_owned(),
        grafana: None,
        node: None,
        webhook: webhook.url.trim_start_matches("http://").to_owned(),
        webhook_token: token.display().to_string(),
        folder: String::new(),
        own_rules: "rules/*.yml".to_owned(),
        tls: None,
    };
    for file in monitoring.stack_files_at(&places, false) {
        // Another test covers the alerts about the monitoring itself.
        if file.name != "stack-alerts.yml" {
            fs::write(folder.join(file.name), file.contents.replace("group_interval: 10s", "group_interval: 1s"))
                .unwrap();
        }
    }
    fs::create_dir(folder.join("rules")).unwrap();
    // `last_over_time` bridges scrapes that fail on a busy machine.
    let rule = "{alert: Broken, expr: 'last_over_time(broken[10m]) == 1', labels: {severity: P2, team: storage}, annotations: {summary: It is broken.}}";
    fs::write(folder.join("rules/own.yml"), format!("groups: [{{name: own, interval: 1s, rules: [{rule}]}}]\n"))
        .unwrap();
    for empty in ["recording-rules.yml", "alerts.yml", "stack-alerts.yml"] {
        fs::write(folder.join(empty), "groups: []\n").unwrap();
    }
}
