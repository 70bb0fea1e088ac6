//! Asks servers whether they are ready, and Prometheus whether its targets are up.

use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;

/// A target as Prometheus reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    pub(crate) job: String,
    pub(crate) address: String,
    pub(crate) up: bool,
    /// The error of the last scrape; empty if there is none.
    pub(crate) error: String,
}

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(Duration::from_secs(3))).proxy(None).build().into()
}

/// Whether the URL answers with status 200.
pub(crate) fn ready(url: &str) -> bool {
    agent().get(url).call().is_ok_and(|it| it.status() == 200)
}

/// The metric names among these that have samples in a Prometheus. Returns `None` if it does not answer.
pub(crate) fn present(prometheus: &str, names: &[String]) -> Option<Vec<String>> {
    let query = format!("count by (__name__) ({{__name__=~\"{}\"}})", names.join("|"));
    let mut answer = agent().get(format!("{prometheus}/api/v1/query")).query("query", query).call().ok()?;
    let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
    let rows = answer["data"]["result"].as_array()?;
    Some(rows.iter().filter_map(|it| it["metric"]["__name__"].as_str().map(str::to_owned)).collect())
}

/// The active targets of a Prometheus. Returns `None` if it does not answer.
pub(crate) fn targets(prometheus: &str) -> Option<Vec<Target>> {
    let mut answer = agent().get(format!("{prometheus}/api/v1/targets?state=active")).call().ok()?;
    let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let all = answer["data"]["activeTargets"].as_array()?;
    Some(
        all.iter()
            .map(|target| Target {
                job: text(&target["labels"]["job"]),
                address: text(&target["scrapeUrl"]),
                up: target["health"] == "up",
                error: text(&target["lastError"]),
            })
            .collect(),
    )
}
