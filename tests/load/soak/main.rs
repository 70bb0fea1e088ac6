//! Load, faults, floods of labels and time, on real calls and a real endpoint: are all figures exact to the last call, and
//! does it leave memory and descriptors as they were? Prints a table of figures; ends with 1 where one is not as it has to be.
#![expect(clippy::print_stdout, reason = "it is a command")]

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

/// Checks that Measurand counts exactly and takes nothing that it does not give back.
///
/// Each test prints what it found beside what has to be, and says in between how far it is. Without numbers of its own a
/// test is as short as in the test command; `--full` makes it as long as what is promised. The sizes are for a release
/// build: `cargo run --release -p measurand-tests --bin soak -- --full exact`.
#[derive(Debug, Parser)]
#[command(name = "soak", version, about, long_about, max_term_width = 100)]
struct Cli {
    /// The sizes that are promised instead of small ones: 1 billion calls, 10 million values, 1 million panics, 30 minutes.
    #[arg(long, global = true)]
    full: bool,
    /// Prints the figures as JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// Says nothing while it works.
    #[arg(long, global = true)]
    quiet: bool,
    /// How many threads record.
    #[arg(long, global = true, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    #[command(subcommand)]
    test: Test,
}

#[derive(Debug, Subcommand)]
enum Test {
    /// Calls of functions of all shapes that end in all ways, and hand-written recordings into the same series: at the end
    /// every series is exactly what was called, and no scrape in between contradicts itself or an earlier one.
    Exact {
        /// How many calls and recordings; 1 000 000 000 with `--full`.
        #[arg(long)]
        calls: Option<u64>,
    },
    /// Distinct values into one label of free text, by an annotation and by hand: memory stays where it was, all other
    /// series are exact, and what has no series of its own is counted under `_other` to the last one.
    Cardinality {
        /// How many values; 10 000 000 with `--full`.
        #[arg(long)]
        values: Option<u64>,
    },
    /// Panics and dropped futures: each is counted once, where it belongs, with whatever it unwinds through.
    Unwind {
        /// How many; 1 000 000 with `--full`.
        #[arg(long)]
        ends: Option<u64>,
    },
    /// Load on all threads for a time, with faults, scrapes each second, clients that break off, endpoints that end and
    /// begin again, recorders that come and go, and threads that do.
    Soak {
        /// How many seconds; 1800 with `--full`.
        #[arg(long)]
        seconds: Option<u64>,
    },
    /// All of them, one after the other in one process.
    All,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Panics are what is tested; a message for each of a million would be all that one sees.
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
    // What changes the process for good comes last: series that are there stay.
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

/// The endpoint at this address, which may have been there before.
fn serve(address: &str) -> Result<Exporter, measurand::exporter::Error> {
    measurand::exporter::builder().listen(address).install()
}
