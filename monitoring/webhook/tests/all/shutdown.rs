//! SIGTERM: running requests finish, and new ones are refused.

use crate::support::{Webhook, database, firing, payload};
use measurand_tests::wait;
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn a_running_request_is_answered() {
    let webhook = Webhook::start(&[]);
    let address = webhook.url.trim_start_matches("http://").to_owned();
    let body = payload(&[firing(1)]).to_string();
    let mut slow = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(&body.as_bytes()[..10]).unwrap();
    let _idle = TcpStream::connect(&address).unwrap();
    // The server must have received the request before it is stopped.
    let metrics = || webhook.get("/metrics").body;
    let started = r#"function_calls_in_flight{function="receive",module="measurand_webhook::routes::receive"} 1"#;
    wait("the request to start", || metrics().contains(started).then_some(()));
    webhook.signal("TERM");
    wait("the port to close", || TcpStream::connect(&address).is_err().then_some(()));
    slow.write_all(&body.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let (status, directory) = webhook.ended();
    assert_eq!(status.code(), Some(0));
    let stored: i64 = database(&directory).query_row("SELECT count(*) FROM alerts", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, 1);
}

#[test]
fn the_database_file_alone_is_complete_after_shutdown() {
    let webhook = Webhook::start(&["--forward", "http://127.0.0.1:9/"]);
    webhook.post(&payload(&[firing(1)]));
    webhook.signal("TERM");
    let (status, directory) = webhook.ended();
    assert_eq!(status.code(), Some(0));
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(directory.path().join("alerts.db"), copy.path().join("alerts.db")).unwrap();
    let stored: i64 = database(&copy).query_row("SELECT count(*) FROM alerts", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, 1);
}
