//! The user's hook that keeps secrets out of label values. It is called when no series has the values yet, so existing
//! series cost nothing more, and the original value is stored nowhere.

use measurand_catalog::{CONTAINED, OTHER};
use std::borrow::Cow;
use std::panic::catch_unwind;
use std::sync::OnceLock;

/// Returns the replacement of a label value, if any. The arguments are the metric (for annotated functions, the
/// family), the label and the value.
pub type Redact = for<'a> fn(&str, &str, &'a str) -> Option<Cow<'a, str>>;

static REDACT: OnceLock<Redact> = OnceLock::new();

/// Sets the hook; the first one stays in force.
pub(crate) fn ask(redact: Redact) {
    let _first = REDACT.set(redact);
}

/// Whether a hook is set.
pub(crate) fn is_wanted() -> bool {
    REDACT.get().is_some()
}

/// Returns the replacement of the value, if there is one.
#[must_use]
pub fn redacted<'a>(name: &str, label: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let redact = REDACT.get()?;
    match catch_unwind(|| redact(name, label, value)) {
        Ok(other) => other.filter(|it| it != value),
        Err(payload) => {
            // Dropping the panic's payload may panic too.
            std::mem::forget(payload);
            metrics::counter!(CONTAINED).increment(1);
            // The value was not checked, so it may be a secret.
            Some(Cow::Borrowed(OTHER))
        }
    }
}
