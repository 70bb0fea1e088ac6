//! `cargo measurand top` shows the numbers of a running program.

use measurand_tests::{Running, Scrape, free_port, get, program, wait};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::process::{Command, Output};

fn top(url: &str, arguments: &[&str]) -> Output {
    let command = program("cargo-measurand", "cargo-measurand", "dev");
    Command::new(command).args(["measurand", "top", url]).args(arguments).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_running_program_is_shown_once() {
    let quickstart = program("quickstart", "quickstart", "dev");
    let listen = format!("127.0.0.1:{}", free_port());
    let (_running, url) =
        Running::serving(Command::new(quickstart).arg("--fail-queries").env("MEASURAND_LISTEN", listen));
    let rate = |url: &str| -> f64 {
        let answer: Value = serde_json::from_str(&get(&format!("{url}/live/functions"))).expect("JSON");
        let functions = answer["functions"].as_object().expect("functions").values();
        functions.filter_map(|it| it["rate"].as_f64()).sum()
    };
    wait("numbers", || (rate(&url) > 0.0).then_some(()));

    let before = Scrape::fetch(&url);
    let output = top(&url, &["--format", "json", "--sort", "errors"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["program"], "quickstart");
    assert!(report["windows"]["recent"].as_u64().is_some_and(|it| it > 1));
    let functions = report["functions"].as_array().expect("functions");
    assert_eq!(functions.len(), 6);
    let of = |name: &str| functions.iter().find(|it| it["function"] == format!("quickstart::{name}")).expect("it");
    let calls = of("turn")["calls"].as_f64().expect("a number");
    assert!(
        calls > 0.0 && calls <= before.value(r#"function_calls_total{function="turn",module="quickstart"}"#) + 1000.0
    );
    assert!(of("turn")["p95"].as_f64().is_some_and(|it| it > 0.0));
    let shares: Vec<f64> = functions.iter().filter_map(|it| it["error_rate"].as_f64()).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b) && shares[0] > 0.3, "half of the queries fail: {shares:?}");

    // A pipe is not a terminal, so the command prints once and ends.
    for arguments in [&[][..], &["--once", "--sort", "name"]] {
        let output = top(&url, arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(
            lines[0].starts_with("quickstart ")
                && lines[0].contains(": 6 functions, ")
                && lines[0].contains("rates and quantiles of the last "),
            "{shown}"
        );
        assert!(lines[1].starts_with("FUNCTION") && lines[1].ends_with("BUDGET") && lines.len() == 8, "{shown}");
        assert!(lines.iter().any(|it| it.starts_with("quickstart::turn  ")), "{shown}");
    }
}

#[test]
fn where_there_are_no_live_numbers_it_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _asked = stream.read(&mut [0; 4096]).expect("a request");
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").expect("an answer");
    });
    let output = top(&url, &["--once"]);
    server.join().expect("it answers");
    assert_eq!(output.status.code(), Some(2));
    let expected = format!(
        "error: `{url}/live/model.json` does not exist: the program serves no live numbers; help: install the exporter \
         of a newer Measurand, without `.live(false)`\n"
    );
    assert_eq!(text(&output.stderr), expected);
    let output = top("http://127.0.0.1:1", &[]);
    let stderr = text(&output.stderr);
    assert!(
        output.status.code() == Some(2) && stderr.contains("connection refused; is the program running"),
        "{stderr}"
    );
}
