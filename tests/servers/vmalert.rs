//! vmalert evaluates the generated rules over `VictoriaMetrics` as Prometheus does: the same alerts fire, and the same
//! recorded series have about the same values.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand_monitoring::query::promql::Histograms;
use measurand_monitoring::{Monitoring, Options};
use measurand_tests::{Prometheus, Running, free_port, program, wait};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

/// Maximum relative difference of rates: `VictoriaMetrics` does not extrapolate to the edges of a window, and the two
/// servers scrape at different times.
const TOLERANCE: f64 = 0.35;
const RULES: [&str; 2] = ["alerts.yml", "recording-rules.yml"];

fn monitoring(histograms: Histograms) -> Monitoring {
    let catalog = measurand_catalog::read_file(&program("quickstart", "quickstart", "dev")).unwrap();
    Monitoring::new(&catalog, &Options { histograms, ..Options::default() })
}

/// Shortens the windows of five minutes and all intervals, so a short run fills each window.
fn faster(text: &str) -> String {
    let line = |line: &str| match line.trim_start().split_once(": ") {
        Some(("for", value)) => line.replace(value, "0s"),
        Some(("interval", value)) => line.replace(value, "1s"),
        _ => line.replace("[5m]", "[20s]"),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn start(folder: &Path, name: &str, package: &str, arguments: &[String]) -> Running {
    let log = fs::File::create(folder.join(format!("{name}.log"))).unwrap();
    let mut command = Command::new(name);
    Running::start(command.args(arguments).stdout(log.try_clone().unwrap()).stderr(log), package)
}

fn dry_run(folder: &Path) -> Output {
    let rules = RULES.map(|it| format!("-rule={}", folder.join(it).display()));
    let output = Command::new("vmalert").args(rules).arg("-dryRun").output();
    output.expect("vmalert runs\nhelp: install it by `apt-get install victoria-metrics`")
}

#[test]
fn vmalert_agrees_with_prometheus() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for file in monitoring(Histograms::Classic).files() {
        fs::write(folder.join(file.name), faster(&file.contents)).unwrap();
    }
    let mut quickstart = Command::new(program("quickstart", "quickstart", "dev"));
    let quickstart = quickstart.arg("--fail-queries").env("MEASURAND_LISTEN", "127.0.0.1:0");
    let (_running, target) = Running::serving(quickstart);
    let [store, prometheus, vmalert] = [0; 3].map(|_| format!("127.0.0.1:{}", free_port()));
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
         scrape_configs: [{{job_name: quickstart, static_configs: [{{targets: ['{}']}}]}}]\n",
        target.trim_start_matches("http://")
    );
    let path = |name: &str| folder.join(name).display().to_string();
    fs::write(path("scrape.yml"), config.replace(", evaluation_interval: 1s", "")).unwrap();
    fs::write(path("prometheus.yml"), format!("{config}rule_files: [alerts.yml, recording-rules.yml]\n")).unwrap();

    let keeps = [
        format!("-storageDataPath={}", path("store")),
        format!("-httpListenAddr={store}"),
        format!("-promscrape.config={}", path("scrape.yml")),
        "-search.latencyOffset=0s".to_owned(),
    ];
    let _store = start(folder, "victoria-metrics", "victoria-metrics", &keeps);
    wait("VictoriaMetrics", || ureq::get(format!("http://{store}/health")).call().ok());
    let asks = [
        format!("--config.file={}", path("prometheus.yml")),
        format!("--storage.tsdb.path={}", path("tsdb")),
        format!("--web.listen-address={prometheus}"),
    ];
    let _prometheus = start(folder, "prometheus", "prometheus", &asks);
    wait("Prometheus", || ureq::get(format!("http://{prometheus}/-/ready")).call().ok());
    let help = Command::new("vmalert").arg("-help").output().unwrap();
    let help = String::from_utf8_lossy(&[help.stdout, help.stderr].concat()).into_owned();
    // Newer versions evaluate half a minute in the past by default.
    let now = ["-rule.evalDelay=0s"].into_iter().filter(|_| help.contains("-rule.evalDelay"));
    let url = ["-datasource.url", "-remoteWrite.url"].map(|it| format!("{it}=http://{store}"));
    let rules = RULES.map(|it| format!("-rule={}", path(it)));
    // Prometheus adds no label for the group, and no Alertmanager listens.
    let more = ["-disableAlertgroupLabel", "-notifier.url=http://127.0.0.1:9", "-remoteWrite.flushInterval=1s"];
    let mut evaluates = [url.as_slice(), &rules, &[format!("-httpListenAddr={vmalert}")]].concat();
    evaluates.extend(more.into_iter().chain(now).map(str::to_owned));
    let _vmalert = start(folder, "vmalert", "victoria-metrics", &evaluates);

    let (prometheus, store) =
        (Prometheus::at(&format!("http://{prometheus}")), Prometheus::at(&format!("http://{store}")));
    let firing = |it: &Prometheus| it.firing().into_iter().collect::<BTreeSet<String>>();
    let fires = |it: &Prometheus| firing(it).contains("DatabaseQueryErrors").then_some(());
    wait("the alert in Prometheus", || fires(&prometheus));
    wait("the alert in vmalert", || fires(&store));
    // Fills the windows of 20 seconds.
    sleep(Duration::from_secs(25));
    let alerts = wait("the same alerts", || {
        let (ours, theirs) = (firing(&prometheus), firing(&store));
        eprintln!("Prometheus {ours:?}, vmalert {theirs:?}");
        (ours == theirs).then_some(ours)
    });
    assert!(alerts.contains("Watchdog"), "{alerts:?}");

    let (ours, theirs) = (recorded(&prometheus), recorded(&store));
    assert!(ours.len() > 10, "{ours:#?}");
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    let mut compared = 0;
    for (series, our) in &ours {
        let their = theirs[series];
        let close = (our - their).abs() <= TOLERANCE * our.abs().max(their.abs()) + 0.05;
        assert!(close || our.is_nan() && their.is_nan(), "{series}: {our} in Prometheus, {their} by vmalert");
        compared += usize::from(close && *our > 0.0);
    }
    eprintln!("{} recorded series, {compared} of them above zero", ours.len());
    assert!(compared > 5, "{ours:#?}");
}

/// The values of all recorded series of windows that are full.
fn recorded(server: &Prometheus) -> BTreeMap<String, f64> {
    let number = |it: &Value| it["value"][1].as_str().and_then(|it| it.parse().ok()).unwrap_or(f64::NAN);
    let samples = server.query(r#"{__name__=~".+:.+:.*rate5m"}"#);
    samples.iter().map(|it| (labels(&it["metric"]), number(it))).collect()
}

/// The labels in order, and `le` as a number, since Prometheus 3 writes `1.0`.
fn labels(metric: &Value) -> String {
    let pairs = metric.as_object().unwrap().iter().map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        let number = value.parse::<f64>().ok().filter(|_| name == "le");
        (name.clone(), number.map_or_else(|| value.to_owned(), |it| it.to_string()))
    });
    format!("{:?}", pairs.collect::<BTreeMap<_, _>>())
}

/// `docs/guides/remote-storage.md` says that vmalert refuses rules for native histograms. An old vmalert accepts the
/// file, and each evaluation fails.
#[test]
fn vmalert_refuses_rules_for_native_histograms() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |histograms| {
        for file in monitoring(histograms).files() {
            fs::write(folder.join(file.name), file.contents).unwrap();
        }
    };
    write(Histograms::Classic);
    let output = dry_run(folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    write(Histograms::Native);
    let output = dry_run(folder);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() || text.contains("unsupported function \"histogram_"), "{text}");
    let rules = fs::read_to_string(folder.join("alerts.yml")).unwrap();
    assert!(rules.contains("histogram_count("), "{rules}");
    let address = format!("127.0.0.1:{}", free_port());
    let data = format!("-storageDataPath={}", folder.join("store").display());
    let listen = format!("-httpListenAddr={address}");
    let _store = start(folder, "victoria-metrics", "victoria-metrics", &[data, listen]);
    wait("VictoriaMetrics", || ureq::get(format!("http://{address}/health")).call().ok());
    let query = ureq::get(format!("http://{address}/api/v1/query")).query("query", "histogram_count(rate(a[5m]))");
    let mut answer = query.config().http_status_as_error(false).build().call().unwrap();
    assert_eq!(answer.status().as_u16(), 422, "{:?}", answer.body_mut().read_to_string());
}
