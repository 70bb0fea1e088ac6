//! A program with a thousand annotated functions, which it calls repeatedly until its standard input ends. With the
//! argument `without-live` it keeps no history and serves no page.

#![expect(clippy::print_stdout, reason = "the test reads the address")]

use std::thread::{sleep, spawn};
use std::time::Duration;

fn main() {
    let is_live = std::env::args().nth(1).as_deref() != Some("without-live");
    let exporter = measurand::exporter::builder().live(is_live).install().expect("an endpoint");
    println!("{}", exporter.url());
    spawn(|| {
        loop {
            all();
            sleep(Duration::from_millis(200));
        }
    });
    let _end = std::io::stdin().read_line(&mut String::new());
}

// Ten functions in each of 100 modules.
macro_rules! times_ten {
    ($inner:ident) => {
        times_ten!($inner m0 m1 m2 m3 m4 m5 m6 m7 m8 m9);
    };
    ($inner:ident $($module:ident)*) => {
        $(mod $module { crate::$inner!(); })*
        pub(crate) fn all() {
            $($module::all();)*
        }
    };
}
macro_rules! functions {
    ($($function:ident)*) => {
        $(#[measurand::measured] fn $function() {})*
        pub(crate) fn all() {
            $($function();)*
        }
    };
}
macro_rules! ten {
    () => { crate::functions!(f0 f1 f2 f3 f4 f5 f6 f7 f8 f9); };
}
macro_rules! hundred {
    () => {
        crate::times_ten!(ten);
    };
}
use {functions, hundred, ten, times_ten};
times_ten!(hundred);
