//! Values of labels that are known when a call is made.

use crate::catch_panic::catch_panic;
use crate::failure::Failure;
use crate::lock_free_map::LockFreeMap;
use measurand_catalog::Family;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// A value of a label, for `#[timed_query("select", table = expression)]`.
///
/// Derive it for an enum without fields. Then the set of values is known, each value has its own slot, and the look-up
/// costs almost nothing.
///
/// ```
/// #[derive(Clone, Copy, measurand::Label)]
/// enum Table {
///     Patterns,
///     /// `user_events`
///     UserEvents,
///     #[label("trajectories_v2")]
///     Trajectories,
/// }
///
/// #[measurand::timed_query("select", table = table)]
/// fn load(table: Table, id: u64) -> Result<String, String> {
///     Ok(format!("{id}"))
/// }
/// ```
///
/// Text is also a label, but limited: values beyond [`crate::set_series_limit`] are recorded under `_other`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a label value",
    label = "expected text, or an enum with `#[derive(measurand::Label)]`",
    note = "an unlimited number of values makes an unlimited number of series; map the value to an enum, or to text if \
            there are few values",
    note = "example: #[derive(measurand::Label)] enum Table {{ Patterns, Events }}"
)]
pub trait Label {
    /// All values of the type; empty for text.
    const VALUES: &'static [&'static str];

    /// The index of the value in [`Label::VALUES`]; 0 for text.
    fn index(&self) -> usize;

    /// The value as text.
    fn value(&self) -> &str;
}

impl Label for str {
    const VALUES: &'static [&'static str] = &[];

    #[inline]
    fn index(&self) -> usize {
        0
    }

    #[inline]
    fn value(&self) -> &str {
        self
    }
}

impl Label for bool {
    const VALUES: &'static [&'static str] = &["false", "true"];

    #[inline]
    fn index(&self) -> usize {
        usize::from(*self)
    }

    #[inline]
    fn value(&self) -> &str {
        if *self { "true" } else { "false" }
    }
}

macro_rules! text {
    ($($text:ty)*) => {$(
        impl Label for $text {
            const VALUES: &'static [&'static str] = &[];

            #[inline]
            fn index(&self) -> usize {
                0
            }

            #[inline]
            fn value(&self) -> &str {
                self
            }
        }
    )*};
}

text! { String Cow<'_, str> }

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: Label + ?Sized> Label for $pointer {
            const VALUES: &'static [&'static str] = T::VALUES;

            #[inline]
            fn index(&self) -> usize {
                T::index(self)
            }

            #[inline]
            fn value(&self) -> &str {
                T::value(self)
            }
        }
    )*};
}

pointers! { &T &mut T Box<T> Rc<T> Arc<T> }

/// One value of a label, on its way to the series.
#[derive(Debug, Clone, Copy)]
pub struct LabelRef<'a> {
    pub(crate) values: &'static [&'static str],
    pub(crate) index: usize,
    pub(crate) text: &'a str,
    /// Whether the value may be any text, so only the series limit bounds the number of values.
    pub(crate) free: bool,
}

impl<'a> LabelRef<'a> {
    /// Makes a reference to a text of which the code has only a few.
    pub(crate) fn of_few(text: &'a str) -> Self {
        Self { values: &[], index: 0, text, free: false }
    }
}

/// Makes a reference to a value of a label; generated code calls it with the user's expression.
#[inline]
pub fn label_ref<T: Label + ?Sized>(value: &T) -> LabelRef<'_> {
    LabelRef { values: T::VALUES, index: value.index(), text: value.value(), free: T::VALUES.is_empty() }
}

/// A label whose values the compiler knows; generated code has a type for each such label.
pub trait KnownLabel {
    /// The family.
    const FAMILY: &'static Family;
    /// The name of the label.
    const NAME: &'static str;
}

#[doc(hidden)]
#[macro_export]
macro_rules! __known_label {
    ($type:ident, $family:expr, $label:literal) => {
        struct $type;
        impl $crate::__private::KnownLabel for $type {
            const FAMILY: &'static $crate::tables::Family = &$family;
            const NAME: &'static ::core::primitive::str = $label;
        }
    };
}

/// Makes a reference to a value of a label with known values. If the type has a value that the label does not allow,
/// this does not compile.
#[inline]
pub fn known_label_ref<L: KnownLabel, T: Label + ?Sized>(value: &T) -> LabelRef<'_> {
    const { L::FAMILY.check_values(L::NAME, T::VALUES) }
    label_ref(value)
}

/// Like [`known_label_ref`], for a value from the result.
#[inline]
pub fn known_result_label_ref<L: KnownLabel, T: Label>(value: &Option<T>) -> LabelRef<'_> {
    const { L::FAMILY.check_values(L::NAME, T::VALUES) }
    result_label_ref(value)
}

/// Gets the value of a label from the result of a call, from which it may borrow; `None` if the closure panicked.
#[inline]
pub fn ask<'a, T: ?Sized, R: 'a>(result: &'a T, value: impl FnOnce(&'a T) -> R) -> Option<R> {
    catch_panic(|| value(result))
}

/// Makes a reference to a value of a label from the result; the value is `panic` if its closure panicked.
#[inline]
pub fn result_label_ref<T: Label>(value: &Option<T>) -> LabelRef<'_> {
    // Any crate may implement the trait, and its code may panic.
    let label = value.as_ref().and_then(|it| catch_panic(|| label_ref(it)));
    label.unwrap_or_else(|| LabelRef::of_few(Failure::Panic.name()))
}

/// The file and line where the annotated function was called, such as `src/main.rs:42`.
#[inline]
#[must_use]
#[track_caller]
pub fn caller() -> Caller {
    Caller(place(Location::caller()))
}

/// See [`caller`].
#[derive(Debug)]
pub struct Caller(&'static str);

impl Label for Caller {
    const VALUES: &'static [&'static str] = &[];

    fn index(&self) -> usize {
        0
    }

    fn value(&self) -> &str {
        self.0
    }
}

/// The text of a position in the code. There are as many as the program has calls.
fn place(location: &'static Location<'static>) -> &'static str {
    static FAST: LazyLock<LockFreeMap<(usize, &'static str)>> = LazyLock::new(LockFreeMap::default);
    static ALL: Mutex<BTreeMap<usize, &'static str>> = Mutex::new(BTreeMap::new());
    let address = std::ptr::from_ref(location).addr();
    // Spreads the address over all bits, because its low bits are always the same.
    let hash = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    if let Some((_, text)) = FAST.get(hash, |it| it.0 == address) {
        return text;
    }
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let text = *all.entry(address).or_insert_with(|| format!("{}:{}", location.file(), location.line()).leak());
    FAST.insert(hash, (address, text), |it| it.0 == address);
    text
}
