//! Bytes from the fuzzer to the target of the same name.
#![no_main]

#[path = "../targets.rs"]
#[allow(dead_code)] // each binary has one of them
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::timestamp(data));
