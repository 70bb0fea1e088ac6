//! Secrets in label values: what the user's hook takes out is in no series, no list of failures and no look-up, whether an
//! annotated function, a hand or a library recorded it; and what is there already is not judged again.

use measurand::{family, measured, timed_query};
use measurand_tests::{Scrape, get};
use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

family! {
    /// Visits, by who came.
    Visits = "visits", "Visits" {
        labels { email; kind: "new", "old"; }
        metrics {
            calls "visits_total": "Visits that ended.";
            errors "visits_errors_total": "Visits that did not end well.";
            duration "visits_duration_seconds": "Time of a visit.", [0.1, 1.0];
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
    // More than a family may have series: all of them are one.
    for number in 0..100 {
        assert!(visit(&format!("alice{number}@example.org")).is_err());
    }
    assert!(visit("nobody").is_err());
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
        (r#"visits_total{email="nobody",kind="new"}"#, 1.0),
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

    // Those that are there are known, and nobody asks again.
    let before = ASKED.load(Ordering::Relaxed);
    for _ in 0..100 {
        query("users");
        assert!(visit("nobody").is_err());
        metrics::counter!("logins", "token" => "redacted", "way" => "web").increment(1);
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), before);
}
