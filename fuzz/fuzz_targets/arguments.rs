//! libFuzzer program of `targets::arguments`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::arguments::run(bytes));
