//! Recording neither crashes nor blocks a program whose standard error is unread, that forks, exits early or drops its
//! recorder. Each case runs in a separate process of this test binary.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests; the child process reports to its parent on standard output"
)]

use fork::Fork;
use measurand::{measured, timed_query};
use measurand_exporter::{Program, Recorder};
use measurand_tests::Scrape;
use metrics::{counter, gauge, histogram};
use std::fs::File;
use std::io::Write as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CHILD: &str = "MEASURAND_TEST_CHILD";
/// Time after which a child process counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test of this file in a child process. Returns its exit status and its standard output.
fn alone(test: &str, errors: impl Into<Stdio>) -> (ExitStatus, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--quiet"]).env(CHILD, "1");
    let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("`{test}` hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[measured]
fn work(number: u64) -> Result<u64, u64> {
    if number.is_multiple_of(3) { Err(number) } else { Ok(number) }
}

#[timed_query("select", table = table)]
fn query(table: &str) -> usize {
    table.len()
}

/// Causes every warning of the recorder.
fn complain() {
    let exporter = measurand::exporter::builder().listen("127.0.0.1:0").series_limit(3).install().unwrap();
    for number in 0..200 {
        gauge!("function_calls_total").set(1.0);
        counter!("orders_total", "user" => number.to_string()).increment(1);
        gauge!(format!("clash_{number}")).set(1.0);
        counter!(format!("clash_{number}")).increment(1);
    }
    let scrape = Scrape::fetch(&exporter.url());
    println!("others={}", scrape.value(r#"orders_total{user="_other"}"#));
}

/// Standard error is on a full disk, or its reader has closed the pipe. `eprintln!` panics in both cases.
#[test]
fn a_full_disk_behind_stderr_causes_no_panic() {
    if is_child() {
        return complain();
    }
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let (status, said) = alone("a_full_disk_behind_stderr_causes_no_panic", full());
    assert!(status.success() && said.contains("others=197"), "{status} {said}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (status, said) = alone("a_full_disk_behind_stderr_causes_no_panic", writer);
    assert!(status.success() && said.contains("others=197"), "{status} {said}");
}

/// The reader of standard error does not read, so every write to it blocks.
#[test]
fn a_stuck_reader_of_stderr_does_not_block() {
    if is_child() {
        return complain();
    }
    let (reader, mut writer) = std::io::pipe().unwrap();
    // Fills the buffer of the pipe.
    writer.write_all(&vec![b'x'; 64 << 10]).unwrap();
    let (status, said) = alone("a_stuck_reader_of_stderr_does_not_block", writer);
    assert!(status.success() && said.contains("others=197"), "{status} {said}");
    drop(reader);
}

/// Threads record and scrape while the program exits.
#[test]
fn exit_while_recording_is_immediate() {
    if is_child() {
        let exporter = measurand::exporter::builder().listen("127.0.0.1:0").install().unwrap();
        let recorded = &*Box::leak(Box::new(AtomicU64::new(0)));
        for thread in 0..3_u64 {
            let url = exporter.url();
            std::thread::spawn(move || {
                for number in thread.. {
                    let _result = work(number);
                    histogram!("waits_seconds", "thread" => (number % 5000).to_string()).record(0.1);
                    recorded.fetch_add(1, Ordering::Relaxed);
                    if thread == 2 && number.is_multiple_of(100) {
                        let _scrape = ureq::get(format!("{url}/metrics")).call();
                    }
                }
            });
        }
        while recorded.load(Ordering::Relaxed) < 5000 {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::process::exit(7);
    }
    let errors = tempfile::NamedTempFile::new().unwrap();
    for _ in 0..5 {
        let (status, said) = alone("exit_while_recording_is_immediate", errors.reopen().unwrap());
        let errors = std::fs::read_to_string(errors.path()).unwrap();
        assert_eq!(status.code(), Some(7), "{said}{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

/// A server forks its workers after installing the exporter. The parent keeps the endpoint, and the child continues to
/// record, into its own memory.
#[test]
fn a_forked_child_continues() {
    if is_child() {
        let exporter = measurand::exporter::builder().listen("127.0.0.1:0").install().unwrap();
        let _result = (work(1), query("before"));
        let Fork::Parent(child) = fork::fork().unwrap() else {
            for number in 0..10_000 {
                let _result = work(number);
            }
            query("before");
            query("after");
            counter!("orders_total").increment(1);
            // Exits without running the parent's cleanup, like forking servers do.
            std::process::exit(i32::from(work(2).is_err()));
        };
        let ended = fork::waitpid(child).unwrap();
        assert_eq!(ended, 0, "exit status of the child");
        // The child's calls do not count in the parent.
        let scrape = Scrape::fetch(&exporter.url());
        let calls = scrape.value(r#"function_calls_total{function="work",module="lifecycle"}"#);
        assert!((calls - 1.0).abs() < 0.5, "{calls}");
        println!("forked");
        return;
    }
    let (status, said) = alone("a_forked_child_continues", Stdio::inherit());
    assert!(status.success() && said.contains("forked"), "{status} {said}");
}

/// A recorder is dropped while other threads still use its handles.
#[test]
fn dropping_a_recorder_is_safe_while_its_handles_are_in_use() {
    let program = || Program {
        families: Vec::new(),
        catalog: measurand::catalog(),
        binary: None,
        initialize: || (),
        limit_series: |_| (),
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            let recorder = Recorder::new(&program());
            let handles = metrics::with_local_recorder(&recorder, || {
                let _result = work(1);
                (counter!("orders_total"), histogram!("waits_seconds"), gauge!("load"))
            });
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    handles.0.increment(1);
                    handles.1.record(0.1);
                    handles.2.increment(1.0);
                    std::thread::yield_now();
                }
            });
            let reader = recorder.clone();
            scope.spawn(move || (0..3).for_each(|_| drop(reader.render())));
            drop(recorder);
        }
        std::thread::sleep(Duration::from_millis(100));
        done.store(true, Ordering::Relaxed);
    });
}

/// Returns a new recorder with every built-in family.
fn recorder() -> Recorder {
    let program = Program {
        families: measurand_catalog::families::ALL.to_vec(),
        catalog: measurand::catalog(),
        binary: None,
        initialize: || (),
        limit_series: |_| (),
    };
    Recorder::new(&program)
}

/// Huge names and label values from untrusted input take no memory and still count.
#[test]
fn huge_texts_are_bounded() {
    let recorder = recorder();
    let long = "\"\n".repeat(1 << 17);
    metrics::with_local_recorder(&recorder, || {
        for number in 0..20 {
            counter!("orders_total", "user" => format!("{long}{number}")).increment(1);
            counter!("orders_total", long.clone() => number.to_string()).increment(1);
            counter!("neural_operations_total", "operation_type" => format!("{long}{number}")).increment(1);
            counter!(format!("{long}{number}")).increment(1);
            metrics::describe_counter!(format!("{long}{number}"), "A huge name.");
            query(&format!("{long}{number}"));
        }
        counter!("orders_total", "user" => "x".repeat(3000)).increment(1);
    });
    let text = recorder.render();
    assert!(text.len() < 200_000, "{} bytes", text.len());
    let scrape = Scrape::parse(&text);
    let check =
        |series: &str, expected: f64| assert!((scrape.value(series) - expected).abs() < 0.5, "{series}\n{text}");
    check(r#"orders_total{user="_other"}"#, 20.0);
    check("orders_total", 20.0);
    check(r#"neural_operations_total{operation_type="_other"}"#, 20.0);
    check(r#"db_query_duration_seconds_count{query_type="select",table="_other"}"#, 20.0);
    check(r#"measurand_label_overflows_total{family="foreign"}"#, 60.0);
}

/// Extreme values: NaN, infinities, and the largest and smallest numbers.
#[test]
fn extreme_values_break_no_series() {
    let recorder = recorder();
    let extremes =
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN, f64::MAX, -0.0, 5e-324, -5e-324, f64::MIN_POSITIVE];
    metrics::with_local_recorder(&recorder, || {
        for value in extremes {
            histogram!("truth_score", "agent_id" => "a").record(value);
            histogram!("sizes_bytes").record(value);
            gauge!("level").set(value);
            gauge!("function_calls_in_flight", "function" => "f", "module" => "m").set(value);
            measurand::record_verification("b", value, true);
            measurand::record_pattern_confidence("coordination", value);
            measurand::set_pattern_memory(value);
        }
        histogram!("sizes_bytes").record_many(0.5, usize::MAX);
        // Above the integers that a float can represent, and beyond the overflow of `u64`.
        counter!("big_total").increment((1 << 53) + 1);
        counter!("wrapped_total").increment(u64::MAX);
        counter!("wrapped_total").increment(3);
        counter!("raised_total").absolute(u64::MAX);
        counter!("raised_total").absolute(5);
    });
    for text in [recorder.render(), recorder.render_openmetrics()] {
        let has = |line: &str| assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
        has("big_total 9007199254740993");
        has("wrapped_total 2");
        has("raised_total 18446744073709551615");
        has(r#"truth_score_count{agent_id="a"} 9"#);
        // NaN is not a score; all other values are.
        has(r#"truth_score_count{agent_id="b"} 8"#);
        let level = text.lines().find_map(|it| it.strip_prefix("level ")).map(str::parse);
        assert_eq!(level, Some(Ok(f64::MIN_POSITIVE)), "{text}");
    }
}
