//! Runs the services of the shipped compose file without containers. Each service gets the arguments, variables, files
//! and secrets of the file. Every panel of the shipped dashboard must have data.
//!
//! The test replaces the paths of a container by local folders, and its names and ports by free ports of 127.0.0.1.
//! Mounts behave as in a container: a mounted folder is a symbolic link, and a mounted file is a hard link, which keeps
//! the old contents when the file is replaced by a rename.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand_tests::{Prometheus, Running, free_port, get, program, wait, workspace};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Maximum time until every panel has data. An idle machine needs less than a minute; here other tests run in parallel.
const PATIENCE: Duration = Duration::from_secs(180);

/// The services to start, and the Debian packages of their programs. Prometheus starts first: no service waits for
/// another one.
const STARTED: [(&str, &str); 5] = [
    ("prometheus", "prometheus"),
    ("alertmanager", "prometheus-alertmanager"),
    ("alert-webhook", "cargo"),
    ("node-exporter", "prometheus-node-exporter"),
    ("app", "cargo"),
];
/// The service that is not started, because Debian has no package of it.
const MISSING: &str = "grafana";
/// Home folder in the images of our own programs.
const HOME: &str = "/var/lib/program";
struct Containers {
    services: BTreeMap<String, Value>,
    /// A folder with one subfolder per container, which replaces the root of its file system.
    root: PathBuf,
    /// The secrets that `cargo measurand secrets` has created.
    secrets: PathBuf,
    /// The local port that replaces each `service:port`.
    ports: BTreeMap<String, u16>,
}

impl Containers {
    fn read(root: &Path) -> Self {
        let example = fs::read_to_string(workspace().join("monitoring/.env.example")).unwrap();
        let settings = example.lines().filter(|it| !it.starts_with('#')).filter_map(|it| it.split_once('='));
        let settings: BTreeMap<&str, &str> = settings.collect();
        let text = fs::read_to_string(workspace().join("monitoring/docker-compose.yml")).unwrap();
        let compose: Value = serde_saphyr::from_str(&filled_in(&text, &settings)).unwrap();
        let services: BTreeMap<String, Value> = compose["services"].as_object().unwrap().clone().into_iter().collect();
        let port = |(name, it): (&String, &Value)| {
            let published = texts(&it["ports"]).remove(0);
            (format!("{name}:{}", published.rsplit(':').next().unwrap()), free_port())
        };
        let ports = services.iter().map(port).collect();
        // The channels of the teams have secrets too.
        fs::copy(workspace().join("monitoring/monitoring.toml"), root.join("monitoring.toml")).unwrap();
        let command = program("cargo-measurand", "cargo-measurand", "dev");
        let made = Command::new(command).args(["secrets", "--out"]).arg(root).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { services, root: root.to_owned(), secrets: root.join("secrets"), ports }
    }

    fn port(&self, service: &str) -> (u16, u16) {
        let found = self.ports.iter().find_map(|(address, port)| Some((address.strip_prefix(service)?, *port)));
        let (inside, outside) = found.unwrap();
        (inside.trim_start_matches(':').parse().unwrap(), outside)
    }

    fn url(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}", self.port(service).1)
    }

    fn folder(&self, service: &str, path: &str) -> PathBuf {
        self.root.join(service).join(path.trim_start_matches('/'))
    }

    /// The local folders of a container's volumes, secrets and `tmpfs` mounts.
    fn paths(&self, service: &str) -> Vec<(String, PathBuf)> {
        let it = &self.services[service];
        let volumes = texts(&it["volumes"]).into_iter().map(|it| {
            let mut parts = it.split(':').map(str::to_owned);
            (parts.next().unwrap(), parts.next().unwrap())
        });
        let mut paths: Vec<(String, PathBuf)> = Vec::new();
        for (from, to) in volumes {
            // The node exporter reads the real root.
            let here = if from == "/" { "/".into() } else { self.folder(service, &to) };
            paths.push((to, here));
        }
        for it in [texts(&it["tmpfs"]), vec!["/run/secrets".to_owned()]].concat() {
            paths.push((it.clone(), self.folder(service, &it)));
        }
        // Longest first, so a mount inside of another one has precedence.
        paths.sort_by_key(|it| std::cmp::Reverse(it.0.len()));
        paths
    }

    /// Replaces the paths and addresses in a text by those of this machine.
    fn mapped(&self, service: &str, text: &str) -> String {
        let (mut text, paths) = (text.to_owned(), self.paths(service));
        // Uses placeholders, so a replacement is not replaced again.
        let place = |at: usize| format!("\u{1}{at}\u{2}");
        for (at, (path, _)) in paths.iter().enumerate() {
            text = text.replace(&format!("{path}/"), &format!("{}/", place(at)));
            if let Some(start) = text.strip_suffix(path) {
                text = format!("{start}{}", place(at));
            }
        }
        for (at, (_, here)) in paths.iter().enumerate() {
            text = text.replace(&place(at), &here.display().to_string());
        }
        for (address, port) in &self.ports {
            text = text.replace(address, &format!("127.0.0.1:{port}"));
        }
        let (inside, outside) = self.port(service);
        for own in ["0.0.0.0", "localhost", "127.0.0.1"] {
            text = text.replace(&format!("{own}:{inside}"), &format!("127.0.0.1:{outside}"));
        }
        // The test sends nothing to other machines.
        text.replace("smtp.example.org", "127.0.0.1")
    }

    /// Creates the files and secrets of a service.
    fn create_files(&self, service: &str) {
        let it = &self.services[service];
        let shipped = workspace().join("monitoring");
        for volume in texts(&it["volumes"]) {
            let parts: Vec<&str> = volume.split(':').collect();
            let to = self.folder(service, parts[1]);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            match parts[0].strip_prefix("./") {
                Some(path) if shipped.join(path).is_file() => {
                    let host = self.host(service).join(path);
                    self.copy(service, &shipped.join(path), &host);
                    fs::hard_link(host, to).unwrap();
                }
                Some(path) => {
                    let host = self.host(service).join(path);
                    self.copy(service, &shipped.join(path), &host);
                    std::os::unix::fs::symlink(host, to).unwrap();
                }
                _ => fs::create_dir_all(to).unwrap(),
            }
        }
        for it in texts(&it["tmpfs"]) {
            fs::create_dir_all(self.folder(service, &it)).unwrap();
        }
        fs::create_dir_all(self.folder(service, "/run/secrets")).unwrap();
        for name in texts(&it["secrets"]) {
            fs::hard_link(self.secrets.join(&name), self.folder(service, &format!("/run/secrets/{name}"))).unwrap();
        }
    }

    /// The folder of the generated files on the host, with the addresses that this service needs.
    fn host(&self, service: &str) -> PathBuf {
        self.root.join("host").join(service)
    }

    /// Copies a generated file, or those of a folder and its subfolders.
    fn copy(&self, service: &str, from: &Path, to: &Path) {
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, self.mapped(service, &fs::read_to_string(from).unwrap())).unwrap();
            return;
        }
        fs::create_dir_all(to).unwrap();
        for it in fs::read_dir(from).unwrap().map(|it| it.unwrap().path()) {
            let is_generated = it.extension().is_some_and(|it| it == "yml" || it == "json" || it == "md");
            let is_folder = ["overlays", "rules", "targets", "tls"].iter().any(|name| it.ends_with(name));
            if is_generated || is_folder {
                self.copy(service, &it, &to.join(it.file_name().unwrap()));
            }
        }
    }

    fn secret(&self, name: &str) -> String {
        fs::read_to_string(self.secrets.join(name)).unwrap()
    }

    fn start(&self, service: &str, package: &str) -> Running {
        self.create_files(service);
        let it = &self.services[service];
        let image = it["image"].as_str().unwrap();
        let (inside, outside) = self.port(service);
        let is_own = it["build"].is_object();
        let mut command = Command::new(match it["build"]["args"]["PACKAGE"].as_str() {
            Some(package) => program(package, package, "dev"),
            None if image.starts_with("prom/prometheus:") => "prometheus".into(),
            // The program's name in Debian.
            None => format!("prometheus-{service}").into(),
        });
        let arguments = match &it["command"] {
            Value::String(line) => line.split_whitespace().map(str::to_owned).collect(),
            list => texts(list),
        };
        command.args(arguments.iter().map(|it| self.mapped(service, it)));
        if !is_own {
            // The default port of the program must be the port in the compose file.
            let help = Command::new(command.get_program()).arg("--help").output();
            let help =
                help.unwrap_or_else(|it| panic!("{service}: {it}\nhelp: install it by `apt-get install {package}`"));
            let help = String::from_utf8_lossy(&[help.stdout, help.stderr].concat()).into_owned();
            assert!(help.contains(&format!(":{inside}")), "{service} does not listen on {inside}: {help}");
            command.arg(format!("--web.listen-address=127.0.0.1:{outside}"));
        }
        command.env_clear().env("TMPDIR", self.folder(service, "/tmp"));
        for (name, value) in it["environment"].as_object().into_iter().flatten() {
            command.env(name, self.mapped(service, value.as_str().unwrap()));
        }
        let home = if is_own { self.folder(service, HOME) } else { self.root.join(service) };
        let log = File::create(self.root.join(format!("{service}.log"))).unwrap();
        let output = log.try_clone().unwrap();
        let running = Running::start(command.current_dir(home).stdout(Stdio::from(output)).stderr(log), package);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.is_healthy(service) {
            let log = fs::read_to_string(self.root.join(format!("{service}.log"))).unwrap();
            assert!(Instant::now() < deadline, "{service} is not healthy: {log}");
            std::thread::sleep(Duration::from_millis(200));
        }
        running
    }

    /// Runs the health check of the compose file.
    fn is_healthy(&self, service: &str) -> bool {
        let test = texts(&self.services[service]["healthcheck"]["test"]);
        let last = self.mapped(service, test.last().unwrap());
        match test[1].as_str() {
            "bash" => {
                let (inside, outside) = self.port(service);
                let script = last.replace(&format!("/{inside} "), &format!("/{outside} "));
                assert_ne!(script, last, "the health check of {service} uses its port");
                Command::new("bash").args(["-c", &script]).stderr(Stdio::null()).status().unwrap().success()
            }
            "wget" => ureq::get(&last).call().is_ok(),
            other => panic!("{service}: unknown health check `{other}`"),
        }
    }

    /// The files that a service has created outside of its writable mounts.
    fn forbidden(&self, service: &str) -> Vec<PathBuf> {
        fn walk(folder: &Path, may: &[PathBuf], found: &mut Vec<PathBuf>) {
            for it in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
                if may.contains(&it) {
                } else if it.is_dir() {
                    walk(&it, may, found);
                } else {
                    found.push(it);
                }
            }
        }
        let may: Vec<PathBuf> = self.paths(service).into_iter().map(|it| it.1).collect();
        let mut found = Vec::new();
        walk(&self.root.join(service), &may, &mut found);
        found
    }
}

/// Replaces variables like compose does: `${NAME}`, `${NAME:-default}`, `${NAME:?error}`, and `$$` for a dollar.
fn filled_in(text: &str, settings: &BTreeMap<&str, &str>) -> String {
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let (inside, rest) = part.split_once('}').unwrap();
        let (name, default) = inside.split_once(':').unwrap_or((inside, ""));
        let set = settings.get(name).filter(|it| !it.is_empty()).copied();
        filled += set.or_else(|| default.strip_prefix('-')).unwrap_or_else(|| panic!("{inside} has no value"));
        filled += rest;
    }
    filled.replace("$$", "$")
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// The queries of all panels with their titles, as Grafana sends them for the job. Leaves out queries for alerts, which
/// have no data while no alert fires.
fn queries() -> Vec<(String, String)> {
    fn collect(panels: &Value, found: &mut Vec<(String, String)>) {
        for panel in panels.as_array().into_iter().flatten() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let title = panel["title"].as_str().unwrap().to_owned();
                found.push((title, target["expr"].as_str().unwrap().to_owned()));
            }
            collect(&panel["panels"], found);
        }
    }
    let text = fs::read_to_string(workspace().join("monitoring/grafana-dashboard.json")).unwrap();
    let mut found = Vec::new();
    collect(&serde_json::from_str::<Value>(&text).unwrap()["panels"], &mut found);
    found.retain(|it| !it.1.contains("ALERTS{"));
    let values = [
        ("$job", "claude-code-app"),
        ("$instance", ".+"),
        ("$function", ".+"),
        ("$__rate_interval", "1m"),
        ("$__range", "15m"),
    ];
    for (_, query) in &mut found {
        for (name, value) in values {
            *query = query.replace(name, value);
        }
        assert!(!query.contains('$'), "{query}");
    }
    found
}

#[test]
fn services_of_the_compose_file_work_together() {
    let folder = tempfile::tempdir().unwrap();
    let containers = Containers::read(folder.path());
    let mut named: Vec<&str> = STARTED.iter().map(|it| it.0).chain([MISSING]).collect();
    named.sort_unstable();
    assert_eq!(containers.services.keys().map(String::as_str).collect::<Vec<_>>(), named);
    // Builds the programs before the time measurement.
    for own in ["neural-service", "measurand-webhook"] {
        assert!(program(own, own, "dev").exists());
    }
    let (mut running, start) = (Vec::new(), Instant::now());
    for (service, package) in STARTED {
        running.push(containers.start(service, package));
    }

    let prometheus = Prometheus::at(&containers.url("prometheus"));
    let mut waiting = queries();
    assert!(waiting.len() > 100, "{} queries", waiting.len());
    while !waiting.is_empty() {
        waiting.retain(|it| prometheus.query(&it.1).is_empty());
        assert!(start.elapsed() < PATIENCE, "no data for {waiting:#?}");
        std::thread::sleep(Duration::from_millis(500));
    }
    eprintln!("data for every panel after {:.1} s", start.elapsed().as_secs_f64());

    let up = |it: &Value| (it["metric"]["job"].as_str().unwrap().to_owned(), it["value"][1] == "1");
    let targets = wait("a scrape of all targets", || {
        let targets: BTreeMap<String, bool> = prometheus.query("up").iter().map(up).collect();
        (targets.len() == 6).then_some(targets)
    });
    let expected = ["alert-webhook", "alertmanager", "claude-code-app", "grafana", "node", "prometheus"];
    assert_eq!(targets.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    for (job, is_up) in targets {
        assert_eq!(is_up, job != MISSING, "{job}");
    }
    // The service runs under load; without it an alert about the low rate would fire.
    let rate = prometheus.number("sum(rate(neural_operations_total[1m]))").unwrap();
    assert!(rate > 1000.0, "{rate} operations a second");

    // Alertmanager authenticates with its token, and the alert receiver stores the alert.
    let alert =
        serde_json::json!([{ "labels": { "alertname": "Own", "severity": "P2", "team": "a", "service": "b" } }]);
    let url = format!("{}/api/v2/alerts", containers.url("alertmanager"));
    ureq::post(url).header("content-type", "application/json").send(alert.to_string()).unwrap();
    let url = format!("{}/api/alerts?name=Own", containers.url("alert-webhook"));
    let token = containers.secret("webhook_token");
    wait("the alert at the receiver", || {
        let answer = ureq::get(&url).header("authorization", format!("Bearer {token}")).call();
        answer.unwrap().body_mut().read_to_string().unwrap().contains("\"Own\"").then_some(())
    });

    let runbook = ureq::get(format!("{}/runbook", containers.url("alert-webhook")));
    let runbook = runbook.header("authorization", format!("Bearer {token}")).call().unwrap();
    assert!(
        runbook.into_body().read_to_string().unwrap().contains("<h2 id=\"servicedown\">"),
        "links find the runbook"
    );

    // Both servers reload their files without a restart. `generate` replaces a file by a rename.
    let alerts = containers.host("prometheus").join("alerts.yml");
    let text = fs::read_to_string(&alerts).unwrap();
    assert!(text.contains("alert: ServiceDown\n"));
    fs::write(alerts.with_extension("next"), text.replace("alert: ServiceDown\n", "alert: Renamed\n")).unwrap();
    fs::rename(alerts.with_extension("next"), &alerts).unwrap();
    ureq::post(format!("{}/-/reload", containers.url("prometheus"))).send_empty().unwrap();
    let rules = get(&format!("{}/api/v1/rules", containers.url("prometheus")));
    assert!(rules.contains("\"Renamed\"") && !rules.contains("\"ServiceDown\""), "the new file is loaded");
    ureq::post(format!("{}/-/reload", containers.url("alertmanager"))).send_empty().unwrap();
    assert!(get(&format!("{}/-/ready", containers.url("prometheus"))).contains("Ready"));

    drop(running);
    for (file, service) in [("patterns.sqlite", "app"), ("alerts.db", "alert-webhook")] {
        let kept = containers.folder(service, HOME).join(file);
        assert!(kept.exists(), "{} is missing on the volume", kept.display());
    }
    for (service, _) in STARTED {
        assert_eq!(containers.forbidden(service), [] as [PathBuf; 0], "the root of {service} is read-only");
    }
}
