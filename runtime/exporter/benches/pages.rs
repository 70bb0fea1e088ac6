//! The cost of clients that request the live page and hang up: scrapes and memory, with and without such clients, in
//! the endpoint's own server and behind `router()`.
//!
//! The endpoint runs in its own process, with a metric of 2,000 label values, the default limit. 100 clients connect,
//! request the most expensive panels, hang up after 10 to 50 ms and connect again a second later. `cargo bench -p
//! measurand-exporter --bench pages` does that for ten minutes with each server. Optional arguments after `--`: the
//! number of seconds, the number of clients, and `own` or `router` for one server.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a failure panics with its location")]

#[path = "../../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, unused_imports, reason = "tests use the rest")]
mod catalogs;
#[path = "../tests/support/hostile.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod hostile;
#[path = "../tests/support/pages.rs"]
mod pages;

use measurand_catalog::families;
use measurand_exporter::{Builder, Program};
use pages::{Outcomes, abandon};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const CHILD: &str = "MEASURAND_BENCH_CHILD";
const SERVERS: [&str; 2] = ["own", "router"];
const VALUES: usize = 2000;
/// Maximum growth of memory, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;

fn main() {
    if let Ok(server) = std::env::var(CHILD) {
        return serve(&server);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = words.iter().filter_map(|it| it.parse::<u64>().ok());
    let (seconds, clients) = (numbers.next().unwrap_or(600), numbers.next().unwrap_or(100));
    let is_wanted =
        |it: &&&str| !words.iter().any(|word| SERVERS.contains(&&**word)) || words.iter().any(|word| word == **it);
    let failed: Vec<String> = SERVERS.iter().filter(is_wanted).flat_map(|it| run(it, seconds, clients)).collect();
    assert!(failed.is_empty(), "{}", failed.join("; "));
}

/// Runs the endpoint's process, which serves until its input ends.
fn serve(server: &str) {
    let builder = || {
        let catalog = catalogs::catalog(&catalogs::everything());
        Builder::new(Program {
            families: families::ALL.to_vec(),
            catalog,
            binary: None,
            initialize: || (),
            limit_series: |_| (),
        })
    };
    let runtime = Runtime::new().unwrap();
    let address = if server == "own" {
        builder().listen("127.0.0.1:0").install().unwrap().address()
    } else {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            // Installs the recorder before the first series are registered, which would otherwise be lost.
            let routes = builder().router();
            tokio::spawn(async move { axum::serve(listener, routes).await });
            address
        })
    };
    let values = |number: usize| {
        [("function", format!("function_{number:04}")), ("module", "bench".to_owned()), ("outcome", "ok".to_owned())]
    };
    let all: Vec<_> = (0..VALUES).map(|it| metrics::histogram!("function_duration_seconds", &values(it))).collect();
    thread::spawn(move || {
        for round in 0_u32.. {
            all.iter()
                .enumerate()
                .for_each(|(number, it)| it.record(0.001 * f64::from(round % 97) + number as f64 / 1e6));
            thread::sleep(Duration::from_secs(1));
        }
    });
    println!("{address}");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    runtime.shutdown_background();
}

struct Endpoint {
    child: Child,
    address: SocketAddr,
}

impl Endpoint {
    fn start(server: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.env(CHILD, server).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap() }
    }

    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|it| it.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Scrapes for this time, each time on a new connection.
    fn scrapes(&self, time: Duration) -> Scrapes {
        let (begin, mut all) = (Instant::now(), Scrapes::default());
        while begin.elapsed() < time {
            match self.scrape() {
                Ok(took) => all.times.push(took),
                Err(_) => all.failed += 1,
            }
            all.memory = all.memory.max(self.status("VmRSS:"));
            all.threads = all.threads.max(self.status("Threads:"));
            thread::sleep(Duration::from_millis(20));
        }
        all.times.sort();
        all
    }

    /// Scrapes like Prometheus, with a timeout of ten seconds.
    fn scrape(&self) -> std::io::Result<Duration> {
        let begin = Instant::now();
        self.get("/metrics").map(|_| begin.elapsed())
    }

    fn get(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.starts_with("HTTP/1.1 200").then_some(answer).ok_or_else(|| std::io::Error::other("not 200"))
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct Scrapes {
    times: Vec<Duration>,
    failed: usize,
    memory: u64,
    threads: u64,
}

impl Scrapes {
    fn quantile(&self, percent: usize) -> Duration {
        self.times.get(self.times.len() * percent / 100).copied().unwrap_or_default()
    }

    fn report(&self, what: &str) {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap();
        let load: Vec<&str> = load.split(' ').take(1).collect();
        println!(
            "{what}: {} scrapes, {} failed, median {:?}, P99 {:?}, slowest {:?}; {} KiB, {} threads; load average {}",
            self.times.len(),
            self.failed,
            self.quantile(50),
            self.quantile(99),
            self.times.last().copied().unwrap_or_default(),
            self.memory,
            self.threads,
            load.concat()
        );
    }
}

/// Measures one server. Returns the failures.
fn run(server: &str, seconds: u64, clients: u64) -> Vec<String> {
    let endpoint = Endpoint::start(server);
    // Long enough for two samples and for the page's model, which is created once.
    thread::sleep(Duration::from_secs(12));
    let model = endpoint.get("/live/model.json").unwrap();
    println!("\n{server}: {VALUES} label values, {} bytes of model, {clients} clients for {seconds} s", model.len());
    let began = Instant::now();
    let answer = endpoint.get("/live/panels?range=3600&points=720&most=40").map_or(0, |it| it.len());
    println!("one request alone: {answer} bytes in {:?}, {} KiB", began.elapsed(), endpoint.status("VmHWM:"));
    let quiet = Duration::from_secs((seconds / 4).clamp(10, 60));
    let idle = endpoint.scrapes(quiet);
    idle.report("idle");

    let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Outcomes::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let loaded = thread::scope(|scope| {
        let (stopping, counted, address) = (Arc::clone(&stop), Arc::clone(&counts), endpoint.address);
        scope.spawn(move || {
            runtime.block_on(async {
                for client in 0..clients {
                    tokio::spawn(abandon(
                        address,
                        client,
                        Duration::from_secs(1),
                        Arc::clone(&stopping),
                        Arc::clone(&counted),
                    ));
                }
                while !stopping.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
        });
        let loaded = endpoint.scrapes(Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        loaded
    });
    loaded.report("loaded");
    let count = |it: &AtomicU64| it.load(Ordering::Relaxed);
    println!(
        "{} requests abandoned, {} answered before, {} refused a connection",
        count(&counts.abandoned),
        count(&counts.answered),
        count(&counts.lost)
    );
    if let Ok(text) = endpoint.get("/metrics") {
        text.lines()
            .filter(|it| it.starts_with("measurand_http_refused_total") && !it.ends_with(" 0"))
            .for_each(|it| println!("{it}"));
    }
    let after = endpoint.scrapes(quiet);
    after.report("idle again");
    let both = (idle.quantile(99) + after.quantile(99)) / 2;
    let ratio = loaded.quantile(99).as_secs_f64() / both.as_secs_f64();
    let more = loaded.memory.saturating_sub(idle.memory);
    println!("ratio of P99 to the mean of both idle ones: {ratio:.2}; {more} KiB more than idle");
    let wrong = [
        (loaded.failed > 0, format!("{server}: {} scrapes failed", loaded.failed)),
        (ratio >= 2.0, format!("{server}: P99 is {ratio:.2} times the idle one")),
        (more > MOST_MEMORY, format!("{server}: {more} KiB more than idle")),
    ];
    wrong.into_iter().filter(|it| it.0).map(|it| it.1).collect()
}
