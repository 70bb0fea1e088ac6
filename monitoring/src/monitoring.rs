//! A catalog's monitoring as a whole, and what to do with it.

use crate::growing::Growth;
use crate::model::{Alert, Group, Recording, Row};
use crate::options::{Options, Receivers, uid};
use crate::promql::{Histograms, Place, print_as};
use crate::query::Query;
use crate::stack::{Places, Tls};
use crate::validate::Problem;
use crate::{
    alertmanager, alerts, compose, family, grafana, growing, kubernetes, panels, prometheus, proof, provisioning,
    recording, runbook, server, stack, validate, web,
};
use measurand_catalog::Catalog;

/// Everything that follows from a catalog: the dashboard, the recording rules and the alerts.
///
/// Equal catalogs give equal monitoring and equal files, to the byte.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitoring {
    /// The value of the label `job` that all of it selects.
    pub job: String,
    /// The identifier of the dashboard.
    pub uid: String,
    /// The package of the program in Cargo.
    pub package: String,
    /// What the program is started with in its container.
    pub arguments: String,
    /// From what it was made, in one line.
    pub origin: String,
    /// The rows of the dashboard.
    pub rows: Vec<Row>,
    /// The recording rules.
    pub recordings: Vec<Group<Recording>>,
    /// The alerts about the program.
    pub alerts: Vec<Group<Alert>>,
    /// The alerts about the monitoring itself, whatever it watches.
    pub stack: Vec<Group<Alert>>,
    /// How Prometheus stores histograms.
    pub histograms: Histograms,
    /// Who is called.
    pub receivers: Receivers,
    /// What of the catalog is left out, and why.
    pub problems: Vec<Problem>,
}

/// One generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, below the folder that all are in.
    pub name: &'static str,
    /// All of it.
    pub contents: String,
    /// What it has so many of: `panels`, `alerts`, `rules`, …
    pub kind: &'static str,
    /// How many.
    pub count: usize,
}

/// One term as it stands in a generated file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NamedQuery<'a> {
    /// Which panel or rule it is in.
    pub name: &'a str,
    /// Whose it is.
    pub user: User,
    /// The term.
    pub query: &'a Query,
    job: &'a str,
    histograms: Histograms,
}

/// In which file a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// A panel of the dashboard; the name is the panel's key.
    Panel,
    /// A recording rule; the name is the recorded series'.
    Recording,
    /// An alert; the name is the alert's.
    Alert,
}

impl NamedQuery<'_> {
    /// The PromQL of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let place = if self.user == User::Panel { Place::Dashboard } else { Place::Rules { job: self.job } };
        print_as(self.query, place, self.histograms)
    }

    /// The PromQL as Prometheus can answer it at once: with `window`, for example `1m`, for `$__rate_interval` and
    /// `$__range`, and `.+` for `$job` and `$instance`.
    #[must_use]
    pub fn instant(&self, window: &str) -> String {
        let place = if self.user == User::Panel { Place::Instant { window } } else { Place::Rules { job: self.job } };
        print_as(self.query, place, self.histograms)
    }
}

impl Monitoring {
    /// What to show and to watch of a program. A family or an objective that nothing can be made of is left out, and
    /// [`Monitoring::problems`] says which and why.
    #[must_use]
    pub fn new(catalog: &Catalog, options: &Options) -> Self {
        let problems = validate::problems(catalog);
        let valid = validate::valid(catalog);
        let families = family::used(&valid);
        let job = options.job_of(catalog);
        let (drafts, stack) = (alerts::drafts(&families, options), alerts::stack(options));
        let rows = panels::rows(&families, &alerts::limits(&drafts), &options.burns);
        let alerts = alerts::finish(&job, drafts, &rows, &job, options);
        let stack = alerts::finish(alerts::STACK, stack, &rows, &job, options);
        let (receivers, package) = (options.receivers.clone(), options.package_of(catalog, &job));
        let (histograms, arguments) = (options.histograms, options.arguments.clone());
        let recordings = recording::groups(&job, &alerts, &rows, histograms);
        let (uid, origin) = (uid(&job), origin(catalog));
        Self { job, uid, package, arguments, origin, rows, recordings, alerts, stack, histograms, receivers, problems }
    }

    /// The files of this program, in the order in which they are listed.
    #[must_use]
    pub fn files(&self) -> Vec<File> {
        let (alerts, recordings) = (self.alert_count(), self.recording_count());
        vec![
            file("grafana-dashboard.json", grafana::dashboard(self), "panels", self.panel_count()),
            file("alerts.yml", prometheus::alerts(self), "alerts", alerts),
            file("recording-rules.yml", prometheus::recordings(self), "rules", recordings),
            file("RUNBOOK.md", runbook::runbook(self), "alerts", alerts + count(&self.stack)),
        ]
    }

    /// The files that belong to a Prometheus and not to a program: one of each, however many programs are watched.
    #[must_use]
    pub fn stack_files(&self) -> Vec<File> {
        let places = Places::containers(&self.receivers.secrets);
        vec![
            file("prometheus.yml", server::config(self, &places), "jobs", server::JOBS),
            file("alertmanager.yml", alertmanager::config(&self.receivers), "receivers", alertmanager::RECEIVERS),
            file("stack-alerts.yml", prometheus::stack_alerts(self), "alerts", count(&self.stack)),
        ]
    }

    /// The same for servers that are elsewhere; without `calls` alerts reach nobody but the alert receiver.
    #[must_use]
    pub fn stack_files_at(&self, places: &Places, calls: bool) -> Vec<File> {
        let alertmanager = if calls {
            (alertmanager::config(&self.receivers), alertmanager::RECEIVERS)
        } else {
            (alertmanager::kept_only(&self.receivers), 1)
        };
        vec![
            file("prometheus.yml", server::config(self, places), "jobs", server::JOBS),
            file("alertmanager.yml", alertmanager.0, "receivers", alertmanager.1),
            file("stack-alerts.yml", prometheus::stack_alerts(self), "alerts", count(&self.stack)),
        ]
    }

    /// The compose file for all servers, and what its containers read that is not among the others. With them come
    /// overlays for TLS, for a proxy in front, and for several Prometheus servers.
    #[must_use]
    pub fn compose_files(&self) -> Vec<File> {
        let secrets = &self.receivers.secrets;
        let (growth, tls) = (Growth::containers(secrets), Tls::containers(secrets));
        let secured = Places { tls: Some(tls.clone()), ..growth.places.clone() };
        let receivers = Receivers {
            webhook_url: self.receivers.webhook_url.replacen("http://", "https://", 1),
            webhook_ca_file: tls.ca_file.clone(),
            ..self.receivers.clone()
        };
        let prometheus = stack::PROMETHEUS.address();
        let datasource = provisioning::datasources(&format!("https://{prometheus}"), Some(&tls));
        let routes = alertmanager::config(&receivers);
        let fixed = [
            ("docker-compose.yml", compose::file(&self.receivers), "services"),
            (".env.example", compose::environment(&self.package, &self.arguments), "settings"),
            ("Dockerfile", compose::DOCKERFILE.to_owned(), "image"),
            ("Dockerfile.dockerignore", compose::DOCKERIGNORE.to_owned(), "patterns"),
            ("overlays/tls/docker-compose.yml", compose::tls(), "overlay"),
            ("overlays/tls/prometheus.yml", server::config(self, &secured), "jobs"),
            ("overlays/tls/alertmanager.yml", routes, "receivers"),
            ("overlays/tls/web.config.example.yml", web::config(secrets), "user"),
            ("overlays/tls/grafana-datasource.yml", datasource, "data source"),
            ("overlays/proxy/docker-compose.yml", compose::proxy(), "overlay"),
            ("overlays/proxy/nginx.conf.template", web::nginx(secrets), "hosts"),
            ("overlays/growing/docker-compose.yml", compose::global(), "overlay"),
        ];
        let count = |kind: &str| match kind {
            "services" => stack::SERVICES.len(),
            "settings" => compose::SETTINGS,
            "patterns" | "hosts" => 4,
            "jobs" => server::JOBS,
            "receivers" => alertmanager::RECEIVERS,
            _ => 1,
        };
        let fixed = fixed.map(|(name, contents, kind)| file(name, contents, kind, count(kind)));
        let provisioning = self.provisioning_files(&format!("http://{prometheus}"), compose::DASHBOARDS);
        fixed.into_iter().chain(provisioning).chain(self.growing_files(&growth)).collect()
    }

    /// What Prometheus servers read that divide the instances among them, and the one above them.
    #[must_use]
    pub fn growing_files(&self, growth: &Growth) -> Vec<File> {
        const SHARDS: [&str; growing::SHARDS as usize] =
            ["overlays/growing/prometheus-shard-0.yml", "overlays/growing/prometheus-shard-1.yml"];
        let above = file("overlays/growing/prometheus-global.yml", growing::above(self, growth), "jobs", 6);
        let shard = |(number, name)| file(name, growing::shard(self, growth, number), "jobs", 2);
        [above].into_iter().chain(SHARDS.into_iter().enumerate().map(shard)).collect()
    }

    /// What Grafana reads when it starts: where the data is, and in which folder dashboards are.
    #[must_use]
    pub fn provisioning_files(&self, prometheus_url: &str, dashboards: &str) -> Vec<File> {
        vec![
            file(provisioning::DATASOURCES, provisioning::datasources(prometheus_url, None), "data sources", 1),
            file(provisioning::DASHBOARDS, provisioning::dashboards(dashboards), "folders", 1),
        ]
    }

    /// Unit tests of all alerts. They are no rules: a Prometheus whose `rule_files` match them does not start, so they
    /// belong in a folder where no pattern does.
    #[must_use]
    pub fn test_files(&self) -> Vec<File> {
        let of = |names: [&'static str; 3], all: [(String, usize); 3]| {
            let tests = names.into_iter().zip(all);
            tests.map(|(name, (contents, count))| file(name, contents, "tests", count)).collect::<Vec<_>>()
        };
        let alerts = of(proof::FILES, proof::alerts(self));
        alerts.into_iter().chain(of(proof::STACK_FILES, proof::stack_alerts(self))).collect()
    }

    /// The objects for a cluster of Kubernetes with the Prometheus operator.
    #[must_use]
    pub fn kubernetes_files(&self) -> Vec<File> {
        vec![file("kubernetes.yml", kubernetes::objects(self), "objects", 3)]
    }

    /// Every term of every panel and rule about the program.
    pub fn queries(&self) -> impl Iterator<Item = NamedQuery<'_>> {
        let panels = self.rows.iter().flat_map(|it| &it.panels);
        let lines = panels.flat_map(|panel| panel.lines.iter().map(|line| (panel.key.as_str(), &line.query)));
        let recordings = self.recordings.iter().flat_map(|it| &it.rules);
        let alerts = self.alerts.iter().flat_map(|it| &it.rules);
        lines
            .map(|(name, query)| self.named(name, User::Panel, query))
            .chain(recordings.map(|it| self.named(&it.record, User::Recording, &it.query)))
            .chain(alerts.map(|it| self.named(&it.name, User::Alert, &it.query)))
    }

    /// Every term of every alert about the monitoring itself.
    pub fn stack_queries(&self) -> impl Iterator<Item = NamedQuery<'_>> {
        let alerts = self.stack.iter().flat_map(|it| &it.rules);
        alerts.map(|it| self.named(&it.name, User::Alert, &it.query))
    }

    fn named<'a>(&'a self, name: &'a str, user: User, query: &'a Query) -> NamedQuery<'a> {
        NamedQuery { name, user, query, job: &self.job, histograms: self.histograms }
    }

    /// How many panels the dashboard has; rows do not count.
    #[must_use]
    pub fn panel_count(&self) -> usize {
        self.rows.iter().map(|it| it.panels.len()).sum()
    }

    /// How many alerts there are.
    #[must_use]
    pub fn alert_count(&self) -> usize {
        count(&self.alerts)
    }

    /// How many recording rules there are.
    #[must_use]
    pub fn recording_count(&self) -> usize {
        count(&self.recordings)
    }
}

fn file(name: &'static str, contents: String, kind: &'static str, count: usize) -> File {
    File { name, contents, kind, count }
}

fn count<T>(groups: &[Group<T>]) -> usize {
    groups.iter().map(|it| it.rules.len()).sum()
}

/// No time, no path, no host: the same catalog has to give the same bytes.
fn origin(catalog: &Catalog) -> String {
    let mut crates: Vec<String> = catalog.sites.iter().map(|it| format!("{} {}", it.krate, it.version)).collect();
    crates.sort();
    crates.dedup();
    let count = catalog.sites.iter().filter(|it| !it.is_of_items()).count();
    let functions = if count == 1 { "annotated function" } else { "annotated functions" };
    let clean: String = crates.join(", ").chars().filter(|it| !it.is_control()).collect();
    format!("the {count} {functions} of {clean}")
}
