//! Secrets in label values: a value that the user's hook replaces is in no series, list of failures or look-up table.
//! This holds for annotated functions, calls of the facade and libraries. The hook sees each new series once.

use measurand::{family, measured, timed_query};
use measurand_tests::{Scrape, get};
use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

family! {
    /// Visits by e-mail address of the visitor.
    Visits = "visits", "Visits" {
        labels { email; kind: "new", "old"; }
        metrics {
            calls "visits_total": "Finished visits.";
            errors "visits_errors_total": "Visits that failed.";
            duration "visits_duration_seconds": "Duration of a visit.", [0.1, 1.0];
        }
    }
}

static ASKED: AtomicU32 = AtomicU32::new(0);

fn hook<'a>(metric: &str, label: &str, value: &'a str) -> Option<Cow<'a, str>> {
    ASKED.fetch_add(1, Ordering::Relaxed);
    match label {
        "email" => value.split_once('@').map(|(_, domain)| domain.into()),
        "token" => Some("redacted".into()),
        "table" if value == "anger" => panic!("on purpose, about `{metric}`"),
        _ => None,
    }
}

#[measured(family = Visits, email = email, kind = "new")]
fn visit(email: &str) -> Result<(), String> {
    Err(format!("no {email}"))
}

#[timed_query("select", table = table)]
fn query(table: &str) {}

#[test]
fn secrets_are_recorded_nowhere() {
    let builder = measurand::exporter::builder().redact(hook).series_limit(10).listen("127.0.0.1:0");
    let exporter = builder.install().expect("a free port");
    // More values than the series limit; the hook maps them all to one series.
    for number in 0..100 {
        assert!(visit(&format!("alice{number}@example.org")).is_err());
    }
    assert!(visit("guest").is_err());
    query("users");
    query("anger");
    for number in 0..50 {
        metrics::counter!("logins", "token" => format!("secret{number}"), "way" => "web").increment(1);
        metrics::histogram!("db_query_duration_seconds", "query_type" => "select", "table" => "by_hand", "token" => "x")
            .record(1.0);
    }

    let url = exporter.url();
    let text = get(&format!("{url}/metrics"));
    let scrape = Scrape::parse(&text);
    for (series, expected) in [
        (r#"visits_total{email="example.org",kind="new"}"#, 100.0),
        (r#"visits_errors_total{email="example.org",kind="new",outcome="error"}"#, 100.0),
        (r#"visits_total{email="guest",kind="new"}"#, 1.0),
        (r#"db_query_duration_seconds_count{query_type="select",table="users"}"#, 1.0),
        (r#"db_query_duration_seconds_count{query_type="select",table="_other"}"#, 1.0),
        (r#"db_query_duration_seconds_count{query_type="select",table="by_hand",token="redacted"}"#, 50.0),
        (r#"logins{token="redacted",way="web"}"#, 50.0),
        ("measurand_contained_panics_total", 1.0),
    ] {
        assert!((scrape.value(series) - expected).abs() < 0.5, "{series} in\n{text}");
    }
    for family in ["visits", "foreign"] {
        let overflows = scrape.0.get(&format!(r#"measurand_label_overflows_total{{family="{family}"}}"#));
        assert!(overflows.is_none_or(|it| *it < 0.5), "{text}");
    }

    let model: serde_json::Value = serde_json::from_str(&get(&format!("{url}/live/model.json"))).expect("JSON");
    let functions = model["functions"].as_array().expect("functions");
    let id = functions.iter().find(|it| it["function"] == "visit").expect("the function")["id"].as_str().expect("text");
    let failures = get(&format!("{url}/live/functions/{id}"));
    let listed: serde_json::Value = serde_json::from_str(&failures).expect("JSON");
    assert!(listed["failures"].as_array().is_some_and(|it| !it.is_empty()), "{failures}");
    for text in [&text, &failures, &get(&format!("{url}/live/functions"))] {
        assert!(!text.contains("alice") && !text.contains("secret"), "{text}");
    }

    // The hook is not called again for existing series.
    let before = ASKED.load(Ordering::Relaxed);
    for _ in 0..100 {
        query("users");
        assert!(visit("guest").is_err());
        metrics::counter!("logins", "token" => "redacted", "way" => "web").increment(1);
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), before);
}
