//! The HTTP layer on axum, hyper, tonic and plain services: all series that each request records.

use axum::body::Bytes;
use axum::{Router, body::Body, extract::Path, routing::get};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

fn request(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")
}

/// Runs `body` under a recorder of its own.
fn record(body: impl Future<Output = ()>) -> DebuggingRecorder {
    let recorder = DebuggingRecorder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    metrics::with_local_recorder(&recorder, || runtime.block_on(body));
    recorder
}

/// Every series with its value; for a histogram, the number of observations.
fn lines(recorder: &DebuggingRecorder) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (key, _, _, value) in recorder.snapshotter().snapshot().into_vec() {
        let labels: Vec<String> = key.key().labels().map(|it| format!("{}={}", it.key(), it.value())).collect();
        let value = match value {
            DebugValue::Counter(it) => it.to_string(),
            DebugValue::Gauge(it) => it.to_string(),
            DebugValue::Histogram(it) => it.len().to_string(),
        };
        lines.push(format!("{} {} {value}", key.key().name(), labels.join(" ")));
    }
    lines.sort();
    lines
}

/// Checks that there are exactly these requests by method, route and status, and that none is in flight on the routes
/// in `began`. Exactly the requests that failed on the server are errors.
#[track_caller]
fn check(recorder: &DebuggingRecorder, requests: &[(&str, u64)], began: &[&str]) {
    let failed = |it: &&(&str, u64)| {
        let status = it.0.rsplit(' ').next().unwrap_or_default();
        status.starts_with('5') || status == "error" || status == "panic"
    };
    let outcome = |labels: &str| if labels.ends_with(" panic") { "panic" } else { "error" };
    let errors =
        requests.iter().filter(failed).map(|(labels, count)| (format!("{labels} {}", outcome(labels)), *count));
    check_errors(recorder, requests, &errors.collect::<Vec<_>>(), began);
}

/// Like [`check`], with these errors by outcome.
#[track_caller]
fn check_errors(recorder: &DebuggingRecorder, requests: &[(&str, u64)], errors: &[(String, u64)], began: &[&str]) {
    let mut expected: Vec<String> = Vec::new();
    for (labels, count) in errors {
        let words: Vec<&str> = labels.split(' ').collect();
        let labels = format!("method={} route={} status={} outcome={}", words[0], words[1], words[2], words[3]);
        expected.push(format!("http_request_errors_total {labels} {count}"));
    }
    for (labels, count) in requests {
        let words: Vec<&str> = labels.split(' ').collect();
        let labels = format!("method={} route={} status={}", words[0], words[1], words[2]);
        expected.push(format!("http_requests_total {labels} {count}"));
        expected.push(format!("http_request_duration_seconds {labels} {count}"));
    }
    for labels in began {
        let (method, route) = labels.split_once(' ').expect("method and route");
        expected.push(format!("http_requests_in_flight method={method} route={route} 0"));
    }
    expected.sort();
    assert_eq!(lines(recorder), expected);
}

#[test]
fn axum() {
    async fn fails(Path(id): Path<u64>) -> (StatusCode, String) {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not {id}"))
    }
    let recorder = record(async {
        let users = Router::new()
            .route("/", get(async || "all"))
            .route("/{id}", get(async |Path(id): Path<u64>| format!("user {id}")).post(fails));
        let app: Router = Router::new()
            .nest("/v1/users", users)
            .route("/", get(async || "home"))
            .nest_service("/files", service_fn(async |_| Ok::<_, Infallible>(Response::new(Body::empty()))))
            .layer(measurand::http_layer!());
        for id in 1..=1000 {
            let response = app.clone().oneshot(request("GET", &format!("/v1/users/{id}"))).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
        }
        for (method, path, status) in [
            ("GET", "/", 200),
            ("GET", "/v1/users", 200),
            ("GET", "/v1/users/x", 400),
            ("POST", "/v1/users/7?token=secret", 503),
            ("DELETE", "/v1/users/7", 405),
            ("BREW", "/v1/users/7", 405),
            ("HEAD", "/", 200),
            ("GET", "/.env", 404),
            ("GET", "/v1/nothing", 404),
            ("GET", "/files/a.txt", 200),
        ] {
            let response = app.clone().oneshot(request(method, path)).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{method} {path}");
        }
    });
    let requests = [
        ("GET /v1/users/{id} 200", 1000),
        ("GET / 200", 1),
        ("GET /v1/users 200", 1),
        ("GET /v1/users/{id} 400", 1),
        ("POST /v1/users/{id} 503", 1),
        ("DELETE /v1/users/{id} 405", 1),
        ("_other /v1/users/{id} 405", 1),
        ("HEAD / 200", 1),
        ("GET _unmatched 404", 2),
        ("GET _unmatched 200", 1),
    ];
    let began = [
        "GET /v1/users/{id}",
        "GET /",
        "GET /v1/users",
        "POST /v1/users/{id}",
        "DELETE /v1/users/{id}",
        "_other /v1/users/{id}",
        "HEAD /",
        "GET _unmatched",
    ];
    check(&recorder, &requests, &began);
}

/// A real hyper connection, in memory.
#[test]
fn hyper() {
    async fn answer(request: Request<::hyper::body::Incoming>) -> Result<Response<Body>, Infallible> {
        if request.uri().path() == "/slow/1" {
            pending::<()>().await;
        }
        Ok(Response::new(Body::from("hello")))
    }
    fn route(request: &http::request::Parts) -> Option<Cow<'_, str>> {
        // The route may be borrowed from the request, or be a literal.
        let first = request.uri.path().get(1..)?.split('/').next()?;
        (first == "slow" || first == "fast").then_some(Cow::Borrowed(first))
    }
    let recorder = record(async {
        let (mut client, server) = tokio::io::duplex(4096);
        let service = measurand::http_layer!().route(route).layer(service_fn(answer));
        let connection = ::hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(server), TowerToHyperService::new(service));
        let connection = tokio::spawn(connection);
        let mut buffer = [0; 1024];
        for (method, path) in [("GET", "/fast/1"), ("BREW", "/fast/2"), ("GET", "/wp-login.php")] {
            let head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n\r\n");
            client.write_all(head.as_bytes()).await.unwrap();
            let length = client.read(&mut buffer).await.unwrap();
            assert!(buffer[..length].ends_with(b"hello"), "{}", String::from_utf8_lossy(&buffer[..length]));
        }
        // The client sends a request and disconnects.
        client.write_all(b"GET /slow/1 HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        tokio::task::yield_now().await;
        drop(client);
        let _closed = connection.await.unwrap();
    });
    let requests = [("GET fast 200", 1), ("_other fast 200", 1), ("GET _unmatched 200", 1), ("GET slow cancelled", 1)];
    check(&recorder, &requests, &["GET fast", "_other fast", "GET _unmatched", "GET slow"]);
}

/// A real tonic service. Clients that guess paths create no series; methods do once they have answered.
#[test]
fn tonic() {
    const CHECK: &str = "/grpc.health.v1.Health/Check";
    let recorder = record(async {
        let (_reporter, health) = tonic_health::server::health_reporter();
        let server = measurand::http_layer!().grpc().layer(tonic::service::Routes::new(health));
        let call = async |path: &str, message: &'static [u8]| {
            let request = Request::post(path).header("content-type", "application/grpc").body(Body::from(message));
            let response = server.clone().oneshot(request.unwrap()).await.unwrap();
            response.headers().get("grpc-status").map(|it| it.to_str().unwrap().to_owned())
        };
        // The first call is in flight as `_unmatched`, later calls in their own route.
        for _ in 0..3 {
            assert_eq!(call(CHECK, &[0; 5]).await, None);
        }
        // The health service does not know the service `x`: the status 5, *not found*, is not an error of the server.
        assert_eq!(call(CHECK, b"\0\0\0\0\x03\x0a\x01x").await.as_deref(), Some("5"));
        for number in 0..50 {
            assert_eq!(call(&format!("/no.Service/Method{number}"), &[0; 5]).await.as_deref(), Some("12"));
        }
        assert_eq!(call("/grpc.health.v1.Health/Nothing", &[0; 5]).await.as_deref(), Some("12"));
    });
    let requests = [("POST /grpc.health.v1.Health/Check 200", 4), ("POST _unmatched 200", 51)];
    check(&recorder, &requests, &["POST _unmatched", "POST /grpc.health.v1.Health/Check"]);
}

/// A known method that answers *unimplemented* keeps its route; errors and cancellations have no head.
#[test]
fn grpc_heads() {
    let recorder = record(async {
        let answer = |request: Request<Body>| async move {
            match request.uri().query() {
                Some("wait") => pending().await,
                Some("break") => Err("broken"),
                Some(status) => Ok(Response::builder().header("grpc-status", status).body(()).unwrap()),
                None => Ok(Response::new(())),
            }
        };
        let service = measurand::http_layer!().grpc().layer(service_fn(answer));
        for path in ["/a.B/C?12", "/a.B/C?break", "/a.B/C", "/a.B/C?12", "/a.B/C?break", "/a.B/D?7"] {
            let _result = service.clone().oneshot(request("POST", path)).await;
        }
        poll_once(pin!(service.clone().oneshot(request("POST", "/a.B/C?wait"))));
        poll_once(pin!(service.clone().oneshot(request("POST", "/a.B/E?wait"))));
    });
    let requests = [
        ("POST _unmatched 200", 1),
        ("POST _unmatched error", 1),
        ("POST /a.B/C 200", 2),
        ("POST /a.B/C error", 1),
        ("POST /a.B/D 200", 1),
        ("POST /a.B/C cancelled", 1),
        ("POST _unmatched cancelled", 1),
    ];
    check(&recorder, &requests, &["POST _unmatched", "POST /a.B/C"]);
}

/// A body of these frames; it panics if it is polled after the last one.
struct Frames(VecDeque<Option<Result<Frame<Bytes>, &'static str>>>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.0.pop_front().expect("a frame, on purpose"))
    }
}

/// A gRPC response with the HTTP status 200 has its gRPC status in its head or in its trailers. Both are treated alike.
#[test]
fn grpc_errors_are_those_of_grpc() {
    fn trailers(status: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_str(status).unwrap())])
    }
    async fn answer(request: Request<Body>) -> Result<Response<Frames>, Infallible> {
        let (place, status) = request.uri().query().unwrap().split_once('=').unwrap();
        let (mut head, status) = (Response::builder(), status.to_owned());
        if place == "head" {
            head = head.header("grpc-status", &status);
        }
        let frames = match place {
            "trailers" => {
                let data = Ok(Frame::data(Bytes::from("hello")));
                vec![Some(data), Some(Ok(Frame::trailers(trailers(&status)))), None]
            }
            "broken" => vec![Some(Err("broken")), None],
            _ => vec![None],
        };
        Ok(head.body(Frames(frames.into())).unwrap())
    }
    let ask = |client_errors: bool| {
        record(async move {
            let layer = measurand::http_layer!().grpc();
            let layer = if client_errors { layer.client_errors() } else { layer };
            let service = layer.layer(service_fn(answer));
            for status in ["0", "1", "2", "3", "4", "5", "8", "12", "13", "14", "15", "16", "17", "x"] {
                for place in ["head", "trailers"] {
                    let path = format!("/p.{place}{client_errors}/M?{place}={status}");
                    let response = service.clone().oneshot(request("POST", &path)).await.unwrap();
                    let _whole = response.into_body().collect().await;
                }
            }
            let path = format!("/p.broken{client_errors}/M?broken=0");
            let response = service.clone().oneshot(request("POST", &path)).await.unwrap();
            assert!(response.into_body().collect().await.is_err());
        })
    };
    for (client_errors, count) in [(false, 7), (true, 13)] {
        let recorder = ask(client_errors);
        let of = |place: &str, count| (format!("POST /p.{place}{client_errors}/M 200 error"), count);
        let errors = [of("head", count), of("trailers", count), of("broken", 1)];
        let methods = ["head", "trailers", "broken"].map(|it| format!("POST /p.{it}{client_errors}/M"));
        let [head, trailers, broken] = methods.each_ref().map(|it| format!("{it} 200"));
        let requests = [(head.as_str(), 14), (trailers.as_str(), 14), (broken.as_str(), 1)];
        check_errors(&recorder, &requests, &errors, &["POST _unmatched", &methods[0], &methods[1]]);
    }
}

/// A panic in the body, after the head was sent.
#[test]
fn a_grpc_body_that_panics_is_a_panic() {
    let recorder = record(async {
        let answer = async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Frames(VecDeque::new())));
        let service = measurand::http_layer!().grpc().layer(service_fn(answer));
        let response = service.oneshot(request("POST", "/p.Panics/M")).await.unwrap();
        let task = tokio::spawn(response.into_body().collect());
        assert!(task.await.unwrap_err().is_panic());
    });
    let errors = [("POST /p.Panics/M 200 panic".to_owned(), 1)];
    check_errors(&recorder, &[("POST /p.Panics/M 200", 1)], &errors, &["POST _unmatched"]);
}

/// Client errors count if the layer is configured to count them.
#[test]
fn client_errors_count_if_configured() {
    let recorder = record(async {
        let answer = async |request: Request<Body>| {
            let status: u16 = request.uri().query().unwrap().parse().unwrap();
            if status == 0 {
                pending::<()>().await;
            }
            Ok::<_, Infallible>(Response::builder().status(status).body(()).unwrap())
        };
        let layer = measurand::http_layer!().client_errors().route(|_| Some("blamed".into()));
        let service = layer.layer(service_fn(answer));
        for status in [200, 301, 400, 404, 404, 500] {
            let _response = service.clone().oneshot(request("GET", &format!("/?{status}"))).await;
        }
        poll_once(pin!(service.clone().oneshot(request("GET", "/?0"))));
    });
    let requests = [
        ("GET blamed 200", 1),
        ("GET blamed 301", 1),
        ("GET blamed 400", 1),
        ("GET blamed 404", 2),
        ("GET blamed 500", 1),
        ("GET blamed cancelled", 1),
    ];
    let errors = [("400 error", 1), ("404 error", 2), ("500 error", 1), ("cancelled cancelled", 1)];
    let errors = errors.map(|(labels, count)| (format!("GET blamed {labels}"), count));
    check_errors(&recorder, &requests, &errors, &["GET blamed"]);
}

fn poll_once<F: Future>(future: Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn panics() {
    let recorder = record(async {
        let app: Router = Router::new()
            .route("/panic", get(async || if true { panic!("on purpose") } else { "never" }))
            .layer(measurand::http_layer!());
        // A server runs the request in a task, too.
        let task = tokio::spawn(app.oneshot(request("GET", "/panic")));
        assert!(task.await.unwrap_err().is_panic());

        // The service panics before it returns a future.
        let answer = |_: Request<Body>| -> Ready<Result<Response<()>, Infallible>> { panic!("on purpose") };
        let mut service = measurand::http_layer!().route(|_| Some("early".into())).layer(service_fn(answer));
        assert!(catch_unwind(AssertUnwindSafe(|| service.call(request("GET", "/")))).is_err());
    });
    check(&recorder, &[("GET /panic panic", 1), ("GET early panic", 1)], &["GET /panic", "GET early"]);
}

#[test]
fn a_hundred_at_once() {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, || {
        let (open, gate) = tokio::sync::watch::channel(false);
        let answer = |_: Request<Body>| {
            let mut gate = gate.clone();
            async move {
                gate.wait_for(|open| *open).await.unwrap();
                Ok::<_, Infallible>(Response::new(()))
            }
        };
        let mut service = measurand::http_layer!().route(|_| Some("gate".into())).layer(service_fn(answer));
        let mut futures: Vec<_> = (0..100).map(|_| Box::pin(service.call(request("PUT", "/")))).collect();
        for future in &mut futures {
            poll_once(future.as_mut());
        }
        // One more future that is never polled.
        let unpolled = service.call(request("PUT", "/"));
        assert_eq!(lines(&recorder), ["http_requests_in_flight method=PUT route=gate 101"]);
        // The snapshot reset the value.
        metrics::gauge!("http_requests_in_flight", "method" => "PUT", "route" => "gate").set(101.0);
        drop(unpolled);
        futures.truncate(60);
        open.send(true).unwrap();
        for mut future in futures {
            let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Ready(Ok(_))));
        }
    });
    check(&recorder, &[("PUT gate cancelled", 41), ("PUT gate 200", 60)], &["PUT gate"]);
}

/// The service that was ready is the one that is called, as Tower requires.
#[test]
fn readiness() {
    #[derive(Default)]
    struct Once(bool);

    impl Clone for Once {
        fn clone(&self) -> Self {
            Self(false)
        }
    }

    impl Service<Request<Body>> for Once {
        type Response = Response<()>;
        type Error = &'static str;
        type Future = Ready<Result<Response<()>, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            if std::mem::replace(&mut self.0, true) { Poll::Ready(Err("full")) } else { Poll::Pending }
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            ready(if self.0 { Ok(Response::new(())) } else { Err("not ready") })
        }
    }

    let recorder = record(async {
        let mut service = measurand::http_layer!().route(|_| Some("once".into())).layer(Once::default());
        let mut context = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut context).is_pending());
        assert!(service.call(request("GET", "/")).await.is_ok());
        assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Err("full"))));
        assert_eq!(service.clone().call(request("GET", "/")).await.unwrap_err(), "not ready");
    });
    check(&recorder, &[("GET once 200", 1), ("GET once error", 1)], &["GET once"]);
}

/// The catalog contains each place where the layer is made, and the family that explains it.
#[test]
fn catalog() {
    let catalog = measurand::catalog();
    let sites: Vec<_> = catalog.sites.iter().filter(|it| it.family == "http").collect();
    assert!(sites.len() >= 6, "{sites:#?}");
    for site in sites {
        assert_eq!((site.module.as_str(), site.attribute.as_str()), ("http", "records"), "{site:?}");
        assert!(site.file.ends_with("tests/http.rs") && site.line > 0, "{site:?}");
    }
    let family = catalog.families.iter().find(|it| it.name == "http").expect("the family");
    let metrics: Vec<&str> = family.metrics.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        metrics,
        [
            "http_requests_total",
            "http_request_errors_total",
            "http_request_duration_seconds",
            "http_requests_in_flight"
        ]
    );
}
