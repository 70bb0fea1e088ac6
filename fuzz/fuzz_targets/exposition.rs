//! libFuzzer program of `targets::exposition`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measurand_fuzz::targets::exposition::run(bytes));
