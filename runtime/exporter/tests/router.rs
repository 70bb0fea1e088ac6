//! The routes inside a user's application, whose runtime is watched.

mod support;

use axum::Router;
use axum::routing::get as on_get;
use measurand_exporter::Builder;
use metrics::counter;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;
use support::{check_promtool, check_scrape, get, program, request};
use tokio::runtime::Runtime;

async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[test]
fn routes_are_merged_and_nested() {
    let runtime = Runtime::new().unwrap();
    let (merged, nested) = runtime.block_on(async {
        let own = || Router::new().route("/", on_get(|| async { "the shop" })).fallback(|| async { "the shop's 404" });
        let merged = own().merge(Builder::new(program()).router());
        let nested = own().nest("/internal", Builder::new(program()).router());
        (serve(merged).await, serve(nested).await)
    });
    counter!("orders_total").increment(3);
    assert_eq!(get(merged, "/").text(), "the shop");
    assert_eq!(get(merged, "/elsewhere").text(), "the shop's 404");
    assert_eq!(get(merged, "/elsewhere").header("x-content-type-options"), None, "other routes are unchanged");
    assert_eq!(get(merged, "/healthz").text(), "ok\n");
    assert_eq!(get(nested, "/internal/catalog.json").status, 200);

    // The lag of the runtime is measured once a second.
    thread::sleep(Duration::from_millis(2500));
    let answer = get(nested, "/internal/metrics");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let series = check_scrape(answer.text());
    check_promtool(answer.text());
    assert!(answer.text().contains("\norders_total 3\n"));
    assert!(series[r#"measurand_http_requests_total{path="/catalog.json",status="200"}"#] >= 1.0);
    assert!(series["tokio_workers"] >= 1.0);
    assert!(series["tokio_alive_tasks"] >= 2.0);
    assert!(series["tokio_busy_seconds_total"] > 0.0);
    assert!(series.contains_key("tokio_global_queue_depth"));
    assert!(series["tokio_scheduling_lag_seconds_count"] >= 1.0);

    // The runtime ends but the metrics continue, now with an endpoint outside any runtime.
    drop(runtime);
    let exporter = Builder::new(program()).creation_times(false).listen("127.0.0.1:0").install().unwrap();
    let open = request(exporter.address(), "GET", "/metrics", "accept: application/openmetrics-text\r\n");
    assert!(open.text().contains("\norders_total 3\n") && !open.text().contains("_created"), "{}", open.text());
    let first = check_scrape(get(exporter.address(), "/metrics").text());
    assert_eq!(first["tokio_workers"].to_bits(), 0.0_f64.to_bits());
    assert!(first["tokio_busy_seconds_total"] >= series["tokio_busy_seconds_total"]);

    // Then a runtime without timers is watched, and nothing panics.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(Builder::new(program()).router()) });
    let second = check_scrape(get(exporter.address(), "/metrics").text());
    assert_eq!(second["tokio_workers"].to_bits(), 1.0_f64.to_bits());
    assert!(second["tokio_busy_seconds_total"] >= first["tokio_busy_seconds_total"]);
}
