//! From a `tracing` span to the exemplar of a bucket. It is one test, because the recorder and the subscriber are
//! global.

#![allow(clippy::unwrap_used, reason = "test helpers may unwrap, like tests")]

use measurand::measured;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;

#[measured]
fn answer() -> Result<u32, String> {
    std::hint::black_box(Ok(42))
}

#[measured]
fn outside() {}

#[test]
fn a_bucket_leads_to_a_trace() {
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").install().unwrap();
    let tracer = SdkTracerProvider::builder().build().tracer("test");
    let subscriber = tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer));
    let trace = tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("request");
        let _inside = span.enter();
        answer().unwrap();
        trace_of(&span)
    });
    outside();

    let url = format!("{}/metrics", exporter.url());
    let open = get(&url, "application/openmetrics-text");
    let with: Vec<&str> = open.lines().filter(|it| it.contains(" # {")).collect();
    let [line] = with[..] else { panic!("one bucket has an exemplar: {with:#?}") };
    assert!(line.starts_with("function_duration_seconds_bucket{") && line.contains("function=\"answer\""), "{line}");
    let (_, exemplar) = line.split_once(" # ").unwrap();
    let parts: Vec<&str> = exemplar.split(' ').collect();
    assert_eq!(parts[0], format!("{{trace_id=\"{trace}\"}}"));
    let bound: f64 = line.split(",le=\"").nth(1).and_then(|it| it.split('"').next()).unwrap().parse().unwrap();
    assert!(parts[1].parse::<f64>().unwrap() <= bound, "{line}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - parts[2].parse::<f64>().unwrap()).abs() < 60.0, "{line}");
    // The Prometheus text format has no exemplars.
    assert!(!get(&url, "text/plain").contains(" # {"));

    // The live page links to the trace, too.
    let model = get(&format!("{}/live/model.json", exporter.url()), "application/json");
    let id = |name: &str| {
        let begin = model.find(&format!("exemplars.{name}-")).unwrap();
        model[begin..].split('"').next().unwrap().to_owned()
    };
    let calls = |name: &str| get(&format!("{}/live/functions/{}", exporter.url(), id(name)), "application/json");
    assert!(calls("answer").contains(&format!("\"trace\":\"{trace}\"")), "{}", calls("answer"));
    assert!(calls("outside").contains("\"trace\":null"), "{}", calls("outside"));
}

fn trace_of(span: &tracing::Span) -> String {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    span.context().span().span_context().trace_id().to_string()
}

fn get(url: &str, accept: &str) -> String {
    ureq::get(url).header("accept", accept).call().unwrap().into_body().read_to_string().unwrap()
}
