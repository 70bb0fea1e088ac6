//! Alerts whose condition does not fit the family.

measurand::family! {
    /// Payments.
    pub Payment = "payment", "Payments" {
        metrics {
            calls "payments_total": "Payments that ended.";
            duration "payment_duration_seconds": "Time of a payment.", [0.25, 1.0];
            score "payment_score": "How sure we are.", [0.5, 1.0];
        }
        alerts {
            NoErrors P0: error_ratio > 0.02, for 120 s, "Payments fail.", "Customers cannot pay.";
            NoFailures P1: failure_ratio > 0.02, for 120 s, "Payments fail.", "Customers cannot pay.";
            NoBucket P1: duration quantile 0.95 > 2.0, for 600 s, "Payments are slow.", "Customers give up.";
            NoQuantile P1: duration quantile 95.0 > 1.0, for 600 s, "Payments are slow.", "Customers give up.";
            NoScore P1: score quantile 0.05 < 0.7, for 600 s, "Payments are doubtful.", "Customers wait.";
            NoRollbacks P1: rollbacks > 5, for 600 s, "Payments are undone.", "Customers wait.";
        }
    }
}

measurand::family! {
    /// Refunds.
    pub Refund = "refund", "Refunds" {
        metrics {
            duration "refund_duration_seconds": "Time of a refund.", [0.25, 1.0];
            errors "refund_errors_total": "Refunds that failed.";
        }
        alerts {
            Percent P0: error_ratio > 2.0, for 120 s, "Refunds fail.", "Customers wait.";
        }
    }
}

fn main() {}
