//! The discs of an interview as the room runs them: whose they are, started, fed, finished, replaced.
//!
//! The drives serve one interview at a time: a `DiscSet`. An interview that begins while the last one's
//! discs are still being finished gets its own as soon as the drives are free, from the master. Nothing
//! that a disc does or fails to do holds up the recording. What workers say is heard by `disc_events`.

use super::appliance::Appliance;
use super::config::{Burner, BurnerSlot, Room};
use super::events::RoomEvent;
use super::fanout::Piece;
use super::numbering::SET_NUMBERED;
use crate::disc::{self, About, BatchPolicy, DiscEvent, DiscHandle, DiscPlan, Feed, LedgerEntry, Slot};
use crate::evidence::journal::Journal;
use crate::interview::{Alarm, CaseRef, DiscSlot, Entry, Fact};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// The ledger's word for a set that is whole and closed.
pub(super) const SET_FINALISED: &str = "set-finalised";

/// Discs that are wanted of an interview.
#[derive(Clone, Debug)]
pub(super) struct DiscOrder {
    pub dir: PathBuf,
    pub about: About,
    pub slots: Vec<Slot>,
}

/// The interview whose discs lie in the drives.
pub(super) struct DiscSet {
    pub order: DiscOrder,
    pub workers: Vec<DiscHandle>,
    /// The interview is closed: when the workers have ended, the drives are free.
    pub finishing: bool,
    /// Whether the composite's bytes come from the spool: from the first segment on that began meanwhile.
    aligned: bool,
    /// Slots whose worker gave up, and those that were burnt anew already.
    pub gave_up: BTreeSet<Slot>,
    pub replaced: BTreeSet<Slot>,
}

impl DiscSet {
    pub fn is_of(&self, interview: &str) -> bool {
        self.order.about.interview_id == interview
    }

    /// A chunk of the composite on its way to the spools; never waits.
    pub fn pass_on(&mut self, piece: &Piece, bytes: &Arc<[u8]>) {
        self.aligned |= piece.header.is_some();
        if !self.aligned {
            return;
        }
        for worker in &self.workers {
            for bytes in piece.header.iter().chain([bytes]) {
                let (path, bytes) = (piece.path.clone(), Arc::clone(bytes));
                worker.feed(Feed::Bytes { path, bytes });
            }
        }
    }

    pub fn feed(&self, feed: &Feed) {
        self.workers.iter().for_each(|worker| worker.feed(feed.clone()));
    }
}

pub(super) fn slot_of(burner: BurnerSlot) -> Option<Slot> {
    match burner {
        BurnerSlot::A => Some(Slot::A),
        BurnerSlot::B => Some(Slot::B),
        // It waits for the relay, which comes with a later version; until then it is only looked at.
        BurnerSlot::Standby => None,
    }
}

pub(super) fn disc_slot(slot: Slot) -> DiscSlot {
    match slot {
        Slot::A => DiscSlot::A,
        Slot::B => DiscSlot::B,
        Slot::Standby => DiscSlot::Standby,
    }
}

/// Disc events arrive on a channel of their own and go on into the loop's queue, with the interview's id.
fn forward(events: Sender<RoomEvent>, interview: String) -> std::io::Result<Sender<DiscEvent>> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("disc-events".into())
        .spawn(move || {
            for event in receiver {
                let interview = interview.clone();
                if events.send(RoomEvent::Disc { interview, event }).is_err() {
                    return;
                }
            }
        })?;
    Ok(sender)
}

/// What the discs say of the case is what was known at the start; a later binding stands in the journal.
pub(super) fn case_at_start(entries: &[Entry]) -> CaseRef {
    let started = entries.iter().find_map(|entry| match &entry.fact {
        Fact::Started(started) => Some(started.case.clone()),
        _ => None,
    });
    started.unwrap_or_default()
}

/// What stands on an interview's discs about it.
pub(super) fn about_of(
    room: &Room,
    set_in_case: Option<u32>,
    (id, uuid): (&str, &str),
    opened_at: &str,
    entries: &[Entry],
) -> About {
    let kind = entries.iter().find_map(|entry| match &entry.fact {
        Fact::Started(started) => Some(started.interview.name_zh().to_owned()),
        _ => None,
    });
    let case = case_at_start(entries);
    About {
        unit: room.unit.clone(),
        room_id: room.id.clone(),
        room_name: room.name.clone(),
        interview_id: id.to_owned(),
        uuid: uuid.to_owned(),
        case_number: if case.number.is_empty() {
            case.incident_number
        } else {
            case.number
        },
        case_name: case.name,
        kind: kind.unwrap_or_default(),
        started_at: opened_at.to_owned(),
        set_in_case,
    }
}

impl Appliance {
    pub(super) fn slots(&self) -> Vec<Slot> {
        self.config
            .burners
            .iter()
            .filter_map(|burner| slot_of(burner.slot))
            .collect()
    }

    /// Gives free drives to whoever wants them: the open interview first, then those that wait.
    pub(super) fn watch_discs(&mut self) {
        if let Some(set) = &mut self.disc_set {
            set.workers.retain(|worker| !worker.has_ended());
            if set.finishing && set.workers.is_empty() {
                self.disc_set = None;
            }
        }
        if self.open.is_some() {
            self.ask_for_drives();
        }
        if self.disc_set.is_none() && !self.is_burning_case() {
            if let Some((order, segments)) = self
                .open
                .as_ref()
                .and_then(|open| open.discs_wanted(self.slots()))
            {
                self.start_discs(order, false);
                if let Some(set) = &self.disc_set {
                    segments.iter().for_each(|segment| set.feed(segment));
                }
            } else if self.open.is_none()
                && let Some(order) = self.disc_queue.pop_front()
            {
                self.start_discs(order, true);
            }
        }
        let busy = self.open.is_some() || self.disc_set.is_some() || self.is_burning_case();
        self.discs_busy.store(busy, std::sync::atomic::Ordering::SeqCst);
    }

    /// One worker for each slot of the order. `finishing`: the interview is closed already.
    fn start_discs(&mut self, order: DiscOrder, finishing: bool) {
        let history = self.disc_history();
        let mut set = DiscSet {
            workers: Vec::new(),
            finishing,
            aligned: false,
            gave_up: BTreeSet::new(),
            replaced: BTreeSet::new(),
            order,
        };
        for burner in self.config.burners.clone() {
            if slot_of(burner.slot).is_some_and(|slot| set.order.slots.contains(&slot)) {
                set.workers
                    .extend(self.start_worker(&burner, &set.order, history.clone(), false));
            }
        }
        if finishing {
            set.feed(&Feed::Finish);
        }
        self.disc_set = Some(set);
    }

    fn start_worker(
        &mut self,
        burner: &Burner,
        order: &DiscOrder,
        history: Vec<LedgerEntry>,
        replaces: bool,
    ) -> Option<DiscHandle> {
        let slot = slot_of(burner.slot)?;
        let mut plan = self.plan(burner, slot, order);
        plan.history = history;
        let ledger: Arc<dyn disc::Ledger> = self.ledger.clone();
        let started = forward(self.events.clone(), order.about.interview_id.clone())
            .map_err(|e| e.to_string())
            .and_then(|sender| {
                let start = if replaces {
                    disc::replace_from_master
                } else {
                    disc::start
                };
                start(plan, ledger, sender).map_err(|e| e.to_string())
            });
        match started {
            Ok(handle) => Some(handle),
            Err(reason) => {
                self.raise(
                    Alarm::DiscFailed {
                        slot: disc_slot(slot),
                    },
                    &reason,
                );
                None
            }
        }
    }

    fn plan(&self, burner: &Burner, slot: Slot, order: &DiscOrder) -> DiscPlan {
        let spool = self.config.spool_dir.join(burner.slot.name());
        let (device, dir) = (burner.device.clone(), order.dir.clone());
        let mut plan = DiscPlan::new(slot, device, spool, dir, order.about.clone());
        plan.spool_limit_bytes = self.config.spool_limit_bytes;
        let disc = self.config.disc;
        plan.batch = BatchPolicy {
            max_bytes: disc.batch_bytes,
            max_wait: Duration::from_secs(u64::from(disc.batch_minutes) * 60),
        };
        plan.include_tracks = disc.tracks;
        if let Some(stall) = disc.stall_seconds.map(|s| Duration::from_secs(u64::from(s))) {
            plan.xorriso.start_stall = stall;
            plan.xorriso.write_stall = stall;
            plan.xorriso.close_stall = stall;
        }
        plan
    }

    /// What the ledger knows of discs so far.
    fn disc_history(&self) -> Vec<LedgerEntry> {
        match Journal::read(&self.config.data.dir.join("ledger.jsonl")) {
            Ok(lines) => super::logs::disc_history(&lines),
            Err(error) => {
                tracing::error!(%error, "ledger");
                Vec::new()
            }
        }
    }

    /// The interview is closed: its discs are finished where they lie, or when the drives are free.
    pub(super) fn finish_discs(&mut self, order: DiscOrder) {
        match &mut self.disc_set {
            Some(set) if set.is_of(&order.about.interview_id) => {
                set.finishing = true;
                set.feed(&Feed::Finish);
                let gave_up = set.gave_up.clone();
                gave_up.into_iter().for_each(|slot| self.replace_disc(slot));
            }
            Some(_) | None => self.disc_queue.push_back(order),
        }
    }

    /// A set that could not be finished is burnt anew from the closed master, once by itself (disc case 6).
    pub(super) fn replace_disc(&mut self, slot: Slot) {
        let Some(set) = &mut self.disc_set else { return };
        if !set.finishing || !set.replaced.insert(slot) {
            return;
        }
        let order = set.order.clone();
        let burners = self.config.burners.clone();
        let Some(burner) = burners.iter().find(|b| slot_of(b.slot) == Some(slot)) else {
            return;
        };
        let worker = self.start_worker(burner, &order, self.disc_history(), true);
        if let Some(set) = &mut self.disc_set {
            set.workers.extend(worker);
        }
    }

    pub(super) fn about(&self, id: &str, uuid: &str, opened_at: &str, entries: &[Entry]) -> About {
        let set_in_case = self.numbering.on_discs(uuid).map(|set| set.number);
        about_of(&self.config.room, set_in_case, (id, uuid), opened_at, entries)
    }

    /// Counts the interview's set in its case, once, durably before a disc bears the number.
    pub(super) fn number_set(&mut self, id: &str, uuid: &str, case: &CaseRef) {
        if let Some(line) = self.numbering.give(id, uuid, case)
            && let Err(error) = self.ledger.write(SET_NUMBERED, line)
        {
            tracing::error!(%error, "ledger");
        }
    }

    /// Closed interviews whose sets the ledger does not know as finalised, oldest first.
    pub(super) fn unfinished_sets(
        &self,
        ledger: &[crate::evidence::line::Line],
    ) -> Vec<(String, String, Vec<Slot>)> {
        let text = |data: &crate::evidence::line::Data, key: &str| {
            data.get(key)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let is_done = |id: &str, slot: Slot| {
            let mut done = ledger.iter().filter(|line| line.kind == SET_FINALISED);
            done.any(|line| text(&line.data, "interview") == id && text(&line.data, "slot") == slot.as_str())
        };
        let opened = ledger.iter().filter(|line| line.kind == "interview-opened");
        opened
            .map(|line| (text(&line.data, "interview"), text(&line.data, "uuid")))
            .map(|(id, uuid)| {
                let slots = self
                    .slots()
                    .into_iter()
                    .filter(|slot| !is_done(&id, *slot))
                    .collect();
                (id, uuid, slots)
            })
            .filter(|(_, _, slots): &(_, _, Vec<Slot>)| !slots.is_empty())
            .collect()
    }

    pub(super) fn is_closed(&self, dir: &Path) -> bool {
        dir.join("SHA256SUMS").exists()
    }
}
