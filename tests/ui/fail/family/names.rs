//! Declarations that break the rules of names, kinds and buckets.

measurand::family! {
    /// A name with a dash.
    pub Dash = "pay-ment", "Payments" {
        labels {
            userCountry;
            le;
            outcome;
            region;
            region: "eu", "us";
        }
        metrics {
            calls "payments": "Payments that ended.";
            errors "payment_errors_total": "Payments that failed.";
            duration "payment_duration_ms": "Time of a payment.", [1.0];
            in_flight "payments-in-flight": "Payments under way.";
            score "payment_score": "";
            failures "payment_failures_total": "Payments that failed.", [1.0];
        }
    }
}

measurand::family! {
    /// Roles given twice, and buckets.
    pub Twice = "twice", "Twice" {
        metrics {
            calls "one_total": "One.";
            calls "two_total": "Two.";
            duration "one_duration_seconds": "Time.";
            score "one_score": "Score.", [1.0, 0.5];
            level "one_total_bytes_total": "Bytes.";
        }
    }
}

fn main() {}
