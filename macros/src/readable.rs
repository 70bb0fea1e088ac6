//! Tokens as text for people, in records and in names of functions.

use measurand_catalog::record;
use proc_macro2::TokenStream;

/// Tokens about as people write them.
pub(crate) fn source(tokens: &TokenStream) -> String {
    let mut text = record::clean(&tokens.to_string()).replace('\n', " ");
    for (from, to) in [
        (" :: ", "::"),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        ("& ", "&"),
        ("* ", "*"),
        (" ;", ";"),
        (" ?", "?"),
        (" ! ", "!"),
        ("| ", "|"),
        (" |", "|"),
        (" [", "["),
        (" ]", "]"),
    ] {
        text = text.replace(from, to);
    }
    // Behind the closure's argument a space reads better.
    match text.strip_prefix('|').and_then(|it| it.split_once('|')) {
        Some((argument, body)) => format!("|{argument}| {body}"),
        None => text,
    }
}
