//! The endpoint's own thread, runtime and connections. It needs no runtime of the application and blocks none.

use crate::exporter::{Ended, Exporter};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::TcpListener as StdListener;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

/// Bounds on what clients can take from the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; more wait until one ends.
    pub connections: u32,
    /// To send a request's headers, and to stay idle between two requests.
    pub headers: Duration,
    /// To make an answer.
    pub answer: Duration,
    /// For a whole connection, so that a client that does not read what it asked for is let go.
    pub connection: Duration,
    /// For requests that have begun to end at a shutdown.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            headers: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            connection: Duration::from_secs(120),
            shutdown: Duration::from_secs(5),
        }
    }
}

/// Bytes of a request's headers.
const HEADERS: usize = 32 * 1024;

/// Serves on the listener from a thread of its own.
pub(crate) fn start(listener: StdListener, routes: Router, limits: Limits) -> io::Result<Exporter> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let (report, started) = mpsc::channel();
    let ended = Ended::default();
    let ending = Ending(ended.clone());
    thread::Builder::new().name("measurand-exporter".to_owned()).spawn(move || {
        let _ending = ending;
        // The runtime is made and dropped here, since it must not be dropped inside another one.
        let prepared = prepare().and_then(|runtime| {
            let inside = runtime.enter();
            let listener = TcpListener::from_std(listener)?;
            drop(inside);
            Ok((listener, runtime))
        });
        match prepared {
            Ok((listener, runtime)) => {
                let _ = report.send(Ok(()));
                runtime.block_on(serve(listener, routes, limits, stopped));
                runtime.shutdown_background();
            }
            Err(error) => drop(report.send(Err(error))),
        }
    })?;
    started.recv().unwrap_or_else(|_| Err(io::Error::other("the thread ended")))?;
    Ok(Exporter::new(address, stop, limits.shutdown, ended))
}

fn prepare() -> io::Result<Runtime> {
    // The blocking threads render; see `routes`.
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(2)
        .thread_name("measurand-render")
        .build()
}

/// Tells that the thread has ended, also when it panicked.
struct Ending(Ended);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.set();
    }
}

async fn serve(listener: TcpListener, routes: Router, limits: Limits, mut stopped: watch::Receiver<bool>) {
    // Without any connection nothing would ever be answered.
    let most = limits.connections.max(1);
    let connections = Arc::new(Semaphore::new(most as usize));
    loop {
        let free = Arc::clone(&connections).acquire_owned();
        let accepted = async {
            let permit = free.await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((permit, listener.accept().await?.0))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            () = stop(&mut stopped) => break,
        };
        match accepted {
            Ok((permit, stream)) => {
                let (routes, stopped) = (routes.clone(), stopped.clone());
                tokio::spawn(async move {
                    connection(stream, routes, limits, stopped).await;
                    drop(permit);
                });
            }
            // Out of descriptors, most likely: they come back when connections end.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
    drop(listener);
    let _ = timeout(limits.shutdown, connections.acquire_many(most)).await;
}

async fn connection(stream: TcpStream, routes: Router, limits: Limits, mut stopped: watch::Receiver<bool>) {
    // Answers are written at once; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.headers).max_buf_size(HEADERS);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)));
    let end = async {
        tokio::select! {
            () = sleep(limits.connection) => (),
            () = stop(&mut stopped) => (),
        }
    };
    tokio::select! {
        // A client that misbehaves is its own problem; there is nobody to tell.
        _ = connection.as_mut() => (),
        () = end => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(limits.shutdown, connection).await;
        }
    }
}

/// Returns when the endpoint shall stop, and never when nobody can tell any more.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|it| *it).await.is_err() {
        std::future::pending::<()>().await;
    }
}
