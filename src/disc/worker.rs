//! The slot's worker: waits for closed segments, decides, burns, relays, closes the set.
//!
//! Runs on its own thread, started by `handle`. It may be stuck in a drive for minutes: nothing waits for it.
//! How a session is written stands in `session`; what is in it, in `contents`; when, in `batch`.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use hardware::optical::{Device, DiscFault, MediumKind};
use serde_json::json;

use super::batch::{Decision, Space, blocks_for, decide};
use super::contents::{Place, Session, Workshop, belongs_on_disc, from_master, interview_files, volume_id};
use super::events::{DiscEvent, DiscState, DiscSummary};
use super::history::{DiscRecord, Standing, replay};
use super::ledger::Ledger;
use super::plan::DiscPlan;
use super::session::Bench;
use super::spool::{ClosedFile, Pending, spool_folder};
use super::sums::sha256_of_file;
use super::telling::{Figures, Teller};

const TURN: Duration = Duration::from_secs(1);
/// How often an absent, used or full medium is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Discs that may fail one after the other before the slot gives up: then it is not the discs.
const FAILED_IN_A_ROW: u32 = 3;

/// Why the worker ends.
enum End {
    Complete,
    /// The room let go of the handle; the next start goes on from the ledger.
    Abandoned,
    GaveUp,
}

pub(super) struct Worker {
    bench: Bench,
    device: Device,
    pending: Arc<Pending>,
    discs: Vec<DiscRecord>,
    /// Taken over from `pending`, in order, not committed yet.
    queue: VecDeque<ClosedFile>,
    /// Neither spool nor master gives these as they were recorded.
    unreadable: BTreeSet<String>,
    folder: PathBuf,
    teller: Teller,
    burnt_bytes: u64,
    /// The last fault that was no disc's, told once.
    house_fault: Option<DiscFault>,
    /// The fault for which a drive is being waited for, told once.
    gone_fault: Option<DiscFault>,
    failed_in_a_row: u32,
}

impl Worker {
    pub(super) fn new(
        plan: DiscPlan,
        device: Device,
        ledger: Arc<dyn Ledger>,
        events: Sender<DiscEvent>,
        pending: Arc<Pending>,
    ) -> Self {
        let folder = spool_folder(&plan).join("work");
        let discs = replay(&plan);
        let teller = Teller::new(plan.slot, events.clone(), Arc::clone(&pending));
        let bench = Bench { plan, ledger, events };
        Self {
            bench,
            device,
            pending,
            discs,
            queue: VecDeque::new(),
            unreadable: BTreeSet::new(),
            folder,
            teller,
            burnt_bytes: 0,
            house_fault: None,
            gone_fault: None,
            failed_in_a_row: 0,
        }
    }

    pub(super) fn run(mut self) {
        let end = self.work();
        let complete = match end {
            End::Complete => self.unreadable.is_empty(),
            End::Abandoned => false,
            End::GaveUp => {
                self.tell(DiscState::Failed);
                false
            }
        };
        if complete {
            let discs = self.discs.iter().map(|disc| self.summary(disc)).collect();
            self.bench.event(DiscEvent::Finalised {
                slot: self.bench.plan.slot,
                discs,
            });
            if let Err(error) = fs::remove_dir_all(spool_folder(&self.bench.plan)) {
                tracing::warn!(%error, "the slot's spool could not be removed");
            }
        }
        self.bench.event(DiscEvent::Ended {
            slot: self.bench.plan.slot,
            complete,
        });
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
                Err(fault) if drive_is_gone(&fault) => {
                    if let Some(end) = self.wait_for_medium() {
                        return end;
                    }
                }
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
    fn current(&self) -> Option<usize> {
        self.discs
            .iter()
            .rposition(|disc| disc.standing == Standing::Open)
    }

    /// A finalised disc that holds the interview's sums ends the set.
    fn set_is_closed(&self) -> bool {
        self.discs.iter().any(DiscRecord::holds_the_end)
    }

    fn device_of(&self, number: u32) -> Device {
        self.device.for_disc(number)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("burn.log")
    }

    /// Goes on with an open disc: awaits its burn, mends it, reads back what was not read.
    fn resume(&mut self, index: usize) -> Result<Option<End>, DiscFault> {
        let device = self.device_of(self.discs[index].number);
        let log = self.log();
        loop {
            self.tell(DiscState::Recovering);
            let disc = &mut self.discs[index];
            let done = self
                .bench
                .adopt_running(disc, &device, &log)
                .and_then(|()| self.bench.read_back(disc, &device, &mut |_, _| {}));
            match done {
                Ok(()) if self.discs[index].sessions.is_empty() => {
                    return self.write_opening().map(|()| None);
                }
                Ok(()) => return Ok(None),
                Err(fault) if drive_is_gone(&fault) => {
                    self.tell_gone(&fault);
                    if let Some(end) = self.wait_for_medium() {
                        return Ok(Some(end));
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// A blank medium and an opening session on it; waits as long as it takes.
    fn open_disc(&mut self) -> Result<Option<End>, DiscFault> {
        let number = self.discs.iter().map(|disc| disc.number).max().unwrap_or(0) + 1;
        let device = self.device_of(number);
        let mut told: Option<DiscFault> = None;
        loop {
            let found = self
                .bench
                .inspect(&device)
                .and_then(|m| m.require_blank(&device).map(|kind| (m, kind)));
            match found {
                Ok((medium, kind)) => {
                    let mut disc = DiscRecord::new(number, kind, volume_id(&self.bench.plan, number));
                    disc.free_blocks = medium.free_blocks;
                    disc.replacement = self.bench.plan.replacement;
                    self.bench.record_opened(&disc, &device, &medium)?;
                    self.discs.push(disc);
                    return self.write_opening().map(|()| None);
                }
                Err(fault) if told.as_ref() != Some(&fault) => {
                    self.bench.fault(number, fault.clone());
                    told = Some(fault);
                }
                Err(_told_already) => {}
            }
            if let Some(end) = self.wait_for_medium() {
                return Ok(Some(end));
            }
        }
    }

    fn write_opening(&mut self) -> Result<(), DiscFault> {
        let sound = |disc: &&DiscRecord| disc.standing == Standing::Finalised;
        let predecessor = self
            .discs
            .iter()
            .rev()
            .find(sound)
            .and_then(|disc| disc.disc_json_sha256.clone());
        let Some(index) = self.current() else {
            return Ok(());
        };
        let session = self
            .workshop()
            .opening(&self.discs[index], predecessor)
            .map_err(|error| DiscFault::io("making the opening session", &error))?;
        self.write(&session)
    }

    fn workshop(&self) -> Workshop<'_> {
        Workshop {
            plan: &self.bench.plan,
            dir: &self.folder,
        }
    }

    /// The medium is not usable: the master goes on, someone must come.
    fn wait_for_medium(&mut self) -> Option<End> {
        self.tell(DiscState::WaitingForMedium);
        self.pending.wait(LOOK_AGAIN);
        self.take_over();
        self.pending.lock().abandoned.then_some(End::Abandoned)
    }

    fn tell_gone(&mut self, fault: &DiscFault) {
        if self.gone_fault.as_ref() != Some(fault) {
            self.bench.fault(
                self.current().map_or(0, |index| self.discs[index].number),
                fault.clone(),
            );
            self.gone_fault = Some(fault.clone());
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
            self.take_over();
            let (finish, abandoned) = {
                let waiting = self.pending.lock();
                (waiting.finish, waiting.abandoned)
            };
            if finish {
                self.take_rest()?;
            }
            match self.decision(finish) {
                Decision::Burn(count) => self.burn_batch(count)?,
                Decision::Relay => return self.relay().map(|()| None),
                Decision::Wait if finish => {
                    if !self.queue.is_empty() && !self.space().takes_at_the_end(self.queue_blocks()) {
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
        let sizes: Vec<u64> = self.queue.iter().map(|file| file.record.size).collect();
        let oldest = self
            .queue
            .front()
            .map_or(Duration::ZERO, |file| file.since.elapsed());
        decide(&sizes, oldest, finishing, &self.space(), &self.bench.plan.batch)
    }

    fn queue_blocks(&self) -> u64 {
        blocks_for(self.queue.iter().map(|file| file.record.size))
    }

    fn space(&self) -> Space {
        let disc = self.current().map(|index| &self.discs[index]);
        let kind = disc.map_or(MediumKind::DvdR, |disc| disc.kind);
        Space {
            profile: kind.profile(),
            free_blocks: disc.map_or(0, |disc| disc.free_blocks),
            sessions: disc.map_or(0, |disc| u32::try_from(disc.sessions.len()).unwrap_or(u32::MAX)),
            batches: disc.map_or(0, |disc| disc.batches),
        }
    }

    /// Moves what the spool closed into the queue; what a sound disc already holds is let go.
    fn take_over(&mut self) {
        let closed: Vec<_> = self.pending.lock().closed.drain(..).collect();
        for file in closed {
            let path = &file.record.path;
            let wanted = belongs_on_disc(path, self.bench.plan.include_tracks);
            if wanted && !self.queue.iter().any(|queued| queued.record.path == *path) {
                self.queue.push_back(file);
            } else if let Some(spooled) = file.spooled.filter(|_| !wanted) {
                self.pending.free_spooled(&spooled);
            }
        }
        let there = |file: &&ClosedFile| self.is_on_a_disc(&file.record.path);
        let burnt: Vec<ClosedFile> = self.queue.iter().filter(there).cloned().collect();
        self.let_go(&burnt);
    }

    fn is_on_a_disc(&self, path: &str) -> bool {
        let sound = |disc: &&DiscRecord| disc.standing != Standing::Failed;
        self.discs
            .iter()
            .filter(sound)
            .any(|disc| disc.files.contains_key(path))
    }

    /// The interview is complete: everything that is not on a disc yet.
    fn take_rest(&mut self) -> Result<(), DiscFault> {
        let files = interview_files(&self.bench.plan).map_err(|error| DiscFault::SourceUnreadable {
            path: self.bench.plan.interview_dir.display().to_string(),
            detail: error.to_string(),
        })?;
        for record in files {
            let queued = self.queue.iter().any(|file| file.record.path == record.path);
            if !queued && !self.is_on_a_disc(&record.path) && !self.unreadable.contains(&record.path) {
                self.queue.push_back(from_master(record));
            }
        }
        Ok(())
    }

    fn burn_batch(&mut self, count: usize) -> Result<(), DiscFault> {
        self.check_sources(count);
        let batch: Vec<ClosedFile> = self.queue.iter().take(count).cloned().collect();
        let Some(index) = self.current().filter(|_| !batch.is_empty()) else {
            return Ok(());
        };
        let session = self
            .workshop()
            .batch(&self.discs[index], &batch)
            .map_err(|error| DiscFault::io("making a batch", &error))?;
        self.write(&session)?;
        self.failed_in_a_row = 0;
        self.let_go(&batch);
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

    /// A spooled file that changed is taken from the master; one that the master does not give either is
    /// told and left out, so that it cannot hold up the others.
    fn check_sources(&mut self, count: usize) {
        let mut lost = Vec::new();
        for file in self.queue.iter_mut().take(count) {
            let master = self.bench.plan.interview_dir.join(&file.record.path);
            let is_good =
                |path: &PathBuf| sha256_of_file(path).is_ok_and(|digest| digest == file.record.sha256);
            if file.spooled.as_ref().is_some_and(is_good) {
                continue;
            }
            if let Some(spooled) = file.spooled.take() {
                self.pending.free_spooled(&spooled);
            }
            match sha256_of_file(&master) {
                Ok(digest) if digest == file.record.sha256 => {}
                Ok(_) => lost.push((file.record.path.clone(), "it is not what was recorded".to_owned())),
                Err(error) => lost.push((file.record.path.clone(), error.to_string())),
            }
        }
        for (path, detail) in lost {
            self.queue.retain(|file| file.record.path != path);
            self.unreadable.insert(path.clone());
            let number = self.current().map_or(0, |index| self.discs[index].number);
            self.bench
                .fault(number, DiscFault::SourceUnreadable { path, detail });
        }
    }

    /// Burns onto the current disc; a drive that goes away is waited for.
    fn write(&mut self, session: &Session) -> Result<(), DiscFault> {
        let log = self.log();
        loop {
            let Some(index) = self.current() else {
                return Ok(());
            };
            let figures = self.figures();
            let device = self.device_of(self.discs[index].number);
            let teller = &self.teller;
            let written = self.bench.write(
                &mut self.discs[index],
                &device,
                session,
                &log,
                &mut |state, progress| teller.tell(&figures, state, progress),
            );
            match written {
                Err(fault) if drive_is_gone(&fault) => {
                    self.tell_gone(&fault);
                    if self.wait_for_medium().is_some() {
                        return Err(fault);
                    }
                }
                Ok(()) => {
                    self.gone_fault = None;
                    return Ok(());
                }
                Err(_) => return written,
            }
        }
    }

    fn figures(&self) -> Figures {
        Figures::of(self.current().map(|index| &self.discs[index]), self.burnt_bytes)
    }

    fn tell(&self, state: DiscState) {
        self.teller.tell(&self.figures(), state, None);
    }

    fn let_go(&mut self, files: &[ClosedFile]) {
        for file in files {
            if let Some(spooled) = &file.spooled {
                self.pending.free_spooled(spooled);
            }
            self.burnt_bytes += file.record.size;
        }
        self.queue
            .retain(|queued| files.iter().all(|file| file.record.path != queued.record.path));
    }

    /// Closes this disc; the set goes on with the next (disc case 8).
    fn relay(&mut self) -> Result<(), DiscFault> {
        let Some(index) = self.current() else {
            return Ok(());
        };
        let disc = &self.discs[index];
        if disc.batches == 0 {
            // Not one file fits: the next disc of this kind would end the same way.
            let device = self.device_of(disc.number).address();
            let needed_blocks = blocks_for(self.queue.front().map(|file| file.record.size));
            return Err(DiscFault::Full {
                device,
                needed_blocks,
                free_blocks: disc.free_blocks,
            });
        }
        self.close_disc(&[], Place::Relayed)?;
        let from = self.discs[index].number;
        self.bench.event(DiscEvent::Relayed {
            slot: self.bench.plan.slot,
            from,
            to: from + 1,
        });
        Ok(())
    }

    fn close_set(&mut self) -> Result<End, DiscFault> {
        self.check_sources(self.queue.len());
        let rest: Vec<ClosedFile> = self.queue.iter().cloned().collect();
        self.close_disc(&rest, Place::Last)?;
        self.let_go(&rest);
        Ok(End::Complete)
    }

    fn close_disc(&mut self, rest: &[ClosedFile], place: Place) -> Result<(), DiscFault> {
        let Some(index) = self.current() else {
            return Ok(());
        };
        self.tell(DiscState::Closing);
        let session = self
            .workshop()
            .closing(&self.discs[index], rest, place)
            .map_err(|error| DiscFault::io("making the closing session", &error))?;
        self.write(&session)?;
        self.finalise(index)
    }

    /// Closed and every file on it read back: only now the disc is called finalised.
    fn finalise(&mut self, index: usize) -> Result<(), DiscFault> {
        let disc = &self.discs[index];
        let data = json!({
            "volume_id": disc.volume_id, "file_count": disc.files.len(), "bytes": disc.bytes(),
            "sessions": disc.sessions, "disc_json_sha256": disc.disc_json_sha256,
        });
        self.bench.record("disc-finalised", disc.number, data)?;
        self.teller.tell(&self.figures(), DiscState::Finalised, None);
        self.discs[index].standing = Standing::Finalised;
        Ok(())
    }

    /// This disc is lost; what stood on it waits again, from the master.
    fn fail_current(&mut self, fault: DiscFault) {
        let Some(index) = self.current() else { return };
        self.bench.fault(self.discs[index].number, fault.clone());
        self.bench.give_up(&mut self.discs[index], &fault);
        self.failed_in_a_row += 1;
        let is_interview_file = |path: &str| self.bench.plan.interview_dir.join(path).is_file();
        let mut again: VecDeque<ClosedFile> = self.discs[index]
            .files
            .values()
            .filter(|file| is_interview_file(&file.path))
            .map(|file| from_master(file.clone()))
            .collect();
        again.append(&mut self.queue);
        self.queue = again;
    }

    fn summary(&self, disc: &DiscRecord) -> DiscSummary {
        DiscSummary {
            number: disc.number,
            device: self.device_of(disc.number).address(),
            volume_id: disc.volume_id.clone(),
            sessions: u32::try_from(disc.sessions.len()).unwrap_or(u32::MAX),
            files: u32::try_from(disc.files.len()).unwrap_or(u32::MAX),
            bytes: disc.bytes(),
            finalised: disc.standing == Standing::Finalised,
            failed: disc.standing == Standing::Failed,
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
