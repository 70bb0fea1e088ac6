//! The names of functions: annotated functions share a series only if the user gives them the same name.

#![expect(clippy::unused_self, reason = "methods of several types have the same name")]

use crate::{check_ok, record};
use measurand::{measured, timed_query};

struct A;
struct B;
struct Generic<T>(T);

impl A {
    #[measured]
    fn get(&self) {}

    #[measured]
    fn new() -> Self {
        Self
    }
}

impl B {
    #[measured]
    fn get(&self) {}
}

#[expect(clippy::needless_lifetimes, reason = "a lifetime does not distinguish functions")]
impl<'a, T: Clone> Generic<&'a T> {
    #[measured]
    fn get(&self) {}
}

impl Generic<u8> {
    #[measured]
    fn get(&self) {}
}

impl From<A> for B {
    #[measured]
    fn from(_: A) -> Self {
        Self
    }
}

impl From<u8> for B {
    #[measured]
    fn from(_: u8) -> Self {
        Self
    }
}

trait Load {
    #[measured]
    fn load(&self) {}
}

impl Load for A {}

impl Load for B {
    #[measured]
    fn load(&self) {}
}

#[test]
fn methods_have_the_name_of_their_type() {
    check_ok("A::get", || A.get());
    check_ok("A::new", || {
        let _a = A::new();
    });
    check_ok("B::get", || B.get());
    check_ok("Generic<&T>::get", || Generic(&1_u16).get());
    check_ok("Generic<u8>::get", || Generic(1_u8).get());
    check_ok("<B as From<A>>::from", || drop(B::from(A)));
    check_ok("<B as From<u8>>::from", || drop(B::from(1)));
    check_ok("Load::load", || A.load());
    check_ok("<B as Load>::load", || B.load());
}

#[measured]
impl Generic<char> {
    fn get(&self) {}
}

#[measured]
impl Load for Generic<char> {
    fn load(&self) {}
}

#[measured]
trait Store {
    fn store(&self) {}
}

impl Store for A {}

#[test]
fn an_attribute_on_a_block_gives_the_same_names() {
    check_ok("Generic<char>::get", || Generic('a').get());
    check_ok("<Generic<char> as Load>::load", || Generic('a').load());
    check_ok("Store::store", || A.store());
}

fn first() {
    #[measured]
    fn inner() {}
    inner();
}

fn second() {
    struct A;
    impl A {
        #[measured]
        fn get() {
            #[measured]
            fn innermost() {}
            innermost();
        }
    }
    #[measured]
    fn inner() {}
    inner();
    A::get();
}

#[test]
fn functions_in_functions_have_the_names_of_both() {
    check_ok("first::inner", first);
    let lines: Vec<String> = record(second).into_iter().filter(|it| it.starts_with("function_calls_total")).collect();
    let expected = ["second::A::get::innermost", "second::A::get", "second::inner"];
    assert_eq!(lines, expected.map(|it| format!("function_calls_total{{function={it}}} 1")));
}

macro_rules! getters {
    ($($name:ident)*) => {$(
        struct $name;

        impl $name {
            #[measured]
            fn peek(&self) {}
        }

        #[measured]
        impl Load for $name {
            fn load(&self) {}
        }
    )*};
}

getters! { First Second }
getters! { Third }

#[test]
fn functions_that_a_macro_writes_are_numbered() {
    check_ok("peek", || First.peek());
    check_ok("peek#2", || Second.peek());
    check_ok("peek#3", || Third.peek());
    check_ok("<Second as Load>::load", || Second.load());
}

mod one {
    #[measurand::measured("shared")]
    pub(super) fn first() {}

    #[measurand::measured("shared")]
    pub(super) fn second() {}
}

#[test]
fn functions_with_the_same_given_name_share_a_series() {
    let lines = record(|| {
        one::first();
        one::second();
    });
    assert_eq!(lines[0], "function_calls_total{function=shared} 2");
}

#[timed_query("select", table = "orders", slo(success = 99.9))]
fn find() -> Result<(), ()> {
    Err(())
}

#[timed_query("select", table = "orders")]
fn all() {}

#[timed_query("select", table = table, slo(latency = "10ms" @ 99))]
fn any(table: &str) {
    let _ = table;
}

#[test]
fn an_objective_covers_the_calls_of_its_function_alone() {
    let lines = record(|| {
        let _ = find();
        all();
        any("orders");
    });
    let lines: Vec<&str> = lines.iter().filter_map(|it| it.strip_prefix("db_query_")).collect();
    let expected = [
        "duration_seconds{query_type=select,table=orders,function=any} 1",
        "duration_seconds{query_type=select,table=orders,function=find} 1",
        "duration_seconds{query_type=select,table=orders} 1",
        "errors_total{query_type=select,table=orders,function=find,outcome=error} 1",
    ];
    assert_eq!(lines, expected);
}
