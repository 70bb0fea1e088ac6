//! The alert receiver, Alertmanager, Prometheus and the application are killed at random while alerts are delivered. No
//! acknowledged data may be lost. `KILLS=100` kills each of them 100 times; `SEED=..` repeats a run.

use crate::kill::{configure, count, open};
use crate::servers::{self, Server};
use measurand::measured;
use measurand_tests::{Prometheus, free_port, program, wait};
use metrics::gauge;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Number of additional alerts per kill.
const STEP: u64 = 10;
const GROUP: u64 = 10;
/// Makes a child process of this test be the application; the value is the file with the number of broken parts.
const LIMIT: &str = "MEASURAND_TEST_LIMIT";
const PARTS: [&str; 4] = ["alert receiver", "Alertmanager", "Prometheus", "application"];

#[test]
fn no_acknowledged_alert_is_lost() {
    if let Some(limit) = std::env::var_os(LIMIT) {
        return application(Path::new(&limit));
    }
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse::<u64>().expect("a number"));
    let (each, seed) = (number("KILLS").unwrap_or(1), number("SEED").unwrap_or_else(|| nanoseconds() | 1));
    eprintln!("SEED={seed} KILLS={each}");
    let mut random = Random(seed);
    let kills = each * PARTS.len() as u64;
    let mut next = Vec::new();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (token, limit, database) = (path.join("webhook_token"), path.join("limit"), path.join("alerts.db"));
    fs::write(&token, "0123456789abcdef").unwrap();
    fs::write(&limit, STEP.to_string()).unwrap();
    let webhook = servers::webhook(program("measurand-webhook", "measurand-webhook", "dev"), path, &token);
    let app = start_application(&limit);
    configure(path, app.url.trim_start_matches("http://"), &webhook, &token);
    let alertmanager = servers::alertmanager(path, None);
    let text = fs::read_to_string(path.join("prometheus.yml")).unwrap();
    let address = alertmanager.url.trim_start_matches("http://");
    fs::write(path.join("prometheus.yml"), text.replace("ALERTMANAGER", address)).unwrap();
    let (prometheus, client) = servers::prometheus(path, "3s");

    let (direct, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let url = webhook.url.clone();
    let mut servers = [webhook, alertmanager, prometheus, app];
    thread::scope(|scope| {
        scope.spawn(|| send_directly(&url, &direct, &stop));
        for kill in 0..kills {
            // Kills all parts in random order, then all of them again.
            if next.is_empty() {
                next.extend(0..PARTS.len());
            }
            let part = next.swap_remove(usize::try_from(random.below(next.len() as u64)).unwrap());
            sleep(Duration::from_millis(random.below(1500)));
            fs::write(&limit, ((kill + 2) * STEP).to_string()).unwrap();
            sleep(Duration::from_millis(random.below(1500)));
            // A restarted Prometheus must still have all samples that it returned before.
            let (now, before) = answered(&client);
            servers[part].kill();
            sleep(Duration::from_millis(random.below(1000)));
            servers[part].again();
            if part == 2 {
                let after = ask_at(&client, now);
                assert!(after >= before, "{before} samples before kill {kill}, {after} after it, SEED={seed}");
            }
            let (stored, acknowledged) = (count(&database, ""), direct.lock().unwrap().len());
            eprintln!("kill {kill}: {}; {stored} alerts on disk, {acknowledged} acknowledged directly", PARTS[part]);
        }
        stop.store(true, Ordering::Relaxed);
    });
    eprintln!("each of {PARTS:?} was killed {each} times");

    let all = (kills + 1) * STEP;
    let connection = || open(&database).ok();
    let firing = || Some(numbers(&connection()?, "number", "WHERE status = 'firing'"));
    let expected: BTreeSet<u64> = (0..all).collect();
    wait("all firing alerts on disk", || {
        firing().filter(|it| it.iter().copied().collect::<BTreeSet<u64>>() == expected)
    });
    let direct = direct.into_inner().unwrap();
    let connection = connection().unwrap();
    let stored = numbers(&connection, "direct", "");
    let distinct: BTreeSet<u64> = stored.iter().copied().collect();
    assert_eq!(stored.len(), distinct.len(), "each direct alert is stored once, SEED={seed}");
    let lost: Vec<_> = direct.iter().filter(|it| !distinct.contains(it)).collect();
    assert!(lost.is_empty() && !direct.is_empty(), "{} acknowledged, lost {lost:?}, SEED={seed}", direct.len());
    let rows = numbers(&connection, "number", "").len() as u64;
    // An alert has several rows if Prometheus and Alertmanager both lost its start time.
    eprintln!("{all} alerts are on disk in {rows} rows; {} were acknowledged directly, none is lost", direct.len());
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

/// The values of a numeric label, of all alerts that have it.
fn numbers(connection: &Connection, label: &str, which: &str) -> Vec<u64> {
    let query = format!("SELECT json_extract(labels, '$.{label}') FROM alerts {which}");
    let mut query = connection.prepare(&query).unwrap();
    let rows = query.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
    rows.filter_map(|it| it.unwrap()?.parse().ok()).collect()
}

/// The time one second ago, and the number of the application's samples up to then.
fn answered(prometheus: &Prometheus) -> (f64, f64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() - 1.0;
    (now, ask_at(prometheus, now))
}

fn ask_at(prometheus: &Prometheus, time: f64) -> f64 {
    let samples = prometheus.query_at("sum(count_over_time(broken[1h]))", time);
    samples.first().and_then(|it| it["value"][1].as_str()?.parse().ok()).unwrap_or_default()
}

/// Posts alerts like Alertmanager does, and notes the acknowledged ones.
fn send_directly(url: &str, acknowledged: &Mutex<Vec<u64>>, stop: &AtomicBool) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let body = serde_json::json!({
            "version": "4", "receiver": "webhook", "status": "firing", "groupKey": "{}", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://test.invalid", "truncatedAlerts": 0,
            "alerts": [{
                "status": "firing", "labels": {"alertname": "Direct", "direct": number.to_string()}, "annotations": {},
                "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "",
                "fingerprint": format!("{number:016x}"),
            }],
        });
        let request = ureq::post(format!("{url}/webhook")).header("authorization", "Bearer 0123456789abcdef");
        let request = request.config().timeout_global(Some(Duration::from_secs(10))).build();
        // Like Alertmanager, sends an unacknowledged alert again.
        if request.content_type("application/json").send(body.to_string()).is_ok() {
            acknowledged.lock().unwrap().push(number);
            number += 1;
        }
        sleep(Duration::from_millis(5));
    }
}

fn start_application(limit: &Path) -> Server {
    let (limit, listen) = (limit.to_owned(), format!("127.0.0.1:{}", free_port()));
    let (url, log) = (format!("http://{listen}"), limit.with_extension("log"));
    let command = move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "kills::no_acknowledged_alert_is_lost", "--nocapture"]);
        command.env(LIMIT, &limit).env("MEASURAND_LISTEN", &listen).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    Server::start(command, "cargo", url, "/healthz", log)
}

/// The application: exports as many broken parts as the file says, and exits with the test that started it.
fn application(limit: &Path) {
    #[measured]
    fn look(limit: &Path) -> std::io::Result<u64> {
        Ok(fs::read_to_string(limit)?.trim().parse().unwrap_or(0))
    }
    let show = |from: u64, to: u64| {
        for number in from..to {
            let labels = [("service", format!("service-{}", number / GROUP)), ("number", number.to_string())];
            gauge!("broken", &labels).set(1.0);
        }
    };
    let mut shown = look(limit).unwrap_or(0);
    thread::spawn(|| {
        let _ended = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    measurand::exporter::builder().series_limit(100_000).install().unwrap();
    show(0, shown);
    loop {
        sleep(Duration::from_millis(200));
        let now = look(limit).unwrap_or(shown);
        show(shown, now);
        shown = shown.max(now);
    }
}

fn nanoseconds() -> u64 {
    u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos())
}

/// Knuth's linear congruential generator, which repeats its numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}
