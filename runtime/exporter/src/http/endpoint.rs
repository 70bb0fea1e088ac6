//! The endpoint's own thread and runtime, from start to shutdown. It needs no runtime of the application and blocks
//! none.

use crate::exporter::{Exporter, ThreadEnd};
use crate::http::app::App;
use crate::http::request_limits::{Limits, Reason};
use crate::http::router;
#[cfg(feature = "push")]
use crate::push::Push;
use crate::recorder::Recorder;
#[cfg(feature = "push")]
use crate::stderr;
use measurand_server::Server;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

/// The steps of a shutdown.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShutdownPlan {
    /// Maximum wait for one more scrape.
    pub(crate) window: Duration,
    /// The receiver of all metrics at the end.
    #[cfg(feature = "push")]
    pub(crate) push: Option<Push>,
}

/// Serves on the listener from a separate thread.
pub(crate) fn start(
    listener: StdListener,
    app: Arc<App>,
    limits: Limits,
    shutdown: ShutdownPlan,
    recorder: Recorder,
) -> io::Result<Exporter> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let is_encrypted = app.access.is_encrypted();
    let patience = limits.server.shutdown.saturating_add(shutdown.patience());
    let (stop, stopped) = watch::channel(false);
    let (report, started) = mpsc::channel();
    let ended = ThreadEnd::default();
    let telling = Telling(ended.clone());
    thread::Builder::new().name("measurand-exporter".to_owned()).spawn(move || {
        let _telling = telling;
        // Created and dropped here, because a runtime must not be dropped inside another one.
        let prepared = prepare().and_then(|runtime| {
            let inside = runtime.enter();
            let listener = TcpListener::from_std(listener)?;
            drop(inside);
            Ok((listener, runtime))
        });
        match prepared {
            Ok((listener, runtime)) => {
                let _ = report.send(Ok(()));
                runtime.block_on(serve(listener, app, limits, stopped, shutdown.window));
                runtime.shutdown_background();
                shutdown.end(&recorder);
            }
            Err(error) => drop(report.send(Err(error))),
        }
    })?;
    started.recv().unwrap_or_else(|_| Err(io::Error::other("the thread ended")))?;
    Ok(Exporter::new(address, is_encrypted, stop, patience, ended))
}

impl ShutdownPlan {
    #[cfg(feature = "push")]
    fn patience(&self) -> Duration {
        self.window.saturating_add(self.push.as_ref().map_or(Duration::ZERO, Push::patience))
    }

    #[cfg(not(feature = "push"))]
    fn patience(&self) -> Duration {
        self.window
    }

    #[cfg(feature = "push")]
    fn end(&self, recorder: &Recorder) {
        if let Some(Err(error)) = self.push.as_ref().map(|it| it.send(recorder)) {
            stderr::write(&error);
        }
    }

    #[cfg(not(feature = "push"))]
    #[expect(clippy::unused_self, reason = "same signature as with the feature")]
    fn end(&self, _recorder: &Recorder) {}
}

fn prepare() -> io::Result<Runtime> {
    // The blocking threads render (at most two at a time) and check passwords (one at a time); see `router`. The live
    // page has its own thread.
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(4)
        .thread_name("measurand-render")
        .build()
}

/// Signals the end of the thread, even after a panic.
struct Telling(ThreadEnd);

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.set();
    }
}

async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
    window: Duration,
) {
    let telling = Arc::clone(&app);
    let tell = move |event| telling.refuse(Reason::Connection(event));
    let mut server = Server::new(listener, router::served(Arc::clone(&app)), limits.server, tell);
    if let Some(hosts) = &app.hosts {
        server = server.hosts(hosts.clone());
    }
    app.access
        .protect(server)
        .run(async {
            stop(&mut stopped).await;
            if !window.is_zero() {
                let _ = timeout(window, app.scraped.notified()).await;
            }
        })
        .await;
}

/// Returns when the endpoint has to stop; never if the sender is gone.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|it| *it).await.is_err() {
        std::future::pending::<()>().await;
    }
}
