//! The servers of the local stack: names of their programs, packages that install them, arguments.

use super::folder::Folder;
use measurand_monitoring::model::stack::{
    ALERTMANAGER, EXEMPLARS_FLAG, GRAFANA, NODE, NativeHistograms, PAYLOAD_BYTES_MAX, PROMETHEUS, RETENTION, Service,
    WEBHOOK,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One kind of server.
pub(crate) struct Server {
    pub(crate) service: Service,
    /// The possible names of its program; the first one that exists is used.
    programs: &'static [&'static str],
    /// The command or page that installs it.
    install: &'static str,
    /// Whether the stack cannot run without it.
    pub(crate) needed: bool,
    pub(crate) arguments: fn(&Layout<'_>) -> Vec<String>,
    pub(crate) environment: fn(&Layout<'_>) -> Vec<(&'static str, String)>,
}

/// The paths and ports that a server's arguments depend on.
pub(crate) struct Layout<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) program: &'a Path,
    pub(crate) ports: &'a BTreeMap<&'static str, u16>,
    pub(crate) secrets: &'a Path,
    /// Whether Prometheus needs its flag for native histograms.
    pub(crate) native_flag: bool,
}

/// The servers in start order: receivers of alerts come before their senders, so that no alert is lost.
pub(crate) const SERVERS: [Server; 5] = [
    Server {
        service: WEBHOOK,
        programs: &["measurand-webhook"],
        install: "`cargo install --path monitoring/webhook`",
        needed: true,
        arguments: |layout| {
            vec![
                format!("--listen={}", layout.address(&WEBHOOK)),
                layout.option("--database", "data/alerts.db"),
                format!("--token-file={}", layout.secrets.join("webhook_token").display()),
                layout.option("--users-file", "secrets/webhook_users"),
                layout.option("--runbook", "config/RUNBOOK.md"),
                format!("--max-body={PAYLOAD_BYTES_MAX}"),
            ]
        },
        environment: |_| Vec::new(),
    },
    Server {
        service: ALERTMANAGER,
        programs: &["prometheus-alertmanager", "alertmanager"],
        install: "`apt-get install prometheus-alertmanager`",
        needed: true,
        arguments: |layout| {
            vec![
                layout.option("--config.file", "config/alertmanager.yml"),
                layout.option("--storage.path", "data/alertmanager"),
                format!("--web.listen-address={}", layout.address(&ALERTMANAGER)),
                format!("--web.external-url=http://{}", layout.address(&ALERTMANAGER)),
                // A single Alertmanager needs no cluster, and the cluster port would listen on all interfaces.
                "--cluster.listen-address=".to_owned(),
            ]
        },
        environment: |_| Vec::new(),
    },
    Server {
        service: NODE,
        programs: &["prometheus-node-exporter", "node_exporter"],
        install: "`apt-get install prometheus-node-exporter`",
        needed: false,
        arguments: |it| vec![format!("--web.listen-address={}", it.address(&NODE))],
        environment: |_| Vec::new(),
    },
    Server {
        service: PROMETHEUS,
        programs: &["prometheus"],
        install: "`apt-get install prometheus`",
        needed: true,
        arguments: |layout| {
            let native = layout.native_flag.then(|| NativeHistograms::FLAG.to_owned());
            let fixed = [
                layout.option("--config.file", "config/prometheus.yml"),
                layout.option("--storage.tsdb.path", "data/prometheus"),
                format!("--storage.tsdb.retention.time={RETENTION}"),
                EXEMPLARS_FLAG.to_owned(),
                format!("--web.listen-address={}", layout.address(&PROMETHEUS)),
                format!("--web.external-url=http://{}", layout.address(&PROMETHEUS)),
                "--web.enable-lifecycle".to_owned(),
                // Prometheus discovers Alertmanager some seconds after its start. Alerts from before are sent again
                // soon.
                "--rules.alert.resend-delay=10s".to_owned(),
            ];
            fixed.into_iter().chain(native).collect()
        },
        environment: |_| Vec::new(),
    },
    Server {
        service: GRAFANA,
        programs: &["grafana", "grafana-server"],
        install: "see https://grafana.com/grafana/download",
        needed: false,
        arguments: |layout| {
            let server = layout.program.file_name().is_some_and(|it| it == "grafana").then(|| "server".to_owned());
            let home = ["/usr/share/grafana", "/usr/local/share/grafana", "/opt/homebrew/share/grafana"];
            let home = home.into_iter().find(|it| Path::new(it).is_dir());
            server.into_iter().chain(home.map(|it| format!("--homepath={it}"))).collect()
        },
        environment: |layout| {
            let path = |below: &str| layout.folder.path(below).display().to_string();
            vec![
                ("GF_SERVER_HTTP_ADDR", "127.0.0.1".to_owned()),
                ("GF_SERVER_HTTP_PORT", layout.port(&GRAFANA).to_string()),
                ("GF_PATHS_DATA", path("data/grafana")),
                ("GF_PATHS_LOGS", path("logs/grafana")),
                ("GF_PATHS_PROVISIONING", path("config/grafana-provisioning")),
                ("GF_LOG_MODE", "console".to_owned()),
                ("GF_SECURITY_ADMIN_PASSWORD__FILE", path("secrets/grafana_admin_password")),
                ("GF_USERS_ALLOW_SIGN_UP", "false".to_owned()),
                ("GF_ANALYTICS_REPORTING_ENABLED", "false".to_owned()),
                ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false".to_owned()),
            ]
        },
    },
];

impl Server {
    /// Searches for its program in the folder of this program, where Cargo installs ours, and then in `PATH`.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let own = std::env::current_exe().ok().and_then(|it| it.parent().map(Path::to_owned));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = own.into_iter().chain(std::env::split_paths(&path)).collect();
        let named = |name: &&str| folders.iter().map(move |it| it.join(name)).collect::<Vec<_>>();
        self.programs.iter().flat_map(named).find(|it| is_program(it))
    }

    /// Its name, and how to install it.
    pub(crate) fn help(&self) -> String {
        format!("`{}` ({})", self.programs[0], self.install)
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

impl Layout<'_> {
    pub(crate) fn port(&self, service: &Service) -> u16 {
        self.ports.get(service.name).copied().unwrap_or(service.published)
    }

    pub(crate) fn address(&self, service: &Service) -> String {
        format!("127.0.0.1:{}", self.port(service))
    }

    fn option(&self, name: &str, below: &str) -> String {
        format!("{name}={}", self.folder.path(below).display())
    }
}
