//! Empty. The tests of this package are in `tests/`, the cases that must not compile in `fail/`, those that must
//! compile in `pass/`.
