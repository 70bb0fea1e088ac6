//! Label expressions that move values which the body needs.

use measurand::timed_query;

struct Query(String);

impl Query {
    fn into_table(self) -> String {
        self.0
    }
}

#[timed_query("select", table = query.into_table())]
fn used_up(query: Query) -> usize {
    query.0.len()
}

#[timed_query("select", table = String::from(table))]
async fn used_up_later(table: Box<str>) -> usize {
    table.len()
}

#[timed_query("select", table = query.0.pop().map_or("empty", |_| "full"))]
fn not_mutable(query: Query) -> usize {
    query.0.len()
}

#[timed_query("select", table = |it| { drop(*it); "patterns" })]
fn moved_result() -> String {
    String::new()
}

fn main() {
    used_up(Query(String::new()));
    let _ = used_up_later("".into());
    not_mutable(Query(String::new()));
    moved_result();
}
