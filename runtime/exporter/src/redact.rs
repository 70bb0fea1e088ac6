//! The user's hook against secrets in label values. It is asked where no series has the values yet, so that those that are
//! there cost nothing more, and what it takes out is kept nowhere.

use measurand_catalog::{CONTAINED, OTHER};
use std::borrow::Cow;
use std::panic::catch_unwind;
use std::sync::OnceLock;

/// What is recorded in place of a value: given the metric, or the family of an annotated function, the label and the value.
pub type Redact = for<'a> fn(&str, &str, &'a str) -> Option<Cow<'a, str>>;

static REDACT: OnceLock<Redact> = OnceLock::new();

/// Asks it from now on; who comes first is asked.
pub(crate) fn ask(redact: Redact) {
    let _first = REDACT.set(redact);
}

/// Whether anybody is asked.
pub(crate) fn is_wanted() -> bool {
    REDACT.get().is_some()
}

/// What is to be recorded in place of the value, if anything is.
#[must_use]
pub fn redacted<'a>(name: &str, label: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let redact = REDACT.get()?;
    match catch_unwind(|| redact(name, label, value)) {
        Ok(other) => other.filter(|it| it != value),
        Err(payload) => {
            // Dropping what was thrown may panic in turn.
            std::mem::forget(payload);
            metrics::counter!(CONTAINED).increment(1);
            // What nobody judged may be a secret.
            Some(Cow::Borrowed(OTHER))
        }
    }
}
