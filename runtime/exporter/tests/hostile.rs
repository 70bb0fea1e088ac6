//! An endpoint with many hostile clients: it answers each request correctly, can still be scraped, and keeps nothing
//! open.

#![expect(clippy::print_stdout, reason = "the seed and the figures of a run")]
#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod support;
#[path = "support/hostile.rs"]
mod wrong;

use measurand_exporter::{Builder, Exporter, ServerLimits};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::{check_scrape, get, program};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use wrong::{Random, attack_many, slow};

const CHILD: &str = "MEASURAND_TEST_CHILD";
const REQUESTS: usize = 20_000;
const SLOW: usize = 200;
const SCRAPES: usize = 300;
/// The addresses of scrapes and of a flood: the server first closes connections of a network that has many.
const HERE: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [127, 0, 0, 2];

/// Runs one test at a time, since each counts the open descriptors of the process.
fn alone() -> (MutexGuard<'static, ()>, Exporter) {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let limits = ServerLimits { headers: Duration::from_secs(60), ..ServerLimits::default() };
    (guard, Builder::new(program()).limits(limits).listen("127.0.0.1:0").install().unwrap())
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("this is Linux").count()
}

/// Waits until no more descriptors are open than before.
fn check_descriptors(before: usize) {
    let begin = Instant::now();
    while descriptors() > before {
        assert!(begin.elapsed() < Duration::from_secs(20), "{} descriptors, {before} before", descriptors());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Scrapes, each time on a new connection. Returns P99.
fn p99(address: SocketAddr) -> Duration {
    let scrape = || {
        let begin = Instant::now();
        let answer = get(address, "/metrics");
        let lasted = begin.elapsed();
        assert_eq!(answer.status, 200);
        lasted
    };
    let mut all: Vec<_> = (0..SCRAPES).map(|_| scrape()).collect();
    all.sort();
    all[SCRAPES * 99 / 100]
}

fn refused(address: SocketAddr, reason: &str) -> f64 {
    check_scrape(get(address, "/metrics").text())[&format!("measurand_http_refused_total{{reason=\"{reason}\"}}")]
}

#[test]
fn slow_clients_do_not_hold_scrapes_up() {
    let (_alone, exporter) = alone();
    let (address, runtime) = (exporter.address(), Runtime::new().unwrap());
    let idle = p99(address);
    let before = descriptors();
    let (count, (told, until)) = (Arc::new(AtomicUsize::new(0)), tokio::sync::watch::channel(false));
    let mut clients = JoinSet::new();
    for _ in 0..SLOW {
        clients.spawn_on(slow(HERE, address, Arc::clone(&count), until.clone()), runtime.handle());
    }
    while count.load(Ordering::Relaxed) < SLOW {
        std::thread::sleep(Duration::from_millis(10));
    }
    let held = p99(address);
    told.send_replace(true);
    let all = runtime.block_on(clients.join_all());
    assert!(all.iter().all(Result::is_ok), "no client was closed: {all:?}");
    let ratio = held.as_secs_f64() / idle.as_secs_f64();
    println!("P99 of a scrape: {idle:?} idle, {held:?} with {SLOW} slow clients, ratio {ratio:.2}");
    drop(runtime);
    check_descriptors(before);
}

#[test]
fn more_slow_clients_than_connections_give_way_to_scrapes() {
    let (_alone, exporter) = alone();
    let (address, runtime) = (exporter.address(), Runtime::new().unwrap());
    let (before, dropped) = (descriptors(), refused(address, "connections"));
    let (count, (told, until)) = (Arc::new(AtomicUsize::new(0)), tokio::sync::watch::channel(false));
    let mut clients = JoinSet::new();
    for _ in 0..1000 {
        let (count, until) = (Arc::clone(&count), until.clone());
        let again = async move {
            // A hostile client: it reconnects when it is closed.
            while !*until.borrow() {
                let _ = slow(ELSEWHERE, address, Arc::clone(&count), until.clone()).await;
            }
        };
        clients.spawn_on(again, runtime.handle());
    }
    p99(address);
    let begin = Instant::now();
    while refused(address, "connections") < dropped + 500.0 {
        assert!(begin.elapsed() < Duration::from_secs(30), "too few slow clients were closed");
    }
    told.send_replace(true);
    runtime.block_on(clients.join_all());
    drop(runtime);
    check_descriptors(before);
}

#[test]
fn malformed_requests_are_answered_as_they_should_be() {
    let (_alone, exporter) = alone();
    let (address, runtime) = (exporter.address(), Runtime::new().unwrap());
    let seed = std::env::var("MEASURAND_TEST_SEED").ok().and_then(|it| it.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() & 0xffff_ffff;
    let seed = seed.unwrap_or_else(|| u64::try_from(now()).unwrap());
    println!("MEASURAND_TEST_SEED={seed}");
    let before = descriptors();
    let clients = 64;
    let mut all = JoinSet::new();
    for client in 0..clients {
        let mut random = Random::new(seed.wrapping_add(client));
        let count = REQUESTS / usize::try_from(clients).unwrap() + 1;
        all.spawn_on(async move { attack_many(address, &mut random, count).await }, runtime.handle());
    }
    let mut scrapes = 0;
    while all.try_join_next().map(|it| it.unwrap().unwrap()).is_some() || !all.is_empty() {
        assert_eq!(get(address, "/metrics").status, 200);
        scrapes += 1;
    }
    assert!(scrapes > 1);
    drop(runtime);
    check_descriptors(before);
    for reason in ["malformed", "body"] {
        assert!(refused(address, reason) > 0.0, "{reason}");
    }
}

/// Runs a copy of this program with few descriptors, which uses them up itself.
#[test]
fn without_descriptors_it_waits_for_some() {
    const CONNECTIONS: &str = "connections";
    if std::env::var_os(CHILD).is_some() {
        let exporter = Builder::new(program()).listen("127.0.0.1:0").install().unwrap();
        let address = exporter.address();
        let mut clients = Vec::new();
        while let Ok(client) = TcpStream::connect(address) {
            clients.push(client);
            assert!(clients.len() < 1000, "the limit of descriptors is not effective");
            std::thread::sleep(Duration::from_millis(1));
        }
        // Client and server share the limit of descriptors. The server retries, but with a pause.
        std::thread::sleep(Duration::from_secs(1));
        drop(clients);
        let begin = Instant::now();
        while descriptors() > 30 {
            assert!(begin.elapsed() < Duration::from_secs(10), "{} are open", descriptors());
            std::thread::sleep(Duration::from_millis(10));
        }
        let series = check_scrape(get(address, "/metrics").text());
        let [failed, gone] =
            ["accept", CONNECTIONS].map(|it| series[&format!("measurand_http_refused_total{{reason=\"{it}\"}}")]);
        assert!((1.0..100.0).contains(&failed), "{failed} times without a descriptor, {gone} connections closed");
        exporter.shutdown();
        return;
    }
    let mut child = Command::new("sh");
    child.args(["-c", "ulimit -n 64 && exec \"$0\" --exact without_descriptors_it_waits_for_some --nocapture"]);
    let output = child.arg(std::env::current_exe().unwrap()).env(CHILD, "1").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
