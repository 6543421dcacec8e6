//! `verify` says sound of what is sound, and names what was changed, removed,
//! added or swapped, in an interview's directory, on discs and in images.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod burnt;
mod copies;
mod directories;
mod discs;
#[path = "../evidence_support/mod.rs"]
mod evidence_support;
mod forger;
mod keys;
mod open;
mod report;
mod scene;
mod tampering;
