//! Empty: the tests of this package are `tests/`, the cases that must not compile `fail/`, those that must `pass/`.
