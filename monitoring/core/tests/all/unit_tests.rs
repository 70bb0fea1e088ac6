//! Alerts over time in Prometheus' own engine: pending, firing, resolved, and near misses.

use crate::support::{everything, folder, monitoring, promtool};

/// Runs `promtool test rules` with these series, one sample a minute, and expectations about `ALERTS`.
///
/// A series is `name{labels} values`. An expectation is `minute name state labels`, or `minute name -` if the alert is
/// silent.
#[track_caller]
fn check(series: &[&str], expectations: &[&str]) {
    let folder = folder(&monitoring(&everything()));
    let names: Vec<String> = ["recording-rules.yml", "alerts.yml"]
        .iter()
        .map(|it| std::fs::read_to_string(folder.path().join(it)).expect("a generated file"))
        .flat_map(|it| it.lines().filter_map(|it| it.strip_prefix("- name: ")).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut test = format!(
        "rule_files: [recording-rules.yml, alerts.yml]\nevaluation_interval: 30s\ngroup_eval_order: [{}]\n",
        names.join(", ")
    );
    test.push_str("tests:\n  - interval: 1m\n    input_series:\n");
    for it in series {
        let (series, values) = it.rsplit_once("} ").expect("`name{labels} values`");
        let line = format!("      - {{ series: '{series}}}', values: '{values}' }}\n");
        test.push_str(&line);
    }
    test.push_str("    promql_expr_test:\n");
    for it in expectations {
        let words: Vec<&str> = it.split(' ').collect();
        let [minute, name, state, ref labels @ ..] = words[..] else { panic!("{it}") };
        let samples = match state {
            "-" => String::new(),
            state => {
                let labels = labels.join(" ");
                format!(
                    r#"{{ labels: 'ALERTS{{alertname="{name}",alertstate="{state}",job="shop",service="shop",{labels}}}', value: 1 }}"#
                )
            }
        };
        let expr = format!(r#"ALERTS{{alertname="{name}"}}"#);
        let line = format!("      - {{ expr: '{expr}', eval_time: {minute}m, exp_samples: [{samples}] }}\n");
        test.push_str(&line);
    }
    std::fs::write(folder.path().join("test.yml"), test).expect("a file in it");
    promtool(folder.path(), &["test", "rules", "test.yml"]);
}

const UP: &str = r#"up{job="shop",instance="a"} 1x90"#;

#[test]
fn database_query_errors() {
    let calls =
        r#"db_query_duration_seconds_count{job="shop",instance="a",query_type="select",table="patterns"} 0+60x90"#;
    let labels = r#"query_type="select",severity="P1",table="patterns",team="storage""#;
    // 10 % fail from minute 10 to 30.
    let errors = r#"db_query_errors_total{job="shop",instance="a",query_type="select",table="patterns",outcome="error"} 0x10 6+6x19 120x60"#;
    check(
        &[UP, calls, errors],
        &[
            "5 DatabaseQueryErrors -",
            &format!("14 DatabaseQueryErrors firing {labels}"),
            &format!("20 DatabaseQueryErrors firing {labels}"),
            &format!("30 DatabaseQueryErrors firing {labels}"),
            "45 DatabaseQueryErrors -",
        ],
    );
    // 4 % fail all the time, which is a near miss.
    let few = r#"db_query_errors_total{job="shop",instance="a",query_type="select",table="patterns",outcome="error"} 0+2.4x90"#;
    check(&[UP, calls, few], &["5 DatabaseQueryErrors -", "30 DatabaseQueryErrors -", "80 DatabaseQueryErrors -"]);
}

#[test]
fn database_slow_queries() {
    let bucket = |le: &str, values: &str| {
        format!(
            r#"db_query_duration_seconds_bucket{{job="shop",instance="a",query_type="select",table="patterns",le="{le}"}} {values}"#
        )
    };
    let all = bucket("+Inf", "0+100x90");
    let count =
        r#"db_query_duration_seconds_count{job="shop",instance="a",query_type="select",table="patterns"} 0+100x90"#;
    let labels = r#"query_type="select",severity="P1",table="patterns",team="storage""#;
    // 10 % take longer than 10 ms.
    let slow = [UP, &bucket("0.01", "0+90x90"), &bucket("0.025", "0+100x90"), &all, count];
    let firing = format!("30 DatabaseSlowQueries firing {labels}");
    check(&slow, &[&format!("8 DatabaseSlowQueries pending {labels}"), &firing]);
    // 4 % take longer, so P95 is below the limit.
    let quick = [UP, &bucket("0.01", "0+96x90"), &bucket("0.025", "0+100x90"), &all, count];
    check(&quick, &["8 DatabaseSlowQueries -", "30 DatabaseSlowQueries -"]);
}

#[test]
fn truth_score_critically_low() {
    let bucket = |le: &str, values: &str| {
        format!(r#"truth_score_bucket{{job="shop",instance="a",agent_id="coder",le="{le}"}} {values}"#)
    };
    let labels = r#"agent_id="coder",severity="P0",team="unowned""#;
    let good = |le| bucket(le, "0+100x90");
    // 10 % of the scores are at most 0.6 from minute 10 to 30.
    let low = [
        UP,
        &bucket("0.5", "0x90"),
        &bucket("0.6", "0x10 10+10x19 200x60"),
        &bucket("0.7", "0x10 10+10x19 200x60"),
        &good("0.99"),
        &good("+Inf"),
    ];
    check(
        &low,
        &[
            "8 TruthScoreCriticallyLow -",
            &format!("14 TruthScoreCriticallyLow firing {labels}"),
            &format!("25 TruthScoreCriticallyLow firing {labels}"),
            "45 TruthScoreCriticallyLow -",
        ],
    );
    // 4 % of the scores are at most 0.6, so P05 is above the limit.
    let near = [UP, &bucket("0.6", "0+4x90"), &bucket("0.7", "0+4x90"), &good("0.99"), &good("+Inf")];
    check(&near, &["8 TruthScoreCriticallyLow -", "30 TruthScoreCriticallyLow -"]);
}

#[test]
fn verification_failure_rate_and_rollbacks() {
    let series = |name: &str, values: &str| format!(r#"{name}{{job="shop",instance="a",agent_id="coder"}} {values}"#);
    let labels = r#"agent_id="coder",severity="P2",team="unowned""#;
    let good = series("verification_success_total", "0+90x90");
    check(
        &[UP, &good, &series("verification_failures_total", "0+10x30 300x60")],
        &[
            &format!("10 VerificationFailureRate pending {labels}"),
            &format!("25 VerificationFailureRate firing {labels}"),
            "50 VerificationFailureRate -",
        ],
    );
    check(&[UP, &good, &series("verification_failures_total", "0+4x90")], &["40 VerificationFailureRate -"]);
    let storm = r#"agent_id="coder",severity="P1",team="unowned""#;
    check(
        &[UP, &series("auto_rollback_total", "0x10 2+2x10 22x60")],
        &["8 AutoRollbackStorm -", &format!("18 AutoRollbackStorm firing {storm}"), "40 AutoRollbackStorm -"],
    );
    check(&[UP, &series("auto_rollback_total", "0+0.9x90")], &["30 AutoRollbackStorm -"]);
}

#[test]
fn service_down() {
    let labels = r#"instance="a",severity="P0",team="unowned""#;
    let other = r#"up{job="shop",instance="b"} 1x50"#;
    check(
        &[r#"up{job="shop",instance="a"} 1x9 0x9 1x30"#, other],
        &[
            "5 ServiceDown -",
            &format!("10 ServiceDown pending {labels}"),
            &format!("15 ServiceDown firing {labels}"),
            "25 ServiceDown -",
        ],
    );
    // One failed scrape is a near miss.
    check(
        &[r#"up{job="shop",instance="a"} 1x9 0x0 1x30"#, other],
        &[
            "10 ServiceDown pending instance=\"a\",severity=\"P0\",team=\"unowned\"",
            "11 ServiceDown -",
            "20 ServiceDown -",
        ],
    );
    // A target that is missing is down as well.
    check(&[r#"up{job="other",instance="a"} 1x30"#], &[r#"5 ServiceDown firing severity="P0",team="unowned""#]);
}

#[test]
fn nothing_fires_without_traffic() {
    let series = |name: &str, labels: &str| format!(r#"{name}{{job="shop",instance="a",{labels}}} 0x60"#);
    let database = r#"query_type="select",table="patterns""#;
    let quiet = [
        UP.to_owned(),
        series("db_query_duration_seconds_count", database),
        series("db_query_duration_seconds_bucket", &format!("{database},le=\"0.01\"")),
        series("db_query_duration_seconds_bucket", &format!("{database},le=\"+Inf\"")),
        series("db_query_errors_total", &format!("{database},outcome=\"error\"")),
        series("db_query_errors_total", &format!("{database},outcome=\"panic\"")),
        series("truth_score_bucket", r#"agent_id="coder",le="0.7""#),
        series("truth_score_bucket", r#"agent_id="coder",le="+Inf""#),
        series("verification_success_total", r#"agent_id="coder""#),
        series("verification_failures_total", r#"agent_id="coder""#),
        series("auto_rollback_total", r#"agent_id="coder""#),
    ];
    let names =
        ["ServiceDown", "FunctionPanics", "DatabaseQueryErrors", "DatabaseSlowQueries", "TruthScoreCriticallyLow"];
    let more = ["TruthScoreBelowTarget", "VerificationFailureRate", "AutoRollbackStorm", "FunctionErrorRatioHigh"];
    let expectations: Vec<String> = names.iter().chain(&more).map(|it| format!("50 {it} -")).collect();
    check(&quiet.each_ref().map(String::as_str), &expectations.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn service_alerts() {
    let panics =
        r#"function_errors_total{job="shop",instance="a",function="checkout",module="m",outcome="panic"} 0x10 1x60"#;
    check(
        &[UP, panics],
        &[
            "9 FunctionPanics -",
            r#"13 FunctionPanics firing function="checkout",module="m",severity="P2",team="unowned""#,
            "30 FunctionPanics -",
        ],
    );
    let errors =
        r#"function_errors_total{job="shop",instance="a",function="checkout",module="m",outcome="error"} 0+1x60"#;
    check(&[UP, errors], &["13 FunctionPanics -"]);
    let labels = r#"instance="a",severity="P3",team="unowned""#;
    let most = r#"process_max_fds{job="shop",instance="a"} 1000x60"#;
    check(
        &[
            UP,
            most,
            r#"process_open_fds{job="shop",instance="a"} 900x60"#,
            r#"scrape_duration_seconds{job="shop",instance="a"} 2x60"#,
        ],
        &[
            &format!("10 FileDescriptorsRunningOut pending {labels}"),
            &format!("30 FileDescriptorsRunningOut firing {labels}"),
            &format!("30 ScrapeSlow firing {labels}"),
        ],
    );
    check(
        &[
            UP,
            most,
            r#"process_open_fds{job="shop",instance="a"} 790x60"#,
            r#"scrape_duration_seconds{job="shop",instance="a"} 0.9x60"#,
        ],
        &["30 FileDescriptorsRunningOut -", "30 ScrapeSlow -"],
    );
}

/// The texts as people receive them.
#[test]
fn texts_have_numbers_in_their_units() {
    let folder = folder(&monitoring(&everything()));
    let database = r#"job="shop",instance="a",query_type="select",table="patterns""#;
    let agent = r#"job="shop",instance="a",agent_id="coder""#;
    let panics = r#"job="shop",instance="a",function="checkout",module="m",outcome="panic""#;
    let series = [
        format!("db_query_duration_seconds_count{{{database}}} 0+60x60"),
        format!(r#"db_query_errors_total{{{database},outcome="error"}} 0+6x60"#),
        format!(r#"db_query_duration_seconds_bucket{{{database},le="0.01"}} 0x60"#),
        format!(r#"db_query_duration_seconds_bucket{{{database},le="0.025"}} 0+60x60"#),
        format!(r#"db_query_duration_seconds_bucket{{{database},le="+Inf"}} 0+60x60"#),
        format!(r#"truth_score_bucket{{{agent},le="0.5"}} 0x60"#),
        format!(r#"truth_score_bucket{{{agent},le="0.6"}} 0+60x60"#),
        format!(r#"truth_score_bucket{{{agent},le="0.7"}} 0+60x60"#),
        format!(r#"truth_score_bucket{{{agent},le="+Inf"}} 0+60x60"#),
        format!("function_errors_total{{{panics}}} 0+2x60"),
    ];
    let expected = [
        (
            "DatabaseQueryErrors",
            "query_type=select, table=patterns: 10% of the calls failed, panicked or were cancelled",
        ),
        (
            "DatabaseSlowQueries",
            "query_type=select, table=patterns: 5% of the calls take longer than 24.25ms; the limit",
        ),
        ("TruthScoreCriticallyLow", "agent_id=coder: 5% of the scores are below 0.51; the limit is 0.7."),
        ("FunctionPanics", "10 panics within five minutes: function=checkout job=shop module=m"),
        ("ServiceDown", "Prometheus cannot scrape shop (no instance answers)."),
    ];
    let mut test = String::from("rule_files: [recording-rules.yml, alerts.yml]\nevaluation_interval: 1m\n");
    test.push_str("tests:\n  - interval: 1m\n    input_series:\n");
    test.extend(series.iter().map(|it| {
        let (series, values) = it.rsplit_once(' ').unwrap();
        format!("      - {{ series: '{series}', values: '{values}' }}\n")
    }));
    test.push_str("    alert_rule_test:\n");
    test.extend(expected.map(|(name, _)| format!("      - {{ alertname: {name}, eval_time: 50m, exp_alerts: [] }}\n")));
    std::fs::write(folder.path().join("test.yml"), test).unwrap();
    // `promtool` compares whole annotations. With an empty expectation it prints the rendered text.
    let output =
        std::process::Command::new("promtool").args(["test", "rules", "test.yml"]).current_dir(folder.path()).output();
    let output = String::from_utf8(output.unwrap().stderr).unwrap();
    for (name, text) in expected {
        assert!(output.contains(text), "{name}: `{text}` is not in {output}");
    }
}
