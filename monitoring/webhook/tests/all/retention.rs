//! Tests of the retention: only old and excess alerts are deleted.

use crate::support::{Webhook, database, firing, payload, resolved};
use measurand_tests::{Scrape, wait};

#[test]
fn excess_alerts_are_deleted_and_resolved_ones_first() {
    let webhook = Webhook::start(&[]);
    let alerts: Vec<_> = (0..3000).map(|it| if it % 1000 == 0 { firing(it) } else { resolved(it) }).collect();
    webhook.post(&payload(&alerts));
    let webhook = Webhook::start_in(webhook.kill(), &["--keep-alerts", "5"]);
    wait("fewer alerts", || (webhook.total() == 5).then_some(()));
    assert_eq!(webhook.alerts("status=firing").len(), 3);
    let gauges = || {
        let scrape = Scrape::fetch(&webhook.url);
        (scrape.value("webhook_alerts_kept"), scrape.value("webhook_alerts_firing"))
    };
    wait("the gauges", || (gauges() == (5.0, 3.0)).then_some(()));
    let changes: i64 =
        database(&webhook.kill()).query_row("SELECT count(*) FROM changes", [], |row| row.get(0)).unwrap();
    assert_eq!(changes, 5, "their history is deleted too");
}

#[test]
fn old_alerts_and_payloads_are_deleted() {
    let hop = "http://127.0.0.1:9/";
    let webhook = Webhook::start(&["--forward", hop]);
    webhook.post(&payload(&[firing(1)]));
    webhook.post(&payload(&[resolved(2)]));
    webhook.post(&payload(&[resolved(3)]));
    let directory = webhook.kill();
    let days = 6 * 86_400 * 1_000_000_000_i64;
    let older = [
        "UPDATE alerts SET last_seen = last_seen - ?1 WHERE fingerprint LIKE '%2'",
        "UPDATE forwards SET received_at = received_at - ?1 WHERE id = 2",
    ];
    for sql in older {
        assert_eq!(database(&directory).execute(sql, [days]).unwrap(), 1);
    }
    let webhook = Webhook::start_in(directory, &["--keep-days", "5", "--forward", hop]);
    wait("fewer alerts", || (webhook.total() == 2).then_some(()));
    assert!(webhook.alerts("fingerprint=0000000000000002").is_empty());
    let length = || Scrape::fetch(&webhook.url).value("background_task_queue_length");
    wait("a shorter queue", || (length() < 2.5).then_some(()));
    assert!(webhook.log().contains("deleted 1 payloads that the next hop"), "{}", webhook.log());

    // At most one alert and one payload are kept.
    let webhook = Webhook::start_in(webhook.kill(), &["--keep-alerts", "1", "--forward", hop]);
    wait("one alert", || (webhook.total() == 1).then_some(()));
    wait("one payload", || (Scrape::fetch(&webhook.url).value("background_task_queue_length") < 1.5).then_some(()));
    let left: i64 = database(&webhook.kill()).query_row("SELECT min(id) FROM forwards", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 3, "the newest one");
}
