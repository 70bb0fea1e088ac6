//! Every query is valid PromQL and reads only existing metrics.

use crate::support::{everything, measured, monitoring, query, system};
use expect_test::{Expect, expect};
use measurand_catalog::{Kind, SiteRecord, families, platform};
use measurand_monitoring::User;
use measurand_monitoring::query::promql::{Place, duration, print};
use measurand_monitoring::query::{Aggregation, Combination, Match, Origin, Query, Selector, Window};
use promql_parser::parser;
use std::collections::BTreeSet;

/// Series that Prometheus itself creates, and those of Prometheus, Alertmanager and the node exporter.
const OF_PROMETHEUS: [&str; 14] = [
    "up",
    "ALERTS",
    "ALERTS_FOR_STATE",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_config_last_reload_successful",
    "prometheus_tsdb_head_samples_appended_total",
    "alertmanager_config_last_reload_successful",
    "alertmanager_notifications_total",
    "alertmanager_notifications_failed_total",
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_filesystem_readonly",
];

fn known_series() -> BTreeSet<String> {
    let of_families = families::ALL.iter().flat_map(|it| it.metrics).map(|it| (it.name, it.role.kind()));
    let of_platform = platform::ALL.iter().map(|it| (it.name, it.kind));
    let mut known: BTreeSet<String> = OF_PROMETHEUS.iter().map(|it| (*it).to_owned()).collect();
    for (name, kind) in of_families.chain(of_platform) {
        known.insert(name.to_owned());
        if kind == Kind::Histogram {
            known.insert(format!("{name}_count"));
            known.insert(format!("{name}_bucket"));
        }
    }
    known
}

#[test]
fn every_query_parses_as_promql() {
    let monitoring = monitoring(&system());
    let mut count = 0;
    for it in monitoring.queries().chain(monitoring.stack_queries()) {
        let text = it.instant("1m");
        assert!(!text.contains('$'), "{}: {text}", it.name);
        parser::parse(&text).unwrap_or_else(|error| panic!("{}: {error}: {text}", it.name));
        count += 1;
    }
    assert!(count > 90, "{count}");
}

#[test]
fn every_query_has_only_the_labels_that_it_declares() {
    // The labels in the printed query have to match `Query::labels`, on which legends rely.
    let monitoring = monitoring(&system());
    for it in monitoring.queries().chain(monitoring.stack_queries()) {
        let Some(labels) = it.query.labels() else { continue };
        let text = it.instant("1m");
        for label in labels.iter().filter(|it| **it != "job" && **it != "le") {
            assert!(text.contains(label), "{}: `{label}` is not in {text}", it.name);
        }
    }
}

#[test]
fn every_metric_exists() {
    let known = known_series();
    let monitoring = monitoring(&system());
    for it in monitoring.queries().chain(monitoring.stack_queries()) {
        for selector in it.query.selectors() {
            assert!(known.contains(&selector.metric), "{}: {}", it.name, selector.metric);
        }
    }
}

/// Metrics for questions by hand. Panels show what matters daily.
const NOT_SHOWN: [&str; 8] = [
    "measurand_sites",
    "process_virtual_memory_bytes",
    "tokio_alive_tasks",
    "tokio_global_queue_depth",
    measurand_catalog::CONTAINED,
    "measurand_http_requests_total",
    "measurand_http_refused_total",
    "measurand_scrape_duration_seconds",
];

#[test]
fn every_metric_is_shown() {
    let monitoring = monitoring(&system());
    let panels = monitoring.queries().filter(|it| it.user == User::Panel);
    let shown: BTreeSet<String> = panels
        .flat_map(|it| it.query.selectors())
        .map(|it| it.metric.trim_end_matches("_count").trim_end_matches("_bucket").to_owned())
        .collect();
    let of_families = families::ALL.iter().flat_map(|it| it.metrics).map(|it| it.name);
    for name in of_families.chain(platform::ALL.iter().map(|it| it.name)) {
        assert_ne!(shown.contains(name), NOT_SHOWN.contains(&name), "the panels and the list disagree about `{name}`");
    }
}

#[test]
fn rules_name_the_job_and_dashboards_the_variables() {
    let monitoring = monitoring(&system());
    for it in monitoring.queries().chain(monitoring.stack_queries()) {
        let text = it.text();
        let selectors = text.matches('{').count();
        if it.user == User::Panel {
            let of_stack = it.query.selectors().iter().filter(|it| matches!(it.origin, Origin::Jobs(_))).count();
            assert_eq!(text.matches(r#"job=~"$job""#).count(), selectors - of_stack, "{}: {text}", it.name);
            assert!(!text.contains("rate(") || text.contains("[$__rate_interval]"), "{}: {text}", it.name);
            continue;
        }
        let jobs =
            ["=\"shop", "=\"prometheus", "=\"alertmanager", "=\"node", "=\"federate", "=~\"prometheus|alertmanager"];
        let jobs = jobs.map(|it| format!("job{it}"));
        let named: usize = jobs.iter().map(|it| text.matches(it.as_str()).count()).sum();
        assert_eq!(named, selectors, "{}: {text}", it.name);
        let own = it.query.selectors().iter().all(|it| it.origin != Origin::Target) || text.contains(&jobs[0]);
        assert!(own, "{}: {text}", it.name);
    }
}

#[test]
fn each_recording_is_used_and_each_use_recorded() {
    type Names<'a> = BTreeSet<(&'a str, &'a [(String, String)])>;
    fn used<'a>(query: &'a Query, names: &mut Names<'a>) {
        if let Query::Recorded { record, labels, .. } = query {
            names.insert((record, labels));
        }
        query.children().into_iter().for_each(|it| used(it, names));
    }
    let monitoring = monitoring(&system());
    let mut names = BTreeSet::new();
    monitoring.alerts.iter().flat_map(|it| &it.rules).for_each(|it| used(&it.query, &mut names));
    monitoring.queries().filter(|it| it.user == User::Panel).for_each(|it| used(it.query, &mut names));
    let recorded: Vec<_> = monitoring.recordings.iter().flat_map(|it| &it.rules).collect();
    let recorded: Vec<_> = recorded.iter().map(|it| (it.record.as_str(), it.labels.as_slice())).collect();
    let unique: BTreeSet<_> = recorded.iter().copied().collect();
    assert_eq!(recorded.len(), unique.len(), "{recorded:?}");
    assert_eq!(unique, names);
}

#[test]
fn only_used_families_are_watched() {
    let monitoring = monitoring(&[query("select", "patterns", &[])]);
    let metrics: BTreeSet<String> =
        monitoring.queries().flat_map(|it| it.query.selectors()).map(|it| it.metric.clone()).collect();
    assert!(metrics.contains("db_query_duration_seconds"));
    assert!(!metrics.iter().any(|it| it.contains("neural") || it.contains("function_") || it.contains("truth")));
    let titles: Vec<&str> = monitoring.rows.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["System overview", "Database and caching", "System resources", "Monitoring"]);
}

#[test]
fn an_increase_in_the_time_shown_follows_the_dashboard() {
    let monitoring = monitoring(&everything());
    let shown = monitoring.queries().find(|it| it.name.ends_with("verification/rollbacks")).unwrap();
    assert!(shown.text().contains("[$__range]"), "{}", shown.text());
    assert!(shown.instant("3m").contains("[3m]"), "{}", shown.instant("3m"));
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` returns it by value")]
fn check(query: &Query, expected: Expect) {
    let text = print(query, Place::Rules { job: "a" });
    parser::parse(&text).expect("PromQL");
    expected.assert_eq(&text);
}

fn last(name: &str) -> Query {
    Query::Instant(Selector::new(name))
}

#[test]
fn parentheses_are_written_where_needed() {
    let or = || last("b").combine(Combination::Or, last("c"));
    check(&last("a").combine(Combination::Or, or()), expect![[r#"a{job="a"} or (b{job="a"} or c{job="a"})"#]]);
    check(&or().combine(Combination::Or, last("a")), expect![[r#"b{job="a"} or c{job="a"} or a{job="a"}"#]]);
    check(&or().combine(Combination::Unless, last("a")), expect![[r#"(b{job="a"} or c{job="a"}) unless a{job="a"}"#]]);
    check(
        &last("a").combine(Combination::Unless, last("b")).combine(Combination::And, or()),
        expect![[r#"a{job="a"} unless b{job="a"} and (b{job="a"} or c{job="a"})"#]],
    );
    check(&or().above(1.0), expect![[r#"(b{job="a"} or c{job="a"}) > 1"#]]);
    check(
        &Query::Plus(vec![last("a"), last("b").or_zero(last("c"))]).below(0.5),
        expect![[r#"a{job="a"} + (b{job="a"} or 0 * c{job="a"}) < 0.5"#]],
    );
    check(
        &last("a").share_of(Query::Plus(vec![last("b"), last("c")])).above(0.1),
        expect![[r#"(a{job="a"} or 0 * (b{job="a"} + c{job="a"})) / (b{job="a"} + c{job="a"} > 0) > 0.1"#]],
    );
    check(
        &Query::Age(Box::new(Query::Plus(vec![last("a"), last("b")]))),
        expect![[r#"time() - (a{job="a"} + b{job="a"})"#]],
    );
    check(
        &Query::Ratio { part: Box::new(or().above(1.0)), whole: Box::new(last("a").above(0.0)) },
        expect![[r#"((b{job="a"} or c{job="a"}) > 1) / ((a{job="a"} > 0) > 0)"#]],
    );
}

#[test]
fn label_values_are_quoted() {
    let hostile = Query::Instant(Selector::new("a").with("l", "\"} or vector(1) #\\\n\u{7}ü"));
    check(&hostile, expect![[r#"a{job="a",l="\"} or vector(1) #\\\n\u0007ü"}"#]]);
    let text = print(&last("a"), Place::Rules { job: "it\"s" });
    assert_eq!(text, r#"a{job="it\"s"}"#);
}

#[test]
fn the_bound_of_a_bucket_is_found_in_each_spelling() {
    let bucket = |bound| Query::Instant(Selector::new("a_bucket").up_to(bound));
    check(&bucket(0.01), expect![[r#"a_bucket{job="a",le="0.01"}"#]]);
    check(&bucket(5.0), expect![[r#"a_bucket{job="a",le=~"5|5\\.0"}"#]]);
    check(&bucket(0.000_01), expect![[r#"a_bucket{job="a",le=~"0\\.00001|1e-05"}"#]]);
    check(&bucket(0.000_025), expect![[r#"a_bucket{job="a",le=~"0\\.000025|2\\.5e-05"}"#]]);
}

#[test]
fn matchers_are_regular_expressions_only_if_needed() {
    let matching = |is| Query::Instant(Selector::new("a").matching("l", is));
    check(&matching(Match::OneOf(vec!["a.b".to_owned(), "c".to_owned()])), expect![[r#"a{job="a",l=~"a\\.b|c"}"#]]);
    check(&matching(Match::NoneOf(vec!["a|b".to_owned()])), expect![[r#"a{job="a",l!~"a\\|b"}"#]]);
    check(&matching(Match::StartsWith("5".to_owned())), expect![[r#"a{job="a",l=~"5.*"}"#]]);
    check(&Query::Instant(Selector::of_jobs(&["node"], "a")), expect![[r#"a{job="node"}"#]]);
}

#[test]
fn arithmetic_has_the_right_precedence() {
    let minus = || last("a").minus(last("b"));
    check(&minus().minus(minus()), expect![[r#"a{job="a"} - b{job="a"} - (a{job="a"} - b{job="a"})"#]]);
    check(&minus().per(2.0).rest(), expect![[r#"1 - (a{job="a"} - b{job="a"}) / 2"#]]);
    check(&minus().rest().per(2.0), expect![[r#"(1 - (a{job="a"} - b{job="a"})) / 2"#]]);
    check(&minus().averaged(3600), expect![[r#"avg_over_time((a{job="a"} - b{job="a"})[1h:1m])"#]]);
    let labels = vec![("objective".to_owned(), "o".to_owned())];
    check(
        &last("a").recorded_as("job:a:rate5m".to_owned(), labels).averaged(86_400).share_of(last("b")),
        expect![[r#"(avg_over_time(job:a:rate5m{job="a",objective="o"}[1d]) or 0 * b{job="a"}) / (b{job="a"} > 0)"#]],
    );
    check(&Query::Offset(Selector::new("a"), 3600).above(1.0), expect![[r#"a{job="a"} offset 1h > 1"#]]);
    check(&Query::Changes(Selector::new("a"), Window::Recent), expect![[r#"changes(a{job="a"}[5m])"#]]);
}

#[test]
fn the_job_is_named_once() {
    let by = ["job".to_owned(), "instance".to_owned()];
    check(&last("a").aggregate(Aggregation::Maximum, &by), expect![[r#"max by (job, instance) (a{job="a"})"#]]);
}

#[test]
fn durations_are_written_in_their_largest_unit() {
    let written = [0, 1, 59, 60, 90, 300, 3600, 5400, 86_400].map(duration);
    assert_eq!(written, ["0s", "1s", "59s", "1m", "90s", "5m", "1h", "90m", "1d"]);
    let own = Query::Increase(Selector::new("a_total"), Window::Seconds(90));
    check(&own, expect![[r#"increase(a_total{job="a"}[90s])"#]]);
}

#[test]
fn the_job_is_the_program() {
    use measurand_monitoring::{Monitoring, Options};
    let job = |sites: &[SiteRecord], options: &Options| Monitoring::new(&crate::support::catalog(sites), options).job;
    let other = |name: &str| SiteRecord { krate: "library".to_owned(), ..measured(name, &[]) };
    let program = Options { program: Some("file".to_owned()), ..Options::default() };
    let given = Options { job: Some("given".to_owned()), ..program.clone() };
    // Two programs of one package are two jobs. A program with the name of its crate has the crate's spelling.
    assert_eq!(job(&[measured("a", &[])], &program), "file");
    let own = Options { program: Some("shop".to_owned()), ..Options::default() };
    assert_eq!(job(&[measured("a", &[])], &own), "shop");
    assert_eq!(job(&[measured("a", &[])], &Options::default()), "shop");
    let two = [measured("a", &[]), other("b"), other("c")];
    assert_eq!(job(&two, &program), "file");
    assert_eq!(job(&two, &Options::default()), "library");
    assert_eq!(job(&two[..2], &Options::default()), "library", "a tie goes to the first name");
    assert_eq!(job(&two, &given), "given");
}
