//! The receivers of alerts: a real Alertmanager with the generated routes and shorter waits, receivers with the
//! protocols of Slack, `PagerDuty` and mail, and our own alert receiver.
//!
//! This module knows the channels of each severity, but not how alerts are triggered.

use crate::prometheus::free_address;
use crate::rules::Rule;
use measurand_tests::{
    HttpServer, Running, Smtp, WEBHOOK_TOKEN, mailbox, program, receivers, routes, slack_channel, wait,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// The name of our own alert receiver among the channels.
const KEPT: &str = "kept";

/// All channels that receive an alert of this severity.
fn channels(severity: &str, team: &str) -> Vec<String> {
    let all: &[&str] = match severity {
        "P0" => &["pager", "#alerts-critical", "leads@example.org", KEPT],
        "P1" => &["#team-", "teams@example.org", KEPT],
        "P2" => &["#team-", KEPT],
        "P3" => &["#alerts-low", "capacity@example.org", KEPT],
        "none" => &["switch", KEPT],
        other => panic!("unknown severity {other}"),
    };
    all.iter().map(|it| if *it == "#team-" { format!("#team-{team}") } else { (*it).to_owned() }).collect()
}

/// A received message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    alert: String,
    resolved: bool,
    /// The decoded text.
    text: String,
}

/// Number of messages in each channel at some time.
pub(crate) type Mark = BTreeMap<String, usize>;

/// All messages by channel, oldest first.
pub(crate) type Messages = BTreeMap<String, Vec<Message>>;

pub(crate) struct Called {
    /// Address of Alertmanager.
    pub(crate) address: String,
    http: HttpServer,
    mail: Smtp,
    kept: String,
    _servers: [Running; 2],
}

impl Called {
    /// Starts Alertmanager and all receivers, with their files in this folder.
    pub(crate) fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let (http, mail) = (receivers(), mailbox());
        let (address, kept) = (free_address(), free_address());
        let config = routes(folder, &http, &mail, &format!("http://{kept}"), &crate::TEAMS, false);
        fs::write(folder.join("alertmanager.yml"), faster(&config)).unwrap();
        fs::write(folder.join("trusted.pem"), &mail.certificate).unwrap();
        let log = |name: &str| File::create(folder.join(name)).unwrap();
        let mut webhook = Command::new(program("measurand-webhook", "measurand-webhook", "dev"));
        webhook.args(["--listen", &kept, "--rate", "100000", "--token-file"]).arg(folder.join("webhook_token"));
        webhook.arg("--database").arg(folder.join("alerts.db")).stdout(Stdio::null()).stderr(log("webhook.log"));
        let mut alertmanager = Command::new("prometheus-alertmanager");
        alertmanager
            .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .env("SSL_CERT_FILE", folder.join("trusted.pem"))
            .stdout(Stdio::null())
            .stderr(log("alertmanager.log"));
        let servers =
            [Running::start(&mut webhook, "cargo"), Running::start(&mut alertmanager, "prometheus-alertmanager")];
        for url in [format!("http://{kept}/readyz"), format!("http://{address}/-/ready")] {
            wait(&url, || ureq::get(&url).call().ok());
        }
        Self { address, http, mail, kept: format!("http://{kept}"), _servers: servers }
    }

    /// The number of messages in each channel; for our alert receiver the id of its newest alert.
    pub(crate) fn mark(&self) -> Mark {
        let mut mark: Mark = self.messages().into_iter().map(|(channel, all)| (channel, all.len())).collect();
        mark.insert(KEPT.to_owned(), self.kept("limit=1").first().map_or(0, number));
        mark
    }

    /// Checks that all receivers of an alert got a message since then, with its severity and all annotations.
    pub(crate) fn is_sent(&self, rules: &[&Rule], since: &Mark) -> Result<(), String> {
        let (name, severity, team) = named(rules);
        let messages = self.messages();
        for channel in channels(severity, team).iter().filter(|it| *it != KEPT) {
            let all = messages.get(channel).map_or(&[][..], Vec::as_slice);
            let new = &all[since.get(channel).copied().unwrap_or(0)..];
            let mut of_it = new.iter().filter(|it| it.alert == name && !it.resolved);
            // Messages to the dead man's switch need no text.
            let whole = |it: &Message| channel == "switch" || rules.iter().any(|rule| says(&it.text, rule));
            if !of_it.any(whole) {
                return Err(format!("{name} is missing in {channel}, which has {new:#?}"));
            }
        }
        let kept = self.kept_since(name, since);
        let whole = |it: &Value| it["status"] == "firing" && rules.iter().any(|rule| keeps(it, rule));
        if kept.iter().any(whole) {
            Ok(())
        } else {
            Err(format!("{name} is missing at the alert receiver, which has {kept:#?}"))
        }
    }

    /// Checks that the last message to all receivers is that the alert resolved. Alertmanager sends no resolve for an
    /// inhibited alert, so of those only one has to be resolved.
    pub(crate) fn is_resolved(&self, rules: &[&Rule], since: &Mark, inhibited: bool) -> Result<(), String> {
        let (name, severity, team) = named(rules);
        let messages = self.messages();
        for channel in channels(severity, team).iter().filter(|it| *it != KEPT) {
            let last = messages.get(channel).and_then(|all| all.iter().rfind(|it| it.alert == name));
            if !last.is_some_and(|it| it.resolved) {
                return Err(format!("{name} is not resolved in {channel}, whose last message is {last:#?}"));
            }
        }
        let kept = self.kept_since(name, since);
        let resolved = kept.iter().filter(|it| it["status"] == "resolved").count();
        let fine = resolved == kept.len() || (resolved > 0 && inhibited);
        if fine { Ok(()) } else { Err(format!("{name} is not resolved at the alert receiver, which has {kept:#?}")) }
    }

    /// Checks that another firing alert inhibits all alerts of this name.
    pub(crate) fn is_inhibited(&self, name: &str) -> Result<(), String> {
        let url = format!("http://{}/api/v2/alerts?filter=alertname%3D{name}", self.address);
        let all: Vec<Value> = serde_json::from_str(&measurand_tests::get(&url)).unwrap();
        let inhibited = |it: &Value| it["status"]["inhibitedBy"].as_array().is_some_and(|it| !it.is_empty());
        let fine = !all.is_empty() && all.iter().all(inhibited);
        if fine { Ok(()) } else { Err(format!("{name} is not inhibited: {all:#?}")) }
    }

    /// Checks that no channel got a message of an alert that does not belong there.
    #[track_caller]
    pub(crate) fn check_channels(&self, rule_of: impl Fn(&str) -> Option<Rule>) {
        let mut seen = 0;
        for (channel, messages) in self.messages() {
            for message in messages {
                let rule = rule_of(&message.alert).unwrap_or_else(|| panic!("there is no alert of {message:?}"));
                let whose = channels(rule.label("severity"), rule.label("team"));
                assert!(whose.contains(&channel), "{channel}: {message:?}");
                seen += 1;
            }
        }
        assert!(seen > 0, "no message was sent");
        eprintln!("         {seen} messages, all in the right channels");
    }

    fn messages(&self) -> Messages {
        let mut messages = Messages::new();
        let mut add = |channel: &str, message| messages.entry(channel.to_owned()).or_default().push(message);
        for it in self.http.requests("/slack") {
            let json = it.json();
            let title = json["attachments"][0]["title"].as_str().unwrap_or_default();
            let alert = between(title, ": ", " on ");
            let resolved = title.starts_with("resolved: ");
            add(&slack_channel(&it), Message { alert, resolved, text: texts(&json) });
        }
        let mut incidents = BTreeMap::new();
        for it in self.http.requests("/pagerduty") {
            let json = it.json();
            // A resolve event has only the key of its trigger event.
            let key = json["dedup_key"].to_string();
            let resolved = json["event_action"] == "resolve";
            let summary = json["payload"]["summary"].as_str().unwrap_or_default();
            if !resolved {
                incidents.insert(key.clone(), between(summary, "", " on "));
            }
            let alert = incidents.get(&key).cloned().unwrap_or_default();
            add("pager", Message { alert, resolved, text: texts(&json) });
        }
        for it in self.http.requests("/switch") {
            let json = it.json();
            for it in json["alerts"].as_array().into_iter().flatten() {
                let alert = it["labels"]["alertname"].as_str().unwrap_or_default().to_owned();
                add("switch", Message { alert, resolved: it["status"] == "resolved", text: String::new() });
            }
        }
        for it in self.mail.mails() {
            let subject = it.text.lines().find_map(|it| it.strip_prefix("Subject: ")).unwrap_or_default();
            let alert = between(subject, "] ", " ");
            let resolved = subject.starts_with("[RESOLVED]");
            let text = it.text.replace("&#39;", "'").replace("&#34;", "\"").replace("&lt;", "<").replace("&gt;", ">");
            let text = text.replace("&#43;", "+").replace("&amp;", "&");
            add(&it.to.join(","), Message { alert, resolved, text });
        }
        messages
    }

    /// The alerts of this name that our alert receiver has stored since then.
    fn kept_since(&self, name: &str, since: &Mark) -> Vec<Value> {
        let last = since.get(KEPT).copied().unwrap_or(0);
        let all = self.kept(&format!("limit=1000&name={name}"));
        all.into_iter().filter(|it| number(it) > last).collect()
    }

    /// The alerts in our alert receiver that match a query string, newest first.
    fn kept(&self, query: &str) -> Vec<Value> {
        let url = format!("{}/api/alerts?{query}", self.kept);
        let mut answer = ureq::get(url).header("authorization", format!("Bearer {WEBHOOK_TOKEN}")).call().unwrap();
        let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        answer["alerts"].as_array().unwrap().clone()
    }
}

fn number(kept: &Value) -> usize {
    kept["id"].as_u64().and_then(|it| usize::try_from(it).ok()).unwrap_or(0)
}

/// The name, severity and team of rules. Rules of one name must agree on both, because the routes depend on them.
fn named<'a>(rules: &[&'a Rule]) -> (&'a str, &'a str, &'a str) {
    let rule = rules.first().expect("a rule");
    let alike = |it: &&Rule| ["severity", "team"].iter().all(|name| it.label(name) == rule.label(name));
    assert!(rules.iter().all(alike), "{rules:?}");
    (rule.alert.as_deref().unwrap_or_default(), rule.label("severity"), rule.label("team"))
}

/// Whether a message has the severity and all annotations of a rule.
fn says(text: &str, rule: &Rule) -> bool {
    text.contains(rule.label("severity")) && rule.annotations.values().all(|it| is_from(text, it))
}

fn keeps(kept: &Value, rule: &Rule) -> bool {
    rule.labels.iter().all(|(name, value)| kept["labels"][name] == **value)
        && rule.annotations.iter().all(|(name, template)| {
            kept["annotations"][name].as_str().is_some_and(|it| is_from(it, template) && !it.contains("{{"))
        })
}

/// Whether a text has all literal parts of a template, without those in conditions and loops.
fn is_from(text: &str, template: &str) -> bool {
    let mut inside = 0;
    template.split("{{").all(|part| {
        let (action, literal) = part.split_once("}}").unwrap_or(("", part));
        match action.split_whitespace().next() {
            Some("with" | "if" | "range") => inside += 1,
            Some("end") => inside -= 1,
            _ => {}
        }
        inside > 0 || text.contains(literal)
    })
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).map_or("", |it| it.1);
    rest.split_once(after).map_or(rest, |it| it.0).to_owned()
}

/// All strings in a JSON value, one per line.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(all) => all.iter().map(texts).collect(),
        Value::Object(all) => all.values().map(texts).collect(),
        _ => String::new(),
    }
}

/// The generated routes with shorter waits, and with all hours as working hours, because a test can run at any time.
/// The result is JSON, which is valid YAML.
fn faster(text: &str) -> String {
    fn hurry(route: &mut Value) {
        for (name, value) in [("group_wait", "200ms"), ("group_interval", "1s")] {
            if let Some(it) = route.get_mut(name) {
                *it = value.into();
            }
        }
        route["routes"].as_array_mut().into_iter().flatten().for_each(hurry);
    }
    let mut config: Value = serde_saphyr::from_str(text).unwrap();
    hurry(&mut config["route"]);
    for it in config["time_intervals"].as_array_mut().unwrap() {
        it["time_intervals"] = serde_json::json!([{ "times": [{ "start_time": "00:00", "end_time": "24:00" }] }]);
    }
    config.to_string()
}
