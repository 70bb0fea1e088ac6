//! The README says what is true: its tables are those of the code, and its commands work.

use measurand_catalog::Argument;
use measurand_catalog::attribute::{ALL, COMMON};
use measurand_tests::{Running, Scrape, get, program, wait, workspace};
use std::process::Command;

/// What a fresh alert receiver has.
const EMPTY: &str = r#"{"alerts":[],"next":null,"total":0}"#;

fn readme() -> String {
    std::fs::read_to_string(workspace().join("README.md")).expect("README.md")
}

#[track_caller]
fn has_row(readme: &str, starts: &str, ends: &str) {
    let found = readme.lines().any(|it| it.starts_with(starts) && it.ends_with(ends));
    assert!(found, "README.md lacks the row\n{starts} … {ends}");
}

#[test]
fn tables() {
    let readme = readme();
    for attribute in ALL {
        let metrics: Vec<String> = attribute.family.metrics.iter().map(|it| format!("`{}`", it.name)).collect();
        has_row(&readme, &format!("| `{}` | ", attribute.example), &format!(" | {} |", metrics.join(", ")));
        for argument in attribute.arguments {
            has_argument(&readme, argument, &format!("`{}`", attribute.name));
        }
    }
    for argument in COMMON {
        has_argument(&readme, argument, "all");
    }
    let arguments = ALL.iter().map(|it| it.arguments.len()).sum::<usize>() + COMMON.len();
    let table = readme.split("| argument | of | meaning |").nth(1).expect("the table of arguments");
    let rows = table.lines().skip(2).take_while(|it| it.starts_with("| `")).count();
    assert_eq!(rows, arguments, "README.md has a row for an argument that does not exist");
}

fn has_argument(readme: &str, argument: &Argument, of: &str) {
    let usage = argument.usage().replace('|', "\\|");
    has_row(readme, &format!("| `{usage}` | {of} | "), &format!("| {} |", argument.help));
}

#[test]
fn commands() {
    let readme = readme();
    let blocks = readme.split("```sh\n").skip(1).filter_map(|it| it.split("```").next());
    let commands: Vec<&str> = blocks.flat_map(str::lines).filter(|it| !it.is_empty()).collect();
    let directory = tempfile::tempdir().unwrap();
    let quickstart = program("quickstart", "quickstart", "dev");
    // `up` finds it beside itself.
    let _receiver = program("measurand-webhook", "measurand-webhook", "dev");
    let (mut running, mut url) = (None, String::new());
    let mut neural = None;
    for command in &commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["cargo", "run", "-p", "quickstart"] => {
                let (started, at) = Running::serving(Command::new(&quickstart).env("MEASURAND_LISTEN", "127.0.0.1:0"));
                let turns = || Scrape::fetch(&at).value(r#"function_calls_total{function="turn",module="quickstart"}"#);
                let first = turns();
                wait("moving metrics", 60, || (turns() > first).then_some(()));
                (running, url) = (Some(started), at);
            }
            ["cargo", "run", "-p", "measurand-webhook"] => {
                let webhook = program("measurand-webhook", "measurand-webhook", "dev");
                let mut command = Command::new(webhook);
                let (_webhook, at) =
                    Running::serving(command.args(["--listen", "127.0.0.1:0"]).current_dir(&directory));
                assert_eq!(get(&format!("{at}/api/alerts?status=firing")).trim_end(), EMPTY);
            }
            ["cargo", "run", "-p", "cargo-measurand", "--", arguments @ ..] => {
                let measurand = program("cargo-measurand", "cargo-measurand", "dev");
                let argument = |it: &&str| {
                    let it = it.replace("http://127.0.0.1:3000", &url);
                    it.replace("target/debug/quickstart", quickstart.to_str().unwrap_or_default())
                };
                let run = Command::new(measurand)
                    .args(arguments.iter().map(argument))
                    .current_dir(&directory)
                    .output()
                    .unwrap();
                assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
                assert!(!run.stdout.is_empty(), "{command} prints nothing");
            }
            ["cargo", "run", "-p", "your-own-domain", "--", "--seconds", _] => {
                let path = program("your-own-domain", "your-own-domain", "dev");
                let mut short = Command::new(path);
                let run = short.args(["--seconds", "1"]).env("MEASURAND_LISTEN", "127.0.0.1:0").output().unwrap();
                assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
            }
            ["cargo", "run", "-p", "neural-service", "--", "--load", load] => {
                let path = program("neural-service", "neural-service", "dev");
                let mut command = Command::new(path);
                neural = Some(Running::serving(command.args(["--listen", "127.0.0.1:0", "--load", load])));
            }
            ["curl", "--json", .., address] => {
                let at = &neural.as_ref().expect("the service runs").1;
                let body = command.split('\'').nth(1).unwrap();
                let address = address.replace("http://127.0.0.1:3000", at);
                let answer = ureq::post(&address).header("content-type", "application/json").send(body);
                let answer = answer.unwrap().body_mut().read_to_string().unwrap();
                assert!(answer.contains(r#""now":"20ms""#), "{answer}");
            }
            // This is what runs us.
            ["./tests/run"] => {
                let ci = std::fs::read_to_string(workspace().join(".ci/run")).unwrap();
                assert!(ci.contains("../tests/run"), "{ci}");
            }
            _ => panic!("nothing here runs the README's command `{command}`"),
        }
    }
    assert!(running.is_some() && commands.len() >= 4, "{commands:?}");
}
