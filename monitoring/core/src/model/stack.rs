//! The servers of the stack: what they are called, where they listen, in which version. Every file that names one reads it
//! here.

/// One server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Its name in the compose file, and so its host's name there.
    pub name: &'static str,
    /// Its job in Prometheus.
    pub job: &'static str,
    /// Where it listens in its container.
    pub port: u16,
    /// Where people find it.
    pub published: u16,
    /// The image with its version; empty for those that are built here.
    pub image: &'static str,
    /// What answers with 200 when it is ready.
    pub ready: &'static str,
}

/// Collects and asks.
pub const PROMETHEUS: Service = Service {
    name: "prometheus",
    job: "prometheus",
    port: 9090,
    published: 9090,
    image: "prom/prometheus:v3.5.0",
    ready: "/-/ready",
};

/// Calls people.
pub const ALERTMANAGER: Service = Service {
    name: "alertmanager",
    job: "alertmanager",
    port: 9093,
    published: 9093,
    image: "prom/alertmanager:v0.28.1",
    ready: "/-/ready",
};

/// Shows.
pub const GRAFANA: Service = Service {
    name: "grafana",
    job: "grafana",
    port: 3000,
    published: 3001,
    image: "grafana/grafana:11.6.1",
    ready: "/api/health",
};

/// Tells of the machine.
pub const NODE: Service = Service {
    name: "node-exporter",
    job: "node",
    port: 9100,
    published: 9100,
    image: "prom/node-exporter:v1.9.1",
    ready: "/metrics",
};

/// Keeps alerts.
pub const WEBHOOK: Service =
    Service { name: "alert-webhook", job: "alert-webhook", port: 9095, published: 9095, image: "", ready: "/readyz" };

/// What is watched; its job is the program's.
pub const APP: Service = Service { name: "app", job: "", port: 3000, published: 3000, image: "", ready: "/healthz" };

/// Keeps samples of many for long.
pub const VICTORIA_METRICS: Service = Service {
    name: "victoria-metrics",
    job: "victoria-metrics",
    port: 8428,
    published: 8428,
    image: "victoriametrics/victoria-metrics:v1.115.0",
    ready: "/health",
};

/// The servers that `docker compose up` starts.
pub const SERVICES: [Service; 6] = [APP, PROMETHEUS, ALERTMANAGER, GRAFANA, NODE, WEBHOOK];

/// Bytes of one notification that the alert receiver takes: a group with all alerts of ten thousand instances.
pub const PAYLOAD_BYTES_MAX: u32 = 64 << 20;

impl Service {
    /// Where the other servers find it in the containers' network.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", self.name, self.port)
    }
}

/// Where Prometheus finds what it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// How often it asks.
    pub interval: &'static str,
    /// The instances of the program.
    pub apps: Vec<App>,
    /// Prometheus itself.
    pub prometheus: String,
    /// Alertmanager.
    pub alertmanager: String,
    /// Grafana, where there is one.
    pub grafana: Option<String>,
    /// The exporter of the machine, where there is one.
    pub node: Option<String>,
    /// The alert receiver.
    pub webhook: String,
    /// The file with the alert receiver's token.
    pub webhook_token: String,
    /// The rules that people wrote themselves.
    pub own_rules: String,
    /// How the servers know each other, where they do.
    pub tls: Option<Tls>,
}

/// One instance of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Host and port.
    pub address: String,
    /// Whether it is asked by TLS.
    pub secure: bool,
}

impl App {
    /// Asked without TLS.
    #[must_use]
    pub fn plain(address: impl Into<String>) -> Self {
        Self { address: address.into(), secure: false }
    }
}

/// TLS and passwords between the servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate that theirs are signed with.
    pub ca_file: String,
    /// The file with the password of [`Tls::USER`].
    pub password_file: String,
}

impl Tls {
    /// As whom one server asks another.
    pub const USER: &'static str = "monitoring";

    /// In the containers of the overlay.
    #[must_use]
    pub fn containers(secrets: &str) -> Self {
        let secrets = secrets.trim_end_matches('/');
        Self { ca_file: format!("{secrets}/tls_ca"), password_file: format!("{secrets}/web_password") }
    }
}

impl Places {
    /// In the containers of the compose file.
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
            own_rules: "rules/*.yml".to_owned(),
            tls: None,
        }
    }
}
