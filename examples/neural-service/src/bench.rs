//! What the measuring costs on this machine: each thing with annotations and without, in turn, so that whatever else the
//! machine does meets both alike.

mod layer;
mod measure;
mod operations;

use std::time::Duration;

/// Runs all parts, each for about so many seconds, and prints figures.
pub(crate) fn run(seconds: u32) -> Result<(), String> {
    // The recorder is the one of the service; nobody scrapes.
    let _router = measurand::exporter::router();
    let part = Duration::from_secs(seconds.into());
    let told = |it: std::io::Error| format!("cannot print: {it}");
    let mut out = std::io::stdout().lock();
    operations::rate(&mut out, part).map_err(told)?;
    operations::share(&mut out, part).map_err(told)?;
    layer::requests(&mut out, part)
}
