//! The whole room, as its users meet it: real cameras on the wire, the real binary, real discs, real refusals.
//!
//! Each test runs a room of its own in small pictures; what it recorded is judged by decoding it. Faults are
//! caused, at the process, the camera or the drive, and everything that must not notice is counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod bad_config;
mod bad_input;
mod burners;
mod cameras;
mod clock;
mod crash;
mod demo;
mod drives;
mod ecase;
mod faults;
mod foreign;
mod full_disk;
mod house;
mod imports;
mod media;
mod power_cut;
mod refusals;
mod restart;
mod resume;
mod suspension;
mod trust;
mod two;
mod ways_out;
