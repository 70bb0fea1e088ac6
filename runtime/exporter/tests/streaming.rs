//! A scrape of many series is rendered while it is sent: clients that do not read hold no memory and do not delay other
//! clients.

mod support;

use flate2::read::GzDecoder;
use measurand_exporter::Builder;
use metrics::{counter, histogram};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use support::program;

const SERIES: usize = 30_000;
const STALLED: usize = 8;

/// Returns a client that sends a request and reads only the start of the answer.
fn stall(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the endpoint listens");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("the request is sent");
    let mut start = [0; 512];
    stream.read_exact(&mut start).expect("the answer starts");
    let head = String::from_utf8_lossy(&start).to_lowercase();
    assert!(head.starts_with("http/1.1 200") && head.contains("transfer-encoding: chunked"), "{head}");
    stream
}

fn scrape(url: &str) -> Vec<u8> {
    let mut answer = ureq::get(url).header("accept-encoding", "identity").call().expect("answers");
    let mut bytes = Vec::new();
    answer.body_mut().as_reader().read_to_end(&mut bytes).expect("is whole");
    bytes
}

/// Scrapes as an old client, which gets no chunks and decompresses the answer itself.
fn scrape_compressed(address: SocketAddr) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the endpoint listens");
    stream.write_all(b"GET /metrics HTTP/1.0\r\naccept-encoding: gzip\r\n\r\n").expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("is whole");
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").expect("the answer has a head");
    let mut bytes = Vec::new();
    GzDecoder::new(&answer[end + 4..]).read_to_end(&mut bytes).expect("is whole gzip");
    bytes
}

/// Returns the lines of the many series, which do not change during the test.
fn fixed(text: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(text).expect("it is text");
    assert!(text.ends_with("\nwait_seconds_count{client=\"9999\"} 1\n"), "the answer is whole");
    text.lines().filter(|it| it.starts_with("wait_seconds")).collect()
}

#[test]
fn clients_that_do_not_read_hold_nothing_up() {
    let exporter = Builder::new(program()).series_limit(2 * SERIES).listen("127.0.0.1:0").install().unwrap();
    for client in 0..SERIES {
        histogram!("wait_seconds", "client" => client.to_string()).record(0.3);
    }
    let url = format!("{}/metrics", exporter.url());
    let plain = scrape(&url);
    let expected = fixed(&plain);
    assert_eq!(expected.len(), SERIES * 16);

    let before = resident();
    let stalled: Vec<_> = (0..STALLED).map(|_| stall(exporter.address())).collect();
    std::thread::sleep(Duration::from_millis(500));
    let grown = resident().saturating_sub(before);
    assert!(grown < plain.len() / 2, "{grown} bytes more for {STALLED} clients, {} are sent to each", plain.len());

    // Other clients are served meanwhile, and recording continues.
    let begin = Instant::now();
    assert_eq!(fixed(&scrape(&url)), expected);
    assert_eq!(fixed(&scrape_compressed(exporter.address())), expected);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    counter!("still_recorded_total").increment(1);
    assert!(String::from_utf8(scrape(&url)).unwrap().contains("\nstill_recorded_total 1\n"));
    drop(stalled);
}

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("this test runs on Linux");
    pages.split(' ').nth(1).and_then(|it| it.parse::<usize>().ok()).expect("a number of pages") * 4096
}
