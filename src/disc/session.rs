//! Writing one session so that it is certain: intent, burn, look, committed, read back; recovery in between.
//!
//! `Bench` is a slot's drive with its ledger; `worker` decides what is written, this file how. A fault comes
//! out only when the disc cannot go on; what recovery can mend is told as an event and mended here (disc
//! cases 1–6 and 9). Ledger before deed: no line, no burn.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use hardware::optical::{
    Base, Burn, ChildId, Closing, Device, DiscFault, Mapping, Medium, MediumState, Progress, burn, inspect,
    list_files, read_files,
};
use serde_json::{Value, json};

use super::batch::blocks_for;
use super::contents::Session;
use super::events::{DiscEvent, DiscState};
use super::history::{DiscRecord, FileRecord, Purpose, Standing, kind_name};
use super::ledger::Ledger;
use super::mending::Mended;
use super::plan::DiscPlan;
use super::sums::Digests;
use super::worker::drive_is_gone;

/// Burns of one session, and read-backs of one session, before the disc is given up.
const ATTEMPTS: u32 = 3;

pub(super) struct Bench {
    pub(super) plan: DiscPlan,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) events: Sender<DiscEvent>,
}

/// Tells the room what the slot is doing while a call into the bench lasts.
pub(super) type Tell<'a> = &'a mut dyn FnMut(DiscState, Option<Progress>);

impl Bench {
    pub(super) fn event(&self, event: DiscEvent) {
        // A room that no longer listens must not stop a burn.
        let _ = self.events.send(event);
    }

    pub(super) fn fault(&self, disc_number: u32, fault: DiscFault) {
        tracing::warn!(slot = self.plan.slot.as_str(), disc_number, %fault, "disc fault");
        self.event(DiscEvent::Fault {
            slot: self.plan.slot,
            disc_number,
            fault,
        });
    }

    /// The state of the medium, an image cut to the disc that it stands in for.
    pub(super) fn inspect(&self, device: &Device) -> Result<Medium, DiscFault> {
        inspect(&self.plan.xorriso, device).map(|medium| self.limited(device, medium))
    }

    pub(super) fn limited(&self, device: &Device, medium: Medium) -> Medium {
        match (device, self.plan.image_capacity_bytes) {
            (Device::Image(_), Some(bytes)) => medium.limited_to(bytes),
            (Device::Image(_) | Device::Drive(_), _) => medium,
        }
    }

    pub(super) fn record(&self, kind: &str, disc: u32, mut data: Value) -> Result<(), DiscFault> {
        data["interview"] = json!(self.plan.about.uuid);
        data["slot"] = json!(self.plan.slot.as_str());
        data["disc"] = json!(disc);
        self.ledger.append(kind, data).map_err(|error| DiscFault::Ledger {
            detail: error.to_string(),
        })
    }

    pub(super) fn record_opened(&self, disc: &DiscRecord, medium: &Medium) -> Result<(), DiscFault> {
        let data = json!({
            "device": disc.device.address(), "drive": disc.drive.address(), "medium": medium.name, "kind": kind_name(disc.kind),
            "volume_id": disc.volume_id, "free_blocks": medium.free_blocks, "replacement": self.plan.replacement,
        });
        self.record("disc-opened", disc.number, data)
    }

    /// The disc takes no more and is not sound; what stands on it is burnt again elsewhere.
    pub(super) fn give_up(&self, disc: &mut DiscRecord, fault: &DiscFault) {
        disc.standing = Standing::Failed;
        let data =
            json!({ "fault": fault, "message_zh": fault.message_zh(), "message_en": fault.to_string() });
        if let Err(unwritten) = self.record("disc-failed", disc.number, data) {
            self.fault(disc.number, unwritten);
        }
    }

    /// The drive answers, and some disc lies in it; which one is asked before every append.
    pub(super) fn require_there(&self, disc: &DiscRecord, device: &Device) -> Result<(), DiscFault> {
        match self.inspect(device)?.state {
            // An image file that is gone is a new, blank one.
            MediumState::None => Err(DiscFault::NoMedium {
                device: device.address(),
            }),
            MediumState::Blank if !disc.sessions.is_empty() => Err(DiscFault::NoMedium {
                device: device.address(),
            }),
            MediumState::Blank
            | MediumState::Appendable
            | MediumState::LeftOpen
            | MediumState::Closed
            | MediumState::Unusable => Ok(()),
        }
    }

    /// Appends the session, or tells why this disc cannot take it.
    pub(super) fn write(
        &self,
        disc: &mut DiscRecord,
        device: &Device,
        session: &Session,
        log: &Path,
        tell: Tell<'_>,
    ) -> Result<(), DiscFault> {
        let mut attempt = 1;
        loop {
            // Cut before by a drive that went away: it may have been whole already.
            if disc.intent.is_some() && self.mend(disc, device)? == Mended::SessionIsWhole {
                break;
            }
            let Err(fault) = self.try_write(disc, device, session, log, tell) else {
                break;
            };
            if fault.wants_next_disc() || drive_is_gone(&fault) || attempt == ATTEMPTS {
                return Err(fault);
            }
            attempt += 1;
            self.fault(disc.number, fault);
            tell(DiscState::Recovering, None);
            if disc.intent.is_none() {
                self.mend(disc, device)?;
            }
        }
        self.read_back(disc, device, tell)
    }

    fn try_write(
        &self,
        disc: &mut DiscRecord,
        device: &Device,
        session: &Session,
        log: &Path,
        tell: Tell<'_>,
    ) -> Result<(), DiscFault> {
        let medium = self.inspect(device)?;
        require_as_known(device, &medium, disc)?;
        require_room(device, &medium, session)?;
        tell(DiscState::Burning, None);
        let mappings = mappings(session);
        let volume_id = disc.volume_id.clone();
        let order = Burn {
            device,
            kind: disc.kind,
            volume_id: &volume_id,
            mappings: &mappings,
            closing: match session.purpose {
                Purpose::Opening | Purpose::Batch => Closing::KeepOpen,
                Purpose::Closing => Closing::CloseDisc,
            },
            base: base_of(disc),
            log,
        };
        let mut gate = |child: ChildId| self.announce(disc, session, child);
        let burnt = burn(&self.plan.xorriso, &order, &mut gate, &mut |p| {
            tell(DiscState::Burning, Some(p))
        })?;
        self.confirm(disc, device, burnt.medium)
    }

    /// The intent, durable before the child may begin.
    fn announce(&self, disc: &mut DiscRecord, session: &Session, child: ChildId) -> Result<(), DiscFault> {
        let files = session.records();
        let data = json!({
            "purpose": session.purpose, "child": child, "sessions_before": disc.sessions.len(), "files": files,
        });
        self.record("disc-intent", disc.number, data)?;
        disc.intent = Some(super::history::Intent {
            child,
            files,
            purpose: session.purpose,
        });
        Ok(())
    }

    /// Committed only when exactly one session more is on the disc and every file stands there in its size.
    pub(super) fn confirm(
        &self,
        disc: &mut DiscRecord,
        device: &Device,
        medium: Medium,
    ) -> Result<(), DiscFault> {
        let medium = self.limited(device, medium);
        let Some(intent) = disc.intent.clone() else {
            return Ok(());
        };
        let known = disc.sessions.len();
        if medium.sessions.len() != known + 1 || !begins_as_known(&medium, disc) {
            return Err(DiscFault::SessionsDiffer {
                device: device.address(),
                expected: u32::try_from(known + 1).unwrap_or(u32::MAX),
                found: medium.session_count(),
            });
        }
        self.require_listed(disc, device, &intent.files)?;
        let data = json!({
            "purpose": intent.purpose, "sessions": medium.sessions, "free_blocks": medium.free_blocks,
            "file_count": intent.files.len(), "bytes": intent.files.iter().map(|f| f.size).sum::<u64>(),
        });
        self.record("disc-committed", disc.number, data)?;
        disc.free_blocks = medium.free_blocks;
        disc.commit(intent.purpose, intent.files, medium.sessions);
        Ok(())
    }

    /// Old files and new ones: an append on a wrong base would lose the old (disc case 1).
    pub(super) fn require_listed(
        &self,
        disc: &DiscRecord,
        device: &Device,
        new: &[FileRecord],
    ) -> Result<(), DiscFault> {
        let listed = list_files(&self.plan.xorriso, device)?;
        let replaced = |path: &str| new.iter().any(|file| file.path == path);
        let old = disc.files.values().filter(|file| !replaced(&file.path));
        match old
            .chain(new)
            .find(|file| listed.get(&on_disc(&file.path)).map(|l| l.size) != Some(file.size))
        {
            Some(file) => Err(DiscFault::FileMissing {
                device: device.address(),
                path: file.path.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Every committed file that was not read yet, through the drive, against its digests.
    pub(super) fn read_back(
        &self,
        disc: &mut DiscRecord,
        device: &Device,
        tell: Tell<'_>,
    ) -> Result<(), DiscFault> {
        if disc.unread.is_empty() {
            return Ok(());
        }
        tell(DiscState::ReadingBack, None);
        let mut attempt = 1;
        let digests = loop {
            match self.read_digests(&disc.unread, device) {
                Ok(digests) => break digests,
                Err(fault) if attempt < ATTEMPTS && !fault.wants_next_disc() => {
                    if let Err(gone) = self.inspect(device)
                        && drive_is_gone(&gone)
                    {
                        return Err(gone);
                    }
                    self.fault(disc.number, fault);
                    attempt += 1;
                }
                Err(fault) => return Err(fault),
            }
        };
        if let Some((file, _)) = disc
            .unread
            .iter()
            .zip(&digests)
            .find(|(wanted, read)| wanted != read)
        {
            return Err(DiscFault::ReadBackDiffers {
                device: device.address(),
                path: file.path.clone(),
            });
        }
        let bytes: u64 = digests.iter().map(|file| file.size).sum();
        self.record(
            "disc-read-back",
            disc.number,
            json!({ "file_count": digests.len(), "bytes": bytes }),
        )?;
        disc.unread.clear();
        Ok(())
    }

    pub(super) fn read_digests(
        &self,
        files: &[FileRecord],
        device: &Device,
    ) -> Result<Vec<FileRecord>, DiscFault> {
        let wanted: Vec<_> = files
            .iter()
            .map(|file| (on_disc(&file.path), file.size))
            .collect();
        let mut digests = vec![Digests::default(); files.len()];
        read_files(&self.plan.xorriso, device, &wanted, &mut |index, bytes| {
            if let Some(digest) = digests.get_mut(index) {
                digest.update(bytes);
            }
        })?;
        Ok(digests
            .into_iter()
            .zip(files)
            .map(|(digest, file)| digest.record(&file.path))
            .collect())
    }
}

fn on_disc(path: &str) -> String {
    format!("/{path}")
}

fn mappings(session: &Session) -> Vec<Mapping> {
    let mapping = |file: &super::contents::SessionFile| Mapping {
        source: file.source.clone(),
        target: on_disc(&file.record.path),
    };
    session.files.iter().map(mapping).collect()
}

/// A disc that has sessions but never got a file has broken ones only (disc case 4).
fn base_of(disc: &DiscRecord) -> Base {
    if disc.kind.is_write_once() && disc.files.is_empty() && !disc.sessions.is_empty() {
        return Base::Nothing;
    }
    disc.base_session_block.map_or(Base::Newest, Base::Session)
}

/// The check before every append (disc cases 1 and 9): nothing is appended to a disc that is not as the
/// ledger left it.
fn require_as_known(device: &Device, medium: &Medium, disc: &DiscRecord) -> Result<(), DiscFault> {
    let name = device.address();
    match medium.state {
        MediumState::Blank if disc.sessions.is_empty() => return Ok(()),
        MediumState::Appendable | MediumState::Blank => {}
        MediumState::LeftOpen => return Err(DiscFault::LastSessionOpen { device: name }),
        MediumState::Closed => return Err(DiscFault::Closed { device: name }),
        MediumState::None => return Err(DiscFault::NoMedium { device: name }),
        MediumState::Unusable => {
            return Err(DiscFault::WrongMedium {
                device: name,
                medium: medium.name.clone(),
            });
        }
    }
    if medium.sessions.len() == disc.sessions.len() && begins_as_known(medium, disc) {
        return Ok(());
    }
    Err(DiscFault::SessionsDiffer {
        device: name,
        expected: u32::try_from(disc.sessions.len()).unwrap_or(u32::MAX),
        found: medium.session_count(),
    })
}

fn begins_as_known(medium: &Medium, disc: &DiscRecord) -> bool {
    disc.sessions
        .iter()
        .zip(&medium.sessions)
        .all(|(known, found)| known.is_same(found))
}

fn require_room(device: &Device, medium: &Medium, session: &Session) -> Result<(), DiscFault> {
    let needed_blocks = blocks_for(session.files.iter().map(|file| file.record.size));
    if needed_blocks <= medium.free_blocks {
        return Ok(());
    }
    Err(DiscFault::Full {
        device: device.address(),
        needed_blocks,
        free_blocks: medium.free_blocks,
    })
}
