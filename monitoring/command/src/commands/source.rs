//! Reads the catalog of a program file, of a running program or of a saved file, and the settings for it.

use crate::cli::{self, Overrides};
use measurand_catalog::{Catalog, FileErrorReason, InputErrorReason, read_file, read_path, read_text, read_url};
use measurand_check::Settings;
use measurand_monitoring::query::promql::Histograms;
use std::path::Path;

/// Maximum size of a saved catalog; the same as for the answer of a running program.
const CATALOG_BYTES_MAX: u64 = 256 << 20;

/// The catalog of a program file, of a running program or of a saved file.
pub(crate) fn read(source: &str) -> Result<Catalog, String> {
    if source.contains("://") {
        return read_url(source).map_err(|it| it.to_string());
    }
    match read_file(Path::new(source)) {
        Ok(catalog) => Ok(catalog),
        Err(error) if matches!(error.reason, FileErrorReason::NotProgram) => saved(source, error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a file that `cargo measurand catalog` printed. Returns the error `otherwise` if it is not JSON.
fn saved(path: &str, otherwise: String) -> Result<Catalog, String> {
    let text = match read_text(Path::new(path), CATALOG_BYTES_MAX) {
        Ok(text) if text.trim_start().starts_with('{') => text,
        Err(error) if matches!(error.reason, InputErrorReason::TooLarge { .. }) => return Err(error.to_string()),
        Ok(_) | Err(_) => return Err(otherwise),
    };
    let path = shown(path);
    let catalog = Catalog::from_json(text.as_bytes()).map_err(|it| format!("`{path}` is {it}"))?;
    if catalog.sites.is_empty() {
        return Err(format!(
            "`{path}` has no annotated functions; help: annotate one with `#[measured]`, and save the catalog again"
        ));
    }
    Ok(catalog)
}

/// The name of the program's file without folder and `.exe`. Returns `None` for an address or a saved catalog.
pub(crate) fn program(source: &str) -> Option<String> {
    let path = Path::new(source);
    let is_program = !source.contains("://") && path.extension().is_none_or(|it| it == "exe");
    path.file_stem().filter(|_| is_program).map(|it| it.to_string_lossy().into_owned())
}

/// The job that the live page of a running program shows. Returns `None` if the program has no live page.
fn running(source: &str) -> Option<String> {
    let bytes = read_path(source, "/live/model.json").ok()?;
    let model: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    Some(model["job"].as_str()?.to_owned())
}

/// An argument, escaped for a message of one line.
pub(crate) fn shown(text: &str) -> String {
    text.escape_debug().to_string()
}

/// The settings from the file, overridden by the arguments.
pub(crate) fn settings(decisions: &Overrides, directory: &Path, source: &str) -> Result<Settings, String> {
    let mut settings = match &decisions.config {
        Some(path) => Settings::read(path)?,
        None => Settings::of_folder(directory)?,
    };
    let options = &mut settings.options;
    options.program = program(source).or_else(|| running(source));
    options.job = decisions.job.clone().or_else(|| options.job.take());
    options.grafana_url = decisions.grafana_url.clone().unwrap_or_else(|| options.grafana_url.clone());
    options.runbook_url = decisions.runbook_url.clone().unwrap_or_else(|| options.runbook_url.clone());
    options.histograms = match decisions.histograms {
        Some(cli::Histograms::Classic) => Histograms::Classic,
        Some(cli::Histograms::Native) => Histograms::Native,
        None => options.histograms,
    };
    Ok(settings)
}
