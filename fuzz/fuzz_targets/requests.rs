//! libFuzzer program of `targets::requests`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::requests::run(bytes));
