//! The discs of an interview as the room runs them: started, fed, finished, replaced, and which drive is whose.
//!
//! The drives serve one interview at a time: a `DiscSet`. An interview that begins while the last one's
//! discs are still being finished gets its own as soon as the drives are free, from the master; discs that only
//! wait for somebody make room for it, and are gone on with afterwards. Nothing that a disc does or fails to do
//! holds up the recording. What workers say is heard by `disc_events`; what discs are wanted of which interview
//! stands in `disc_orders`.

use super::appliance::Appliance;
use super::config::{Burner, BurnerSlot, DiscMode};
use super::disc_orders::DiscOrder;
use super::events::RoomEvent;
use super::fanout::Piece;
use crate::disc::{self, BatchPolicy, DiscEvent, DiscHandle, DiscPlan, Feed, LedgerEntry, Slot, Spares};
use crate::interview::{Alarm, DiscSlot};
use hardware::optical::Device;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// The interview whose discs lie in the drives.
pub(super) struct DiscSet {
    pub order: DiscOrder,
    pub workers: Vec<DiscHandle>,
    /// The drives that no worker has.
    spares: Arc<Spares>,
    /// Slots that begin when the interview is closed and a drive is free.
    later: Vec<Slot>,
    /// The interview is closed: when the workers have ended, the drives are free.
    pub finishing: bool,
    /// The open interview needs the drives: what is missing of this one is burnt after it.
    makes_room: bool,
    /// Whether the composite's bytes come from the spool: from the first segment on that began meanwhile.
    aligned: bool,
    /// Slots whose worker gave up, and those that were burnt anew already.
    pub gave_up: BTreeSet<Slot>,
    pub replaced: BTreeSet<Slot>,
    pub done: BTreeSet<Slot>,
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

    fn has_ended(&self) -> bool {
        self.workers.is_empty() && (self.makes_room || (self.finishing && self.later.is_empty()))
    }

    /// Closed, and nothing of it moves: somebody must bring a disc, or all is finalised and being proven.
    fn only_waits(&self) -> bool {
        self.finishing && !self.makes_room && self.workers.iter().all(DiscHandle::is_waiting)
    }

    /// What is still to be burnt of it, if the drives are wanted now.
    fn rest(&self) -> Option<DiscOrder> {
        let mut order = self.order.clone();
        order.slots.retain(|slot| !self.done.contains(slot));
        (!order.slots.is_empty()).then_some(order)
    }
}

pub(super) fn slot_of(burner: BurnerSlot) -> Slot {
    match burner {
        BurnerSlot::A => Slot::A,
        BurnerSlot::B => Slot::B,
        BurnerSlot::Standby => Slot::Standby,
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

/// A configured drive; what cannot be one was refused with the configuration.
fn drive_of(burner: &Burner) -> Option<Device> {
    Device::parse(&burner.device)
        .inspect_err(|error| tracing::error!(%error, "burner"))
        .ok()
}

impl Appliance {
    /// Gives free drives to whoever wants them: the open interview first, then those that wait.
    pub(super) fn watch_discs(&mut self) {
        self.part_with_ended();
        if self.open.is_some() {
            self.ask_for_drives();
        }
        self.make_room();
        self.start_later();
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
        let in_use = match (&self.disc_set, self.open.is_some() || self.is_burning_case()) {
            (Some(set), _) => Some(Arc::clone(&set.spares)),
            (None, true) => Some(Arc::default()),
            (None, false) => None,
        };
        self.drives_in_use.set(in_use);
    }

    fn part_with_ended(&mut self) {
        let Some(set) = &mut self.disc_set else { return };
        set.workers.retain(|worker| !worker.has_ended());
        if set.has_ended() {
            let rest = set.rest().filter(|_| set.makes_room);
            self.disc_queue.extend(rest);
            self.disc_set = None;
        }
    }

    /// A closed interview's discs that only wait for somebody must not keep the drives from the one that records.
    fn make_room(&mut self) {
        let Some(open) = &self.open else { return };
        let is_wanted = open.discs_wanted(self.slots()).is_some();
        let id = open.id.clone();
        if let Some(set) = &mut self.disc_set
            && is_wanted
            && !set.is_of(&id)
            && set.only_waits()
        {
            tracing::info!(
                interview = set.order.about.interview_id,
                "its discs are finished later"
            );
            set.makes_room = true;
            set.later.clear();
            set.workers.iter().for_each(DiscHandle::abandon);
        }
    }

    /// One worker for each slot of the order that may begin now. `finishing`: the interview is closed already.
    fn start_discs(&mut self, order: DiscOrder, finishing: bool) {
        let drives = self.config.burners.iter().filter_map(drive_of);
        self.disc_set = Some(DiscSet {
            workers: Vec::new(),
            spares: Arc::new(Spares::new(drives)),
            later: Vec::new(),
            finishing,
            makes_room: false,
            aligned: false,
            gave_up: BTreeSet::new(),
            replaced: BTreeSet::new(),
            done: BTreeSet::new(),
            order: order.clone(),
        });
        let history = self.disc_history();
        let (uuid, slots) = (&order.about.uuid, &order.slots);
        // First those whose open disc lies somewhere already.
        let returned = slots.iter().filter_map(|slot| {
            let drive = disc::drive_of_open_disc(&history, uuid, *slot)?;
            let set = self.disc_set.as_ref()?;
            set.spares.take(&drive).then_some((*slot, drive))
        });
        let mut drives: BTreeMap<Slot, Device> = returned.collect();
        for slot in slots {
            let begins = finishing || self.config.disc.mode == DiscMode::Parallel || *slot == Slot::A;
            let drive = drives.remove(slot);
            let free = || self.own_drive(*slot).or_else(|| self.free_drive());
            match drive.or_else(|| begins.then(free).flatten()) {
                Some(drive) => self.start_slot(*slot, drive, history.clone(), false),
                None => self.begin_later(*slot),
            }
        }
    }

    fn begin_later(&mut self, slot: Slot) {
        if let Some(set) = &mut self.disc_set {
            // So that the set which is complete first opens its tray.
            set.spares.want();
            set.later.push(slot);
        }
    }

    /// Slots that had to wait for the end, or for a drive.
    fn start_later(&mut self) {
        let Some(set) = &mut self.disc_set else { return };
        if !set.finishing || set.makes_room {
            return;
        }
        let Some(slot) = set.later.first().copied() else {
            return;
        };
        // The last drive was lost with its worker: the configured ones are all that is left to try.
        if set.workers.is_empty() && set.spares.free().is_empty() {
            let drives = self.config.burners.iter().filter_map(drive_of);
            drives.for_each(|drive| set.spares.give(drive));
        }
        if let Some(drive) = self.own_drive(slot).or_else(|| self.free_drive()) {
            if let Some(set) = &mut self.disc_set {
                set.later.remove(0);
                set.spares.found();
            }
            self.start_slot(slot, drive, self.disc_history(), false);
        }
    }

    /// The drive that is configured for the slot, if no other slot has it.
    fn own_drive(&self, slot: Slot) -> Option<Device> {
        let set = self.disc_set.as_ref()?;
        let own = self
            .config
            .burners
            .iter()
            .find(|burner| slot_of(burner.slot) == slot);
        own.and_then(drive_of).filter(|drive| set.spares.take(drive))
    }

    fn is_configured_for(&self, slot: Slot, drive: &Device) -> bool {
        let mut burners = self.config.burners.iter();
        burners.any(|burner| slot_of(burner.slot) == slot && drive_of(burner).as_ref() == Some(drive))
    }

    fn free_drive(&self) -> Option<Device> {
        self.disc_set.as_ref()?.spares.take_any()
    }

    fn start_slot(&mut self, slot: Slot, drive: Device, history: Vec<LedgerEntry>, replaces: bool) {
        let Some(set) = &self.disc_set else { return };
        let (order, finishing) = (set.order.clone(), set.finishing);
        let mut plan = self.plan(slot, drive, Arc::clone(&set.spares), &order);
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
        match (started, &mut self.disc_set) {
            (Ok(worker), Some(set)) => {
                if finishing {
                    worker.feed(Feed::Finish);
                }
                set.workers.push(worker);
            }
            (Ok(_), None) => {}
            (Err(reason), _) => self.raise(
                Alarm::DiscFailed {
                    slot: disc_slot(slot),
                },
                &reason,
            ),
        }
    }

    fn plan(&self, slot: Slot, drive: Device, spares: Arc<Spares>, order: &DiscOrder) -> DiscPlan {
        let spool = self.config.spool_dir.join(slot.as_str());
        let mut plan = DiscPlan::new(slot, drive, spool, order.dir.clone(), order.about.clone());
        plan.spool_limit_bytes = self.config.spool_limit_bytes;
        let disc = self.config.disc;
        plan.batch = BatchPolicy {
            max_bytes: disc.batch_bytes,
            max_wait: Duration::from_secs(u64::from(disc.batch_minutes) * 60),
        };
        plan.borrowed = !self.is_configured_for(slot, &plan.drive);
        plan.spares = spares;
        plan.spare_after = Duration::from_secs(u64::from(disc.standby_after_seconds));
        plan.prove = disc.prove;
        plan.include_tracks = disc.tracks;
        if let Some(stall) = disc.stall_seconds.map(|s| Duration::from_secs(u64::from(s))) {
            plan.xorriso.start_stall = stall;
            plan.xorriso.write_stall = stall;
            plan.xorriso.close_stall = stall;
        }
        plan
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
            Some(_) | None if order.slots.is_empty() => {}
            Some(_) | None => self.disc_queue.push_back(order),
        }
    }

    /// A set that could not be finished is burnt anew from the closed master, once by itself (disc case 6).
    pub(super) fn replace_disc(&mut self, slot: Slot) {
        let Some(set) = &mut self.disc_set else { return };
        if !set.finishing || set.makes_room || !set.replaced.insert(slot) {
            return;
        }
        if let Some(drive) = self.own_drive(slot).or_else(|| self.free_drive()) {
            self.start_slot(slot, drive, self.disc_history(), true);
        }
    }
}
