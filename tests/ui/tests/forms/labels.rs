//! All sources of label values: arguments, results, types, and the position of the call.

use crate::{block_on, record, suspend};
use measurand::{Label, OperationType, measured, neural_op, timed_query};

#[derive(Clone, Copy, Label)]
enum Table {
    Patterns,
    #[label("user_events")]
    Events,
}

#[timed_query("select", table = table)]
fn typed(table: Table) -> Result<u32, String> {
    match table {
        Table::Patterns => Ok(1),
        Table::Events => Err("no".to_owned()),
    }
}

#[test]
fn an_enum() {
    let lines = record(|| {
        let _result = typed(Table::Patterns);
        let _result = typed(Table::Events);
    });
    let expected = [
        "db_query_duration_seconds{query_type=select,table=patterns} 1",
        "db_query_duration_seconds{query_type=select,table=user_events} 1",
        "db_query_errors_total{query_type=select,table=user_events,outcome=error} 1",
    ];
    assert_eq!(lines, expected);
}

struct Query {
    table: String,
}

impl Query {
    #[timed_query("insert", table = self.table.trim())]
    async fn run(self) -> Result<String, String> {
        suspend().await;
        Ok(self.table)
    }
}

#[test]
fn text_that_the_body_uses_up() {
    let lines = record(|| assert_eq!(block_on(Query { table: " rows ".to_owned() }.run()).as_deref(), Ok(" rows ")));
    assert_eq!(lines, ["db_query_duration_seconds{query_type=insert,table=rows} 1"]);
}

#[neural_op(kind)]
fn operation(kind: OperationType) -> OperationType {
    kind
}

#[neural_op(name)]
fn operation_by_name(name: &str) -> usize {
    name.len()
}

#[test]
fn a_fixed_set_of_values() {
    let lines = record(|| assert_eq!(operation(OperationType::Extraction), OperationType::Extraction));
    assert_eq!(lines[1], "neural_operations_total{operation_type=extraction} 1");
    let lines = record(|| {
        operation_by_name("learning");
        operation_by_name("guessing");
    });
    assert!(lines.contains(&"neural_operations_total{operation_type=learning} 1".to_owned()), "{lines:?}");
    assert!(lines.contains(&"neural_operations_total{operation_type=_other} 1".to_owned()), "{lines:?}");
    assert!(
        lines.contains(&"measurand_unknown_label_values_total{family=neural,label=operation_type} 1".to_owned()),
        "{lines:?}"
    );
}

struct Answer {
    table: String,
}

#[timed_query("select", table = |answer| answer.as_ref().map_or("none", |it| it.table.as_str()))]
fn from_result(table: &str) -> Result<Answer, String> {
    assert!(!table.is_empty(), "on purpose");
    if table == "missing" { Err("no".to_owned()) } else { Ok(Answer { table: table.to_owned() }) }
}

#[test]
fn from_the_result() {
    let lines = record(|| {
        let _result = from_result("rows");
        let _result = from_result("missing");
        let _caught = std::panic::catch_unwind(|| from_result(""));
    });
    let expected = [
        "db_query_duration_seconds{query_type=select,table=none} 1",
        "db_query_duration_seconds{query_type=select,table=panic} 1",
        "db_query_duration_seconds{query_type=select,table=rows} 1",
        "db_query_errors_total{query_type=select,table=none,outcome=error} 1",
        "db_query_errors_total{query_type=select,table=panic,outcome=panic} 1",
    ];
    assert_eq!(lines, expected);
}

#[measured(caller)]
fn called() {}

#[test]
fn the_place_of_the_call() {
    let lines = record(|| {
        called();
        called();
    });
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].contains("caller=tests/ui/tests/forms/labels.rs:"), "{lines:?}");
}
