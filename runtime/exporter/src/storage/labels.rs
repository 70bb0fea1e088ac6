//! Labels in canonical form: equal labels are one series, even if their order differs or their names become equal after
//! sanitizing. Otherwise a scrape would have two contradicting lines.

use crate::render::syntax;
use measurand_catalog::Kind;
use metrics::Key;
use std::borrow::Cow;
use std::cell::Cell;

/// Returns a key's labels with valid and unique names, sorted by name. Of two labels with one name the last applies.
/// Labels without a value are left out, since Prometheus treats them as missing.
pub(crate) fn canonical(key: &Key, kind: Kind) -> Vec<(Cow<'_, str>, &str)> {
    let mut labels: Vec<_> = key.labels().map(|it| (name(it.key(), kind), it.value())).collect();
    // The sort is stable, so the last of equal names stays the last.
    labels.sort_by(|a, b| a.0.cmp(&b.0));
    labels.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = next.1;
        }
        same
    });
    labels.retain(|(_, value)| !value.is_empty());
    labels
}

/// Calls `then` with the text between the braces of a series. Threads keep the buffer, so a look-up does not allocate.
pub(crate) fn with_text<T>(key: &Key, kind: Kind, then: impl FnOnce(&str) -> T) -> T {
    /// Maximum size of the buffer that a thread keeps.
    const KEPT: usize = 4096;
    thread_local! {
        static BUFFER: Cell<String> = const { Cell::new(String::new()) };
    }
    let mut text = BUFFER.try_with(Cell::take).unwrap_or_default();
    push_text(&mut text, key, kind);
    let result = then(&text);
    if text.capacity() <= KEPT {
        text.clear();
        // A thread that is ending has lost its buffer.
        let _ = BUFFER.try_with(|it| it.set(text));
    }
    result
}

fn push_text(out: &mut String, key: &Key, kind: Kind) {
    let sorted = key.labels().zip(key.labels().skip(1)).all(|(a, b)| a.key() < b.key());
    if sorted && key.labels().all(|it| name(it.key(), kind) == it.key()) {
        key.labels().filter(|it| !it.value().is_empty()).for_each(|it| push_label(out, it.key(), it.value()));
    } else {
        for (name, value) in canonical(key, kind) {
            push_label(out, &name, value);
        }
    }
}

/// Appends one label, after a comma if it is not the first.
pub(crate) fn push_label(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(name);
    out.push_str("=\"");
    syntax::push_value(out, value);
    out.push('"');
}

/// Iterates over the names and values in a text of [`with_text`].
#[cfg(feature = "native-histograms")]
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    it => value.push(it),
                },
                (end, '"') => break end,
                (_, it) => value.push(it),
            }
        };
        rest = after.get(end + 1..).unwrap_or_default();
        Some((name.trim_start_matches(',').to_owned(), value))
    })
}

fn name(name: &str, kind: Kind) -> Cow<'_, str> {
    let legal = syntax::label_name(name);
    // `__name__` would rename the metric, and `le` is the label of buckets.
    let reserved = legal.starts_with("__") || (kind == Kind::Histogram && legal == "le");
    if reserved { Cow::Owned(format!("exported_{legal}")) } else { legal }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::Label;

    #[test]
    #[cfg(feature = "native-histograms")]
    fn pairs_are_what_the_text_was_made_from() {
        let labels = [("a", "plain"), ("b", "a,b=\"c\"\\"), ("c", "line\nbreak \\n"), ("d", ",")];
        let key = Key::from_parts("m", labels.map(|(name, value)| Label::from_static_parts(name, value)).to_vec());
        let found: Vec<_> = with_text(&key, Kind::Gauge, |text| pairs(text).collect());
        assert_eq!(found, labels.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    fn check(labels: &[(&'static str, &'static str)], kind: Kind, expected: &str) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| Label::from_static_parts(name, value)).collect();
        with_text(&Key::from_parts("m", labels), kind, |text| assert_eq!(text, expected));
    }

    #[test]
    fn labels_are_sorted_legal_unique_and_escaped() {
        check(&[], Kind::Counter, "");
        check(&[("b", "2"), ("a", "1")], Kind::Counter, r#"a="1",b="2""#);
        check(&[("a", "1"), ("a", "2")], Kind::Counter, r#"a="2""#);
        check(&[("a.b", "1"), ("a_b", "2")], Kind::Counter, r#"a_b="2""#);
        check(&[("a", "q\"n\nb\\🦀")], Kind::Counter, r#"a="q\"n\nb\\🦀""#);
        check(&[("le", "1"), ("__name__", "x")], Kind::Histogram, r#"exported___name__="x",exported_le="1""#);
        check(&[("le", "1")], Kind::Gauge, r#"le="1""#);
        check(&[("", "1")], Kind::Gauge, r#"_="1""#);
        check(&[("a", "1"), ("b", "2")], Kind::Gauge, r#"a="1",b="2""#);
        check(&[("a", ""), ("b", "2"), ("c", "")], Kind::Gauge, r#"b="2""#);
        check(&[("b", "2"), ("b", ""), ("a", "1")], Kind::Gauge, r#"a="1""#);
        check(&[("a.b", ""), ("a_b", "2"), ("a_b", "")], Kind::Gauge, "");
    }
}
