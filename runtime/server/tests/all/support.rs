//! A server on a free port, and scripted clients.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::routing::{any, get};
use measurand_server::{Event, Limits, Server};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

/// Longer than any step takes.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Limits that no test reaches.
pub(crate) const WIDE: Limits = Limits {
    connections: 64,
    header_bytes: 16 * 1024,
    headers: LONG,
    idle: LONG,
    write: LONG,
    connection: LONG,
    shutdown: LONG,
};

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
    /// Lets `/slow` answer.
    pub(crate) go: Arc<Notify>,
    /// Notified when `/slow` is being answered.
    begun: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_with(limits, |it| it).await
    }

    pub(crate) async fn start_with(limits: Limits, with: impl FnOnce(Server) -> Server) -> Self {
        Self::start_on("127.0.0.1:0", limits, with).await
    }

    pub(crate) async fn start_on(at: &str, limits: Limits, with: impl FnOnce(Server) -> Server) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (events, go, begun) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (telling, slow) = (Arc::clone(&events), (Arc::clone(&begun), Arc::clone(&go)));
        let routes = Router::new()
            .route("/", get(|| async { "here\n" }))
            .route("/large", get(|| async { Bytes::from(vec![b'x'; 64 << 20]) }))
            .route(
                "/slow",
                get(async move || {
                    slow.0.notify_one();
                    slow.1.notified().await;
                }),
            )
            .route("/method", any(|it: Request| async move { it.method().to_string() }));
        let server = with(Server::new(listener, routes, limits, move |it| telling.lock().unwrap().push(it)));
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(server.run(async { drop(stopped.await) }));
        Self { address, events, go, begun, stop: Some(stop), ended }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        self.connect_from([127, 0, 0, 1].into()).await
    }

    /// Connects from another address of this machine.
    pub(crate) async fn connect_from(&self, address: IpAddr) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address, 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// Opens a connection and sends a request.
    pub(crate) async fn asked(&self, path: &str) -> TcpStream {
        let mut stream = self.connect().await;
        ask(&mut stream, path).await;
        stream
    }

    /// Opens a connection that is being answered.
    pub(crate) async fn busy(&self) -> TcpStream {
        let stream = self.asked("/slow").await;
        timeout(LONG, self.begun.notified()).await.expect("the request arrives");
        stream
    }

    /// Opens a connection that has received one answer.
    pub(crate) async fn answered(&self) -> TcpStream {
        let mut stream = self.asked("/").await;
        assert!(read(&mut stream).await.starts_with("HTTP/1.1 200"));
        stream
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        timeout(LONG, self.ended).await.unwrap().unwrap();
    }
}

pub(crate) async fn ask(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
}

/// Returns the next bytes as text; empty if the connection is closed.
pub(crate) async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = [0; 4096];
    let length = timeout(LONG, stream.read(&mut bytes)).await.expect("bytes or the end arrive").unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// Returns all bytes until the end.
pub(crate) async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _closed = timeout(LONG, stream.read_to_end(&mut bytes)).await.expect("it ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a request that is refused before it is complete, keeps sending, and then reads the answer without a reset.
pub(crate) async fn goes_on_sending(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, begin: &str, status: &str) {
    stream.write_all(begin.as_bytes()).await.unwrap();
    let mut answer = vec![timeout(LONG, stream.read_u8()).await.expect("it is answered").expect("an answer")];
    for _ in 0..10 {
        stream.write_all(&[b'z'; 10_000]).await.expect("the server reads it");
        stream.flush().await.expect("the server reads it");
        sleep(Duration::from_millis(5)).await;
    }
    timeout(LONG, stream.read_to_end(&mut answer)).await.expect("it ends").expect("the answer, and no reset");
    let answer = String::from_utf8_lossy(&answer);
    assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
}

/// Whether the connection stays silent for a moment.
pub(crate) async fn is_open(stream: &mut TcpStream) -> bool {
    timeout(Duration::from_millis(200), stream.read(&mut [0])).await.is_err()
}
