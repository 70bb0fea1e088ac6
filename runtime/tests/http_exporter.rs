//! The HTTP layer with our exporter as the recorder, and at the series limit. Both are global to the process.

use axum::{Router, extract::Path, routing::get};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::{Layer as _, ServiceExt as _, service_fn};

async fn get_text(app: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(axum::body::Body::empty()).expect("a request");
    let response = app.clone().oneshot(request).await.expect("an answer");
    let status = response.status();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

/// The samples of our metrics, without buckets and sums.
async fn samples(app: &Router) -> Vec<String> {
    let (_, text) = get_text(app, "/metrics").await;
    let ours = |it: &&str| it.starts_with("http_") && !it.contains("_bucket{") && !it.contains("_sum{");
    let mut samples: Vec<String> = text.lines().filter(ours).map(str::to_owned).collect();
    samples.sort();
    samples
}

#[tokio::test]
async fn one_process() {
    let endpoint = measurand::exporter::router();
    // No route is known yet, and no series without labels appears instead.
    assert_eq!(samples(&endpoint).await, [""; 0]);

    // The endpoint may be under the layer, too.
    let users = Router::new().route("/{id}", get(async |Path(id): Path<u64>| format!("user {id}")));
    let app = Router::new().nest("/users", users).merge(endpoint.clone()).layer(measurand::http_layer!());
    let tasks: Vec<_> = (1..=1000)
        .map(|id| {
            let app = app.clone();
            tokio::spawn(async move { get_text(&app, &format!("/users/{id}")).await.1 })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().starts_with("user "));
    }
    assert_eq!(get_text(&app, "/secret").await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        samples(&app).await,
        [
            r#"http_request_duration_seconds_count{method="GET",route="/users/{id}",status="200"} 1000"#,
            r#"http_request_duration_seconds_count{method="GET",route="_unmatched",status="404"} 1"#,
            // The counter of panics is zero before the first panic, so an alert on an increase sees it.
            r#"http_request_errors_total{method="GET",outcome="panic",route="/metrics",status="panic"} 0"#,
            r#"http_request_errors_total{method="GET",outcome="panic",route="/users/{id}",status="panic"} 0"#,
            r#"http_request_errors_total{method="GET",outcome="panic",route="_unmatched",status="panic"} 0"#,
            r#"http_requests_in_flight{method="GET",route="/metrics"} 1"#,
            r#"http_requests_in_flight{method="GET",route="/users/{id}"} 0"#,
            r#"http_requests_in_flight{method="GET",route="_unmatched"} 0"#,
            r#"http_requests_total{method="GET",route="/users/{id}",status="200"} 1000"#,
            r#"http_requests_total{method="GET",route="_unmatched",status="404"} 1"#,
        ]
    );
    let catalog = get_text(&app, "/catalog.json").await.1;
    assert!(catalog.contains("http_requests_total") && catalog.contains("tests/http_exporter.rs"), "{catalog}");

    // This function returns paths instead of templates. Beyond the limit, paths share a series, which keeps its
    // statuses.
    measurand::set_series_limit(20);
    let paths = measurand::http_layer!().route(|request| Some(request.uri.path().into()));
    let service = paths.layer(service_fn(async |request: Request<()>| {
        let fails = request.uri().path().ends_with('7');
        let status = if fails { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
        http::Response::builder().status(status).body(())
    }));
    for number in 0..100 {
        let request = Request::get(format!("/path/{number}")).body(()).unwrap();
        let _response = service.clone().oneshot(request).await.unwrap();
    }
    let samples = samples(&endpoint).await;
    let total: Vec<&String> = samples.iter().filter(|it| it.starts_with("http_requests_total")).collect();
    assert!(total.len() < 30, "{total:#?}");
    let other = |status: u32| {
        let series = format!(r#"http_requests_total{{method="GET",route="_other",status="{status}"}} "#);
        let value = samples.iter().find_map(|it| it.strip_prefix(series.as_str()));
        value.unwrap_or_else(|| panic!("{series} in {samples:#?}")).parse::<u32>().unwrap()
    };
    let own = |status: u32| total.iter().filter(|it| it.contains("/path/") && it.contains(&status.to_string())).count();
    assert_eq!((other(200) as usize + own(200), other(502) as usize + own(502)), (90, 10), "{samples:#?}");
    assert!(own(200) > 10, "{samples:#?}");
}
