//! A small program for the browser tests. It executes the commands on its standard input and exits at its end.

#![expect(clippy::print_stdout, reason = "the test reads the address")]

use measurand::{measured, neural_op, timed_query};
use std::io::BufRead as _;
use std::thread::sleep;
use std::time::Duration;

/// A value that runs a script if it is inserted as markup.
const HOSTILE: &str = "<img src=x onerror=\"window.harmed = true\">";

/// Loads one object within this time, or fails.
#[measured(owner = "storage", severity = "P1", slo(success = 99.0, latency = "100ms" @ 99))]
fn load(milliseconds: u64, fails: bool) -> Result<u64, std::io::Error> {
    sleep(Duration::from_millis(milliseconds));
    if fails { Err(std::io::ErrorKind::TimedOut.into()) } else { Ok(milliseconds) }
}

/// Queries the table <b>patterns</b>.
#[timed_query("select", table = "<img src=x onerror=\"window.harmed = true\">")]
fn ask() {}

/// Inserts into the given table.
#[timed_query("insert", table = name.to_owned())]
fn tell(name: &str) {}

/// Shares its series with `other_twin`: both have the same labels.
#[timed_query("delete", table = "twins")]
fn twin() {}

/// Shares its series with `twin`.
#[timed_query("delete", table = "twins")]
fn other_twin() {}

/// Returns a trace id from an untrusted source.
fn trace() -> String {
    "4bf92f3577b34da6<img/src=x/onerror=window.harmed=true>".to_owned()
}

/// Never called by the tests.
#[neural_op("learning")]
fn learn() {}

fn main() {
    let exporter = measurand::exporter::builder().trace_ids(|| Some(trace())).install().expect("an endpoint");
    println!("{}", exporter.url().trim_end_matches("/metrics").trim_end_matches('/'));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            // Durations below and above several bucket bounds.
            ["work"] => (0..40).for_each(|it| drop(load(it % 13, false))),
            ["fail"] => drop(load(0, true)),
            ["slow"] => drop(load(1000, false)),
            ["hostile"] => {
                ask();
                tell(HOSTILE);
                twin();
                other_twin();
            }
            words => panic!("unknown command: {words:?}"),
        }
    }
    if std::env::args().nth(1).is_some() {
        learn();
    }
}
