//! The listener and its connections: plain or TLS, bounded in number and time, ended gracefully.

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

/// What waits to be written gets so much time, however long requests took to end.
const LEAST: Duration = Duration::from_secs(1);

/// A server that listens, and answers once it runs.
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
    /// Opens everything that the server needs.
    ///
    /// # Errors
    /// One line that says what cannot be opened, and what to do.
    pub async fn start(settings: Settings) -> Result<Self, String> {
        let access = Arc::new(Access::read(settings.access.clone(), log)?);
        let listener = TcpListener::bind(&settings.listen).await.map_err(|it| not_bound(&settings.listen, &it))?;
        let address = listener.local_addr().map_err(|it| not_bound(&settings.listen, &it))?;
        warn(address, &access);
        // Before anything is measured, since it installs the recorder.
        let metrics = measurand::exporter::router();
        counts::begin();
        let (database, connection) = Database::open(&settings.database)?;
        let lock = database.lock();
        let readers = Readers::new(database);
        let (writer, writer_ended) =
            Writer::start(connection, lock).map_err(|it| format!("cannot start a thread: {it}"))?;
        let queue = match &settings.forward {
            Some(hop) => Some(forward::start(hop, Arc::clone(&readers), writer.clone())?),
            None => None,
        };
        let app = App::new(writer, readers, queue, Arc::clone(&access), settings.limits, settings.stale_after);
        Ok(Self { listener, address, settings, access, metrics, app, writer_ended })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.access.is_encrypted() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// What reads credentials and certificate again while it runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader { access: Arc::clone(&self.access) }
    }

    /// Serves until it is told to stop, and ends when all that was begun is done.
    ///
    /// # Errors
    /// When nothing can be stored any more.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), String> {
        let Self { listener, settings, access, metrics, app, mut writer_ended, .. } = self;
        let retention = tokio::spawn(retention::run(Arc::clone(&app), settings.keep));
        let limits = settings.limits;
        let routes = routes::router(&app, metrics);
        // Who misbehaves below HTTP is its own problem, and is let go.
        let server = measurand_server::Server::new(listener, routes, limits.server, |_| ()).access(access);
        let (mut result, mut end) = (Ok(()), Instant::now());
        let mut ended = writer_ended.clone();
        server
            .run(async {
                result = tokio::select! {
                    () = stop => Ok(()),
                    () = is_true(&mut ended) => Err("the thread that writes has ended; start again".to_owned()),
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
            // What waits is written, and the database is closed.
            is_true(&mut writer_ended).await;
        };
        if timeout_at(end.max(Instant::now() + LEAST), rest).await.is_err() {
            log("some requests had not ended when the time for it was over");
        }
        result
    }
}

/// Returns when it is true, or when nobody is left to say so. The guard of the value must not be held by who waits.
async fn is_true(value: &mut watch::Receiver<bool>) {
    drop(value.wait_for(|it| *it).await);
}

fn not_bound(listen: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!("`{listen}` is taken by another program; stop that one or choose another address with `--listen`")
        }
        ErrorKind::PermissionDenied => {
            format!("`{listen}` may not be listened on; choose a port above 1023 with `--listen`")
        }
        _ => format!("cannot listen on `{listen}`: {error}; write `--listen host:port`"),
    }
}

fn warn(address: SocketAddr, access: &Access) {
    if address.ip().is_loopback() {
        return;
    }
    if access.current().authentication.is_open() {
        log(&format!(
            "warning: {address} is open to other machines without authentication: whoever reaches it reads all alerts \
             and invents new ones; give `--token-file`, `--users-file` or `--web-config-file`, or listen on 127.0.0.1"
        ));
    } else if !access.is_encrypted() {
        log(&format!(
            "warning: credentials travel to {address} as plain text; give `--tls-certificate` and `--tls-key`, or a \
             certificate in `--web-config-file`, or put a proxy with TLS in front"
        ));
    }
}
