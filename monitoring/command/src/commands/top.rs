//! `cargo measurand top`: the live page's numbers as a table in the terminal.

mod rows;
mod screen;

use super::Outcome;
use crate::cli::{Format, Top};
use crate::output;
use measurand_catalog::{UrlErrorReason, read_path};
use rows::{Order, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::IsTerminal;

pub(super) fn top(arguments: &Top) -> Result<Outcome, String> {
    let order = Order::new(arguments.sort);
    let view = View::new(model(&arguments.url)?, numbers(&arguments.url)?);
    if arguments.once || arguments.format == Format::Json || !std::io::stdout().is_terminal() {
        output::print(&match arguments.format {
            Format::Text => view.text(order),
            Format::Json => output::json(&view.report(order)),
        })?;
    } else {
        screen::run(&arguments.url, view, order)
            .map_err(|it| format!("cannot use the terminal: {it}; try `--once`"))?;
    }
    Ok(Outcome::Fine)
}

/// What does not change while the program runs.
#[derive(Debug, Deserialize)]
struct Model {
    program: Program,
    functions: Vec<Site>,
}

#[derive(Debug, Deserialize)]
struct Program {
    name: String,
    version: String,
}

#[derive(Debug, Deserialize)]
struct Site {
    id: String,
    function: String,
    module: String,
    file: String,
    line: u32,
}

/// The numbers of all functions at one time.
#[derive(Debug, Deserialize)]
struct Answer {
    epoch: i64,
    windows: Windows,
    functions: BTreeMap<String, Numbers>,
    #[serde(skip)]
    alerts: Vec<Alert>,
}

/// Over how many seconds numbers are.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
struct Windows {
    recent: u32,
    budget: u32,
}

/// What is known of one function; written as it was read.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
struct Numbers {
    calls: f64,
    rate: f64,
    errors: f64,
    error_rate: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    in_flight: Option<f64>,
    budget_left: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Alerts {
    alerts: Vec<Alert>,
}

#[derive(Debug, Deserialize)]
struct Alert {
    name: String,
    state: String,
}

fn model(url: &str) -> Result<Model, String> {
    read(url, "/live/model.json")
}

fn numbers(url: &str) -> Result<Answer, String> {
    let mut answer: Answer = read(url, "/live/functions")?;
    answer.alerts = read::<Alerts>(url, "/live/alerts")?.alerts;
    // The dead man's switch fires while all is well.
    answer.alerts.retain(|it| it.state == "firing" && it.name != "Watchdog");
    Ok(answer)
}

fn read<T: serde::de::DeserializeOwned>(url: &str, path: &str) -> Result<T, String> {
    let bytes = read_path(url, path).map_err(|error| match error.reason {
        UrlErrorReason::Status(404) => format!(
            "`{}` is not there: the program serves no live numbers; install the exporter of a Measurand that has them, \
             without `.live(false)`",
            error.url
        ),
        _ => error.to_string(),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        format!("cannot use the answer of `{path}`: {error}; is this the address of the exporter, and of this version?")
    })
}
