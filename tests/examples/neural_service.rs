//! The example `neural-service` as its users see it: HTTP interface, faults, arguments and benchmark.

use measurand_tests::{Running, Scrape, get, program, wait};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output};

fn binary() -> PathBuf {
    program("neural-service", "neural-service", "dev")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().expect("the program starts")
}

/// The status and the body of a response; error statuses do not panic.
fn ask(request: ureq::RequestBuilder<ureq::typestate::WithoutBody>) -> (u16, String) {
    let mut answer = request.config().http_status_as_error(false).build().call().expect("an answer");
    (answer.status().as_u16(), answer.body_mut().read_to_string().expect("text"))
}

fn post(url: &str, body: &Value) -> (u16, String) {
    let request = ureq::post(url).config().http_status_as_error(false).build();
    let mut answer = request.header("content-type", "application/json").send(body.to_string()).expect("an answer");
    (answer.status().as_u16(), answer.body_mut().read_to_string().expect("text"))
}

#[test]
fn http_interface() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary());
    command.args(["--listen", "127.0.0.1:0", "--fault", "low-confidence=0.5"]);
    let (_running, url) = Running::serving(command.arg("--directory").arg(folder.path().join("data")));
    assert!(folder.path().join("data/patterns.sqlite").is_file());

    // A task goes through the queue, a worker, the planner and the agents.
    let tasks = || Scrape::fetch(&url).value(r#"task_completed_total{task_type="bugfix",status="success"}"#);
    let before = tasks();
    assert_eq!(post(&format!("{url}/tasks"), &json!({ "task": "bugfix", "start": 2 })).0, 202);
    wait("the task to be done", || (tasks() > before).then_some(()));
    let scrape = Scrape::fetch(&url);
    for agent in ["coder", "reviewer", "tester"] {
        assert!(scrape.value(&format!(r#"verification_success_total{{agent_id="{agent}"}}"#)) > 0.5, "{agent}");
    }
    assert_eq!(post(&format!("{url}/tasks"), &json!({ "task": "tea" })).0, 400);

    // The pattern found for the situation is a plan for it.
    let found: Value = serde_json::from_str(&get(&format!("{url}/patterns/nearest?task=bugfix&start=2"))).unwrap();
    assert!(found["likeness"].as_f64().unwrap() > 0.99, "{found}");
    let pattern: Value = serde_json::from_str(&get(&format!("{url}/patterns/{}", found["pattern"]))).unwrap();
    let actions = pattern["actions"].as_str().unwrap();
    assert!(actions.starts_with("find_cause ") && actions.ends_with(" merge"), "{pattern}");
    assert_eq!(ask(ureq::get(format!("{url}/patterns/1000000"))).0, 404);
    let nearest = r#"http_requests_total{method="GET",route="/patterns/nearest",status="200"}"#;
    assert!(Scrape::fetch(&url).value(nearest) > 0.5);

    // A request sets all of its faults or none.
    let faults = format!("{url}/faults");
    let now = |name: &str| {
        let all: Value = serde_json::from_str(&get(&faults)).unwrap();
        all.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["now"].clone()
    };
    assert_eq!(now("low-confidence"), "0.5");
    let (status, answer) = post(&faults, &json!({ "slow-http": "5ms", "slow-tea": "on" }));
    assert!(status == 400 && answer.contains("there is no fault `slow-tea`; there are slow-queries, "), "{answer}");
    let (status, answer) = post(&faults, &json!({ "slow-http": "5ms", "panics": 7 }));
    assert!(status == 400 && answer.contains("write a share from 0 to 1"), "{answer}");
    assert_eq!(now("slow-http"), "off");
    check_websites(&faults, &now);
    assert_eq!(post(&faults, &json!({ "stalled-loop": true, "low-confidence": "off" })).0, 200);
    assert_eq!((now("stalled-loop"), now("low-confidence")), ("on".into(), "off".into()));
    let (status, answer) = ask(ureq::get(format!("{url}/patterns/nearest?task=feature")));
    assert!(status == 503 && answer.contains("stalled"), "{answer}");
}

/// A website in a local browser cannot set faults, neither by DNS rebinding nor by a cross-origin request.
fn check_websites(faults: &str, now: &dyn Fn(&str) -> Value) {
    for (header, value, expected) in [("host", "evil.example", 421), ("origin", "http://evil.example", 403)] {
        let request = ureq::post(faults).header(header, value).header("content-type", "application/json");
        let answer =
            request.config().http_status_as_error(false).build().send(r#"{"slow-http": "5ms"}"#).expect("an answer");
        assert_eq!(answer.status(), expected, "{header}");
    }
    assert_eq!(now("slow-http"), "off");
}

/// The committed rules and dashboards of the built-in families describe this program.
#[test]
fn annotations_use_every_family() {
    let catalog = measurand_catalog::read_file(&binary()).unwrap();
    let used: Vec<&str> = catalog.sites.iter().map(|it| it.family.as_str()).collect();
    for family in measurand_catalog::families::ALL {
        assert!(used.contains(&family.name), "no function records {}", family.name);
    }
}

#[test]
fn arguments() {
    let ended = run(&["--listen", "127.0.0.1:0", "--load", "1000", "--duration", "0.5"]);
    assert!(ended.status.success(), "{ended:?}");
    let wrong: [(&[&str], &str); 4] = [
        (&["--fault", "slow-tea"], "there is no fault `slow-tea`"),
        (&["--fault", "slow-queries=1h"], "for example `20ms`"),
        (&["--listen", "nowhere"], "name another address with `--listen`"),
        (&["--load", "99999999"], "10000000"),
    ];
    for (arguments, expected) in wrong {
        let run = run(arguments);
        let output = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success() && output.contains(expected), "{arguments:?}: {output}");
    }
    let help = run(&["--help"]);
    let help = String::from_utf8_lossy(&help.stdout);
    assert!(help.contains("slow-queries=20ms") && help.contains("open-files=1000"), "{help}");
}

/// Checks only that the figures exist: they are meaningful only in a release build on an idle machine.
#[test]
fn benchmark_prints_its_figures() {
    let bench = run(&["bench", "--seconds", "1"]);
    let output = String::from_utf8_lossy(&bench.stdout);
    assert!(bench.status.success() && !output.contains("NaN"), "{bench:?}");
    for expected in ["operations a second", "of one processor, in total", "nanoseconds that the layer takes", "ratio"] {
        assert!(output.contains(expected), "{expected} is missing in\n{output}");
    }
}
