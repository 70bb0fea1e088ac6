//! Types with a value that the label does not allow.

use measurand::{Label, measured, task};

#[derive(Clone, Copy, Label)]
enum Kind {
    Feature,
    Order,
}

#[task(kind)]
fn built_in(kind: Kind) {}

#[task(task_type = |kind| *kind)]
async fn late() -> Kind {
    Kind::Feature
}

measurand::family! {
    /// Payments by currency.
    Payment = "payment", "Payments" {
        labels {
            currency: "eur", "usd";
            instant: "true";
        }
        metrics {
            calls "payments_total": "Payments that ended.";
        }
    }
}

#[derive(Clone, Copy, Label)]
enum Currency {
    Eur,
    #[label("chf")]
    Franc,
}

#[measured(family = Payment, currency = currency, instant = "true")]
fn pay(currency: Currency) {}

#[measured(family = Payment, currency = "eur", instant = instant)]
fn transfer<T: Label>(instant: T) {}

fn main() {
    built_in(Kind::Order);
    let _ = late();
    pay(Currency::Franc);
    pay(Currency::Eur);
    transfer(true);
}
