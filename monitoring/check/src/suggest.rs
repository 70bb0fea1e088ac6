//! Suggestions for misspelt names: "did you mean …?".

/// Maximum length of names that are compared, since a comparison takes time proportional to the product of both
/// lengths.
const BYTES_MAX: usize = 200;

/// The candidate that is most similar to the written name, if it is similar enough.
pub(crate) fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let candidates = candidates.filter(|it| it.len() <= BYTES_MAX && written.len() <= BYTES_MAX);
    let scored = candidates.map(|it| (strsim::jaro_winkler(written, it), it));
    // Among equally similar names the alphabetically first one wins, so that the result does not depend on the order.
    let best = scored.max_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| other.cmp(one)))?;
    (best.0 > 0.8).then_some(best.1)
}

/// The help "did you mean …?" with the most similar name, or `otherwise` if there is none.
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
        // Comparing these would take minutes.
        let long = ["a".repeat(1_000_000), "b".repeat(1_000_000)];
        assert_eq!(nearest(&long[0], long.iter().map(String::as_str)), None);
    }
}
