//! Foreign text in our own sentences.

use measurand_catalog::is_visible;

/// The begin of a text, never longer than so many characters and then ending in `…`. What nobody would see is written out,
/// so that a terminal obeys nothing in it; JSON itself escapes only some of that.
pub(crate) fn begin(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for it in text.chars() {
        let shown = if is_visible(it) { it.to_string() } else { it.escape_debug().to_string() };
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
    fn what_is_written_out_counts_as_long_as_it_is() {
        assert_eq!(begin("abc", 3), "abc");
        assert_eq!(begin("abcd", 3), "abc…");
        assert_eq!(begin("a\u{7f}\u{7f}", 7), "a\\u{7f}…");
    }
}
