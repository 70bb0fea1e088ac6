//! The listener and its connections.

use crate::address::{Client, network};
use crate::connection::{Answer, Watched};
#[cfg(feature = "tls")]
use crate::handshakes::Handshakes;
use crate::hosts::Hosts;
use crate::limits::{Event, Limits};
use crate::registry::{Place, Registry};
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// Time for a client to complete a started request at a shutdown.
const UNASKED: Duration = Duration::from_secs(1);

/// A server with a bound listener.
pub struct Server {
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    tell: Tell,
    hosts: Hosted,
    #[cfg(feature = "tls")]
    access: Option<Arc<crate::Access>>,
    #[cfg(feature = "tls")]
    handshakes: Arc<Handshakes>,
}

/// The check of a request's host and origin.
#[derive(Debug, Clone)]
enum Hosted {
    /// Only these hosts are allowed.
    Known(Hosts),
    /// Any host is allowed, but a page of another origin must not change anything.
    Any(Hosts),
}

/// Buffer size of a connection; hyper needs at least 8 KiB.
const BUFFER: usize = 32 * 1024;

type Tell = Arc<dyn Fn(Event) + Send + Sync>;

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Server {
    /// Creates a server for these routes. Each request has a [`Client`] as an extension. `tell` receives every refusal
    /// or early end; it must not block.
    ///
    /// On a loopback address the server answers only requests that name a loopback host, a host in
    /// [`crate::HOSTS_VARIABLE`], or none; see [`Hosts`]. On every address it refuses requests by which a page of
    /// another origin tries to change something.
    #[must_use]
    pub fn new(
        listener: TcpListener,
        routes: Router,
        limits: Limits,
        tell: impl Fn(Event) + Send + Sync + 'static,
    ) -> Self {
        let known = listener.local_addr().ok().and_then(|it| Hosts::of_listener(it, &[]));
        let hosts = known.map_or_else(|| Hosted::Any(Hosts::new(&[])), Hosted::Known);
        let limits = Limits {
            // Without any connection no request could be answered.
            connections: limits.connections.clamp(1, 1 << 20),
            header_bytes: limits.header_bytes.clamp(1024, 1 << 20),
            ..limits
        };
        Self {
            listener,
            routes,
            limits,
            tell: Arc::new(tell),
            hosts,
            #[cfg(feature = "tls")]
            access: None,
            #[cfg(feature = "tls")]
            handshakes: Arc::new(Handshakes::new()),
        }
    }

    /// Answers only requests for these hosts, on any listening address.
    #[must_use]
    pub fn hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = Hosted::Known(hosts);
        self
    }

    /// Enables TLS if these files contain a certificate. The routes have to check credentials.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn access(mut self, access: Arc<crate::Access>) -> Self {
        self.access = Some(access);
        self
    }

    /// Serves until `stop` completes. Then it closes the listener and lets started requests finish within the time
    /// limit.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (limits, tell) = (self.limits, Arc::clone(&self.tell));
        let registry = Arc::new(Registry::new(limits));
        let sweep = tokio::spawn(sweep(Arc::clone(&registry), tell));
        tokio::select! {
            () = self.accept(&registry) => (),
            () = stop => (),
        }
        drop(self);
        registry.finish();
        let end = async {
            if timeout(UNASKED, registry.empty()).await.is_err() {
                registry.end_unasked();
                registry.empty().await;
            }
        };
        let _ = timeout(limits.shutdown, end).await;
        registry.end_all();
        sweep.abort();
    }

    async fn accept(&self, registry: &Arc<Registry>) {
        loop {
            let (stream, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // If the client has hung up, there is no reason to wait.
                    if !is_of_client(&error) {
                        // Descriptors are probably used up; they become free when connections end.
                        (self.tell)(Event::Accept);
                        registry.make_room();
                        sleep(Duration::from_millis(50)).await;
                    }
                    continue;
                }
            };
            let network = network(address.ip());
            let place = loop {
                if let Some(place) = registry.enter(network) {
                    break place;
                }
                if registry.make_room() {
                    (self.tell)(Event::Connections);
                }
                registry.room().await;
            };
            self.connect(stream, Client(address.ip()), place);
        }
    }

    /// Starts serving a connection.
    fn connect(&self, stream: TcpStream, client: Client, place: Place) {
        // Answers are written at once; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let site = Site { routes: TowerToHyperService::new(self.routes.clone()), hosts: self.hosts.clone(), client };
        let (limits, tell) = (self.limits, Arc::clone(&self.tell));
        let stream = Watched::new(stream, Arc::clone(&place.connection));
        #[cfg(feature = "tls")]
        if let Some(access) = self.access.as_ref().filter(|it| it.is_encrypted()) {
            let (access, handshakes) = (Arc::clone(access), Arc::clone(&self.handshakes));
            tokio::spawn(async move {
                // The time limit for headers includes the handshake; see `Registry::sweep`.
                let handshake = handshakes.take(access.accept(stream));
                let stream = tokio::select! {
                    stream = handshake => stream,
                    () = place.connection.kill.notified() => return,
                    () = place.connection.finish.notified() => return,
                };
                match stream {
                    Ok(stream) => serve(stream, &site, place, limits, &tell).await,
                    // An invalid handshake is the client's error, so it is only counted.
                    Err(_) => tell(Event::Tls),
                }
            });
            return;
        }
        tokio::spawn(async move { serve(stream, &site, place, limits, &tell).await });
    }
}

/// The routes and the hosts that a client may request.
struct Site {
    routes: TowerToHyperService<Router>,
    hosts: Hosted,
    client: Client,
}

impl Site {
    fn refusal(&self, request: &Request<Incoming>) -> Option<(Event, Response)> {
        match &self.hosts {
            Hosted::Known(hosts) => hosts.refusal(request.method(), request.uri(), request.headers()),
            Hosted::Any(hosts) => hosts.foreign_origin(request.method(), request.headers()),
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, site: &Site, place: Place, limits: Limits, tell: &Tell) {
    let connection = &place.connection;
    let service = service_fn(|mut request: Request<Incoming>| {
        let answering = connection.answer(!request.body().is_end_stream());
        request.extensions_mut().insert(site.client);
        let answer = match site.refusal(&request) {
            Some((event, response)) => {
                tell(event);
                Err(response)
            }
            None => Ok(site.routes.call(request)),
        };
        async move {
            let response = match answer {
                Ok(answer) => answer.await?,
                Err(response) => response,
            };
            Ok::<_, Infallible>(response.map(|body| Answer { body, _answering: answering }))
        }
    });
    let mut server = http1::Builder::new();
    // The registry enforces all time limits: one check of all connections now and then, instead of a timer for each. An
    // unread answer takes no more memory than a request.
    let kept = (limits.header_bytes as usize).max(BUFFER);
    server.header_read_timeout(None).max_header_size(limits.header_bytes as usize).max_buf_size(kept);
    let mut serving = pin!(server.serve_connection(TokioIo::new(stream), service));
    let result = loop {
        tokio::select! {
            result = serving.as_mut() => break result,
            () = connection.kill.notified() => return,
            () = connection.finish.notified() => serving.as_mut().graceful_shutdown(),
        }
    };
    if result.is_err_and(|it| it.is_parse()) {
        tell(Event::Malformed);
    }
}

/// Checks all connections periodically while there are any.
async fn sweep(registry: Arc<Registry>, tell: Tell) {
    loop {
        if registry.is_empty() {
            registry.came.notified().await;
        }
        sleep(registry.tick()).await;
        registry.sweep(|it| tell(it));
    }
}

/// Whether the client lost the connection before it was accepted, which does not affect the next one.
fn is_of_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
