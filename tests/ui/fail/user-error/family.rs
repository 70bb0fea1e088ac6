//! Mistakes in a body are reported on the user's own lines, also with a declared family.

use measurand::measured;

measurand::family! {
    /// Payments by provider.
    pub Payment = "payment", "Payments" {
        labels {
            provider;
        }
        metrics {
            calls "payments_total": "Payments that ended.";
            errors "payment_errors_total": "Payments that failed.";
        }
    }
}

#[measured(family = Payment, provider = "stripe")]
fn mismatched() -> Result<u32, String> {
    "text"
}

#[measured(family = Payment, provider = provider)]
async fn later(provider: &str) -> u32 {
    provider
}

#[measured(family = Payment, provider = |it| it.as_str())]
fn late() -> String {
    let text = String::new();
    drop(text);
    text.no_such_method()
}

fn main() {
    let _ = mismatched();
    let _ = later("");
    late();
}
