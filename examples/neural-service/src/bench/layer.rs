//! Compares requests to a service with the HTTP layer, with an empty layer and without a layer.

use super::measure::{in_turn, line, middle, processor};
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Request;
use axum::response::Response;
use axum::routing::get;
use rustix::time::ClockId;
use std::convert::Infallible;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tower::layer::util::Identity;
use tower::{Service, ServiceExt};

/// Requests per round without a socket.
const CALLS: u32 = 2_000;
/// Requests per round over TCP.
const OVER_TCP: u32 = 200;

/// Prints the time of a request with and without the layer, called directly and over TCP.
pub(super) fn requests(out: &mut impl Write, time: Duration) -> Result<(), String> {
    let failed = |it: &dyn std::fmt::Display| format!("cannot measure requests: {it}");
    let runtime = Builder::new_current_thread().build().map_err(|it| failed(&it))?;
    let layers = || [service(), service().layer(Identity::new()), service().layer(measurand::http_layer!())];
    let [mut plain, mut empty, mut layered] = layers();
    let direct = in_turn(
        time / 2,
        [&mut || called(&runtime, &mut plain), &mut || called(&runtime, &mut empty), &mut || {
            called(&runtime, &mut layered)
        }],
    );
    let server = Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|it| failed(&it))?;
    let serve = |router: Router| -> std::io::Result<String> {
        let listener = server.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}/patterns/7", listener.local_addr()?);
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(url)
    };
    let urls: Vec<String> = layers().into_iter().map(serve).collect::<Result<_, _>>().map_err(|it| failed(&it))?;
    let over_tcp = in_turn(time / 2, [&mut || asked(&urls[0]), &mut || asked(&urls[1]), &mut || asked(&urls[2])]);
    let mut print = || {
        report(out, "requests to an axum service, without a socket:", &direct)?;
        report(out, "requests to an axum service, over TCP on this machine:", &over_tcp)
    };
    print().map_err(|it| failed(&it))
}

/// Prints the results of one case. Any layer makes axum box the service once more; the empty layer shows this cost.
fn report(out: &mut impl Write, title: &str, [plain, empty, layered]: &[Vec<f64>; 3]) -> std::io::Result<()> {
    let ((plain, _), (empty, _), (layered, spread)) = (middle(plain), middle(empty), middle(layered));
    writeln!(out, "{title}")?;
    line(out, "nanoseconds with the layer", &format!("{layered:.0} ±{:.0}", spread / 2.0))?;
    line(out, "nanoseconds with an empty layer", &format!("{empty:.0}"))?;
    line(out, "nanoseconds without a layer", &format!("{plain:.0}"))?;
    line(out, "nanoseconds that the layer takes", &format!("{:.0}", layered - plain))?;
    line(out, "nanoseconds that an empty layer takes", &format!("{:.0}", empty - plain))?;
    line(out, "ratio to the service without a layer", &format!("{:.3}", layered / plain))?;
    line(out, "ratio to the service with an empty layer", &format!("{:.3}", layered / empty))
}

/// A service that does almost nothing, so the cost of the layers is visible.
fn service() -> Router {
    Router::new().route("/patterns/{id}", get(async |Path(id): Path<u64>| format!("pattern {id}")))
}

/// Nanoseconds per request without a socket.
fn called<S>(runtime: &Runtime, service: &mut S) -> f64
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    runtime.block_on(async {
        let start = processor(ClockId::ThreadCPUTime);
        for _ in 0..CALLS {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = axum::http::Uri::from_static("/patterns/7");
            let Ok(ready) = service.ready().await;
            let _ = black_box(ready.call(request).await);
        }
        (processor(ClockId::ThreadCPUTime) - start) * 1e9 / f64::from(CALLS)
    })
}

/// Nanoseconds per request over a connection that stays open.
fn asked(url: &str) -> f64 {
    let agent = ureq::Agent::new_with_defaults();
    let start = Instant::now();
    for _ in 0..OVER_TCP {
        if let Ok(mut answer) = agent.get(url).call() {
            let _ = black_box(answer.body_mut().read_to_vec());
        }
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(OVER_TCP)
}
