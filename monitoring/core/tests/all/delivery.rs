//! Routes and receivers, checked with Alertmanager's own tool, and the configuration of Prometheus and Kubernetes.

use crate::shipped::shipped;
use crate::support::{all_files, amtool, catalog, everything, file, folder, monitoring, promtool, query, site, system};
use crate::yaml;
use measurand_catalog::{Metric, Severity, SiteRecord, families};
use measurand_monitoring::{Monitoring, Options, Receivers};
use serde_json::Value;
use std::collections::BTreeSet;

/// Returns the receivers of an alert, as `amtool` prints them. Only P1 to P3 have another receiver than P2.
fn receivers(severity: Option<&str>, channel: &str) -> String {
    match severity {
        Some(severity @ ("P0" | "P3")) => format!("alert-webhook,{severity}"),
        Some("P1") => format!("alert-webhook,P1,{channel}"),
        _ => format!("alert-webhook,{channel}"),
    }
}

/// Returns the monitoring of a program with these lines in `monitoring.toml`.
fn with_settings(text: &str) -> Monitoring {
    use measurand_check::Settings;
    Settings::parse(Settings::FILE, text).and_then(|it| it.monitoring(&catalog(&everything()))).expect("valid settings")
}

#[test]
fn every_alert_reaches_the_receivers_of_its_severity() {
    let monitoring = shipped();
    let folder = folder(&monitoring);
    amtool(folder.path(), &["check-config", "alertmanager.yml"]);
    for alert in monitoring.alerts.iter().chain(&monitoring.stack).flat_map(|it| &it.rules) {
        let severity = alert.severity.map(Severity::as_str);
        let channel = monitoring.receivers.slack.teams.get(&alert.team).map_or("#alerts", String::as_str);
        let expected = if alert.name == "Watchdog" { "alert-webhook".to_owned() } else { receivers(severity, channel) };
        let severity = severity.unwrap_or("none");
        let labels = [("severity", severity), ("alertname", &alert.name), ("service", "shop"), ("team", &alert.team)];
        let labels = labels.map(|(name, value)| format!("{name}={value}"));
        let verify = format!("--verify.receivers={expected}");
        let mut arguments = vec!["config", "routes", "test", "--config.file=alertmanager.yml", verify.as_str()];
        arguments.extend(labels.iter().map(String::as_str));
        amtool(folder.path(), &arguments);
    }
}

/// With any team and severity, known or not, an alert has its receivers: none is lost.
#[test]
fn every_severity_of_every_team_has_its_receiver() {
    let several = with_settings("[slack]\ngeneral = \"#all\"\nteams = { storage = \"#db\", \"a b\" = \"#all\" }\n");
    for monitoring in [shipped(), several] {
        let folder = folder(&monitoring);
        let slack = &monitoring.receivers.slack;
        let teams: Vec<Option<&str>> =
            slack.teams.keys().map(|it| Some(it.as_str())).chain([Some("newcomers"), None]).collect();
        assert!(teams.len() >= 4, "{teams:?}");
        let severities = Severity::ALL.iter().map(|it| Some(it.as_str())).chain([Some("none"), Some("P9"), None]);
        for severity in severities {
            for team in &teams {
                let channel = team.and_then(|it| slack.teams.get(it)).unwrap_or(&slack.general);
                let verify = format!("--verify.receivers={}", receivers(severity, channel));
                let mut arguments = vec!["alertname=Own".to_owned(), "service=shop".to_owned()];
                arguments.extend(severity.map(|it| format!("severity={it}")));
                arguments.extend(team.map(|it| format!("team=\"{it}\"")));
                let mut command = vec!["config", "routes", "test", "--config.file=alertmanager.yml", &verify];
                command.extend(arguments.iter().map(String::as_str));
                amtool(folder.path(), &command);
            }
        }
        let config = yaml(&file(&monitoring, "alertmanager.yml"));
        assert!(config["route"]["group_by"].as_array().unwrap().contains(&"team".into()), "channels belong to teams");
    }
}

#[test]
fn low_alerts_wait_for_working_hours_if_there_are_some() {
    let config = |text: &str| {
        let monitoring = with_settings(text);
        let folder = folder(&monitoring);
        amtool(folder.path(), &["check-config", "alertmanager.yml"]);
        yaml(&file(&monitoring, "alertmanager.yml"))
    };
    let routes = |config: &Value| config["route"]["routes"].as_array().unwrap().clone();
    let always = config("");
    assert!(always["time_intervals"].is_null() && !always.to_string().contains("_time_intervals"), "{always}");
    let hours = "[working_hours]\ntime_zone = \"Europe/Berlin\"\nend = \"17:30\"\ndays = [\"monday\", \"friday\"]\n";
    let limited = config(hours);
    let active =
        routes(&limited).into_iter().filter(|it| it["active_time_intervals"] == serde_json::json!(["working-hours"]));
    assert_eq!(active.map(|it| it["receiver"].clone()).collect::<Vec<_>>(), ["P3"]);
    let expected = serde_json::json!({
        "weekdays": ["monday", "friday"],
        "times": [{ "start_time": "08:00", "end_time": "17:30" }],
        "location": "Europe/Berlin",
    });
    assert_eq!(limited["time_intervals"][0]["time_intervals"][0], expected);
    // The operator would read the hours as those of UTC.
    let objects = |text: &str| file(&with_settings(text), "kubernetes-stack.yml");
    assert!(!objects(hours).contains("imeIntervals") && objects("[working_hours]").contains("activeTimeIntervals"));
    assert!(!objects("[working_hours]").contains("location"));
}

/// `amtool check-config` does not check templates.
#[test]
fn templates_of_messages_can_be_rendered() {
    let monitoring = monitoring(&everything());
    let folder = folder(&monitoring);
    std::fs::write(folder.path().join("none.tmpl"), "").unwrap();
    let config = yaml(&file(&monitoring, "alertmanager.yml"));
    let mut rendered = 0;
    for receiver in config["receivers"].as_array().unwrap() {
        let (slack, pager) = (&receiver["slack_configs"][0], &receiver["pagerduty_configs"][0]);
        let of_slack = [&slack["title"], &slack["text"], &slack["footer"], &slack["actions"][0]["url"]];
        let texts = of_slack.into_iter().chain([&pager["description"], &pager["links"][1]["href"]]);
        for text in texts.filter_map(Value::as_str).filter(|it| it.contains("{{")) {
            let template = format!("--template.text={text}");
            amtool(folder.path(), &["template", "render", "--template.glob=none.tmpl", &template]);
            rendered += 1;
        }
    }
    assert!(rendered >= 14, "{rendered}");
}

#[test]
fn receivers_have_the_channels_of_their_severity() {
    let config = yaml(&file(&monitoring(&everything()), "alertmanager.yml"));
    let receivers = config["receivers"].as_array().unwrap();
    let described: Vec<String> = receivers
        .iter()
        .map(|it| {
            let channel = it["slack_configs"][0]["channel"].as_str().unwrap_or("-");
            let mail = it["email_configs"][0]["to"].as_str().unwrap_or("-");
            let pager = if it["pagerduty_configs"].is_array() { "pager" } else { "-" };
            let hook = it["webhook_configs"][0]["url"].as_str().unwrap_or("-");
            format!("{} {pager} {channel} {mail} {hook}", it["name"].as_str().unwrap())
        })
        .collect();
    let expected = [
        "P0 pager #alerts-critical leads@example.org -",
        "P1 - - teams@example.org -",
        "P3 - #alerts-low capacity-planning@example.org -",
        "#alerts - #alerts - -",
        "alert-webhook - - - http://alert-webhook:9095/webhook",
    ];
    assert_eq!(described, expected);
}

/// Without a dead man's switch, the Watchdog goes to the alert receiver only. With one, it goes to both.
#[test]
fn a_dead_mans_switch_is_optional() {
    let without = monitoring(&system());
    for name in ["alertmanager.yml", "kubernetes-stack.yml", "docker-compose.yml", "overlays/tls/alertmanager.yml"] {
        assert!(!file(&without, name).contains("switch"), "{name}");
    }
    let receivers = Receivers { switch_url: "https://switch.example.org/ping".to_owned(), ..Receivers::default() };
    let with = Monitoring::new(&catalog(&system()), &Options { receivers, ..Options::default() });
    let folder = folder(&with);
    amtool(folder.path(), &["check-config", "alertmanager.yml"]);
    let verify = "--verify.receivers=dead-mans-switch,alert-webhook";
    let asked = ["config", "routes", "test", "--config.file=alertmanager.yml", verify, "alertname=Watchdog"];
    amtool(folder.path(), &asked);
    assert!(file(&with, "alertmanager.yml").contains("- url: https://switch.example.org/ping\n"));
    for name in ["alertmanager.yml", "kubernetes-stack.yml", "docker-compose.yml"] {
        assert!(file(&with, name).contains("switch_token"), "{name}");
    }
}

/// Prometheus drops a scrape above `sample_limit`, and the alerts name the same limit.
#[test]
fn the_sample_limit_follows_from_the_catalog() {
    let limits = |options: &Options, sites: &[SiteRecord]| -> Vec<u64> {
        let monitoring = Monitoring::new(&catalog(sites), options);
        let config = yaml(&file(&monitoring, "prometheus.yml"));
        let jobs = config["scrape_configs"].as_array().unwrap();
        let text = file(&monitoring, "alerts.yml");
        let objects = file(&monitoring, "kubernetes.yml");
        let own = jobs[0]["sample_limit"].as_u64().unwrap();
        assert!(text.contains(&format!("scrape_samples_post_metric_relabeling{{job=\"shop\"}} > {own} and up")));
        assert!(text.contains(&format!("[5m])) > {}", own * 4 / 5)), "{text}");
        assert!(objects.contains(&format!("sampleLimit: {own}\n")));
        jobs.iter().map(|it| it["sample_limit"].as_u64().unwrap()).collect()
    };
    let options = Options { job: Some("shop".to_owned()), ..Options::default() };
    let [nothing, literal, free] =
        [vec![], vec![query("select", "patterns", &[])], vec![site("timed_query", "database", "any", &[], &[])]]
            .map(|it| limits(&options, &it));
    // The servers of the stack, the push gateway, and other Prometheus servers.
    assert_eq!(nothing, [63_000, 50_000, 50_000, 50_000, 50_000, 50_000, 5_000_000, 5_000_000]);
    assert_eq!((literal[0], literal[1]), (63_000, 50_000));
    // A label with free values reaches the series limit: 2,001 combinations of each series.
    let series: usize = families::DATABASE.metrics.iter().map(of_one).sum();
    let expected = (2001 * series + 50_000) * 5 / 4;
    assert_eq!(free[0], u64::try_from(expected.div_ceil(1000) * 1000).unwrap());
    let chosen = Options { sample_limit: Some(1000), ..options };
    assert_eq!(limits(&chosen, &[])[0], 1000);
}

/// The series of a metric for one combination of the family's labels.
fn of_one(metric: &Metric) -> usize {
    let outcomes = metric.role.extra_label().map_or(1, |it| it.values.len());
    outcomes * if metric.buckets.is_empty() { 1 } else { metric.buckets.len() + 3 }
}

#[test]
fn secrets_are_in_files_only() {
    const FIXED: [&str; 3] = ["pagerduty_routing_key", "smtp_password", "webhook_token"];
    for (settings, of_slack) in [
        ("[slack]\nteams = { a = \"#alerts-low\" }", vec!["slack_alerts", "slack_alerts-critical", "slack_alerts-low"]),
        ("[slack]\nbot = true", vec!["slack_api_url", "slack_token"]),
    ] {
        let monitoring = with_settings(settings);
        let text = file(&monitoring, "alertmanager.yml");
        assert!(!text.contains("${"), "Alertmanager expands no variables");
        let secrets: BTreeSet<&str> = text
            .lines()
            .filter_map(|it| it.trim().trim_start_matches("- ").split_once("_file: ")?.1.strip_prefix("/run/secrets/"))
            .collect();
        let expected: BTreeSet<&str> = of_slack.into_iter().chain(FIXED).collect();
        assert_eq!(secrets, expected);
        let names: BTreeSet<String> = monitoring.receivers.secret_names().into_iter().collect();
        assert_eq!(names, expected.into_iter().map(str::to_owned).collect());
        for key in ["service_key", "routing_key:", "api_url:", "password:", "bearer_token", "credentials:"] {
            assert!(!text.contains(key), "{key}");
        }
    }
}

/// A firing source silences only alerts of a lower severity, and only alerts that exist.
#[test]
fn inhibition_rules_silence_less_urgent_alerts() {
    let monitoring = monitoring_under_load();
    let config = yaml(&file(&monitoring, "alertmanager.yml"));
    let alerts: Vec<_> = monitoring.alerts.iter().flat_map(|it| &it.rules).collect();
    let severity = |name: &str| {
        let alert = alerts.iter().find(|it| it.name == name);
        alert.unwrap_or_else(|| panic!("there is no alert {name}")).severity.expect("a severity")
    };
    let named = |matcher: &Value| -> Vec<String> {
        let text = matcher[0].as_str().unwrap();
        let names = text.split_once('"').unwrap().1.trim_end_matches('"');
        if text.starts_with("alertname") { names.split('|').map(str::to_owned).collect() } else { Vec::new() }
    };
    let rules = config["inhibit_rules"].as_array().unwrap();
    assert!(rules.len() >= 7);
    for rule in rules {
        for source in named(&rule["source_matchers"]) {
            for target in named(&rule["target_matchers"]) {
                assert!(severity(&source) < severity(&target), "{source} silences {target}");
            }
        }
        let equal: Vec<&str> = rule["equal"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert!(equal.contains(&"service"), "{rule}");
    }
}

fn monitoring_under_load() -> Monitoring {
    Monitoring::new(&catalog(&system()), &Options { under_load: true, ..Options::default() })
}

#[test]
fn prometheus_accepts_its_configuration() {
    let monitoring = monitoring(&system());
    let folder = folder(&monitoring);
    // Without a check of the secret files, which do not exist here.
    promtool(folder.path(), &["check", "config", "--syntax-only", "prometheus.yml"]);
    let config = yaml(&file(&monitoring, "prometheus.yml"));
    let jobs: Vec<&str> =
        config["scrape_configs"].as_array().unwrap().iter().map(|it| it["job_name"].as_str().unwrap()).collect();
    let expected =
        ["shop", "prometheus", "alertmanager", "grafana", "node", "alert-webhook", "pushgateway", "federate"];
    assert_eq!(jobs, expected);
    let existing: BTreeSet<&str> = all_files(&monitoring).iter().map(|it| it.name).collect();
    for it in config["rule_files"].as_array().unwrap() {
        let name = it.as_str().unwrap();
        assert!(existing.contains(name) || name == "rules/*.yml", "{name}");
    }
}

#[test]
fn kubernetes_gets_the_same_rules_and_dashboard() {
    let monitoring = monitoring(&system());
    let folder = folder(&monitoring);
    let text = file(&monitoring, "kubernetes.yml");
    let objects: Vec<Value> = text.split("\n---\n").map(yaml).collect();
    let kinds: Vec<&str> = objects.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["PrometheusRule", "ServiceMonitor", "ConfigMap"]);
    // JSON is YAML.
    std::fs::write(folder.path().join("spec.yml"), objects[0]["spec"].to_string()).unwrap();
    promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "spec.yml"]);
    let rules = |it: &Value| it["groups"].as_array().unwrap().iter().map(|it| it["rules"].clone()).collect::<Vec<_>>();
    let files = ["recording-rules.yml", "alerts.yml"].map(|it| rules(&yaml(&file(&monitoring, it))));
    assert_eq!(rules(&objects[0]["spec"]), files.concat());
    assert_eq!(objects[1]["spec"]["endpoints"][0]["relabelings"][0]["replacement"], "shop");
    assert_eq!(objects[2]["data"]["dashboard.json"], file(&monitoring, "grafana-dashboard.json"));
}

/// The operator's `AlertmanagerConfig` has the routes, receivers and inhibition rules of `alertmanager.yml`.
#[test]
fn kubernetes_gets_the_routes_and_the_alerts_about_the_servers() {
    let monitoring = monitoring(&system());
    let folder = folder(&monitoring);
    let objects: Vec<Value> = file(&monitoring, "kubernetes-stack.yml").split("\n---\n").map(yaml).collect();
    let kinds: Vec<&str> = objects.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["PrometheusRule", "AlertmanagerConfig", "ConfigMap"]);
    let dashboard: Value = serde_json::from_str(objects[2]["data"]["dashboard.json"].as_str().unwrap()).unwrap();
    assert_eq!(dashboard["uid"], measurand_monitoring::PROGRAMS_UID);
    std::fs::write(folder.path().join("stack.yml"), objects[0]["spec"].to_string()).unwrap();
    promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "stack.yml"]);
    assert_eq!(objects[0]["spec"]["groups"], yaml(&file(&monitoring, "stack-alerts.yml"))["groups"]);
    let (spec, config) = (&objects[1]["spec"], yaml(&file(&monitoring, "alertmanager.yml")));
    let count = |it: &Value| it.as_array().unwrap().len();
    assert_eq!(count(&spec["receivers"]), count(&config["receivers"]));
    assert_eq!(count(&spec["route"]["routes"]), count(&config["route"]["routes"]));
    assert_eq!(count(&spec["inhibitRules"]), count(&config["inhibit_rules"]));
    assert_eq!(
        spec["route"]["routes"][0]["matchers"],
        serde_json::json!([{ "name": "alertname", "matchType": "=", "value": "Watchdog" }])
    );
    let first = &spec["receivers"][0];
    let secret = |key: &str| serde_json::json!({ "name": "alertmanager-secrets", "key": key });
    assert_eq!(first["pagerdutyConfigs"][0]["routingKey"], secret("pagerduty_routing_key"));
    assert_eq!(first["slackConfigs"][0]["apiURL"], secret("slack_alerts-critical"));
    assert_eq!(first["pagerdutyConfigs"][0]["pagerDutyLinkConfigs"][0]["alt"], "Runbook");
    assert_eq!(first["emailConfigs"][0]["authPassword"], secret("smtp_password"));
    assert!(first["emailConfigs"][0]["smarthost"].is_string());
    let text = objects[1].to_string();
    assert!(!text.contains("_file") && !text.contains("/run/secrets") && !text.contains("send_resolved"), "{text}");
    assert!(!text.contains("null"), "the operator refuses null: {text}");
}
