//! The end of a disc: relay to the next, closing of the set, and what makes a disc finalised (封盘).
//!
//! The last part of `Worker`: called from its turns. A disc is called finalised only when its closing session
//! is committed and every file on it was read back; the ledger's line comes before the state is told.

use hardware::optical::{Device, DiscFault, eject};
use serde_json::json;

use super::batch::blocks_for;
use super::contents::Place;
use super::events::{DiscEvent, DiscState, DiscSummary};
use super::history::{DiscRecord, Standing};
use super::spool::ClosedFile;
use super::worker::{End, Worker};

impl Worker {
    /// Closes this disc; the set goes on with the next (disc case 8).
    pub(super) fn relay(&mut self) -> Result<(), DiscFault> {
        let Some(index) = self.current() else {
            return Ok(());
        };
        let disc = &self.discs[index];
        if disc.batches == 0 {
            // Not one file fits: the next disc of this kind would end the same way.
            let device = disc.device.address();
            let needed_blocks = blocks_for(self.queue.sizes().first().copied());
            return Err(DiscFault::Full {
                device,
                needed_blocks,
                free_blocks: disc.free_blocks,
            });
        }
        self.close_disc(&[], Place::Relayed)?;
        let from = self.discs[index].number;
        let device = self.discs[index].device.clone();
        self.open_tray(from, &device);
        self.bench.event(DiscEvent::Relayed {
            slot: self.bench.plan.slot,
            from,
            to: from + 1,
        });
        Ok(())
    }

    fn open_tray(&self, number: u32, device: &Device) {
        if let Err(fault) = eject(&self.bench.plan.xorriso, device) {
            self.bench.fault(number, fault);
        }
    }

    /// The set is complete. A slot without a disc may use this drive from now on: its tray opens, so that a blank
    /// one can be laid in.
    pub(super) fn leave_drive(&self) {
        let spares = &self.bench.plan.spares;
        if let Some(last) = self.discs.last().filter(|_| spares.is_wanted()) {
            self.open_tray(last.number, &last.device);
        }
        spares.give(self.drive.clone());
    }

    pub(super) fn close_set(&mut self) -> Result<End, DiscFault> {
        self.check_sources(usize::MAX);
        let rest = self.queue.first(usize::MAX);
        self.close_disc(&rest, Place::Last)?;
        self.queue.let_go(&rest, &self.pending);
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
    pub(super) fn finalise(&mut self, index: usize) -> Result<(), DiscFault> {
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

    pub(super) fn summary(&self, disc: &DiscRecord) -> DiscSummary {
        DiscSummary {
            number: disc.number,
            device: disc.device.address(),
            volume_id: disc.volume_id.clone(),
            sessions: u32::try_from(disc.sessions.len()).unwrap_or(u32::MAX),
            files: u32::try_from(disc.files.len()).unwrap_or(u32::MAX),
            bytes: disc.bytes(),
            finalised: disc.standing == Standing::Finalised,
            proven: disc.proven,
            failed: disc.standing == Standing::Failed,
        }
    }
}
