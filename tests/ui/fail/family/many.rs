//! Every mistake in a declaration is reported at once, and functions that use the family cause no further errors.

use measurand::measured;

measurand::family! {
    /// Payments.
    pub Payment = "payment", "Payments" {
        labels {
            provider: "stripe" "paypal";
            late status;
            currency: "eur", 5;
        }
        metrics {
            calls "payments_total" "Payments that ended.";
            errors: "Payments that failed.";
            duration "payment_duration_seconds": "Time of a payment.", 1.0;
            score "payment_score": "Score.", [];
            level "payment_level": "Level."
            hits "payment_hits_total": "Hits.";
        }
        alerts {
            Quantile P1: duration > 1.0, for 600 s, "Payments are slow.", "Customers wait.";
            Ratio P1: error_ratio < 0.5, for 600 s, "Payments fail.", "Customers wait.";
            Near P1: eror_ratio > 0.5, for 600 s, "Payments fail.", "Customers wait.";
            Minutes P1: rollbacks > 5, for 10 m, "Payments are undone.", "Customers wait.";
            Half P1: rollbacks > 5, for 0.5 s, "Payments are undone.", "Customers wait.";
            Stalled P1: stalled 5 m, for 60 s, "No payment ends.", "Customers wait.";
            Text P1: rollbacks > "5", for 60 s, "Payments are undone.", "Customers wait.";
            Unquoted P1: rollbacks > 5, for 60 s, Payments are undone;
        }
    }
}

measurand::family! {
    /// A part that does not exist.
    pub Part = "part", "Part" {
        label {
            region;
        }
        metrics {
            calls "part_total": "Calls.";
        }
    }
}

measurand::family! {
    /// Without braces.
    pub Bare = "bare", "Bare";
}

measurand::family! {
    /// Two of them.
    pub One = "one", "One" {
        metrics {
            calls "one_total": "Calls.";
        }
    }
    /// The second.
    pub Two = "two", "Two" {
        metrics {
            calls "two_total": "Calls.";
        }
    }
}

#[measured(family = One)]
fn one() {}

fn main() {
    one();
}
