//! A nested error without a kind, and label values of types that have none.

use measurand::{ErrorKind, Label, timed_query};

struct Network;

#[derive(ErrorKind)]
enum StoreError {
    NotFound,
    #[error_kind(nested)]
    Network(Network),
    #[error_kind(nested)]
    Text { text: String },
}

#[derive(Clone, Copy)]
enum Table {
    Patterns,
}

#[timed_query("select", table = table)]
fn without_the_derive(table: Table) {}

#[derive(Label)]
enum Generic<T> {
    One,
    #[label("two")]
    Two,
}

fn main() {
    let _ = (StoreError::NotFound, StoreError::Network(Network), StoreError::Text { text: String::new() });
    without_the_derive(Table::Patterns);
}
