//! The one-line test for users, in a program with annotated functions of its own.

use measurand::measured;
use measurand_check::assert_current;
use measurand_monitoring::{Monitoring, Options};

/// Sells what is in the cart.
#[measured]
fn sell(price: u32) -> Result<u32, String> {
    price.checked_add(1).ok_or_else(|| "too expensive".to_owned())
}

#[test]
fn the_test_reads_its_own_catalog() {
    assert_eq!(sell(1), Ok(2));
    let catalog = measurand_catalog::read_file(&std::env::current_exe().unwrap()).unwrap();
    assert_eq!(catalog.sites.len(), 1);
    let folder = tempfile::tempdir().unwrap();
    for file in Monitoring::new(&catalog, &Options::default()).files() {
        std::fs::write(folder.path().join(file.name), file.contents).unwrap();
    }
    assert_current!(folder.path());
    std::fs::write(folder.path().join("alerts.yml"), "groups: []\n").unwrap();
    let stale = std::panic::catch_unwind(|| assert_current!(folder.path()));
    let message = *stale.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("alert-missing: no file contains the alert `FunctionErrorRatioHigh`"), "{message}");
}
