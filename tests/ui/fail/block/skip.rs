//! `skip` that is misspelt or has other arguments beside it.

use measurand::{measured, neural_op};

#[neural_op("learning", skip)]
fn behind_a_label() {}

#[measured]
mod inner {
    use measurand::measured;

    #[measured(skipp)]
    pub(super) fn misspelt() {}

    #[measured(skip = true)]
    pub(super) fn with_value() {}

    #[measured(skip, owner = "search")]
    pub(super) fn with_others() {}
}

fn main() {
    behind_a_label();
    inner::misspelt();
    inner::with_value();
    inner::with_others();
}
