//! pint's comments in YAML: they hide lines from the parser and disable checks.

/// A comment that starts with `pint`, without that word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) line: u32,
    pub(crate) text: String,
}

// The words that hide lines.
const IGNORE_FILE: &str = "ignore/file";
const IGNORE_LINE: &str = "ignore/line";
const IGNORE_NEXT: &str = "ignore/next-line";
const IGNORE_BEGIN: &str = "ignore/begin";
const IGNORE_END: &str = "ignore/end";
pub(crate) const IGNORE: [&str; 5] = [IGNORE_FILE, IGNORE_LINE, IGNORE_NEXT, IGNORE_BEGIN, IGNORE_END];

/// The text of a pint comment in a line, such as `# pint disable promql/rate`.
fn pint_comment(line: &str) -> Option<&str> {
    let (_, comment) = line.rsplit_once('#')?;
    let text = comment.trim().strip_prefix("pint")?;
    text.starts_with(char::is_whitespace).then(|| text.trim())
}

/// All pint comments of a text.
pub(crate) fn comments(text: &str) -> Vec<Comment> {
    let lines = (1..).zip(text.lines());
    lines.filter_map(|(line, it)| Some(Comment { line, text: pint_comment(it)?.to_owned() })).collect()
}

/// The text with the hidden lines replaced by empty ones.
pub(crate) fn without_ignored(text: &str) -> String {
    let (mut is_rest, mut is_between, mut is_next) = (false, false, false);
    let kept = text.lines().map(|line| {
        let comment = pint_comment(line).unwrap_or_default();
        is_rest |= comment == IGNORE_FILE;
        is_between |= comment == IGNORE_BEGIN;
        let is_ignored = is_rest || is_between || is_next || comment == IGNORE_LINE;
        is_between &= comment != IGNORE_END;
        is_next = comment == IGNORE_NEXT;
        if is_ignored { "" } else { line }
    });
    let mut kept = kept.collect::<Vec<_>>().join("\n");
    // A block scalar at the end of the file needs its line feed.
    if text.ends_with('\n') {
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Comment, comments, without_ignored};

    #[test]
    fn ignored_lines_become_empty() {
        let text =
            "a\nb # pint ignore/line\n# pint ignore/next-line\nc\n# pint ignore/begin\nd\n# pint ignore/end\ne\n";
        assert_eq!(without_ignored(text), "a\n\n# pint ignore/next-line\n\n\n\n\ne\n");
        assert_eq!(without_ignored("a\n# pint ignore/file\nb"), "a\n\n");
        assert_eq!(without_ignored("pint: ignore/file # pinto\n"), "pint: ignore/file # pinto\n");
    }

    #[test]
    fn comments_are_found() {
        let text = "a: 'x # y' # pint disable promql/rate\n#pint file/disable a/b\n# pints\n";
        let found = |line, text: &str| Comment { line, text: text.to_owned() };
        assert_eq!(comments(text), [found(1, "disable promql/rate"), found(2, "file/disable a/b")]);
    }
}
