//! The room in the guest: an interview that grows on the master, two disc workers that burn it, a ledger that
//! is durable, until the plug is pulled. Started again it goes on as the room would: what was committed is looked
//! at, the workers get the ledger's history, and every closed segment is named to them again.
//!
//! Spools lie in memory, as they do by default: after a cut everything comes from the master.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use hardware::optical::Device;
use serde_json::{Value, json};
use shenlu::disc::{DiscEvent, DiscState, Feed, Ledger, LedgerError, Slot, start};

use super::bay::Bay;
use super::book::discs;
use super::{LEDGER, ROOM, SLOTS};
use crate::said::{Order, Said};
use crate::scene::{OnDisk, Running, Scene, lines_on_disk};

/// A segment of the recording is closed this often; the emulated burns fall behind, as a slow drive does.
const RHYTHM: Duration = Duration::from_secs(2);
const TURN: Duration = Duration::from_millis(50);

/// The room's ledger, heard by the host line by line once it is durable.
struct Told(OnDisk);

impl Ledger for Told {
    fn append(&self, kind: &str, mut data: Value) -> Result<(), LedgerError> {
        self.0.append(kind, data.clone())?;
        data["files"] = json!(data["files"].as_array().map(Vec::len));
        Said::Line {
            kind: kind.to_owned(),
            data,
        }
        .say();
        Ok(())
    }
}

struct Room<'a> {
    order: &'a Order,
    scene: Scene,
    slots: Vec<(Bay, Running)>,
    told: BTreeMap<&'static str, DiscState>,
    /// Segments on the master.
    made: u32,
    next_at: Instant,
    closed: bool,
}

pub fn run(order: &Order) {
    let bays: Vec<_> = SLOTS
        .iter()
        .zip(0..)
        .map(|(slot, index)| Bay::with_newest(index, slot, order))
        .collect();
    look_at(&bays);
    let scene = Scene::at(PathBuf::from(ROOM));
    let ledger = Arc::new(Told(OnDisk(LEDGER.into())));
    let with_worker = |(bay, slot): (Bay, Slot)| {
        let running = burn(&scene, &bay, slot, Arc::clone(&ledger));
        (bay, running)
    };
    let slots = bays
        .into_iter()
        .zip([Slot::A, Slot::B])
        .map(with_worker)
        .collect();
    Said::Working.say();
    let mut room = Room {
        order,
        slots,
        told: BTreeMap::new(),
        made: 0,
        next_at: Instant::now(),
        closed: false,
        scene,
    };
    room.take_up();
    room.go_on();
    Said::Done.say();
}

/// Before anybody touches them: what the ledger calls committed is on the discs.
fn look_at(bays: &[Bay]) {
    let lines = lines_on_disk(Path::new(LEDGER));
    for (bay, slot) in bays.iter().zip(SLOTS) {
        // A blank that was just put in has no line yet.
        let in_the_drive = bay.newest_number();
        if let Some(disc) = discs(&lines, slot)
            .iter()
            .find(|disc| disc.number == in_the_drive)
        {
            Said::Looked(disc.look(slot, &bay.node)).say();
        }
    }
}

fn burn(scene: &Scene, bay: &Bay, slot: Slot, ledger: Arc<Told>) -> Running {
    let mut plan = scene.plan(slot);
    plan.drive = Device::Drive(bay.node.clone());
    plan.spool_dir = Path::new("/run/spool").join(slot.as_str());
    plan.history = lines_on_disk(Path::new(LEDGER));
    let (sender, events) = channel();
    let handle = start(plan, ledger, sender).unwrap();
    Running {
        handle,
        events,
        seen: Vec::new(),
    }
}

impl Room<'_> {
    /// Names what an earlier start closed. A segment that the plug cut is short, and is recorded again.
    fn take_up(&mut self) {
        for number in 1..=self.order.segments {
            let path = format!("part-0001/seg-{number:05}.mp4");
            let bytes = fs::read(self.scene.interview().join(&path)).unwrap_or_default();
            if bytes.len() != self.order.segment_bytes {
                return;
            }
            self.made = number;
            self.slots.iter().for_each(|(_, slot)| slot.done((&path, &bytes)));
        }
    }

    fn go_on(&mut self) {
        let mut ended = [false; 2];
        while ended != [true; 2] {
            self.record();
            for index in 0..self.slots.len() {
                match self.slots[index].1.events.recv_timeout(TURN) {
                    Ok(DiscEvent::Ended { complete, .. }) => {
                        assert!(complete, "slot {} gave up", SLOTS[index]);
                        ended[index] = true;
                    }
                    Ok(event) => self.heard(index, &event),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
                }
            }
        }
    }

    /// The next segment when its time has come; then the end of the interview.
    fn record(&mut self) {
        if self.closed || Instant::now() < self.next_at {
            return;
        }
        if self.made == self.order.segments {
            return self.close();
        }
        self.made += 1;
        self.next_at = Instant::now() + RHYTHM;
        let segment = self.scene.segment(self.made, self.order.segment_bytes);
        make_durable(&self.scene.interview().join(&segment.0));
        self.slots.iter().for_each(|(_, slot)| slot.feed(&segment));
    }

    fn close(&mut self) {
        let mark = self.scene.path().join("closed");
        if !mark.exists() {
            // Sums of a closing that the plug cut are no files of the interview.
            for sums in ["SM3SUMS", "SHA256SUMS"] {
                let _ = fs::remove_file(self.scene.interview().join(sums));
            }
            self.scene.close();
            // SAFETY: takes nothing and touches no memory of ours.
            unsafe { libc::sync() };
            fs::write(&mark, "").unwrap();
            make_durable(&mark);
        }
        self.closed = true;
        self.slots
            .iter()
            .for_each(|(_, slot)| slot.handle.feed(Feed::Finish));
    }

    fn heard(&mut self, index: usize, event: &DiscEvent) {
        if let DiscEvent::State { state, .. } = event {
            // Every step of a burn's progress comes as a state.
            if self.told.insert(SLOTS[index], *state) == Some(*state) {
                return;
            }
            if *state == DiscState::WaitingForMedium {
                self.change_disc(index);
            }
        }
        Said::Event {
            event: serde_json::to_value(event).unwrap(),
        }
        .say();
    }

    /// The officer's part: a disc that takes no more is taken out, a blank one put in.
    fn change_disc(&self, index: usize) {
        let (bay, slot) = &self.slots[index];
        let known = discs(&lines_on_disk(Path::new(LEDGER)), SLOTS[index]);
        if known
            .last()
            .is_some_and(|disc| disc.is_over() && disc.number == bay.newest_number())
        {
            bay.insert_blank(self.order);
            slot.handle.medium_changed();
        }
    }
}

/// The file and its name.
fn make_durable(path: &Path) {
    File::open(path).and_then(|file| file.sync_all()).unwrap();
    File::open(path.parent().unwrap())
        .and_then(|folder| folder.sync_all())
        .unwrap();
}
