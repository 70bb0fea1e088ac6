//! The effect of hostile clients on an endpoint in its own process: how much longer a scrape takes while thousands of
//! them hold connections, and whether a million malformed requests get the right answers and leave nothing behind.
//!
//! `cargo bench -p measurand-exporter --bench endpoint` prints both. Optional arguments after `--`: the number of slow
//! clients, the number of requests, and a seed. Each side needs a file descriptor per slow client, so raise `ulimit
//! -n`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a failure panics with its location")]

#[path = "../tests/support/hostile.rs"]
mod hostile;
#[path = "../tests/support/mod.rs"]
mod support;

use hostile::{Random, attack_many, slow};
use measurand_exporter::{Builder, ServerLimits};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const CHILD: &str = "MEASURAND_BENCH_CHILD";
const SCRAPES: usize = 1000;
const CLIENTS: usize = 64;
/// Number of histograms with ten bounds, so that a scrape has some work to do.
const SERIES: usize = 500;

fn main() {
    if std::env::var_os(CHILD).is_some() {
        return serve();
    }
    let numbers: Vec<usize> = std::env::args().filter_map(|it| it.parse().ok()).collect();
    let number = |index: usize, other| numbers.get(index).copied().unwrap_or(other);
    let endpoint = Endpoint::start();
    let runtime = Runtime::new().unwrap();
    hold(&endpoint, &runtime, number(0, 5000));
    attack(&endpoint, &runtime, number(1, 1_000_000), number(2, 42) as u64);
}

/// Runs the endpoint's process, which serves until its input ends.
fn serve() {
    let limits = ServerLimits {
        connections: 16_000,
        headers: Duration::from_secs(600),
        connection: Duration::from_secs(600),
        ..ServerLimits::default()
    };
    let exporter = Builder::new(support::program()).limits(limits).listen("127.0.0.1:0").install().unwrap();
    for function in 0..SERIES {
        let labels = [("function", function.to_string()), ("module", "bench".to_owned()), ("outcome", "ok".to_owned())];
        metrics::histogram!("function_duration_seconds", &labels).record(0.001);
    }
    println!("{}", exporter.address());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    exporter.shutdown();
}

struct Endpoint {
    child: Child,
    address: SocketAddr,
}

impl Endpoint {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.env(CHILD, "1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap() }
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Waits until the endpoint has closed all descriptors that it opened.
    fn settle(&self, before: usize) {
        let begin = Instant::now();
        while self.descriptors() > before {
            assert!(begin.elapsed() < Duration::from_secs(60), "{} descriptors, {before} before", self.descriptors());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Scrapes, each time on a new connection. Returns the median and P99.
    fn scrapes(&self) -> (Duration, Duration) {
        let mut all: Vec<_> = (0..SCRAPES).map(|_| self.scrape()).collect();
        all.sort();
        (all[SCRAPES / 2], all[SCRAPES * 99 / 100])
    }

    fn scrape(&self) -> Duration {
        let begin = Instant::now();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", answer[..answer.len().min(200)].escape_ascii());
        begin.elapsed()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the endpoint ended with {status}");
    }
}

fn hold(endpoint: &Endpoint, runtime: &Runtime, clients: usize) {
    endpoint.scrapes();
    let (median, idle) = endpoint.scrapes();
    println!("idle: {SCRAPES} scrapes, median {median:?}, P99 {idle:?}");
    // By then the last connection is closed.
    std::thread::sleep(Duration::from_millis(200));
    let (before, memory) = (endpoint.descriptors(), endpoint.resident_kib());
    let (count, (told, until)) = (Arc::new(AtomicUsize::new(0)), tokio::sync::watch::channel(false));
    let mut all = JoinSet::new();
    for _ in 0..clients {
        all.spawn_on(slow([127, 0, 0, 1], endpoint.address, Arc::clone(&count), until.clone()), runtime.handle());
    }
    let begin = Instant::now();
    while count.load(Ordering::Relaxed) < clients {
        assert!(begin.elapsed() < Duration::from_secs(60), "only {count:?} are held");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (median, held) = endpoint.scrapes();
    let more = endpoint.resident_kib().saturating_sub(memory);
    told.send_replace(true);
    let lost = runtime.block_on(all.join_all()).iter().filter(|it| it.is_err()).count();
    println!("{clients} slow clients held, {lost} lost: median {median:?}, P99 {held:?}, {more} KiB more");
    let (median, again) = endpoint.scrapes();
    println!("idle again: median {median:?}, P99 {again:?}");
    let ratio = held.as_secs_f64() / ((idle + again) / 2).as_secs_f64();
    println!("ratio of P99 with slow clients to the mean of both without: {ratio:.2}");
    endpoint.settle(before);
}

fn attack(endpoint: &Endpoint, runtime: &Runtime, requests: usize, seed: u64) {
    let (before, memory, begin) = (endpoint.descriptors(), endpoint.resident_kib(), Instant::now());
    let mut all = JoinSet::new();
    for client in 0..CLIENTS {
        let (mut random, address) = (Random::new(seed.wrapping_add(client as u64)), endpoint.address);
        all.spawn_on(
            async move { attack_many(address, &mut random, requests.div_ceil(CLIENTS)).await },
            runtime.handle(),
        );
    }
    let (mut scrapes, mut slowest) = (0_u32, Duration::ZERO);
    while !all.is_empty() {
        while let Some(done) = all.try_join_next() {
            done.unwrap().unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        }
        slowest = slowest.max(endpoint.scrape());
        scrapes += 1;
        std::thread::sleep(Duration::from_millis(100));
    }
    endpoint.settle(before);
    let sent = requests.div_ceil(CLIENTS) * CLIENTS;
    println!(
        "{sent} malformed requests, seed {seed}, in {:?}: all statuses correct; {scrapes} scrapes meanwhile, the slowest \
         in {slowest:?}; descriptors {before} before and {} after; memory {memory} KiB before and {} after",
        begin.elapsed(),
        endpoint.descriptors(),
        endpoint.resident_kib()
    );
}
