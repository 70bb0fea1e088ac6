//! Labels in one canonical form, so that the same labels in another order, or with names that become equal once they are
//! legal, are one series and not two lines that contradict each other.

use crate::text;
use measurand_catalog::Kind;
use metrics::{Key, Label};
use std::borrow::Cow;

/// A key's labels with legal and unique names, sorted by name; of two labels with one name the last counts.
pub(crate) fn canonical(key: &Key, kind: Kind) -> Vec<(Cow<'_, str>, &str)> {
    let mut labels: Vec<_> = key.labels().map(|it| (name(it.key(), kind), it.value())).collect();
    // Stable, so that the last of equal names stays the last.
    labels.sort_by(|a, b| a.0.cmp(&b.0));
    labels.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = next.1;
        }
        same
    });
    labels
}

/// What stands between the braces of a series.
pub(crate) fn text(key: &Key, kind: Kind) -> String {
    let mut out = String::new();
    for (name, value) in canonical(key, kind) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&name);
        out.push_str("=\"");
        text::push_value(&mut out, value);
        out.push('"');
    }
    out
}

/// The same series for a recorder that neither sorts labels nor escapes every backslash, or nothing when the key will do.
pub(crate) fn rewritten(key: &Key, kind: Kind) -> Option<Key> {
    let metric = text::metric_name(key.name());
    let sorted = key.labels().zip(key.labels().skip(1)).all(|(a, b)| a.key() < b.key());
    let fine = |it: &Label| name(it.key(), kind) == it.key() && !it.value().contains('\\');
    if sorted && metric == key.name() && key.labels().all(fine) {
        return None;
    }
    // It takes two backslashes for one, see `sanitize_label_value_or_description` of metrics-exporter-prometheus.
    let labels: Vec<Label> = canonical(key, kind)
        .into_iter()
        .map(|(name, value)| Label::new(name.into_owned(), value.replace('\\', "\\\\")))
        .collect();
    Some(Key::from_parts(metric.into_owned(), labels))
}

fn name(name: &str, kind: Kind) -> Cow<'_, str> {
    let legal = text::label_name(name);
    // `__name__` would rename the metric and `le` is the bucket's own.
    let reserved = legal.starts_with("__") || (kind == Kind::Histogram && legal == "le");
    if reserved { Cow::Owned(format!("exported_{legal}")) } else { legal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(labels: &[(&'static str, &'static str)], kind: Kind, expected: &str) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| Label::from_static_parts(name, value)).collect();
        assert_eq!(text(&Key::from_parts("m", labels), kind), expected);
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
    }

    #[test]
    fn only_what_needs_it_is_rewritten() {
        let fine = Key::from_parts("m", vec![Label::new("a", "1"), Label::new("b", "2")]);
        assert_eq!(rewritten(&fine, Kind::Counter), None);
        let swapped = Key::from_parts("m", vec![Label::new("b", "2"), Label::new("a", "1")]);
        assert_eq!(rewritten(&swapped, Kind::Counter), Some(fine));
        let dotted = rewritten(&Key::from_parts("a.b", vec![Label::new("x", "\\")]), Kind::Counter);
        assert_eq!(dotted, Some(Key::from_parts("a_b", vec![Label::new("x", "\\\\")])));
    }
}
