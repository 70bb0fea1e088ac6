//! Unknown names in label expressions.

use measurand::timed_query;

#[timed_query("select", table = query.table())]
fn unknown_argument(id: u64) {}

#[timed_query("select", table = self.table)]
fn no_method(id: u64) {}

#[timed_query("select", table = TABLE)]
fn no_constant() {}

#[timed_query("select", table = Table::Patterns)]
fn no_type() {}

#[timed_query("select", table = table.trim())]
fn local_of_the_body() {
    let table = "patterns";
    let _ = table;
}

#[timed_query(skip(self), table = "patterns")]
fn of_another_macro() {}

fn main() {
    unknown_argument(1);
    no_method(1);
    no_constant();
    no_type();
    local_of_the_body();
    of_another_macro();
}
