//! Arbitrary bytes as the records of a program or as a `/catalog.json`: a catalog that round-trips and has valid
//! monitoring, or an error on one line.

use super::text::check_message;
use measurand_catalog::{Catalog, parse};
use measurand_monitoring::{Monitoring, Options};

/// Reads text that starts with a brace as JSON. In other input `|` is replaced by the separator of fields, which
/// mutations rarely find.
pub fn run(bytes: &[u8]) {
    let catalog = if bytes.first() == Some(&b'{') {
        Catalog::from_json(bytes)
    } else {
        let bytes: Vec<u8> = bytes.iter().map(|it| if *it == b'|' { 0x1f } else { *it }).collect();
        parse(&bytes).map_err(|it| it.to_string())
    };
    match catalog {
        Ok(catalog) => check(&catalog),
        Err(reason) => check_message(&reason),
    }
}

pub(super) fn check(catalog: &Catalog) {
    let json = catalog.to_json();
    let again = Catalog::from_json(json.as_bytes());
    assert_eq!(again.as_ref(), Ok(catalog), "the catalog does not round-trip");
    let monitoring = Monitoring::new(catalog, &Options::default());
    for query in monitoring.queries() {
        let text = query.instant("1m");
        assert!(promql_parser::parser::parse(&text).is_ok(), "invalid PromQL: {text}");
    }
    monitoring.problems.iter().for_each(|it| check_message(&it.to_string()));
}
