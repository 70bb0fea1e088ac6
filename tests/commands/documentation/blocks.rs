//! Configuration in the documentation parses, and the servers' own tools accept it.

use crate::pages::{self, Block};
use std::path::Path;
use std::process::Command;

/// The languages of code blocks. A block in another one would be tested by nothing.
const LANGUAGES: [&str; 8] = ["json", "nginx", "promql", "rust", "sh", "text", "toml", "yaml"];

#[test]
fn every_block_is_of_a_language_that_is_tested() {
    for page in pages::tested() {
        for block in &page.blocks {
            let language = block.language.split(',').next().unwrap_or_default();
            assert!(
                LANGUAGES.contains(&language),
                "{}:{}: `{language}`; use one of {LANGUAGES:?}",
                page.name,
                block.line
            );
        }
    }
}

#[test]
fn configuration_parses() {
    for page in pages::tested() {
        for block in &page.blocks {
            if let Err(error) = parse(block) {
                panic!("{}:{}: {error}\n{}", page.name, block.line, block.text);
            }
        }
    }
}

fn parse(block: &Block) -> Result<(), String> {
    match block.language.as_str() {
        "toml" => block.text.parse::<toml::Table>().map(drop).map_err(|it| it.to_string()),
        "json" => serde_json::from_str::<serde_json::Value>(&block.text).map(drop).map_err(|it| it.to_string()),
        "yaml" => serde_saphyr::from_multiple::<serde_json::Value>(&block.text).map(drop).map_err(|it| it.to_string()),
        "promql" => promql_parser::parser::parse(&block.text).map(drop),
        _ => Ok(()),
    }
}

#[test]
fn prometheus_and_alertmanager_accept_their_files() {
    let mut checked = 0;
    for page in pages::tested() {
        // Files name each other, so all of a page lie in one folder.
        let folder = tempfile::tempdir().unwrap();
        for block in &page.blocks {
            let Some(file) = block.file() else { continue };
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, block.contents()).unwrap();
            let Some((program, arguments)) = check_of(file) else { continue };
            let run = Command::new(program).args(arguments).arg(&path).current_dir(folder.path()).output();
            let run = run.unwrap_or_else(|it| panic!("{program}: {it}; `tests/run` installs it"));
            let said = [run.stdout, run.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
            assert!(run.status.success(), "{}:{}: {said}\n{}", page.name, block.line, block.text);
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked} files");
}

/// The command that checks a file of this name.
fn check_of(file: &str) -> Option<(&'static str, &'static [&'static str])> {
    let path = Path::new(file);
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    if path.extension().is_none_or(|it| it != "yml") {
        return None;
    }
    if name.ends_with(".test.yml") {
        return Some(("promtool", &["test", "rules"]));
    }
    if name.starts_with("prometheus") {
        return Some(("promtool", &["check", "config", "--syntax-only"]));
    }
    if name.starts_with("alertmanager") {
        return Some(("amtool", &["check-config"]));
    }
    let rules = folder == "rules" || name.ends_with("rules.yml") || name.ends_with("alerts.yml");
    rules.then_some(("promtool", &["check", "rules", "--lint=all", "--lint-fatal"]))
}
