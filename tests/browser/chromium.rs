//! Headless Chromium, controlled over its debugging protocol.

use measurand_tests::wait;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tungstenite::{Message, WebSocket};

/// Arguments to run as root, without a window and without background network requests.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
];

/// Runs the browser until its standard input is closed, which also happens if the test is killed.
const KEEPER: &str = r#"directory=$1; shift; "$@" --user-data-dir="$directory" about:blank >/dev/null 2>&1 & read -r _
kill $!; wait $!; rm -rf "$directory""#;

static BROWSER: LazyLock<Mutex<Browser>> = LazyLock::new(|| Mutex::new(Browser::start()));

/// Locks the browser that all tests share. Only one test uses it at a time, so their timings do not interfere.
pub(crate) fn browser() -> MutexGuard<'static, Browser> {
    BROWSER.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Browser {
    socket: WebSocket<TcpStream>,
    calls: u64,
    events: VecDeque<Value>,
    _keeper: Child,
}

impl Browser {
    fn start() -> Self {
        let found = Command::new("chromium").arg("--version").stderr(Stdio::null()).output();
        assert!(
            found.is_ok_and(|it| it.status.success()),
            "no chromium\nhelp: install it by `apt-get install chromium`"
        );
        let directory = tempfile::tempdir().expect("a directory").keep();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&directory)
            .arg("chromium")
            .args(ARGUMENTS)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh");
        let address = wait("the browser", || address(&directory.join("DevToolsActivePort")));
        let stream = TcpStream::connect(address.0).expect("the browser accepts connections");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout is set");
        let (socket, _) = tungstenite::client(address.1, stream).expect("a WebSocket connection");
        Self { socket, calls: 0, events: VecDeque::new(), _keeper: keeper }
    }

    /// Calls a method of the browser, or of a page if a session is given.
    pub(crate) fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({"id": id, "method": method});
        call["params"] = parameters;
        if let Some(session) = session {
            call["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(call.to_string())).expect("the browser accepts the call");
        loop {
            let message = self.read(method);
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    /// Removes and returns the events of a session since the last call.
    pub(crate) fn events(&mut self, session: &str) -> Vec<Value> {
        let (own, rest): (VecDeque<_>, _) = self.events.drain(..).partition(|it| it["sessionId"] == session);
        self.events = rest;
        Vec::from(own)
    }

    fn read(&mut self, method: &str) -> Value {
        loop {
            let message = self.socket.read().unwrap_or_else(|error| panic!("no response to {method}: {error}"));
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }
}

/// Reads the port and the path, which the browser writes to a file when it is ready.
fn address(file: &PathBuf) -> Option<((&'static str, u16), String)> {
    let text = std::fs::read_to_string(file).ok()?;
    let (port, path) = text.split_once('\n')?;
    let port = port.parse().ok()?;
    Some((("127.0.0.1", port), format!("ws://127.0.0.1:{port}{path}")))
}
