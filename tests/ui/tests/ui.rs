//! Compile errors are part of the interface, so they are tested output. Update with `TRYBUILD=overwrite`, then read them.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*/*.rs");
}

/// What a folder of mistakes holds, by the extension of the file.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    files.filter(|it| it.extension().is_some_and(|it| it == extension)).collect()
}

/// Each mistake is told with a complete, correct line; only the compiler's own words about the user's own code are not
/// ours to complete.
#[test]
fn mistakes_are_told_with_the_mend() {
    let mut told = 0;
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
                told += usize::from(complete);
                // `E0080` is what a `const` of ours says.
                let ours = message.starts_with("error: ") || message.starts_with("error[E0080]");
                assert!(complete || !ours || of_the_compiler, "{} lacks an example:\n{message}", path.display());
            }
        }
    }
    assert!(told >= 60, "only {told} mistakes are told with an example");
}
