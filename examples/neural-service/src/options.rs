//! The arguments of the command and its help.

use crate::faults;
use clap::{Args, Parser, Subcommand};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  neural-service --load 172000
      Serves http://127.0.0.1:3000, and is used at the rate that it is meant to carry.
  neural-service --load 172000 --fault slow-queries=20ms --fault cold-cache
      The same, with two things broken from the start.
  curl -X POST -H 'content-type: application/json' -d '{\"slow-queries\": \"off\"}' http://127.0.0.1:3000/faults
      Mends one of them while it runs; `curl http://127.0.0.1:3000/faults` lists all.
  neural-service bench
      What the measuring costs here: of a neural operation, and of a request.";

/// A neural service that is watched: it learns, retrieves, verifies and plans on SQLite, and can be broken on purpose.
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
    /// Where to listen; port 0 lets the operating system choose
    #[arg(long, value_name = "HOST:PORT", env = "MEASURAND_LISTEN", default_value = "127.0.0.1:3000")]
    pub(crate) listen: String,
    /// The folder for `patterns.sqlite` [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) directory: Option<PathBuf>,
    /// Neural operations a second that somebody asks for, with tasks and requests beside them; 0 for nobody
    #[arg(long, value_name = "OPERATIONS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub(crate) load: u32,
    /// End after so many seconds [default: go on until interrupted]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
    /// Break something, for example `slow-queries=20ms`; may be given several times
    #[arg(long = "fault", value_name = "NAME[=VALUE]", value_parser = faults::parse)]
    pub(crate) faults: Vec<(String, Value)>,
    /// Combinations of free text that the labels of a family may have
    #[arg(long, value_name = "SERIES", default_value_t = 2000)]
    pub(crate) series_limit: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure what measuring costs
    Bench {
        /// Seconds for each of the three parts
        #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=60))]
        seconds: u32,
    },
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|it| Duration::try_from_secs_f64(it).ok());
    seconds.ok_or_else(|| "write a number of seconds, for example 60".to_owned())
}
