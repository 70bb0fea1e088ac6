//! The arguments of the command, and its help text. Each argument has an environment variable.

use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};
use measurand_webhook::{AccessFiles, Keep, Limits, NextHop, STALE_AFTER_HOURS, ServerLimits, Settings, TlsFiles};
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  measurand-webhook
      Listens on 127.0.0.1 only, and stores alerts in the current folder.
  measurand-webhook --listen 0.0.0.0:9095 --database /var/lib/alerts/alerts.db \\
      --token-file /run/secrets/token --tls-certificate server.pem --tls-key server.key
      Listens for other machines, with a bearer token and TLS.
  measurand-webhook --forward https://next.example/webhook --forward-token-file /run/secrets/next
      Forwards every payload, and repeats it until the next hop has accepted it.
  measurand-webhook --hash-password < password.txt
      Prints the hash of a password, for a line `name:hash` in the users file.

In Alertmanager's configuration:
  receivers:
    - name: webhook
      webhook_configs:
        - url: http://127.0.0.1:9095/webhook
          http_config: {authorization: {credentials_file: /run/secrets/token}}

Tokens, users and certificate are reloaded when their files change, and on SIGHUP. SIGTERM stops
the server after all running requests have finished.

`/readyz` writes as many bytes as a payload needs, or as a refused payload needs. It answers 503
if a payload would get 503. The database is a regular file. Symbolic links to it are followed,
hard links are refused.

The server answers 503 if the disk is full or if there are too many requests at once; Alertmanager
then repeats the notification immediately. After 429, Alertmanager repeats it with the group's
next notification.

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 cannot start, or cannot store alerts any more, 2
wrong usage";

/// Receive Alertmanager's notifications, store every alert on disk before answering, and serve them as JSON and as a
/// page.
#[derive(Debug, Parser)]
#[command(name = "measurand-webhook", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// The address to listen on; with port 0, the operating system chooses one
    #[arg(long, value_name = "HOST:PORT", env = "MEASURAND_WEBHOOK_LISTEN", default_value = "127.0.0.1:9095")]
    listen: String,
    /// The file to store alerts in; created if it does not exist
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_DATABASE", default_value = "alerts.db")]
    database: PathBuf,
    /// A file with the accepted bearer tokens, one per line
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_TOKEN_FILE", value_parser = path())]
    token_file: Option<PathBuf>,
    /// A file with the accepted users, one `name:bcrypt-hash` per line; browsers ask for name and password
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_USERS_FILE", value_parser = path())]
    users_file: Option<PathBuf>,
    /// The certificate for HTTPS, in PEM
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_TLS_CERTIFICATE", value_parser = path())]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_TLS_KEY", value_parser = path())]
    tls_key: Option<PathBuf>,
    /// A file with users, certificate and HTTP headers, in the format of `--web.config.file` of Prometheus' exporters;
    /// `--tls-certificate` overrides its certificate
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_WEB_CONFIG_FILE", alias = "web.config.file")]
    #[arg(value_parser = path())]
    web_config_file: Option<PathBuf>,
    /// Forward every payload to this address
    #[arg(long, value_name = "URL", env = "MEASURAND_WEBHOOK_FORWARD")]
    forward: Option<String>,
    /// A file with the bearer token for the next hop
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_FORWARD_TOKEN_FILE", value_parser = path())]
    forward_token_file: Option<PathBuf>,
    /// A file with the CA certificates for the next hop, in PEM [default: those of the operating system]
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_FORWARD_CA_FILE", value_parser = path())]
    forward_ca_file: Option<PathBuf>,
    /// The `RUNBOOK.md` that `/runbook` shows
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_RUNBOOK", value_parser = path())]
    runbook: Option<PathBuf>,
    /// Days to keep an alert after it was received last
    #[arg(long, value_name = "DAYS", env = "MEASURAND_WEBHOOK_KEEP_DAYS", default_value = "90")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_days: u32,
    /// Maximum number of alerts, of which resolved ones are deleted first, and of payloads that wait for the next hop
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_KEEP_ALERTS", default_value = "100000")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    keep_alerts: u64,
    /// Hours after which a firing alert without a repeat is stale; use twice Alertmanager's longest `repeat_interval`
    #[arg(long, value_name = "HOURS", env = "MEASURAND_WEBHOOK_STALE_AFTER_HOURS", alias = "unheard-hours")]
    #[arg(default_value_t = STALE_AFTER_HOURS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=876_000))]
    stale_after_hours: u32,
    /// Maximum size of a payload in bytes
    #[arg(long, value_name = "BYTES", env = "MEASURAND_WEBHOOK_MAX_BODY", default_value = "4194304")]
    #[arg(value_parser = clap::value_parser!(u32).range(1024..=1 << 28))]
    max_body: u32,
    /// Maximum number of concurrent requests; further ones are answered with 503
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_MAX_REQUESTS", default_value = "256")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_536))]
    max_requests: u32,
    /// Maximum number of connections; beyond it, the least active one is closed
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_MAX_CONNECTIONS", default_value = "512")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_536))]
    max_connections: u32,
    /// Maximum seconds to receive a request's body, and again to answer it
    #[arg(long, value_name = "SECONDS", env = "MEASURAND_WEBHOOK_REQUEST_SECONDS", default_value = "30")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    request_seconds: u64,
    /// Maximum requests per second from one address; further ones are answered with 429; 0 disables the limit
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_RATE", default_value = "1000")]
    rate: u32,
    /// Maximum number of requests from one address at once
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_BURST", default_value = "2000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    burst: u32,
    /// Maximum seconds for running requests to finish after SIGTERM
    #[arg(long, value_name = "SECONDS", env = "MEASURAND_WEBHOOK_SHUTDOWN_SECONDS", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(u64).range(0..=3600))]
    shutdown_seconds: u64,
    /// Read a password from standard input, and print its bcrypt hash
    #[arg(long)]
    pub(crate) hash_password: bool,
}

impl Cli {
    /// Converts the arguments to the server's settings.
    pub(crate) fn settings(self) -> Result<Settings, String> {
        let tls = match (given(self.tls_certificate), given(self.tls_key)) {
            (Some(certificate), Some(key)) => Some(TlsFiles::new(certificate, key)),
            (None, None) => None,
            (Some(_), None) => {
                return Err("the certificate has no key; help: add `--tls-key`".to_owned());
            }
            (None, Some(_)) => {
                return Err("the key has no certificate; help: add `--tls-certificate`".to_owned());
            }
        };
        let (token_file, ca_file) = (given(self.forward_token_file), given(self.forward_ca_file));
        let forward = match self.forward.filter(|it| !it.is_empty()) {
            Some(url) => Some(NextHop { url, token_file, ca_file }),
            None if token_file.is_some() || ca_file.is_some() => {
                return Err("there are credentials for a next hop, but no next hop; help: add `--forward`".to_owned());
            }
            None => None,
        };
        let request = Duration::from_secs(self.request_seconds);
        Ok(Settings {
            listen: self.listen,
            database: self.database,
            access: AccessFiles {
                tokens: given(self.token_file),
                users: given(self.users_file),
                tls,
                web_config: given(self.web_config_file),
            },
            forward,
            runbook: given(self.runbook),
            keep: Keep { days: self.keep_days, alerts: self.keep_alerts },
            stale_after: Duration::from_secs(u64::from(self.stale_after_hours) * 3600),
            limits: Limits {
                body_bytes: self.max_body,
                requests: self.max_requests,
                request,
                rate: self.rate,
                burst: self.burst,
                server: ServerLimits {
                    connections: self.max_connections,
                    write: request,
                    shutdown: Duration::from_secs(self.shutdown_seconds),
                    ..Limits::default().server
                },
            },
        })
    }
}

/// Parses a path, which may be empty; clap's own parser refuses empty paths.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// The path, or `None` if it is empty: Compose files set unused variables to an empty text.
fn given(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|it| !it.as_os_str().is_empty())
}
