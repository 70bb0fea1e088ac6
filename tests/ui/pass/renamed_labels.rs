//! `measurand` under another name: labels, families, derives, blocks, and macros by example around all of them.

extern crate measurand as other;

mod facade {
    pub mod deep {
        pub use measurand;
    }

    /// A framework re-exports `measurand` like this, so its users need not depend on it.
    macro_rules! endpoint {
        ($name:ident, $argument:ident, $kind:ty, $label:expr, $late:expr, $body:block) => {
            #[$crate::facade::deep::measurand::timed_query(
                "select",
                table = $label,
                crate = $crate::facade::deep::measurand
            )]
            fn $name($argument: $kind) -> Result<String, Failure> $body

            mod $name {
                use super::Failure;

                #[$crate::facade::deep::measurand::timed_query(
                    "insert",
                    table = $late,
                    crate = $crate::facade::deep::measurand
                )]
                pub(super) async fn later() -> Result<String, Failure> {
                    Ok("rows".to_owned())
                }
            }
        };
    }
    pub(crate) use endpoint;

    /// A family that a framework declares for its users.
    macro_rules! vocabulary {
        ($family:ident, $name:literal, $metric:literal, $label:ident, $value:literal, [$($bucket:literal),*]) => {
            $crate::facade::deep::measurand::family! {
                /// Written by a macro.
                pub(crate) $family = $name, "Made by a macro" {
                    labels {
                        $label: $value, "other";
                    }
                    metrics {
                        duration $metric: "Time.", [$($bucket),*];
                    }
                }
            }
        };
    }
    pub(crate) use vocabulary;
}

use facade::deep::measurand as local;

mod measurand {}

#[derive(Clone, Copy, local::Label)]
#[label(crate = local)]
enum Table {
    Patterns,
    #[label("user_events")]
    Events,
}

#[derive(other::ErrorKind)]
#[error_kind(crate = crate::facade::deep::measurand)]
enum Failure {
    NotFound,
    #[error_kind(nested)]
    Inner(Inner),
}

#[derive(other::ErrorKind)]
#[error_kind(crate = other)]
enum Inner {
    #[error_kind("closed")]
    Closed,
}

facade::vocabulary!(Payment, "renamed_payment", "renamed_payment_duration_seconds", provider, "stripe", [0.5, 1.0]);

#[local::measured(family = Payment, provider = "stripe", crate = local, slo(latency = "1s" @ 99))]
fn pay() {}

#[local::measured(family = crate::Payment, provider = provider, time = 1 in 4, crate = crate::facade::deep::measurand)]
async fn pay_later(provider: &str) -> Result<(), Failure> {
    if provider.is_empty() { Err(Failure::Inner(Inner::Closed)) } else { Ok(()) }
}

#[other::timed_query("select", table = table, crate = other, caller)]
fn by_crate(table: Table) -> Result<(), Failure> {
    match table {
        Table::Patterns => Ok(()),
        Table::Events => Err(Failure::NotFound),
    }
}

struct Thing;

#[local::measured(crate = local, caller)]
impl Thing {
    fn method(&self) {}

    #[local::measured(skip)]
    fn skipped(&self) {}
}

facade::endpoint!(by_macro, table, Table, table, |it| it.as_ref().map_or("none", |it| it.as_str()), { Ok("rows".to_owned()) });
facade::endpoint!(by_macro_and_text, text, &str, if text.is_empty() { "none" } else { text }, |_| "rows", {
    Ok(text.to_owned())
});

/// Each repetition is a separate function.
macro_rules! queries {
    ($($name:ident($($argument:ident: $kind:ty),*) from $label:expr;)*) => {$(
        #[local::timed_query("update", table = $label, crate = local)]
        fn $name($($argument: $kind),*) {}
    )*};
}

queries! {
    literal() from "patterns";
    given(table: Table) from table;
    method(table: &str) from table.trim();
    two(left: &str, _right: u32) from left;
}

fn main() {
    pay();
    drop(pay_later(""));
    assert!(by_crate(Table::Patterns).is_ok());
    assert!(by_crate(Table::Events).is_err());
    Thing.method();
    Thing.skipped();
    assert!(by_macro(Table::Patterns).is_ok());
    assert!(by_macro_and_text("a").is_ok());
    drop((by_macro::later(), by_macro_and_text::later()));
    literal();
    given(Table::Events);
    method(" rows ");
    two("rows", 1);
}
