//! Several instances, two shards that divide them, one Prometheus above, and a store: nothing is counted twice, nothing is
//! missing, and the dashboard shows on the whole what it would show if one Prometheus asked everybody.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]
#![allow(clippy::cast_precision_loss, reason = "small numbers")]

use measurand_check::explain::Explainer;
use measurand_monitoring::model::stack::{App, Places};
use measurand_monitoring::sizing::PLATFORM_SERIES;
use measurand_monitoring::{File, Growth, Monitoring, Options, User};
use measurand_tests::{HttpServer, Prometheus, Running, Scrape, free_port, get, program, wait};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const INSTANCES: usize = 4;
/// All servers have seen the same increases, and each extends them to the window's ends from the moments at which it asked.
const APART: f64 = 0.1;

/// Real programs, each behind a door: while it is shut, all who look see the same.
struct Instances {
    _running: Vec<Running>,
    doors: Vec<(HttpServer, Arc<Mutex<String>>)>,
    shut: Arc<AtomicBool>,
}

impl Instances {
    fn start() -> Self {
        let quickstart = program("quickstart", "quickstart", "dev");
        let shut = Arc::new(AtomicBool::new(true));
        let one = |_| Running::serving(Command::new(&quickstart).env("MEASURAND_LISTEN", "127.0.0.1:0"));
        let (running, urls): (Vec<_>, Vec<_>) = (0..INSTANCES).map(one).unzip();
        // Every function has been called, and failed.
        sleep(Duration::from_secs(3));
        let doors = urls.into_iter().map(|url| door(url, Arc::clone(&shut))).collect();
        Self { _running: running, doors, shut }
    }

    fn addresses(&self) -> Vec<String> {
        self.doors.iter().map(|(it, _)| it.address.clone()).collect()
    }

    /// Those who have looked until now have begun with the same.
    fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }

    /// What all of them say, from now on for ever: the sum and the number of series of each metric.
    fn hold(&self) -> BTreeMap<String, (f64, usize)> {
        self.shut.store(true, Ordering::SeqCst);
        let mut all: BTreeMap<String, (f64, usize)> = BTreeMap::new();
        for (_, last) in &self.doors {
            for (series, value) in Scrape::parse(&last.lock().unwrap()).0 {
                let sum = all.entry(series.split('{').next().unwrap().to_owned()).or_default();
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        all
    }
}

fn door(url: String, shut: Arc<AtomicBool>) -> (HttpServer, Arc<Mutex<String>>) {
    let last = Arc::new(Mutex::new(get(&format!("{url}/metrics"))));
    let shown = Arc::clone(&last);
    let server = HttpServer::start(move |_| {
        let mut shown = shown.lock().unwrap();
        if !shut.load(Ordering::SeqCst) {
            *shown = get(&format!("{url}/metrics"));
        }
        (200, shown.clone())
    });
    (server, last)
}

/// A Prometheus with one of the generated configurations.
fn prometheus(folder: &Path, listen: &str, config: &str) -> (Running, Prometheus) {
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", folder.join(config).display()))
        .arg(format!("--storage.tsdb.path={}", folder.join(format!("tsdb-{listen}")).display()))
        .arg(format!("--web.listen-address={listen}"))
        .arg("--storage.remote.flush-deadline=1s")
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join(format!("{listen}.log"))).unwrap());
    let running = Running::start(&mut command, "prometheus");
    let url = format!("http://{listen}");
    wait(&url, 30, || ureq::get(format!("{url}/-/ready")).call().ok());
    (running, Prometheus::at(&url))
}

fn store(folder: &Path, listen: &str) -> (Running, Prometheus) {
    let mut command = Command::new("victoria-metrics");
    command
        .arg(format!("-storageDataPath={}", folder.join("store").display()))
        .arg(format!("-httpListenAddr={listen}"))
        .args(["-search.latencyOffset=0s", "-loggerLevel=ERROR"]);
    let running = Running::start(&mut command, "victoria-metrics");
    let url = format!("http://{listen}");
    wait(&url, 30, || ureq::get(format!("{url}/health")).call().ok());
    (running, Prometheus::at(&url))
}

#[test]
fn the_whole_is_the_sum_of_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let instances = Instances::start();
    let listen = || format!("127.0.0.1:{}", free_port());
    let [first, second, global, alone, keeps] = [listen(), listen(), listen(), listen(), listen()];
    let catalog = measurand_catalog::read_file(&program("quickstart", "quickstart", "dev")).unwrap();
    let monitoring = Monitoring::new(&catalog, &Options::default());
    let growth = Growth {
        places: places(&instances, &global),
        shards: vec![first.clone(), second.clone()],
        store: format!("http://{keeps}/api/v1/write"),
    };
    write(folder, &monitoring.sharding_files(&growth));
    write(folder, &monitoring.files());
    write(folder, &monitoring.stack_files_at(&places(&instances, &alone), false));

    let (_store, store) = store(folder, &keeps);
    let (_first, first) = prometheus(folder, &first, "prometheus-shard-0.yml");
    let (_second, second) = prometheus(folder, &second, "prometheus-shard-1.yml");
    let (_global, global) = prometheus(folder, &global, "prometheus-global.yml");
    let (_alone, alone) = prometheus(folder, &alone, "prometheus.yml");
    let up = r#"count(up{job="quickstart"} == 1)"#;
    wait("all instances to be up", 60, || {
        let [first, second, global, alone] = [&first, &second, &global, &alone].map(|it| it.number(up).unwrap_or(0.0));
        (first + second + 0.5 > INSTANCES as f64 && global.min(alone) + 0.5 > INSTANCES as f64).then_some(())
    });
    instances.open();
    // So that there is a past to ask for; the rules are evaluated every second here.
    let turns = r#"sum(increase(function_calls_total{function="turn"}[15s]))"#;
    wait("a quarter of a minute of data", 60, || {
        alone.number(r#"count_over_time(up{job="quickstart"}[1m])"#).filter(|it| *it > 15.0)
    });
    assert!(global.number(turns).unwrap() > 0.0);

    let held = instances.hold();
    assert!(held.len() > 40, "{} metrics", held.len());
    for (name, server) in [("the Prometheus above", &global), ("the store", &store), ("one alone", &alone)] {
        equals(name, server, &held);
    }
    // What is computed for a program is the most that it has.
    let options = Options::default();
    let explained = Explainer::new(&catalog, &options).overview().total.series + PLATFORM_SERIES;
    let scraped = alone.number(r#"max(scrape_samples_scraped{job="quickstart"})"#).unwrap();
    assert!(scraped <= explained as f64 && scraped * 2.0 > explained as f64, "{scraped} of {explained} series");
    let shards = [&first, &second].map(|it| it.number(up).unwrap_or(0.0));
    eprintln!(
        "instances of the shards: {shards:?}, metrics: {}, series: {}",
        held.len(),
        held.values().map(|it| it.1).sum::<usize>()
    );
    same_dashboard(&monitoring, &global, &alone);
}

fn places(instances: &Instances, prometheus: &str) -> Places {
    Places {
        interval: "1s",
        apps: instances.addresses().into_iter().map(App::plain).collect(),
        prometheus: prometheus.to_owned(),
        // Nobody is called.
        alertmanager: "127.0.0.1:1".to_owned(),
        grafana: None,
        node: None,
        webhook: "127.0.0.1:1".to_owned(),
        webhook_token: "none".to_owned(),
        own_rules: "rules/*.yml".to_owned(),
        tls: None,
    }
}

fn write(folder: &Path, files: &[File]) {
    for file in files {
        let name = Path::new(file.name).file_name().unwrap();
        let quick = file
            .contents
            .replace("interval: 30s", "interval: 1s")
            .replace("batch_send_deadline: 5s", "batch_send_deadline: 1s");
        fs::write(folder.join(name), quick).unwrap();
    }
}

/// Each metric has as many series and the same sum as all instances together.
fn equals(who: &str, server: &Prometheus, held: &BTreeMap<String, (f64, usize)>) {
    wait(&format!("{who} to have what all instances have"), 60, || {
        let by_name = |promql: &str| -> BTreeMap<String, f64> {
            let samples = server.query(promql);
            let pair = |it: &Value| (it["metric"]["name"].as_str().unwrap_or_default().to_owned(), number(it));
            samples.iter().map(pair).collect()
        };
        let named = |of: &str| {
            format!(
                r#"{of} by (name) (label_replace({{job="quickstart",__name__!~".+:.+|ALERTS.*"}}, "name", "$1", "__name__", "(.+)"))"#
            )
        };
        let (sums, counts) = (by_name(&named("sum")), by_name(&named("count")));
        let wrong: Vec<&String> = held
            .iter()
            .filter(|(name, (sum, count))| {
                let found = sums.get(*name).copied().unwrap_or(f64::NAN);
                let many = counts.get(*name).copied().unwrap_or(0.0);
                !close(found, *sum, 1e-9) || !close(many, *count as f64, 1e-9)
            })
            .map(|(name, _)| name)
            .collect();
        wrong.is_empty().then_some(())
    });
}

/// Every panel's question has the same answers: the same series, and the same numbers but for [`APART`].
fn same_dashboard(monitoring: &Monitoring, global: &Prometheus, alone: &Prometheus) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let (mut compared, mut numbers) = (0, 0);
    for it in monitoring.queries().filter(|it| it.user == User::Panel) {
        // As the dashboard asks once somebody has chosen the program.
        let text = it.instant("1m").replace(r#"job=~".+""#, r#"job=~"quickstart""#);
        if text.contains("ALERTS") {
            continue;
        }
        let (above, one) = (answers(global, &text, now), answers(alone, &text, now));
        let series = |it: &BTreeMap<String, f64>| it.keys().cloned().collect::<Vec<_>>();
        assert_eq!(series(&above), series(&one), "{}: {text}", it.name);
        compared += 1;
        // How long a scrape took is different for each who asks.
        if text.contains("scrape_duration") {
            continue;
        }
        for (labels, value) in &above {
            numbers += 1;
            assert!(close(*value, one[labels], APART), "{}: {text}: {labels}: {value} and {}", it.name, one[labels]);
        }
    }
    assert!(compared > 40 && numbers > 60, "{compared} questions with {numbers} numbers");
    eprintln!("{compared} questions have the same answers, {numbers} numbers");
}

fn answers(server: &Prometheus, promql: &str, time: f64) -> BTreeMap<String, f64> {
    server.query_at(promql, time).iter().map(|it| (it["metric"].to_string(), number(it))).collect()
}

fn number(sample: &Value) -> f64 {
    sample["value"][1].as_str().and_then(|it| it.parse().ok()).unwrap_or(f64::NAN)
}

fn close(one: f64, other: f64, share: f64) -> bool {
    (one.is_nan() && other.is_nan()) || (one - other).abs() <= share * one.abs().max(other.abs()) + 1e-9
}
