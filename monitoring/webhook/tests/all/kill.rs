//! SIGKILL during a burst: payloads answered with 200 are on disk, each alert once, and no payload is stored partly.

use crate::support::{Webhook, agent, database, firing, payload, resolved};
use measurand_tests::free_port;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const PAYLOADS: u32 = 2000;
const SENDERS: u32 = 16;
/// Numbers of acknowledged payloads at which the server is killed.
const KILLS: [usize; 4] = [100, 333, 1000, 1700];

#[test]
fn what_was_acknowledged_is_on_disk_exactly_once() {
    let listen = format!("127.0.0.1:{}", free_port());
    let arguments = ["--listen", listen.as_str(), "--rate", "0"];
    let acknowledged = Mutex::new(Vec::new());
    let count = AtomicUsize::new(0);
    let url = format!("http://{listen}");
    thread::scope(|scope| {
        let mut webhook = Webhook::start(&arguments);
        for sender in 0..SENDERS {
            let (acknowledged, count, url) = (&acknowledged, &count, &url);
            scope.spawn(move || {
                for number in (sender..PAYLOADS).step_by(SENDERS as usize) {
                    send_until_taken(url, number);
                    acknowledged.lock().unwrap().push(number);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for kill in KILLS {
            while count.load(Ordering::Relaxed) < kill {
                thread::sleep(Duration::from_millis(1));
            }
            let directory = webhook.kill();
            // The last answers may not be recorded yet; checking the recorded ones is enough.
            let taken = acknowledged.lock().unwrap().clone();
            assert!(taken.len() < PAYLOADS as usize, "the kill came too late to test anything");
            check(&directory, &taken);
            webhook = Webhook::start_in(directory, &arguments);
        }
        while count.load(Ordering::Relaxed) < PAYLOADS as usize {
            thread::sleep(Duration::from_millis(5));
        }
        let directory = webhook.kill();
        check(&directory, &(0..PAYLOADS).collect::<Vec<_>>());
        let all: i64 = database(&directory).query_row("SELECT count(*) FROM alerts", [], |row| row.get(0)).unwrap();
        assert_eq!(all, i64::from(PAYLOADS) * 2);
    });
}

/// Sends a payload of two alerts until it is answered with 200, as Alertmanager does.
fn send_until_taken(url: &str, number: u32) {
    let body = payload(&[firing(number), resolved(number + PAYLOADS)]).to_string();
    let agent = agent();
    for _ in 0..2000 {
        let request = agent.post(format!("{url}/webhook")).header("content-type", "application/json");
        if request.send(body.as_bytes()).is_ok_and(|it| it.status() == 200) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("payload {number} was not taken in 20 s");
}

fn check(directory: &TempDir, acknowledged: &[u32]) {
    let database = database(directory);
    let mut query = database.prepare("SELECT fingerprint, count(*) FROM alerts GROUP BY fingerprint").unwrap();
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))).unwrap();
    let stored: BTreeMap<u32, u32> =
        rows.map(Result::unwrap).map(|(it, count)| (u32::from_str_radix(&it, 16).unwrap(), count)).collect();
    for number in acknowledged {
        assert_eq!(stored.get(number), Some(&1), "alert {number} was acknowledged");
        assert_eq!(stored.get(&(number + PAYLOADS)), Some(&1), "the other alert of payload {number} was acknowledged");
    }
    for number in stored.keys().filter(|it| **it < PAYLOADS) {
        assert!(stored.contains_key(&(number + PAYLOADS)), "payload {number} is stored partly");
    }
    let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}
