//! The command line and its help.

use crate::faults;
use clap::{Args, Parser, Subcommand};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  neural-service --load 172000
      Serves http://127.0.0.1:3000 under a load at the target rate.
  neural-service --load 172000 --fault slow-queries=20ms --fault cold-cache
      Starts under load with two faults on.
  curl -X POST -H 'content-type: application/json' -d '{\"slow-queries\": \"off\"}' http://127.0.0.1:3000/faults
      Switches one fault off at run time; `curl http://127.0.0.1:3000/faults` lists all.
  neural-service bench
      Measures the overhead of metrics for a neural operation and for a request.";

/// A neural service to monitor: it learns, retrieves, verifies and plans on SQLite, and has faults to switch on.
#[derive(Debug, Parser)]
#[command(name = "neural-service", version, after_help = format!("{}\n\n{EXAMPLES}", faults::help()))]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address to listen on; with port 0 the operating system chooses a free port
    #[arg(long, value_name = "HOST:PORT", env = "MEASURAND_LISTEN", default_value = "127.0.0.1:3000")]
    pub(crate) listen: String,
    /// Folder of `patterns.sqlite` [default: a temporary folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) directory: Option<PathBuf>,
    /// Generate a load of this many neural operations per second, plus tasks and requests; 0 for no load
    #[arg(long, value_name = "OPERATIONS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub(crate) load: u32,
    /// Stop after this time [default: run until interrupted]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
    /// Switch a fault on, for example `slow-queries=20ms`; can be repeated
    #[arg(long = "fault", value_name = "NAME[=VALUE]", value_parser = faults::parse)]
    pub(crate) faults: Vec<(String, Value)>,
    /// Let other machines set faults, too, for example through the port of a container
    #[arg(long)]
    pub(crate) remote_faults: bool,
    /// Maximum number of combinations of free-text label values in a family
    #[arg(long, value_name = "SERIES", default_value_t = 2000)]
    pub(crate) series_limit: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure the overhead of metrics
    Bench {
        /// Seconds for each of the three parts
        #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=60))]
        seconds: u32,
    },
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|it| Duration::try_from_secs_f64(it).ok());
    seconds.ok_or_else(|| "expected a number of seconds, for example 60".to_owned())
}
