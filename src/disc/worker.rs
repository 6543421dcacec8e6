//! The slot's worker: waits for closed segments, decides, burns, relays, closes the set.
//!
//! Runs on its own thread, started by `handle`. It may be stuck in a drive for minutes: nothing waits for it.
//! How a session is written stands in `session`; what is in it, in `contents`; when, in `batch`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use hardware::optical::{Device, DiscFault, MediumKind};

use crate::evidence::directory::JOURNAL;

use super::batch::{Decision, Space, blocks_for, decide};
use super::contents::{Session, Workshop};
use super::drives::Waited;
use super::events::{DiscEvent, DiscState};
use super::history::{DiscRecord, Standing, replay};
use super::journal::GrowingJournal;
use super::ledger::Ledger;
use super::plan::DiscPlan;
use super::proving::Proof;
use super::queue::Queue;
use super::session::Bench;
use super::spool::{Pending, spool_folder};
use super::telling::{Figures, Teller};

const TURN: Duration = Duration::from_secs(1);
/// How often an absent, used or full medium is looked at again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Discs that may fail one after the other before the slot gives up: then it is not the discs.
const FAILED_IN_A_ROW: u32 = 3;

/// Why the worker ends.
pub(super) enum End {
    Complete,
    /// The room let go of the handle; the next start goes on from the ledger.
    Abandoned,
    GaveUp,
}

pub(super) struct Worker {
    pub(super) bench: Bench,
    /// The drive that the slot writes in now.
    pub(super) drive: Device,
    pub(super) pending: Arc<Pending>,
    pub(super) discs: Vec<DiscRecord>,
    pub(super) queue: Queue,
    pub(super) folder: PathBuf,
    pub(super) teller: Teller,
    journal: RefCell<GrowingJournal>,
    /// The last fault that was no disc's, told once.
    house_fault: Option<DiscFault>,
    /// The fault for which a drive is being waited for, told once.
    pub(super) gone_fault: Option<DiscFault>,
    pub(super) gone_since: Option<Instant>,
    pub(super) failed_in_a_row: u32,
}

impl Worker {
    pub(super) fn new(
        plan: DiscPlan,
        ledger: Arc<dyn Ledger>,
        events: Sender<DiscEvent>,
        pending: Arc<Pending>,
    ) -> Self {
        let folder = spool_folder(&plan).join("work");
        let discs = replay(&plan);
        let teller = Teller::new(plan.slot, events.clone(), Arc::clone(&pending));
        let drive = plan.drive.clone();
        let bench = Bench { plan, ledger, events };
        Self {
            bench,
            drive,
            pending,
            discs,
            queue: Queue::default(),
            folder,
            teller,
            journal: RefCell::default(),
            house_fault: None,
            gone_fault: None,
            gone_since: None,
            failed_in_a_row: 0,
        }
    }

    pub(super) fn run(mut self) {
        let complete = loop {
            match self.work() {
                // The next start of the room goes on with what is spooled.
                End::Abandoned => break false,
                End::Complete => {
                    let complete = self.queue.lost_nothing();
                    self.remove_spool();
                    if complete {
                        self.tell_finalised();
                    }
                    // Of a set whose last disc was found bad the worker makes another, from the master.
                    if self.prove_last() != Proof::Failed {
                        self.leave_drive();
                        break complete;
                    }
                    self.put_back_failed();
                }
                End::GaveUp => {
                    self.tell(DiscState::Failed);
                    self.remove_spool();
                    break false;
                }
            }
        };
        self.bench.event(DiscEvent::Ended {
            slot: self.bench.plan.slot,
            complete,
        });
    }

    fn tell_finalised(&self) {
        let discs = self.discs.iter().map(|disc| self.summary(disc)).collect();
        self.bench.event(DiscEvent::Finalised {
            slot: self.bench.plan.slot,
            discs,
        });
    }

    /// Nothing of this interview may stay where the next one is spooled.
    fn remove_spool(&self) {
        if let Err(error) = fs::remove_dir_all(spool_folder(&self.bench.plan)) {
            tracing::warn!(%error, "the slot's spool could not be removed");
        }
    }

    fn work(&mut self) -> End {
        self.tell(DiscState::Preparing);
        self.prepare_folder();
        if self.set_is_closed() {
            return End::Complete;
        }
        loop {
            match self.go_on() {
                Ok(Some(end)) => return end,
                Ok(None) => {}
                Err(fault) if drive_is_gone(&fault) => match self.wait_for_drive(&fault) {
                    Waited::On => {}
                    Waited::TakeOver => self.fail_current(fault),
                    Waited::End(end) => return end,
                },
                Err(fault) if is_of_the_house(&fault) => {
                    if let Some(end) = self.wait_for_the_house(fault) {
                        return end;
                    }
                }
                Err(fault) => self.fail_current(fault),
            }
            if self.failed_in_a_row >= FAILED_IN_A_ROW {
                return End::GaveUp;
            }
        }
    }

    /// One disc as far as it goes.
    fn go_on(&mut self) -> Result<Option<End>, DiscFault> {
        let end = match self.current() {
            Some(index) => self.resume(index)?,
            None => self.open_disc()?,
        };
        match end {
            Some(end) => Ok(Some(end)),
            None => self.fill(),
        }
    }

    fn prepare_folder(&self) {
        if let Err(error) = fs::create_dir_all(&self.folder) {
            self.bench.fault(
                0,
                DiscFault::io(format!("creating {}", self.folder.display()), &error),
            );
        }
    }

    /// The disc that takes sessions now.
    pub(super) fn current(&self) -> Option<usize> {
        self.discs
            .iter()
            .rposition(|disc| disc.standing == Standing::Open)
    }

    /// A finalised disc that holds the interview's sums ends the set.
    fn set_is_closed(&self) -> bool {
        self.discs.iter().any(DiscRecord::holds_the_end)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("burn.log")
    }

    /// Goes on with an open disc: awaits its burn, mends it, reads back what was not read.
    fn resume(&mut self, index: usize) -> Result<Option<End>, DiscFault> {
        let device = self.discs[index].device.clone();
        let log = self.log();
        if self.gone_since.is_none() {
            self.tell(DiscState::Recovering);
        }
        let disc = &mut self.discs[index];
        self.bench
            .adopt_running(disc, &device, &log)
            .and_then(|()| self.bench.require_there(disc, &device))
            .and_then(|()| self.bench.read_back(disc, &device, &mut |_, _| {}))?;
        self.is_back();
        if self.discs[index].sessions.is_empty() {
            self.write_opening()?;
        }
        Ok(None)
    }

    /// The drive answers with its disc.
    fn is_back(&mut self) {
        self.gone_fault = None;
        self.gone_since = None;
    }

    pub(super) fn workshop(&self) -> Workshop<'_> {
        // A disc that failed has no place in the set: its replacement takes it.
        let sound = |disc: &&DiscRecord| disc.standing == Standing::Finalised;
        let mut places = BTreeMap::new();
        let mut number_in_set = 1;
        for disc in self.discs.iter().filter(sound) {
            places.extend(disc.files.keys().map(|path| (path.clone(), number_in_set)));
            number_in_set += 1;
        }
        Workshop {
            plan: &self.bench.plan,
            dir: &self.folder,
            number_in_set,
            places,
            journal: &self.journal,
        }
    }

    /// The ledger or a disk of the house does not do its part: no disc is to blame, and none is given up.
    fn wait_for_the_house(&mut self, fault: DiscFault) -> Option<End> {
        if self.house_fault.as_ref() != Some(&fault) {
            self.bench.fault(
                self.current().map_or(0, |index| self.discs[index].number),
                fault.clone(),
            );
            self.house_fault = Some(fault);
        }
        // A full spool volume would also keep the disc's own files from being made.
        self.queue.shed_spool(&self.pending);
        self.pending.wait(LOOK_AGAIN);
        self.pending.lock().abandoned.then_some(End::Abandoned)
    }

    /// Batches until the disc is full (`None`: the next one) or the set is closed.
    fn fill(&mut self) -> Result<Option<End>, DiscFault> {
        while let Some(index) = self.current() {
            if self.discs[index].closed {
                self.finalise(index)?;
                return Ok(self.set_is_closed().then_some(End::Complete));
            }
            self.queue.take_over(&self.bench.plan, &self.pending, &self.discs);
            let (finish, abandoned) = {
                let waiting = self.pending.lock();
                (waiting.finish, waiting.abandoned)
            };
            if finish {
                self.queue.take_rest(&self.bench.plan, &self.discs)?;
            }
            match self.decision(finish) {
                Decision::Burn(count) => self.burn_batch(count)?,
                Decision::Relay => return self.relay().map(|()| None),
                Decision::Wait if finish => {
                    if !self.queue.sizes().is_empty() && !self.space().takes_at_the_end(self.queue_blocks()) {
                        return self.relay().map(|()| None);
                    }
                    return self.close_set().map(Some);
                }
                Decision::Wait if abandoned => return Ok(Some(End::Abandoned)),
                Decision::Wait => {
                    self.tell(DiscState::Writing);
                    self.pending.wait(TURN);
                }
            }
        }
        Ok(None)
    }

    fn decision(&self, finishing: bool) -> Decision {
        decide(
            &self.queue.sizes(),
            self.queue.oldest(),
            finishing,
            &self.space(),
            &self.bench.plan.batch,
        )
    }

    fn queue_blocks(&self) -> u64 {
        blocks_for(self.queue.sizes())
    }

    fn space(&self) -> Space {
        let disc = self.current().map(|index| &self.discs[index]);
        let kind = disc.map_or(MediumKind::DvdR, |disc| disc.kind);
        Space {
            profile: kind.profile(),
            free_blocks: disc.map_or(0, |disc| disc.free_blocks),
            sessions: disc.map_or(0, |disc| u32::try_from(disc.sessions.len()).unwrap_or(u32::MAX)),
            batches: disc.map_or(0, |disc| disc.batches),
            journal_bytes: self.journal_bytes(),
        }
    }

    /// As it is now, and what it may grow by until the next look.
    fn journal_bytes(&self) -> u64 {
        let journal = self.bench.plan.interview_dir.join(JOURNAL);
        fs::metadata(journal).map_or(0, |meta| meta.len() + meta.len() / 8)
    }

    fn burn_batch(&mut self, count: usize) -> Result<(), DiscFault> {
        self.check_sources(count);
        let batch = self.queue.first(count);
        let Some(index) = self.current().filter(|_| !batch.is_empty()) else {
            return Ok(());
        };
        let session = self
            .workshop()
            .batch(&self.discs[index], &batch)
            .map_err(|error| DiscFault::io("making a batch", &error))?;
        self.write(&session)?;
        self.failed_in_a_row = 0;
        self.queue.let_go(&batch, &self.pending);
        let disc = &self.discs[index];
        self.bench.event(DiscEvent::BatchWritten {
            slot: self.bench.plan.slot,
            disc_number: disc.number,
            batch: disc.batches,
            files: u32::try_from(batch.len()).unwrap_or(u32::MAX),
            bytes: batch.iter().map(|file| file.record.size).sum(),
        });
        Ok(())
    }

    pub(super) fn check_sources(&mut self, count: usize) {
        for fault in self.queue.check_sources(count, &self.bench.plan, &self.pending) {
            self.bench
                .fault(self.current().map_or(0, |index| self.discs[index].number), fault);
        }
    }

    /// Burns onto the current disc. A drive that goes away meanwhile comes out as its fault: the turn begins again
    /// with the open disc, when it is back.
    pub(super) fn write(&mut self, session: &Session) -> Result<(), DiscFault> {
        let log = self.log();
        let Some(index) = self.current() else {
            return Ok(());
        };
        let figures = self.figures();
        let device = self.discs[index].device.clone();
        let teller = &self.teller;
        self.bench.write(
            &mut self.discs[index],
            &device,
            session,
            &log,
            &mut |state, progress| teller.tell(&figures, state, progress),
        )?;
        self.is_back();
        Ok(())
    }

    pub(super) fn figures(&self) -> Figures {
        self.figures_of(self.current())
    }

    pub(super) fn figures_of(&self, index: Option<usize>) -> Figures {
        let disc = index.and_then(|index| self.discs.get(index));
        Figures::of(disc, &self.bench.plan.batch, self.queue.burnt_bytes())
    }

    pub(super) fn tell(&self, state: DiscState) {
        self.teller.tell(&self.figures(), state, None);
    }

    /// This disc is lost; what stood on it waits again, from the master.
    fn fail_current(&mut self, fault: DiscFault) {
        let Some(index) = self.current() else { return };
        self.bench.fault(self.discs[index].number, fault.clone());
        self.bench.give_up(&mut self.discs[index], &fault);
        self.failed_in_a_row += 1;
        self.queue.put_back(&self.bench.plan, &self.discs[index]);
    }

    /// A finalised disc turned out to be bad: the rest of the work is done again without it.
    fn put_back_failed(&mut self) {
        self.failed_in_a_row += 1;
        if let Some(last) = self.discs.last() {
            self.queue.put_back(&self.bench.plan, last);
        }
    }
}

/// The drive or its disc went away and may come back as it was.
pub(super) fn drive_is_gone(fault: &DiscFault) -> bool {
    matches!(
        fault,
        DiscFault::Absent { .. }
            | DiscFault::NoPermission { .. }
            | DiscFault::NoMedium { .. }
            | DiscFault::ProgramMissing { .. }
    )
}

fn is_of_the_house(fault: &DiscFault) -> bool {
    matches!(
        fault,
        DiscFault::Ledger { .. } | DiscFault::Io { .. } | DiscFault::SourceUnreadable { .. }
    )
}
