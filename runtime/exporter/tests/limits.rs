//! A request beyond a limit gets its status and is counted; every answer has the headers that restrict browsers.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod support;

use measurand_exporter::{Builder, Limits, ServerLimits};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use support::{check_promtool, check_scrape, get, program, request};

/// Runs one test at a time: the process has one endpoint, with room for one scrape.
fn endpoint() -> (MutexGuard<'static, ()>, SocketAddr) {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let limits = Limits {
        scrapes: 1,
        server: ServerLimits { header_bytes: 2048, ..ServerLimits::default() },
        ..Limits::default()
    };
    (guard, Builder::new(program()).limits(limits).listen("127.0.0.1:0").install().unwrap().address())
}

fn refused(address: SocketAddr, reason: &str) -> f64 {
    check_scrape(get(address, "/metrics").text())[&format!("measurand_http_refused_total{{reason=\"{reason}\"}}")]
}

#[test]
fn a_body_is_refused_whatever_it_is_for() {
    let (_alone, address) = endpoint();
    let before = refused(address, "body");
    for (method, path, body) in [
        ("GET", "/metrics", "content-length: 5\r\n\r\nhello"),
        ("GET", "/healthz", "content-length: 99999999999\r\n\r\nhello"),
        ("POST", "/nowhere", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ] {
        let answer = request(address, method, path, body);
        assert_eq!((answer.status, answer.text()), (413, "requests here have no body; send none\n"), "{method} {path}");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(request(address, "GET", "/healthz", "content-length: 0\r\n").status, 200);
    assert!(refused(address, "body") >= before + 3.0);
}

#[test]
fn headers_have_a_size() {
    let (_alone, address) = endpoint();
    let padded = |length| request(address, "GET", "/healthz", &format!("x: {}\r\n", "y".repeat(length))).status;
    assert_eq!((padded(1000), padded(3000)), (200, 431));
    // The request is counted when its connection has ended, possibly a moment after the answer.
    let begin = Instant::now();
    while refused(address, "malformed") < 1.0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "the request is not counted");
    }
}

#[test]
fn more_scrapes_at_once_than_there_may_be_are_told_to_come_again() {
    let (_alone, address) = endpoint();
    for function in 0..1000 {
        metrics::counter!("function_calls_total", "function" => function.to_string()).increment(1);
    }
    for round in 0.. {
        let together = Barrier::new(16);
        let answers: Vec<_> = thread::scope(|scope| {
            let scrape = || {
                // Connects first, so that all requests arrive at the same moment.
                let _warm = TcpStream::connect(address).unwrap();
                together.wait();
                get(address, "/metrics")
            };
            let all: Vec<_> = (0..16).map(|_| scope.spawn(scrape)).collect();
            all.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(answers.iter().any(|it| it.status == 200), "at least one");
        for answer in &answers {
            if answer.status == 200 {
                check_scrape(answer.text());
            } else {
                assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
                assert_eq!(answer.text(), "too many scrapes at once; try again\n");
            }
        }
        if answers.iter().any(|it| it.status == 503) {
            break;
        }
        assert!(round < 100, "no scrape was refused");
    }
    assert!(refused(address, "scrapes") >= 1.0);
    check_promtool(get(address, "/metrics").text());
}

#[test]
fn every_answer_has_the_headers_for_browsers() {
    let (_alone, address) = endpoint();
    for (method, path, headers, status) in [
        ("GET", "/", "", 200),
        ("GET", "/live/app.js", "", 200),
        ("GET", "/healthz", "", 200),
        ("GET", "/catalog.json", "", 200),
        ("GET", "/live/alerts", "", 200),
        ("GET", "/nowhere", "", 404),
        ("DELETE", "/metrics", "", 405),
        ("GET", "/live/panels?ids=x", "", 400),
        ("GET", "/healthz", "content-length: 1\r\n\r\nx", 413),
    ] {
        let answer = request(address, method, path, headers);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{method} {path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{method} {path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let kept = answer.header("cache-control");
        assert!(matches!(kept, Some("no-store" | "no-cache")), "{method} {path}: {kept:?}");
    }
}
