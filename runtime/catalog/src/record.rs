//! The format of records: text between two marks, so a reader finds records in any section, in any order.
//!
//! ```text
//! STX measurand US 1 US family US <name> (US key US value)* ETX
//! STX measurand US 1 US site (US key US value)* ETX
//! ```
//!
//! STX, US and ETX are the control characters 0x02, 0x1F and 0x03. Names, paths and escaped text never contain them, so
//! nothing needs quoting: `concat!` joins a record at almost no compile time. Readers skip unknown keys, so records can
//! gain keys. The `1` changes if an old reader would misunderstand a record.
//!
//! Floating-point numbers are sixteen hexadecimal digits of their bits: exact, and simple enough for `const`.

use crate::family::{Alert, Family, Label, Metric};
use crate::kinds::Kinds;

/// The start of every record.
pub const BEGIN: &str = "\u{2}measurand\u{1f}1\u{1f}";
/// The end of every record.
pub const END: char = '\u{3}';
/// The separator between two fields.
pub const SEPARATOR: char = '\u{1f}';

/// The name of the link section in ELF and PE files. In PE files, section names have at most eight bytes.
pub const SECTION: &str = ".msrnd";
/// The name of the link section in Mach-O files, without the segment.
pub const SECTION_MACH_O: &str = "__measurand";

/// The total length of the records of these families.
#[must_use]
pub const fn families_length(families: &[&Family]) -> usize {
    Writer::measure().families(families).length
}

/// The concatenated records of these families; `N` is their [`families_length`].
///
/// # Panics
/// If `N` is another number.
#[must_use]
pub const fn families_record<const N: usize>(families: &[&Family]) -> [u8; N] {
    let mut out = [0; N];
    let writer = Writer { out: &mut out, length: 0 }.families(families);
    assert!(writer.length == N, "`N` must be the `families_length` of the families");
    out
}

/// The record of a family, for a length that is not a constant.
#[must_use]
pub fn family_to_vec(family: &Family) -> Vec<u8> {
    let mut out = vec![0; families_length(&[family])];
    Writer { out: &mut out, length: 0 }.family(family);
    out
}

/// The text as a byte array, for a static in a link section.
///
/// # Panics
/// If `N` is not the length of the text.
#[must_use]
pub const fn bytes<const N: usize>(text: &str) -> [u8; N] {
    match text.as_bytes().first_chunk::<N>() {
        Some(bytes) if N == text.len() => *bytes,
        _ => panic!("`N` is not the length of the text"),
    }
}

/// The total length of the texts.
#[must_use]
pub const fn joined_length(parts: &[&str]) -> usize {
    let (mut length, mut i) = (0, 0);
    while i < parts.len() {
        length += parts[i].len();
        i += 1;
    }
    length
}

/// The record of a site from its texts and the kinds of its errors. `N` is the [`joined_length`] of the texts plus the
/// [`Kinds::length`] plus one.
///
/// # Panics
/// If `N` is another number.
#[must_use]
pub const fn site_record<const N: usize>(parts: &[&str], kinds: &Kinds) -> [u8; N] {
    let mut out = [0; N];
    let mut writer = Writer { out: &mut out, length: 0 };
    let mut i = 0;
    while i < parts.len() {
        writer = writer.raw(parts[i]);
        i += 1;
    }
    writer = kinds.write(writer).byte(END as u8);
    assert!(writer.length == N, "`N` is not the length of the record");
    out
}

/// The first line of documentation that is not empty, without the space after `///`.
#[must_use]
pub const fn first_line(lines: &[&'static str]) -> &'static str {
    let mut i = 0;
    while i < lines.len() {
        let line = match lines[i].as_bytes() {
            [b' ', ..] => lines[i].split_at(1).1,
            _ => lines[i],
        };
        if !line.is_empty() {
            return line;
        }
        i += 1;
    }
    ""
}

/// The value of this key in the record of a site; empty if the key is missing.
#[must_use]
pub fn field<'a>(record: &'a [u8], key: &str) -> &'a str {
    find(record, "", key).unwrap_or_default()
}

/// The value of the key `<prefix><name>` in the record of a site, for example `label:table`.
#[must_use]
pub fn find<'a>(record: &'a [u8], prefix: &str, name: &str) -> Option<&'a str> {
    fields(record).find(|(key, _)| key.strip_prefix(prefix) == Some(name)).map(|(_, value)| value)
}

/// The keys and values in the record of a site.
pub fn fields(record: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let mut fields = std::str::from_utf8(record).unwrap_or_default().trim_end_matches(END).split(SEPARATOR).skip(3);
    std::iter::from_fn(move || Some((fields.next()?, fields.next()?)))
}

/// The text without the characters that [`is_text`] refuses, except line feeds: terminals, dashboards and YAML files
/// contain the text later.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars().filter(|it| is_text(*it) || *it == '\n').collect()
}

/// Whether a character is allowed in a name or on a line of text.
///
/// Control characters have a meaning in records and in terminals. Line and paragraph separators end a line of YAML.
/// Characters that override the writing direction make a person read another text than a machine. Noncharacters have no
/// meaning, and YAML refuses some of them.
#[must_use]
pub const fn is_text(character: char) -> bool {
    let is_refused =
        matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !is_refused && !is_noncharacter(character)
}

/// Whether the character is one of Unicode's noncharacters, which will never have a meaning.
pub(crate) const fn is_noncharacter(character: char) -> bool {
    matches!(character, '\u{fdd0}'..='\u{fdef}') || character as u32 & 0xfffe == 0xfffe
}

/// Writes bytes while there is room and always counts them, so one function both measures and writes.
pub(crate) struct Writer<'a> {
    out: &'a mut [u8],
    pub(crate) length: usize,
}

impl Writer<'_> {
    /// A writer that only counts.
    pub(crate) const fn measure() -> Self {
        Self { out: &mut [], length: 0 }
    }

    const fn families(mut self, families: &[&Family]) -> Self {
        let mut i = 0;
        while i < families.len() {
            self = self.family(families[i]);
            i += 1;
        }
        self
    }

    const fn family(self, family: &Family) -> Self {
        let mut writer = self.raw(BEGIN).raw("family").field(family.name);
        writer = writer.pair("title", family.title).pair("help", family.help);
        let mut i = 0;
        while i < family.labels.len() {
            writer = writer.label(&family.labels[i]);
            i += 1;
        }
        let mut i = 0;
        while i < family.metrics.len() {
            writer = writer.metric(&family.metrics[i]);
            i += 1;
        }
        let mut i = 0;
        while i < family.alerts.len() {
            writer = writer.alert(&family.alerts[i]);
            i += 1;
        }
        writer.byte(END as u8)
    }

    const fn label(mut self, label: &Label) -> Self {
        self = self.pair("label", label.name);
        let mut i = 0;
        while i < label.values.len() {
            self = self.pair("value", label.values[i]);
            i += 1;
        }
        if label.from_result { self.pair("from_result", "") } else { self }
    }

    const fn metric(mut self, metric: &Metric) -> Self {
        self = self.pair("metric", metric.name).pair("role", metric.role.as_str()).pair("help", metric.help);
        let mut i = 0;
        while i < metric.buckets.len() {
            self = self.number("bucket", metric.buckets[i]);
            i += 1;
        }
        self
    }

    const fn alert(self, alert: &Alert) -> Self {
        let writer = self.pair("alert", alert.name).pair("severity", alert.severity.as_str());
        let writer = writer.pair("condition", alert.condition.signal.spec().key);
        let writer = match alert.condition.quantile {
            Some(quantile) => writer.number("number", quantile),
            None => writer,
        };
        let writer = writer.number("number", alert.condition.threshold);
        writer.number("for", alert.for_seconds as f64).pair("summary", alert.summary).pair("impact", alert.impact)
    }

    pub(crate) const fn pair(self, key: &str, value: &str) -> Self {
        self.field(key).field(value)
    }

    const fn number(self, key: &str, value: f64) -> Self {
        let mut writer = self.field(key).byte(SEPARATOR as u8);
        let bits = value.to_bits();
        let mut shift = 64;
        while shift > 0 {
            shift -= 4;
            writer = writer.byte(b"0123456789abcdef"[(bits >> shift & 0xf) as usize]);
        }
        writer
    }

    const fn field(self, text: &str) -> Self {
        self.byte(SEPARATOR as u8).raw(text)
    }

    pub(crate) const fn raw(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            self = self.byte(bytes[i]);
            i += 1;
        }
        self
    }

    const fn byte(mut self, byte: u8) -> Self {
        if self.length < self.out.len() {
            self.out[self.length] = byte;
        }
        self.length += 1;
        self
    }
}
