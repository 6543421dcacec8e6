//! Players that are not ours play what we record: ffprobe, Chromium and VLC, and Chromium the disc's own page.
//!
//! One short recording, made by `shenlu demo`, serves them all; the page on the disc also has a set of two discs. What a player says of it is counted: frames,
//! seconds, complaints; that a player ends without an error proves nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod browser;
mod chromium;
mod disc_check;
mod disc_page;
mod disc_set;
mod disc_set_page;
#[path = "../evidence_support/mod.rs"]
mod evidence_support;
mod ffprobe;
mod recording;
mod vlc;
