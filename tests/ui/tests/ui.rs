//! Compile errors are part of the interface, so they are tested output. Update them with `TRYBUILD=overwrite`, then
//! read them.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*/*.rs");
}

/// The files in a folder of compile-fail cases with this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    files.filter(|it| it.extension().is_some_and(|it| it == extension)).collect()
}

/// Each message contains a complete, correct example. Only messages of the compiler about the user's own code need
/// none.
#[test]
fn each_message_has_an_example() {
    let mut complete_messages = 0;
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fail")).expect("the folder of mistakes") {
        let folder = folder.expect("an entry").path();
        let cases = files(&folder, "rs");
        assert!(!cases.is_empty(), "{} has no case", folder.display());
        let of_the_compiler = ["types", "user-error"].iter().any(|it| folder.ends_with(it));
        for case in cases {
            let path = case.with_extension("stderr");
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for message in text.split("\n\n").filter(|it| it.starts_with("error")) {
                let complete = message.lines().any(|it| it.contains("example: "));
                complete_messages += usize::from(complete);
                // `E0080` is a message from a `const` of ours.
                let ours = message.starts_with("error: ") || message.starts_with("error[E0080]");
                assert!(complete || !ours || of_the_compiler, "{} lacks an example:\n{message}", path.display());
            }
        }
    }
    assert!(complete_messages >= 60, "only {complete_messages} messages have an example");
}
