//! What the discs' workers and the idle drives say, and what officers must know of it.
//!
//! A disc's own history stands in the ledger, written by its worker; here it becomes states on the panel
//! and alarms. An earlier interview's discs never write into the journal of the one that is open.

use super::appliance::Appliance;
use super::burners::BurnerSeen;
use super::discs::{SET_FINALISED, disc_slot};
use crate::disc::{DiscEvent, DiscState, Slot};
use crate::interview::{Alarm, Event};
use serde_json::json;

pub(super) fn word(state: DiscState) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

impl Appliance {
    pub(super) fn on_disc(&mut self, interview: &str, event: DiscEvent) {
        if !self.disc_set.as_ref().is_some_and(|set| set.is_of(interview)) {
            return;
        }
        let is_told = self.open.as_ref().is_none_or(|open| open.id == interview);
        self.show_disc(&event);
        if is_told {
            self.tell_of_disc(&event);
        }
        match event {
            DiscEvent::Finalised { slot, .. } => self.note_set(interview, slot),
            DiscEvent::Ended {
                slot,
                complete: false,
            } => {
                if let Some(set) = &mut self.disc_set {
                    set.gave_up.insert(slot);
                }
                self.replace_disc(slot);
            }
            DiscEvent::State { .. }
            | DiscEvent::Fault { .. }
            | DiscEvent::Recovered { .. }
            | DiscEvent::SpoolMissed { .. }
            | DiscEvent::BatchWritten { .. }
            | DiscEvent::Relayed { .. }
            | DiscEvent::Ended { complete: true, .. } => {}
        }
    }

    fn show_disc(&mut self, event: &DiscEvent) {
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
                view.state = word(*state);
                view.number = *disc_number;
                view.batches = *batches;
                view.written_bytes = *written_bytes;
                view.minutes_left = minutes_left.and_then(|m| u32::try_from(m).ok());
                if matches!(state, DiscState::Writing | DiscState::Finalised) {
                    view.fault = None;
                }
            }
            DiscEvent::Fault { slot, fault, .. } => {
                let (zh, remedy_zh) = (fault.message_zh(), fault.remedy_zh());
                let text = format!("{zh}；{remedy_zh} · {fault}; {}", fault.remedy_en());
                self.discs.entry(slot.as_str().to_owned()).or_default().fault = Some(text);
            }
            DiscEvent::Ended {
                slot,
                complete: false,
            } => {
                self.discs.entry(slot.as_str().to_owned()).or_default().state = word(DiscState::Failed);
            }
            DiscEvent::Recovered { .. }
            | DiscEvent::SpoolMissed { .. }
            | DiscEvent::BatchWritten { .. }
            | DiscEvent::Relayed { .. }
            | DiscEvent::Finalised { .. }
            | DiscEvent::Ended { complete: true, .. } => {}
        }
    }

    fn tell_of_disc(&mut self, event: &DiscEvent) {
        match event {
            DiscEvent::State { slot, state, .. } => self.tell_of_state(*slot, *state),
            DiscEvent::Fault { slot, .. } => {
                let view = self.discs.get(slot.as_str());
                let text = view.and_then(|view| view.fault.clone()).unwrap_or_default();
                self.raise(
                    Alarm::DiscFailed {
                        slot: disc_slot(*slot),
                    },
                    &text,
                );
            }
            DiscEvent::Recovered { slot, .. } => self.clear(Alarm::DiscFailed {
                slot: disc_slot(*slot),
            }),
            DiscEvent::SpoolMissed { slot, path, .. } => {
                if let Some(open) = &mut self.open {
                    open.missed.insert(slot.as_str().to_owned());
                }
                self.raise(
                    Alarm::SpoolFull {
                        slot: disc_slot(*slot),
                    },
                    path,
                );
            }
            DiscEvent::Relayed { slot, from, to } => {
                let (from_disc, to_disc) = (*from, *to);
                self.observe(Event::DiscRelayed {
                    slot: disc_slot(*slot),
                    from_disc,
                    to_disc,
                });
            }
            DiscEvent::Finalised { slot, .. } => {
                self.clear(Alarm::DiscFailed {
                    slot: disc_slot(*slot),
                });
                self.clear(Alarm::SpoolFull {
                    slot: disc_slot(*slot),
                });
            }
            DiscEvent::Ended {
                slot,
                complete: false,
            } => {
                self.raise(
                    Alarm::DiscFailed {
                        slot: disc_slot(*slot),
                    },
                    "",
                );
            }
            DiscEvent::BatchWritten { .. } | DiscEvent::Ended { complete: true, .. } => {}
        }
    }

    fn tell_of_state(&mut self, slot: Slot, state: DiscState) {
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
        }
    }

    /// Whether a set is done is asked again at the next start.
    fn note_set(&self, interview: &str, slot: Slot) {
        let data = json!({"interview": interview, "slot": slot.as_str()});
        if let Err(error) = self.ledger.write(SET_FINALISED, data) {
            tracing::error!(%error, "ledger");
        }
    }

    /// What a drive holds while no interview uses it.
    pub(super) fn on_burner(&mut self, seen: BurnerSeen) {
        if self.open.is_some() || self.disc_set.is_some() {
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
