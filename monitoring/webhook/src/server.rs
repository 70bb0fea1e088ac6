//! The listener and its connections: plain or TLS, bounded in number and time, ended gracefully.

use crate::auth::Authentication;
use crate::limits::Limits;
use crate::readers::Readers;
use crate::reload::Reloader;
use crate::routes::{self, App, Client};
use crate::settings::Settings;
use crate::store::Database;
use crate::tls::{self, Tls};
use crate::writer::Writer;
use crate::{counts, forward, log, retention};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Bytes of a request's headers.
const HEADERS_MAX: usize = 32 * 1024;

/// A server that listens, and answers once it runs.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: Settings,
    tls: Option<Tls>,
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
        let authentication = Authentication::read(&settings.credentials)?;
        let tls = settings.tls.as_ref().map(tls::config).transpose()?.map(Tls::new);
        let listener = TcpListener::bind(&settings.listen).await.map_err(|it| not_bound(&settings.listen, &it))?;
        let address = listener.local_addr().map_err(|it| not_bound(&settings.listen, &it))?;
        warn(&settings, address, authentication.is_open());
        // Before anything is measured, since it installs the recorder.
        let metrics = measurand::exporter::router();
        counts::begin();
        let (database, connection) = Database::open(&settings.database)?;
        let readers = Readers::new(database);
        let (writer, writer_ended) = Writer::start(connection).map_err(|it| format!("cannot start a thread: {it}"))?;
        let queue = match &settings.forward {
            Some(hop) => Some(forward::start(hop, Arc::clone(&readers), writer.clone())?),
            None => None,
        };
        let app = App::new(writer, readers, queue, authentication, settings.limits);
        Ok(Self { listener, address, settings, tls, metrics, app, writer_ended })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// What reads credentials and certificate again while it runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader { settings: self.settings.clone(), tls: self.tls.clone(), app: Arc::downgrade(&self.app) }
    }

    /// Serves until it is told to stop, and ends when all that was begun is done.
    ///
    /// # Errors
    /// When nothing can be stored any more.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), String> {
        let Self { listener, settings, tls, metrics, app, mut writer_ended, .. } = self;
        let retention = tokio::spawn(retention::run(Arc::clone(&app), settings.keep));
        let (stopping, stopped) = watch::channel(false);
        let limits = settings.limits;
        let most = limits.connections.max(1);
        let connections = Arc::new(Semaphore::new(most as usize));
        let routes = routes::router(&app, metrics);
        let accept = accept(listener, &connections, |stream, client| {
            let routes = routes.clone().layer(Extension(Client(client.ip())));
            connection(stream, tls.as_ref().map(Tls::acceptor), routes, limits, stopped.clone())
        });
        let result = tokio::select! {
            () = accept => Ok(()),
            () = stop => Ok(()),
            () = is_true(&mut writer_ended) => Err("the thread that writes has ended; start again".to_owned()),
        };
        retention.abort();
        stopping.send_replace(true);
        let rest = async {
            // The semaphore is never closed.
            let _ = connections.acquire_many(most).await;
            if let Some(queue) = &app.queue {
                queue.stop();
            }
            drop((routes, app, retention.await));
            // What waits is written, and the database is closed.
            is_true(&mut writer_ended).await;
        };
        if timeout(limits.shutdown, rest).await.is_err() {
            log("some requests had not ended when the time for it was over");
        }
        result
    }
}

async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    connections: &Arc<Semaphore>,
    serve: impl Fn(TcpStream, SocketAddr) -> F,
) {
    // The semaphore is never closed.
    while let Ok(permit) = Arc::clone(connections).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, client)) => {
                let connection = serve(stream, client);
                tokio::spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            // Out of descriptors, most likely: they come back when connections end.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    routes: Router,
    limits: Limits,
    stopped: watch::Receiver<bool>,
) {
    // Answers are written at once; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    match tls {
        None => answer(stream, routes, limits, stopped).await,
        Some(tls) => {
            // A client that does not finish is let go; there is nobody to tell.
            if let Ok(Ok(stream)) = timeout(limits.request, tls.accept(stream)).await {
                answer(stream, routes, limits, stopped).await;
            }
        }
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    routes: Router,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.headers).max_buf_size(HEADERS_MAX);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)));
    let end = async {
        tokio::select! {
            () = sleep(limits.connection) => (),
            () = is_true(&mut stopped) => (),
        }
    };
    tokio::select! {
        // A client that misbehaves is its own problem; there is nobody to tell.
        _ = connection.as_mut() => (),
        () = end => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(limits.request * 3, connection).await;
        }
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

fn warn(settings: &Settings, address: SocketAddr, is_open: bool) {
    if address.ip().is_loopback() {
        return;
    }
    if is_open {
        log(&format!(
            "warning: {address} is open to other machines without authentication: whoever reaches it reads all alerts \
             and invents new ones; give `--token-file` or `--users-file`, or listen on 127.0.0.1"
        ));
    } else if settings.tls.is_none() {
        log(&format!(
            "warning: credentials travel to {address} as plain text; give `--tls-certificate` and `--tls-key`, or put a \
             proxy with TLS in front"
        ));
    }
}
