//! Texts are plain English: no phrase of our old dialect, no sentence that is too long to read once, no grammar mistake that
//! a checker finds. The pages, comments, messages and generated files of the whole repository are read.

mod grammar;
mod phrases;
mod texts;

use phrases::Phrases;
use std::fmt::Write as _;

#[test]
fn no_text_has_a_phrase_that_readers_must_decode() {
    let phrases = Phrases::new();
    let (mut texts, mut found) = (0, String::new());
    for path in texts::files() {
        for text in texts::of_file(&path) {
            texts += 1;
            for (name, sentence) in phrases.find(&text.words) {
                let _infallible = writeln!(found, "{path}:{}: {name}: {sentence}", text.line);
            }
        }
    }
    assert!(texts > 5000, "only {texts} texts were read");
    assert!(found.is_empty(), "rewrite these sentences; tests/project/language/phrases.rs says why:\n{found}");
}

#[test]
fn pages_have_short_sentences_and_no_grammar_mistakes() {
    let mut found = String::new();
    let pages: Vec<String> = texts::files().into_iter().filter(|it| texts::extension(it) == "md").collect();
    assert!(pages.len() > 10, "{pages:?}");
    for page in &pages {
        for (line, message) in grammar::mistakes(&texts::read(page)) {
            let _infallible = writeln!(found, "{page}:{line}: {message}");
        }
    }
    assert!(found.is_empty(), "rewrite these sentences:\n{found}");
}
