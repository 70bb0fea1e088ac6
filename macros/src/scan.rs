//! Finds the braces of a source file that have a header, such as `impl Store { .. }`.
//!
//! The compiler could parse the file to tokens, but it gives no positions to tokens that a macro parses from text.

use std::mem;
use std::ops::Range;

/// A pair of braces, as byte ranges.
pub(crate) struct Frame {
    /// The text from the end of the previous item to the opening brace.
    pub(crate) header: Range<usize>,
    /// The text between the braces.
    pub(crate) body: Range<usize>,
}

/// The byte offset of a line and column. Both count from 1, columns in characters.
pub(crate) fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(before) => text.match_indices('\n').nth(before)?.0 + 1,
    };
    let (inside, _) = text[start..].char_indices().nth(column.checked_sub(1)?)?;
    Some(start + inside)
}

/// All braces whose header has balanced parentheses and brackets, outer ones before inner ones.
pub(crate) fn frames(text: &str) -> Vec<Frame> {
    let (mut frames, mut open) = (Vec::new(), Vec::new());
    // A shebang line is not Rust.
    let shell = text.starts_with("#!") && !text.starts_with("#![");
    let mut at = if shell { text.find('\n').unwrap_or(text.len()) } else { 0 };
    let mut header = HeaderStart::new(at);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'(' | b'[' => header.depth += 1,
            b')' | b']' => {
                header.broken |= header.depth == 0;
                header.depth = header.depth.saturating_sub(1);
            }
            b'{' => {
                let kept = header.depth == 0 && !header.broken && !text[header.start..at].trim().is_empty();
                if kept {
                    frames.push(Frame { header: header.start..at, body: at + 1..text.len() });
                }
                open.push((kept.then(|| frames.len() - 1), mem::replace(&mut header, HeaderStart::new(at + 1))));
            }
            b'}' => {
                let (frame, outside) = open.pop().unwrap_or((None, HeaderStart::new(at)));
                if let Some(frame) = frame.and_then(|it: usize| frames.get_mut(it)) {
                    frame.body.end = at;
                }
                // Braces around a constant argument do not end the header.
                let inside = text[at + 1..].trim_start().starts_with('>');
                header = if inside { outside } else { HeaderStart::new(at + 1) };
            }
            b';' if header.depth == 0 => header = HeaderStart::new(at + 1),
            _ => {}
        }
        at += length(&text[at..]);
    }
    frames
}

/// The start of a text that may become a header.
struct HeaderStart {
    start: usize,
    /// Number of open parentheses and brackets in it.
    depth: usize,
    /// Whether it closes a parenthesis or bracket that it did not open.
    broken: bool,
}

impl HeaderStart {
    fn new(start: usize) -> Self {
        Self { start, depth: 0, broken: false }
    }
}

/// The length of the first token of the text: a comment, a literal, a word, or one character.
fn length(text: &str) -> usize {
    let mut characters = text.chars();
    let (first, second) = (characters.next().unwrap_or_default(), characters.next());
    match (first, second) {
        ('/', Some('/')) => text.find('\n').unwrap_or(text.len()),
        ('/', Some('*')) => block_comment(text),
        ('"', _) => quoted(text, '"'),
        // A lifetime has no closing quote.
        ('\'', Some('\\')) => quoted(text, '\''),
        ('\'', Some(letter)) if characters.next() == Some('\'') => 2 + letter.len_utf8(),
        _ if is_word(first) => word(text),
        _ => first.len_utf8(),
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of a word, or of the raw string that starts with it.
fn word(text: &str) -> usize {
    let length = text.find(|it| !is_word(it)).unwrap_or(text.len());
    if !["r", "br", "cr"].contains(&&text[..length]) {
        return length;
    }
    let rest = &text[length..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    if !rest[hashes..].starts_with('"') {
        return length;
    }
    let content = length + hashes + 1;
    let end = format!("\"{}", &rest[..hashes]);
    text[content..].find(&end).map_or(text.len(), |it| content + it + end.len())
}

/// The length of a literal between two of these quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a comment, including nested comments.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let Some(next) = text[at..].find(['/', '*']) else { return text.len() };
        at += next;
        match text.get(at..at + 2) {
            Some("/*") => (depth, at) = (depth + 1, at + 2),
            Some("*/") if depth == 1 => return at + 2,
            Some("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
}
