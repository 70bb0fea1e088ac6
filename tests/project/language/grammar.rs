//! A grammar checker that works offline, with the rules that hold for technical texts.

use harper_core::linting::{LintGroup, LintGroupConfig, Linter as _};
use harper_core::{Document, FstDictionary};

/// The line and the message of each mistake on a page.
pub(crate) fn mistakes(page: &str) -> Vec<(usize, String)> {
    let dictionary = FstDictionary::curated();
    // A comment, such as a marker of a generated part, is not a sentence.
    let page: String =
        page.split_inclusive('\n').map(|line| if line.starts_with("<!--") { "\n" } else { line }).collect();
    let document = Document::new_markdown_default(&page, &dictionary);
    let config = LintGroupConfig {
        // `typos` checks the spelling, in code too.
        spell_check: Some(false),
        // Cells of tables and names of programs start in lower case, and lists of two have no comma.
        sentence_capitalization: Some(false),
        oxford_comma: Some(false),
        // They take `may be`, `run time`, `under any` and `5 min` for mistakes.
        compound_nouns: Some(false),
        hunger_pang: Some(false),
        merge_words: Some(false),
        multiple_sequential_pronouns: Some(false),
        matcher: Some(false),
        terminating_conjunctions: Some(false),
        ..LintGroupConfig::default()
    };
    let found = LintGroup::new(config, dictionary).lint(&document);
    let line = |start: usize| document.get_source()[..start].iter().filter(|it| **it == '\n').count() + 1;
    let quoted = |it: &harper_core::linting::Lint| document.get_span_content_str(it.span);
    found.iter().map(|it| (line(it.span.start), format!("{} ({})", it.message, quoted(it)))).collect()
}
