//! Measures the overhead of Measurand on this machine. Variants with and without annotations run in turn, so other load
//! on the machine affects both equally.

mod layer;
mod measure;
mod operations;

use std::time::Duration;

/// Runs all parts, each for about `seconds` seconds, and prints the results.
pub(crate) fn run(seconds: u32) -> Result<(), String> {
    // Installs the same recorder as the service; no scraper reads from it.
    let _router = measurand::exporter::router();
    let part = Duration::from_secs(seconds.into());
    let failed = |it: std::io::Error| format!("cannot print: {it}");
    let mut out = std::io::stdout().lock();
    operations::rate(&mut out, part).map_err(failed)?;
    operations::share(&mut out, part).map_err(failed)?;
    layer::requests(&mut out, part)
}
