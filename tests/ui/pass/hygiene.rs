//! The expansion needs no name in scope, and no name in scope breaks it.

#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod std {}
mod core {}
mod alloc {}
mod measurand {}
mod metrics {}
mod inventory {}

struct Result;
struct Option;
struct Some;
struct Ok;
struct String;
struct Box;
struct str;
struct u8;
struct bool;
struct f64;
struct Site;
trait FnOnce {}
trait Future {}
trait Drop {}

macro_rules! concat { ($($tokens:tt)*) => { compile_error!("shadowed") } }
macro_rules! env { ($($tokens:tt)*) => { compile_error!("shadowed") } }
macro_rules! module_path { ($($tokens:tt)*) => { compile_error!("shadowed") } }
macro_rules! pin { ($($tokens:tt)*) => { compile_error!("shadowed") } }

type Outcome<T> = ::std::result::Result<T, ()>;

#[::measurand::measured]
fn sync(__result: u32) -> Outcome<u32> {
    Outcome::Ok(__result)
}

#[::measurand::measured(error_if = |it| *it == 0)]
fn predicate() -> u32 {
    1
}

#[::measurand::measured]
fn opaque() -> impl ::std::iter::Iterator<Item = u32> {
    ::std::iter::once(1)
}

#[::measurand::measured]
fn never() -> ! {
    ::std::process::exit(1)
}

#[::measurand::timed_query("select", table = "patterns")]
async fn later() -> Outcome<()> {
    Outcome::Ok(())
}

#[::measurand::neural_op("learning")]
fn returned() -> impl ::std::future::Future<Output = u32> {
    async { 1 }
}

#[::measurand::measured]
fn boxed() -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = u32>>> {
    ::std::boxed::Box::pin(async { 1 })
}

#[::measurand::verified("coder", rollback = undo())]
async fn verify() -> Outcome<::std::primitive::f64> {
    Outcome::Ok(1.0)
}

fn undo() {}

fn main() {
    ::std::assert!(sync(1).is_ok());
    ::std::assert_eq!(predicate(), 1);
    ::std::mem::drop((opaque(), later(), returned(), boxed(), verify()));
    if false {
        never();
    }
}
