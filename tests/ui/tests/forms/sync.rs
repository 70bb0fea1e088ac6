//! Functions whose body runs during the call: receivers, generics, results.

use crate::{check_not_ok, check_ok, record, series};
use measurand::measured;
use std::fmt::Display;
use std::pin::Pin;
use std::rc::Rc;

#[measured]
fn free() {}

#[measured]
fn generic<T: Display>(value: T) -> String {
    value.to_string()
}

#[measured]
fn constant<const N: usize>(values: [u8; N]) -> usize {
    values.len() + N
}

#[measured]
fn lifetimes<'a, 'b: 'a>(left: &'a str, right: &'b str) -> &'a str {
    if left.is_empty() { right } else { left }
}

#[measured]
fn elided(text: &str) -> Option<&str> {
    let (first, _) = text.split_once(' ')?;
    Some(first)
}

#[measured]
fn bounded<T>(value: T) -> T::Owned
where
    T: ToOwned,
    T::Owned: Clone,
{
    value.to_owned()
}

#[measured]
fn argument(values: impl IntoIterator<Item = u32>) -> u32 {
    values.into_iter().sum()
}

#[measured]
fn iterator(values: &[u32]) -> impl Iterator<Item = u32> + '_ {
    values.iter().map(|it| it * 2)
}

#[measured]
fn nested(ok: bool) -> Result<impl Iterator<Item = u32>, String> {
    if ok { Ok([1, 2].into_iter()) } else { Err("no".to_owned()) }
}

#[measured]
fn function(factor: usize) -> Option<impl Fn(u32) -> usize> {
    Some(move |it: u32| it as usize * factor)
}

/// Only the signature determines the type of the closure's argument.
#[measured]
fn inferred() -> impl Fn(String) -> usize {
    |text| text.len()
}

/// The closure is higher-ranked because the signature says so.
#[measured]
fn ranked() -> impl Fn(&str) -> &str {
    |text| text.trim()
}

#[measured]
fn object() -> Box<dyn Fn(&str) -> usize> {
    Box::new(|text| text.trim().len())
}

#[measured]
fn reborrow<'a>(values: &'a mut [u32], what: &str) -> Result<&'a mut u32, String> {
    values.first_mut().ok_or_else(|| what.to_owned())
}

#[measured]
fn factorial(n: u64) -> u64 {
    if n < 2 { 1 } else { n * factorial(n - 1) }
}

#[derive(Clone)]
struct Thing {
    value: u32,
    rest: String,
}

trait Act {
    fn required(&self) -> u32;

    #[measured]
    fn provided(&self) -> u32 {
        self.required() + 1
    }

    #[measured]
    fn owned(self) -> u32
    where
        Self: Sized,
    {
        self.required()
    }
}

impl Act for Thing {
    #[measured]
    fn required(&self) -> u32 {
        self.value
    }
}

impl Thing {
    #[measured]
    fn new(value: u32) -> Self {
        Self { value, rest: String::new() }
    }

    #[measured]
    fn shared(&self) -> &u32 {
        &self.value
    }

    #[measured]
    fn unique(&mut self) -> Result<&mut u32, std::io::Error> {
        if self.value == 0 {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        Ok(&mut self.value)
    }

    #[measured]
    fn consumed(self) -> String {
        self.rest
    }

    #[measured]
    fn changed(mut self) -> Self {
        self.value += 1;
        self
    }

    #[measured]
    fn boxed(self: Box<Self>) -> u32 {
        self.value
    }

    #[measured]
    fn counted(self: Rc<Self>) -> usize {
        Rc::strong_count(&self)
    }

    #[measured]
    fn pinned(self: Pin<&mut Self>) -> Pin<&mut u32> {
        // `Thing` is `Unpin`, and so is its field.
        Pin::new(&mut self.get_mut().value)
    }
}

#[test]
fn free_functions() {
    check_ok("free", free);
    check_ok("generic", || assert_eq!(generic(1), "1"));
    check_ok("constant", || assert_eq!(constant([1, 2]), 4));
    check_ok("lifetimes", || assert_eq!(lifetimes("", "b"), "b"));
    check_ok("elided", || assert_eq!(elided("a b"), Some("a")));
    check_ok("bounded", || assert_eq!(bounded(1), 1));
}

#[test]
fn types_without_a_name() {
    check_ok("argument", || assert_eq!(argument([1, 2]), 3));
    check_ok("iterator", || assert!(iterator(&[1, 2]).eq([2, 4])));
    check_ok("nested", || assert!(nested(true).is_ok_and(|it| it.eq([1, 2]))));
    check_not_ok("nested", "error", || assert!(nested(false).is_err()));
    check_ok("function", || assert_eq!(function(2).map(|it| it(3)), Some(6)));
    check_ok("inferred", || assert_eq!(inferred()("ab".to_owned()), 2));
    check_ok("ranked", || assert_eq!(ranked()(" a "), "a"));
    check_ok("object", || assert_eq!(object()("ab"), 2));
}

#[test]
fn borrowed_results() {
    let mut values = vec![1];
    check_ok("reborrow", || *reborrow(&mut values, "nothing").expect("one value") += 1);
    assert_eq!(values, [2]);
    check_not_ok("reborrow", "error", || assert!(reborrow(&mut [], "nothing").is_err()));
}

#[test]
fn recursion() {
    assert_eq!(record(|| assert_eq!(factorial(5), 120)), series("factorial", 5, None));
}

#[test]
fn methods() {
    let mut thing = Thing { value: 1, rest: "rest".to_owned() };
    check_ok("Thing::new", || assert_eq!(Thing::new(3).value, 3));
    check_ok("Thing::shared", || assert_eq!(thing.shared(), &1));
    check_ok("Thing::unique", || *thing.unique().expect("not zero") += 1);
    assert_eq!(thing.value, 2);
    check_not_ok("Thing::unique", "error", || assert!(Thing { value: 0, ..thing.clone() }.unique().is_err()));
    check_ok("Thing::consumed", || assert_eq!(thing.clone().consumed(), "rest"));
    check_ok("Thing::changed", || assert_eq!(thing.clone().changed().value, 3));
    check_ok("Thing::boxed", || assert_eq!(Box::new(thing.clone()).boxed(), 2));
    check_ok("Thing::counted", || assert_eq!(Rc::new(thing.clone()).counted(), 1));
    check_ok("Thing::pinned", || *Pin::new(&mut thing).pinned() += 1);
    assert_eq!(thing.value, 3);
    check_ok("<Thing as Act>::required", || assert_eq!(thing.required(), 3));
}

#[test]
fn trait_methods() {
    let thing = Thing { value: 1, rest: String::new() };
    let both = |outer: &str| [series(outer, 1, None), series("<Thing as Act>::required", 1, None)].concat();
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(record(|| assert_eq!(thing.provided(), 2)), sorted(both("Act::provided")));
    assert_eq!(record(|| assert_eq!(thing.owned(), 1)), sorted(both("Act::owned")));
}
