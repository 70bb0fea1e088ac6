//! The compose file as it is shipped, without containers: each service whose program is on this machine is started with the
//! arguments, variables, files and secrets that the file gives it, and finds the others; within a minute there is data for
//! every panel of the shipped dashboard.
//!
//! What a container would change is mapped: its paths are folders here, its names and ports are free ports of 127.0.0.1.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

use measurand_tests::{Prometheus, Running, free_port, get, program, wait, workspace};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Until every panel has data. A minute is what it takes at most on an idle machine; this one has other tests to run.
const PATIENCE: Duration = Duration::from_secs(180);

/// The services whose programs are on this machine, each after those that it waits for, and what installs the program.
const STARTED: [(&str, &str); 5] = [
    ("app", "cargo"),
    ("alert-webhook", "cargo"),
    ("node-exporter", "prometheus-node-exporter"),
    ("alertmanager", "prometheus-alertmanager"),
    ("prometheus", "prometheus"),
];
/// Its program is in no package.
const MISSING: &str = "grafana";
/// In the images of our own programs.
const HOME: &str = "/var/lib/program";
const TOKEN: &str = "0123456789abcdef";

struct Containers {
    services: BTreeMap<String, Value>,
    /// What stands for the roots of the containers, one beside the other.
    root: PathBuf,
    /// Which port of this machine stands for `service:port`.
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
        Self { services, root: root.to_owned(), ports }
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

    /// Where the paths of a container are here: its volumes, secrets and what is kept in memory.
    fn paths(&self, service: &str) -> Vec<(String, PathBuf)> {
        let it = &self.services[service];
        let volumes = texts(&it["volumes"]).into_iter().map(|it| {
            let mut parts = it.split(':').map(str::to_owned);
            (parts.next().unwrap(), parts.next().unwrap())
        });
        let mut paths: Vec<(String, PathBuf)> = Vec::new();
        for (from, to) in volumes {
            // The machine itself is what its exporter looks at.
            let here = if from == "/" { "/".into() } else { self.folder(service, &to) };
            paths.push((to, here));
        }
        for it in [texts(&it["tmpfs"]), vec!["/run/secrets".to_owned()]].concat() {
            paths.push((it.clone(), self.folder(service, &it)));
        }
        // The longest first: what is inside of another one is its own.
        paths.sort_by_key(|it| std::cmp::Reverse(it.0.len()));
        paths
    }

    /// A text that a container reads, with the paths and addresses of this machine.
    fn mapped(&self, service: &str, text: &str) -> String {
        let (mut text, paths) = (text.to_owned(), self.paths(service));
        // What one path became must not be taken for another one.
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
        // Nobody outside is told of a test.
        text.replace("https://switch.example.org", "http://127.0.0.1:9").replace("smtp.example.org", "127.0.0.1")
    }

    /// Puts the files and secrets of a service where it looks for them.
    fn lay_out(&self, service: &str) {
        let it = &self.services[service];
        let shipped = workspace().join("monitoring");
        for volume in texts(&it["volumes"]) {
            let parts: Vec<&str> = volume.split(':').collect();
            let to = self.folder(service, parts[1]);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            match parts[0].strip_prefix("./") {
                Some(file) if shipped.join(file).is_file() => {
                    let text = fs::read_to_string(shipped.join(file)).unwrap();
                    fs::write(to, self.mapped(service, &text)).unwrap();
                }
                // Folders for files of one's own are made by compose.
                _ => fs::create_dir_all(to).unwrap(),
            }
        }
        for it in texts(&it["tmpfs"]) {
            fs::create_dir_all(self.folder(service, &it)).unwrap();
        }
        fs::create_dir_all(self.folder(service, "/run/secrets")).unwrap();
        for name in texts(&it["secrets"]) {
            let secret = match name.as_str() {
                "slack_api_url" => "http://127.0.0.1:9/slack".to_owned(),
                "webhook_users" => format!("ann:{}", hash()),
                _ => TOKEN.to_owned(),
            };
            fs::write(self.folder(service, &format!("/run/secrets/{name}")), secret).unwrap();
        }
    }

    fn start(&self, service: &str, package: &str) -> Running {
        self.lay_out(service);
        let it = &self.services[service];
        let image = it["image"].as_str().unwrap();
        let (inside, outside) = self.port(service);
        let is_own = it["build"].is_object();
        let mut command = Command::new(match it["build"]["args"]["PACKAGE"].as_str() {
            Some(package) => program(package, package, "dev"),
            None if image.starts_with("prom/prometheus:") => "prometheus".into(),
            // As Debian calls them.
            None => format!("prometheus-{service}").into(),
        });
        let arguments = match &it["command"] {
            Value::String(line) => line.split_whitespace().map(str::to_owned).collect(),
            list => texts(list),
        };
        command.args(arguments.iter().map(|it| self.mapped(service, it)));
        if !is_own {
            // It listens on the port of the compose file by itself, for all of the container's addresses.
            let help = Command::new(command.get_program()).arg("--help").output();
            let help = help.unwrap_or_else(|it| panic!("{service}: {it}; install it: apt-get install {package}"));
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
        let said = log.try_clone().unwrap();
        let running = Running::start(command.current_dir(home).stdout(Stdio::from(said)).stderr(log), package);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.is_healthy(service) {
            let log = fs::read_to_string(self.root.join(format!("{service}.log"))).unwrap();
            assert!(Instant::now() < deadline, "{service} is not healthy: {log}");
            std::thread::sleep(Duration::from_millis(200));
        }
        running
    }

    /// What the compose file asks, by its own command where that is one of this machine.
    fn is_healthy(&self, service: &str) -> bool {
        let test = texts(&self.services[service]["healthcheck"]["test"]);
        let last = self.mapped(service, test.last().unwrap());
        match test[1].as_str() {
            "bash" => {
                let (inside, outside) = self.port(service);
                let script = last.replace(&format!("/{inside} "), &format!("/{outside} "));
                assert_ne!(script, last, "the health of {service} is asked for at its port");
                Command::new("bash").args(["-c", &script]).stderr(Stdio::null()).status().unwrap().success()
            }
            "wget" => ureq::get(&last).call().is_ok(),
            other => panic!("{service}: {other}"),
        }
    }

    /// All files that a service has made where its container would not let it.
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

/// As compose does it: `${NAME}`, `${NAME:-otherwise}`, `${NAME:?what is missing}`, and `$$` for a dollar.
fn filled_in(text: &str, settings: &BTreeMap<&str, &str>) -> String {
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let (inside, rest) = part.split_once('}').unwrap();
        let (name, otherwise) = inside.split_once(':').unwrap_or((inside, ""));
        let said = settings.get(name).filter(|it| !it.is_empty()).copied();
        filled += said.or_else(|| otherwise.strip_prefix('-')).unwrap_or_else(|| panic!("nothing says {inside}"));
        filled += rest;
    }
    filled.replace("$$", "$")
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// As people are told to make one.
fn hash() -> String {
    let mut command = Command::new(program("measurand-webhook", "measurand-webhook", "dev"));
    let mut child = command.arg("--hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"correct horse").unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

/// The questions of all panels, as Grafana asks them for the job. Of alerts there is nothing to see while none fires.
fn questions() -> Vec<(String, String)> {
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
    let values = [("$job", "claude-code-app"), ("$instance", ".+"), ("$__rate_interval", "1m"), ("$__range", "15m")];
    for (_, question) in &mut found {
        for (name, value) in values {
            *question = question.replace(name, value);
        }
        assert!(!question.contains('$'), "{question}");
    }
    found
}

#[test]
fn the_compose_file_starts_what_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let containers = Containers::read(folder.path());
    let mut named: Vec<&str> = STARTED.iter().map(|it| it.0).chain([MISSING]).collect();
    named.sort_unstable();
    assert_eq!(containers.services.keys().map(String::as_str).collect::<Vec<_>>(), named);
    // Programs are built before the minute begins.
    for own in ["neural-service", "measurand-webhook"] {
        assert!(program(own, own, "dev").exists());
    }
    let (mut running, begin) = (Vec::new(), Instant::now());
    for (at, (service, package)) in STARTED.iter().enumerate() {
        let waits_for = containers.services[*service]["depends_on"].as_object().into_iter().flatten();
        for (other, _) in waits_for {
            assert!(STARTED[..at].iter().any(|it| it.0 == other), "{service} waits for {other}");
        }
        running.push(containers.start(service, package));
    }

    let prometheus = Prometheus::at(&containers.url("prometheus"));
    let mut waiting = questions();
    assert!(waiting.len() > 100, "{} questions", waiting.len());
    while !waiting.is_empty() {
        waiting.retain(|it| prometheus.query(&it.1).is_empty());
        assert!(begin.elapsed() < PATIENCE, "no data for {waiting:#?}");
        std::thread::sleep(Duration::from_millis(500));
    }
    eprintln!("data for every panel after {:.1} s", begin.elapsed().as_secs_f64());

    let up = |it: &Value| (it["metric"]["job"].as_str().unwrap().to_owned(), it["value"][1] == "1");
    let targets = wait("all targets to be asked", 30, || {
        let targets: BTreeMap<String, bool> = prometheus.query("up").iter().map(up).collect();
        (targets.len() == 6).then_some(targets)
    });
    let expected = ["alert-webhook", "alertmanager", "claude-code-app", "grafana", "node", "prometheus"];
    assert_eq!(targets.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    for (job, is_up) in targets {
        assert_eq!(is_up, job != MISSING, "{job}");
    }
    // The load that the rules expect is there: a job that nobody uses would be told to be too slow.
    let rate = prometheus.number("sum(rate(neural_operations_total[1m]))").unwrap();
    assert!(rate > 1000.0, "{rate} operations a second");

    // An alert passes by the token from Alertmanager to the disk.
    let alert =
        serde_json::json!([{ "labels": { "alertname": "Own", "severity": "P2", "team": "a", "service": "b" } }]);
    let url = format!("{}/api/v2/alerts", containers.url("alertmanager"));
    ureq::post(url).header("content-type", "application/json").send(alert.to_string()).unwrap();
    let url = format!("{}/api/alerts?name=Own", containers.url("alert-webhook"));
    wait("the alert at the receiver", 30, || {
        let answer = ureq::get(&url).header("authorization", format!("Bearer {TOKEN}")).call();
        answer.unwrap().body_mut().read_to_string().unwrap().contains("\"Own\"").then_some(())
    });

    // As the compose file says it, each is told to read its files again without being started again.
    ureq::post(format!("{}/-/reload", containers.url("prometheus"))).send_empty().unwrap();
    ureq::post(format!("{}/-/reload", containers.url("alertmanager"))).send_empty().unwrap();
    assert!(get(&format!("{}/-/ready", containers.url("prometheus"))).contains("Ready"));

    drop(running);
    for (file, service) in [("patterns.sqlite", "app"), ("alerts.db", "alert-webhook")] {
        let kept = containers.folder(service, HOME).join(file);
        assert!(kept.exists(), "{} is on a volume", kept.display());
    }
    for (service, _) in STARTED {
        assert_eq!(containers.forbidden(service), [] as [PathBuf; 0], "the root of {service} is read-only");
    }
}
