//! The first scrape, before any call: each function has a name of its own, and each kind of error is at zero.

#![expect(clippy::unused_self, reason = "methods of several types have the same name")]

use http::Request;
use http_body_util::BodyExt as _;
use measurand::{ErrorKind, Label, measured, timed_query};
use tower::ServiceExt as _;

#[derive(Debug, ErrorKind)]
enum StoreError {
    NotFound,
    #[error_kind(nested)]
    Network(NetworkError),
}

#[derive(Debug, ErrorKind)]
enum NetworkError {
    TimedOut,
}

#[derive(Clone, Copy, Label)]
enum Table {
    Orders,
    Users,
}

struct A;
struct B;

impl A {
    #[measured]
    fn get(&self) -> Result<(), StoreError> {
        Err(StoreError::NotFound)
    }
}

impl B {
    #[measured(slo(success = 99.9))]
    fn get(&self) -> Result<(), NetworkError> {
        Err(NetworkError::TimedOut)
    }
}

#[timed_query("select", table = table)]
fn find(table: Table) -> Result<(), StoreError> {
    Err(StoreError::Network(NetworkError::TimedOut))
        .or_else(|it| if matches!(table, Table::Users) { Ok(()) } else { Err(it) })
}

#[timed_query("select", table = "orders", slo(latency = "10ms" @ 99))]
fn all() {}

async fn text(path: &str) -> String {
    let request = Request::get(path).body(axum::body::Body::empty()).expect("a request");
    let response = measurand::exporter::router().oneshot(request).await.expect("an answer");
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(body.to_vec()).expect("text")
}

async fn samples(metric: &str) -> Vec<String> {
    let text = text("/metrics").await;
    let mut lines: Vec<String> = text.lines().filter(|it| it.starts_with(metric)).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The counters with the outcome `error`, without the label that all of them have.
async fn errors(metric: &str) -> Vec<String> {
    let mut lines = samples(metric).await;
    lines.retain(|it| it.contains(r#"outcome="error""#));
    lines.iter().map(|it| it.replace(r#"module="first_scrape","#, "")).collect()
}

#[tokio::test]
async fn names_and_kinds() {
    let expected = [
        r#"function_calls_total{function="A::get",module="first_scrape"} 0"#,
        r#"function_calls_total{function="B::get",module="first_scrape"} 0"#,
    ];
    assert_eq!(samples("function_calls_total{").await, expected);
    let expected = [
        r#"function_errors_total{error_kind="not_found",function="A::get",outcome="error"} 0"#,
        r#"function_errors_total{error_kind="timed_out",function="A::get",outcome="error"} 0"#,
        r#"function_errors_total{error_kind="timed_out",function="B::get",outcome="error"} 0"#,
        r#"function_errors_total{function="A::get",outcome="error"} 0"#,
        r#"function_errors_total{function="B::get",outcome="error"} 0"#,
    ];
    assert_eq!(errors("function_errors_total{").await, expected);
    let expected = [
        r#"db_query_errors_total{error_kind="not_found",outcome="error",query_type="select",table="orders"} 0"#,
        r#"db_query_errors_total{error_kind="not_found",outcome="error",query_type="select",table="users"} 0"#,
        r#"db_query_errors_total{error_kind="timed_out",outcome="error",query_type="select",table="orders"} 0"#,
        r#"db_query_errors_total{error_kind="timed_out",outcome="error",query_type="select",table="users"} 0"#,
    ];
    let mut kinds = errors("db_query_errors_total{").await;
    kinds.retain(|it| it.contains("error_kind"));
    assert_eq!(kinds, [""; 0], "the values of `table` are not known before the first call");

    assert!(A.get().is_err() && B.get().is_err());
    assert!(find(Table::Orders).is_err() && find(Table::Users).is_ok());
    all();
    let mut kinds = errors("db_query_errors_total{").await;
    kinds.retain(|it| it.contains("error_kind"));
    assert_eq!(
        kinds,
        expected.map(|it| if it.contains("timed_out") && it.contains("orders") {
            it.replace("} 0", "} 1")
        } else {
            it.to_owned()
        })
    );
    let expected = [
        r#"db_query_duration_seconds_count{function="all",module="first_scrape",query_type="select",table="orders"} 1"#,
        r#"db_query_duration_seconds_count{query_type="select",table="orders"} 1"#,
        r#"db_query_duration_seconds_count{query_type="select",table="users"} 1"#,
    ];
    assert_eq!(samples("db_query_duration_seconds_count{").await, expected);
    assert_eq!(
        samples("function_errors_total{error_kind").await,
        [
            r#"function_errors_total{error_kind="not_found",function="A::get",module="first_scrape",outcome="error"} 1"#,
            r#"function_errors_total{error_kind="timed_out",function="A::get",module="first_scrape",outcome="error"} 0"#,
            r#"function_errors_total{error_kind="timed_out",function="B::get",module="first_scrape",outcome="error"} 1"#,
        ]
    );

    // The history starts at the installation, so the page shows rates for calls right after it.
    let begin = std::time::Instant::now();
    loop {
        let functions = text("/live/functions").await;
        let numbers = functions.split("A.get").nth(1).and_then(|it| it.split('}').next()).expect("the function");
        if numbers.contains("\"rate\":") && !numbers.ends_with("\"rate\":0.0") {
            break;
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(30), "{functions}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
