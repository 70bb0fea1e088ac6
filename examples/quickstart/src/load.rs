//! The rest of a service: a database, a port and a loop of calls.

use rusqlite::{Connection, Result};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const HELP: &str = "\
usage: quickstart [--fail-queries] [--seconds N]

  --fail-queries   make every second query of patterns fail, to see an alert
  --seconds N      stop after N seconds (default: run until interrupted)

environment: MEASURAND_LISTEN=127.0.0.1:3000   address of the metrics endpoint";

pub(crate) async fn run(turn: fn(&Connection, u32, &str) -> Result<()>) -> ExitCode {
    let options = match Options::parse() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    // The program also works without an endpoint, for example if the port is in use.
    match measurand::exporter::install() {
        Ok(exporter) => {
            let url = exporter.url();
            println!(
                "metrics   {url}/metrics\nlive      {url}/\ncatalog   {url}/catalog.json\nhealth    {url}/healthz"
            );
            println!("dashboard and rules:\n  cargo run -p cargo-measurand -- generate {url} --out generated");
        }
        Err(error) => eprintln!("warning: quickstart runs without an endpoint: {error}"),
    }
    match work(turn, &options).await {
        Ok(turns) => {
            println!("{turns} turns");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn work(
    turn: fn(&Connection, u32, &str) -> Result<()>,
    options: &Options,
) -> std::result::Result<u32, Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let db = Connection::open(directory.path().join("patterns.sqlite"))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.execute_batch("CREATE TABLE patterns (name TEXT NOT NULL, confidence REAL NOT NULL)")?;

    let start = Instant::now();
    let mut step = 0;
    while options.seconds.is_none_or(|it| start.elapsed() < it) {
        let table = if options.fail_queries && step % 2 == 0 { "no_such_table" } else { "patterns" };
        if let Err(error) = turn(&db, step, table)
            && step == 0
        {
            println!("first intended query error: {error}");
        }
        step += 1;
        if step % 100 == 0 {
            // Keeps the table small.
            db.execute("DELETE FROM patterns WHERE rowid % 2 = 0", [])?;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(step)
}

struct Options {
    fail_queries: bool,
    seconds: Option<Duration>,
}

impl Options {
    /// Reads the command line; `None` if it has `--help`.
    fn parse() -> std::result::Result<Option<Self>, String> {
        let mut options = Self { fail_queries: false, seconds: None };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--fail-queries" => options.fail_queries = true,
                "--seconds" => {
                    let seconds = args.next().and_then(|it| it.parse().ok());
                    options.seconds = Some(Duration::from_secs(
                        seconds.ok_or("`--seconds` needs a number\nhelp: for example `--seconds 60`")?,
                    ));
                }
                "--help" | "-h" => return Ok(None),
                other => return Err(format!("unknown option `{other}`")),
            }
        }
        Ok(Some(options))
    }
}
