//! A load of payments on a real database; some customers pay more than they have.

use crate::{Method, PaymentError, Receipt};
use rusqlite::{Connection, Result};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const HELP: &str = "\
usage: your-own-domain [--seconds N]

  --seconds N   stop after N seconds (default: run until interrupted)

environment: MEASURAND_LISTEN=127.0.0.1:3000   address of the metrics endpoint";

type Pay = fn(&Connection, Method, i64, i64) -> std::result::Result<Receipt, PaymentError>;

pub(crate) async fn run(pay: Pay) -> ExitCode {
    let seconds = match seconds() {
        Ok(Some(seconds)) => seconds,
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
            println!("metrics   {url}/metrics\ncatalog   {url}/catalog.json\nhealth    {url}/healthz");
            println!("dashboard and rules:\n  cargo run -p cargo-measurand -- generate {url} --out generated");
        }
        Err(error) => eprintln!("warning: your-own-domain runs without an endpoint: {error}"),
    }
    match work(pay, seconds).await {
        Ok((payments, cents)) => {
            println!("{payments} payments, {cents} cents");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn work(pay: Pay, seconds: Duration) -> Result<(u32, i64)> {
    let ledger = Connection::open_in_memory()?;
    ledger.execute_batch("CREATE TABLE accounts (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL)")?;
    let start = Instant::now();
    let (mut payments, mut earned) = (0, 0);
    for step in 0.. {
        if start.elapsed() >= seconds {
            break;
        }
        let account = step % 50;
        ledger.execute("INSERT OR IGNORE INTO accounts VALUES (?1, 0)", [account])?;
        // Every account except number 49 receives a wage.
        ledger.execute("UPDATE accounts SET cents = cents + 3000 WHERE id = ?1 AND id < 49", [account])?;
        let method = if step % 3 == 0 { Method::Card } else { Method::BankTransfer };
        let cents = if step % 101 == 0 { 1_000_000 } else { 100 + step % 900 };
        match pay(&ledger, method, account, cents) {
            Ok(receipt) => {
                payments += 1;
                earned += receipt.cents;
            }
            Err(PaymentError::Ledger(error)) => return Err(error),
            Err(PaymentError::AboveLimit { cents }) if step == 0 => {
                println!("refused: {cents} cents are above the limit");
            }
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok((payments, earned))
}

/// The value of `--seconds`; `None` if the command line has `--help`.
fn seconds() -> std::result::Result<Option<Duration>, String> {
    let mut args = std::env::args().skip(1);
    let mut seconds = Duration::MAX;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seconds" => {
                let number = args.next().and_then(|it| it.parse().ok());
                seconds =
                    Duration::from_secs(number.ok_or("`--seconds` needs a number\nhelp: for example `--seconds 60`")?);
            }
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("unknown option `{other}`")),
        }
    }
    Ok(Some(seconds))
}
