//! Any bytes as the section of records of a program, or as the `/catalog.json` of another one: a catalog that is the same
//! in either form, or one line that says what is wrong; and monitoring that can be made of every catalog.

use super::text::check_message;
use measurand_catalog::{Catalog, parse};
use measurand_monitoring::{Monitoring, Options};

/// Text that begins with a brace is JSON. In all else `|` stands for the character between two fields, which mutations
/// would seldom find.
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
    assert_eq!(again.as_ref(), Ok(catalog), "what is written is not what was read");
    let monitoring = Monitoring::new(catalog, &Options::default());
    for query in monitoring.queries() {
        let text = query.instant("1m");
        assert!(promql_parser::parser::parse(&text).is_ok(), "no PromQL: {text}");
    }
    monitoring.problems.iter().for_each(|it| check_message(&it.to_string()));
}
