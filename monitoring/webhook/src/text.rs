//! Quotes untrusted text in messages.

use measurand_catalog::is_visible;

/// The start of a text, cut to `most` characters with a final `…`. Control and invisible characters are escaped, so
/// that they cannot affect a terminal; JSON escapes only some of them.
pub(crate) fn begin(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for character in text.chars() {
        let shown = if is_visible(character) { character.to_string() } else { character.escape_debug().to_string() };
        length += shown.chars().count();
        if length > most {
            out.push('…');
            break;
        }
        out.push_str(&shown);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::begin;

    #[test]
    fn escapes_count_with_their_full_length() {
        assert_eq!(begin("abc", 3), "abc");
        assert_eq!(begin("abcd", 3), "abc…");
        assert_eq!(begin("a\u{7f}\u{7f}", 7), "a\\u{7f}…");
    }
}
