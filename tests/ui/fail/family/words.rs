//! Unknown words in a declaration.

measurand::family! {
    /// Payments.
    pub Payment = "payment", "Payments" {
        labels {
            currency: eur, usd;
        }
        metrics {
            calls "payments_total": "Payments that ended.";
            latency "payment_duration_seconds": "Time of a payment.";
            Errors "payment_errors_total": "Payments that failed.";
        }
        alerts {
            NoImpact P1: rollbacks > 5, for 600 s, "Payments are undone.";
        }
    }
}

measurand::family! {
    /// Refunds.
    pub Refund = "refund", "Refunds" {
        labels {
            provider, currency;
        }
        metrics {
            calls "refunds_total": "Refunds that ended.";
        }
        alerts {
            Latency P1: latency > 5, for 600 s, "Refunds are slow.", "Customers wait.";
        }
    }
}

measurand::family! {
    /// Reviews.
    pub Review = "review", "Reviews" {
        metrics {
            rollbacks "review_rollbacks_total": "Reviews undone.";
        }
        alerts {
            Severity P9: rollbacks > 5, for 600 s, "Reviews are undone.", "Customers wait.";
            Urgent critical: rollbacks > 5, for 600 s, "Reviews are undone.", "Customers wait.";
        }
    }
}

measurand::family! {
    /// Transfers.
    pub Transfer = "transfer", "Transfers" {
        metrics {
            rollbacks "transfer_rollbacks_total": "Transfers undone.";
        }
        alerts {
            Minutes P1: rollbacks > 5, for 10m, "Transfers are undone.", "Customers wait.";
        }
    }
}

fn main() {}
