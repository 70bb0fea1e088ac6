//! The texts of the repository: pages, comments, string literals of the product, generated files.

use measurand_tests::workspace;
use proc_macro2::{TokenStream, TokenTree};
use regex::Regex;
use std::process::Command;
use std::sync::LazyLock;

/// One comment, literal, cell or paragraph.
pub(crate) struct Text {
    pub(crate) line: usize,
    pub(crate) words: String,
}

/// Shorter literals are names and words, not sentences.
const SENTENCE: usize = 12;

/// Third-party files, inputs of tests that have to be wrong, and the history of changes.
const SKIPPED: [&str; 7] = [
    "/vendor/",
    "fuzz/corpus/",
    "tests/ui/fail/",
    "tests/project/language/",
    "monitoring/core/src/markdown",
    "CHANGELOG.md",
    "LICENSE",
];

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("`[^`]*`").expect("a pattern"));
static MARKER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*(?:[-*>#]|\d+\.)+ +").expect("a pattern"));
static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new("<[^>]*>").expect("a pattern"));
static VALUE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^[\s"\w-]+"?: ["']?(.{20,}?)["']?,?$"#).expect("a pattern"));

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files that Git knows, without those in [`SKIPPED`].
pub(crate) fn files() -> Vec<String> {
    let listed = Command::new("git").arg("ls-files").current_dir(workspace()).output().expect("git runs");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let extensions = ["rs", "md", "js", "css", "html", "yml", "toml", "sh"];
    let has_texts = |it: &&str| extensions.contains(&extension(it));
    let names = String::from_utf8(listed.stdout).expect("names are text");
    let ours = names.lines().filter(has_texts).filter(|it| !SKIPPED.iter().any(|part| it.contains(part)));
    ours.map(str::to_owned).collect()
}

pub(crate) fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

pub(crate) fn of_file(path: &str) -> Vec<Text> {
    let source = read(path);
    match extension(path) {
        "md" => of_page(&source),
        "rs" => {
            let mut texts = comments(&source, r"^\s*//[/!]?\s?(.*)$");
            if !path.contains("tests/") && !path.ends_with("tests.rs") {
                let tokens = source.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
                literals(tokens, &mut texts);
            }
            texts
        }
        "js" => comments(&source, r"^\s*(?://|/?\*+)\s?(.*)$"),
        "css" => comments(&source, r"^\s*/?\*+\s?(.*)$"),
        "html" => lines(&source, |line| Some(TAG.replace_all(line, " ").trim().to_owned())),
        "yml" => {
            let mut texts = comments(&source, r"^\s*# ?(.*)$");
            texts.extend(lines(&source, |line| VALUE.captures(line).map(|it| it[1].to_owned())));
            texts
        }
        _ => comments(&source, r"^\s*#(?:[^!]|$) ?(.*)$"),
    }
}

/// Paragraphs and cells of tables, without code.
fn of_page(source: &str) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut is_code = false;
    for (index, line) in source.lines().enumerate() {
        is_code ^= line.trim_start().starts_with("```");
        if is_code {
            continue;
        }
        let cells = if line.starts_with('|') { line.split('|').collect() } else { vec![line] };
        texts.extend(cells.into_iter().map(|cell| Text { line: index + 1, words: prose(cell) }));
    }
    texts
}

fn lines(source: &str, text: impl Fn(&str) -> Option<String>) -> Vec<Text> {
    let numbered = source.lines().enumerate();
    numbered.filter_map(|(index, line)| Some(Text { line: index + 1, words: prose(&text(line)?) })).collect()
}

/// Blocks of comment lines, each as one text, without examples of code.
fn comments(source: &str, pattern: &str) -> Vec<Text> {
    let pattern = Regex::new(pattern).expect("a pattern");
    let mut texts: Vec<Text> = Vec::new();
    let (mut is_open, mut is_code) = (false, false);
    for (index, line) in source.lines().enumerate() {
        let Some(comment) = pattern.captures(line) else {
            (is_open, is_code) = (false, false);
            continue;
        };
        let words = &comment[1];
        if words.trim_start().starts_with("```") {
            (is_open, is_code) = (false, !is_code);
        } else if words.trim().is_empty() || words.starts_with('|') {
            is_open = false;
        } else if !is_code {
            match texts.last_mut().filter(|_| is_open && !MARKER.is_match(words)) {
                Some(text) => text.words = format!("{} {}", text.words, prose(words)),
                None => texts.push(Text { line: index + 1, words: prose(words) }),
            }
            is_open = true;
        }
    }
    texts
}

/// String literals that are long enough for a sentence; attributes such as documentation are comments already.
fn literals(tokens: TokenStream, texts: &mut Vec<Text>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => literals(group.stream(), texts),
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                let string: Option<syn::LitStr> = syn::parse_str(&literal.to_string()).ok();
                let string = string.map(|it| it.value()).filter(|it| it.len() >= SENTENCE && it.contains(' '));
                texts.extend(string.map(|it| Text { line, words: prose(&it) }));
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn prose(text: &str) -> String {
    CODE.replace_all(MARKER.replace(text, "").trim(), "`x`").into_owned()
}
