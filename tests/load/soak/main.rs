//! Long load tests with real calls and a real endpoint. They check that every call counts exactly once and that memory
//! and file descriptors do not grow. Prints a table of figures; exits with 1 if a figure is out of its bounds.
#![expect(clippy::print_stdout, reason = "a command-line program")]

mod cardinality;
mod exact;
mod process;
mod report;
mod shapes;
mod soak;
mod unwind;
mod watch;

use clap::{Parser, Subcommand};
use measurand::exporter::Exporter;
use report::Report;
use std::process::ExitCode;

/// Checks that Measurand counts exactly and does not leak memory or file descriptors.
///
/// Each test prints its progress, the figures it found and the expected ones. Default: the short sizes of the test
/// suite; `--full` selects the sizes in SECURITY.md. Use a release build for these:
/// `cargo run --release -p measurand-tests --bin soak -- --full exact`.
#[derive(Debug, Parser)]
#[command(name = "soak", version, about, long_about, max_term_width = 100)]
struct Cli {
    /// Use the sizes in SECURITY.md: 1 billion calls, 10 million values, 1 million panics, 30 minutes.
    #[arg(long, global = true)]
    full: bool,
    /// Print the figures as JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// Print no progress.
    #[arg(long, global = true)]
    quiet: bool,
    /// Number of recording threads.
    #[arg(long, global = true, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    #[command(subcommand)]
    test: Test,
}

#[derive(Debug, Subcommand)]
enum Test {
    /// Calls functions of all shapes with all outcomes and records into the same series by hand. At the end every
    /// series equals the number of calls, and all scrapes in between are consistent.
    Exact {
        /// Number of calls and recordings; 1 000 000 000 with `--full`.
        #[arg(long)]
        calls: Option<u64>,
    },
    /// Records distinct values of a free-text label, by an annotation and by hand. Memory stays bounded, all other
    /// series are exact, and `_other` counts every value without a series.
    Cardinality {
        /// Number of values; 10 000 000 with `--full`.
        #[arg(long)]
        values: Option<u64>,
    },
    /// Causes panics and drops futures. Each counts once in every function that it unwinds.
    Unwind {
        /// Number of panics and dropped futures; 1 000 000 with `--full`.
        #[arg(long)]
        ends: Option<u64>,
    },
    /// Runs a load with a scrape per second, clients that hang up, restarts of the endpoint, short-lived recorders and
    /// short-lived threads.
    Soak {
        /// Duration in seconds; 1800 with `--full`.
        #[arg(long)]
        seconds: Option<u64>,
    },
    /// Runs all tests one after the other in one process.
    All,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The tests cause a million panics; hides their messages.
    std::panic::set_hook(Box::new(|_| {}));
    match run(&cli) {
        Ok(report) => {
            print!("{}", if cli.json { report.json() } else { report.table() });
            if report.is_good() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<Report, measurand::exporter::Error> {
    let exporter = serve("127.0.0.1:0")?;
    let mut report = Report::new(cli.quiet);
    let size = |given: Option<u64>, short: u64, full: u64| given.unwrap_or(if cli.full { full } else { short });
    let (threads, all) = (cli.threads, matches!(cli.test, Test::All));
    // Tests that create permanent series run last.
    if let Test::Exact { calls } = cli.test {
        exact::run(&mut report, &exporter, threads, size(calls, exact::SHORT, exact::FULL));
    } else if all {
        exact::run(&mut report, &exporter, threads, size(None, exact::SHORT, exact::FULL));
    }
    if let Test::Unwind { ends } = cli.test {
        unwind::run(&mut report, &exporter, threads, size(ends, unwind::SHORT, unwind::FULL));
    } else if all {
        unwind::run(&mut report, &exporter, threads, size(None, unwind::SHORT, unwind::FULL));
    }
    if let Test::Soak { seconds } = cli.test {
        soak::run(&mut report, &exporter, threads, size(seconds, soak::SHORT, soak::FULL));
    } else if all {
        soak::run(&mut report, &exporter, threads, size(None, soak::SHORT, soak::FULL));
    }
    if let Test::Cardinality { values } = cli.test {
        cardinality::run(&mut report, &exporter, size(values, cardinality::SHORT, cardinality::FULL));
    } else if all {
        cardinality::run(&mut report, &exporter, size(None, cardinality::SHORT, cardinality::FULL));
    }
    Ok(report)
}

/// Starts the endpoint at this address, or restarts it.
fn serve(address: &str) -> Result<Exporter, measurand::exporter::Error> {
    measurand::exporter::builder().listen(address).install()
}
