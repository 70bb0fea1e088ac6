//! Who is called: the real Alertmanager with the generated routes, only its waiting shorter, and receivers that speak the
//! protocols of Slack, `PagerDuty` and mail; our own receiver keeps what it is told.
//!
//! It knows which channel is whose, and nothing of how alerts come about.

use crate::prometheus::free_address;
use crate::rules::Rule;
use measurand_tests::{HttpServer, Running, Smtp, WEBHOOK_TOKEN, mailbox, program, receivers, routes, wait};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where our own receiver's alerts stand among the channels.
const KEPT: &str = "kept";

/// Whom an alert of this severity is told to, and nobody else: what people expect of the four severities.
fn channels(severity: &str, team: &str) -> Vec<String> {
    let all: &[&str] = match severity {
        "P0" => &["pager", "#alerts-critical", "leads@example.org", KEPT],
        "P1" => &["#team-", "teams@example.org", KEPT],
        "P2" => &["#team-", KEPT],
        "P3" => &["#alerts-low", "capacity@example.org", KEPT],
        "none" => &["switch"],
        other => panic!("nobody answers {other}"),
    };
    all.iter().map(|it| if *it == "#team-" { format!("#team-{team}") } else { (*it).to_owned() }).collect()
}

/// What somebody gets to read.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    alert: String,
    resolved: bool,
    /// All of it, without the quoting of its protocol.
    text: String,
}

/// How much there was in each channel at some time.
pub(crate) type Mark = BTreeMap<String, usize>;

/// All messages by channel, the oldest first.
pub(crate) type Messages = BTreeMap<String, Vec<Message>>;

pub(crate) struct Called {
    /// Alertmanager's.
    pub(crate) address: String,
    http: HttpServer,
    mail: Smtp,
    kept: String,
    _servers: [Running; 2],
}

impl Called {
    /// Starts all of them with their files in this folder.
    pub(crate) fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let (http, mail) = (receivers(), mailbox());
        let (address, kept) = (free_address(), free_address());
        let config = routes(folder, &http, &mail, &format!("http://{kept}"));
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
            wait(&url, 60, || ureq::get(&url).call().ok());
        }
        Self { address, http, mail, kept: format!("http://{kept}"), _servers: servers }
    }

    /// How much was said so far in each channel; of what is kept, the number of the newest.
    pub(crate) fn mark(&self) -> Mark {
        let mut mark: Mark = self.messages().into_iter().map(|(channel, all)| (channel, all.len())).collect();
        mark.insert(KEPT.to_owned(), self.kept("limit=1").first().map_or(0, number));
        mark
    }

    /// Whether all whom it concerns were told since then, with its severity and everything that the rule has to say.
    pub(crate) fn is_told(&self, rules: &[&Rule], since: &Mark) -> Result<(), String> {
        let (name, severity, team) = named(rules);
        let messages = self.messages();
        for channel in channels(severity, team).iter().filter(|it| *it != KEPT) {
            let all = messages.get(channel).map_or(&[][..], Vec::as_slice);
            let new = &all[since.get(channel).copied().unwrap_or(0)..];
            let mut of_it = new.iter().filter(|it| it.alert == name && !it.resolved);
            // Nobody reads what comes to the switch.
            let whole = |it: &Message| channel == "switch" || rules.iter().any(|rule| says(&it.text, rule));
            if !of_it.any(whole) {
                return Err(format!("{name} in {channel}, which has {new:#?}"));
            }
        }
        let kept = self.kept_since(name, since);
        let whole = |it: &Value| it["status"] == "firing" && rules.iter().any(|rule| keeps(it, rule));
        let fine = severity == "none" || kept.iter().any(whole);
        if fine { Ok(()) } else { Err(format!("{name} at the receiver, which has {kept:#?}")) }
    }

    /// Whether the last that all of them heard is that it is over. What another alert explains while it ends is told to
    /// nobody again, so that of such alerts only one has to be over.
    pub(crate) fn is_over(&self, rules: &[&Rule], since: &Mark, explained: bool) -> Result<(), String> {
        let (name, severity, team) = named(rules);
        let messages = self.messages();
        for channel in channels(severity, team).iter().filter(|it| *it != KEPT) {
            let last = messages.get(channel).and_then(|all| all.iter().rfind(|it| it.alert == name));
            if !last.is_some_and(|it| it.resolved) {
                return Err(format!("the end of {name} in {channel}, whose last is {last:#?}"));
            }
        }
        let kept = self.kept_since(name, since);
        let over = kept.iter().filter(|it| it["status"] == "resolved").count();
        let fine = over == kept.len() || (over > 0 && explained);
        if fine { Ok(()) } else { Err(format!("the end of {name} at the receiver, which has {kept:#?}")) }
    }

    /// Whether something else that fires explains all alerts of this name, and so nobody is told of them.
    pub(crate) fn is_explained(&self, name: &str) -> Result<(), String> {
        let url = format!("http://{}/api/v2/alerts?filter=alertname%3D{name}", self.address);
        let all: Vec<Value> = serde_json::from_str(&measurand_tests::get(&url)).unwrap();
        let explained = |it: &Value| it["status"]["inhibitedBy"].as_array().is_some_and(|it| !it.is_empty());
        let fine = !all.is_empty() && all.iter().all(explained);
        if fine { Ok(()) } else { Err(format!("{name} explained by another, but {all:#?}")) }
    }

    /// Nobody was told of what is not his; the rule of an alert says whose it is.
    #[track_caller]
    pub(crate) fn check_nobody_else(&self, rule_of: impl Fn(&str) -> Option<Rule>) {
        let mut seen = 0;
        for (channel, messages) in self.messages() {
            for message in messages {
                let rule = rule_of(&message.alert).unwrap_or_else(|| panic!("there is no alert of {message:?}"));
                let whose = channels(rule.label("severity"), rule.label("team"));
                assert!(whose.contains(&channel), "{channel}: {message:?}");
                seen += 1;
            }
        }
        let kept = self.kept("name=Watchdog");
        assert!(kept.is_empty(), "the dead man's switch is not for people: {kept:?}");
        assert!(seen > 0, "somebody was told of something");
        eprintln!("         {seen} messages, all of them to whom they belong");
    }

    fn messages(&self) -> Messages {
        let mut messages = Messages::new();
        let mut add = |channel: &str, message| messages.entry(channel.to_owned()).or_default().push(message);
        for it in self.http.requests("/slack") {
            let json = it.json();
            let title = json["attachments"][0]["title"].as_str().unwrap_or_default();
            let alert = between(title, ": ", " on ");
            let resolved = title.starts_with("resolved: ");
            add(json["channel"].as_str().unwrap_or_default(), Message { alert, resolved, text: texts(&json) });
        }
        let mut incidents = BTreeMap::new();
        for it in self.http.requests("/pagerduty") {
            let json = it.json();
            // What is over is told by the key of what began.
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

    /// The alerts of this name that our own receiver has got since then, on its disk.
    fn kept_since(&self, name: &str, since: &Mark) -> Vec<Value> {
        let last = since.get(KEPT).copied().unwrap_or(0);
        let all = self.kept(&format!("limit=1000&name={name}"));
        all.into_iter().filter(|it| number(it) > last).collect()
    }

    /// The answer of our own receiver to a question, the newest alert first.
    fn kept(&self, question: &str) -> Vec<Value> {
        let url = format!("{}/api/alerts?{question}", self.kept);
        let mut answer = ureq::get(url).header("authorization", format!("Bearer {WEBHOOK_TOKEN}")).call().unwrap();
        let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        answer["alerts"].as_array().unwrap().clone()
    }
}

fn number(kept: &Value) -> usize {
    kept["id"].as_u64().and_then(|it| usize::try_from(it).ok()).unwrap_or(0)
}

/// Rules of one name have one severity and one team, which is what routes go by.
fn named<'a>(rules: &[&'a Rule]) -> (&'a str, &'a str, &'a str) {
    let rule = rules.first().expect("a rule");
    let alike = |it: &&Rule| ["severity", "team"].iter().all(|name| it.label(name) == rule.label(name));
    assert!(rules.iter().all(alike), "{rules:?}");
    (rule.alert.as_deref().unwrap_or_default(), rule.label("severity"), rule.label("team"))
}

/// Whether a message has the severity of the rule and all that it annotates.
fn says(text: &str, rule: &Rule) -> bool {
    text.contains(rule.label("severity")) && rule.annotations.values().all(|it| is_from(text, it))
}

fn keeps(kept: &Value, rule: &Rule) -> bool {
    rule.labels.iter().all(|(name, value)| kept["labels"][name] == **value)
        && rule.annotations.iter().all(|(name, template)| {
            kept["annotations"][name].as_str().is_some_and(|it| is_from(it, template) && !it.contains("{{"))
        })
}

/// Whether a text has all of a template but the values that are filled in, and what depends on them.
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

/// All texts in it, each on a line.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(all) => all.iter().map(texts).collect(),
        Value::Object(all) => all.values().map(texts).collect(),
        _ => String::new(),
    }
}

/// The generated routes with nothing changed but how long they wait, and with work at all hours, since nobody knows when a test
/// runs; as YAML, of which JSON is a part.
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
        it["time_intervals"] = serde_json::json!([{ "years": ["1999"] }]);
    }
    config.to_string()
}
