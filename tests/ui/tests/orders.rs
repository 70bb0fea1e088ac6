//! Our attributes beside third-party ones, in every sensible order: each combination compiles and counts one call.
//!
//! A row of the table is one function with its attributes in one order, and a call of it.

#![allow(clippy::unused_async, reason = "the attributes are under test")]

use axum::debug_handler;
use measurand::measured;
use measurand::testing::capture;
use std::pin::Pin;
use tracing::instrument;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// An argument that is passed by value and is not `Copy`.
struct Order(String);

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One `#[async_trait]` method with these attributes.
macro_rules! async_trait_method {
    ($row:ident: $(#[$attribute:meta])+ ($($receiver:tt)+) $this:ident) => {
        mod $row {
            use super::*;

            #[async_trait::async_trait]
            pub(super) trait Shop {
                async fn buy($($receiver)+, order: Order) -> Result<usize, String>;
            }

            #[derive(Debug)]
            pub(super) struct Market(usize);

            #[async_trait::async_trait]
            impl Shop for Market {
                $(#[$attribute])+
                async fn buy($($receiver)+, order: Order) -> Result<usize, String> {
                    tokio::task::yield_now().await;
                    let price: usize = order.0.parse::<usize>().map_err(|error| error.to_string())?;
                    Ok($this.0 + price)
                }
            }

            pub(super) fn run() {
                #[allow(unused_mut)]
                let mut market = Market(1);
                assert_eq!(block_on(async_trait_method!(@call market ($($receiver)+))), Ok(3));
            }
        }
    };
    (@call $market:ident (self)) => { $market.buy(Order("2".to_owned())) };
    (@call $market:ident (&self)) => { Shop::buy(&$market, Order("2".to_owned())) };
    (@call $market:ident (&mut self)) => { Shop::buy(&mut $market, Order("2".to_owned())) };
}

async_trait_method! { by_reference_above: #[measured] #[instrument] (&self) self }
async_trait_method! { by_reference_below: #[instrument] #[measured] (&self) self }
async_trait_method! { exclusively_above: #[measured] #[instrument] (&mut self) self }
async_trait_method! { exclusively_below: #[instrument] #[measured] (&mut self) self }
async_trait_method! { by_value_above: #[measured] #[instrument] (self) self }
async_trait_method! { by_value_below: #[instrument] #[measured] (self) self }
async_trait_method! { err_above: #[measured] #[instrument(err, ret, skip(self))] (&mut self) self }
async_trait_method! { err_below: #[instrument(err, ret, skip(self))] #[measured] (&mut self) self }

/// One function with these attributes; a call follows it.
macro_rules! function {
    ($row:ident: $item:item => $call:expr) => {
        mod $row {
            use super::*;
            $item
            pub(super) fn run() {
                $call
            }
        }
    };
}

function! { sync_above: #[measured] #[instrument] fn buy(order: Order) -> String { order.0 }
=> assert_eq!(buy(Order("2".to_owned())), "2") }
function! { sync_below: #[instrument] #[measured] fn buy(order: Order) -> String { order.0 }
=> assert_eq!(buy(Order("2".to_owned())), "2") }
function! { sync_err_above: #[measured] #[instrument(err, ret)] fn buy(order: Order) -> Result<String, String> { Ok(order.0) }
=> assert_eq!(buy(Order("2".to_owned())).as_deref(), Ok("2")) }
function! { sync_err_below: #[instrument(err, ret)] #[measured] fn buy(order: Order) -> Result<String, String> { Ok(order.0) }
=> assert_eq!(buy(Order("2".to_owned())).as_deref(), Ok("2")) }
function! { async_above: #[measured] #[instrument] async fn buy(order: Order) -> String { order.0 }
=> assert_eq!(block_on(buy(Order("2".to_owned()))), "2") }
function! { async_below: #[instrument] #[measured] async fn buy(order: Order) -> String { order.0 }
=> assert_eq!(block_on(buy(Order("2".to_owned()))), "2") }
function! { async_err_above: #[measured] #[instrument(err)] async fn buy(order: Order) -> Result<String, String> { Ok(order.0) }
=> assert!(block_on(buy(Order("2".to_owned()))).is_ok()) }
function! { async_err_below: #[instrument(err)] #[measured] async fn buy(order: Order) -> Result<String, String> { Ok(order.0) }
=> assert!(block_on(buy(Order("2".to_owned()))).is_ok()) }

function! { future_above: #[measured] #[instrument] fn buy(order: Order) -> impl Future<Output = usize> + Send {
    async move { order.0.len() }
} => assert_eq!(block_on(buy(Order("2".to_owned()))), 1) }
function! { future_below: #[instrument] #[measured] fn buy(order: Order) -> impl Future<Output = usize> + Send {
    async move { order.0.len() }
} => assert_eq!(block_on(buy(Order("2".to_owned()))), 1) }
function! { prepared_future_above: #[measured] #[instrument] fn buy(order: Order) -> impl Future<Output = usize> + Send {
    let length = order.0.len();
    async move { order.0.len() + length }
} => assert_eq!(block_on(buy(Order("2".to_owned()))), 2) }
function! { prepared_future_below: #[instrument] #[measured] fn buy(order: Order) -> impl Future<Output = usize> + Send {
    let length = order.0.len();
    async move { order.0.len() + length }
} => assert_eq!(block_on(buy(Order("2".to_owned()))), 2) }
function! { boxed_above: #[measured] #[instrument]
fn buy(order: Order) -> Pin<Box<dyn Future<Output = Result<usize, std::num::ParseIntError>> + Send>> {
    Box::pin(async move { Ok(order.0.parse::<usize>()? + 1) })
} => assert_eq!(block_on(buy(Order("2".to_owned()))), Ok(3)) }
function! { boxed_below: #[instrument] #[measured]
fn buy(order: Order) -> Pin<Box<dyn Future<Output = Result<usize, std::num::ParseIntError>> + Send>> {
    Box::pin(async move { Ok(order.0.parse::<usize>()? + 1) })
} => assert_eq!(block_on(buy(Order("2".to_owned()))), Ok(3)) }
function! { prepared_box_above: #[measured] #[instrument]
fn buy(order: Order) -> futures_util::future::BoxFuture<'static, usize> {
    let length = order.0.len();
    std::boxed::Box::pin(async move { order.0.len() + length })
} => assert_eq!(block_on(buy(Order("2".to_owned()))), 2) }
function! { prepared_box_below: #[instrument] #[measured]
fn buy(order: Order) -> futures_util::future::BoxFuture<'static, usize> {
    let length = order.0.len();
    std::boxed::Box::pin(async move { order.0.len() + length })
} => assert_eq!(block_on(buy(Order("2".to_owned()))), 2) }

function! { handler_above: #[measured] #[debug_handler] async fn buy(order: String) -> String { order }
=> assert_eq!(block_on(buy("2".to_owned())), "2") }
function! { handler_below: #[debug_handler] #[measured] async fn buy(order: String) -> String { order }
=> assert_eq!(block_on(buy("2".to_owned())), "2") }
function! { handler_between: #[debug_handler] #[instrument] #[measured] async fn buy(order: String) -> String { order }
=> assert_eq!(block_on(buy("2".to_owned())), "2") }
function! { handler_first: #[measured] #[instrument] #[debug_handler] async fn buy(order: String) -> String { order }
=> assert_eq!(block_on(buy("2".to_owned())), "2") }

function! { main_above: #[measured] #[tokio::main(flavor = "current_thread")] async fn buy() -> Result<(), String> {
    tokio::task::yield_now().await;
    Ok(())
} => assert_eq!(buy(), Ok(())) }
function! { main_below: #[tokio::main(flavor = "current_thread")] #[measured] async fn buy() -> Result<(), String> {
    tokio::task::yield_now().await;
    Ok(())
} => assert_eq!(buy(), Ok(())) }
function! { main_between: #[measured] #[tokio::main] #[instrument] async fn buy() {
    tokio::task::yield_now().await;
} => buy() }
function! { main_last: #[tokio::main] #[instrument] #[measured] async fn buy() {
    tokio::task::yield_now().await;
} => buy() }

function! { test_case_above: #[measured] #[test_case::test_case(2; "two")] #[ignore = "the table runs it"]
fn buy(order: usize) { assert_eq!(order, 2); } => buy(2) }

/// The other order compiles, too. `test_case` puts the attributes below it on the functions that it writes for the
/// cases. So each case counts under its own name, and the function has no row.
mod test_case_below {
    use super::measured;

    #[test_case::test_case(2; "two")]
    #[measured]
    fn buy(order: usize) {
        assert_eq!(order, 2);
    }
}

/// Tests are functions, too. They are ignored, so only the table runs them.
macro_rules! tests {
    ($($row:ident: $(#[$attribute:meta])+)+) => {$(
        mod $row {
            use super::*;
            $(#[$attribute])+
            #[ignore = "the table runs it"]
            async fn buy() {
                tokio::task::yield_now().await;
            }
            pub(super) fn run() {
                buy();
            }
        }
    )+};
}

tests! {
    test_above: #[measured] #[tokio::test]
    test_below: #[tokio::test] #[measured]
    test_between: #[measured] #[tokio::test] #[instrument]
    test_last: #[tokio::test] #[instrument] #[measured]
}

macro_rules! table {
    ($($row:ident)+) => { &[$((stringify!($row), $row::run)),+] };
}

const TABLE: &[(&str, fn())] = table! {
    by_reference_above by_reference_below
    exclusively_above exclusively_below
    by_value_above by_value_below
    err_above err_below
    sync_above sync_below sync_err_above sync_err_below
    async_above async_below async_err_above async_err_below
    future_above future_below prepared_future_above prepared_future_below
    boxed_above boxed_below prepared_box_above prepared_box_below
    handler_above handler_below handler_between handler_first
    main_above main_below main_between main_last
    test_case_above
    test_above test_below test_between test_last
};

#[test]
fn every_order_counts_one_call() {
    let captured = capture();
    for (row, run) in TABLE {
        run();
        captured.family("function", &[("module", &format!("orders::{row}"))]).ok(1).total(1).in_flight(0);
    }
}
