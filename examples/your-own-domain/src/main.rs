//! Payments, a domain without a built-in family. `cargo run -p your-own-domain` prints the addresses to open.

#[expect(clippy::print_stdout, reason = "the example prints to its user")]
mod load;

use measurand::{ErrorKind, Label, family, measured};
use rusqlite::{Connection, params};

family! {
    /// Payments by method and by time of settlement.
    Payment = "payment", "Payments" {
        labels {
            method: "card", "bank_transfer";
            from_result settlement: "instant", "delayed", "none";
        }
        metrics {
            calls "payments_total": "Finished payments, successful or not.";
            errors "payment_errors_total": "Payments that failed.";
            duration "payment_duration_seconds": "Duration of a payment.", [0.001, 0.01, 0.1, 1.0];
            in_flight "payments_in_flight": "Payments in progress.";
        }
        alerts {
            PaymentErrors P0: error_ratio > 0.05, for 120 s,
                "Payments fail.", "Customers cannot pay.";
            PaymentsSlow P1: duration quantile 0.95 > 0.1, for 600 s,
                "Payments are slow.", "Customers give up.";
        }
    }
}

/// How a customer pays.
#[derive(Debug, Clone, Copy, Label)]
enum Method {
    Card,
    BankTransfer,
}

/// The reason why a payment failed; each kind has a counter of its own.
#[derive(Debug, ErrorKind)]
enum PaymentError {
    InsufficientFunds,
    #[error_kind("too_much")]
    AboveLimit {
        cents: i64,
    },
    #[error_kind("database")]
    Ledger(rusqlite::Error),
}

/// Moves money from a customer's account to ours.
///
/// # Runbook
/// Check which kind of error grows: `database` is our fault, all other kinds are caused by customers.
#[measured(
    family = Payment,
    method = method,
    settlement = |it| it.as_ref().map_or("none", |it| it.settlement),
    slo(success = 95, latency = "10ms" @ 99),
    owner = "payments"
)]
fn pay(ledger: &Connection, method: Method, account: i64, cents: i64) -> Result<Receipt, PaymentError> {
    if cents > 10_000 {
        return Err(PaymentError::AboveLimit { cents });
    }
    let take = "UPDATE accounts SET cents = cents - ?2 WHERE id = ?1 AND cents >= ?2";
    match ledger.execute(take, params![account, cents]).map_err(PaymentError::Ledger)? {
        0 => Err(PaymentError::InsufficientFunds),
        _ => Ok(Receipt { cents, settlement: if matches!(method, Method::Card) { "instant" } else { "delayed" } }),
    }
}

/// The receipt for one payment.
struct Receipt {
    cents: i64,
    settlement: &'static str,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    load::run(pay).await
}
