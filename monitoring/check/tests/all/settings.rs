//! Tests of `monitoring.toml`: its effects, and errors for mistakes.

use crate::support::{catalog, everything, promtool, promtool_tests};
use measurand_catalog::Severity;
use measurand_check::Settings;
use measurand_monitoring::Monitoring;

fn monitoring(text: &str) -> Result<Monitoring, String> {
    Settings::parse("monitoring.toml", text)?.monitoring(&catalog(&everything()))
}

#[track_caller]
fn check_fails(text: &str, expected: &str) {
    let error = monitoring(text).expect_err("a mistake");
    assert!(error.contains(expected) && error.lines().count() == 1, "`{expected}` is not in: {error}");
}

#[test]
fn an_empty_file_changes_nothing() {
    assert_eq!(monitoring("").unwrap(), crate::support::monitoring(&everything()));
}

#[test]
fn every_minimum_sample_changes() {
    let alerts = |text: &str| {
        let files = monitoring(text).unwrap().files();
        files.into_iter().find(|it| it.name == "alerts.yml").unwrap().contents
    };
    let count = |minimum: f64, text: &str| text.matches(&format!(" > {}", (minimum - 0.5) / 300.0)).count();
    let (five, three) = (alerts(""), alerts("minimum_sample = 3"));
    assert!(count(5.0, &five) > 5 && count(5.0, &three) == 0, "{three}");
    assert_eq!(count(5.0, &five), count(3.0, &three));
    check_fails(
        "minimum_sample = 0",
        "monitoring.toml:1: `minimum_sample` is out of range; help: write a number above zero",
    );
}

#[test]
fn package_and_arguments_are_in_the_compose_files() {
    let monitoring = monitoring("package = \"shop\"\narguments = \"--folder /var/lib/program\"").unwrap();
    let files = monitoring.compose_files();
    let example = &files.iter().find(|it| it.name == ".env.example").unwrap().contents;
    assert!(example.contains("APP_PACKAGE=shop\n") && example.contains("APP_ARGUMENTS=--folder /var/lib/program\n"));
    check_fails("arguments = \"a\\nb\"", "is not a name; help: write one line of text");
}

#[test]
fn settings_apply_to_all_files() {
    let text = r#"
        job = "store"
        team = "payments"
        grafana_url = "https://grafana.example.org/"
        [alerts.DatabaseSlowQueries]
        threshold = 0.025
        for = "5m"
        severity = "P2"
    "#;
    let monitoring = monitoring(text).unwrap();
    assert_eq!(monitoring.job, "store");
    let alert = |name: &str| {
        let mut all = monitoring.alerts.iter().flat_map(|it| &it.rules);
        all.find(|it| it.name == name).expect("an alert").clone()
    };
    let slow = alert("DatabaseSlowQueries");
    assert_eq!((slow.for_seconds, slow.severity.map(Severity::as_str)), (300, Some("P2")));
    let files = monitoring.files();
    let file = |name: &str| &files.iter().find(|it| it.name == name).expect("a file").contents;
    assert!(file("alerts.yml").contains("> 0.025 and ") && file("alerts.yml").contains("the limit is 25ms"));
    assert!(file("grafana-dashboard.json").contains("\"value\": 0.025"));
    assert_eq!((slow.team.as_str(), alert("NeuralOperationErrors").team.as_str()), ("storage", "payments"));
    assert!(slow.dashboard_url.starts_with("https://grafana.example.org/d/measurand-store?"));
}

#[test]
fn left_out_alerts_and_families_are_in_no_file() {
    let monitoring = monitoring("leave_out = { alerts = [\"DatabaseSlowQueries\"], families = [\"neural\"] }").unwrap();
    let text: String = monitoring.files().into_iter().map(|it| it.contents).collect();
    for gone in ["DatabaseSlowQueries", "neural_operations_total", "job_query_type_table_le"] {
        assert!(!text.contains(gone), "{gone}");
    }
    assert!(text.contains("DatabaseQueryErrors"));
}

#[test]
fn a_left_out_panel_leaves_no_gap_and_no_dead_link() {
    let text = "leave_out = { panels = [\"overview/status\"] }";
    let settings = Settings::parse("monitoring.toml", text).unwrap();
    let catalog = catalog(&everything());
    let monitoring = settings.monitoring(&catalog).unwrap();
    let all = crate::support::monitoring(&everything());
    assert_eq!(monitoring.panel_count() + 1, all.panel_count());
    let first = &monitoring.rows[0].panels[0];
    assert_eq!((first.key.as_str(), first.place.x, first.place.y), ("overview/alerts", 0, 1));
    let id = |it: &Monitoring| it.rows[0].panels.iter().find(|it| it.key == "overview/uptime").unwrap().id;
    assert_eq!(id(&monitoring), id(&all), "links to other panels stay valid");
    let down = monitoring.alerts.iter().flat_map(|it| &it.rules).find(|it| it.name == "ServiceDown").unwrap();
    assert_eq!(down.dashboard_url, "http://localhost:3001/d/measurand-shop?var-job=shop");
    let folder = crate::support::folder(&monitoring);
    assert_eq!(measurand_check::check(&catalog, &settings, folder.path()).unwrap(), []);
    check_fails(
        "[leave_out]\npanels = [\"overview/statsu\"]",
        "monitoring.toml:2: there is no panel `overview/statsu`; help: did you mean `overview/status`?",
    );
}

#[test]
fn channels_and_hours_are_checked() {
    let slack = monitoring("[slack]\nlow = \"#a_b-1\"\n[slack.teams]\n\"Data Platform\" = \"#data\"\n")
        .unwrap()
        .receivers
        .slack;
    assert_eq!((slack.low.as_str(), slack.general.as_str(), slack.bot), ("#a_b-1", "#alerts", false));
    assert_eq!(slack.teams.get("Data Platform").map(String::as_str), Some("#data"));
    for channel in ["alerts", "#", "#Alerts", "#a b", "#a/b", "#日"] {
        let expected = format!("monitoring.toml:2: `{channel}` is not a channel; help: write `#` and");
        check_fails(&format!("[slack]\ngeneral = \"{channel}\""), &expected);
    }
    check_fails("[slack]\nteams = { 'a\"' = \"#a\" }", "cannot be matched by a route; help: use a name without quotes");
    check_fails("[slack]\nbots = true", "monitoring.toml:2: unknown field `bots`");

    let hours = monitoring("[working_hours]\nend = \"24:00\"").unwrap().receivers.working_hours.unwrap();
    assert_eq!((hours.start.as_str(), hours.end.as_str(), hours.days.len()), ("08:00", "24:00", 5));
    for time in ["8:00", "25:00", "24:01", "12:60", "+1:00", "12", ""] {
        check_fails(&format!("[working_hours]\nstart = \"{time}\""), "is not a time of day; help: write hours");
    }
    check_fails("[working_hours]\nstart = \"19:00\"", "monitoring.toml:2: `19:00` leaves no working hours");
    check_fails("[working_hours]\ntime_zone = \"Middle Earth\"", "is not a time zone; help: write a name of the IANA");
    check_fails("[working_hours]\ndays = [\"Monday\"]", "`Monday` is not a day; help: write monday, tuesday");
}

#[test]
fn links_are_absolute() {
    for url in ["RUNBOOK.md", "https://", "ftp://a", "https://a b"] {
        check_fails(&format!("runbook_url = \"{url}\""), "is not an absolute address; help: write `https://host/path`");
    }
    let all = monitoring("runbook_url = \"https://wiki/run\"").unwrap().alerts;
    let down = all.iter().flat_map(|it| &it.rules).find(|it| it.name == "ServiceDown").unwrap();
    assert_eq!(down.runbook_url, "https://wiki/run#servicedown");
}

#[test]
fn receivers_can_be_set() {
    let text = "[receivers]\nleads = \"boss@example.org\"\n";
    let files = monitoring(text).unwrap().stack_files();
    let routes = files.iter().find(|it| it.name == "alertmanager.yml").unwrap();
    assert!(routes.contents.contains("boss@example.org"));
    check_fails(
        "[receivers]\nleeds = \"a\"",
        "monitoring.toml:2: `leeds` is not a field of `[receivers]`; help: did you mean `leads`?",
    );
}

#[test]
fn remote_stores_and_external_labels_can_be_set() {
    let text =
        "[external_labels]\ncluster = \"berlin\"\n[remote_write]\nurl = \"https://a/push\"\nusername = \"ann\"\n";
    let files = monitoring(text).unwrap().stack_files();
    let config = files.iter().find(|it| it.name == "prometheus.yml").unwrap();
    for it in ["cluster: berlin", "url: https://a/push", "username: ann", "/run/secrets/remote_write_secret"] {
        assert!(config.contents.contains(it), "{it}");
    }
    check_fails("[external_labels]\na-b = \"c\"", "monitoring.toml:2: `a-b` is not a label's name");
    check_fails("[external_labels]\nreplica = \"c\"", "monitoring.toml:2: `replica` is set by an overlay");
    for url in ["metrics.example.org", "ftp://a/push", "https://ann:secret@a/push", "https://"] {
        check_fails(
            &format!("[remote_write]\nurl = \"{url}\""),
            "monitoring.toml:2: `url` is not an address for remote write",
        );
    }
}

/// The alert, the recording rules, the panel and the unit tests all use the windows of the file.
#[test]
fn windows_of_objectives_can_be_set() {
    let text = r#"
        [objectives.ErrorBudgetFastBurn]
        for = "3m"
        severity = "P1"
        windows = [{ times = 10, long = "2h", short = "10m" }]
        [alerts.ScrapeSlow]
        for = "20m"
        severity = "P2"
    "#;
    let settings = Settings::parse("monitoring.toml", text).unwrap();
    let mut sites = crate::support::system();
    sites.retain(|it| ["database", "neural"].contains(&it.family.as_str()));
    let catalog = catalog(&sites);
    let monitoring = settings.monitoring(&catalog).unwrap();
    let files = crate::support::all_files(&monitoring);
    let file = |name: &str| &files.iter().find(|it| it.name == name).expect("a file").contents;
    let fast = monitoring.alerts.iter().flat_map(|it| &it.rules).find(|it| it.name == "ErrorBudgetFastBurn").unwrap();
    assert_eq!((fast.for_seconds, fast.severity.map(Severity::as_str)), (180, Some("P1")));
    assert_eq!(fast.impact.as_str(), "At this rate the 30-day error budget is used up within 3 days.");
    let rules = file("alerts.yml");
    assert!(rules.contains("objective_burn:rate2h{job=\"shop\"} > 10 and"));
    assert!(rules.contains("objective_burn:rate10m{") && !rules.contains("objective_burn:rate1h"), "{rules}");
    assert!(file("recording-rules.yml").contains("record: job_objective_sli:objective_burn:rate10m"));
    let dashboard: serde_json::Value = serde_json::from_str(file("grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let burn = panels.iter().find(|it| it["title"] == "Error budget burn rate").unwrap();
    let steps = burn["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|it| it["value"].as_f64().is_some_and(|it| (it - 10.0).abs() < 1e-9)), "{steps:?}");
    let slow = monitoring.alerts.iter().flat_map(|it| &it.rules).find(|it| it.name == "ScrapeSlow").unwrap();
    assert_eq!((slow.for_seconds, slow.severity.map(Severity::as_str)), (1200, Some("P2")));
    let folder = crate::support::folder(&monitoring);
    promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml", "recording-rules.yml"]);
    promtool_tests(folder.path(), &["alerts.test.yml", "alerts-slow.test.yml"]);
    assert_eq!(measurand_check::check(&catalog, &settings, folder.path()).unwrap(), []);
}

#[test]
fn mistakes_in_objectives_name_their_line_and_the_fix() {
    let windows = |it: &str| format!("[objectives.ErrorBudgetBurn]\nwindows = [{it}]");
    check_fails(
        "\n[objectives.ErrorBudgetBurnt]\nfor = \"1m\"",
        "monitoring.toml:2: `ErrorBudgetBurnt` is not a burn rate alert; help: did you mean `ErrorBudgetBurn`?",
    );
    check_fails(&windows(""), "monitoring.toml:2: `ErrorBudgetBurn` has no windows; help: write `windows = [{ times =");
    check_fails(&windows("{ times = 6, long = \"6h\" }"), "monitoring.toml:2: missing field `short`");
    check_fails(
        &windows("{ times = 0, long = \"6h\", short = \"30m\" }"),
        "monitoring.toml:2: `ErrorBudgetBurn`: `0` is not a valid burn rate; write a number above zero",
    );
    check_fails(&windows("{ times = 6, long = \"6\", short = \"30m\" }"), "monitoring.toml:2: `6` is not a duration");
    check_fails(
        &windows("{ times = 6, long = \"6h\", short = \"12h\" }"),
        "the short window of 12h is out of range; write one from 5m to 6h",
    );
    check_fails(
        &windows("{ times = 6, long = \"30m\", short = \"30m\" }"),
        "the long window of 30m does not fit the short one; write one above 30m and up to 30d",
    );
    check_fails(&windows("{ times = 6, long = \"90s\", short = \"30m\" }"), "windows have to be whole minutes");
    let pair = "{ times = 6, long = \"6h\", short = \"30m\" }";
    check_fails(&windows(&format!("{pair}, {pair}")), "has these windows twice; help: remove one");
    check_fails("[objectives.ErrorBudgetBurn]\nseverity = \"high\"", "write P0, P1, P2 or P3");
    check_fails(
        "[alerts.ScrapeSlow]\nthreshold = 2",
        "monitoring.toml:1: `ScrapeSlow` has a fixed threshold; help: leave the alert out",
    );
}

/// Follows the suggested fix literally.
#[test]
fn a_burn_rate_that_no_budget_can_reach_is_refused_with_a_fix_that_works() {
    let with = |times: f64| {
        let window = format!("{{ times = {times}, long = \"1h\", short = \"5m\" }}");
        let text = format!("# budgets\n[objectives.ErrorBudgetFastBurn]\nwindows = [{window}]");
        Settings::parse("monitoring.toml", &text).unwrap().monitoring(&catalog(&crate::support::system()))
    };
    let error = with(1000.0).expect_err("it can never fire");
    let expected = "monitoring.toml:3: `ErrorBudgetFastBurn` can never fire: 1000 times 0.1%, the smallest error \
                    budget of the program, is more than all calls; help: write `times` below 1000";
    assert_eq!(error, expected);
    let bound: f64 = error.rsplit(' ').next().unwrap().parse().unwrap();
    let monitoring = with(bound - 1.0).unwrap();
    assert!(monitoring.alerts.iter().flat_map(|it| &it.rules).any(|it| it.name == "ErrorBudgetFastBurn"));
}

/// No file uses the series of buckets, and all tools accept the files.
#[test]
fn histograms_can_be_native() {
    let settings = Settings::parse("monitoring.toml", "histograms = \"native\"").unwrap();
    let mut sites = crate::support::shipped_sites();
    sites.retain(|it| ["database", "pattern_retrieval", "verification"].contains(&it.family.as_str()));
    let catalog = catalog(&sites);
    let monitoring = settings.monitoring(&catalog).unwrap();
    let folder = crate::support::folder(&monitoring);
    let files = crate::support::all_files(&monitoring);
    for file in &files {
        assert!(!file.contents.contains("_bucket{"), "{}", file.name);
    }
    let dashboard = &files.iter().find(|it| it.name == "grafana-dashboard.json").unwrap().contents;
    let quantile = "histogram_quantile(0.95, sum by (job) (rate(pattern_retrieval_duration_seconds{";
    assert!(dashboard.contains(quantile), "{dashboard}");
    let rules = &files.iter().find(|it| it.name == "recording-rules.yml").unwrap().contents;
    assert!(rules.contains("(histogram_fraction(0, 0.01, sum by (job) (rate(db_query_duration_seconds{"), "{rules}");
    promtool(folder.path(), &["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml", "recording-rules.yml"]);
    promtool_tests(folder.path(), &["stack-alerts.test.yml"]);
    assert_eq!(measurand_check::check(&catalog, &settings, folder.path()).unwrap(), []);
    assert_eq!(measurand_check::lint(&[folder.path().to_owned()], &[]).unwrap(), []);
    check_fails(
        "histograms = \"natif\"",
        "monitoring.toml:1: `natif` is not a kind of histogram; help: write `classic` or",
    );
}

#[test]
fn mistakes_name_their_line_and_the_fix() {
    check_fails("job = \"a\"\nteem = \"b\"", "monitoring.toml:2: unknown field `teem`");
    check_fails("job = 1", "monitoring.toml:1: invalid type: integer");
    check_fails("job = \"a", "monitoring.toml:1: ");
    check_fails(
        "grafana = \"v3\"",
        "monitoring.toml:1: `v3` is not a model of dashboards; help: write `classic` or `v2`",
    );
    check_fails("\njob = \" \"", "monitoring.toml:2: ` ` is not a name");
    check_fails(
        "\n[alerts.DatabaseSlowQuery]\nthreshold = 1",
        "monitoring.toml:2: there is no alert `DatabaseSlowQuery`; help: did you mean `DatabaseSlowQueries`?",
    );
    check_fails(
        "[alerts.DatabaseSlowQueries]\nthreshold = 0.02",
        "does not fit its metric; help: write one of its buckets: 0.0001, ",
    );
    check_fails(
        "[alerts.DatabaseQueryErrors]\nthreshold = 5",
        "does not fit its metric; help: write a number between 0 and 1",
    );
    check_fails("[alerts.DatabaseQueryErrors]\nfor = \"5\"", "monitoring.toml:2: `5` is not a duration");
    check_fails("[alerts.DatabaseQueryErrors]\nseverity = \"high\"", "write P0, P1, P2 or P3");
    check_fails("[leave_out]\nalerts = [\"A\",\n\"ScrapeSlo\"]", "monitoring.toml:2: there is no alert `A`");
    check_fails(
        "[leave_out]\nfamilies = [\"neurall\"]",
        "monitoring.toml:2: no annotated function records the family `neurall`; help: did you mean `neural`?",
    );
}
