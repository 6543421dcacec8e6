//! After a burn that was cut: awaited if it still runs, found whole, or the disc made to take it again.
//!
//! The second half of `Bench` (see `session`): called between two attempts, and by `worker` at start when the
//! ledger holds an intent without its commit. What recovery did is a ledger line before it is relied on.

use std::path::Path;

use hardware::optical::{Adoption, Device, DiscFault, Recovery, adopt, recover};
use serde_json::json;

use super::events::DiscEvent;
use super::history::{DiscRecord, FileRecord};
use super::session::Bench;
use super::worker::drive_is_gone;

impl Bench {
    /// A burn that an earlier run of the room started is awaited, then judged.
    pub(super) fn adopt_running(
        &self,
        disc: &mut DiscRecord,
        device: &Device,
        log: &Path,
    ) -> Result<(), DiscFault> {
        let Some(intent) = &disc.intent else { return Ok(()) };
        let adoption = Adoption {
            child: intent.child,
            device,
            log,
        };
        let ended = adopt(&self.plan.xorriso, &adoption);
        tracing::info!(?ended, disc = disc.number, "a burn of an earlier run was awaited");
        self.mend(disc, device).map(|_| ())
    }

    /// After a cut burn: either its session is whole after all, or the disc is made to take it again.
    pub(super) fn mend(&self, disc: &mut DiscRecord, device: &Device) -> Result<Mended, DiscFault> {
        let recovery = recover(&self.plan.xorriso, device, &disc.sessions)?;
        if let Some(intent) = disc.intent.clone()
            && !recovery.lost_session
            && recovery.medium.sessions.len() == disc.sessions.len() + 1
        {
            if self.is_whole(disc, device, &intent.files)? {
                self.confirm(disc, device, recovery.medium)?;
                return Ok(Mended::SessionIsWhole);
            }
            // An earlier recovery closed the cut session and was cut itself before the ledger knew.
            let base_session_block = disc.sessions.last().map(|good| good.start_block);
            let recovery = Recovery {
                base_session_block,
                lost_session: true,
                ..recovery
            };
            self.note_recovery(disc, device, recovery)?;
            return Ok(Mended::TakesItAgain);
        }
        self.note_recovery(disc, device, recovery)?;
        Ok(Mended::TakesItAgain)
    }

    /// Whether a session that nobody saw end holds its files, byte for byte: a cut one may well list them all.
    fn is_whole(&self, disc: &DiscRecord, device: &Device, files: &[FileRecord]) -> Result<bool, DiscFault> {
        let read = self
            .require_listed(disc, device, files)
            .and_then(|()| self.read_digests(files, device));
        match read {
            Ok(digests) => Ok(digests == files),
            Err(fault) if drive_is_gone(&fault) => Err(fault),
            Err(fault) => match self.inspect(device) {
                Err(gone) if drive_is_gone(&gone) => Err(gone),
                Ok(_) | Err(_) => {
                    tracing::info!(%fault, "the session of the cut burn is not whole");
                    Ok(false)
                }
            },
        }
    }

    fn note_recovery(
        &self,
        disc: &mut DiscRecord,
        device: &Device,
        recovery: Recovery,
    ) -> Result<(), DiscFault> {
        let Recovery {
            medium,
            base_session_block,
            lost_session,
        } = recovery;
        let medium = self.limited(device, medium);
        // Cut twice in a row: the last known session is then itself a broken one, and the first base stays.
        let base_session_block = disc.base_session_block.or(base_session_block);
        let data = json!({
            "sessions": medium.sessions, "base_session_block": base_session_block, "lost_session": lost_session,
            "free_blocks": medium.free_blocks,
        });
        self.record("disc-recovered", disc.number, data)?;
        disc.intent = None;
        disc.free_blocks = medium.free_blocks;
        disc.sessions = medium.sessions;
        disc.base_session_block = base_session_block;
        self.event(DiscEvent::Recovered {
            slot: self.plan.slot,
            disc_number: disc.number,
            lost_session,
        });
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mended {
    SessionIsWhole,
    TakesItAgain,
}
