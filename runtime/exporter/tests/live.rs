//! The live page's data and downloads over real connections.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod support;

#[path = "../../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod catalogs;

use axum::Router;
use catalogs::{catalog, everything, promtool, site};
use flate2::read::GzDecoder;
use measurand_catalog::{Latency, Objective, families};
use measurand_exporter::{Builder, Program};
use measurand_monitoring::{Monitoring, Options};
use metrics::{counter, gauge, histogram};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};
use support::{check_scrape, get, request};

fn program() -> Program {
    let mut sites = everything();
    let latency = Some(Latency { seconds: 0.01, share: 0.96 });
    sites[0].objective = Some(Objective { success: Some(0.95), latency });
    // Two functions with the same labels, and one whose label comes with each call.
    let [same, other] = ["one", "two"].map(|it| site("measured", "function", it, &["function=same", "module=m"], &[]));
    let http = site("http", "http", "HTTP", &[], &[]);
    sites.extend([same, other, site("cached", "cache", "look", &[], &[]), http]);
    Program {
        families: families::ALL.to_vec(),
        catalog: catalog(&sites),
        binary: None,
        initialize: || (),
        limit_series: |_| (),
    }
}

fn json(address: SocketAddr, path: &str) -> Value {
    let answer = get(address, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
    serde_json::from_str(answer.text()).expect("an answer is JSON")
}

/// Returns the numbers of the function with this name.
fn function<'a>(model: &Value, answer: &'a Value, name: &str) -> &'a Value {
    let functions = model["functions"].as_array().unwrap();
    let id = functions.iter().find(|it| it["function"] == name).unwrap()["id"].as_str().unwrap();
    &answer["functions"][id]
}

/// Records calls of annotated functions and recordings by hand.
fn work() {
    let labels = [("function", "checkout"), ("module", "shop::work")];
    for number in 0..40_u8 {
        counter!("function_calls_total", &labels).increment(1);
        histogram!("function_duration_seconds", &labels).record(if number < 36 { 0.004 } else { 0.3 });
    }
    let errors = [labels[0], labels[1], ("outcome", "error")];
    counter!("function_errors_total", &errors).increment(8);
    gauge!("function_calls_in_flight", &labels).set(3.0);
    for (route, failed) in [("/look", 0), ("/pay", 5)] {
        let [method, status] = [("method", "GET"), ("status", "200")];
        counter!("http_requests_total", &[method, ("route", route), status]).increment(10);
        histogram!("http_request_duration_seconds", &[method, ("route", route), status]).record(0.02);
        gauge!("http_requests_in_flight", &[method, ("route", route)]).set(2.0);
        let outcome = ("outcome", "error");
        counter!("http_request_errors_total", &[method, outcome, ("route", route), status]).increment(failed);
    }
    for user in 0..2010 {
        counter!("logins_total", "user" => user.to_string()).increment(1);
    }
}

/// One long test, since a process has one endpoint and each sample takes five seconds.
#[test]
fn the_page_gets_the_data_that_it_shows() {
    let exporter = Builder::new(program()).service("shop", "1.2.3", "abc").listen("127.0.0.1:0").install().unwrap();
    let address = exporter.address();
    let model = json(address, "/live/model.json");
    check_model(&model);
    // Before the first sample there are no numbers, which is not an error.
    assert_eq!(json(address, "/live/functions")["functions"].as_object().unwrap().len(), 11);
    let before = Instant::now();
    while json(address, "/live/series")["history"]["bytes"] == 0 {
        assert!(before.elapsed() < Duration::from_secs(20), "no sample was taken");
        thread::sleep(Duration::from_millis(100));
    }
    work();

    let answer = loop {
        let answer = json(address, "/live/functions");
        if function(&model, &answer, "checkout")["calls"] == 40.0 {
            break answer;
        }
        assert!(before.elapsed() < Duration::from_secs(60), "{answer}");
        thread::sleep(Duration::from_millis(100));
    };
    check_functions(&model, &answer, address);
    check_panels(&model, address);
    check_alerts(&model, address);
    check_series(address);
    check_downloads(&model, address);
    check_runbook(address);
    check_headers(address);
    check_disabled();
}

fn check_model(model: &Value) {
    assert_eq!(model["program"]["name"], "shop");
    assert_eq!((&model["interval"], &model["kept"]), (&Value::from(5), &Value::from(3600)));
    let functions = model["functions"].as_array().unwrap();
    let ids: BTreeSet<&str> = functions.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 11, "each has a unique ID");
    let legal = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    assert!(ids.iter().all(|it| it.chars().all(legal)), "{ids:?}");
    let checkout = functions.iter().find(|it| it["function"] == "checkout").unwrap();
    assert_eq!(checkout["doc"], "Sells what is in the cart.");
    assert_eq!(checkout["objective"]["success"], 95.0);
    let of = |name: &str| functions.iter().find(|it| it["function"] == name).unwrap();
    assert_eq!(of("one")["shares"]["always"], serde_json::json!([of("two")["id"]]));
    assert_eq!(checkout["shares"], serde_json::json!({"always": [], "sometimes": [], "more": 0}));
    let promql = checkout["promql"]["p95"].as_str().unwrap();
    assert!(promql.contains(r#"function="checkout""#) && promql.starts_with("histogram_quantile(0.95"), "{promql}");
    assert!(checkout["rules"].as_array().unwrap().iter().any(|it| it == "FunctionErrorRatioHigh"), "{checkout}");
    let panels: Vec<&Value> =
        model["rows"].as_array().unwrap().iter().flat_map(|it| it["panels"].as_array().unwrap()).collect();
    let kinds: BTreeSet<&str> = panels.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert!(["timeseries", "stat", "table", "heatmap"].iter().all(|it| kinds.contains(it)), "{kinds:?}");
    assert!(panels.iter().any(|it| it["id"] == checkout["panel"]), "its panel is one of them");
}

fn check_functions(model: &Value, answer: &Value, address: SocketAddr) {
    let it = function(model, answer, "checkout");
    let scrape = check_scrape(get(address, "/metrics").text());
    let series = r#"function_calls_total{function="checkout",module="shop::work"}"#;
    assert_eq!(it["calls"].as_f64(), scrape.get(series).copied());
    assert_eq!((&it["errors"], &it["in_flight"]), (&Value::from(8.0), &Value::from(3.0)));
    // The series appeared after the first, empty sample, so rates do not include these calls, as in Prometheus.
    assert_eq!(it["rate"], 0.0);
    assert_eq!(it["error_rate"], Value::Null);
    let never = function(model, answer, "search");
    assert_eq!((&never["calls"], &never["rate"], &never["p95"]), (&Value::from(0.0), &Value::from(0.0), &Value::Null));

    // Now the series are known, so rates include the new calls.
    work();
    let begin = Instant::now();
    let (answer, it) = loop {
        let answer = json(address, "/live/functions");
        let it = function(model, &answer, "checkout").clone();
        if it["calls"] == 80.0 && it["p95"].is_number() {
            break (answer, it);
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{it}");
        thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(answer["epoch"], json(address, "/live/alerts")["epoch"]);
    // Samples are five seconds apart, and the program is younger than five minutes: 40 calls in its whole life.
    let recent = answer["windows"]["recent"].as_f64().unwrap();
    let calls = it["rate"].as_f64().unwrap() * recent;
    assert!((6.0..60.0).contains(&recent) && calls > 39.9 && calls < 81.0, "{calls} calls in {recent} s: {it}");
    assert_eq!(answer["windows"]["budget"], answer["windows"]["recent"]);
    assert!((it["error_rate"].as_f64().unwrap() - 0.2).abs() < 1e-9, "8 of 40: {it}");
    // 36 of 40 are at most 5 ms.
    assert!(it["p50"].as_f64().unwrap() <= 0.005 && it["p99"].as_f64().unwrap() > 0.25, "{it}");
    // A twentieth may fail and a fifth fails: four times the budget. The slow calls, a tenth, exceed their budget by
    // less.
    let close = |it: &Value, expected: f64| (it.as_f64().unwrap() - expected).abs() < 1e-6;
    assert!(close(&it["budget_left"], -3.0), "{it}");
    assert!(close(&it["success"]["left"], -3.0) && close(&it["success"]["burn"], 4.0), "{it}");
    assert!(close(&it["latency"]["left"], -1.5) && close(&it["latency"]["burn"], 2.5), "{it}");
    let routes = answer["routes"].as_array().unwrap();
    assert_eq!(routes.iter().map(|it| it["route"].as_str().unwrap()).collect::<Vec<_>>(), ["/pay", "/look"]);
    let expected = (&20.0.into(), &10.0.into(), &2.0.into());
    assert_eq!((&routes[0]["calls"], &routes[0]["errors"], &routes[0]["in_flight"]), expected, "{routes:?}");
    assert!(close(&routes[0]["error_rate"], 0.5) && close(&routes[1]["error_rate"], 0.0), "{routes:?}");
    assert!(routes[0]["p95"].as_f64().unwrap() > 0.01, "{routes:?}");
}

fn check_panels(model: &Value, address: SocketAddr) {
    let answer = json(address, "/live/panels?range=60&points=12");
    let times: Vec<f64> = answer["times"].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
    assert!((12..=13).contains(&times.len()) && times.is_sorted(), "{times:?}");
    let now = answer["now"].as_f64().unwrap() / 1000.0;
    assert!((times[times.len() - 1] - now).abs() < 1e-3 && times[0] >= now - 60.0);
    let panels: Vec<&Value> =
        model["rows"].as_array().unwrap().iter().flat_map(|it| it["panels"].as_array().unwrap()).collect();
    assert_eq!(answer["panels"].as_object().unwrap().len(), panels.len());
    let mut shown = 0;
    for panel in &panels {
        let columns = &answer["panels"][panel["id"].to_string()];
        for query in panel["queries"].as_array().unwrap() {
            for column in columns[query["ref"].as_str().unwrap()].as_array().unwrap() {
                assert_eq!(column["values"].as_array().unwrap().len(), times.len());
                shown += 1;
            }
        }
    }
    assert!(shown > 50, "{shown} columns");
    let status = panels.iter().find(|it| it["texts"][1]["text"] == "UP").unwrap();
    let one = json(address, &format!("/live/panels?ids={},7", status["id"]));
    assert_eq!(one["panels"].as_object().unwrap().len(), 1);
    let values = one["panels"][status["id"].to_string()]["A"][0]["values"].as_array().unwrap().clone();
    assert_eq!(values.last(), Some(&Value::from(1.0)));
    let heatmap = panels.iter().find(|it| it["kind"] == "heatmap" && it["title"].as_str().unwrap().contains("atabase"));
    if let Some(heatmap) = heatmap {
        let columns = &answer["panels"][heatmap["id"].to_string()]["A"];
        assert_eq!(columns[0]["legend"], columns[0]["labels"]["le"]);
    }
    // A link to a time range in the past.
    let past = json(address, &format!("/live/panels?ids={}&to={}", status["id"], now.floor() - 1.0));
    assert_eq!(past["times"].as_array().unwrap().last(), Some(&Value::from(now.floor() - 1.0)));
    let wrong = get(address, "/live/panels?ids=x");
    assert_eq!(
        (wrong.status, wrong.text()),
        (400, "`ids` is not a whole number; write for example `range=900` or `ids=1,2`\n")
    );
}

fn check_alerts(model: &Value, address: SocketAddr) {
    let answer = json(address, "/live/alerts");
    let names = |it: &Value| -> Vec<String> {
        it["alerts"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(model), names(&answer));
    let of = |name: &str| answer["alerts"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone();
    assert_eq!((&of("Watchdog")["state"], &of("ServiceDown")["state"]), (&"firing".into(), &"inactive".into()));
    // A fifth of the calls fails, but the alert fires only after a while.
    let namesakes = answer["alerts"].as_array().unwrap().iter().filter(|it| it["name"] == "FunctionErrorRatioHigh");
    // There is one alert for each owner: only the one of the failing function is pending.
    let pending: Vec<&Value> = namesakes.filter(|it| it["state"] == "pending").collect();
    assert_eq!(pending.len(), 1, "{answer}");
    let failing = pending[0];
    assert!((failing["values"][0]["value"].as_f64().unwrap() - 0.2).abs() < 1e-9);
    assert!(failing["values"][0]["description"].as_str().unwrap().contains("20%"), "{failing}");
    assert!(failing["since"].as_f64().unwrap() > 1.7e9);
}

fn check_series(address: SocketAddr) {
    let answer = json(address, "/live/series");
    let of = |name: &str| answer["metrics"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone();
    let logins = of("logins_total");
    // Of 2010 users ten are counted as `_other`, in two rounds.
    let counts = (&logins["series"], &logins["limit"], &logins["dropped"]);
    assert_eq!(counts, (&2001.into(), &2000.into(), &20.into()), "{logins}");
    assert_eq!((&of("function_calls_total")["series"], &of("build_info")["limit"]), (&1.into(), &Value::Null));
    assert_eq!(answer["history"]["left_out"], 0);
}

fn check_downloads(model: &Value, address: SocketAddr) {
    let program_name = std::env::current_exe().unwrap().file_stem().unwrap().to_string_lossy().into_owned();
    let options = Options { program: Some(program_name), ..Options::default() };
    for file in Monitoring::new(&program().catalog, &options).files() {
        let answer = get(address, &format!("/monitoring/{}", file.name));
        assert_eq!((answer.status, answer.text()), (200, file.contents.as_str()), "{}", file.name);
        let expected = format!("attachment; filename=\"{}\"", file.name);
        assert_eq!(answer.header("content-disposition"), Some(expected.as_str()));
    }
    let folder = tempfile::tempdir().unwrap();
    for function in model["functions"].as_array().unwrap() {
        let id = function["id"].as_str().unwrap();
        let answer = get(address, &format!("/monitoring/functions/{id}/rules.yml"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/yaml")));
        std::fs::write(folder.path().join(format!("{id}.yml")), answer.text()).unwrap();
        let named = function["rules"].as_array().unwrap().iter().all(|it| answer.text().contains(it.as_str().unwrap()));
        assert!(named, "{id}: {}", answer.text());
        if function["function"] == "checkout" {
            promtool(folder.path(), &["check", "rules", &format!("{id}.yml")]);
        }
    }
    for path in ["/monitoring/passwd", "/monitoring/..%2Falerts.yml", "/monitoring/functions/x/rules.yml"] {
        assert_eq!(get(address, path).status, 404, "{path}");
    }
}

/// Checks the page with the runbook, and that links of alerts find their sections.
fn check_runbook(address: SocketAddr) {
    let alerts = get(address, "/monitoring/alerts.yml");
    for path in ["/runbook", "/live/runbook"] {
        let page = get(address, path);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src ") && !policy.contains("script"), "{policy}");
        for link in alerts.text().lines().filter_map(|it| it.trim().strip_prefix("runbook_url: http://localhost")) {
            let anchor = link.rsplit('#').next().unwrap();
            assert!(page.text().contains(&format!("<h2 id=\"{anchor}\">")), "{path}: {link}");
        }
    }
}

fn check_headers(address: SocketAddr) {
    let plain = get(address, "/live/model.json");
    let tag = plain.header("etag").expect("the model has a tag").to_owned();
    let again = request(address, "GET", "/live/model.json", &format!("if-none-match: {tag}\r\n"));
    assert_eq!((again.status, again.body.len()), (304, 0));
    let compressed = request(address, "GET", "/live/model.json", "accept-encoding: gzip\r\n");
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(compressed.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    let numbers = get(address, "/live/functions");
    assert_eq!(numbers.header("cache-control"), Some("no-store"));
    assert_eq!(numbers.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(request(address, "POST", "/live/functions", "content-length: 0\r\n").status, 405);
}

/// Checks the endpoint of the same recorder without the page.
fn check_disabled() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app: Router = Builder::new(program()).live(false).router();
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    });
    for path in ["/live/model.json", "/live/functions", "/live/runbook", "/monitoring/alerts.yml"] {
        assert_eq!(get(address, path).status, 404, "{path}");
    }
    assert_eq!(get(address, "/metrics").status, 200);
}
