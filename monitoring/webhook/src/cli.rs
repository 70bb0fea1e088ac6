//! The arguments of the command and its help. Every argument is an environment variable as well.

use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};
use measurand_webhook::{AccessFiles, Keep, Limits, NextHop, STALE_AFTER_HOURS, ServerLimits, Settings, TlsFiles};
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  measurand-webhook
      Listens on this machine alone; alerts are kept in the current folder.
  measurand-webhook --listen 0.0.0.0:9095 --database /var/lib/alerts/alerts.db \\
      --token-file /run/secrets/token --tls-certificate server.pem --tls-key server.key
      For other machines, with a bearer token and TLS.
  measurand-webhook --forward https://next.example/webhook --forward-token-file /run/secrets/next
      Passes every payload on, until the next hop has taken it.
  measurand-webhook --hash-password < password.txt
      Prints the hash of a password, for a line `name:hash` of the file of users.

Tokens, users and certificate are read again when their files have changed, and on SIGHUP; SIGTERM ends the server when all that was begun is done.

In Alertmanager's configuration:
  receivers:
    - name: webhook
      webhook_configs:
        - url: http://127.0.0.1:9095/webhook
          http_config: {authorization: {credentials_file: /run/secrets/token}}

`/readyz` writes what a payload takes, or what a refused one would have taken, and answers 503 where a payload gets 503.
The database is a regular file with one name: links to it are followed, and hard links refused.

Alertmanager tries again at once after a status of 500 and above, which is what a full disk or too much at once is
answered with; after 429 it tries again with the group's next notification.";

/// Keeps the alerts that Alertmanager sends: on disk before it answers, as JSON and as a page.
#[derive(Debug, Parser)]
#[command(name = "measurand-webhook", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Where to listen; port 0 lets the operating system choose
    #[arg(long, value_name = "HOST:PORT", env = "MEASURAND_WEBHOOK_LISTEN", default_value = "127.0.0.1:9095")]
    listen: String,
    /// The file to keep alerts in; it is made if it does not exist
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_DATABASE", default_value = "alerts.db")]
    database: PathBuf,
    /// Bearer tokens that are let in, one a line
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_TOKEN_FILE", value_parser = path())]
    token_file: Option<PathBuf>,
    /// Users that are let in with a password, `name:bcrypt-hash` a line; browsers ask for one
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_USERS_FILE", value_parser = path())]
    users_file: Option<PathBuf>,
    /// The certificate to serve HTTPS with, in PEM
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_TLS_CERTIFICATE", value_parser = path())]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_TLS_KEY", value_parser = path())]
    tls_key: Option<PathBuf>,
    /// A file that says all of that at once, as `--web.config.file` of Prometheus' exporters does, and headers too;
    /// another certificate counts before the one that it names
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_WEB_CONFIG_FILE", alias = "web.config.file", value_parser = path())]
    web_config_file: Option<PathBuf>,
    /// Pass every payload on to this address
    #[arg(long, value_name = "URL", env = "MEASURAND_WEBHOOK_FORWARD")]
    forward: Option<String>,
    /// The bearer token for the next hop
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_FORWARD_TOKEN_FILE", value_parser = path())]
    forward_token_file: Option<PathBuf>,
    /// The certificates to trust the next hop by, in PEM [default: the operating system's]
    #[arg(long, value_name = "FILE", env = "MEASURAND_WEBHOOK_FORWARD_CA_FILE", value_parser = path())]
    forward_ca_file: Option<PathBuf>,
    /// Days to keep an alert after it came last
    #[arg(long, value_name = "DAYS", env = "MEASURAND_WEBHOOK_KEEP_DAYS", default_value = "90", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_days: u32,
    /// Alerts to keep at most, resolved ones go first; and payloads to keep for the next hop
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_KEEP_ALERTS", default_value = "100000", value_parser = clap::value_parser!(u64).range(1..))]
    keep_alerts: u64,
    /// Hours after which a firing alert that was not repeated is stale; twice Alertmanager's longest `repeat_interval`
    #[arg(long, value_name = "HOURS", env = "MEASURAND_WEBHOOK_STALE_AFTER_HOURS", alias = "unheard-hours", default_value_t = STALE_AFTER_HOURS, value_parser = clap::value_parser!(u32).range(1..=876_000))]
    stale_after_hours: u32,
    /// Bytes of a payload at most
    #[arg(long, value_name = "BYTES", env = "MEASURAND_WEBHOOK_MAX_BODY", default_value = "4194304", value_parser = clap::value_parser!(u32).range(1024..=1 << 28))]
    max_body: u32,
    /// Requests at once; more are answered with 503
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_MAX_REQUESTS", default_value = "256", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    max_requests: u32,
    /// Connections at once; with more the one that does least gives way
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_MAX_CONNECTIONS", default_value = "512", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    max_connections: u32,
    /// Seconds for a request's body, and again for its answer
    #[arg(long, value_name = "SECONDS", env = "MEASURAND_WEBHOOK_REQUEST_SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    request_seconds: u64,
    /// Requests a second of one address, more are answered with 429; 0 for no limit
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_RATE", default_value = "1000")]
    rate: u32,
    /// Requests of one address at one moment
    #[arg(long, value_name = "COUNT", env = "MEASURAND_WEBHOOK_BURST", default_value = "2000", value_parser = clap::value_parser!(u32).range(1..))]
    burst: u32,
    /// Seconds for what was begun to end after SIGTERM
    #[arg(long, value_name = "SECONDS", env = "MEASURAND_WEBHOOK_SHUTDOWN_SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(0..=3600))]
    shutdown_seconds: u64,
    /// Read a password from standard input and print its hash
    #[arg(long)]
    pub(crate) hash_password: bool,
}

impl Cli {
    /// The arguments as the server takes them.
    pub(crate) fn settings(self) -> Result<Settings, String> {
        let tls = match (given(self.tls_certificate), given(self.tls_key)) {
            (Some(certificate), Some(key)) => Some(TlsFiles::new(certificate, key)),
            (None, None) => None,
            (Some(_), None) => {
                return Err("there is a certificate without its key; give `--tls-key` as well".to_owned());
            }
            (None, Some(_)) => {
                return Err("there is a key without its certificate; give `--tls-certificate` as well".to_owned());
            }
        };
        let (token_file, ca_file) = (given(self.forward_token_file), given(self.forward_ca_file));
        let forward = match self.forward.filter(|it| !it.is_empty()) {
            Some(url) => Some(NextHop { url, token_file, ca_file }),
            None if token_file.is_some() || ca_file.is_some() => {
                return Err("there are credentials for a next hop and none to send to; give `--forward`".to_owned());
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

/// Reads a path, or nothing, which clap's own parser refuses.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// A path that was given. Compose files set variables to nothing where they mean none.
fn given(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|it| !it.as_os_str().is_empty())
}
