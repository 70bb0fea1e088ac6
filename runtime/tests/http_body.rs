//! Requests that last until the body of their response ends: on axum, and through a real connection of hyper.

#![expect(clippy::float_cmp, reason = "numbers of requests are exact")]

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use measurand::testing::{Captured, capture};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// A body of `left` pieces that is pending before each of them; then it ends, fails or panics.
struct Pieces {
    left: u32,
    ready: bool,
    end: End,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Well,
    Failed,
    Panicked,
}

impl http_body::Body for Pieces {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        self.ready = !self.ready;
        if self.ready {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left > 0 {
            self.left -= 1;
            return Poll::Ready(Some(Ok(http_body::Frame::data(bytes::Bytes::from_static(b"piece")))));
        }
        assert!(self.end != End::Panicked, "on purpose");
        Poll::Ready((self.end == End::Failed).then(|| Err(std::io::Error::other("on purpose"))))
    }
}

fn pieces(end: End) -> Body {
    Body::new(Pieces { left: 2, ready: false, end })
}

fn app() -> Router {
    Router::new()
        .route("/whole", get(async || "whole"))
        .route("/well", get(async || Response::new(pieces(End::Well))))
        .route("/failed", get(async || Response::new(pieces(End::Failed))))
        .route("/panicked", get(async || Response::new(pieces(End::Panicked))))
        .route("/refused", get(async || (http::StatusCode::SERVICE_UNAVAILABLE, pieces(End::Well))))
        .route(
            "/endless",
            get(async || Response::new(Body::new(Pieces { left: u32::MAX, ready: false, end: End::Well }))),
        )
        .route("/announced", get(async || ([(CONTENT_LENGTH, "10")], pieces(End::Well))))
        .layer(measurand::http_layer!().until_body_end())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

async fn ask(method: &str, path: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
    app().oneshot(request).await.expect("a response")
}

/// Requests of a route that ended with a status, and those in flight.
#[track_caller]
fn check(captured: &Captured, route: &str, status: &str, ended: u64, in_flight: f64) {
    captured.family("http", &[("route", route), ("status", status)]).total(ended);
    assert_eq!(captured.value("http_requests_in_flight", &[("route", route)]), in_flight, "{}", captured.table());
}

#[test]
fn a_request_lasts_until_its_body_ends() {
    let captured = capture();
    block_on(async {
        let mut body = ask("GET", "/well").await.into_body();
        check(&captured, "/well", "200", 0, 1.0);
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
        check(&captured, "/well", "200", 0, 1.0);
        assert!(body.frame().await.is_none());
        check(&captured, "/well", "200", 1, 0.0);
        // Polling the body after its end counts nothing, and neither does the drop.
        let _again = body.frame().await;
        drop(body);
    });
    check(&captured, "/well", "200", 1, 0.0);
    let taken = captured.observations("http_request_duration_seconds", &[("route", "/well")]);
    assert!(taken.max().is_some_and(|taken| taken > 0.004), "{taken:?}");
}

#[test]
fn failures_of_bodies_are_distinguished() {
    let captured = capture();
    block_on(async {
        assert!(ask("GET", "/failed").await.into_body().collect().await.is_err());
        check(&captured, "/failed", "error", 1, 0.0);

        let mut body = ask("GET", "/well").await.into_body();
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
        drop(body);
        check(&captured, "/well", "cancelled", 1, 0.0);
        check(&captured, "/well", "200", 0, 0.0);

        // The body is never polled, as if the client disconnects before the head is sent.
        drop(ask("GET", "/well").await);
        check(&captured, "/well", "cancelled", 2, 0.0);

        assert!(tokio::spawn(async { ask("GET", "/panicked").await.into_body().collect().await }).await.is_err());
        check(&captured, "/panicked", "panic", 1, 0.0);

        assert!(ask("GET", "/refused").await.into_body().collect().await.is_ok());
        check(&captured, "/refused", "503", 1, 0.0);
    });
}

#[test]
fn a_response_without_a_body_ends_with_its_head() {
    let captured = capture();
    block_on(async {
        drop(ask("HEAD", "/whole").await);
        check(&captured, "/whole", "200", 1, 0.0);
        drop(ask("GET", "/nowhere").await);
        check(&captured, "_unmatched", "404", 1, 0.0);
    });
}

/// A service that returns an error has no body.
#[test]
fn errors_of_the_service() {
    let captured = capture();
    block_on(async {
        let layer = measurand::http_layer!().route(|_| Some("/broken".into())).until_body_end();
        let service = layer.layer(service_fn(async |_: Request<Body>| Err::<Response<Body>, _>("on purpose")));
        assert!(service.oneshot(Request::new(Body::empty())).await.is_err());
    });
    check(&captured, "/broken", "error", 1, 0.0);
}

/// Hyper does not poll a body again after it has sent the announced length, and drops it if the client disconnects.
#[test]
fn through_a_connection() {
    let captured = capture();
    block_on(async {
        let (mut client, server) = tokio::io::duplex(64);
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(server), TowerToHyperService::new(app()));
        let connection = tokio::spawn(connection);
        let mut text = Vec::new();
        let mut buffer = [0; 1024];
        for (path, end) in [("/announced", "piecepiece"), ("/whole", "whole"), ("/well", "0\r\n\r\n")] {
            client.write_all(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes()).await.unwrap();
            text.clear();
            while !text.ends_with(end.as_bytes()) {
                let length = client.read(&mut buffer).await.unwrap();
                assert!(length > 0, "{path}: {}", String::from_utf8_lossy(&text));
                text.extend_from_slice(&buffer[..length]);
            }
        }
        client.write_all(b"GET /endless HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        let _some = client.read(&mut buffer[..8]).await.unwrap();
        drop(client);
        let _closed = connection.await.unwrap();
    });
    check(&captured, "/announced", "200", 1, 0.0);
    check(&captured, "/whole", "200", 1, 0.0);
    check(&captured, "/well", "200", 1, 0.0);
    check(&captured, "/endless", "cancelled", 1, 0.0);
}

/// Without a length, only the end of the body itself counts.
#[test]
fn streams_without_a_length() {
    let captured = capture();
    block_on(async {
        let layer = measurand::http_layer!().route(|_| Some("/stream".into())).until_body_end();
        let service = layer.layer(service_fn(async |_: Request<Body>| {
            let frames = [Ok::<_, Infallible>(http_body::Frame::data(bytes::Bytes::from_static(b"a")))];
            Ok::<_, Infallible>(Response::new(StreamBody::new(futures_util::stream::iter(frames))))
        }));
        let whole = service.clone().oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(whole.into_body().collect().await.unwrap().to_bytes(), "a");
        let mut part = service.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
        assert!(part.frame().await.is_some());
    });
    check(&captured, "/stream", "200", 1, 0.0);
    check(&captured, "/stream", "cancelled", 1, 0.0);
}
