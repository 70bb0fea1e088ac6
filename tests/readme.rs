//! stub
#[test] fn s(){}
