//! The writer of evidence killed at every named point, again and again on the same directory, while it records,
//! while it recovers and while it closes; then what had not been synced is torn, or gone: the same on a plain disk
//! and on one that forgets. After each cut the invariants hold, and in the end everything that was told to be
//! durable is there.
//!
//! The test binary runs itself as the child that is killed. 100 cuts always; more by
//! `SHENLU_CRASH_CYCLES=1000 cargo nextest run --profile soak --test evidence_crash`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod closing;
mod cycles;
mod dice;
#[path = "../evidence_support/mod.rs"]
mod evidence_support;
mod interview;
mod loss;
mod mirror;
mod restart;
mod roles;
mod volume;
