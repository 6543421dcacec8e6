//! Labels of discs, judged on paper: the PDF is rendered, its text and its code are read back by other programs.
//!
//! `paper` prints and looks, `samples` has facts short, long and strange; `room` is a real interview with real
//! images as discs. Set `SHENLU_LABEL_PICTURES` to a folder to keep the pictures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../evidence_support/mod.rs"]
mod evidence_support;

mod command;
mod door;
mod layout;
mod paper;
mod room;
mod samples;
mod sets;
