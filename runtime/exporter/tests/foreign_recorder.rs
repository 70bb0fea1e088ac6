//! Another recorder is already installed.

mod support;

use measurand_exporter::{Builder, Error};
use metrics::NoopRecorder;
use support::{get, program};
use tokio::runtime::Runtime;

#[test]
fn another_recorder_keeps_the_metrics_and_the_endpoint_explains_it() {
    metrics::set_global_recorder(NoopRecorder).unwrap();
    let error = Builder::new(program()).listen("127.0.0.1:0").install().unwrap_err();
    assert!(matches!(error, Error::ForeignRecorder));
    let message = error.to_string();
    assert!(message.contains("already installed") && message.contains("remove"), "{message}");

    let runtime = Runtime::new().unwrap();
    let address = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Builder::new(program()).router();
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    });
    assert_eq!(get(address, "/healthz").status, 200);
    assert_eq!(get(address, "/catalog.json").status, 200);
    let answer = get(address, "/metrics");
    assert_eq!((answer.status, answer.text()), (503, format!("{message}\n").as_str()));
}
