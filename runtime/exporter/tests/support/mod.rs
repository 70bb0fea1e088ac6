//! Shared by the tests of the endpoint.
#![allow(dead_code, reason = "each test program uses a part")]

use measurand_catalog::{Catalog, SiteRecord, families};
use measurand_exporter::Program;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Returns a program with all families and one annotated function.
pub(crate) fn program() -> Program {
    let site = SiteRecord {
        krate: "shop".to_owned(),
        version: "1.2.3".to_owned(),
        module: "shop::cart".to_owned(),
        function: "fill".to_owned(),
        file: "src/cart.rs".to_owned(),
        line: 7,
        attribute: "measured".to_owned(),
        family: "function".to_owned(),
        labels: [("function".to_owned(), "fill".to_owned())].into(),
        ..SiteRecord::default()
    };
    let catalog = Catalog { format: Catalog::FORMAT, families: Vec::new(), sites: vec![site] };
    Program { families: families::ALL.to_vec(), catalog, binary: None, initialize: || (), limit_series: |_| () }
}

/// An answer as received.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|it| it.split_once(": "));
        fields.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Sends one request and reads until the connection is closed.
pub(crate) fn request(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("the endpoint listens");
    // Long, since the thread of the live page has a low priority: on a busy machine its answers wait.
    stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a socket takes a time limit");
    // In one write, as real clients do: if there are too many connections, the server closes those with half a request.
    let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).expect("the request is sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the answer is read");
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").expect("the answer has a head");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("the head is text");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("the head has a status");
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, "GET", path, "")
}

/// Checks the general rules of a scrape. Returns its series by name and labels.
pub(crate) fn check_scrape(text: &str) -> BTreeMap<String, f64> {
    let mut series = BTreeMap::new();
    let mut headers = BTreeSet::new();
    for line in text.lines() {
        if line.starts_with('#') {
            let words: Vec<_> = line.split(' ').take(3).collect();
            assert!(headers.insert(words.join(" ")), "twice: {line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        assert!(series.insert(name.to_owned(), value).is_none(), "twice: {line}");
    }
    let parsed = prometheus_parse::Scrape::parse(text.lines().map(|it| Ok(it.to_owned()))).expect("parses");
    let mut last: Option<(String, f64)> = None;
    for line in text.lines().filter(|it| it.contains("_bucket{")) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        let (labels, bound) = name.rsplit_once("le=\"").expect("a bound");
        let value: f64 = value.parse().expect("a number");
        if let Some((_, below)) = last.as_ref().filter(|(it, _)| it == labels) {
            assert!(*below <= value, "not cumulative: {line}");
        }
        last = Some((labels.to_owned(), value));
        if bound == "+Inf\"}" {
            let labels = labels.trim_end_matches(',').replacen("_bucket{", "_count{", 1) + "}";
            let count = series[&labels.replace("_count{}", "_count")];
            assert!(value.to_bits() == count.to_bits(), "{line} but the count is {count}");
        }
    }
    assert!(!parsed.samples.is_empty());
    series
}

/// Checks the text with `promtool`, Prometheus' own linter.
pub(crate) fn check_promtool(text: &str) {
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match spawned {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("promtool is missing; install it: apt-get install prometheus")
        }
        spawned => spawned.expect("promtool starts"),
    };
    let mut input = promtool.stdin.take().expect("its input is piped");
    input.write_all(text.as_bytes()).expect("promtool reads");
    drop(input);
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}\n{text}", String::from_utf8_lossy(&said));
}
