//! The servers of the stack: names, ports and versions. Every file that names a server uses these constants.

/// A server of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Its name in the compose file, which is also its host name there.
    pub name: &'static str,
    /// Its job in Prometheus.
    pub job: &'static str,
    /// The port in its container.
    pub port: u16,
    /// The port on the host.
    pub published: u16,
    /// The image with its version; empty if the image is built here.
    pub image: &'static str,
    /// The path that answers with 200 when the server is ready.
    pub ready: &'static str,
}

/// Scrapes targets and evaluates rules.
pub const PROMETHEUS: Service = Service {
    name: "prometheus",
    job: "prometheus",
    port: 9090,
    published: 9090,
    image: "prom/prometheus:v3.5.3",
    ready: "/-/ready",
};

/// Sends notifications.
pub const ALERTMANAGER: Service = Service {
    name: "alertmanager",
    job: "alertmanager",
    port: 9093,
    published: 9093,
    image: "prom/alertmanager:v0.33.1",
    ready: "/-/ready",
};

/// Shows dashboards.
pub const GRAFANA: Service = Service {
    name: "grafana",
    job: "grafana",
    port: 3000,
    published: 3001,
    image: "grafana/grafana:12.4.3",
    ready: "/api/health",
};

/// Exports metrics of the machine.
pub const NODE: Service = Service {
    name: "node-exporter",
    job: "node",
    port: 9100,
    published: 9100,
    image: "prom/node-exporter:v1.11.1",
    ready: "/metrics",
};

/// Stores alerts.
pub const WEBHOOK: Service =
    Service { name: "alert-webhook", job: "alert-webhook", port: 9095, published: 9095, image: "", ready: "/readyz" };

/// The monitored program; its job is the program's name.
pub const APP: Service = Service { name: "app", job: "", port: 3000, published: 3000, image: "", ready: "/healthz" };

/// The port at which `overlays/tls` serves the metrics of the program.
pub const APP_TLS_PORT: u16 = 3443;

/// Stores the samples of several Prometheus servers for a long time.
pub const VICTORIA_METRICS: Service = Service {
    name: "victoria-metrics",
    job: "victoria-metrics",
    port: 8428,
    published: 8428,
    image: "victoriametrics/victoria-metrics:v1.145.0",
    ready: "/health",
};

/// The flag of Prometheus that stores exemplars, which lead from a point of a panel to a trace.
pub const EXEMPLARS_FLAG: &str = "--enable-feature=exemplar-storage";

/// How to make a Prometheus scrape native histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeHistograms {
    /// With [`NativeHistograms::FLAG`], before version 3.8.
    Flag,
    /// With `scrape_native_histograms` in `prometheus.yml`. Version 3.9 ignores the flag, and versions before 3.8 refuse
    /// the setting.
    Setting,
}

impl NativeHistograms {
    /// The flag of the server.
    pub const FLAG: &str = "--enable-feature=native-histograms";

    /// Returns the way for the server that prints this with `--version`: `prometheus, version 3.5.0 (branch: ..)`.
    #[must_use]
    pub fn of_version(printed: &str) -> Self {
        let version = printed.split_once("version ").map_or(printed, |it| it.1).trim_start_matches('v');
        let mut numbers = version.split(|it: char| !it.is_ascii_digit()).map(|it| it.parse().unwrap_or(0_u32));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if version < (3, 8) { Self::Flag } else { Self::Setting }
    }

    /// Returns the way for an image whose tag is the version.
    pub(crate) fn of_image(image: &str) -> Self {
        Self::of_version(image.rsplit(':').next().unwrap_or_default())
    }
}

/// The image of the reverse proxy.
pub(crate) const NGINX: &str = "nginx:1.28.0-alpine";

/// The servers that `docker compose up` starts.
pub const SERVICES: [Service; 6] = [APP, PROMETHEUS, ALERTMANAGER, GRAFANA, NODE, WEBHOOK];

/// The jobs of the servers.
pub const SERVERS: &[&str] = &[PROMETHEUS.job, ALERTMANAGER.job, GRAFANA.job, NODE.job, WEBHOOK.job, "pushgateway"];

/// The job that reads the samples of other Prometheus servers.
pub const SHARDS: &[&str] = &["federate"];

/// The time for which Prometheus keeps samples: that of an error budget.
pub const RETENTION: &str = "30d";

/// Largest notification in bytes that the alert receiver accepts: a group with all alerts of ten thousand instances.
pub const PAYLOAD_BYTES_MAX: u32 = 64 << 20;

impl Service {
    /// Returns host and port in the network of the containers.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", self.name, self.port)
    }
}

/// The addresses of all targets, and further settings of Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The scrape interval.
    pub interval: &'static str,
    /// The instances of the program.
    pub apps: Vec<App>,
    /// The address of Prometheus itself.
    pub prometheus: String,
    /// The address of Alertmanager.
    pub alertmanager: String,
    /// The address of Grafana, if it is used.
    pub grafana: Option<String>,
    /// The address of the node exporter, if it is used.
    pub node: Option<String>,
    /// The address of the alert receiver.
    pub webhook: String,
    /// The file with the alert receiver's token.
    pub webhook_token: String,
    /// The folder of rule files and targets, relative to the configuration; empty or with a final `/`.
    pub folder: String,
    /// The pattern of the files with the user's own rules.
    pub own_rules: String,
    /// TLS between the servers, if it is used.
    pub tls: Option<Tls>,
}

/// One instance of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Host and port.
    pub address: String,
    /// Whether it is scraped over TLS.
    pub secure: bool,
}

impl App {
    /// Returns the address of its pages.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.address)
    }

    /// Returns an instance that is scraped without TLS.
    #[must_use]
    pub fn plain(address: impl Into<String>) -> Self {
        Self { address: address.into(), secure: false }
    }
}

/// Settings for TLS and passwords between the servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The file with the CA certificate of all servers.
    pub ca_file: String,
    /// The file with the password of [`Tls::USER`].
    pub password_file: String,
}

impl Tls {
    /// The user name that the servers use with each other.
    pub const USER: &'static str = "monitoring";

    /// Returns the files in the containers of the TLS overlay.
    #[must_use]
    pub fn containers(secrets: &str) -> Self {
        let secrets = secrets.trim_end_matches('/');
        Self { ca_file: format!("{secrets}/tls_ca"), password_file: format!("{secrets}/web_password") }
    }
}

impl Places {
    /// Returns the addresses in the containers of the compose file.
    #[must_use]
    pub fn containers(secrets: &str) -> Self {
        Self {
            interval: "15s",
            apps: vec![App::plain(APP.address())],
            prometheus: format!("localhost:{}", PROMETHEUS.port),
            alertmanager: ALERTMANAGER.address(),
            grafana: Some(GRAFANA.address()),
            node: Some(NODE.address()),
            webhook: WEBHOOK.address(),
            webhook_token: format!("{}/webhook_token", secrets.trim_end_matches('/')),
            folder: String::new(),
            own_rules: "rules/*.yml".to_owned(),
            tls: None,
        }
    }
}
