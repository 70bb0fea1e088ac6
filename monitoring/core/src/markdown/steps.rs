//! Instructions from a function's documentation: untrusted Markdown that keeps its formatting and runs no code.
//!
//! Lists, emphasis, code, tables and links to pages stay. HTML becomes text, and so does a link whose scheme is not
//! `http`, `https` or `mailto`. Code is rewritten in a form that every renderer recognizes as code, so that no renderer
//! finds HTML in it.

/// Allowed starts of a link: a web page, an e-mail address, an anchor of this page, or a path.
const TARGETS: [&str; 7] = ["https://", "http://", "mailto:", "#", "/", "./", "../"];

/// Returns the safe lines of the instructions.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match fence(line) {
            Some(fence) => {
                let inside: Vec<&str> = lines.by_ref().take_while(|it| !fence.is_closed_by(it)).collect();
                out.extend(fence.written(&inside));
            }
            None => out.push(inline(line)),
        }
    }
    out
}

/// The line that opens a code block.
struct Fence<'a> {
    indent: usize,
    character: char,
    length: usize,
    language: &'a str,
}

fn fence(line: &str) -> Option<Fence<'_>> {
    let text = line.trim_start();
    let character = text.chars().next().filter(|it| ['`', '~'].contains(it))?;
    let rest = text.trim_start_matches(character);
    let length = text.len() - rest.len();
    let is_fence = length >= 3 && !(character == '`' && rest.contains('`'));
    is_fence.then(|| Fence { indent: line.len() - text.len(), character, length, language: rest.trim() })
}

impl Fence<'_> {
    fn is_closed_by(&self, line: &str) -> bool {
        let text = line.trim();
        text.len() >= self.length && text.chars().all(|it| it == self.character)
    }

    /// Returns the block with a fence that no line inside closes. With more than three blanks it might not be a fence.
    fn written(&self, inside: &[&str]) -> Vec<String> {
        let indent = " ".repeat(self.indent.min(3));
        let longest = inside.iter().map(|it| runs(it)).max().unwrap_or_default();
        let fence = format!("{indent}{}", "`".repeat(3.max(longest + 1)));
        let is_word = |it: char| it.is_ascii_alphanumeric() || "+-_".contains(it);
        let language: String = self.language.chars().take_while(|it| is_word(*it)).collect();
        let line = |it: &&str| {
            let blanks = it.chars().take_while(|it| *it == ' ').count().min(self.indent);
            format!("{indent}{}", it.get(blanks..).unwrap_or_default())
        };
        [format!("{fence}{language}")].into_iter().chain(inside.iter().map(line)).chain([fence]).collect()
    }
}

/// Returns the length of the longest run of backticks.
fn runs(text: &str) -> usize {
    text.split(|it| it != '`').map(str::len).max().unwrap_or_default()
}

/// Returns the safe form of a line outside of code blocks.
fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => {
                // An escaped character stays escaped. At the end of a line, a backslash escapes nothing.
                let escaped = rest.chars().nth(1).filter(char::is_ascii_punctuation);
                out.push('\\');
                if escaped == Some('<') {
                    out.pop();
                    out.push_str("&lt;");
                } else {
                    out.extend(escaped);
                }
                1 + escaped.map_or(0, char::len_utf8)
            }
            '`' => code(rest, &mut out),
            '<' => {
                let page = page(rest);
                out.push_str(page.map_or("&lt;", |length| rest.get(..length).unwrap_or_default()));
                page.unwrap_or(1)
            }
            // The page loads an image by itself; only a reader follows a link.
            '!' if rest.starts_with("![") => {
                out.push_str("&#33;");
                1
            }
            ']' => {
                out.push(']');
                let after = rest.get(1..).unwrap_or_default();
                let target = after.strip_prefix('(').or_else(|| after.strip_prefix(':').map(str::trim_start));
                match (target, after.chars().next()) {
                    (Some(target), Some(mark)) if !leads_to_a_page(target) => {
                        out.push_str(if mark == '(' { "&#40;" } else { "&#58;" });
                        2
                    }
                    _ => 1,
                }
            }
            it => {
                out.push(it);
                it.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// Writes the code span at the start of the text, or escaped backticks if it is not closed. Returns the bytes consumed.
fn code(text: &str, out: &mut String) -> usize {
    let after = text.trim_start_matches('`');
    let length = text.len() - after.len();
    let mut end = 0;
    while let Some(start) = after.get(end..).and_then(|it| it.find('`')).map(|it| it + end) {
        let closing = after.get(start..).unwrap_or_default();
        let run = closing.len() - closing.trim_start_matches('`').len();
        if run == length {
            let taken = length + start + run;
            out.push_str(text.get(..taken).unwrap_or_default());
            return taken;
        }
        end = start + run;
    }
    out.push_str(&"\\`".repeat(length));
    length
}

/// Returns the length of the address in angle brackets at the start of the text.
fn page(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<').filter(|it| it.starts_with("https://") || it.starts_with("http://"))?;
    let end = inside.find(|it: char| it.is_whitespace() || it.is_control() || "<>\"'`".contains(it))?;
    inside[end..].starts_with('>').then_some(end + 2)
}

/// Whether a link leads to a web page, an e-mail address, an anchor or a path.
pub(crate) fn leads_to_a_page(target: &str) -> bool {
    let lower: String = target.chars().take(8).collect::<String>().to_ascii_lowercase();
    TARGETS.iter().any(|it| lower.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(lines(text).join("\n"), expected);
    }

    #[track_caller]
    fn same(text: &str) {
        check(text, text);
    }

    #[test]
    fn ordinary_steps_stay() {
        same(
            "1. Look at `pg_stat_activity`.\n2. **Kill** what blocks: `kill <pid>`.\n   - see [the page](https://a.b/c?d=e)",
        );
        same("- [here](#alerts), [there](../docs/a.md), [mail](mailto:a@b.c), <https://a.b>");
        same("```sh\ncat < a > b\n```");
        same("| a | b |\n|---|---|\n| `<x>` | 1 |");
        same("5 > 3 && a_b \\* \\\\ $job");
        same("``a ` <b>``");
        same("[x]: https://a.b");
    }

    #[test]
    fn html_is_text() {
        check("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>");
        check("a <b onclick=x> <!-- c", "a &lt;b onclick=x> &lt;!-- c");
        check("\\<b> \\\\<b>", "&lt;b> \\\\&lt;b>");
        check("<https://a.b onclick=x>", "&lt;https://a.b onclick=x>");
        check("<javascript:alert(1)>", "&lt;javascript:alert(1)>");
        check("`<b> ``", "\\`&lt;b> \\`\\`");
        check("\\`<b>`", "\\`&lt;b>\\`");
    }

    #[test]
    fn links_lead_to_pages() {
        check("[x](javascript:alert(1))", "[x]&#40;javascript:alert(1))");
        check("[x](  javascript:1)", "[x]&#40;  javascript:1)");
        check("[x](java&#115;cript:1)", "[x]&#40;java&#115;cript:1)");
        check("[x](<javascript:1>)", "[x]&#40;&lt;javascript:1>)");
        check("[x](DATA:text/html,1)", "[x]&#40;DATA:text/html,1)");
        check("[x](\njavascript:1)", "[x]&#40;\njavascript:1)");
        check("[x]: javascript:1", "[x]&#58; javascript:1");
        check("[x]:\n  javascript:1", "[x]&#58;\n  javascript:1");
        check("![x](https://a.b/c.png)", "&#33;[x](https://a.b/c.png)");
        same("[x](HTTPS://a.b)");
    }

    #[test]
    fn code_is_code_to_every_renderer() {
        check("```\n<b>", "```\n<b>\n```");
        check("~~~ sh onclick\n```\n<b>\n~~~\n<b>", "````sh\n```\n<b>\n````\n&lt;b>");
        check("      ```\n      <b>\n\n<b>\n      ```", "   ```\n   <b>\n   \n   <b>\n   ```");
        check("``` `\n<b>\n```", "\\`\\`\\` \\`\n&lt;b>\n```\n```");
        check("> ```\n> <b>\n> ```", "> \\`\\`\\`\n> &lt;b>\n> \\`\\`\\`");
    }
}
