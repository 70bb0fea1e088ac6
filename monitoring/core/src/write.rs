//! Writes the model as files, one module for each format.
//!
//! This layer only reads the model. The contents of dashboards and rules are decided elsewhere.

mod alert_tests;
pub(crate) mod alertmanager;
mod compose;
pub(crate) mod grafana;
mod grafana_provisioning;
mod grafana_rules;
mod kubernetes;
mod pair;
mod prometheus_config;
pub(crate) mod rule_files;
mod runbook;
mod sharding;
mod tls_samples;
mod yaml;

pub use grafana::PROGRAMS_UID;
pub use pair::Pair;
pub use runbook::page::{RUNBOOK_POLICY, runbook_page};
pub use sharding::Growth;

use crate::model::monitoring::{Monitoring, count, panel_count};
use crate::model::options::Receivers;
use crate::model::stack::{self, App, Places, Tls};

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, relative to the output folder.
    pub name: &'static str,
    /// Its contents.
    pub contents: String,
    /// The kind of items that it contains: `panels`, `alerts`, `rules`, …
    pub kind: &'static str,
    /// Number of these items.
    pub count: usize,
}

impl Monitoring {
    /// Returns the files about this program in the order in which they are listed.
    #[must_use]
    pub fn files(&self) -> Vec<File> {
        let (alerts, recordings) = (self.alert_count(), self.recording_count());
        vec![
            file("grafana-dashboard.json", grafana::dashboard(self), "panels", self.panel_count()),
            file("alerts.yml", rule_files::alerts(self), "alerts", alerts),
            file("recording-rules.yml", rule_files::recordings(self), "rules", recordings),
            file("RUNBOOK.md", runbook::runbook(self), "alerts of program and servers", alerts + count(&self.stack)),
        ]
    }

    /// Returns the files that belong to a Prometheus rather than to a program: once for any number of programs.
    #[must_use]
    pub fn stack_files(&self) -> Vec<File> {
        let (places, receivers) = (Places::containers(&self.receivers.secrets), alertmanager::count(&self.receivers));
        vec![
            file("prometheus.yml", prometheus_config::config(self, &places), "jobs", prometheus_config::JOBS),
            file("alertmanager.yml", alertmanager::config(&self.receivers), "receivers", receivers),
            file("stack-alerts.yml", rule_files::stack_alerts(self), "alerts", count(&self.stack)),
            file("programs-dashboard.json", grafana::programs(self), "panels", panel_count(&self.programs)),
        ]
    }

    /// Returns the same files for servers at other addresses. Without `calls`, alerts go to the alert receiver
    /// only, and no samples go to a remote store.
    #[must_use]
    pub fn stack_files_at(&self, places: &Places, calls: bool) -> Vec<File> {
        let alertmanager = if calls {
            (alertmanager::config(&self.receivers), alertmanager::count(&self.receivers))
        } else {
            (alertmanager::kept_only(&self.receivers), 1)
        };
        let mut local = self.clone();
        if !calls {
            local.prometheus.remote_write = None;
        }
        vec![
            file("prometheus.yml", prometheus_config::config(&local, places), "jobs", prometheus_config::JOBS),
            file("alertmanager.yml", alertmanager.0, "receivers", alertmanager.1),
            file("stack-alerts.yml", rule_files::stack_alerts(self), "alerts", count(&self.stack)),
            file("programs-dashboard.json", grafana::programs(self), "panels", panel_count(&self.programs)),
        ]
    }

    /// Returns the compose file for all servers, the files that its containers read, and overlays for TLS, for a
    /// reverse proxy, and for several Prometheus servers.
    #[must_use]
    pub fn compose_files(&self) -> Vec<File> {
        let secrets = &self.receivers.secrets;
        let (growth, tls) = (Growth::containers(secrets), Tls::containers(secrets));
        let overlay = |it: &Places| Places {
            // The overlays are two folders below the rules and the targets.
            folder: "../../".to_owned(),
            own_rules: "../../rules/*.yml".to_owned(),
            ..it.clone()
        };
        let growth = Growth { places: overlay(&growth.places), ..growth };
        let pair = Pair { places: growth.places.clone(), ..Pair::containers(secrets) };
        let app = App { address: format!("{}:{}", stack::APP.name, stack::APP_TLS_PORT), secure: true };
        let secured = Places { tls: Some(tls.clone()), apps: vec![app], ..growth.places.clone() };
        let receivers = Receivers {
            webhook_url: self.receivers.webhook_url.replacen("http://", "https://", 1),
            webhook_ca_file: tls.ca_file.clone(),
            ..self.receivers.clone()
        };
        let prometheus = stack::PROMETHEUS.address();
        let datasource = grafana_provisioning::datasources(&format!("https://{prometheus}"), Some(&tls));
        let routes = alertmanager::config(&receivers);
        let fixed = [
            ("docker-compose.yml", compose::file(self), "services"),
            (".env.example", compose::environment(&self.package, &self.arguments), "settings"),
            ("Dockerfile", compose::DOCKERFILE.to_owned(), "image"),
            ("Dockerfile.dockerignore", compose::DOCKERIGNORE.to_owned(), "patterns"),
            ("overlays/tls/docker-compose.yml", compose::tls(self), "overlay"),
            ("overlays/tls/prometheus.yml", prometheus_config::config(self, &secured), "jobs"),
            ("overlays/tls/alertmanager.yml", routes, "receivers"),
            ("overlays/tls/nginx/app.conf", tls_samples::app(secrets), "host"),
            ("overlays/tls/web.config.example.yml", tls_samples::config(secrets), "user"),
            ("overlays/tls/grafana-datasource.yml", datasource, "data source"),
            ("overlays/proxy/docker-compose.yml", compose::proxy(), "overlay"),
            ("overlays/proxy/nginx.conf.template", tls_samples::nginx(secrets, false), "hosts"),
            ("overlays/tls-proxy/docker-compose.yml", compose::tls_proxy(), "overlay"),
            ("overlays/tls-proxy/nginx.conf.template", tls_samples::nginx(secrets, true), "hosts"),
            ("overlays/sharding/docker-compose.yml", compose::global(self), "overlay"),
            ("overlays/pair/docker-compose.yml", compose::pair(self), "overlay"),
        ];
        let count = |kind: &str| match kind {
            "services" => stack::SERVICES.len(),
            "settings" => compose::SETTINGS,
            "patterns" => 4,
            "hosts" => 5,
            "jobs" => prometheus_config::JOBS,
            "receivers" => alertmanager::count(&self.receivers),
            _ => 1,
        };
        let fixed = fixed.map(|(name, contents, kind)| file(name, contents, kind, count(kind)));
        let provisioning = self.provisioning_files(&format!("http://{prometheus}"), &compose::DASHBOARDS);
        fixed
            .into_iter()
            .chain(provisioning)
            .chain(self.sharding_files(&growth))
            .chain(self.pair_files(&pair))
            .collect()
    }

    /// Returns the configurations of Prometheus servers that share the instances, and of the server above them.
    #[must_use]
    pub fn sharding_files(&self, growth: &Growth) -> Vec<File> {
        const SHARDS: [&str; sharding::SHARDS as usize] =
            ["overlays/sharding/prometheus-shard-0.yml", "overlays/sharding/prometheus-shard-1.yml"];
        let above = file("overlays/sharding/prometheus-global.yml", sharding::above(self, growth), "jobs", 6);
        let shard = |(number, name)| file(name, sharding::shard(self, growth, number), "jobs", 2);
        [above].into_iter().chain(SHARDS.into_iter().enumerate().map(shard)).collect()
    }

    /// Returns the configurations of two Prometheus servers with the same work.
    #[must_use]
    pub fn pair_files(&self, pair: &Pair) -> Vec<File> {
        let names = [("overlays/pair/prometheus-a.yml", "a"), ("overlays/pair/prometheus-b.yml", "b")];
        let one = |(name, replica)| file(name, pair::replica(self, pair, replica), "jobs", prometheus_config::JOBS);
        names.into_iter().map(one).collect()
    }

    /// Returns the files that Grafana reads at its start: the data source and the dashboards. Each of `dashboards` is a
    /// file, or a folder to search.
    #[must_use]
    pub fn provisioning_files(&self, prometheus_url: &str, dashboards: &[&str]) -> Vec<File> {
        vec![
            file(
                grafana_provisioning::DATASOURCES,
                grafana_provisioning::datasources(prometheus_url, None),
                "data sources",
                1,
            ),
            file(
                grafana_provisioning::DASHBOARDS,
                grafana_provisioning::dashboards(dashboards),
                "paths",
                dashboards.len(),
            ),
        ]
    }

    /// Returns the rules about this program for Grafana's own alerting, as files for its provisioning.
    #[must_use]
    pub fn grafana_rule_files(&self) -> Vec<File> {
        vec![
            file("grafana-alerts.yml", grafana_rules::alerts(self), "alerts", self.alert_count()),
            file("grafana-recording-rules.yml", grafana_rules::recordings(self), "rules", self.recording_count()),
        ]
    }

    /// Returns unit tests of all alerts. Their folder must not match a pattern in `rule_files`: a Prometheus that loads
    /// them as rules does not start.
    #[must_use]
    pub fn test_files(&self) -> Vec<File> {
        let of = |names: [&'static str; 3], all: [(String, usize); 3]| {
            let tests = names.into_iter().zip(all);
            tests.map(|(name, (contents, count))| file(name, contents, "tests", count)).collect::<Vec<_>>()
        };
        let alerts = of(alert_tests::FILES, alert_tests::alerts(self));
        alerts.into_iter().chain(of(alert_tests::STACK_FILES, alert_tests::stack_alerts(self))).collect()
    }

    /// Returns the objects for a Kubernetes cluster with the Prometheus operator.
    #[must_use]
    pub fn kubernetes_files(&self) -> Vec<File> {
        vec![
            file("kubernetes.yml", kubernetes::objects(self), "objects", 3),
            file("kubernetes-stack.yml", kubernetes::stack(self), "objects", 3),
        ]
    }
}

/// Returns `secrets/web_config` for `overlays/tls`, with the bcrypt hash of the password of [`Tls::USER`].
#[must_use]
pub fn web_config(hash: &str) -> String {
    tls_samples::config_with("/run/secrets", hash)
}

fn file(name: &'static str, contents: String, kind: &'static str, count: usize) -> File {
    File { name, contents, kind, count }
}
