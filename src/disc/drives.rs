//! Which drive the slot writes in: its own, or one that stands in (接力刻录, disc case 8).
//!
//! A part of `Worker`. A blank disc is looked for in the slot's own drive first; after a disc that failed there,
//! in the others first. A drive whose open disc is gone is waited for; when another could take over, only for
//! `spare_after`: the disc is then given up, and what stood on it is burnt again. Drives are exchanged, never
//! shared: the one that is left stands free for whoever finds a blank disc in it later.

use std::time::Instant;

use hardware::optical::{Device, DiscFault, Medium, MediumKind};

use super::contents::volume_id;
use super::events::{DiscEvent, DiscState};
use super::history::{DiscRecord, Standing};
use super::worker::{End, LOOK_AGAIN, Worker};

/// A blank disc and how it is reached.
struct Blank {
    device: Device,
    medium: Medium,
    kind: MediumKind,
}

/// What comes of waiting for a drive that has gone with its open disc.
pub(super) enum Waited {
    /// Look again.
    On,
    /// Another drive has a blank disc: this one is given up.
    TakeOver,
    End(End),
}

impl Worker {
    /// A blank medium and an opening session on it; waits as long as it takes.
    pub(super) fn open_disc(&mut self) -> Result<Option<End>, DiscFault> {
        let number = self.discs.iter().map(|disc| disc.number).max().unwrap_or(0) + 1;
        self.bench.plan.spares.want();
        let found = self.await_blank(number);
        self.bench.plan.spares.found();
        match found {
            Ok(blank) => {
                self.note_opened(number, blank)?;
                self.write_opening().map(|()| None)
            }
            Err(end) => Ok(Some(end)),
        }
    }

    fn await_blank(&mut self, number: u32) -> Result<Blank, End> {
        let mut told: Option<DiscFault> = None;
        loop {
            match self.find_blank(number) {
                Ok(blank) => return Ok(blank),
                Err(fault) if told.as_ref() != Some(&fault) => {
                    self.bench.fault(number, fault.clone());
                    told = Some(fault);
                }
                Err(_told_already) => {}
            }
            if let Some(end) = self.wait_for_medium() {
                return Err(end);
            }
        }
    }

    /// In the slot's own drive or in one that is free; the fault is the own drive's.
    fn find_blank(&mut self, number: u32) -> Result<Blank, DiscFault> {
        // What failed here may fail here again, and the disc that failed may still lie there.
        if self.failed_in_a_row > 0
            && let Some(blank) = self.blank_elsewhere()
        {
            return Ok(blank);
        }
        let fault = match self.blank_in(self.next_in_own(number)) {
            Ok(blank) => return Ok(blank),
            Err(fault) => fault,
        };
        let Some(blank) = self.blank_elsewhere() else {
            return Err(fault);
        };
        // A full or empty drive is what a standby is for; one that does not answer somebody must see to.
        if !matches!(
            fault,
            DiscFault::NoMedium { .. } | DiscFault::Used { .. } | DiscFault::Closed { .. }
        ) {
            self.bench.fault(number, fault);
        }
        Ok(blank)
    }

    /// Disc `number` in the slot's own drive. An image file is its disc's number in its name, which counts only there.
    fn next_in_own(&self, number: u32) -> Device {
        let plan = &self.bench.plan;
        if plan.borrowed || self.drive != plan.drive {
            self.drive.first_unused()
        } else {
            self.drive.for_disc(number)
        }
    }

    fn blank_in(&self, device: Device) -> Result<Blank, DiscFault> {
        let medium = self.bench.inspect(&device)?;
        let kind = medium.require_blank(&device)?;
        Ok(Blank { device, medium, kind })
    }

    /// A free drive with a blank disc becomes the slot's; its own stands free from now on.
    fn blank_elsewhere(&mut self) -> Option<Blank> {
        let spares = self.bench.plan.spares.clone();
        let (drive, blank) = spares.take_first(|drive| self.blank_in(drive.first_unused()).ok())?;
        let from = std::mem::replace(&mut self.drive, drive);
        let event = DiscEvent::DriveTaken {
            slot: self.bench.plan.slot,
            from: from.address(),
            to: self.drive.address(),
        };
        tracing::info!(?event, "another drive takes over");
        spares.give(from);
        self.bench.event(event);
        Some(blank)
    }

    /// A blank disc lies in a free drive; it stays there.
    fn could_take_over(&self) -> bool {
        let spares = &self.bench.plan.spares;
        let found = spares.take_first(|drive| self.blank_in(drive.first_unused()).ok());
        found.map(|(drive, _)| spares.give(drive)).is_some()
    }

    fn note_opened(&mut self, number: u32, blank: Blank) -> Result<(), DiscFault> {
        let Blank { device, medium, kind } = blank;
        let places = (self.drive.clone(), device);
        let mut disc = DiscRecord::new(number, kind, volume_id(&self.bench.plan, number), places);
        disc.free_blocks = medium.free_blocks;
        disc.replacement = self.bench.plan.replacement;
        self.bench.record_opened(&disc, &medium)?;
        self.discs.push(disc);
        Ok(())
    }

    pub(super) fn write_opening(&mut self) -> Result<(), DiscFault> {
        let sound = |disc: &&DiscRecord| disc.standing == Standing::Finalised;
        let before = self.discs.iter().rev().find(sound);
        let predecessor = before.and_then(|disc| disc.disc_json_sha256.clone());
        let Some(index) = self.current() else {
            return Ok(());
        };
        let session = self
            .workshop()
            .opening(&self.discs[index], predecessor)
            .map_err(|error| DiscFault::io("making the opening session", &error))?;
        self.write(&session)
    }

    /// The medium is not usable: the master goes on, someone must come.
    pub(super) fn wait_for_medium(&mut self) -> Option<End> {
        self.tell(DiscState::WaitingForMedium);
        self.pending.set_waiting(true);
        self.pending.wait(LOOK_AGAIN);
        self.pending.set_waiting(false);
        self.queue.take_over(&self.bench.plan, &self.pending, &self.discs);
        self.pending.is_abandoned().then_some(End::Abandoned)
    }

    /// The drive has gone with its open disc. It is waited for; with another at hand not for ever.
    pub(super) fn wait_for_drive(&mut self, fault: &DiscFault) -> Waited {
        self.tell_gone(fault);
        let since = *self.gone_since.get_or_insert_with(Instant::now);
        if let Some(end) = self.wait_for_medium() {
            return Waited::End(end);
        }
        if since.elapsed() >= self.bench.plan.spare_after && self.could_take_over() {
            self.gone_since = None;
            return Waited::TakeOver;
        }
        Waited::On
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
}
