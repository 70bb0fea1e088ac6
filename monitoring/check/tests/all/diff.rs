//! Tests of `diff`: breaking and additive changes, and the panels and alerts that they affect.

use crate::support::{catalog, everything, measured, monitoring, query};
use measurand_catalog::{Catalog, SiteRecord};
use measurand_check::diff::{Change, Level, diff};

/// The changes between the catalog of these functions and the same catalog after `change`.
fn changes(sites: &[SiteRecord], change: impl FnOnce(&mut Catalog)) -> Vec<Change> {
    let old = catalog(sites);
    let mut new = old.clone();
    change(&mut new);
    diff(&old, &new, &monitoring(sites)).changes
}

/// Checks that there is exactly one change, with this level and text.
#[track_caller]
fn check(change: impl FnOnce(&mut Catalog), level: Level, expected: &str) -> Change {
    let all = changes(&[query("select", "patterns", &[]), query("insert", "patterns", &[])], change);
    let lines: Vec<String> = all.iter().map(|it| format!("{}: {}", it.subject, it.message)).collect();
    assert_eq!(lines, [expected]);
    assert_eq!(all[0].level, level);
    all.into_iter().next().expect("one change")
}

#[test]
fn equal_catalogs_differ_in_nothing() {
    assert_eq!(changes(&everything(), |_| ()), []);
    let old = catalog(&everything());
    assert_eq!(diff(&old, &old, &monitoring(&everything())).level, Level::None);
}

#[test]
fn a_moved_function_is_unchanged() {
    let moved =
        |it: &mut Catalog| it.sites.iter_mut().for_each(|it| (it.line, it.file) = (7, "src/other.rs".to_owned()));
    assert_eq!(changes(&everything(), moved), []);
}

#[test]
fn added_renamed_and_removed_metrics() {
    let hit = check(
        |it| it.families[0].metrics[1].name = "db_statement_duration_seconds".to_owned(),
        Level::Breaking,
        "db_query_duration_seconds: was renamed to `db_statement_duration_seconds`",
    );
    assert_eq!(hit.alerts, ["DatabaseQueryErrors", "DatabaseSlowQueries"]);
    assert!(hit.panels.iter().any(|it| it.starts_with("Database")), "{hit:?}");
    assert!(!hit.panels.iter().any(|it| it.contains("Memory")), "{hit:?}");
    let removed = |it: &mut Catalog| drop(it.families[0].metrics.remove(0));
    let hit = check(removed, Level::Breaking, "db_query_errors_total: was removed");
    assert_eq!(hit.alerts, ["FunctionPanics", "DatabaseQueryErrors"]);
    let added = changes(&[query("select", "patterns", &[])], |new| {
        let more = catalog(&[query("select", "patterns", &[]), measured("checkout", &[])]);
        *new = more;
    });
    assert!(added.iter().all(|it| it.level == Level::Additive && it.alerts.is_empty()), "{added:#?}");
    assert_eq!(added.len(), 1 + 4, "a function and four metrics");
}

#[test]
fn kinds_units_and_buckets() {
    use measurand_catalog::{Kind, Unit};
    let gauge = |it: &mut Catalog| it.families[0].metrics[0].kind = Kind::Gauge;
    check(gauge, Level::Breaking, "db_query_errors_total: changed from a counter to a gauge");
    let bytes = |it: &mut Catalog| it.families[0].metrics[0].unit = Unit::Bytes;
    check(bytes, Level::Breaking, "db_query_errors_total: changed its unit from count to bytes");
    let fewer = |it: &mut Catalog| it.families[0].metrics[1].buckets.retain(|it| it.to_string() != "0.01");
    check(fewer, Level::Breaking, "db_query_duration_seconds: lost the buckets 0.01");
    let more = |it: &mut Catalog| it.families[0].metrics[1].buckets.push(60.0);
    check(more, Level::Additive, "db_query_duration_seconds: gained the buckets 60");
}

#[test]
fn labels_and_values() {
    let lost = |it: &mut Catalog| it.families[0].metrics[0].labels.retain(|it| it != "table");
    let hit = check(lost, Level::Breaking, "db_query_errors_total: lost the label `table`");
    assert!(hit.panels.iter().any(|it| it.starts_with("Database")), "{hit:?}");
    assert!(!hit.panels.iter().any(|it| it.contains("outcome")), "not by table: {hit:?}");
    let gained = |it: &mut Catalog| it.families[0].metrics[0].labels.push("shard".to_owned());
    check(gained, Level::Breaking, "db_query_errors_total: gained the label `shard`, which splits its series");
    let fewer = |it: &mut Catalog| it.families[0].labels[0].values.retain(|it| it != "delete");
    check(fewer, Level::Breaking, "database.query_type: lost the value `delete`");
    let more = |it: &mut Catalog| it.families[0].labels[0].values.push("merge".to_owned());
    check(more, Level::Additive, "database.query_type: gained the value `merge`");
    let open = |it: &mut Catalog| it.families[0].labels[0].values.clear();
    check(open, Level::Additive, "database.query_type: now allows any value");
    let closed = |it: &mut Catalog| it.families[0].labels[1].values.push("patterns".to_owned());
    check(closed, Level::Breaking, "database.table: allowed any value and now allows only some");
}

#[test]
fn removed_and_renamed_functions() {
    let gone = |it: &mut Catalog| it.sites.retain(|it| it.function != "insert_patterns");
    let expected = "shop::work::insert_patterns: no function records the series \
                    {query_type=\"insert\",table=\"patterns\"} of `database` any more";
    let hit = check(gone, Level::Breaking, expected);
    assert!(hit.alerts.contains(&"DatabaseSlowQueries".to_owned()), "{hit:?}");
    // Another function with the same labels continues the series.
    let renamed = |it: &mut Catalog| it.sites[0].function = "put".to_owned();
    assert_eq!(changes(&[query("select", "patterns", &[])], renamed), []);
}

#[test]
fn added_and_removed_error_kinds() {
    let site = |kinds: &[&str], unknown: bool| {
        let error_kinds = kinds.iter().map(|it| (*it).to_owned()).collect();
        [SiteRecord { error_kinds, unknown_error_kinds: unknown, ..measured("pay", &[]) }]
    };
    let lines = |old: &[SiteRecord], new: &[SiteRecord]| {
        let new = catalog(new);
        let all = changes(old, |it| *it = new);
        all.iter().map(|it| format!("{:?} {}: {}", it.level, it.subject, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(
        lines(&site(&["busy", "gone"], false), &site(&["busy", "missing"], false)),
        [
            "Breaking shop::work::pay: lost the error kind `gone`",
            "Additive shop::work::pay: gained the error kind `missing`",
        ]
    );
    assert_eq!(lines(&site(&["busy"], false), &site(&[], true)), [""; 0]);
    assert_eq!(lines(&site(&["busy"], false), &site(&["busy"], false)), [""; 0]);
}

#[test]
fn an_objective_changes_only_the_series_of_its_function() {
    let sites = [query("select", "patterns", &[]), query("insert", "patterns", &[])];
    let all = changes(&sites, |new| {
        let objective = Some(measurand_catalog::Objective { success: Some(0.999), latency: None });
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut sites = sites.to_vec();
        sites[0].objective = objective;
        sites[0].labels.extend([own("function", "find"), own("module", "shop::work")]);
        *new = catalog(&sites);
    });
    // The function with the objective has its own series now.
    let subjects: Vec<&str> = all.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(subjects, ["shop::work::select_patterns", "shop::work::select_patterns"], "{all:#?}");
}
