//! The discs of an interview as the room runs them: started, fed, listened to, replaced.
//!
//! A disc's own events stand in the ledger, written by its worker; here they become what officers must know.
//! Nothing that a disc does or fails to do holds up the recording.

use super::appliance::Appliance;
use super::burners::BurnerSeen;
use super::config::{Burner, BurnerSlot};
use super::events::RoomEvent;
use super::open::ClosedInterview;
use crate::disc::{self, About, BatchPolicy, DiscEvent, DiscHandle, DiscPlan, DiscState, Feed, Slot};
use crate::evidence::journal::Journal;
use crate::interview::{Alarm, DiscSlot, Entry, Event, Fact};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// The ledger's word for a set that is whole and closed.
pub(super) const SET_FINALISED: &str = "set-finalised";

pub(super) fn slot_of(burner: BurnerSlot) -> Slot {
    match burner {
        BurnerSlot::A => Slot::A,
        BurnerSlot::B => Slot::B,
        BurnerSlot::Standby => Slot::Standby,
    }
}

fn disc_slot(slot: Slot) -> DiscSlot {
    match slot {
        Slot::A => DiscSlot::A,
        Slot::B => DiscSlot::B,
        Slot::Standby => DiscSlot::Standby,
    }
}

fn word(state: DiscState) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Disc events arrive on a channel of their own and go on into the loop's queue.
pub(super) fn forward(events: Sender<RoomEvent>) -> std::io::Result<Sender<DiscEvent>> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("disc-events".into())
        .spawn(move || {
            for event in receiver {
                if events.send(RoomEvent::Disc(event)).is_err() {
                    return;
                }
            }
        })?;
    Ok(sender)
}

impl Appliance {
    fn plan(&self, burner: &Burner, dir: &Path, about: About) -> DiscPlan {
        let spool = self.config.spool_dir.join(burner.slot.name());
        let mut plan = DiscPlan::new(
            slot_of(burner.slot),
            burner.device.clone(),
            spool,
            dir.to_path_buf(),
            about,
        );
        plan.spool_limit_bytes = self.config.spool_limit_bytes;
        plan.history = self.disc_history.clone();
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

    /// One worker for each of the slots A and B; the standby drive waits for the relay.
    pub(super) fn start_discs(&mut self, dir: &Path, about: &About) -> Vec<DiscHandle> {
        let burners = self.config.burners.clone();
        let mut handles = Vec::new();
        for burner in burners.iter().filter(|b| b.slot != BurnerSlot::Standby) {
            let plan = self.plan(burner, dir, about.clone());
            let started = forward(self.events.clone())
                .map_err(|e| e.to_string())
                .and_then(|sender| {
                    disc::start(plan, self.ledger_for_discs(), sender).map_err(|e| e.to_string())
                });
            match started {
                Ok(handle) => handles.push(handle),
                Err(reason) => {
                    self.raise(
                        Alarm::DiscFailed {
                            slot: disc_slot(slot_of(burner.slot)),
                        },
                        &reason,
                    );
                }
            }
        }
        handles
    }

    fn ledger_for_discs(&self) -> Arc<dyn disc::Ledger> {
        let ledger: Arc<super::logs::LedgerLog> = Arc::clone(&self.ledger);
        ledger
    }

    pub(super) fn about(&self, id: &str, uuid: &str, opened_at: &str, entries: &[Entry]) -> About {
        let started = entries.iter().find_map(|entry| match &entry.fact {
            Fact::Started(started) => Some(started),
            _ => None,
        });
        let case = started.map(|s| s.case.clone()).unwrap_or_default();
        let kind = started.map(|s| s.interview.name_zh().to_owned());
        About {
            unit: self.config.room.unit.clone(),
            room_id: self.config.room.id.clone(),
            room_name: self.config.room.name.clone(),
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
        }
    }

    pub(super) fn on_disc(&mut self, event: DiscEvent) {
        match event {
            DiscEvent::State {
                slot,
                disc_number,
                state,
                minutes_left,
                written_bytes,
                batches,
                ..
            } => {
                let view = self.discs.entry(slot.as_str().to_owned()).or_default();
                view.state = word(state);
                view.number = disc_number;
                view.batches = batches;
                view.written_bytes = written_bytes;
                view.minutes_left = minutes_left.and_then(|m| u32::try_from(m).ok());
                let missing = Alarm::DiscMissing {
                    slot: disc_slot(slot),
                };
                if state == DiscState::WaitingForMedium {
                    self.raise(missing, "");
                } else {
                    self.clear(missing);
                }
                if matches!(state, DiscState::Writing | DiscState::Finalised) {
                    self.clear(Alarm::DiscFailed {
                        slot: disc_slot(slot),
                    });
                    let view = self.discs.entry(slot.as_str().to_owned()).or_default();
                    view.fault = None;
                }
            }
            DiscEvent::Fault { slot, fault, .. } => {
                let (zh, remedy_zh) = (fault.message_zh(), fault.remedy_zh());
                let text = format!("{zh};{remedy_zh} · {fault}; {}", fault.remedy_en());
                self.discs.entry(slot.as_str().to_owned()).or_default().fault = Some(text.clone());
                self.raise(
                    Alarm::DiscFailed {
                        slot: disc_slot(slot),
                    },
                    &text,
                );
            }
            DiscEvent::Recovered { slot, .. } => self.clear(Alarm::DiscFailed {
                slot: disc_slot(slot),
            }),
            DiscEvent::SpoolMissed { slot, path, .. } => {
                self.raise(
                    Alarm::SpoolFull {
                        slot: disc_slot(slot),
                    },
                    &path,
                );
            }
            DiscEvent::BatchWritten { .. } => {}
            DiscEvent::Relayed { slot, from, to } => {
                self.observe(Event::DiscRelayed {
                    slot: disc_slot(slot),
                    from_disc: from,
                    to_disc: to,
                });
            }
            DiscEvent::Finalised { slot, .. } => {
                self.note_set(slot);
                self.clear(Alarm::DiscFailed {
                    slot: disc_slot(slot),
                });
                self.clear(Alarm::SpoolFull {
                    slot: disc_slot(slot),
                });
            }
            DiscEvent::Ended { slot, complete } => self.on_disc_ended(slot, complete),
        }
    }

    /// Whether a set is done is asked again at the next start.
    fn note_set(&self, slot: Slot) {
        let Some(closed) = &self.closed else { return };
        let data = serde_json::json!({"interview": closed.about.interview_id, "slot": slot.as_str()});
        if let Err(error) = self.ledger.write(SET_FINALISED, data) {
            tracing::error!(%error, "ledger");
        }
    }

    /// Discs of a closed interview that were not finished when the room went down.
    pub(super) fn finish_discs(&mut self, dir: &Path, about: About, slots: &[Slot]) {
        let mut handles = self.start_discs(dir, &about);
        handles.retain(|handle| slots.contains(&handle.slot()));
        for handle in &handles {
            handle.feed(Feed::Finish);
        }
        self.closed = Some(ClosedInterview {
            dir: dir.to_owned(),
            about,
            replaced: BTreeSet::new(),
        });
        self.finishing.append(&mut handles);
    }

    /// A set that could not be finished is burnt anew from the closed master, once by itself (disc case 6).
    fn on_disc_ended(&mut self, slot: Slot, complete: bool) {
        if complete {
            return;
        }
        self.discs.entry(slot.as_str().to_owned()).or_default().state = word(DiscState::Failed);
        self.raise(
            Alarm::DiscFailed {
                slot: disc_slot(slot),
            },
            "",
        );
        let Some(closed) = &mut self.closed else { return };
        if self.open.is_some() || !closed.replaced.insert(slot.as_str()) {
            return;
        }
        let (dir, about) = (closed.dir.clone(), closed.about.clone());
        let burners = self.config.burners.clone();
        let Some(burner) = burners.iter().find(|b| slot_of(b.slot) == slot) else {
            return;
        };
        match Journal::read(&self.config.data.dir.join("ledger.jsonl")) {
            Ok(lines) => self.disc_history = super::logs::disc_history(&lines),
            Err(error) => tracing::error!(%error, "ledger"),
        }
        let plan = self.plan(burner, &dir, about);
        let started = forward(self.events.clone())
            .map_err(|e| e.to_string())
            .and_then(|sender| {
                disc::replace_from_master(plan, self.ledger_for_discs(), sender).map_err(|e| e.to_string())
            });
        match started {
            Ok(handle) => self.finishing.push(handle),
            Err(reason) => self.raise(
                Alarm::DiscFailed {
                    slot: disc_slot(slot),
                },
                &reason,
            ),
        }
    }

    /// What a drive holds while no interview uses it.
    pub(super) fn on_burner(&mut self, seen: BurnerSeen) {
        if self.open.is_some() || !self.finishing.is_empty() {
            return;
        }
        let view = self.discs.entry(seen.slot.name().to_owned()).or_default();
        view.device = seen.device;
        match seen.medium {
            Ok(medium) => {
                // What was finished last stays in sight until another disc lies there.
                if view.state != word(DiscState::Finalised) || medium == "blank" {
                    view.state = medium;
                }
                view.fault = None;
            }
            Err(fault) => view.fault = Some(fault),
        }
    }
}
