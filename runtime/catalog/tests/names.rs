//! Functions with equal names, functions that share series, kinds of errors, and invalid records.
#![cfg(feature = "read")]

mod common;

use common::{SITE, family, other_site, record};
use measurand_catalog::{Catalog, Kinds, families, kinds_of, parse, parse_valid};

/// A `#[measured]` function with this version, line and expansion number.
fn get(label: &str, version: &str, line: u32, expansion: &str) -> Vec<u8> {
    record(&format!(
        "site|crate|app|version|{version}|module|app|file|src/lib.rs|line|{line}|function|get|label:function|{label}\
         |label:module|app|attribute|measured|family|function{expansion}"
    ))
}

fn labels(catalog: &Catalog) -> Vec<(&str, u32, &str)> {
    catalog.sites.iter().map(|it| (it.version.as_str(), it.line, it.labels["function"].as_str())).collect()
}

#[test]
fn functions_of_one_name_are_numbered_in_the_order_of_their_definitions() {
    let sites = [
        get("get", "2.0.0", 1, ""),
        get("get", "1.0.0", 9, "|expansion|10"),
        get("get", "1.0.0", 9, "|expansion|2"),
        get("get", "1.0.0", 3, ""),
        // The same record twice is one function.
        get("get", "1.0.0", 3, ""),
        // A name that the user gave is kept.
        get("mine", "1.0.0", 4, ""),
        get("mine", "1.0.0", 5, ""),
    ];
    let mut bytes = family(&families::FUNCTION);
    bytes.extend(sites.concat());
    let catalog = parse(&bytes).unwrap();
    let expected = [
        ("2.0.0", 1, "get#4"),
        ("1.0.0", 3, "get"),
        ("1.0.0", 4, "mine"),
        ("1.0.0", 5, "mine"),
        ("1.0.0", 9, "get#2"),
        ("1.0.0", 9, "get#3"),
    ];
    assert_eq!(labels(&catalog), expected);
    assert!(catalog.sites.iter().all(|it| it.facts.is_empty()), "{catalog:?}");
    assert_eq!(Catalog::from_json(catalog.to_json().as_bytes()).unwrap(), catalog);

    let said: Vec<String> = catalog.sharing().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "4 functions have the same name in one module and differ only in a number: `app::get` (src/lib.rs:3), \
             `app::get#2` (src/lib.rs:9), `app::get#3` (src/lib.rs:9) and 1 more",
            "2 functions record the same series of the family `function`: `app::get` (src/lib.rs:4), `app::get` \
             (src/lib.rs:5)",
        ]
    );
}

#[test]
fn an_objective_tells_a_function_apart_from_those_with_its_labels() {
    let own = SITE.replace("|attribute|", "|label:function|load|label:module|app::db|attribute|") + "|slo:success|99.9";
    let catalog = parse(&[family(&families::DATABASE), record(&own), other_site("all", 9)].concat()).unwrap();
    let of = |label: &str| catalog.sites.iter().map(|it| it.labels[label].as_str()).collect::<Vec<_>>();
    assert_eq!((of("function"), of("module")), (vec!["load", ""], vec!["app::db", ""]));
    let given: Vec<_> = catalog.sites[1].given_labels().collect();
    assert_eq!(given, [("query_type", "select"), ("table", "users")]);
    assert_eq!(catalog.sharing(), []);
    assert_eq!(Catalog::from_json(catalog.to_json().as_bytes()).unwrap(), catalog);

    let both = parse(&[family(&families::DATABASE), record(SITE), other_site("all", 9)].concat()).unwrap();
    assert_eq!(both.sharing().len(), 1);
}

#[test]
fn kinds_of_errors_are_read() {
    const INNER: Kinds = Kinds::new(&["timed_out", "refused"]);
    const KINDS: Kinds = Kinds::new(&["not_found", "timed_out"]).with(&[INNER, Kinds::NONE]);
    let check = |kinds: Kinds, expected: &[&str], unknown: bool| {
        let mut site = record(SITE);
        site.pop();
        let text = String::from_utf8(site).unwrap();
        let bytes = write(&text, &kinds);
        assert_eq!(kinds_of(&bytes).count() > 0, !expected.is_empty());
        let catalog = parse(&[family(&families::DATABASE), bytes].concat()).unwrap();
        assert_eq!(catalog.sites[0].error_kinds, expected);
        assert_eq!(catalog.sites[0].unknown_error_kinds, unknown);
        assert_eq!(Catalog::from_json(catalog.to_json().as_bytes()).unwrap(), catalog);
    };
    check(KINDS, &["not_found", "refused", "timed_out"], false);
    check(Kinds::NONE, &[], false);
    check(Kinds::UNKNOWN, &[], true);
    check(Kinds::new(&["a"]).with(&[Kinds::UNKNOWN]), &["a"], true);
}

/// A record of the text and the kinds, with the length that the compiler would know.
fn write(text: &str, kinds: &Kinds) -> Vec<u8> {
    // The length is a constant parameter, so the macro has a case for each length in these tests.
    macro_rules! lengths {
        ($($extra:literal)*) => {
            match kinds.length() {
                $($extra => measurand_catalog::record::site_record::<{ TEXT + $extra + 1 }>(&[text], kinds).to_vec(),)*
                other => panic!("no case for {other} bytes"),
            }
        };
    }
    const TEXT: usize = SITE.len() + measurand_catalog::record::BEGIN.len();
    lengths! { 0 18 33 51 }
}

#[test]
fn a_record_that_is_not_valid_is_left_out() {
    let orphan = record(&SITE.replace("|family|database", "|family|unknown"));
    let bad = record(&SITE.replace("|line|7|", "|line|x|"));
    let cut = &record(SITE)[..40];
    let bytes = [&family(&families::DATABASE)[..], &bad, &record(SITE), cut, &orphan, &other_site("all", 9)].concat();
    assert!(parse(&bytes).is_err());
    let (catalog, errors) = parse_valid(&bytes);
    let names: Vec<_> = catalog.sites.iter().map(|it| it.function.as_str()).collect();
    assert_eq!(names, ["load", "all"]);
    let reasons: Vec<_> = errors.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "has the invalid line number `x`",
            "is not terminated: another record starts inside it; build the program again",
            "names the family `unknown`, which has no record; link the crate that defines it",
        ]
    );
}
