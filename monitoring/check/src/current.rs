//! A one-line test for users: it fails if the committed files are not current.

use crate::check::check;
use crate::settings::Settings;
use measurand_catalog::{Catalog, read_file};
use std::fmt::Write as _;
use std::path::Path;

/// Asserts that the monitoring files in a folder match the program.
///
/// The folder's path is relative to the package's root. The folder contains the generated files, your own rules and
/// dashboards, and optionally `monitoring.toml`.
///
/// Without a second argument the macro reads the catalog from the test's own executable, which contains every annotated
/// function that is linked into the test. So put the test where your functions are linked: into the unit tests of the
/// crate, or into an integration test that uses the crate. If several crates have annotated functions, set `job` in
/// `monitoring.toml`, because the test's executable has another name than your program.
///
/// # Panics
/// If [`check`](crate::check()) finds something, with all findings in the message; or if a file cannot be read.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("measurand-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let monitoring = &folder;
/// # let catalog = measurand_catalog::parse(b"")?;
/// # for file in measurand_monitoring::Monitoring::new(&catalog, &Default::default()).files() {
/// #     std::fs::write(folder.join(file.name), file.contents)?;
/// # }
/// // In your test: measurand_check::assert_current!("monitoring/");
/// // With the catalog of another program:
/// measurand_check::assert_current!(monitoring, catalog);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! assert_current {
    ($directory:expr $(,)?) => {
        $crate::__private::assert_current(::core::env!("CARGO_MANIFEST_DIR"), $directory, ::core::option::Option::None)
    };
    ($directory:expr, $catalog:expr $(,)?) => {
        $crate::__private::assert_current(
            ::core::env!("CARGO_MANIFEST_DIR"),
            $directory,
            ::core::option::Option::Some(&$catalog),
        )
    };
}

/// Implements [`assert_current!`](crate::assert_current).
///
/// # Panics
/// If the files are not current, or cannot be read.
#[doc(hidden)]
#[track_caller]
pub fn assert_current(package: &str, directory: impl AsRef<Path>, catalog: Option<&Catalog>) {
    let path = Path::new(package).join(directory);
    match problem(&path, catalog) {
        Ok(None) => {}
        Ok(Some(it)) | Err(it) => panic!("{it}"),
    }
}

/// All findings as text. Returns `None` if there are none.
fn problem(path: &Path, catalog: Option<&Catalog>) -> Result<Option<String>, String> {
    let own;
    let catalog = if let Some(it) = catalog {
        it
    } else {
        own = own_catalog()?;
        &own
    };
    let settings = Settings::of_folder(path)?;
    let findings = check(catalog, &settings, path)?;
    if findings.is_empty() {
        return Ok(None);
    }
    let mut text = format!("`{}` is not current:\n", path.display());
    for finding in findings {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{}:{}: {}: {}\n    help: {}",
            finding.file, finding.line, finding.rule, finding.message, finding.help
        );
    }
    Ok(Some(text))
}

fn own_catalog() -> Result<Catalog, String> {
    let path = std::env::current_exe().map_err(|error| {
        format!("cannot find the executable of this test: {error}; help: give the catalog as the second argument")
    })?;
    read_file(&path).map_err(|it| format!("{it}; help: use the crate with the annotated functions in this test"))
}
