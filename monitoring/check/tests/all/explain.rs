//! Tests of `explain`, with numbers of series that were counted by hand.

use crate::support::{catalog, everything, measured, query, site};
use measurand_catalog::{Catalog, SiteRecord};
use measurand_check::Settings;
use measurand_check::explain::{Budget, Explainer, Explanation, FunctionView, MetricView, Overview};
use measurand_monitoring::Options;

fn overview(sites: &[SiteRecord]) -> Overview {
    let (catalog, options) = (catalog(sites), Options::default());
    Explainer::new(&catalog, &options).overview()
}

fn with<T>(catalog: &Catalog, ask: impl FnOnce(&Explainer<'_>) -> T) -> T {
    ask(&Explainer::new(catalog, &Options::default()))
}

fn function(sites: &[SiteRecord], name: &str) -> FunctionView {
    match with(&catalog(sites), |it| it.explain(name)).expect("a name that exists") {
        Explanation::Functions(mut all) if all.len() == 1 => all.remove(0),
        other => panic!("not one function: {other:?}"),
    }
}

fn metric(sites: &[SiteRecord], name: &str) -> MetricView {
    match with(&catalog(sites), |it| it.explain(name)).expect("a name that exists") {
        Explanation::Metric(it) => it,
        Explanation::Functions(it) => panic!("not a metric: {it:?}"),
    }
}

fn exactly(series: u64) -> Budget {
    Budget { series, bounded_by_other: false }
}

/// A query with a computed label `table`.
fn open_query(query_type: &str) -> SiteRecord {
    let mut site = query(query_type, "x", &[]);
    site.function = format!("{query_type}_any");
    site.labels.remove("table");
    site.expressions.insert("table".to_owned(), "table.name()".to_owned());
    site
}

#[test]
fn series_are_counted() {
    // Three outcomes of errors, and a histogram of twelve buckets and three more.
    assert_eq!(function(&[query("select", "patterns", &[])], "select_patterns").series, exactly(3 + 15));
    // One counter of calls, three of errors, fourteen buckets and three more, one gauge.
    assert_eq!(function(&everything(), "checkout").series, exactly(1 + 3 + 17 + 1));
    let all = overview(&everything());
    let family = |name: &str| all.families.iter().find(|it| it.family == name).expect("a family").series;
    assert_eq!(family("function"), exactly(2 * 22));
    assert_eq!(family("database"), exactly(2 * 18));
    let sum = all.families.iter().map(|it| it.series.series).sum();
    assert_eq!(all.total, exactly(sum));
    assert_eq!(all.functions.len(), everything().len());
}

#[test]
fn functions_with_the_same_labels_share_their_series() {
    let mut twin = query("select", "patterns", &[]);
    twin.function = "again".to_owned();
    let all = overview(&[query("select", "patterns", &[]), twin]);
    assert_eq!(all.families[0].series, exactly(18));
    assert_eq!(all.families[0].functions, 2);
}

#[test]
fn a_label_with_arbitrary_values_is_bounded_by_the_limit() {
    let sites = [query("insert", "patterns", &[]), open_query("select"), open_query("update")];
    let one = function(&sites, "select_any");
    assert_eq!(one.series, Budget { series: 2001 * 18, bounded_by_other: true });
    let table = one.metrics[0].labels.iter().find(|it| it.name == "table").unwrap();
    assert_eq!((table.values.len(), table.from.as_deref()), (0, Some("table.name()")));
    // Both functions with a computed label share the family's limit; the third one has one more series.
    assert_eq!(overview(&sites).families[0].series, Budget { series: 2002 * 18, bounded_by_other: true });
}

#[test]
fn a_label_with_few_values_is_not_bounded_by_the_limit() {
    let mut open = site("neural_op", "neural", "learn", &[], &[]);
    open.expressions.insert("operation_type".to_owned(), "kind".to_owned());
    // Three values and `_other`; one counter, three of errors, twelve buckets and three more.
    assert_eq!(function(&[open], "learn").series, exactly(4 * (1 + 3 + 15)));
}

#[test]
fn a_function_is_explained() {
    let it = function(&everything(), "work::select_patterns");
    assert_eq!(it.place, "src/work.rs:25");
    assert_eq!(it.facts["owner"], "storage");
    let promql = |name: &str| it.queries.iter().find(|it| it.name == name).expect("a question").promql.clone();
    let labels = r#"{job="shop",query_type="select",table="patterns"}"#;
    assert_eq!(
        promql("p95"),
        format!(
            "histogram_quantile(0.95, sum by (job, query_type, table, le) \
             (rate(db_query_duration_seconds_bucket{labels}[5m])))"
        )
    );
    assert!(promql("error ratio").contains(&format!("rate(db_query_errors_total{labels}[5m])")));
    assert!(promql("rate").contains(&format!("db_query_duration_seconds_count{labels}")));
    let alerts: Vec<&str> = it.alerts.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(alerts, ["FunctionPanics", "DatabaseQueryErrors", "DatabaseSlowQueries"]);
    assert!(it.panels.iter().any(|it| it.row.starts_with("Database") && it.url.contains("&viewPanel=")), "{it:?}");
}

#[test]
fn alerts_are_those_of_the_function_alone() {
    let sites = [measured("urgent", &["severity=P0"]), measured("other", &[])];
    let severities = |name: &str| -> Vec<Option<&'static str>> {
        let alerts = function(&sites, name).alerts.into_iter();
        alerts.filter(|it| it.name == "FunctionErrorRatioHigh").map(|it| it.severity).collect()
    };
    assert_eq!(severities("urgent"), [Some("P0")]);
    assert_eq!(severities("other"), [Some("P1")]);
}

#[test]
fn a_metric_is_explained() {
    let it = metric(&everything(), "db_query_duration_seconds_bucket");
    assert_eq!(it.name, "db_query_duration_seconds");
    assert_eq!(it.series, Some(exactly(2 * 15)));
    assert_eq!(it.functions, ["shop::work::insert_patterns", "shop::work::select_patterns"]);
    assert_eq!(it.labels[0].values, ["insert", "select"]);
    assert!(it.alerts.iter().any(|it| it.name == "DatabaseSlowQueries"));
    assert!(it.queries.iter().all(|it| it.promql.contains("db_query_duration_seconds")));
    let platform = metric(&everything(), "process_open_fds");
    assert!(platform.series.is_none() && platform.alerts.iter().any(|it| it.name == "FileDescriptorsRunningOut"));
}

#[test]
fn an_unknown_name_is_answered_with_the_closest() {
    let fails = |name: &str| with(&catalog(&everything()), |it| it.explain(name)).expect_err("no such name");
    assert!(fails("chekout").ends_with("did you mean `checkout`?"), "{}", fails("chekout"));
    assert!(fails("db_query_duration_second").ends_with("did you mean `db_query_duration_seconds`?"));
    assert!(fails("zzz").contains("`zzz`; help: omit the name to list all functions"));
    assert!(!fails("\u{1b}[31m").contains('\u{1b}'));
}

/// The explained alerts, panels and queries are those in the files.
#[test]
fn native_histograms_are_explained_as_such() {
    let catalog = catalog(&everything());
    let settings = Settings::parse("monitoring.toml", "histograms = \"native\"").unwrap();
    let explainer = Explainer::with(&catalog, &settings).unwrap();
    let Explanation::Functions(all) = explainer.explain("select_patterns").unwrap() else { panic!("a function") };
    let p95 = all[0].queries.iter().find(|it| it.name == "p95").unwrap();
    assert!(
        p95.promql.contains("(rate(db_query_duration_seconds{") && !p95.promql.contains("_bucket"),
        "{}",
        p95.promql
    );
    let slow = all[0].alerts.iter().find(|it| it.name == "DatabaseSlowQueries").unwrap();
    assert!(!slow.promql.contains("_bucket"), "{}", slow.promql);
}

#[test]
fn kinds_of_errors_are_explained_and_counted() {
    let kinds = vec!["busy".to_owned(), "missing".to_owned()];
    let site = SiteRecord { error_kinds: kinds.clone(), ..measured("pay", &[]) };
    let view = metric(std::slice::from_ref(&site), "function_errors_total");
    let label = view.labels.iter().find(|it| it.name == "error_kind").expect("the label");
    assert_eq!((&label.values, &label.from), (&kinds, &None));
    assert_eq!(view.series, Some(exactly(5)), "three outcomes, two kinds");
    let unknown = SiteRecord { unknown_error_kinds: true, ..measured("pay", &[]) };
    let view = metric(&[site, unknown], "function_errors_total");
    let label = view.labels.iter().find(|it| it.name == "error_kind").expect("the label");
    assert!(label.from.as_deref().is_some_and(|it| it.contains("ErrorKinds")), "{label:?}");
}

#[test]
fn a_function_with_an_objective_has_its_own_series() {
    let objective = Some(measurand_catalog::Objective { success: Some(0.999), latency: None });
    let labels = [("function", "find"), ("module", "shop::work")];
    let mut find = SiteRecord { objective, function: "find".to_owned(), ..query("select", "orders", &[]) };
    find.labels.extend(labels.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let all = SiteRecord { function: "all".to_owned(), ..query("select", "orders", &[]) };
    let view = function(&[find.clone(), all.clone()], "all");
    let rate = &view.queries.iter().find(|it| it.name == "rate").expect("a rate").promql;
    assert!(rate.contains(r#"function="",module="",query_type="select",table="orders""#), "{rate}");
    assert!(view.alerts.iter().all(|it| !it.name.starts_with("ErrorBudget")), "{:#?}", view.alerts);
    let view = function(&[find.clone(), all.clone()], "find");
    let rate = &view.queries.iter().find(|it| it.name == "rate").expect("a rate").promql;
    assert!(rate.contains(r#"function="find",module="shop::work""#), "{rate}");
    assert!(view.alerts.iter().any(|it| it.name.starts_with("ErrorBudget")), "{:#?}", view.alerts);
    let calls = metric(&[find, all], "db_query_errors_total");
    assert_eq!(calls.series, Some(exactly(6)), "two functions, three outcomes");
}

#[test]
fn functions_that_share_a_series_are_named() {
    let all = SiteRecord { function: "all".to_owned(), ..query("select", "orders", &[]) };
    let sites = [query("select", "orders", &[]), all, query("insert", "orders", &[])];
    assert_eq!(function(&sites, "all").shares_with, ["shop::work::select_orders (src/work.rs:23)"]);
    assert_eq!(function(&sites, "insert_orders").shares_with, [""; 0]);
    let said = overview(&sites).sharing;
    assert!(matches!(&said[..], [one] if one.starts_with("2 functions record the same series")), "{said:#?}");
}
