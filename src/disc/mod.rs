//! Discs of an interview (光盘): one worker per slot that burns what the room feeds it, batch by batch.
//!
//! `room` calls `start` when an interview begins, feeds the same bytes that went to the master, and hears
//! `DiscEvent`s. Feeding never blocks and never fails: whatever the spool cannot hold is taken from the
//! master later. Three threads stand between the room and a stuck drive: `feed` only queues, `spool` writes
//! the slot's spool, `worker` burns; each may hang without holding up the one before.
//!
//! Order, per session on a disc: ledger *intent* (durable) → burn → the disc's table of sessions read again
//! and the files listed with their sizes → ledger *committed* → files read back, digests compared → ledger
//! *read back* → spool freed. A set's last disc is read once more after its tray was opened (*proven*). A disc is
//! never written over, and nothing is said to be on it before that.

mod batch;
mod case_disc;
mod case_folder;
mod case_pages;
mod closing;
mod compare;
mod contents;
mod drives;
mod events;
mod feed;
mod handle;
mod history;
mod journal;
pub mod labels;
mod ledger;
mod mending;
mod pages;
mod plan;
mod proving;
mod queue;
mod session;
mod spares;
mod spool;
mod sums;
mod telling;
mod transcript;
mod worker;

pub use case_disc::{CaseBurnt, CaseInterview, CaseOrder, Remark, burn_case};
pub use compare::{SetComparison, compare_sets};
pub use events::{DiscEvent, DiscState, DiscSummary};
pub use feed::Feed;
pub use handle::DiscHandle;
pub use hardware::optical::DiscFault;
pub use history::{LedgerEntry, drive_of_open_disc};
pub use ledger::{Ledger, LedgerError};
pub use plan::{About, BatchPolicy, DiscPlan, PlanError, Slot};
pub use spares::Spares;

use std::sync::Arc;
use std::sync::mpsc::Sender;

/// Starts the slot's worker. Returns at once; what it finds (no drive, a used disc, …) comes as events.
/// With `plan.history` the worker first awaits or recovers what was burning when the room went down.
pub fn start(
    plan: DiscPlan,
    ledger: Arc<dyn Ledger>,
    events: Sender<DiscEvent>,
) -> Result<DiscHandle, PlanError> {
    handle::start(plan, ledger, events)
}

/// Burns what the slot's earlier discs do not soundly hold, from the closed interview directory: a complete
/// replacement when a disc failed beyond recovery (disc case 6). `plan.history` says what is there already.
pub fn replace_from_master(
    plan: DiscPlan,
    ledger: Arc<dyn Ledger>,
    events: Sender<DiscEvent>,
) -> Result<DiscHandle, PlanError> {
    let handle = handle::start(plan.into_replacement(), ledger, events)?;
    handle.feed(Feed::Finish);
    Ok(handle)
}
