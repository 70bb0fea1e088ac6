//! The endpoint over real connections, in a program without its own runtime.

mod support;

use flate2::read::GzDecoder;
use measurand_exporter::{Builder, Exporter, ServerLimits};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};
use support::{check_promtool, check_scrape, get, program, request};

const HEADERS: Duration = Duration::from_millis(500);

/// Returns the only endpoint of this program; the first test installs it.
fn endpoint() -> Exporter {
    let limits = ServerLimits { headers: HEADERS, ..ServerLimits::default() };
    Builder::new(program())
        .service("till", "4.5.6", "abc123")
        .limits(limits)
        .listen("127.0.0.1:0")
        .install()
        .expect("a free port is found")
}

#[test]
fn metrics_are_prometheus_text() {
    let answer = get(endpoint().address(), "/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-encoding"), None);
    let series = check_scrape(answer.text());
    check_promtool(answer.text());
    assert!(series.contains_key(r#"build_info{commit="abc123",name="till",version="4.5.6"}"#), "{series:?}");
    assert_eq!(answer.text().matches("build_info{").count(), 1);
    assert!(series.contains_key("measurand_scrape_duration_seconds_count"));
}

#[test]
fn openmetrics_is_for_scrapers_that_ask() {
    let asks = "accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3\r\n";
    let answer = request(endpoint().address(), "GET", "/metrics", asks);
    let expected = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(expected)));
    assert_eq!(answer.header("vary"), Some("accept, accept-encoding"));
    assert!(answer.text().ends_with("\n# EOF\n"));
    assert!(answer.text().contains("\n# TYPE process_cpu_seconds counter\n"));
    let compressed = request(endpoint().address(), "GET", "/metrics", &format!("{asks}accept-encoding: gzip\r\n"));
    assert_eq!(compressed.header("content-type"), Some(expected));
    let mut text = String::new();
    GzDecoder::new(compressed.body.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn gzip_holds_the_same_text() {
    let answer = request(endpoint().address(), "GET", "/metrics", "accept-encoding: gzip\r\n");
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")));
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    check_scrape(&text);
}

#[test]
fn the_catalog_is_json() {
    let answer = get(endpoint().address(), "/catalog.json");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.text(), program().catalog.to_json());
}

#[test]
fn each_address_answers_as_it_should() {
    let address = endpoint().address();
    for (method, path, status) in [
        ("GET", "/healthz", 200),
        ("GET", "/", 200),
        ("HEAD", "/metrics", 200),
        ("GET", "/metrics?name=x", 200),
        ("GET", "/nothing", 404),
        ("GET", "/metrics/", 404),
        ("GET", "//metrics", 404),
        ("GET", "/../metrics", 404),
        ("GET", "/%6Detrics", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/catalog.json", 405),
        ("PUT", "/", 405),
        ("BREW", "/healthz", 405),
    ] {
        let answer = request(address, method, path, "");
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
    }
    assert_eq!(get(address, "/healthz").text(), "ok\n");
    assert!(get(address, "/").text().contains("href=\"metrics\""));

    let series = check_scrape(get(address, "/metrics").text());
    assert!(series[r#"measurand_http_requests_total{path="other",status="404"}"#] >= 5.0);
    assert!(series[r#"measurand_http_requests_total{path="/metrics",status="405"}"#] >= 1.0);
    assert!(series[r#"measurand_http_requests_total{path="/healthz",status="200"}"#] >= 1.0);
}

#[test]
fn installing_again_returns_the_same_endpoint() {
    let first = endpoint();
    let second = Builder::new(program()).listen("256.0.0.1:x").install().unwrap();
    assert_eq!(first.address(), second.address());
    assert_eq!(first.url(), format!("http://{}", first.address()));
    drop((first, second));
    assert_eq!(get(endpoint().address(), "/healthz").status, 200, "dropping the handle does not stop it");
}

/// Writes one byte at a time, and measures how long the connection lives.
fn lifetime(bytes: &[u8]) -> Duration {
    let mut stream = TcpStream::connect(endpoint().address()).expect("the endpoint listens");
    stream.set_read_timeout(Some(HEADERS / 10)).expect("a socket takes a time limit");
    let begin = Instant::now();
    let mut bytes = bytes.iter();
    loop {
        if let Some(byte) = bytes.next()
            && stream.write_all(&[*byte]).is_err()
        {
            return begin.elapsed();
        }
        match stream.read(&mut [0; 1024]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => (),
            Ok(0) | Err(_) => return begin.elapsed(),
            Ok(_) => (),
        }
        assert!(begin.elapsed() < HEADERS * 20, "the connection stays open");
    }
}

#[test]
fn slow_clients_are_let_go_and_hinder_nobody() {
    thread::scope(|scope| {
        let slow: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| lifetime(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nx: yyyyyyy")))
            .collect();
        let silent = scope.spawn(|| lifetime(b""));
        assert_eq!(get(endpoint().address(), "/metrics").status, 200);
        for slow in slow.into_iter().chain([silent]) {
            let lifetime = slow.join().unwrap();
            assert!(lifetime >= HEADERS / 2 && lifetime < HEADERS * 10, "{lifetime:?}");
        }
    });
}

#[test]
fn requests_that_are_none_do_no_harm() {
    let address = endpoint().address();
    let large = format!("x: {}\r\n", "y".repeat(100_000));
    for bytes in
        ["\r\n\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /metrics HTTP/9\r\n\r\n", "\0\0\0\0", large.as_str()]
    {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // The endpoint may close while we write.
        let _ = stream.write_all(bytes.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(get(address, "/healthz").status, 200);
}

#[test]
fn many_scrapes_on_one_connection() {
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let url = format!("{}/metrics", endpoint().url());
    for _ in 0..20 {
        let mut answer = agent.get(&url).call().unwrap();
        check_scrape(&answer.body_mut().read_to_string().unwrap());
    }
}
