//! Annotated functions, and the list of them. Only this file knows how they are collected.

use crate::label::LabelRef;
use crate::lookup::SeriesLookup;
use crate::names::SiteRecords;
use crate::record::{Record, expressions, is_from_result};
use crate::series::Series;
use measurand_catalog::Family;
#[cfg(feature = "exporter")]
use measurand_catalog::record;

/// One annotated function.
///
/// It is small on purpose and repeats nothing from the record, because each pointer in a static takes up its own bytes
/// and those of a relocation in the program file.
#[derive(Debug)]
pub struct Site {
    /// The series of calls whose labels are all literals; it contains the record.
    pub(crate) series: Series,
}

/// A site in the program's list.
#[derive(Debug)]
pub struct Registered(pub &'static Site);

inventory::collect!(Registered);

/// Every annotated function of this program, called or not, in no particular order.
pub(crate) fn sites() -> impl Iterator<Item = &'static Site> {
    inventory::iter::<Registered>.into_iter().map(|it| it.0)
}

inventory::submit! { SiteRecords(|| sites().map(Site::record).collect()) }

impl Site {
    /// Makes a site; generated code calls it.
    #[must_use]
    pub const fn new(record: &'static [u8], family: &'static Family, in_binary: bool) -> Self {
        Self { series: Series::of_record(record, family, in_binary) }
    }

    /// The site's record for the catalog. The link section contains the same bytes.
    pub(crate) fn record(&self) -> Record {
        self.series.record()
    }

    /// The value of this key in the record; empty if the key is missing.
    #[cfg(feature = "exporter")]
    pub(crate) fn field(&self, key: &str) -> &'static str {
        record::field(self.record(), key)
    }

    /// The series of its calls, if all labels are literals or come from the result.
    #[inline]
    #[must_use]
    pub fn series(&'static self) -> &'static Series {
        &self.series
    }

    /// The series of a call with these values, in the order of the expressions in the record.
    #[inline]
    #[must_use]
    pub fn series_of(&'static self, labels: &[LabelRef<'_>]) -> &'static Series {
        self.lookup().find(labels)
    }

    #[inline]
    fn lookup(&'static self) -> &'static SeriesLookup {
        self.series.lookup(|| SeriesLookup::of_site(&self.series))
    }

    /// Calls `each` with every series of the site that is known now.
    pub(crate) fn each_series(&'static self, each: &mut dyn FnMut(&'static Series)) {
        let expressions = || expressions(self.record());
        if expressions().any(|(_, it)| !is_from_result(it)) {
            self.lookup().fill(each);
        } else if !self.series.is_open_ended() || expressions().next().is_some() {
            // The site of `records!` has no values. A series without labels would appear beside those that have them.
            each(&self.series);
        }
    }
}

/// The value of a site's static, its record in the link section, and its entry in the list. It is a value, so the
/// static exists even if the path of this macro is wrong.
///
/// It is a macro by example, because `env!`, `module_path!`, `file!` and `line!` must expand in the user's crate, and
/// because the attributes for the linker must not count as the user's unsafe code.
#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    ($site:ident, $family:ident, $function:literal, [$($label:literal = $value:expr),*], $facts:literal) => {{
        const TEXT: &::core::primitive::str =
            ::core::concat!($crate::__site_text!($function, [$($label = $value),*], $facts), "\u{3}");
        $crate::__private::record! { RECORD, TEXT.len(), $crate::__private::format::bytes(TEXT) }
        $crate::__listed_site!($site, RECORD, &$crate::__private::families::$family)
    }};
    // Only the compiler knows the kinds of the function's errors.
    (
        $site:ident, $family:ident, $function:literal, [$($label:literal = $value:expr),*], $facts:literal, $kinds:expr
    ) => {{
        const TEXT: &::core::primitive::str = $crate::__site_text!($function, [$($label = $value),*], $facts);
        const KINDS: $crate::Kinds = $kinds;
        const LENGTH: ::core::primitive::usize = TEXT.len() + KINDS.length() + 1;
        $crate::__private::record! { RECORD, LENGTH, $crate::__private::format::site_record(&[TEXT], &KINDS) }
        $crate::__listed_site!($site, RECORD, &$crate::__private::families::$family)
    }};
}

/// Like `__site!`, for a declared family, whose name the macros do not know.
#[doc(hidden)]
#[macro_export]
macro_rules! __declared_site {
    (
        $site:ident, $family:expr, $function:expr, [$($label:literal = $value:expr),*], $facts:literal $(, $kinds:expr)?
    ) => {{
        const FAMILY: &$crate::tables::Family = &$family;
        const KINDS: $crate::Kinds = $crate::__first!($($kinds,)? $crate::Kinds::NONE,);
        const PARTS: &[&::core::primitive::str] = &[
            $crate::__site_text!("", [], ""),
            $function,
            $("\u{1f}label:", $label, "\u{1f}", $value,)*
            $facts, "\u{1f}family\u{1f}", FAMILY.name,
        ];
        const LENGTH: ::core::primitive::usize =
            $crate::__private::format::joined_length(PARTS) + KINDS.length() + 1;
        $crate::__private::record! { RECORD, LENGTH, $crate::__private::format::site_record(PARTS, &KINDS) }
        $crate::__listed_site!($site, RECORD, FAMILY)
    }};
}

/// The text of a record, up to the part that only the compiler knows.
#[doc(hidden)]
#[macro_export]
macro_rules! __site_text {
    ($function:literal, [$($label:literal = $value:expr),*], $facts:literal) => {
        ::core::concat!(
            "\u{2}measurand\u{1f}1\u{1f}site",
            "\u{1f}crate\u{1f}", ::core::env!("CARGO_PKG_NAME"),
            "\u{1f}version\u{1f}", ::core::env!("CARGO_PKG_VERSION"),
            "\u{1f}module\u{1f}", ::core::module_path!(),
            "\u{1f}file\u{1f}", ::core::file!(),
            "\u{1f}line\u{1f}", ::core::line!(),
            "\u{1f}function\u{1f}", $function,
            $("\u{1f}label:", $label, "\u{1f}", $value,)*
            $facts
        )
    };
}

/// Puts a site with this record into the program's list.
#[doc(hidden)]
#[macro_export]
macro_rules! __listed_site {
    ($site:ident, $record:ident, $family:expr) => {{
        $crate::__private::inventory::submit! { $crate::__private::Registered(&$site) }
        $crate::__private::Site::new(&$record, $family, ::core::option_env!("CARGO_BIN_NAME").is_some())
    }};
}

/// The first of its arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __first {
    ($first:expr, $($rest:tt)*) => {
        $first
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
