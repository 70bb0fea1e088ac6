//! libFuzzer program of `targets::programs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::programs::run(bytes));
