//! Asks a Prometheus, or whatever answers as one does.

use serde_json::Value;

/// A server that answers queries.
#[derive(Debug, Clone)]
pub struct Prometheus {
    url: String,
}

impl Prometheus {
    /// The one at this address.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The samples of an instant query.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn query(&self, promql: &str) -> Vec<Value> {
        self.ask(promql, None)
    }

    /// The same as of a time in seconds since 1970.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn query_at(&self, promql: &str, time: f64) -> Vec<Value> {
        self.ask(promql, Some(time))
    }

    fn ask(&self, promql: &str, time: Option<f64>) -> Vec<Value> {
        let mut request = ureq::get(format!("{}/api/v1/query", self.url)).query("query", promql);
        if let Some(time) = time {
            request = request.query("time", time.to_string());
        }
        let mut response = request.call().unwrap_or_else(|error| panic!("{promql}: {error}"));
        let answer = response.body_mut().read_to_string().expect("text");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["data"]["result"].as_array().cloned().unwrap_or_default()
    }

    /// The value of the first sample.
    #[must_use]
    pub fn number(&self, promql: &str) -> Option<f64> {
        self.query(promql).first()?["value"][1].as_str()?.parse().ok()
    }

    /// The names of the alerts that fire.
    #[must_use]
    pub fn firing(&self) -> Vec<String> {
        let samples = self.query(r#"ALERTS{alertstate="firing"}"#);
        samples.iter().filter_map(|it| it["metric"]["alertname"].as_str().map(str::to_owned)).collect()
    }
}
