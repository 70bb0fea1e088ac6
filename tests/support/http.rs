//! A local HTTP server that answers each request with a function and records it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A received request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The path with the query string.
    pub path: String,
    /// All header lines.
    pub headers: String,
    /// The body as text.
    pub body: String,
}

impl Request {
    /// The body as JSON; null if it is not valid JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// Status and body of a response.
pub type Answer = (u16, String);

/// An HTTP server that runs until the test process ends.
#[derive(Debug, Clone)]
pub struct HttpServer {
    /// Host and port.
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl HttpServer {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// If no port is free.
    #[must_use]
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (requests, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let server = Self { address, requests: Arc::clone(&requests) };
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                thread::spawn(move || {
                    // A client that hung up needs no response.
                    let _ = serve(&connection, &*answer, &requests);
                });
            }
        });
        server
    }

    /// The URL of the server, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests to this path and below it so far.
    ///
    /// # Panics
    /// If a thread panicked while it held the lock of the requests.
    #[must_use]
    pub fn requests(&self, path: &str) -> Vec<Request> {
        let is_below = |it: &str| it.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.requests.lock().expect("no panic").iter().filter(|it| is_below(&it.path)).cloned().collect()
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
    requests.lock().expect("no panic").push(request);
    let mut writer = connection;
    // Prometheus 3 refuses a scrape without this type.
    let head = "content-type: text/plain; version=0.0.4\r\nconnection: close";
    write!(writer, "HTTP/1.1 {status} .\r\ncontent-length: {}\r\n{head}\r\n\r\n{text}", text.len())
}
