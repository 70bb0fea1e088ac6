//! Untrusted text in messages: always on one line.

use crate::record::is_noncharacter;

/// Longer than a readable name or path in a message.
#[cfg(feature = "read")]
const CHARACTERS_MAX: usize = 1000;

/// Whether a terminal or a log shows this character as it is. Such a character moves no cursor and does not change the
/// writing direction. It is not invisible either: an invisible character makes one name look like another.
#[must_use]
pub const fn is_visible(character: char) -> bool {
    !is_noncharacter(character)
        && !matches!(
            character,
            // Control characters, of ASCII and of the block after it.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
            // Line and paragraph separators, and marks of the writing direction.
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Characters without width and shape: soft hyphens, joiners, fillers, byte order marks, annotations and
            // tags.
            | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Untrusted text for a terminal or a log: on one line, with escapes such as `\u{1b}` for characters that are not
/// visible.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' | '\n' | '\r' => out.push(' '),
            it if is_visible(it) => out.push(it),
            it => out.extend(it.escape_unicode()),
        }
    }
    out
}

/// Text that may come from a hostile file, safe to print: with escapes such as `\u{1b}` for invisible characters.
#[cfg(feature = "read")]
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(CHARACTERS_MAX));
    for (index, character) in text.chars().enumerate() {
        if index == CHARACTERS_MAX {
            out.push('…');
            break;
        }
        if is_visible(character) {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
    }
    out
}

/// The message of an operating system error, without the number that `std` adds.
#[cfg(feature = "read")]
pub(crate) fn shown_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    shown(text.split_once(" (os error").map_or(text.as_str(), |(reason, _)| reason))
}

#[cfg(test)]
mod tests {
    use super::{is_visible, visible};

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(visible("a\u{1b}[2J\u{9b}1m\u{7}b"), r"a\u{1b}[2J\u{9b}1m\u{7}b");
        assert_eq!(visible("one\ttwo\r\nthree\n"), "one two  three ");
        assert_eq!(visible("user\u{202e}txt.exe\u{2066}\u{200f}"), r"user\u{202e}txt.exe\u{2066}\u{200f}");
        assert_eq!(visible("ad\u{200b}min\u{feff}\u{e0041}\u{ad}"), r"ad\u{200b}min\u{feff}\u{e0041}\u{ad}");
        let fine = "Größe, 日本語, עברית, العربية, e\u{301}, ❤\u{fe0f}, \u{a0}\"'\\";
        assert_eq!(visible(fine), fine);
    }

    #[test]
    fn characters_refused_in_names_are_not_visible() {
        let all = || (0..=u32::from(char::MAX)).filter_map(char::from_u32);
        assert!(all().filter(|it| it.is_control()).all(|it| !is_visible(it)));
        assert!(all().filter(|it| !crate::record::is_text(*it)).all(|it| !is_visible(it)));
    }
}
