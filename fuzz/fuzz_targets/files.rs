//! libFuzzer program of `targets::files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::files::run(bytes));
