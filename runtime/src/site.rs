//! Annotated functions and their list. The only file that knows how they are collected.

use crate::binding::Binding;
use crate::handles::{Handles, Keys, Lookup};
use measurand_catalog::{Family, record};
use std::sync::OnceLock;

/// One annotated function.
///
/// Small on purpose: whatever the record says is not said again here, since each pointer in a static costs the program
/// file its own bytes and those of a relocation.
#[derive(Debug)]
pub struct Site {
    /// The record of the catalog; the same bytes lie in the link section.
    pub(crate) record: &'static [u8],
    pub(crate) family: &'static Family,
    /// Whether it lies in the program's own crate.
    #[cfg_attr(not(feature = "exporter"), expect(dead_code, reason = "only the endpoint tells the program's name"))]
    pub(crate) in_binary: bool,
    pub(crate) binding: OnceLock<Box<Binding>>,
    keys: OnceLock<Box<Keys>>,
}

/// A site in the list of this program.
#[derive(Debug)]
pub struct Registered(pub &'static Site);

inventory::collect!(Registered);

/// Every annotated function of this program, in no particular order, called or not.
pub(crate) fn sites() -> impl Iterator<Item = &'static Site> {
    inventory::iter::<Registered>.into_iter().map(|it| it.0)
}

impl Site {
    /// What the macros fill in.
    #[must_use]
    pub const fn new(record: &'static [u8], family: &'static Family, in_binary: bool) -> Self {
        Self { record, family, in_binary, binding: OnceLock::new(), keys: OnceLock::new() }
    }

    /// What the record says under this key; empty if it says nothing.
    pub(crate) fn field(&self, key: &str) -> &'static str {
        record::field(self.record, key)
    }

    pub(crate) fn keys(&'static self) -> &'static Keys {
        self.keys.get_or_init(|| Box::new(Keys::new(self)))
    }

    /// Lends a look-up on the recorder that calls of this thread reach now.
    pub(crate) fn with_lookup<T>(&'static self, ask: impl FnOnce(&Lookup<'_>) -> T) -> T {
        metrics::with_recorder(|recorder| ask(&Lookup { keys: self.keys(), recorder }))
    }

    /// Its handles on the recorder that calls of this thread reach now, if that recorder stays for ever.
    #[inline]
    pub(crate) fn handles(&'static self) -> Option<&'static Handles> {
        metrics::with_recorder(|recorder| Binding::find(&self.binding, self, recorder))
    }
}

/// Defines the static of a site, its record in the link section, and its place in the list.
///
/// A macro by example, since `env!`, `module_path!`, `file!` and `line!` have to expand in the user's crate, and since
/// the attributes that touch the linker must not count as the user's own unsafe code.
#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    ($site:ident, $family:ident, $function:literal, [$($label:literal = $value:expr),*], $facts:literal) => {
        static $site: $crate::__private::Site = {
            const TEXT: &::core::primitive::str = ::core::concat!(
                "\u{2}measurand\u{1f}1\u{1f}site",
                "\u{1f}crate\u{1f}", ::core::env!("CARGO_PKG_NAME"),
                "\u{1f}version\u{1f}", ::core::env!("CARGO_PKG_VERSION"),
                "\u{1f}module\u{1f}", ::core::module_path!(),
                "\u{1f}file\u{1f}", ::core::file!(),
                "\u{1f}line\u{1f}", ::core::line!(),
                "\u{1f}function\u{1f}", $function,
                $("\u{1f}label:", $label, "\u{1f}", $value,)*
                $facts, "\u{3}"
            );
            $crate::__private::record! { RECORD, TEXT.len(), $crate::__private::format::bytes(TEXT) }
            $crate::__private::Site::new(
                &RECORD,
                &$crate::__private::families::$family,
                ::core::option_env!("CARGO_BIN_NAME").is_some(),
            )
        };
        $crate::__private::inventory::submit! { $crate::__private::Registered(&$site) }
    };
}

/// Places constant bytes in the link section of records. `used` keeps them in a program that never reads them.
#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    ($name:ident, $length:expr, $bytes:expr) => {
        #[used]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__measurand"))]
        #[cfg_attr(not(any(target_vendor = "apple", target_family = "wasm")), unsafe(link_section = ".msrnd"))]
        static $name: [::core::primitive::u8; $length] = $bytes;
    };
}
