//! The one-line test for users: the committed files are what would be generated now.

use crate::check::check;
use crate::settings::Settings;
use measurand_catalog::{Catalog, read_file};
use std::fmt::Write as _;
use std::path::Path;

/// Fails unless the files of a folder are current: what [`check`](crate::check()) finds is in the message.
///
/// The folder is named from the package's root, and holds the generated files, those of one's own, and, if there is one,
/// `monitoring.toml`.
///
/// Without a second argument the catalog is that of the test's own program: every annotated function that is linked into
/// the test counts, wherever it stands. So put the test where the program's functions are: in the unit tests of the crate,
/// or in an integration test that uses the crate. With annotated functions in several crates, set `job` in
/// `monitoring.toml`, since the test's program has another name than yours.
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
/// // In a test of yours: measurand_check::assert_current!("monitoring/");
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

/// What [`assert_current!`](crate::assert_current) calls.
///
/// # Panics
/// When the files are not current, or something cannot be read.
#[doc(hidden)]
#[track_caller]
pub fn assert_current(package: &str, directory: impl AsRef<Path>, catalog: Option<&Catalog>) {
    let path = Path::new(package).join(directory);
    match problem(&path, catalog) {
        Ok(None) => {}
        Ok(Some(it)) | Err(it) => panic!("{it}"),
    }
}

/// Everything that was found, as text.
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
    for it in findings {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}:{}: {}: {}\n    help: {}", it.file, it.line, it.rule, it.message, it.help);
    }
    Ok(Some(text))
}

fn own_catalog() -> Result<Catalog, String> {
    let path = std::env::current_exe()
        .map_err(|it| format!("cannot find this test's own program: {it}; give the catalog as the second argument"))?;
    read_file(&path).map_err(|it| format!("{it}; does this test use the crate whose functions are annotated?"))
}
