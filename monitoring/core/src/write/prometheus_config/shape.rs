//! The parts of Prometheus' configuration that we write, in the subset that versions 2.42 and 3 share.

use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(crate) struct PrometheusSettings {
    pub(crate) global: PrometheusGlobal,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rule_files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alerting: Option<Alerting>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) remote_write: Vec<RemoteWrite>,
    pub(crate) scrape_configs: Vec<Job>,
}

#[derive(Serialize)]
pub(crate) struct PrometheusGlobal {
    pub(crate) scrape_interval: &'static str,
    pub(crate) evaluation_interval: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) scrape_native_histograms: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) external_labels: BTreeMap<String, String>,
}

#[derive(Serialize)]
pub(crate) struct Alerting {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) alert_relabel_configs: Vec<Relabel>,
    pub(crate) alertmanagers: [Alertmanager; 1],
}

#[derive(Serialize)]
pub(crate) struct Alertmanager {
    #[serde(flatten)]
    pub(crate) access: Access,
    pub(crate) static_configs: [Targets; 1],
}

#[derive(Serialize)]
pub(crate) struct RemoteWrite {
    pub(crate) url: String,
    #[serde(flatten)]
    pub(crate) access: Access,
    pub(crate) queue_config: QueueConfig,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) write_relabel_configs: Vec<Relabel>,
}

#[derive(Serialize)]
pub(crate) struct QueueConfig {
    pub(crate) capacity: u32,
    pub(crate) max_samples_per_send: u32,
    pub(crate) batch_send_deadline: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Targets {
    pub(crate) targets: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
pub(crate) struct Files {
    pub(crate) files: Vec<String>,
}

#[derive(Serialize, Default)]
#[expect(clippy::struct_field_names, reason = "Prometheus' name")]
pub(crate) struct Job {
    pub(crate) job_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scrape_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) honor_labels: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics_path: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) params: BTreeMap<&'static str, Vec<String>>,
    #[serde(flatten)]
    pub(crate) access: Access,
    pub(crate) sample_limit: u32,
    pub(crate) label_limit: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) static_configs: Vec<Targets>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) file_sd_configs: Vec<Files>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) relabel_configs: Vec<Relabel>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) metric_relabel_configs: Vec<Relabel>,
}

/// The protocol and the credentials for a server.
#[derive(Serialize, Default, Clone)]
pub(crate) struct Access {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_config: Option<ScrapeTls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basic_auth: Option<BasicAuth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorization: Option<ScrapeAuthorization>,
}

#[derive(Serialize, Clone)]
pub(crate) struct ScrapeTls {
    pub(crate) ca_file: String,
}

#[derive(Serialize, Clone)]
pub(crate) struct BasicAuth {
    pub(crate) username: String,
    pub(crate) password_file: String,
}

#[derive(Serialize, Clone)]
pub(crate) struct ScrapeAuthorization {
    pub(crate) credentials_file: String,
}

#[derive(Serialize, Default)]
pub(crate) struct Relabel {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) source_labels: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) modulus: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_label: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) regex: Option<String>,
    pub(crate) action: &'static str,
}
