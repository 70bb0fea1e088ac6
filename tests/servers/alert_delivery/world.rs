//! All servers on the way of an alert: a program with faults, Prometheus, two Alertmanagers (one inside and one outside
//! of working hours) and the receivers.

use crate::servers::{self, Server, faster_routes, faster_rules};
use measurand_monitoring::model::stack::{App, Places};
use measurand_monitoring::{Monitoring, Options};
use measurand_tests::{
    HttpServer as Http, Smtp, WEBHOOK_TOKEN, mailbox, program, receivers, routes, slack_channel, wait, workspace,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A fault of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    ColdCache,
    Memory,
    Unused,
    /// The second instance is down.
    Down,
}

pub(crate) struct World {
    faults: Arc<Mutex<BTreeMap<Fault, bool>>>,
    /// The receivers within working hours.
    pub(crate) open: Http,
    muted: Http,
    pub(crate) mail: Smtp,
    webhook: Server,
    _others: Vec<Server>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (open, muted) = (receivers(), receivers());
        let mail = mailbox();
        let faults = Arc::new(Mutex::new(BTreeMap::new()));
        let (one, two) = (instance(&faults, false), instance(&faults, true));
        let at = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.join("secrets")).unwrap();
            path
        };
        let (work, night, server) = (at("work"), at("night"), at("prometheus"));
        let token = server.join("secrets/webhook_token");
        fs::write(&token, WEBHOOK_TOKEN).unwrap();
        let webhook = servers::webhook(program("measurand-webhook", "measurand-webhook", "dev"), &server, &token);
        let start = |folder: &Path, receivers: &Http, muted: bool| {
            fs::write(folder.join("trusted.pem"), &mail.certificate).unwrap();
            // Out of hours a bot posts to Slack, within them each channel has a webhook.
            let teams = ["learning", "storage"];
            let config = routes(&folder.join("secrets"), receivers, &mail, &webhook.url, &teams, muted);
            fs::write(folder.join("alertmanager.yml"), faster_routes(&config, muted)).unwrap();
            servers::alertmanager(folder, Some(folder.join("trusted.pem")))
        };
        let (alertmanager, out_of_hours) = (start(&work, &open, false), start(&night, &muted, true));
        configure(&server, &[&one, &two], &[&alertmanager, &out_of_hours], &webhook, &token);
        let (prometheus, ask) = servers::prometheus(&server, "1s");
        let reload = || ureq::post(format!("{}/-/reload", prometheus.url)).send_empty().unwrap();
        let config = fs::read_to_string(server.join("prometheus.yml")).unwrap();
        let address = prometheus.url.trim_start_matches("http://");
        fs::write(server.join("prometheus.yml"), config.replace(ITSELF, address)).unwrap();
        reload();
        // Loads the rules only now: without a `for` they would fire during the first seconds.
        let up = r#"sum(up{job="claude-code-app"}) * min(up)"#;
        wait("both instances and all servers to be up", || ask.number(up).filter(|it| *it > 1.5));
        rules(&server);
        reload();
        let others = vec![alertmanager, out_of_hours, prometheus];
        Self { faults, open, muted, mail, webhook, _others: others, _folder: folder }
    }

    pub(crate) fn set(&self, fault: Fault, on: bool) {
        self.faults.lock().unwrap().insert(fault, on);
    }

    /// Waits for a message in a Slack channel.
    pub(crate) fn slack(&self, channel: &str, title: &str, texts: &[&str]) {
        let found = |found: &str, it: Value| {
            let (attachment, text) = (&it["attachments"][0], it.to_string());
            let links = attachment["actions"].as_array().is_some_and(|it| {
                it.len() == 2 && it.iter().all(|it| it["url"].as_str().is_some_and(|it| it.starts_with("http://")))
            });
            found == channel && attachment["title"] == title && links && contains(&text, texts)
        };
        wait_for(&format!("`{title}` in {channel}"), || {
            let all = self.open.requests("/slack");
            (all.iter().any(|it| found(&slack_channel(it), it.json())), format!("{all:#?}"))
        });
    }

    pub(crate) fn count_slack(&self, name: &str) -> usize {
        self.open
            .requests("/slack")
            .iter()
            .filter(|it| it.body.contains(name) && !it.body.contains("resolved: "))
            .count()
    }

    /// The Slack messages outside of working hours, with their channels.
    pub(crate) fn muted_slack(&self) -> Vec<(String, String)> {
        self.muted.requests("/slack").into_iter().map(|it| (slack_channel(&it), it.body)).collect()
    }

    /// Waits for a mail.
    pub(crate) fn mailed(&self, to: &str, subject: &str, texts: &[&str]) {
        wait_for(&format!("a mail to {to}"), || {
            let mails = self.mail.mails();
            let found = mails.iter().any(|it| {
                let head = it.text.lines().any(|it| it.starts_with("Subject: ") && it.contains(subject));
                it.to == [to] && it.from == "alerts@example.org" && head && contains(&it.text, texts)
            });
            (found, format!("{mails:#?}"))
        });
    }

    /// Waits until the alert receiver has stored an alert.
    pub(crate) fn kept(&self, name: &str, status: &str, texts: &[&str]) {
        wait_for(&format!("{name}, {status}, at the alert receiver"), || {
            let url = format!("{}/api/alerts?status={status}", self.webhook.url);
            let answer = ureq::get(url).header("authorization", format!("Bearer {WEBHOOK_TOKEN}")).call();
            let text = answer.unwrap().body_mut().read_to_string().unwrap();
            let all: Value = serde_json::from_str(&text).unwrap();
            let found = all["alerts"]
                .as_array()
                .unwrap()
                .iter()
                .any(|it| it["name"] == name && contains(&it.to_string(), texts));
            (found, text)
        });
    }
}

fn contains(text: &str, texts: &[&str]) -> bool {
    texts.iter().all(|it| text.contains(it))
}

/// Waits up to five minutes; a failure shows the last state.
fn wait_for(what: &str, mut ask: impl FnMut() -> (bool, String)) {
    let start = Instant::now();
    loop {
        let (found, instead) = ask();
        if found {
            return;
        }
        assert!(start.elapsed().as_secs() < 300, "waited five minutes for {what}, found {instead}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// Stands for the address of Prometheus until it runs.
const ITSELF: &str = "prometheus.invalid:9090";
const RULES: [&str; 3] = ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"];

/// Writes the shipped rules.
fn rules(folder: &Path) {
    for name in RULES {
        let text = fs::read_to_string(workspace().join("monitoring").join(name)).unwrap();
        fs::write(folder.join(name), faster_rules(&text.replace("team: unowned", "team: storage"))).unwrap();
    }
}

/// Writes the generated configuration of Prometheus, with empty rule files.
fn configure(folder: &Path, apps: &[&Http], alertmanagers: &[&Server], webhook: &Server, token: &Path) {
    for name in RULES {
        fs::write(folder.join(name), "groups: []\n").unwrap();
    }
    let address = |it: &Server| it.url.trim_start_matches("http://").to_owned();
    let places = Places {
        interval: "1s",
        apps: apps.iter().map(|it| App::plain(&it.address)).collect(),
        prometheus: ITSELF.to_owned(),
        alertmanager: address(alertmanagers[0]),
        grafana: None,
        node: None,
        webhook: address(webhook),
        webhook_token: token.display().to_string(),
        folder: String::new(),
        own_rules: "rules/*.yml".to_owned(),
        tls: None,
    };
    let options = Options { job: Some("claude-code-app".to_owned()), ..Options::default() };
    let monitoring = Monitoring::new(&measurand_catalog::parse(b"").unwrap(), &options);
    let text =
        monitoring.stack_files_at(&places, true).into_iter().find(|it| it.name == "prometheus.yml").unwrap().contents;
    // Prometheus sends all alerts to both Alertmanagers.
    let one = format!("    - targets:\n      - {}\n", address(alertmanagers[0]));
    let one = if text.contains(&one) { one } else { panic!("{text}") };
    let both = format!("{one}      - {}\n", address(alertmanagers[1]));
    fs::write(folder.join("prometheus.yml"), text.replacen(&one, &both, 1)).unwrap();
}

/// Starts an instance of the program, with metrics according to the faults.
fn instance(faults: &Arc<Mutex<BTreeMap<Fault, bool>>>, second: bool) -> Http {
    let (faults, start) = (Arc::clone(faults), Instant::now());
    // Counters keep their values when a fault ends.
    let counted = Mutex::new((0.0, 0.0, 0.0));
    Http::start(move |_| {
        let on = |fault| faults.lock().unwrap().get(&fault).copied().unwrap_or(false) && !second;
        if second && faults.lock().unwrap().get(&Fault::Down).copied().unwrap_or(false) {
            return (500, String::new());
        }
        let mut counted = counted.lock().unwrap();
        let (now, share) = (start.elapsed().as_secs_f64(), if on(Fault::ColdCache) { 0.0 } else { 1.0 });
        let looked_up = (now - counted.2) * 100.0;
        *counted = (counted.0 + looked_up * share, counted.1 + looked_up * (1.0 - share), now);
        let memory: u32 = if on(Fault::Memory) { 1 << 30 } else { 50 << 20 };
        let unused = if on(Fault::Unused) { 5000 } else { 3 };
        let (hits, misses) = (counted.0, counted.1);
        (
            200,
            format!(
                "# TYPE cache_hits_total counter\ncache_hits_total{{cache=\"embeddings\"}} {hits}\n\
                 # TYPE cache_misses_total counter\ncache_misses_total{{cache=\"embeddings\"}} {misses}\n\
                 # TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {memory}\n\
                 # TYPE patterns_unused gauge\npatterns_unused {unused}\n"
            ),
        )
    })
}
