//! Tokens as readable text, for records and for names of functions.

use measurand_catalog::record;
use proc_macro2::TokenStream;

/// Formats tokens roughly as a programmer writes them.
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
    // Puts a space behind the closure's argument.
    match text.strip_prefix('|').and_then(|it| it.split_once('|')) {
        Some((argument, body)) => format!("|{argument}| {body}"),
        None => text,
    }
}
