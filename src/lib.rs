//! shenlu (审录): records every interview whole, to disk and two discs at once.
//!
//! The rooms of the house stand in this order: `interview` (pure rules), `evidence` and `disc` (what is
//! kept), `store` (an index that can be rebuilt), `accounts`, `room` (the loop), `web` (handles and
//! snapshots only). Which room may know which is checked by `tests/architecture.rs`.

pub mod accounts;
pub mod bench;
pub mod demo;
pub mod disc;
pub mod evidence;
pub mod interview;
pub mod room;
pub mod store;
pub mod web;
