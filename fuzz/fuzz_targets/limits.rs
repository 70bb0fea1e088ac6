//! libFuzzer program of `targets::limits`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::limits::run(bytes));
