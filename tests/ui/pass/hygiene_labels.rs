//! Labels, objectives, families, derives and blocks need no name in scope, and no name in scope breaks them.

#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod std {}
mod core {}
mod alloc {}
mod measurand {}
mod inventory {}

struct Result;
struct Option;
struct Some;
struct None;
struct Ok;
struct String;
struct str;
struct u8;
struct usize;
struct bool;
struct f64;
struct Site;
struct Family;
struct Severity;
trait FnOnce {}
trait Future {}
trait Label {}
trait ErrorKind {}
trait DeclaredFamily {}

macro_rules! concat { ($($tokens:tt)*) => { compile_error!("shadowed") } }
macro_rules! stringify { ($($tokens:tt)*) => { compile_error!("shadowed") } }
macro_rules! env { ($($tokens:tt)*) => { compile_error!("shadowed") } }
macro_rules! module_path { ($($tokens:tt)*) => { compile_error!("shadowed") } }
macro_rules! compile_error { ($($tokens:tt)*) => { fn shadowed() -> NoSuchType {} } }

type Outcome<T> = ::std::result::Result<T, StoreError>;

#[derive(::measurand::Label)]
enum Table {
    Patterns,
    #[label("user_events")]
    Events,
}

#[derive(::measurand::ErrorKind)]
enum StoreError {
    NotFound,
    #[error_kind(nested)]
    Network(NetworkError),
}

#[derive(::measurand::ErrorKind)]
enum NetworkError {
    TimedOut { seconds: ::std::primitive::u32 },
    #[error_kind("refused")]
    Closed,
}

::measurand::family! {
    /// Payments by provider and currency.
    pub(crate) Payment = "hygienic_payment", "Payments" {
        labels {
            provider;
            currency: "eur", "usd";
        }
        metrics {
            calls "hygienic_payments_total": "Payments that ended.";
            errors "hygienic_payment_errors_total": "Payments that failed.";
            duration "hygienic_payment_duration_seconds": "Time of a payment.", [0.25, 1.0];
        }
        alerts {
            HygienicPaymentErrors P0: error_ratio > 0.02, for 120 s, "Payments fail.", "Customers cannot pay.";
        }
    }
}

#[::measurand::timed_query("select", table = table)]
fn typed(table: Table) -> Outcome<::std::primitive::u32> {
    match table {
        Table::Patterns => Outcome::Ok(1),
        Table::Events => Outcome::Err(StoreError::Network(NetworkError::TimedOut { seconds: 1 })),
    }
}

#[::measurand::timed_query("select", table = __series, caller)]
fn by_text(__series: &::std::primitive::str) {}

#[::measurand::timed_query("select", table = |__result| __result.as_ref().map_or("none", |it| *it))]
async fn late(__site: ::std::primitive::u32) -> Outcome<&'static ::std::primitive::str> {
    Outcome::Ok("rows")
}

#[::measurand::measured(family = Payment, provider = provider, currency = "eur", slo(success = 99.9), time = 1 in 4)]
fn pay(provider: &::std::primitive::str) -> Outcome<()> {
    Outcome::Ok(())
}

#[::measurand::measured(slo(success = 99.9, latency = "10ms" @ 99), time = 1 in 16)]
fn promised() -> impl ::std::future::Future<Output = Outcome<()>> {
    async { Outcome::Ok(()) }
}

struct Thing;

#[::measurand::measured(caller)]
impl Thing {
    fn method(&self) {}

    #[measured(skip)]
    fn skipped(&self) {}
}

#[::measurand::neural_op("learning")]
mod inner {
    pub(super) fn function() -> ::std::primitive::u32 {
        1
    }
}

fn main() {
    ::std::assert!(typed(Table::Patterns).is_ok());
    ::std::assert!(typed(Table::Events).is_err());
    ::std::assert!(pay("stripe").is_ok());
    by_text("rows");
    ::std::mem::drop((late(1), promised()));
    Thing.method();
    Thing.skipped();
    ::std::assert_eq!(inner::function(), 1);
    ::std::mem::drop((StoreError::NotFound, NetworkError::Closed));
}
