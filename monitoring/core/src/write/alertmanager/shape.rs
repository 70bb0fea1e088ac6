//! The parts of Alertmanager's configuration that we write.

use super::inhibition::Rule;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Config {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) global: Option<Global>,
    pub(super) route: Route,
    pub(super) inhibit_rules: Vec<Inhibition>,
    pub(super) receivers: Vec<Receiver>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) time_intervals: Vec<TimeInterval>,
}

#[derive(Serialize)]
pub(super) struct Global {
    pub(super) resolve_timeout: &'static str,
    pub(super) pagerduty_url: String,
    pub(super) smtp_smarthost: String,
    pub(super) smtp_from: String,
    pub(super) smtp_auth_username: String,
    pub(super) smtp_auth_password_file: String,
}

#[derive(Serialize, Default)]
pub(super) struct Route {
    pub(super) receiver: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) matchers: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) r#continue: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) group_by: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group_wait: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repeat_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) active_time_intervals: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) routes: Vec<Route>,
}

#[derive(Serialize)]
pub(super) struct Inhibition {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    equal: Vec<&'static str>,
}

impl From<&Rule> for Inhibition {
    fn from(rule: &Rule) -> Self {
        let targets = if rule.targets.is_empty() {
            r#"severity=~"P1|P2|P3""#.to_owned()
        } else {
            format!("alertname=~\"{}\"", rule.targets.join("|"))
        };
        Self {
            source_matchers: vec![format!("alertname=\"{}\"", rule.source)],
            target_matchers: vec![targets],
            equal: rule.equal.to_vec(),
        }
    }
}

#[derive(Serialize, Default)]
pub(super) struct Receiver {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pagerduty_configs: Vec<PagerDuty>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) slack_configs: Vec<Slack>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) email_configs: Vec<Email>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) webhook_configs: Vec<Webhook>,
}

#[derive(Serialize)]
pub(super) struct PagerDuty {
    pub(super) routing_key_file: String,
    pub(super) severity: &'static str,
    pub(super) send_resolved: bool,
    pub(super) description: &'static str,
    pub(super) details: Details,
    pub(super) links: [Link; 2],
}

#[derive(Serialize)]
pub(super) struct Link {
    pub(super) href: &'static str,
    pub(super) text: &'static str,
}

/// The details that Alertmanager adds by default, under the same names.
#[derive(Serialize)]
pub(super) struct Details {
    pub(super) firing: &'static str,
    pub(super) resolved: &'static str,
    pub(super) num_firing: &'static str,
    pub(super) num_resolved: &'static str,
}

#[derive(Serialize)]
pub(super) struct Slack {
    pub(super) channel: String,
    pub(super) api_url_file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_config: Option<HttpConfig>,
    pub(super) send_resolved: bool,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) footer: &'static str,
    /// The fields in which Slack formats asterisks and backquotes: only one that we do not use.
    pub(super) mrkdwn_in: [&'static str; 1],
    pub(super) actions: [Action; 2],
}

#[derive(Serialize)]
pub(super) struct Action {
    pub(super) r#type: &'static str,
    pub(super) text: &'static str,
    pub(super) url: &'static str,
}

#[derive(Serialize)]
pub(super) struct Email {
    pub(super) to: String,
    pub(super) send_resolved: bool,
}

#[derive(Serialize)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) send_resolved: bool,
    pub(super) http_config: HttpConfig,
}

#[derive(Serialize)]
pub(super) struct HttpConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tls_config: Option<TlsConfig>,
    pub(super) authorization: Authorization,
}

#[derive(Serialize)]
pub(super) struct TlsConfig {
    pub(super) ca_file: String,
}

#[derive(Serialize)]
pub(super) struct Authorization {
    pub(super) credentials_file: String,
}

#[derive(Serialize)]
pub(super) struct TimeInterval {
    pub(super) name: &'static str,
    pub(super) time_intervals: [Period; 1],
}

#[derive(Serialize)]
pub(super) struct Period {
    pub(super) weekdays: Vec<String>,
    pub(super) times: [Times; 1],
    pub(super) location: String,
}

#[derive(Serialize)]
pub(super) struct Times {
    pub(super) start_time: String,
    pub(super) end_time: String,
}
