//! Mistakes in the use of a declared family.

use measurand::measured;

measurand::family! {
    /// Payments by provider and currency.
    pub Payment = "payment", "Payments" {
        labels {
            provider;
            currency: "eur", "usd";
        }
        metrics {
            completions "payments_total": "Payments that ended.";
        }
    }
}

#[measured(family = Payment, provider = "stripe")]
fn missing_label() {}

#[measured(family = Payment)]
fn no_labels() {}

#[measured(family = Payment, provder = "stripe", currency = "eur")]
fn misspelt() {}

#[measured(family = Payment, provider = "stripe", currency = "eur", country = "de")]
fn one_more() {}

#[measured(family = Payment, provider = "stripe", currency = "yen")]
fn wrong_value() {}

#[measured(family = Payment, provider = "stripe", currency = "EUR")]
async fn capitals() {}

#[measured(family = Payment, provider = "stripe", currency = "eur", slo(success = 99.9))]
fn no_errors() {}

#[measured(family = Payment, provider = "stripe", currency = "eur", slo(latency = "10ms" @ 99))]
fn no_duration() {}

fn main() {
    missing_label();
    no_labels();
    misspelt();
    one_more();
    wrong_value();
    let _ = capitals();
    no_errors();
    no_duration();
}
