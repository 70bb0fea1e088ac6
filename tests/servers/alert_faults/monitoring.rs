//! The alerts about the monitoring itself, and about scrapes that are too large. A real Prometheus and a real
//! Alertmanager are broken on purpose; a full disk and a growing database are simulated by past samples in Prometheus'
//! storage.

use crate::prometheus::{Prometheus, Setup, free_address};
use crate::rules::{Clock, RuleFile};
use crate::shipped;
use measurand_monitoring::{Monitoring, Options};
use measurand_tests::{HttpServer, Running, wait};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const LIVE: &[&str] = &["AlertDeliveryFailing", "RuleEvaluationFailing"];
pub(crate) const DEAD: &[&str] = &["ConfigReloadFailed", "MonitoringTargetDown", "ShardDown"];
/// The alerts about the size of a scrape, in `alerts.yml`.
pub(crate) const LARGE: &[&str] = &["SampleLimitExceeded", "SampleLimitNear"];
pub(crate) const MADE_UP: &[&str] = &["LowDiskSpace", "MonitoringStorageGrowth"];

const SECOND: Duration = Duration::from_secs(1);

/// Waits until all alerts fire with correct labels and texts, or until none fires.
#[track_caller]
fn wait_for(prometheus: &Prometheus, names: &[&str], fire: bool) {
    wait_for_rules(prometheus, &shipped("stack-alerts.yml"), names, fire);
}

#[track_caller]
fn wait_for_rules(prometheus: &Prometheus, shipped: &RuleFile, names: &[&str], fire: bool) {
    for name in names {
        wait(&format!("{name} to {}", if fire { "fire" } else { "resolve" }), || {
            let firing = prometheus.firing(name);
            for it in &firing {
                it.check(shipped);
            }
            (firing.is_empty() != fire).then_some(())
        });
        eprintln!("         {name}: {}", if fire { "fires" } else { "resolves" });
    }
}

#[test]
fn broken_rules_and_broken_delivery_fire_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let (receiver, url) = receiver();
    let alertmanager = free_address();
    let _running = start_alertmanager(&folder.path().join("alertmanager"), &alertmanager, &url);
    let address = free_address();
    let rules = [
        shipped("stack-alerts.yml").only(|it| LIVE.contains(&it)),
        // An alert that is always sent.
        shipped("alerts.yml").only(|it| it == "Watchdog"),
    ];
    let prometheus = Prometheus::start(&Setup {
        folder: &folder.path().join("prometheus"),
        address: address.clone(),
        clock: Clock { factor: 120, hold: 120, scrape: SECOND },
        rules: &rules,
        jobs: &[("prometheus", vec![address]), ("alertmanager", vec![alertmanager.clone()])],
        alertmanagers: vec![alertmanager],
        sample_limit: 0,
    });
    wait("a notification", || receiver.called.load(Ordering::Relaxed).then_some(()));
    wait_for(&prometheus, LIVE, false);

    receiver.refuses.store(true, Ordering::Relaxed);
    // A many-to-many match, which fails only during evaluation.
    let broken = folder.path().join("prometheus/rules-broken.yml");
    let text =
        "groups: [{name: broken, interval: 1s, rules: [{record: broken, expr: 'up * on () group_left () up'}]}]\n";
    std::fs::write(&broken, text).unwrap();
    prometheus.reload();
    wait_for(&prometheus, LIVE, true);

    receiver.refuses.store(false, Ordering::Relaxed);
    std::fs::remove_file(broken).unwrap();
    prometheus.reload();
    wait_for(&prometheus, LIVE, false);
}

#[test]
fn dead_targets_and_rejected_configurations_fire_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("alertmanager");
    let [alertmanager, address] = [(); 2].map(|()| free_address());
    let broken = Arc::new(AtomicBool::new(true));
    let server = || {
        let broken = Arc::clone(&broken);
        HttpServer::start(move |_| (if broken.load(Ordering::Relaxed) { 500 } else { 200 }, String::new())).address
    };
    let (node, shard) = (server(), server());
    let _running = start_alertmanager(&home, &alertmanager, "http://127.0.0.1:9");
    let jobs = [("prometheus", &address), ("alertmanager", &alertmanager), ("node", &node), ("federate", &shard)];
    let prometheus = Prometheus::start(&Setup {
        folder: &folder.path().join("prometheus"),
        address: address.clone(),
        clock: Clock { factor: 120, hold: 120, scrape: SECOND },
        rules: &[shipped("stack-alerts.yml").only(|it| DEAD.contains(&it))],
        jobs: &jobs.map(|(job, address)| (job, vec![address.clone()])),
        alertmanagers: Vec::new(),
        sample_limit: 0,
    });
    let reload = |address: &str| ureq::post(format!("http://{address}/-/reload")).send_empty();
    let files = [home.join("alertmanager.yml"), folder.path().join("prometheus/prometheus.yml")];
    let whole = files.each_ref().map(|it| std::fs::read_to_string(it).unwrap());
    for (file, address) in files.iter().zip([&alertmanager, &address]) {
        std::fs::write(file, "unknown: 1").unwrap();
        assert!(reload(address).is_err(), "the file is wrong");
    }
    wait_for(&prometheus, DEAD, true);
    let expected = [&["alertmanager", "prometheus"][..], &["node"], &["federate"]];
    for (name, jobs) in DEAD.iter().zip(expected) {
        wait(&format!("{name} about {jobs:?}"), || {
            let firing = prometheus.firing(name);
            let about: BTreeSet<&str> = firing.iter().map(|it| it.label("job")).collect();
            about.iter().eq(jobs).then_some(())
        });
    }

    broken.store(false, Ordering::Relaxed);
    for ((file, address), text) in files.iter().zip([&alertmanager, &address]).zip(whole) {
        std::fs::write(file, text).unwrap();
        reload(address).unwrap();
    }
    wait_for(&prometheus, DEAD, false);
}

/// Prometheus drops a scrape above `sample_limit`. The alert then names this cause, and `ServiceDown` does not fire: it
/// says that the service does not answer.
#[test]
fn a_scrape_above_its_limit_fires_an_alert_that_names_the_cause() {
    const LIMIT: u32 = 1000;
    let folder = tempfile::tempdir().unwrap();
    let options = Options { job: Some("shop".to_owned()), sample_limit: Some(LIMIT), ..Options::default() };
    let monitoring = Monitoring::new(&measurand_catalog::parse(b"").unwrap(), &options);
    for file in monitoring.files() {
        std::fs::write(folder.path().join(file.name), file.contents).unwrap();
    }
    let rules = RuleFile::read(&folder.path().join("alerts.yml"));
    let down = ["ServiceDown"];
    // The number of samples; none means that the service does not answer.
    let samples = Arc::new(AtomicU32::new(100));
    let shared = Arc::clone(&samples);
    let target = HttpServer::start(move |_| {
        let (count, mut text) = (shared.load(Ordering::Relaxed), String::new());
        for it in 0..count {
            writeln!(text, "x{{number=\"{it}\"}} 1").unwrap();
        }
        (if count > 0 { 200 } else { 500 }, text)
    });
    let prometheus = Prometheus::start(&Setup {
        folder: &folder.path().join("prometheus"),
        address: free_address(),
        clock: Clock { factor: 120, hold: 120, scrape: SECOND },
        rules: &[rules.clone().only(|it| LARGE.contains(&it) || down.contains(&it))],
        jobs: &[("shop", vec![target.address.clone()])],
        alertmanagers: Vec::new(),
        sample_limit: monitoring.sample_limit,
    });
    let [exceeded, near] = [[LARGE[0]], [LARGE[1]]];
    let set = |count| samples.store(count, Ordering::Relaxed);
    let firing = |name: &str| prometheus.firing(name).len();

    set(900);
    wait_for_rules(&prometheus, &rules, &near, true);
    assert_eq!((firing(exceeded[0]), firing(down[0])), (0, 0), "scrapes below the limit succeed");
    set(1001);
    wait_for_rules(&prometheus, &rules, &exceeded, true);
    let alert = prometheus.firing(exceeded[0]).remove(0);
    eprintln!("{}", alert.short());
    let cause = format!(
        "The scrape of {} has 1001 samples, and sample_limit is 1000: Prometheus drops the scrape.",
        target.address
    );
    assert!(alert.short().contains(&cause), "{}", alert.short());
    // Longer than the `for` of ServiceDown, which is half a second here.
    thread::sleep(SECOND * 5);
    assert_eq!(firing(down[0]), 0, "the service answers");
    set(0);
    wait_for_rules(&prometheus, &rules, &down, true);
    wait_for_rules(&prometheus, &rules, LARGE, false);
    set(100);
    wait_for_rules(&prometheus, &rules, &down, false);
}

#[test]
fn past_samples_fire_storage_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("prometheus");
    backfill(&home);
    let prometheus = Prometheus::start(&Setup {
        folder: &home,
        address: free_address(),
        clock: Clock { factor: 60, hold: 1800, scrape: SECOND },
        rules: &[shipped("stack-alerts.yml").only(|it| MADE_UP.contains(&it))],
        jobs: &[],
        alertmanagers: Vec::new(),
        sample_limit: 0,
    });
    wait_for(&prometheus, MADE_UP, true);
    // The alerts resolve because the samples end now.
    wait_for(&prometheus, MADE_UP, false);
}

/// Writes samples up to now of an almost full disk and of a server that stores many samples.
fn backfill(home: &Path) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut text = String::new();
    let mut series = |name: &str, labels: &str, value: fn(u64) -> u64| {
        writeln!(text, "# TYPE {name} gauge").unwrap();
        for time in (now - 300..=now).step_by(10) {
            writeln!(text, "{name}{{{labels}}} {} {time}", value(time)).unwrap();
        }
    };
    let disk = r#"job="node",instance="made-up:9100",mountpoint="/",fstype="ext4""#;
    series("node_filesystem_avail_bytes", disk, |_| 10);
    series("node_filesystem_size_bytes", disk, |_| 100);
    series("node_filesystem_readonly", disk, |_| 0);
    let storage = r#"job="prometheus",instance="made-up:9090""#;
    series("prometheus_tsdb_head_samples_appended_total", storage, |time| 10_000 * time);
    text.push_str("# EOF\n");
    std::fs::create_dir_all(home).unwrap();
    let (file, blocks) = (home.join("samples"), home.join("tsdb"));
    std::fs::write(&file, text).unwrap();
    let output =
        Command::new("promtool").args(["tsdb", "create-blocks-from", "openmetrics"]).arg(file).arg(blocks).output();
    let output = output.expect("promtool runs\nhelp: install it by `apt-get install prometheus`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn start_alertmanager(home: &Path, address: &str, receiver: &str) -> Running {
    std::fs::create_dir_all(home).unwrap();
    let config = serde_json::json!({
        "route": { "receiver": "all", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1s" },
        "receivers": [{ "name": "all", "webhook_configs": [{ "url": receiver }] }],
    });
    std::fs::write(home.join("alertmanager.yml"), config.to_string()).unwrap();
    let mut command = Command::new("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", home.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", home.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(home.join("alertmanager.log")).unwrap());
    let running = Running::start(&mut command, "prometheus-alertmanager");
    wait("Alertmanager to be ready", || ureq::get(format!("http://{address}/-/ready")).call().ok());
    running
}

#[derive(Debug, Default)]
struct Receiver {
    /// Whether it got a request.
    called: AtomicBool,
    /// Whether it rejects requests.
    refuses: AtomicBool,
}

/// Starts a receiver of notifications that runs until the process ends. Returns it with its URL.
fn receiver() -> (Arc<Receiver>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let receiver = Arc::new(Receiver::default());
    let shared = Arc::clone(&receiver);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            for line in reader.by_ref().lines().map_while(Result::ok).take_while(|it| !it.is_empty()) {
                let value = line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned);
                length = value.and_then(|it| it.parse().ok()).unwrap_or(length);
            }
            let _ = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink());
            shared.called.store(true, Ordering::Relaxed);
            let status = if shared.refuses.load(Ordering::Relaxed) { "403 Forbidden" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = reader.get_mut().write_all(answer.as_bytes());
        }
    });
    (receiver, url)
}
