//! libFuzzer program of `targets::queries`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::queries::run(bytes));
