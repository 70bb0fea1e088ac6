//! Several instances, two shards, a global Prometheus and a remote store. No series is missing or counted twice, and
//! the dashboard shows about the same as with a single Prometheus that scrapes all instances.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]
#![allow(clippy::cast_precision_loss, reason = "small numbers")]

use measurand_check::explain::Explainer;
use measurand_monitoring::model::stack::{App, Places};
use measurand_monitoring::query::Origin;
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
/// Maximum relative difference. All servers see the same increases, but extrapolate them from different scrape times.
const TOLERANCE: f64 = 0.1;

/// Real programs, each behind a proxy. While the proxies are frozen, every scrape returns the same values.
struct Instances {
    _running: Vec<Running>,
    proxies: Vec<(HttpServer, Arc<Mutex<String>>)>,
    frozen: Arc<AtomicBool>,
}

impl Instances {
    fn start() -> Self {
        let quickstart = program("quickstart", "quickstart", "dev");
        let frozen = Arc::new(AtomicBool::new(true));
        let one = |_| Running::serving(Command::new(&quickstart).env("MEASURAND_LISTEN", "127.0.0.1:0"));
        let (running, urls): (Vec<_>, Vec<_>) = (0..INSTANCES).map(one).unzip();
        // Waits until every function has been called.
        sleep(Duration::from_secs(3));
        let proxies = urls.into_iter().map(|url| proxy(url, Arc::clone(&frozen))).collect();
        Self { _running: running, proxies, frozen }
    }

    fn addresses(&self) -> Vec<String> {
        self.proxies.iter().map(|(it, _)| it.address.clone()).collect()
    }

    /// Lets scrapes see current values. All servers have the same first sample.
    fn unfreeze(&self) {
        self.frozen.store(false, Ordering::SeqCst);
    }

    /// Freezes all values. Returns the sum and the number of series of each metric.
    fn freeze(&self) -> BTreeMap<String, (f64, usize)> {
        self.frozen.store(true, Ordering::SeqCst);
        let mut all: BTreeMap<String, (f64, usize)> = BTreeMap::new();
        for (_, last) in &self.proxies {
            for (series, value) in Scrape::parse(&last.lock().unwrap()).0 {
                let sum = all.entry(series.split('{').next().unwrap().to_owned()).or_default();
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        all
    }
}

fn proxy(url: String, frozen: Arc<AtomicBool>) -> (HttpServer, Arc<Mutex<String>>) {
    let last = Arc::new(Mutex::new(get(&format!("{url}/metrics"))));
    let shown = Arc::clone(&last);
    let server = HttpServer::start(move |_| {
        let mut shown = shown.lock().unwrap();
        if !frozen.load(Ordering::SeqCst) {
            *shown = get(&format!("{url}/metrics"));
        }
        (200, shown.clone())
    });
    (server, last)
}

/// Starts a Prometheus with one of the generated configurations.
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
    wait(&url, || ureq::get(format!("{url}/-/ready")).call().ok());
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
    wait(&url, || ureq::get(format!("{url}/health")).call().ok());
    (running, Prometheus::at(&url))
}

#[test]
fn shards_and_store_have_all_series_once() {
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
    wait("all instances to be up", || {
        let [first, second, global, alone] = [&first, &second, &global, &alone].map(|it| it.number(up).unwrap_or(0.0));
        (first + second + 0.5 > INSTANCES as f64 && global.min(alone) + 0.5 > INSTANCES as f64).then_some(())
    });
    instances.unfreeze();
    // Waits for some history; here rules are evaluated every second.
    let turns = r#"sum(increase(function_calls_total{function="turn"}[15s]))"#;
    wait("a quarter of a minute of data", || {
        alone.number(r#"count_over_time(up{job="quickstart"}[1m])"#).filter(|it| *it > 15.0)
    });
    assert!(global.number(turns).unwrap() > 0.0);

    let expected = instances.freeze();
    assert!(expected.len() > 40, "{} metrics", expected.len());
    for (name, server) in [("the global Prometheus", &global), ("the store", &store), ("the single Prometheus", &alone)]
    {
        equals(name, server, &expected);
    }
    // The computed number of series is an upper bound.
    let options = Options::default();
    let explained = Explainer::new(&catalog, &options).overview().total.series + PLATFORM_SERIES;
    let scraped = alone.number(r#"max(scrape_samples_scraped{job="quickstart"})"#).unwrap();
    assert!(scraped <= explained as f64 && scraped * 2.0 > explained as f64, "{scraped} of {explained} series");
    let shards = [&first, &second].map(|it| it.number(up).unwrap_or(0.0));
    eprintln!(
        "instances of the shards: {shards:?}, metrics: {}, series: {}",
        expected.len(),
        expected.values().map(|it| it.1).sum::<usize>()
    );
    same_dashboard(&monitoring, &global, &alone);
}

fn places(instances: &Instances, prometheus: &str) -> Places {
    Places {
        interval: "1s",
        apps: instances.addresses().into_iter().map(App::plain).collect(),
        prometheus: prometheus.to_owned(),
        // A closed port: no notifications are sent.
        alertmanager: "127.0.0.1:1".to_owned(),
        grafana: None,
        node: None,
        webhook: "127.0.0.1:1".to_owned(),
        webhook_token: "none".to_owned(),
        folder: String::new(),
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

/// Waits until the server has the expected number of series and sum of each metric.
fn equals(name: &str, server: &Prometheus, expected: &BTreeMap<String, (f64, usize)>) {
    wait(&format!("all series of all instances in {name}"), || {
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
        let wrong: Vec<&String> = expected
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

/// Checks that both servers return the same series for every panel, with values that differ by at most [`TOLERANCE`].
fn same_dashboard(monitoring: &Monitoring, global: &Prometheus, alone: &Prometheus) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let (mut compared, mut numbers) = (0, 0);
    for it in monitoring.queries().filter(|it| it.user == User::Panel) {
        // The dashboard sends this query after a user has chosen the program.
        let text = it.instant("1m").replace(r#"job=~".+""#, r#"job=~"quickstart""#);
        // Each Prometheus has its own rules, and watches its own servers.
        let of_servers = it.query.selectors().iter().any(|it| matches!(it.origin, Origin::Jobs(_)));
        if text.contains("ALERTS") || of_servers {
            continue;
        }
        let (above, one) = (answers(global, &text, now), answers(alone, &text, now));
        let series = |it: &BTreeMap<String, f64>| it.keys().cloned().collect::<Vec<_>>();
        assert_eq!(series(&above), series(&one), "{}: {text}", it.name);
        compared += 1;
        // Each server measures another scrape duration.
        if text.contains("scrape_duration") {
            continue;
        }
        for (labels, value) in &above {
            numbers += 1;
            let other = one[labels];
            assert!(close(*value, other, TOLERANCE), "{}: {text}: {labels}: {value} and {other}", it.name);
        }
    }
    assert!(compared > 40 && numbers > 60, "{compared} queries with {numbers} numbers");
    eprintln!("{compared} queries have the same results, {numbers} numbers");
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
