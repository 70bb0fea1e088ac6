//! Clients request the live page of a program with the maximum number of label values, and hang up: scrapes are still
//! answered, and memory does not grow. The benchmark `pages` does the same for ten minutes with each server, and
//! measures times.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

#[path = "../../../monitoring/core/tests/all/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod catalogs;
#[path = "support/hostile.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod hostile;
#[path = "support/pages.rs"]
mod pages;
mod support;

use catalogs::{catalog, everything};
use measurand_catalog::families;
use measurand_exporter::{Builder, Program};
use pages::{Outcomes, abandon};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{Answer, check_scrape, get};
use tokio::runtime::Runtime;

/// The default limit of a metric.
const VALUES: usize = 2000;
const CLIENTS: u64 = 30;
const SCRAPES: usize = 40;
/// The longest time that a busy machine keeps the page from answering.
const BUSY: Duration = Duration::from_secs(240);
/// In KiB.
const MOST_MEMORY: u64 = 64 * 1024;

fn builder() -> Builder {
    Builder::new(Program {
        families: families::ALL.to_vec(),
        catalog: catalog(&everything()),
        binary: None,
        initialize: || (),
        limit_series: |_| (),
    })
}

/// Returns the text of a scrape, which is sent in pieces.
fn scrape(address: SocketAddr) -> String {
    let mut answer = ureq::get(format!("http://{address}/metrics")).call().unwrap();
    answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap()
}

/// Asks again while the page is late: on a busy machine its answers can take longer than the time limit.
fn get_when_free(address: SocketAddr, path: &str) -> Answer {
    let begin = Instant::now();
    loop {
        let answer = get(address, path);
        if answer.status != 503 || begin.elapsed() > BUSY {
            return answer;
        }
        thread::sleep(Duration::from_secs(1));
    }
}

fn refused(address: SocketAddr, reason: &str) -> f64 {
    check_scrape(&scrape(address))[&format!("measurand_http_refused_total{{reason=\"{reason}\"}}")]
}

/// The resident memory of this process, in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn threads(name: &str) -> usize {
    let all = std::fs::read_dir("/proc/self/task").unwrap().map(|it| it.unwrap().path().join("comm"));
    all.filter(|it| std::fs::read_to_string(it).is_ok_and(|it| it.trim() == name)).count()
}

#[test]
fn clients_that_hang_up_take_neither_scrapes_nor_memory() {
    let runtime = Runtime::new().unwrap();
    let own = builder().listen("127.0.0.1:0").install().unwrap().address();
    let router = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, routes) = (listener.local_addr().unwrap(), builder().router());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    });
    for number in 0..VALUES {
        let labels = [("function", format!("f{number}")), ("module", "shop".to_owned()), ("outcome", "ok".to_owned())];
        metrics::histogram!("function_duration_seconds", &labels).record(0.01);
    }
    let begin = Instant::now();
    while !get(own, "/live/functions").text().contains("\"budget\":")
        || (0..=5).any(|it| get(own, "/live/series").text().contains(&format!("\"seconds\":{it}}}")))
    {
        assert!(begin.elapsed() < BUSY, "the values are not in two samples");
        thread::sleep(Duration::from_millis(500));
    }
    for address in [own, router] {
        check_bounds(address);
        check_abandoned(address, &runtime);
    }
    assert_eq!(threads("measurand-page"), 2, "one for each page");
}

/// An answer is complete within the size limit, or the error says what to request instead.
fn check_bounds(address: SocketAddr) {
    let before = refused(address, "size");
    let all = get_when_free(address, "/live/panels?range=3600&points=720");
    assert_eq!(all.status, 422, "{}", all.text().len());
    assert_eq!(
        all.text(),
        "the response is larger than 3072 KiB; request fewer panels with `ids`, only the largest series with `most`, or \
         fewer `points`\n"
    );
    assert!(refused(address, "size") >= before + 1.0);
    let few = get_when_free(address, "/live/panels?range=3600&points=720&most=5");
    assert_eq!(few.status, 200, "{}", few.text());
    let few: Value = serde_json::from_str(few.text()).unwrap();
    // There are too many series to read at 720 instants.
    let times = few["times"].as_array().unwrap().len();
    assert!((10..720).contains(&times), "{times}");
    let columns = few["panels"].as_object().unwrap().values().flat_map(|it| it.as_object().unwrap().values());
    let columns: Vec<&Value> = columns.flat_map(|it| it.as_array().unwrap()).collect();
    assert!(columns.iter().all(|it| it["values"].as_array().unwrap().len() == times));
    assert!(columns.iter().any(|it| it["labels"]["function"].is_string()));
}

fn check_abandoned(address: SocketAddr, runtime: &Runtime) {
    let (before, counted) = (memory(), refused(address, "abandoned"));
    let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Outcomes::default()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|it| abandon(address, it, Duration::from_millis(50), Arc::clone(&stop), Arc::clone(&counts)))
        .map(|it| runtime.spawn(it))
        .collect();
    let (mut scrapes, begin) = (0, Instant::now());
    while scrapes < SCRAPES || counts.abandoned.load(Ordering::Relaxed) < 10 * CLIENTS {
        assert!(begin.elapsed() < BUSY, "{counts:?} after {scrapes} scrapes");
        assert!(scrape(address).contains("function=\"f1999\""));
        scrapes += 1;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        runtime.block_on(client).unwrap();
    }
    let more = memory().saturating_sub(before);
    assert!(more < MOST_MEMORY, "{more} KiB more than before, {counts:?}");
    // They are counted, except those whose hang-up the server noticed before the request.
    while refused(address, "abandoned") <= counted {
        assert!(begin.elapsed() < 2 * BUSY, "{counts:?}");
    }
}
