//! Texts that look like code. A catalog can come from any program or address.

use crate::support::{amtool, catalog, file, folder, measured, monitoring, promtool, query, site};
use measurand_catalog::{Catalog, SiteRecord};
use measurand_monitoring::{Monitoring, Options};

const HOSTILE: &str = "{{ $value }} {{{ | \"'`<b>$job ${job} [[job]] %s: # - *x* \\ ü";

fn hostile() -> Vec<SiteRecord> {
    let facts = ["owner", "summary", "runbook"].map(|key| format!("{key}={HOSTILE}"));
    let facts = facts.each_ref().map(String::as_str);
    let labels = [format!("function={HOSTILE}"), "module=m".to_owned()];
    vec![
        site("measured", "function", "f", &labels.each_ref().map(String::as_str), &[facts[0], "severity=P0"]),
        query("select", HOSTILE, &facts),
    ]
}

#[test]
fn rules_with_hostile_texts_load() {
    let options = Options { job: Some(HOSTILE.to_owned()), ..Options::default() };
    let monitoring = Monitoring::new(&catalog(&hostile()), &options);
    let folder = folder(&monitoring);
    promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml", "recording-rules.yml"]);
    for it in monitoring.queries() {
        promql_parser::parser::parse(&it.instant("1m")).unwrap_or_else(|error| panic!("{error}: {}", it.instant("1m")));
    }
}

/// Characters that YAML, PromQL or Unicode treat specially. A catalog with one of them is either refused or loads.
#[test]
fn rules_with_any_character_load() {
    let (mut sites, mut refused) = (Vec::new(), String::new());
    let special = "\u{7f}\u{80}\u{85}\u{a0}\u{ad}\u{61c}\u{200b}\u{2028}\u{d7ff}\u{e000}\u{fdd0}\u{fdef}\u{feff}\u{fff9}\u{fffd}\
                   \u{fffe}\u{ffff}\u{1fffe}\u{1ffff}\u{e0001}\u{10fffd}\u{10ffff}";
    for it in special.chars() {
        let text = format!("a{it}b");
        let facts = ["owner", "summary", "runbook", "steps"].map(|key| format!("{key}={text}"));
        let mut site = query("select", &text, &facts.each_ref().map(String::as_str));
        (site.krate, site.version, site.file) = (text.clone(), text.clone(), text);
        let raw = Catalog { sites: vec![site.clone()], ..catalog(&[query("select", "t", &[])]) };
        match Catalog::from_json(raw.to_json().as_bytes()) {
            Ok(_) => sites.push(site),
            Err(_) => refused.push(it),
        }
    }
    assert_eq!(refused, "\u{7f}\u{80}\u{85}\u{2028}\u{fdd0}\u{fdef}\u{fffe}\u{ffff}\u{1fffe}\u{1ffff}\u{10ffff}");
    // The name of a job can come from somewhere else than a catalog.
    let options = Options { job: Some(special.to_owned()), ..Options::default() };
    let monitoring = Monitoring::new(&catalog(&sites), &options);
    let folder = folder(&monitoring);
    let rules = ["alerts.yml", "recording-rules.yml", "stack-alerts.yml"];
    promtool(folder.path(), &[&["check", "rules"] as &[&str], &rules].concat());
    promtool(folder.path(), &["check", "config", "--syntax-only", "prometheus.yml"]);
    amtool(folder.path(), &["check-config", "alertmanager.yml"]);
    for file in ["kubernetes.yml", "alerts.test.yml", "docker-compose.yml"] {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(!text.contains(['\u{fffe}', '\u{ffff}', '\u{85}', '\u{2028}']), "{file}");
        serde_saphyr::from_multiple::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    serde_json::from_str::<serde_json::Value>(&file(&monitoring, "grafana-dashboard.json")).unwrap();
}

/// Markdown renderers make no HTML element and no unsafe link from a function's instructions.
#[test]
fn steps_run_nothing() {
    let steps = "steps=<script>alert(1)</script>\n[x](javascript:1) `<i>`\n```\n<b>\n";
    let text = file(&monitoring(&[measured("f", &[steps])]), "RUNBOOK.md");
    for expected in ["> &lt;script>alert(1)&lt;/script>\n", "> [x]&#40;javascript:1) `<i>`\n", "> ```\n> <b>\n> ```\n"]
    {
        assert!(text.contains(expected), "no {expected} in {text}");
    }
}

/// Prometheus expands the templates to the original text.
#[test]
fn templates_in_texts_stay_texts() {
    let monitoring = monitoring(&hostile());
    let folder = folder(&monitoring);
    let quoted = |it: &str| serde_json::to_string(it).unwrap();
    let test = format!(
        r#"
rule_files: [recording-rules.yml, alerts.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {{ series: 'db_query_duration_seconds_count{{job="shop",instance="a",query_type="q",table="t"}}', values: "0+60x30" }}
      - {{ series: 'db_query_errors_total{{job="shop",instance="a",query_type="q",table="t",outcome="error"}}', values: "0+60x30" }}
      - {{ series: 'up{{job="shop",instance="a"}}', values: "1x30" }}
    promql_expr_test:
      - expr: count by (team) (ALERTS{{alertname="DatabaseQueryErrors"}})
        eval_time: 20m
        exp_samples: [{{ labels: {}, value: 1 }}]
"#,
        quoted(&format!("{{team={}}}", quoted(HOSTILE)))
    );
    std::fs::write(folder.path().join("test.yml"), test).unwrap();
    promtool(folder.path(), &["test", "rules", "test.yml"]);
}

/// The value of a label can neither notify a channel in Slack nor create a link.
#[test]
fn slack_is_told_text() {
    let folder = folder(&monitoring(&hostile()));
    let evil = "<!channel> & <https://e.vil|here> {{ .Alerts }}";
    let data = serde_json::json!({
        "receiver": "P1",
        "status": "firing",
        "externalURL": "http://a",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {"summary": evil, "impact": evil},
        "alerts": [{"status": "firing", "labels": {}, "annotations": {"description": evil}}],
    });
    std::fs::write(folder.path().join("data.json"), data.to_string()).unwrap();
    std::fs::write(folder.path().join("none.tmpl"), "").unwrap();
    let config: serde_json::Value =
        serde_saphyr::from_str(&std::fs::read_to_string(folder.path().join("alertmanager.yml")).unwrap()).unwrap();
    let configs = config["receivers"].as_array().unwrap().iter().filter_map(|it| it["slack_configs"][0].as_object());
    let mut seen = 0;
    for slack in configs {
        let template = format!("--template.text={}", slack["text"].as_str().unwrap());
        let arguments =
            ["template", "render", "--template.glob=none.tmpl", "--template.data=data.json", template.as_str()];
        let text = amtool(folder.path(), &arguments);
        let escaped = "&lt;!channel&gt; &amp; &lt;https://e.vil|here&gt; {{ .Alerts }}";
        assert_eq!(text.trim_end(), format!("{escaped} {escaped}\n• {escaped}"));
        assert_eq!(slack["mrkdwn_in"], serde_json::json!(["pretext"]), "asterisks do not format");
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn the_dashboard_has_no_variable_from_outside() {
    let monitoring = monitoring(&hostile());
    let json = file(&monitoring, "grafana-dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&json).unwrap();
    for panel in crate::dashboard::flat(&dashboard).into_iter().filter(|it| it["type"] == "text") {
        let content = panel["options"]["content"].as_str().unwrap();
        assert!(!content.contains(['$', '<', '`', '[', '*']), "{content}");
        let columns: Vec<usize> = content.lines().map(|it| it.matches('|').count()).collect();
        assert!(columns.iter().all(|it| *it == 7), "{columns:?}");
    }
}

#[test]
fn a_family_with_names_of_another_one_is_left_out_alone() {
    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        let json = catalog(&[measured("a", &[]), query("select", "t", &[])]).to_json().replace(from, to);
        let catalog = Catalog::from_json(json.as_bytes()).unwrap();
        let monitoring = Monitoring::new(&catalog, &Options::default());
        let problems: Vec<String> = monitoring.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [expected]);
        // The rest is the same as without the family.
        let rest = catalog.families.iter().find(|it| !expected.contains(&format!("the family `{}`", it.name))).unwrap();
        let panels =
            |it: &Monitoring| it.rows.iter().flat_map(|it| &it.panels).map(|it| it.key.clone()).collect::<Vec<_>>();
        let family = catalog.families.iter().find(|it| it.name != rest.name).unwrap().name.clone();
        let without = |it: &mut Catalog| it.sites.retain(|it| it.family != family);
        let mut valid = catalog.clone();
        without(&mut valid);
        valid.families.retain(|it| it.name != family);
        assert_eq!(panels(&monitoring), panels(&Monitoring::new(&valid, &Options::default())));
    }
    check(
        "\"function_errors_total\"",
        "\"db_query_errors_total\"",
        "src/work.rs:11: the family `function` has no panels and no alerts: `database` already has the metric `db_query_errors_total`; rename it where the family is declared",
    );
    check(
        "FunctionErrorRatioHigh",
        "DatabaseQueryErrors",
        "src/work.rs:11: the family `function` has no panels and no alerts: `database` already has the alert `DatabaseQueryErrors`; rename it where the family is declared",
    );
    check(
        "FunctionErrorRatioHigh",
        "ServiceDown",
        "src/work.rs:11: the family `function` has no panels and no alerts: `every program` already has the alert `ServiceDown`; rename it where the family is declared",
    );
    check(
        "\"query_type\"",
        "\"instance\"",
        "src/work.rs:18: the family `database` has no panels and no alerts: Prometheus sets the label `instance` itself; rename it where the family is declared",
    );
}
