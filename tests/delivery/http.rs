//! Servers on this machine that speak HTTP: what is watched, and who is called. Each request is answered by a function,
//! and kept.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// Status and body.
type Answer = (u16, String);

/// A server that ends with the program.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (requests, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let server = Self { address, requests: Arc::clone(&requests) };
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                thread::spawn(move || {
                    // Whoever went away needs no answer.
                    let _ = serve(&connection, &*answer, &requests);
                });
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whatever came to this path so far.
    pub(crate) fn requests(&self, path: &str) -> Vec<Request> {
        self.requests.lock().unwrap().iter().filter(|it| it.path == path).cloned().collect()
    }
}

fn serve(
    connection: &TcpStream,
    answer: &dyn Fn(&Request) -> Answer,
    requests: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(connection);
    let (mut first, mut headers) = (String::new(), String::new());
    reader.read_line(&mut first)?;
    while !headers.ends_with("\r\n\r\n") && !headers.starts_with("\r\n") {
        if reader.read_line(&mut headers)? == 0 {
            return Ok(());
        }
    }
    let lower = headers.to_lowercase();
    let length = lower.lines().find_map(|it| it.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let request = Request { path, headers, body: String::from_utf8_lossy(&body).into_owned() };
    let (status, text) = answer(&request);
    requests.lock().unwrap().push(request);
    let mut writer = connection;
    write!(writer, "HTTP/1.1 {status} .\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())
}

/// Slack's incoming webhooks, `PagerDuty`'s Events API v2 and a dead man's switch. Each refuses what the real one refuses.
pub(crate) fn receivers(routing_key: &'static str, switch_token: &'static str) -> Server {
    Server::start(move |request| match request.path.as_str() {
        "/slack" => slack(&request.json()),
        "/pagerduty" => pager_duty(&request.json(), routing_key),
        "/switch" if request.headers.contains(&format!("Bearer {switch_token}")) => (200, String::new()),
        "/switch" => (401, String::new()),
        _ => (404, String::new()),
    })
}

/// <https://api.slack.com/messaging/webhooks>: `ok` as text, or a word that says what is wrong.
fn slack(message: &Value) -> Answer {
    let attachment = &message["attachments"][0];
    let has_text = |it: &str| attachment[it].as_str().is_some_and(|it| !it.is_empty());
    match message["channel"].as_str() {
        Some(channel) if !channel.starts_with('#') => (404, "channel_not_found".to_owned()),
        Some(_) if has_text("title") && has_text("text") => (200, "ok".to_owned()),
        _ => (400, "invalid_payload".to_owned()),
    }
}

/// <https://developer.pagerduty.com/docs/events-api-v2>: 202, or 400 with the errors.
fn pager_duty(event: &Value, routing_key: &str) -> Answer {
    let action = event["event_action"].as_str().unwrap_or_default();
    let filled = |it: &str| event["payload"][it].as_str().is_some_and(|it| !it.is_empty());
    let trigger = ["summary", "source", "severity"].into_iter().all(filled);
    let severity = event["payload"]["severity"].as_str().unwrap_or_default();
    let known = ["critical", "error", "warning", "info"].contains(&severity);
    let key = event["dedup_key"].as_str().unwrap_or_default();
    let fine = event["routing_key"] == routing_key
        && !key.is_empty()
        && key.len() <= 255
        && match action {
            "trigger" => trigger && known,
            "acknowledge" | "resolve" => true,
            _ => false,
        };
    if fine {
        (202, json!({"status": "success", "message": "Event processed", "dedup_key": key}).to_string())
    } else {
        (400, json!({"status": "invalid event", "message": "Event object is invalid", "errors": []}).to_string())
    }
}
