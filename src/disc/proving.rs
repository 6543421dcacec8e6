//! Proving a finalised disc: the tray is opened and closed, then every byte is read once more.
//!
//! The last deed of a slot's worker on its set's last disc. Right after a burn a drive may answer from what it
//! remembers; a disc that is loaded anew cannot. It holds up nobody: when the room wants the drive it ends, and the
//! disc stays finalised. Of a disc that reads back differently now nothing is believed: it has failed, and the set
//! is burnt again from the master.

use hardware::optical::{Device, DiscFault, reload};
use serde_json::json;

use super::events::{DiscEvent, DiscState};
use super::history::{DiscRecord, FileRecord};
use super::session::Bench;
use super::worker::Worker;

/// Files between two looks at whether the drive is wanted elsewhere.
const FILES_AT_ONCE: usize = 4;

/// What came of proving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Proven,
    /// It was not done or could not be: the disc stays what it was.
    Open,
    Failed,
}

impl Worker {
    /// The set is complete: its last disc is proven while nobody wants the drive.
    pub(super) fn prove_last(&mut self) -> Proof {
        let last = self.discs.iter().rposition(DiscRecord::holds_the_end);
        let Some(index) = last.filter(|_| self.bench.plan.prove) else {
            return Proof::Open;
        };
        if self.discs[index].proven {
            return Proof::Proven;
        }
        self.teller
            .tell(&self.figures_of(Some(index)), DiscState::Proving, None);
        self.pending.set_waiting(true);
        let pending = self.pending.clone();
        let proof = self
            .bench
            .prove(&mut self.discs[index], &|| pending.is_abandoned());
        self.pending.set_waiting(false);
        match proof {
            Proof::Proven => self
                .teller
                .tell(&self.figures_of(Some(index)), DiscState::Proven, None),
            Proof::Open => self
                .teller
                .tell(&self.figures_of(Some(index)), DiscState::Finalised, None),
            Proof::Failed => {}
        }
        proof
    }
}

impl Bench {
    fn prove(&self, disc: &mut DiscRecord, is_wanted_elsewhere: &dyn Fn() -> bool) -> Proof {
        let device = disc.device.clone();
        let files: Vec<FileRecord> = disc.files.values().cloned().collect();
        if let Err(fault) = reload(&self.plan.xorriso, &device) {
            return self.unproven(disc, fault);
        }
        for group in files.chunks(FILES_AT_ONCE) {
            if is_wanted_elsewhere() {
                return Proof::Open;
            }
            match self.prove_files(group, &device) {
                Ok(()) => {}
                Err(DiscFault::ReadBackDiffers { device, path }) => {
                    return self.disproven(disc, DiscFault::ReadBackDiffers { device, path });
                }
                Err(fault) => return self.unproven(disc, fault),
            }
        }
        let bytes: u64 = files.iter().map(|file| file.size).sum();
        let data = json!({ "file_count": files.len(), "bytes": bytes, "volume_id": disc.volume_id });
        match self.record("disc-proven", disc.number, data) {
            Ok(()) => {
                disc.proven = true;
                Proof::Proven
            }
            Err(fault) => {
                self.fault(disc.number, fault);
                Proof::Open
            }
        }
    }

    fn prove_files(&self, files: &[FileRecord], device: &Device) -> Result<(), DiscFault> {
        let read = self.read_digests(files, device)?;
        match files.iter().zip(&read).find(|(wanted, read)| wanted != read) {
            Some((file, _)) => Err(DiscFault::ReadBackDiffers {
                device: device.address(),
                path: file.path.clone(),
            }),
            None => Ok(()),
        }
    }

    /// It could not be read again: told, and no verdict on the disc, which may lie in an open tray.
    fn unproven(&self, disc: &DiscRecord, fault: DiscFault) -> Proof {
        let data =
            json!({ "fault": fault, "message_zh": fault.message_zh(), "message_en": fault.to_string() });
        if let Err(unwritten) = self.record("disc-unproven", disc.number, data) {
            self.fault(disc.number, unwritten);
        }
        self.fault(disc.number, fault);
        Proof::Open
    }

    fn disproven(&self, disc: &mut DiscRecord, fault: DiscFault) -> Proof {
        self.fault(disc.number, fault.clone());
        self.give_up(disc, &fault);
        self.event(DiscEvent::Disproven {
            slot: self.plan.slot,
            disc_number: disc.number,
        });
        Proof::Failed
    }
}
