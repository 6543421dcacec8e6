//! What runs inside the virtual machine: the drives, the room's disc workers, and eyes that know only the
//! kernel's own mount.
//!
//! Started by `init.sh` as the test `errand` of this same binary. Whatever goes wrong panics, and the host reads
//! the reason from the serial line.

mod bay;
mod book;
mod judge;
mod mount;
mod record;

use std::path::Path;

use crate::said::{Errand, Order};

/// Lies on the host: what is written here is on the disc, whatever becomes of the machine.
const PLATES: &str = "/plates";
/// The room's own volume, with the master and the ledger.
const ROOM: &str = "/room";
const LEDGER: &str = "/room/ledger.jsonl";
const SLOTS: [&str; 2] = ["a", "b"];

pub fn run(errand: Errand) {
    let order = std::fs::read(Path::new(PLATES).join("order.json")).unwrap();
    let order: Order = serde_json::from_slice(&order).unwrap();
    match errand {
        Errand::Record => record::run(&order),
        Errand::Judge => judge::run(),
    }
}
