//! An attribute on a whole `impl` block, trait or module.

#![expect(clippy::unused_self, reason = "methods are the forms under test")]

use crate::{block_on, check_not_ok, check_ok, record, series, suspend};
use measurand::{measured, timed_query};
use std::fmt::Display;

struct Shop {
    stock: u32,
}

#[measured]
impl Shop {
    const STOCK: u32 = { 2 };

    const fn new() -> Self {
        Self { stock: Self::STOCK }
    }

    fn sell(&mut self) -> Result<&mut u32, String> {
        self.stock = self.stock.checked_sub(1).ok_or("sold out")?;
        Ok(&mut self.stock)
    }

    /// With documentation.
    #[must_use]
    #[inline]
    fn stock(&self) -> u32 {
        self.stock
    }

    async fn restock(&mut self, by: u32) -> u32 {
        suspend().await;
        self.stock += by;
        self.stock
    }

    fn names<'a>(&self, all: &'a [&'a str]) -> impl Iterator<Item = &'a str> + use<'a> {
        all.iter().copied()
    }

    #[measured("by_another_name")]
    fn named(&self) {}

    #[timed_query("select", table = "stock")]
    fn query(&self) -> Result<u32, ()> {
        Ok(self.stock)
    }

    #[measured(skip)]
    #[must_use]
    fn quiet(&self) -> u32 {
        self.stock
    }

    #[measurand::measured(skip)]
    async fn quiet_later(&self) -> u32 {
        suspend().await;
        self.stock
    }
}

#[test]
fn methods_are_named_after_their_type() {
    let mut shop = Shop::new();
    check_ok("Shop::sell", || assert_eq!(shop.sell(), Ok(&mut 1)));
    check_ok("Shop::stock", || assert_eq!(shop.stock(), 1));
    check_ok("Shop::names", || assert_eq!(shop.names(&["a", "b"]).count(), 2));
    shop.stock = 0;
    check_not_ok("Shop::sell", "error", || assert!(shop.sell().is_err()));
}

#[test]
fn asynchronous_methods_of_a_block() {
    let mut shop = Shop::new();
    check_ok("Shop::restock", || assert_eq!(block_on(shop.restock(2)), 4));
    assert_eq!(record(|| drop(shop.restock(2))), [""; 0]);
}

#[test]
fn a_const_fn_in_a_block_stays_const() {
    const SHOP: Shop = Shop::new();
    assert_eq!(record(|| assert_eq!(Shop::new().stock, SHOP.stock)), [""; 0]);
}

#[test]
fn an_own_attribute_wins_over_the_blocks() {
    let shop = Shop::new();
    check_ok("by_another_name", || shop.named());
    let lines = record(|| assert_eq!(shop.query(), Ok(2)));
    assert_eq!(lines, ["db_query_duration_seconds{query_type=select,table=stock} 1"]);
}

#[test]
fn skipped_methods_record_nothing() {
    let shop = Shop::new();
    assert_eq!(record(|| assert_eq!(shop.quiet() + block_on(shop.quiet_later()), 4)), [""; 0]);
}

struct Wrapper<T, const N: usize>([T; N]);

#[measured]
impl<T: Display, const N: usize> Wrapper<T, N>
where
    T: Clone,
{
    fn join(&self) -> String {
        self.0.iter().map(ToString::to_string).collect()
    }

    fn map<U: Display + Clone>(&self, change: impl Fn(&T) -> U) -> Option<U> {
        self.0.first().map(change)
    }

    fn first(&self) -> Result<&T, impl Display + use<T, N>> {
        self.0.first().ok_or("empty")
    }
}

#[measured]
impl Display for Wrapper<u32, { 1 + 1 }> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.len())
    }
}

#[test]
fn generic_blocks() {
    check_ok("Wrapper::join", || assert_eq!(Wrapper([1, 2]).join(), "12"));
    check_ok("Wrapper::map", || assert_eq!(Wrapper(["a"]).map(|it| it.len()), Some(1)));
    check_ok("Wrapper::first", || assert!(Wrapper([1]).first().is_ok()));
    check_not_ok("Wrapper::first", "error", || assert!(Wrapper::<u32, 0>([]).first().is_err()));
    check_ok("<Wrapper<u32, { 1 + 1 }> as Display>::fmt", || assert_eq!(Wrapper([1_u32, 2]).to_string(), "2"));
}

#[measured]
trait Greet {
    type Name: Display;
    const POLITE: bool = { true };

    fn name(&self) -> Self::Name;

    fn greet(&self) -> String {
        format!("{}{}", if Self::POLITE { "dear " } else { "" }, self.name())
    }

    async fn later(&self) -> String {
        suspend().await;
        self.greet()
    }

    #[measured(skip)]
    fn whisper(&self) -> String {
        self.greet().to_lowercase()
    }
}

impl Greet for Shop {
    type Name = u32;

    fn name(&self) -> u32 {
        self.stock
    }
}

#[test]
fn provided_methods_of_a_trait() {
    let shop = Shop::new();
    check_ok("Greet::greet", || assert_eq!(shop.greet(), "dear 2"));
    check_ok("Greet::greet", || assert_eq!(shop.whisper(), "dear 2"));
    let both = [
        "function_calls_total{function=Greet::greet} 1",
        "function_calls_total{function=Greet::later} 1",
        "function_duration_seconds{function=Greet::greet} 1",
        "function_duration_seconds{function=Greet::later} 1",
    ];
    assert_eq!(record(|| assert_eq!(block_on(shop.later()), "dear 2")), both);
}

macro_rules! methods {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        #[measured]
        impl Made {
            $(fn $name(&self) -> $type { $value })*
        }
    };
}

struct Made;
methods! { one: u32 = 1; failed: Result<(), u32> = Err(2); }

#[test]
fn a_macro_that_makes_a_block() {
    check_ok("Made::one", || assert_eq!(Made.one(), 1));
    check_not_ok("Made::failed", "error", || assert_eq!(Made.failed(), Err(2)));
}

#[measured(error_if = |it| it == &0, owner = "sales")]
impl Made {
    fn zero(&self) -> u32 {
        0
    }

    fn three(&self) -> u32 {
        3
    }
}

#[test]
fn a_predicate_for_all_of_a_block() {
    check_not_ok("Made::zero", "error", || assert_eq!(Made.zero(), 0));
    check_ok("Made::three", || assert_eq!(Made.three(), 3));
}

#[timed_query("select", table = self.table(kind))]
impl Made {
    fn load(&self, kind: u32) -> Result<u32, u32> {
        if kind > 1 { Err(kind) } else { Ok(kind) }
    }

    #[timed_query(skip)]
    fn table(&self, kind: u32) -> String {
        format!("kind_{kind}")
    }
}

#[test]
fn labels_from_the_arguments_of_every_method() {
    let lines = record(|| assert!(Made.load(1).is_ok() && Made.load(2).is_err()));
    let expected = [
        "db_query_duration_seconds{query_type=select,table=kind_1} 1",
        "db_query_duration_seconds{query_type=select,table=kind_2} 1",
        "db_query_errors_total{query_type=select,table=kind_2,outcome=error} 1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_series_of_two_calls_are_one() {
    assert_eq!(record(|| assert_eq!(Made.one() + Made.one(), 2)), series("Made::one", 2, None));
}
