//! A full disk: alerts are refused with a status after which Alertmanager tries again, and stored alerts are kept.

use crate::support::{Webhook, command, firing, payload};
use measurand_tests::wait;
use std::process::Command;

#[test]
fn a_full_disk_is_told_and_overcome() {
    // A limit of the file size simulates a full disk.
    let directory = tempfile::tempdir().unwrap();
    let mut limited = Command::new("bash");
    let program = command().get_program().to_owned();
    limited.args(["-c", "ulimit -f 1600; exec \"$0\" --listen 127.0.0.1:0 --rate 0"]).arg(program);
    let webhook = Webhook::run(directory, &mut limited);
    let mut taken = 0;
    let refused = (0..400).map(|it| webhook.post(&payload(&[firing(2 * it), firing(2 * it + 1)])));
    let refused = refused.inspect(|it| taken += u32::from(it.status == 200)).find(|it| it.status != 200);
    let refused = refused.expect("1600 KiB of log are not enough for 800 alerts");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.error().contains("read the server's log"), "{refused:?}");
    wait("/readyz to fail", || Some(webhook.get("/readyz")).filter(|it| it.status == 503));
    assert_eq!(webhook.get("/healthz").status, 200);
    let log = wait("a line in the log", || Some(webhook.log()).filter(|it| !it.is_empty()));
    assert!(log.contains("alerts cannot be stored") && log.lines().count() == 1, "logged once: {log}");

    let webhook = Webhook::start_in(webhook.kill(), &["--rate", "0"]);
    assert!(taken > 10, "{taken}");
    assert_eq!(webhook.total(), u64::from(taken) * 2, "only the alerts answered with 200");
    assert_eq!(webhook.post(&payload(&[firing(100_000)])).status, 200);
}

/// The disk has room for one byte, but not for a payload.
#[test]
fn readiness_is_what_a_payload_would_get() {
    for forward in [&[] as &[&str], &["--forward", "http://127.0.0.1:9/"]] {
        let directory = tempfile::tempdir().unwrap();
        let mut limited = Command::new("bash");
        let program = command().get_program().to_owned();
        limited
            .args(["-c", "ulimit -S -f 1600; exec \"$0\" --listen 127.0.0.1:0 --rate 0 \"$@\""])
            .arg(program)
            .args(forward);
        let webhook = Webhook::run(directory, &mut limited);
        assert_eq!(webhook.get("/readyz").status, 200);
        let large = |it: u32| payload(&(it * 1000..(it + 1) * 1000).map(firing).collect::<Vec<_>>());
        let refused = (0..10).map(|it| webhook.post(&large(it)).status).find(|it| *it != 200);
        assert_eq!(refused, Some(503));
        for _ in 0..20 {
            assert_eq!(webhook.get("/readyz").status, 503, "a POST gets 503");
        }
        assert_eq!(webhook.post(&large(10)).status, 503);
        // The disk has space again.
        webhook.run_on(&["prlimit", "--fsize=unlimited:", "--pid"]);
        wait("/readyz to answer", || Some(webhook.get("/readyz")).filter(|it| it.status == 200));
        assert_eq!(webhook.post(&large(10)).status, 200);
    }
}
