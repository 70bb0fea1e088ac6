//! libFuzzer program of `targets::records`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::records::run(bytes));
