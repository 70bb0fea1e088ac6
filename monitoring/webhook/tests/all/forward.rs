//! Payloads reach the next hop in order, even if servers are killed meanwhile.

use crate::authentication::{TOKEN, certificate, trusting};
use crate::support::{Answer, Webhook, database, file, firing, payload, resolved};
use measurand_tests::{Scrape, free_port, wait};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// A next hop that answers with these statuses in turn, and then with 200.
struct Hop {
    url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Hop {
    fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/next", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&bodies);
        thread::spawn(move || {
            let mut statuses = statuses.iter().copied().chain(std::iter::repeat(200));
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.unwrap());
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let status = statuses.next().unwrap();
                taken.lock().unwrap().push(format!("{status} {}", String::from_utf8(body).unwrap()));
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { url, bodies }
    }

    fn after(&self, count: usize) -> Vec<String> {
        let enough = || Some(self.bodies.lock().unwrap().clone()).filter(|it| it.len() >= count);
        wait("the next hop's payloads", enough)
    }
}

fn waiting(webhook: &Webhook) -> f64 {
    Scrape::fetch(&webhook.url).value("background_task_queue_length")
}

#[test]
fn temporary_errors_are_repeated_in_order() {
    let hop = Hop::start(&[500, 429, 404, 200, 400]);
    let webhook = Webhook::start(&["--forward", &hop.url]);
    let bodies: Vec<_> = (0..4).map(|it| payload(&[firing(it)])).collect();
    for body in &bodies {
        assert_eq!(webhook.post(body).status, 200);
    }
    let seen = hop.after(7);
    let expected: Vec<String> = [(500, 0), (429, 0), (404, 0), (200, 0), (400, 1), (200, 2), (200, 3)]
        .iter()
        .map(|(status, index): &(u16, usize)| format!("{status} {}", bodies[*index]))
        .collect();
    assert_eq!(seen, expected, "byte for byte");
    wait("an empty queue", || (waiting(&webhook) < 0.5).then_some(()));
    assert!(webhook.log().contains("answered with status 500; the next attempt is in 1 s"), "{}", webhook.log());

    let directory = webhook.kill();
    let left: Vec<(String, String)> = database(&directory)
        .prepare("SELECT CAST(body AS TEXT), error FROM forwards WHERE rejected = 1")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        left,
        [(bodies[1].to_string(), "it answered with status 400".to_owned())],
        "rejected permanently, but not lost"
    );
}

#[test]
fn a_kill_loses_no_waiting_payload() {
    let listen = format!("127.0.0.1:{}", free_port());
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(&directory);
    let tokens = file(&directory, "tokens", TOKEN);
    let tokens = tokens.to_str().unwrap();
    let url = format!("https://{listen}/webhook");
    let arguments = ["--forward", &url, "--forward-token-file", tokens, "--forward-ca-file", &certificate];

    // The next hop is another alert receiver, which does not run yet.
    let webhook = Webhook::start(&arguments);
    for number in 0..50 {
        assert_eq!(webhook.post(&payload(&[firing(number)])).status, 200, "senders do not notice a missing next hop");
    }
    assert_eq!(webhook.post(&payload(&[resolved(0)])).status, 200);
    assert!((waiting(&webhook) - 51.0).abs() < 0.5);
    let webhook = Webhook::start_in(webhook.kill(), &arguments);
    assert!((waiting(&webhook) - 51.0).abs() < 0.5, "the queue is in the database");

    let next = Webhook::start(&[
        "--listen",
        &listen,
        "--token-file",
        tokens,
        "--tls-certificate",
        &certificate,
        "--tls-key",
        &key,
    ]);
    let agent = trusting(&certificate);
    let list = || {
        let request = agent.get(format!("{}/api/alerts?limit=1000", next.url));
        Answer::of(request.header("authorization", format!("Bearer {TOKEN}")).call()).json()
    };
    wait("all alerts at the next hop", || (list()["alerts"][49]["status"] == "resolved").then_some(()));
    assert_eq!(list()["total"], 50);
    wait("an empty queue", || (waiting(&webhook) < 0.5).then_some(()));
}
