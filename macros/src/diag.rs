//! Collects every error of one expansion, so users see all of them at once.

use proc_macro2::{Span, TokenStream};
use std::fmt::Display;

/// The errors of one expansion so far.
#[derive(Default)]
pub(crate) struct Diag {
    errors: Option<syn::Error>,
}

impl Diag {
    pub(crate) fn error(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_none()
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// The `compile_error!` calls to emit, or `None` if there is no error.
    pub(crate) fn finish(self) -> Option<TokenStream> {
        self.errors.map(syn::Error::into_compile_error)
    }
}

/// The closest candidate, if its distance is small or if one of the two words contains the other between underscores.
/// Upper and lower case are equal.
pub(crate) fn did_you_mean<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|it| (distance(&typed.to_lowercase(), &it.to_lowercase()), it))
        .filter(|(distance, it)| *distance <= it.len().max(typed.len()) / 3 || holds(it, typed) || holds(typed, it))
        .min()
        .map(|(_, it)| it)
}

fn holds(long: &str, word: &str) -> bool {
    long.split('_').any(|it| it == word)
}

/// Number of edits between `a` and `b` (restricted Damerau–Levenshtein distance). Swapping two neighbours is one edit:
/// `tabel` is one edit away from `table`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = usize::from(a[i - 1] != b[j - 1]);
                let mut best = (rows[i - 1][j - 1] + changed).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn suggestions() {
        let check = |typed, expected| {
            assert_eq!(did_you_mean(typed, ["table", "query_type", "owner"].into_iter()), expected, "{typed}");
        };
        check("tabel", Some("table"));
        check("tables", Some("table"));
        check("querytype", Some("query_type"));
        check("ownr", Some("owner"));
        check("TABLE", Some("table"));
        check("type", Some("query_type"));
        check("table_name", Some("table"));
        check("colour", None);
        check("", None);
    }
}
