//! Requests of websites whose name resolves to this machine.

use crate::support::{Served, WIDE, read};
use measurand_server::{Event, Hosts};
use tokio::io::AsyncWriteExt;

async fn status(served: &Served, request: &str) -> String {
    let mut stream = served.connect().await;
    stream.write_all(format!("{request}\r\n\r\n").as_bytes()).await.unwrap();
    let answer = read(&mut stream).await;
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_website_that_leads_to_a_loopback_address_reads_and_changes_nothing() {
    let served = Served::start(WIDE).await;
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nhost: localhost:3000", "200"),
        ("GET / HTTP/1.1\r\nhost: [::1]", "200"),
        ("GET / HTTP/1.1", "200"),
        ("GET / HTTP/1.0", "200"),
        ("GET / HTTP/1.1\r\nhost: evil.example:3000", "421"),
        ("GET / HTTP/1.0\r\nhost: evil.example", "421"),
        ("GET http://evil.example/ HTTP/1.1\r\nhost: localhost", "421"),
        ("POST /method HTTP/1.1\r\nhost: evil.example\r\norigin: http://evil.example\r\ncontent-length: 0", "421"),
        ("POST /method HTTP/1.1\r\nhost: localhost\r\norigin: http://evil.example\r\ncontent-length: 0", "403"),
        ("DELETE /method HTTP/1.1\r\nhost: localhost\r\norigin: null", "403"),
        ("POST /method HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\ncontent-length: 0", "200"),
        ("POST /method HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0", "200"),
    ] {
        assert_eq!(status(&served, request).await, expected, "{request}");
    }
    let events = served.events();
    assert_eq!((events.len(), events.iter().filter(|it| **it == Event::Host).count()), (6, 4), "{events:?}");
    served.stop().await;
}

#[tokio::test]
async fn a_server_for_other_machines_has_names_that_it_does_not_know() {
    let served = Served::start_on("0.0.0.0:0", WIDE, |it| it).await;
    assert_eq!(status(&served, "GET / HTTP/1.1\r\nhost: app:3000").await, "200");
    let foreign = "POST /method HTTP/1.1\r\nhost: app:3000\r\norigin: http://evil.example\r\ncontent-length: 0";
    assert_eq!(status(&served, foreign).await, "403");
    served.stop().await;
    // With configured hosts it checks them.
    let hosts = Hosts::new(&["app".to_owned()]);
    let served = Served::start_on("0.0.0.0:0", WIDE, |it| it.hosts(hosts)).await;
    assert_eq!(status(&served, "GET / HTTP/1.1\r\nhost: app:3000").await, "200");
    assert_eq!(status(&served, "GET / HTTP/1.1\r\nhost: other:3000").await, "421");
    served.stop().await;
}
