//! Foreign text in messages: one line, whatever it contained.

use crate::record::is_text;

/// Longer than any name or path that somebody wants to read in a message.
const CHARACTERS_MAX: usize = 1000;

/// Text that may come from a hostile file, safe to print: what would move a terminal's cursor is written as `\u{1b}`.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(CHARACTERS_MAX));
    for (index, character) in text.chars().enumerate() {
        if index == CHARACTERS_MAX {
            out.push('…');
            break;
        }
        if is_text(character) {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
    }
    out
}

/// An error of the operating system, without the number that `std` adds.
#[cfg(any(feature = "file", feature = "url"))]
pub(crate) fn shown_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    shown(text.split_once(" (os error").map_or(text.as_str(), |(reason, _)| reason))
}
