//! Types and attributes that `ErrorKind` does not accept.

use measurand::ErrorKind;

#[derive(ErrorKind)]
struct Failure;

#[derive(ErrorKind)]
enum Empty {}

#[derive(ErrorKind)]
enum StoreError {
    #[error_kind(nested)]
    NoField,
    #[error_kind(nested)]
    TwoFields(u32, String),
    #[error_kind("")]
    Nothing,
    #[error_kind(nestd)]
    Misspelt(String),
    #[error_kind(5)]
    Number,
    #[error_kind("io", nested)]
    Both(String),
    #[error_kind]
    Alone,
}

fn main() {
    let _ = (Failure, StoreError::NoField);
}
