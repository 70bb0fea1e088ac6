//! The live page's lists of recent failures and slowest calls of a function.

use measurand::{ErrorKind, measured, timed_query};
use measurand_tests::get;
use serde_json::Value;
use std::time::Duration;

#[derive(Debug, ErrorKind)]
enum Refused {
    TooMuch,
}

#[measured]
fn pay(cents: u32) -> Result<u32, Refused> {
    if cents == 777 {
        std::thread::sleep(Duration::from_millis(30));
    }
    if cents > 1000 { Err(Refused::TooMuch) } else { Ok(cents) }
}

#[measured]
fn fall() {
    panic!("on purpose");
}

#[measured]
async fn wait() {
    std::future::pending::<()>().await;
}

#[measured]
fn quiet() {}

#[timed_query(query_type = "select", table = table)]
fn find(table: &str) -> Result<(), String> {
    Err(format!("no {table}"))
}

#[test]
fn failures_and_slow_calls_are_shown_by_function() {
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").install().expect("a free port");
    for cents in 0..100 {
        assert!(pay(cents).is_ok());
    }
    assert!(pay(777).is_ok());
    for _ in 0..25 {
        assert!(pay(1001).is_err());
    }
    assert!(std::panic::catch_unwind(fall).is_err());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_millis(5), wait()).await.expect_err("it never completes")
    });
    assert!(find("users").is_err());

    let url = exporter.url();
    let json = |path: &str| -> Value { serde_json::from_str(&get(&format!("{url}{path}"))).expect("JSON") };
    let model = json("/live/model.json");
    let of = |name: &str| {
        let all = model["functions"].as_array().expect("functions");
        let id = all.iter().find(|it| it["function"] == name).expect("the function")["id"].as_str().expect("text");
        json(&format!("/live/functions/{id}"))
    };
    let list = |answer: &Value, name: &str| answer[name].as_array().expect("a list").clone();

    let paid = of("pay");
    let (failures, slowest) = (list(&paid, "failures"), list(&paid, "slowest"));
    assert_eq!((failures.len(), slowest.len()), (20, 20), "{paid}");
    let newest = &failures[0];
    assert_eq!((&newest["outcome"], &newest["kind"]), (&"error".into(), &"too_much".into()));
    assert!(
        newest["duration"].as_f64().expect("it was timed") > 0.0 && newest["time"].as_f64().expect("a time") > 1.7e12
    );
    assert_eq!(slowest[0]["outcome"], "ok");
    assert!(slowest[0]["duration"].as_f64().expect("it was timed") >= 0.03, "{paid}");
    let durations: Vec<f64> = slowest.iter().filter_map(|it| it["duration"].as_f64()).collect();
    assert!(durations.is_sorted_by(|a, b| a >= b), "{durations:?}");

    for (name, outcome) in [("fall", "panic"), ("wait", "cancelled"), ("find", "error")] {
        let failures = list(&of(name), "failures");
        assert_eq!((failures.len(), &failures[0]["outcome"]), (1, &outcome.into()), "{name}");
    }
    let quiet_one = of("quiet");
    assert!(list(&quiet_one, "failures").is_empty() && list(&quiet_one, "slowest").is_empty(), "{quiet_one}");
    quiet();
    assert_eq!(list(&of("quiet"), "slowest").len(), 1);
    assert!(ureq::get(format!("{url}/live/functions/unknown")).call().is_err());
}
