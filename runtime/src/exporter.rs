//! The Prometheus endpoint, configured for the annotations of this program (feature `exporter`).

use crate::family::families;
use crate::site::sites;
use crate::{catalog, initialize, set_series_limit};
#[cfg(feature = "push")]
pub use measurand_exporter::Push;
pub use measurand_exporter::{Builder, Error, Exporter, Hosts, Limits, ServerLimits};

/// Installs the recorder and serves `/metrics`, `/catalog.json` and `/healthz` on `127.0.0.1:3000`, or on the address
/// in the environment variable `MEASURAND_LISTEN`. With the feature `tls`, `MEASURAND_WEB_CONFIG_FILE` names a file
/// that configures TLS and access; without the feature, setting this variable is an error.
///
/// The endpoint needs no Tokio runtime: it has a thread of its own. If `install` is called inside a runtime, the
/// endpoint also reports metrics of that runtime.
///
/// # Errors
/// If the address cannot be bound, the file is invalid, or another recorder is already installed. The program can
/// continue: annotated functions work with any recorder, and without one.
pub fn install() -> Result<Exporter, Error> {
    builder().install()
}

/// Installs the recorder and returns the endpoint's routes, to merge into a router of your own.
pub fn router() -> axum::Router {
    builder().router()
}

/// Returns the builder of the endpoint's settings.
pub fn builder() -> Builder {
    let mut families: Vec<_> = families().collect();
    // The linker's order may change between builds.
    families.sort_by_key(|it| it.name);
    let builder = Builder::new(measurand_exporter::Program {
        families,
        catalog: catalog(),
        binary: sites().find(|it| it.series.is_in_binary()).map(|it| (it.field("crate"), it.field("version"))),
        initialize,
        limit_series: set_series_limit,
    });
    #[cfg(feature = "tracing")]
    let builder = builder.trace_ids(current_trace);
    builder
}

/// The trace of the current span, if it is sampled.
#[cfg(feature = "tracing")]
fn current_trace() -> Option<String> {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    let context = tracing::Span::current().context();
    let span = context.span();
    let trace = span.span_context();
    (trace.is_valid() && trace.is_sampled()).then(|| trace.trace_id().to_string())
}
