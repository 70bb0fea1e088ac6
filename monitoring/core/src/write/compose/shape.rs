//! The parts of a compose file that we write.

use serde::Serialize;
use std::collections::BTreeMap;

pub(super) type Texts = BTreeMap<String, String>;

#[derive(Serialize, Default)]
pub(super) struct Compose {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'static str>,
    pub(super) services: BTreeMap<&'static str, Container>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) networks: BTreeMap<&'static str, Named>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) volumes: BTreeMap<String, Named>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) secrets: BTreeMap<String, Secret>,
}

/// A network or a volume that needs only a name.
#[derive(Serialize, Default)]
pub(super) struct Named {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) driver: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Secret {
    pub(super) file: String,
}

#[derive(Serialize, Default)]
pub(super) struct Container {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) build: Option<Build>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) command: Vec<String>,
    /// The command as a single text, which Compose splits.
    #[serde(skip_serializing_if = "str::is_empty", rename = "command")]
    pub(super) command_line: &'static str,
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub(super) environment: Texts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ports: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) volumes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tmpfs: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) secrets: Vec<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) network_mode: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) networks: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) healthcheck: Option<Health>,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    pub(super) bounds: Option<Bounds>,
}

/// Rights that no container has, and its resource limits.
#[derive(Serialize)]
pub(super) struct Bounds {
    pub(super) read_only: bool,
    pub(super) cap_drop: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) cap_add: Vec<&'static str>,
    pub(super) security_opt: [&'static str; 1],
    pub(super) restart: &'static str,
    pub(super) deploy: Deploy,
    pub(super) logging: Logging,
}

#[derive(Serialize)]
pub(super) struct Build {
    pub(super) context: &'static str,
    pub(super) dockerfile: &'static str,
    pub(super) args: Texts,
}

#[derive(Serialize)]
pub(super) struct Health {
    pub(super) test: Vec<String>,
    pub(super) interval: &'static str,
    pub(super) timeout: &'static str,
    pub(super) retries: u32,
    pub(super) start_period: &'static str,
}

#[derive(Serialize)]
pub(super) struct Deploy {
    pub(super) resources: Resources,
}

#[derive(Serialize)]
pub(super) struct Resources {
    pub(super) limits: Limits,
}

#[derive(Serialize)]
pub(super) struct Limits {
    pub(super) cpus: &'static str,
    pub(super) memory: &'static str,
    pub(super) pids: u32,
}

#[derive(Serialize)]
pub(super) struct Logging {
    pub(super) driver: &'static str,
    pub(super) options: BTreeMap<&'static str, &'static str>,
}
