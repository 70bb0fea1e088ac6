//! The cost of a scrape of many histogram series, and the memory of a series, compared with the stock exporter with the
//! same names, labels, bounds and observations. `tests/bench` compares with more exporters.
//!
//! `cargo bench -p measurand-exporter --bench scrape` prints two tables. In the first, contenders take turns within
//! each round, in one process. In the second, each contender has its own process, because memory that one frees would
//! be reused by the next.
#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints its figures")]

use measurand_catalog::{Catalog, Family, Label, Metric, Role, SITE_TARGET};
use measurand_exporter::{Program, Recorder};
use metrics::{histogram, with_local_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::hint::black_box;
use std::io;
use std::process::Command;
use std::time::Instant;

const SIZES: [(usize, usize); 3] = [(1_000, 101), (10_000, 31), (100_000, 9)];
const BOUNDS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5];
const NAME: &str = "bench_call_duration_seconds";
const HELP: &str = "Time from the start of a call to its end.";

static FAMILY: Family = Family {
    name: "bench",
    title: "Bench",
    help: "Series for the bench.",
    labels: &[Label::open("operation"), Label::open("outcome")],
    metrics: &[Metric { name: NAME, role: Role::Duration, help: HELP, buckets: &BOUNDS }],
    alerts: &[],
};

/// A recorder with a number of series, and its way to render them.
trait Contender {
    /// Renders everything. Returns the number of bytes.
    fn scrape(&mut self) -> usize;
}

/// A contender's name, and a function that records this number of series.
type Row = (&'static str, fn(usize) -> Box<dyn Contender>);

const CONTENDERS: [Row; 5] = [
    ("measurand, piece by piece", |series| Box::new(Pieces(measurand(series)))),
    ("measurand, one string", |series| Box::new(Whole(measurand(series)))),
    ("measurand, into one buffer", |series| Box::new(Buffer(measurand(series), String::new()))),
    ("metrics-exporter-prometheus 0.18.3, to a writer", |series| Box::new(StockPieces(stock(series)))),
    ("metrics-exporter-prometheus 0.18.3, one string", |series| Box::new(StockWhole(stock(series)))),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, contender, series] = arguments.as_slice()
        && command == "memory"
    {
        return memory(contender.parse().expect("a number"), series.parse().expect("a number"));
    }
    println!("| series | exporter | median ms | fastest ms | bytes | time as a multiple of the first |");
    println!("|---:|---|---:|---:|---:|---:|");
    for (series, rounds) in SIZES {
        measure(series, rounds);
    }
    println!("\n| series | exporter | bytes of resident memory per series, recorded | after two scrapes |");
    println!("|---:|---|---:|---:|");
    for (series, _) in SIZES.into_iter().skip(1) {
        for (contender, (name, _)) in CONTENDERS.iter().enumerate() {
            let this = std::env::current_exe().expect("this program has a path");
            let mut child = Command::new(this);
            let output = child.args(["memory", &contender.to_string(), &series.to_string()]).output();
            let output = output.expect("this program runs");
            println!("| {series} | {name} | {} |", String::from_utf8_lossy(&output.stdout).trim());
        }
    }
}

fn measure(series: usize, rounds: usize) {
    let mut all: Vec<_> = CONTENDERS.iter().map(|(_, make)| make(series)).collect();
    let mut taken = vec![Vec::new(); all.len()];
    let mut bytes = vec![0; all.len()];
    for round in 0..rounds + 2 {
        for (place, contender) in all.iter_mut().enumerate() {
            let begin = Instant::now();
            bytes[place] = black_box(contender.scrape());
            // The first rounds warm up.
            if round >= 2 {
                taken[place].push(begin.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    for times in &mut taken {
        times.sort_by(f64::total_cmp);
    }
    let ours = taken[0][rounds / 2];
    for (place, (name, _)) in CONTENDERS.iter().enumerate() {
        let (median, fastest) = (taken[place][rounds / 2], taken[place][0]);
        println!("| {series} | {name} | {median:.3} | {fastest:.3} | {} | {:.1} |", bytes[place], median / ours);
    }
}

/// Runs in its own process.
fn memory(contender: usize, series: usize) {
    // One-time allocations of a first scrape do not count for the series.
    (CONTENDERS[contender].1)(1).scrape();
    let before = resident();
    let mut recorded = (CONTENDERS[contender].1)(series);
    let after = resident();
    recorded.scrape();
    recorded.scrape();
    let scraped = resident();
    let each = |it: usize| it.saturating_sub(before) as f64 / series as f64;
    println!("{:.0} | {:.0}", each(after), each(scraped));
}

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("this bench runs on Linux");
    pages.split(' ').nth(1).and_then(|it| it.parse::<usize>().ok()).expect("a number of pages") * 4096
}

fn operation(series: usize) -> String {
    format!("operation_{:06}", series / 2)
}

fn outcome(series: usize) -> &'static str {
    if series.is_multiple_of(2) { "ok" } else { "error" }
}

const OBSERVED: [f64; 3] = [0.0004, 0.02, 3.0];

fn record(series: usize) {
    for number in 0..series {
        let labels = [("operation", operation(number)), ("outcome", outcome(number).to_owned())];
        let histogram = histogram!(target: SITE_TARGET, NAME, &labels);
        for value in OBSERVED {
            histogram.record(value);
        }
    }
}

fn measurand(series: usize) -> Recorder {
    let catalog = Catalog { format: Catalog::FORMAT, families: Vec::new(), sites: Vec::new() };
    let program = Program { families: vec![&FAMILY], catalog, binary: None, initialize: || (), limit_series: |_| () };
    let recorder = Recorder::new(&program);
    with_local_recorder(&recorder, || record(series));
    recorder
}

struct Pieces(Recorder);

impl Contender for Pieces {
    fn scrape(&mut self) -> usize {
        let mut bytes = Count(0);
        self.0.write_to(&mut bytes).expect("counting cannot fail");
        bytes.0
    }
}

struct Whole(Recorder);

impl Contender for Whole {
    fn scrape(&mut self) -> usize {
        self.0.render().len()
    }
}

struct Buffer(Recorder, String);

impl Contender for Buffer {
    fn scrape(&mut self) -> usize {
        self.1.clear();
        self.0.render_into(&mut self.1);
        self.1.len()
    }
}

/// Counts the bytes, and passes them to `black_box`.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += black_box(bytes).len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type StockRecorder = metrics_exporter_prometheus::PrometheusRecorder;

fn stock(series: usize) -> StockRecorder {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(NAME.to_owned()), &BOUNDS);
    let recorder = builder.expect("there are bounds").build_recorder();
    with_local_recorder(&recorder, || {
        metrics::describe_histogram!(NAME, HELP);
        record(series);
    });
    recorder
}

struct StockPieces(StockRecorder);

impl Contender for StockPieces {
    fn scrape(&mut self) -> usize {
        let mut bytes = Count(0);
        self.0.handle().render_to_write(&mut bytes).expect("counting cannot fail");
        bytes.0
    }
}

struct StockWhole(StockRecorder);

impl Contender for StockWhole {
    fn scrape(&mut self) -> usize {
        self.0.handle().render().len()
    }
}
