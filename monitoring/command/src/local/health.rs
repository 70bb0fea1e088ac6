//! Asks servers whether they are ready, and Prometheus whether it reaches what it watches.

use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;

/// What Prometheus says of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    pub(crate) job: String,
    pub(crate) address: String,
    pub(crate) up: bool,
    /// Why not.
    pub(crate) error: String,
}

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(Duration::from_secs(3))).proxy(None).build().into()
}

/// Whether there is an answer with 200.
pub(crate) fn ready(url: &str) -> bool {
    agent().get(url).call().is_ok_and(|it| it.status() == 200)
}

/// Every target of a Prometheus; nothing while it does not answer.
pub(crate) fn targets(prometheus: &str) -> Option<Vec<Target>> {
    let mut answer = agent().get(format!("{prometheus}/api/v1/targets?state=active")).call().ok()?;
    let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let all = answer["data"]["activeTargets"].as_array()?;
    Some(
        all.iter()
            .map(|it| Target {
                job: text(&it["labels"]["job"]),
                address: text(&it["scrapeUrl"]),
                up: it["health"] == "up",
                error: text(&it["lastError"]),
            })
            .collect(),
    )
}
