//! The answers that `top` reads from the live page.

use measurand_catalog::{UrlErrorReason, read_path};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The part that does not change while the program runs.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) program: Program,
    pub(super) functions: Vec<Site>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Site {
    pub(super) id: String,
    pub(super) function: String,
    pub(super) module: String,
    pub(super) file: String,
    pub(super) line: u32,
}

/// The numbers of all functions at one time.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) epoch: i64,
    pub(super) windows: Windows,
    pub(super) functions: BTreeMap<String, Numbers>,
    #[serde(skip)]
    pub(super) alerts: Vec<Alert>,
}

/// The time ranges of the numbers, in seconds.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub(super) struct Windows {
    pub(super) recent: u32,
    pub(super) budget: u32,
}

/// The numbers of one function. JSON output contains them as they were read.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub(super) struct Numbers {
    pub(super) calls: f64,
    pub(super) rate: f64,
    pub(super) errors: f64,
    pub(super) error_rate: Option<f64>,
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) in_flight: Option<f64>,
    pub(super) budget_left: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Alerts {
    pub(super) alerts: Vec<Alert>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Alert {
    pub(super) name: String,
    pub(super) state: String,
}

pub(super) fn model(url: &str) -> Result<Model, String> {
    read(url, "/live/model.json")
}

pub(super) fn numbers(url: &str) -> Result<Answer, String> {
    let mut answer: Answer = read(url, "/live/functions")?;
    answer.alerts = read::<Alerts>(url, "/live/alerts")?.alerts;
    // The dead man's switch fires while all is well.
    answer.alerts.retain(|it| it.state == "firing" && it.name != "Watchdog");
    Ok(answer)
}

fn read<T: serde::de::DeserializeOwned>(url: &str, path: &str) -> Result<T, String> {
    let bytes = read_path(url, path).map_err(|error| match error.reason {
        UrlErrorReason::Status(404) => format!(
            "`{}` does not exist: the program serves no live numbers; help: install the exporter of a newer Measurand, \
             without `.live(false)`",
            error.url
        ),
        _ => error.to_string(),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        format!("cannot use the answer of `{path}`: {error}; help: name the address of an exporter of this version")
    })
}
