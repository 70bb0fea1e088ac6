//! All types of label values, and all forms of expressions for them.

#![expect(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "arguments are only used for labels"
)]

use crate::{block_on, record, suspend};
use measurand::{Label, QueryType, measured, neural_op, timed_query, verified};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// Checks successful calls of a `#[timed_query]`, one with each of these labels.
#[track_caller]
fn check(expected: &[&str], call: impl FnOnce()) {
    let expected: Vec<String> = expected.iter().map(|it| format!("db_query_duration_seconds{{{it}}} 1")).collect();
    assert_eq!(record(call), expected);
}

#[derive(Clone, Copy, Label)]
enum Table {
    Patterns,
    UserEvents,
    #[label("trajectories v2 \"new\"")]
    Trajectories,
}

#[timed_query("select", table = cached)]
fn flag(cached: bool) {}

#[timed_query(kind, table = table)]
fn both(kind: QueryType, table: Table) {}

#[timed_query(kind, table = if *cached { table.value() } else { "none" })]
fn mixed(kind: &QueryType, table: Box<Table>, cached: &mut bool) {}

#[test]
fn a_bool() {
    let labels = ["query_type=select,table=false", "query_type=select,table=true"];
    check(&labels, || {
        flag(true);
        flag(false);
    });
}

#[test]
fn several_enums_at_once() {
    let labels = [
        "query_type=delete,table=patterns",
        "query_type=insert,table=patterns",
        "query_type=insert,table=trajectories v2 \"new\"",
        "query_type=insert,table=user_events",
    ];
    check(&labels, || {
        for table in [Table::Patterns, Table::UserEvents, Table::Trajectories] {
            both(QueryType::Insert, table);
        }
        both(QueryType::Delete, Table::Patterns);
    });
}

#[test]
fn an_enum_and_text() {
    let labels = ["query_type=select,table=none", "query_type=update,table=user_events"];
    check(&labels, || {
        mixed(&QueryType::Update, Box::new(Table::UserEvents), &mut true);
        mixed(&QueryType::Select, Box::new(Table::UserEvents), &mut false);
    });
}

macro_rules! text {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(
            #[timed_query("select", table = table)]
            fn $name(table: $type) {}
        )*

        #[test]
        fn text_in_every_container() {
            $(check(&[concat!("query_type=select,table=", stringify!($name))], || $name($value));)*
        }
    };
}

text! {
    slice: &str = "slice";
    string: String = "string".to_owned();
    reference: &String = &"reference".to_owned();
    cow: Cow<'_, str> = Cow::Borrowed("cow");
    boxed: Box<str> = "boxed".into();
    counted: Rc<str> = "counted".into();
    shared: Arc<String> = Arc::new("shared".to_owned());
    unique: &mut String = &mut "unique".to_owned();
    deep: &&mut Box<Arc<str>> = &&mut Box::new("deep".into());
}

const REPLICA: &str = "replica";
static PRIMARY: &str = "primary";

struct Pool<'a> {
    names: [&'a str; 2],
    first: String,
}

impl<'a> Pool<'a> {
    const NAME: &'a str = "pool";

    fn name(&self, index: usize) -> Option<&'a str> {
        self.names.get(index).copied()
    }

    #[timed_query("select", table = self.names[0])]
    fn indexed(&self) {}

    #[timed_query("select", table = self.name(index).unwrap_or(REPLICA))]
    fn called(&self, index: usize) {}

    #[timed_query("select", table = match index { 0 => PRIMARY, _ => Self::NAME })]
    fn matched(&self, index: usize) {}

    #[timed_query("select", table = { let it = &self.first; it.trim() })]
    fn block(self) {}

    #[timed_query("select", table = format!("{}-{index}", self.first))]
    fn formatted(self, index: usize) {}

    #[timed_query("select", table = *name)]
    fn dereferenced(name: &&'a str) {}

    #[timed_query("select", table = if N > 1 { "many" } else { "one" })]
    fn constant<const N: usize>(_: [u8; N]) {}
}

#[test]
fn expressions_of_every_form() {
    let pool = || Pool { names: ["a", "b"], first: " f ".to_owned() };
    check(&["query_type=select,table=a"], || pool().indexed());
    check(&["query_type=select,table=b", "query_type=select,table=replica"], || {
        pool().called(1);
        pool().called(2);
    });
    check(&["query_type=select,table=pool", "query_type=select,table=primary"], || {
        pool().matched(0);
        pool().matched(1);
    });
    check(&["query_type=select,table=f"], || pool().block());
    check(&["query_type=select,table= f -3"], || pool().formatted(3));
    check(&["query_type=select,table=x"], || Pool::dereferenced(&"x"));
    check(&["query_type=select,table=many", "query_type=select,table=one"], || {
        Pool::constant([0; 2]);
        Pool::constant([0; 1]);
    });
}

#[timed_query("select", table = label)]
fn generic<L: Label>(label: L) -> L {
    label
}

#[derive(Label)]
enum Other {
    First,
    Second,
    Third,
}

/// All types with which a generic function is called share its site.
#[test]
fn two_types_in_one_generic_function() {
    let labels = ["query_type=select,table=first", "query_type=select,table=patterns", "query_type=select,table=third"];
    check(&labels, || {
        generic(Table::Patterns);
        generic(Other::First);
        generic(Other::Third);
    });
    check(&["query_type=select,table=second", "query_type=select,table=text", "query_type=select,table=true"], || {
        generic("text");
        generic(true);
        generic(Other::Second);
    });
}

/// A recording function is generic, too.
#[test]
fn two_types_in_one_recording_function() {
    let lines = record(|| {
        measurand::record_cache_hit(Table::Patterns);
        measurand::record_cache_hit(Other::First);
    });
    assert!(lines.contains(&"cache_hits_total{cache=first} 1".to_owned()), "{lines:?}");
    assert!(lines.contains(&"cache_hits_total{cache=patterns} 1".to_owned()), "{lines:?}");
}

#[timed_query("select", table = table.as_str())]
async fn later(table: String) -> String {
    suspend().await;
    table
}

#[timed_query("select", table = table)]
fn returned(table: &str) -> impl Future<Output = usize> + use<> {
    let length = table.len();
    async move {
        suspend().await;
        length
    }
}

#[timed_query("select", table = table)]
fn boxed_future(table: String) -> std::pin::Pin<Box<dyn Future<Output = String> + Send>> {
    Box::pin(async move { table })
}

#[timed_query("select", table = table)]
fn opaque(table: String) -> impl Iterator<Item = char> {
    table.chars().rev().collect::<Vec<_>>().into_iter()
}

#[timed_query("select", table = table)]
fn never(table: &str) -> ! {
    std::panic::resume_unwind(Box::new(table.len()))
}

#[test]
fn shapes_that_return() {
    check(&["query_type=select,table=later"], || assert_eq!(block_on(later("later".to_owned())), "later"));
    check(&["query_type=select,table=returned"], || assert_eq!(block_on(returned("returned")), 8));
    check(&["query_type=select,table=boxed"], || assert_eq!(block_on(boxed_future("boxed".to_owned())), "boxed"));
    check(&["query_type=select,table=opaque"], || assert!(opaque("opaque".to_owned()).eq("euqapo".chars())));
    assert_eq!(record(|| drop((later(String::new()), returned(""), boxed_future(String::new())))), [""; 0]);
}

#[test]
fn shapes_that_do_not() {
    let lines = record(|| assert!(std::panic::catch_unwind(|| never("never")).is_err()));
    let labels = "{query_type=select,table=never";
    let expected =
        [format!("db_query_duration_seconds{labels}}} 1"), format!("db_query_errors_total{labels},outcome=panic}} 1")];
    assert_eq!(lines, expected);
}

#[verified(agent, rollback = undone.push(agent.to_owned()))]
fn with_rollback(agent: &str, score: f64, undone: &mut Vec<String>) -> f64 {
    score
}

#[test]
fn a_rollback_of_the_agent_that_an_argument_names() {
    let mut undone = Vec::new();
    let lines = record(|| assert!(with_rollback("tester", 0.5, &mut undone) < 0.6));
    let expected = [
        "agent_truth_score{agent_id=tester} 0.5",
        "auto_rollback_total{agent_id=tester} 1",
        "truth_score{agent_id=tester} 1",
        "verification_failures_total{agent_id=tester} 1",
    ];
    assert_eq!(lines, expected);
    assert_eq!(undone, ["tester"]);
}

#[measured(name)]
fn named(name: &str) {}

#[test]
fn the_name_of_a_function_from_an_argument() {
    crate::check_ok("this", || named("this"));
    crate::check_ok("that", || named("that"));
}

#[neural_op(name)]
fn fixed(name: &str) {}

#[test]
fn text_where_the_values_are_fixed() {
    let lines = record(|| {
        fixed("learning");
        fixed("Learning");
        fixed("_other");
    });
    let expected = [
        "measurand_unknown_label_values_total{family=neural,label=operation_type} 1",
        "neural_operation_duration_seconds{operation_type=_other} 2",
        "neural_operation_duration_seconds{operation_type=learning} 1",
        "neural_operations_total{operation_type=_other} 2",
        "neural_operations_total{operation_type=learning} 1",
    ];
    assert_eq!(lines, expected);
}

#[derive(Label)]
enum Operation {
    Retrieval,
    #[label("_other")]
    Guessing,
}

#[neural_op(operation)]
fn fixed_enum(operation: Operation) {}

#[test]
fn an_enum_where_the_values_are_fixed() {
    let lines = record(|| {
        fixed_enum(Operation::Retrieval);
        fixed_enum(Operation::Guessing);
        fixed_enum(Operation::Guessing);
    });
    let expected = [
        "neural_operation_duration_seconds{operation_type=_other} 2",
        "neural_operation_duration_seconds{operation_type=retrieval} 1",
        "neural_operations_total{operation_type=_other} 2",
        "neural_operations_total{operation_type=retrieval} 1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn long_text() {
    let (fits, long, longer) = ("x".repeat(256), "x".repeat(257), "ü".repeat(200));
    let lines = record(|| {
        slice(&fits);
        slice(&long);
        slice(&longer);
    });
    let expected = [
        "db_query_duration_seconds{query_type=select,table=_other} 2".to_owned(),
        format!("db_query_duration_seconds{{query_type=select,table={fits}}} 1"),
        "measurand_label_overflows_total{family=database} 2".to_owned(),
    ];
    assert_eq!(lines, expected);
}
