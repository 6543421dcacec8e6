//! After a burn that was cut: awaited if it still runs, found whole, or the disc made to take it again.
//!
//! The second half of `Bench` (see `session`): called between two attempts, and by `worker` at start when the
//! ledger holds an intent without its commit. What recovery did is a ledger line before it is relied on.

use std::path::Path;

use hardware::optical::{Adoption, Device, DiscFault, Recovery, adopt, recover};
use serde_json::json;

use super::events::DiscEvent;
use super::history::DiscRecord;
use super::session::Bench;

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
        if disc.intent.is_some()
            && !recovery.lost_session
            && recovery.medium.sessions.len() == disc.sessions.len() + 1
        {
            return match self.confirm(disc, device, recovery.medium) {
                Ok(()) => Ok(Mended::SessionIsWhole),
                Err(fault) => Err(fault),
            };
        }
        self.note_recovery(disc, device, recovery)?;
        Ok(Mended::TakesItAgain)
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
        let data = json!({
            "sessions": medium.sessions, "base_session_block": base_session_block, "lost_session": lost_session,
            "free_blocks": medium.free_blocks,
        });
        self.record("disc-recovered", disc.number, data)?;
        disc.intent = None;
        disc.free_blocks = medium.free_blocks;
        disc.sessions = medium.sessions;
        disc.base_session_block = base_session_block.or(disc.base_session_block);
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
