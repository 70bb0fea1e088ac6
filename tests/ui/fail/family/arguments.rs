//! Mistakes in the arguments for a declared family that the macro finds without the declaration.

use measurand::{measured, neural_op};

measurand::family! {
    /// Payments by provider.
    pub Payment = "payment", "Payments" {
        labels {
            provider;
        }
        metrics {
            calls "payments_total": "Payments that ended.";
        }
    }
}

#[measured(family)]
fn no_value() {}

#[measured(family = "Payment", provider = "stripe")]
fn quoted() {}

#[measured(family = Payment::new(), provider = "stripe")]
fn expression() {}

#[measured(family = Payment, family = Payment, provider = "stripe")]
fn twice() {}

#[measured(family = Payment, provider = "stripe", provider = "paypal")]
fn label_twice() {}

#[measured(family = Payment, "stripe")]
fn no_key() {}

#[measured(family = Payment, provider = "")]
fn empty() {}

#[measured(family = Payment, provider = 5)]
fn number() {}

#[measured(family = Payment, provider = stripe)]
fn word() {}

#[measured(family = Payment, provider = |_| "stripe", currency = |_| "eur")]
fn two_from_the_result() {}

#[measured(family = Payment, provider = "stripe", ok_if = |_| true, error_if = |_| false)]
fn both() {}

#[neural_op("learning", family = Payment)]
fn not_here() {}

fn main() {
    no_value();
    quoted();
    expression();
    twice();
    label_twice();
    no_key();
    empty();
    number();
    word();
    two_from_the_result();
    both();
    not_here();
}
