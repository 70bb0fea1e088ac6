//! Did you mean: the closest of the names that exist.

/// Bytes of a name that is compared: comparing takes the product of both lengths.
const BYTES_MAX: usize = 200;

/// The candidate that is closest to what was written, if it is close enough to be meant.
pub(crate) fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let candidates = candidates.filter(|it| it.len() <= BYTES_MAX && written.len() <= BYTES_MAX);
    let scored = candidates.map(|it| (strsim::jaro_winkler(written, it), it));
    // Of equally close ones the first by name, so that the answer does not depend on the order.
    let best = scored.max_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| other.cmp(one)))?;
    (best.0 > 0.8).then_some(best.1)
}

/// The closest name as the end of a sentence, or what to do instead.
pub(crate) fn did_you_mean<'a>(written: &str, names: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(written, names).map_or_else(|| otherwise.to_owned(), |it| format!("did you mean `{it}`?"))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_close_is_meant() {
        let names = ["checkout", "search", "db_query_duration_seconds"];
        let check = |written: &str, expected| assert_eq!(nearest(written, names.into_iter()), expected, "{written}");
        check("chekout", Some("checkout"));
        check("db_query_duration", Some("db_query_duration_seconds"));
        check("xyz", None);
        check("", None);
        // Compared, they would take minutes.
        let long = ["a".repeat(1_000_000), "b".repeat(1_000_000)];
        assert_eq!(nearest(&long[0], long.iter().map(String::as_str)), None);
    }
}
