//! libFuzzer program of `targets::payload`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::payload::run(bytes));
