//! The server: opens everything it needs, serves until it is stopped, and shuts down gracefully.

use crate::app::App;
use crate::readers::Readers;
use crate::reload::Reloader;
use crate::routes;
use crate::settings::Settings;
use crate::store::Database;
use crate::writer::Writer;
use crate::{counts, forward, log, retention};
use axum::Router;
use measurand_server::Access;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Minimum time to write the waiting work at shutdown, even if requests have used up the shutdown time.
const LEAST: Duration = Duration::from_secs(1);

/// A server that listens already. It answers requests as soon as [`Server::run`] is called.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: Settings,
    access: Arc<Access>,
    metrics: Router,
    app: Arc<App>,
    writer_ended: watch::Receiver<bool>,
}

impl Server {
    /// Opens the files, the port and the database.
    ///
    /// # Errors
    /// If one of them cannot be opened; one line with the reason and what to do.
    pub async fn start(settings: Settings) -> Result<Self, String> {
        let access = Arc::new(Access::read(settings.access.clone(), log)?);
        let listener = TcpListener::bind(&settings.listen).await.map_err(|it| not_bound(&settings.listen, &it))?;
        let address = listener.local_addr().map_err(|it| not_bound(&settings.listen, &it))?;
        warn(address, &access);
        // This installs the recorder, so it must come before anything is measured.
        let metrics = measurand::exporter::router();
        counts::begin();
        let (database, connection) = Database::open(&settings.database)?;
        let lock = database.lock();
        let readers = Readers::new(database);
        let (writer, writer_ended) = Writer::start(connection, lock)
            .map_err(|it| format!("cannot start a thread: {it}; help: check the limits of the process"))?;
        let queue = match &settings.forward {
            Some(hop) => Some(forward::start(hop, Arc::clone(&readers), writer.clone())?),
            None => None,
        };
        let app = App::new(writer, readers, queue, Arc::clone(&access), &settings);
        Ok(Self { listener, address, settings, access, metrics, app, writer_ended })
    }

    /// Returns the address on which it listens.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.access.is_encrypted() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Returns a handle that reloads credentials and certificate while the server runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader { access: Arc::clone(&self.access) }
    }

    /// Serves until `stop` completes, and returns when all running requests have finished.
    ///
    /// # Errors
    /// If the writer thread has stopped, so that alerts cannot be stored any more.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), String> {
        let Self { listener, settings, access, metrics, app, mut writer_ended, .. } = self;
        let retention = tokio::spawn(retention::run(Arc::clone(&app), settings.keep));
        let limits = settings.limits;
        let routes = routes::router(&app, metrics);
        // Errors of connections are ignored, because only their clients are affected.
        let server = measurand_server::Server::new(listener, routes, limits.server, |_| ()).access(access);
        let (mut result, mut end) = (Ok(()), Instant::now());
        let mut ended = writer_ended.clone();
        server
            .run(async {
                result = tokio::select! {
                    () = stop => Ok(()),
                    () = is_true(&mut ended) => {
                        Err("the writer thread has stopped; help: read the log, and start the server again".to_owned())
                    }
                };
                end = Instant::now() + limits.server.shutdown;
            })
            .await;
        retention.abort();
        let rest = async {
            if let Some(queue) = &app.queue {
                queue.stop();
            }
            drop((app, retention.await));
            // The writer finishes the waiting work and closes the database.
            is_true(&mut writer_ended).await;
        };
        if timeout_at(end.max(Instant::now() + LEAST), rest).await.is_err() {
            log("some requests did not finish within the shutdown time");
        }
        result
    }
}

/// Waits until the value is true or its sender is gone. The guard of the value is dropped, because it would block the
/// sender.
async fn is_true(value: &mut watch::Receiver<bool>) {
    drop(value.wait_for(|it| *it).await);
}

fn not_bound(listen: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!("`{listen}` is in use by another program; help: stop it, or choose another address with `--listen`")
        }
        ErrorKind::PermissionDenied => {
            format!("no permission to listen on `{listen}`; help: choose a port above 1023 with `--listen`")
        }
        _ => format!("cannot listen on `{listen}`: {error}; help: write `--listen host:port`"),
    }
}

fn warn(address: SocketAddr, access: &Access) {
    if address.ip().is_loopback() {
        return;
    }
    if access.current().authentication.is_open() {
        log(&format!(
            "warning: {address} is open to other machines without authentication: every client can read all alerts and \
             send new ones; help: use `--token-file`, `--users-file` or `--web-config-file`, or listen on 127.0.0.1"
        ));
    } else if !access.is_encrypted() {
        log(&format!(
            "warning: clients send credentials to {address} as plain text; help: use `--tls-certificate` and \
             `--tls-key`, a certificate in `--web-config-file`, or a proxy with TLS"
        ));
    }
}
