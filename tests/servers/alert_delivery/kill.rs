//! Ten thousand alerts, while everything between them and the disk is killed and started again.

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
/// How many fire before Prometheus is killed.
const HALF: u32 = 5_000;
/// How many more fire with each scrape, so that there is a middle to kill in.
const STEP: u32 = 500;
/// How many alerts are one group, and so one notification.
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
    let (mut prometheus, _) = servers::prometheus(folder.path(), "10s");

    let middle = |least: u32| {
        let stored =
            wait(&format!("{least} alerts on disk"), 120, || Some(count(&database, "")).filter(|it| *it >= least));
        assert!(stored < ALERTS, "{stored} are there already: the kill would come too late to mean something");
    };
    let killed = |server: &mut Server, at: u32| {
        middle(at);
        server.kill();
        sleep(Duration::from_secs(1));
        server.again();
    };
    killed(&mut webhook, 1000);
    killed(&mut alertmanager, 2500);
    // An Alertmanager forgets alerts when it ends; were Prometheus to end before it has told them again, nobody would
    // remember when they began.
    let knows = || {
        let url = format!("{}/api/v2/alerts", alertmanager.url);
        let all = ureq::get(url).call().ok()?.body_mut().with_config().limit(64 << 20).read_to_string().ok()?;
        (all.matches("\"fingerprint\"").count() == HALF as usize).then_some(())
    };
    wait("Alertmanager to know all again", 60, knows);
    limit.store(ALERTS, Ordering::Relaxed);
    killed(&mut prometheus, HALF + 1000);
    killed(&mut webhook, 8000);

    wait("all alerts on disk", 120, || (count(&database, "") >= ALERTS).then_some(()));

    // Whatever is told again must not be kept again.
    sleep(Duration::from_secs(11));
    assert_eq!(count(&database, "WHERE status = 'firing'"), ALERTS, "all still fire");
    let connection = open(&database).unwrap();
    let mut query = connection.prepare("SELECT json_extract(labels, '$.number') FROM alerts").unwrap();
    let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let rows: Vec<u32> = rows.map(|it| it.unwrap().parse().unwrap()).collect();
    let numbers: BTreeSet<u32> = rows.iter().copied().collect();
    assert_eq!(rows.len(), ALERTS as usize, "none is kept twice");
    assert_eq!(numbers, (0..ALERTS).collect(), "none is lost");
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

pub(crate) fn open(database: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

pub(crate) fn count(database: &Path, which: &str) -> u32 {
    let query = format!("SELECT count(*) FROM alerts {which}");
    let asked = open(database).and_then(|it| it.query_row(&query, [], |row| row.get(0)));
    asked.unwrap_or(0)
}

/// A target of which each scrape shows more that is wrong.
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

/// All files for servers that are not slow, and one rule: what is broken.
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
        own_rules: "rules/*.yml".to_owned(),
        tls: None,
    };
    for file in monitoring.stack_files_at(&places, false) {
        // The dead man's switch and its like are another test's.
        if file.name != "stack-alerts.yml" {
            fs::write(folder.join(file.name), file.contents.replace("group_interval: 10s", "group_interval: 1s"))
                .unwrap();
        }
    }
    fs::create_dir(folder.join("rules")).unwrap();
    // A scrape that takes too long on a busy machine is not what is tested.
    let rule = "{alert: Broken, expr: 'last_over_time(broken[10m]) == 1', labels: {severity: P2, team: storage}, annotations: {summary: It is broken.}}";
    fs::write(folder.join("rules/own.yml"), format!("groups: [{{name: own, interval: 1s, rules: [{rule}]}}]\n"))
        .unwrap();
    for empty in ["recording-rules.yml", "alerts.yml", "stack-alerts.yml"] {
        fs::write(folder.join(empty), "groups: []\n").unwrap();
    }
}
