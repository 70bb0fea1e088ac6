//! Reading records and JSON: round trips, refused input, cleaned text.
#![cfg(feature = "read")]
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod common;

use common::{SITE, family, other_site, program, record};
use measurand_catalog::{Catalog, FamilyRecord, Label, Role, families, parse};
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn text_of(family: &FamilyRecord) -> Vec<&str> {
    [&family.name, &family.title, &family.help].into_iter().map(String::as_str).collect()
}

#[test]
fn every_built_in_family_comes_back_to_the_last_bit() {
    for row in families::ALL {
        let pair = |it: &Label| format!("|label:{}|{}", it.name, it.values.first().unwrap_or(&"x"));
        let labels = row.labels.iter().map(pair).collect::<Vec<_>>().concat();
        let site = SITE.replace("|label:query_type|select|label:table|users", &labels);
        let site = site.replace("|family|database", &format!("|family|{}", row.name));
        let catalog = parse(&[family(row), record(&site)].concat()).unwrap();
        let read = catalog.family(row.name).unwrap();
        assert_eq!(text_of(read), [row.name, row.title, row.help]);
        assert_eq!(read.labels.len(), row.labels.len());
        for (read, row) in read.labels.iter().zip(row.labels) {
            assert_eq!(
                (read.name.as_str(), read.values.iter().map(String::as_str).collect()),
                (row.name, row.values.to_vec())
            );
        }
        assert_eq!(read.metrics.len(), row.metrics.len());
        for (read, row) in read.metrics.iter().zip(row.metrics) {
            assert_eq!((read.name.as_str(), read.role, read.help.as_str()), (row.name, row.role, row.help));
            assert_eq!((read.kind, read.unit), (row.role.kind(), row.unit()));
            assert_eq!(bits(&read.buckets), bits(row.buckets), "{}", row.name);
            assert_eq!(read.labels.contains(&"outcome".to_owned()), row.role == Role::Errors);
        }
        assert_eq!(read.alerts.len(), row.alerts.len());
        for (read, row) in read.alerts.iter().zip(row.alerts) {
            assert_eq!(
                (read.name.as_str(), read.severity, read.for_seconds),
                (row.name, row.severity, row.for_seconds)
            );
            assert_eq!(
                (read.condition, read.summary.as_str(), read.impact.as_str()),
                (row.condition, row.summary, row.impact)
            );
        }
        assert_eq!(Catalog::from_json(catalog.to_json().as_bytes()).unwrap(), catalog);
    }
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|it| it.to_bits()).collect()
}

#[test]
fn order_padding_and_duplicates_change_nothing() {
    let (family, load, store) = (family(&families::DATABASE), record(SITE), other_site("store", 7));
    let expected = parse(&[&family[..], &load, &store].concat()).unwrap();
    let names: Vec<&str> = expected.sites.iter().map(|it| it.function.as_str()).collect();
    assert_eq!(names, ["load", "store"]);
    for parts in [
        [&store[..], &load, &family].concat(),
        [&load[..], &[0; 13], &store, b"\x02noise\x03", &family, &family, &load].concat(),
        [&record("objective|x|y")[..], &store, &family, &load].concat(),
        [&common::family(&families::FUNCTION)[..], &load, &family, &store].concat(),
    ] {
        assert_eq!(parse(&parts).unwrap(), expected);
    }
    assert_eq!(parse(b"").unwrap().sites, []);
}

#[test]
fn an_objective_is_read_and_its_threshold_is_a_bucket() {
    type Expected = (Option<f64>, Option<(f64, f64)>);
    let check = |fields: &str, expected: Result<Expected, &str>| {
        let result = parse(&[family(&families::DATABASE), record(&format!("{SITE}{fields}"))].concat());
        let read = result.as_ref().map(|it| it.sites[0].objective).map_err(|it| it.reason.clone());
        match expected {
            Ok((success, latency)) => {
                let objective = read.unwrap().unwrap();
                assert_eq!((objective.success, objective.latency.map(|it| (it.seconds, it.share))), (success, latency));
                let metric = result.unwrap().families[0].metric(Role::Duration).unwrap().clone();
                let seconds = latency.map_or(0.01, |it| it.0);
                assert_eq!(metric.buckets.iter().filter(|it| it.to_bits() == seconds.to_bits()).count(), 1);
                assert!(metric.buckets.is_sorted());
            }
            Err(reason) => assert!(read.as_ref().is_err_and(|it| it.contains(reason)), "{read:?}"),
        }
    };
    check("|slo:success|99.9", Ok((Some(0.999), None)));
    check("|slo:latency|0.012@99", Ok((None, Some((0.012, 0.99)))));
    check("|slo:latency|0.01@99.99|slo:success|95", Ok((Some(0.95), Some((0.01, 0.9999)))));
    check("|slo:success|100", Err("an impossible share or duration"));
    check("|slo:latency|-1@99", Err("an impossible share or duration"));
    check("|slo:latency|fast", Err("has the invalid objective"));
    check("|slo:success|NaN", Err("an impossible share or duration"));
    let learned =
        record(&SITE.replace("|label:query_type|select|label:table|users", "").replace("database", "feedback"));
    assert!(parse(&[family(&families::FEEDBACK), learned.clone()].concat()).is_ok());
    let learned = String::from_utf8(learned).unwrap().replace('\u{3}', "\u{1f}slo:success\u{1f}99\u{3}");
    let error = parse(&[family(&families::FEEDBACK), learned.into_bytes()].concat()).unwrap_err();
    assert!(error.reason.contains("counts no errors"), "{error}");
}

#[test]
fn a_label_is_a_value_or_an_expression() {
    let site = |labels: &str| record(&SITE.replace("|label:table|users", labels));
    let catalog = parse(&[family(&families::DATABASE), site("|from:table|it.name()")].concat()).unwrap();
    assert_eq!(catalog.sites[0].expressions["table"], "it.name()");
    assert!(!catalog.sites[0].labels.contains_key("table"));
    assert_eq!(Catalog::from_json(catalog.to_json().as_bytes()).unwrap(), catalog);
    for labels in ["|label:table|users|from:table|it", "|label:table|users|from:shelf|it"] {
        assert!(parse(&[family(&families::DATABASE), site(labels)].concat()).is_err(), "{labels}");
    }
}

#[test]
fn the_gauge_of_calls_in_flight_lacks_labels_from_the_result() {
    let http = SITE.replace("|label:query_type|select|label:table|users", "").replace("|database", "|http");
    let catalog = parse(&[family(&families::HTTP), record(&http)].concat()).unwrap();
    let labels = |role| catalog.families[0].metric(role).unwrap().labels.join(",");
    assert_eq!(labels(Role::InFlight), "method,route");
    assert_eq!(labels(Role::Calls), "method,route,status");
    assert!(catalog.families[0].labels[2].from_result);
}

/// Two sites that differ in one field, in both orders.
#[test]
fn each_field_takes_part_in_the_order() {
    let family = family(&families::DATABASE);
    for (from, to) in [
        ("|app|", "|lib|"),
        ("1.2.3", "1.2.4"),
        ("app::db", "app::io"),
        ("src/db.rs", "src/io.rs"),
        ("|7|", "|8|"),
        ("|load|", "|save|"),
        ("users", "orders"),
        ("|timed_query|", "|measured|"),
        ("storage", "backend"),
    ] {
        let (one, two) = (record(SITE), record(&SITE.replace(from, to)));
        let catalog = parse(&[&family[..], &one, &two].concat()).unwrap();
        assert_eq!(catalog.sites.len(), 2, "{from}");
        assert_eq!(catalog, parse(&[&family[..], &two, &one].concat()).unwrap(), "{from}");
    }
}

/// The error of a program with this one site.
fn refused(site: &[u8], expected: &str) {
    let error = parse(&[&family(&families::DATABASE)[..], site].concat()).expect_err(expected).to_string();
    assert!(error.contains(expected), "{error}\nlacks: {expected}");
    assert!(!error.chars().any(char::is_control) && !error.ends_with('.'), "{error:?}");
}

fn site(from: &str, to: &str, expected: &str) {
    assert!(SITE.contains(from), "{from}");
    refused(&record(&SITE.replace(from, to)), expected);
}

#[test]
fn a_malformed_site_is_refused() {
    let whole = record(SITE);
    refused(&whole[..whole.len() - 1], "is not terminated: the section is cut off");
    refused(&whole[..12], "is not terminated: the section is cut off");
    refused(&[&whole[..40], &whole].concat(), "is not terminated: another record starts inside it");
    refused(&[&whole[..40], &[0xff], &whole[40..]].concat(), "is not UTF-8");
    refused(b"\x02measurand\x1f2\x1fanything\x03", "was written by another version of measurand");
    refused(b"\x02measurand\x1f10\x1f", "was written by another version of measurand");
    for key in ["crate", "version", "module", "file", "line", "function", "attribute", "family"] {
        site(&format!("|{key}|"), "|unknown|", &format!("lacks the field `{key}`"));
    }
    site("|owner|storage", "|owner", "has the key `owner` without a value");
    site("|owner|storage", "|line|8", "has the field `line` twice");
    site("|owner|storage", "|label:table|b", "has the field `label:table` twice");
    site("|line|7", "|line|+7", "has the invalid line number `+7`");
    site("|line|7", "|line|4294967296", "has the invalid line number `4294967296`");
    site("|load|", "||", "has the invalid function ``");
    site("|load|", "|lo\u{1b}[2Jad|", r"has the invalid function `lo\u{1b}[2Jad`");
    site("app::db", "app\nevil: yaml", r"has the invalid module `app\u{a}evil: yaml`");
    site("users", "us\u{202e}ers", r"has a control character in the label `us\u{202e}ers`");
    site("|family|database", "|family|data\"} or vector(1)", "whose name must consist of a-z, 0-9 and `_`");
    site("|family|database", "|family|absent", "names the family `absent`, which has no record");
    site("|label:table|users", "|label:extra|x", "has the label `extra`, which the family `database` lacks");
    site("|select|", "|explain|", "has the value `explain`, which the label `query_type` does not allow");
}

const FAMILY: &str = "family|database|title|T|help|H|label|query_type|label|table\
    |metric|a_seconds|role|duration|help|M|bucket|3ff0000000000000|bucket|4000000000000000\
    |alert|A|severity|P1|condition|duration_above|number|3fe0000000000000|number|4000000000000000|for|4024000000000000|summary|S|impact|I";

fn family_text(from: &str, to: &str, expected: &str) {
    assert!(FAMILY.contains(from), "{from}");
    let error = parse(&[record(&FAMILY.replacen(from, to, 1)), record(SITE)].concat()).expect_err(expected).to_string();
    assert!(error.contains(expected), "{error}\nlacks: {expected}");
    assert!(!error.chars().any(char::is_control), "{error:?}");
}

#[test]
fn a_malformed_family_is_refused() {
    parse(&[record(FAMILY), record(SITE)].concat()).unwrap();
    for (field, key) in [("|title|T", "title"), ("|help|H", "help"), ("|role|duration", "role"), ("|help|M", "help")] {
        family_text(field, "", &format!("lacks the field `{key}`"));
    }
    for (field, key) in [
        ("|severity|P1", "severity"),
        ("|for|4024000000000000", "for"),
        ("|summary|S", "summary"),
        ("|impact|I", "impact"),
    ] {
        family_text(field, "", &format!("lacks the field `{key}`"));
    }
    family_text("|title|T", "|title|T|title|T", "has the field `title` twice");
    family_text("|alert|A", "|label|x|alert|A", "has the field `label` out of place");
    family_text("|impact|I", "|impact|I|metric|b_total", "has the field `metric` out of place");
    family_text("|role|duration", "|role|guess", "has the unknown role `guess`");
    family_text("P1", "P9", "has the unknown severity `P9`");
    family_text("duration_above", "guess", "unknown condition `guess` of 2 numbers");
    family_text("|number|3fe0000000000000", "", "unknown condition `duration_above` of 1 numbers");
    family_text(
        "3fe0000000000000",
        "4008000000000000",
        "has the alert `A`, which cannot be evaluated: a quantile is a number between 0 and 1",
    );
    family_text("3ff0000000000000", "4008000000000000", "whose buckets are not in increasing order");
    family_text("3ff0000000000000", "7ff8000000000000", "has the invalid number `7ff8000000000000`");
    family_text("3ff0000000000000", "+ff0000000000000", "has the invalid number `+ff0000000000000`");
    family_text("4024000000000000", "bff0000000000000", "with `for` of -1 seconds");
    family_text("4024000000000000", "3fe0000000000000", "with `for` of 0.5 seconds");
    family_text("|a_seconds|", "|a_ms|", "whose name must end in `_seconds`");
    family_text("|a_seconds|", "|a{x=\"1\"}_seconds|", "whose name must consist of a-z, 0-9 and `_`");
    family_text("|alert|A|", "|alert|A b|", "whose name must consist of letters, digits and `_`");
    family_text("|label|table", "|label|le", "has the label `le`, which is reserved");
    family_text("|label|table", "|label|query_type", "has the label `query_type` twice");
    family_text("|label|table", &"|label|table".repeat(40), "has 41 labels");
    let metrics = "|metric|b_total|role|calls|help|x".repeat(20);
    family_text("|alert|A", &format!("{metrics}|alert|A"), "has 21 metrics, which is more than there are roles");
    let other = record(&FAMILY.replace("|title|T", "|title|U"));
    let error = parse(&[record(FAMILY), other, record(SITE)].concat()).unwrap_err();
    assert!(error.reason.contains("differently than an earlier record"), "{error}");
    assert_eq!(error.offset, record(FAMILY).len());
}

#[test]
fn later_keys_are_kept_or_skipped_and_prose_is_cleaned() {
    let site = SITE
        .replace("|owner|storage", "|owner|a\u{1b}]0;x\u{7}b\u{9b}c\u{2028}\nd|later|yes")
        .replace("src/", "src\u{1b}\n/");
    let family = FAMILY
        .replace("|title|T", "|title|T\u{1b}[1m\n|later|9")
        .replace("|impact|I", "|impact|I\u{85}\u{202e}|later|9");
    let catalog = parse(&[record(&family), record(&site)].concat()).unwrap();
    let site = &catalog.sites[0];
    assert_eq!((site.facts["owner"].as_str(), site.facts["later"].as_str()), ("a]0;xbc\nd", "yes"));
    assert_eq!((site.file.as_str(), catalog.families[0].title.as_str()), ("src/db.rs", "T[1m"));
    assert_eq!(catalog.families[0].alerts[0].impact, "I");
}

fn json(from: &str, to: &str, expected: &str) {
    let json = parse(&program()).unwrap().to_json();
    assert!(json.contains(from), "{from}\n{json}");
    match Catalog::from_json(json.replacen(from, to, 1).as_bytes()) {
        Ok(_) => assert_eq!(expected, "", "{from} → {to} is accepted"),
        Err(error) => {
            assert!(!expected.is_empty() && error.contains(expected), "{error}\nlacks: {expected}");
            assert!(!error.chars().any(char::is_control), "{error:?}");
        }
    }
}

#[test]
fn json_is_held_to_the_rules_of_records() {
    json("\"format\": 1", "\"format\": 1, \"later\": [{}]", "");
    json("\"line\": 7", "\"line\": 7, \"later\": null", "");
    json("\"format\": 1", "\"format\": 2", "the catalog has format 2, but this tool reads format 1; update it");
    json("\"format\": 1", "\"format\": -1", "not a catalog: ");
    json("{", "<html>", "not a catalog: ");
    json("\"line\": 7", "\"line\": 7e99", "not a catalog: ");
    json("\"family\": \"database\"", "\"family\": \"absent\"", "site 0 names the family `absent`");
    json("\"counter\"", "\"gauge\"", "whose kind or unit differs from that of its role");
    json("\"counter\"", "\"\\u001b[2J\"", r"unknown variant `\u{1b}[2J`");
    json("\"outcome\"", "\"other\"", "whose labels differ from those of its family");
    json("0.0005", "1e999", "not a catalog: ");
    json("0.0005", "null", "not a catalog: ");
    json("0.0005", "7.5", "whose buckets are not in increasing order");
    json("\"function\": \"load\"", "\"function\": \"lo\\nad\"", "has the invalid function");
    json("\"name\": \"db_query_errors_total\"", "\"name\": \"up or db_total\"", "whose name must consist of");
    let twice = parse(&program()).unwrap();
    let twice = Catalog { families: [twice.families.clone(), twice.families].concat(), ..twice };
    assert!(Catalog::from_json(twice.to_json().as_bytes()).unwrap_err().contains("is in it twice"));
    assert!(Catalog::from_json("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn a_hundred_thousand_sites_are_read_in_a_moment() {
    let mut bytes = family(&families::DATABASE);
    for line in (0..100_000).rev() {
        bytes.extend(other_site("load", line));
    }
    let begin = Instant::now();
    let catalog = parse(&bytes).unwrap();
    let parsed = begin.elapsed();
    let again = Catalog::from_json(catalog.to_json().as_bytes()).unwrap();
    eprintln!("{} bytes: parsed in {parsed:?}, with JSON in {:?}", bytes.len(), begin.elapsed());
    assert_eq!((catalog.sites.len(), catalog.sites[99_999].line), (100_000, 99_999));
    assert_eq!(again, catalog);
    // A build without optimization takes about ten times as long; a quadratic algorithm takes minutes.
    assert!(begin.elapsed() < Duration::from_secs(30));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let _ = parse(&bytes);
        let _ = parse(&[b"\x02measurand\x1f1\x1ffamily\x1f", &bytes[..], b"\x03"].concat());
        let _ = Catalog::from_json(&bytes);
    }

    #[test]
    fn no_change_of_a_section_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut: prop::sample::Index) {
        let mut bytes = program();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let cut = cut.index(bytes.len());
        for bytes in [&bytes[..], &bytes[..cut], &bytes[cut..]] {
            // An accepted catalog survives the round trip through JSON.
            if let Ok(catalog) = parse(bytes) {
                prop_assert_eq!(Catalog::from_json(catalog.to_json().as_bytes()), Ok(catalog));
            }
        }
    }

    #[test]
    fn every_number_survives_json(bounds in proptest::collection::btree_set(1_u64..0x7ff0_0000_0000_0000, 2..20)) {
        // Positive numbers have the order of their bits.
        let buckets: String = bounds.iter().fold(String::new(), |text, it| text + &format!("|bucket|{it:016x}"));
        let text = FAMILY.replace("|bucket|3ff0000000000000|bucket|4000000000000000", &buckets);
        let text = &text[..text.find("|alert|").unwrap()];
        let catalog = parse(&[record(text), record(SITE)].concat()).unwrap();
        let again = Catalog::from_json(catalog.to_json().as_bytes()).unwrap();
        prop_assert_eq!(bits(&again.families[0].metrics[0].buckets), bounds.into_iter().collect::<Vec<_>>());
    }
}
