//! Tests of the limits for clients.

use crate::support::{Answer, Webhook, agent, firing, payload, post};
use measurand_tests::wait;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn a_body_has_a_size_and_a_type() {
    let webhook = Webhook::start(&["--max-body", "2048"]);
    let body = payload(&[firing(1)]).to_string();
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    assert_eq!(post(&webhook.url, padded(2048).as_bytes()).status, 200);
    let answer = post(&webhook.url, padded(2049).as_bytes());
    assert_eq!(answer.status, 413);
    assert!(answer.error().contains("more than 2048 bytes"), "{answer:?}");

    // Without `Content-Length`.
    let mut chunked = TcpStream::connect(webhook.url.trim_start_matches("http://")).unwrap();
    let head = "POST /webhook HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = format!("400\r\n{0}\r\n400\r\n{0}\r\n400\r\n{0}\r\n0\r\n\r\n", " ".repeat(0x400));
    chunked.write_all(format!("{head}{chunks}").as_bytes()).unwrap();
    assert!(read(&mut chunked).starts_with("HTTP/1.1 413"));

    for media_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = agent().post(format!("{}/webhook", webhook.url)).header("content-type", media_type);
        assert_eq!(Answer::of(request.send(&body)).status, 415, "{media_type}");
    }
    assert_eq!(webhook.alerts("")[0]["count"], 1, "refused payloads are not stored");
}

#[test]
fn an_address_has_a_rate() {
    let webhook = Webhook::start(&["--rate", "1", "--burst", "3"]);
    let answers: Vec<_> = (0..5).map(|it| webhook.post(&payload(&[firing(it)]))).collect();
    let statuses: Vec<u16> = answers.iter().map(|it| it.status).collect();
    assert_eq!(statuses[..3], [200, 200, 200]);
    let refused = answers.last().unwrap();
    assert_eq!(refused.status, 429, "{statuses:?}");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.error().contains("--rate"));
    let metrics = webhook.get("/metrics");
    assert_eq!(metrics.status, 200, "metrics are not limited");
    assert!(metrics.body.contains("webhook_requests_refused_total{reason=\"rate\"}"));
    wait("the rate to allow more", || (webhook.post(&payload(&[firing(9)])).status == 200).then_some(()));
}

#[test]
fn requests_at_once_and_slow_bodies_are_bounded() {
    let webhook = Webhook::start(&["--max-requests", "1", "--request-seconds", "8"]);
    let address = webhook.url.trim_start_matches("http://");
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(
        b"POST /webhook HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    )
    .unwrap();
    let busy = wait("a request too many", || Some(webhook.post(&payload(&[firing(1)]))).filter(|it| it.status != 200));
    assert_eq!((busy.status, busy.header("retry-after")), (503, "1"), "Alertmanager tries again after 503");
    assert_eq!(webhook.get("/healthz").status, 200);
    assert!(read(&mut slow).starts_with("HTTP/1.1 408"));
    assert_eq!(webhook.post(&payload(&[firing(1)])).status, 200, "the slot is free again");

    let mut short = TcpStream::connect(address).unwrap();
    short
        .write_all(b"POST /webhook HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{")
        .unwrap();
    short.shutdown(std::net::Shutdown::Write).unwrap();
    let _end = read(&mut short);
    assert_eq!(webhook.post(&payload(&[firing(1)])).status, 200, "a client that disconnects frees its slot");
}

#[test]
fn of_too_many_connections_the_one_that_does_least_gives_way() {
    let webhook = Webhook::start(&["--max-connections", "1"]);
    let address = webhook.url.trim_start_matches("http://").to_owned();
    let mut first = TcpStream::connect(&address).unwrap();
    let mut second = TcpStream::connect(&address).unwrap();
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert!(read(&mut second).starts_with("HTTP/1.1 200"));
    assert_eq!(read(&mut first), "", "it is closed");
}

fn read(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = [0; 4096];
    let length = stream.read(&mut bytes).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
