//! The room's end of a slot: feed, ask, wait.
//!
//! Dropping the handle closes the queue: the worker ends after the burn that is running, which is not
//! killed. An unfinished disc is then picked up again by the next `start` with the ledger's history.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use super::events::DiscEvent;
use super::feed::{Feed, Inbox};
use super::ledger::Ledger;
use super::plan::{DiscPlan, PlanError, Slot};
use super::spool::{Pending, Spooler};
use super::worker::Worker;

pub struct DiscHandle {
    slot: Slot,
    inbox: Arc<Inbox>,
    pending: Arc<Pending>,
    ended: Arc<AtomicBool>,
}

pub(super) fn start(
    plan: DiscPlan,
    ledger: Arc<dyn Ledger>,
    events: Sender<DiscEvent>,
) -> Result<DiscHandle, PlanError> {
    let slot = plan.slot;
    let inbox = Arc::new(Inbox::default());
    let pending = Arc::new(Pending::default());
    let ended = Arc::new(AtomicBool::new(false));
    let spooler = Spooler::new(&plan, Arc::clone(&inbox), Arc::clone(&pending), events.clone());
    let worker = Worker::new(plan, ledger, events, Arc::clone(&pending));
    spawn(slot, "spool", move || spooler.run())?;
    let at_end = Arc::clone(&ended);
    spawn(slot, "disc", move || {
        worker.run();
        at_end.store(true, Ordering::Release);
    })?;
    Ok(DiscHandle {
        slot,
        inbox,
        pending,
        ended,
    })
}

fn spawn(slot: Slot, role: &str, body: impl FnOnce() + Send + 'static) -> Result<(), PlanError> {
    thread::Builder::new()
        .name(format!("{role}-{}", slot.as_str()))
        .spawn(body)
        .map(|_| ())
        .map_err(|source| PlanError::Thread {
            slot: slot.as_str(),
            source,
        })
}

impl DiscHandle {
    /// Never blocks, never fails (see `feed`).
    pub fn feed(&self, item: Feed) {
        self.inbox.push(item);
    }

    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// The operator says that another disc is in the drive: look now, not at the next turn.
    pub fn medium_changed(&self) {
        self.pending.wake();
    }

    /// The worker has ended: finalised, or failed beyond its own means.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// The room wants the drive for another interview: as if the handle were dropped, but the end can be awaited.
    pub fn abandon(&self) {
        self.inbox.close();
    }

    /// Nothing is being burnt or read: the slot waits for a disc, or proves what is finalised already. Letting go of
    /// it now costs nothing that the ledger does not bring back.
    pub fn is_waiting(&self) -> bool {
        self.pending.is_waiting()
    }

    /// Waits until the worker has ended, at most `at_most`; whether it has.
    pub fn wait_ended(&self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        while !self.has_ended() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        self.has_ended()
    }
}

impl Drop for DiscHandle {
    fn drop(&mut self) {
        self.inbox.close();
    }
}
