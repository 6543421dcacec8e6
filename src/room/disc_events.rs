//! What the discs' workers and the idle drives say, and what officers must know of it.
//!
//! A disc's own history stands in the ledger, written by its worker; here it becomes states on the panel
//! and alarms. An earlier interview's discs never write into the journal of the one that is open.

use super::appliance::Appliance;
use super::burners::BurnerSeen;
use super::config::BurnerSlot;
use super::disc_orders::{SET_FINALISED, SET_REOPENED};
use super::discs::disc_slot;
use super::words;
use crate::disc::{DiscEvent, DiscState, Slot, compare_sets};
use crate::interview::{Alarm, Event};
use serde_json::json;

pub(super) fn word(state: DiscState) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// What the panel calls a disc that is done, whether it was proven yet or not.
fn is_finalised(state: &str) -> bool {
    [DiscState::Finalised, DiscState::Proving, DiscState::Proven]
        .map(word)
        .contains(&state.to_owned())
}

fn is_well(state: DiscState) -> bool {
    match state {
        DiscState::Writing | DiscState::Finalised | DiscState::Proving | DiscState::Proven => true,
        DiscState::Preparing
        | DiscState::Burning
        | DiscState::ReadingBack
        | DiscState::Recovering
        | DiscState::WaitingForMedium
        | DiscState::Closing
        | DiscState::Failed => false,
    }
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
            DiscEvent::Finalised { slot, .. } => {
                self.note_set(SET_FINALISED, interview, slot);
                if let Some(set) = &mut self.disc_set {
                    set.done.insert(slot);
                }
                self.compare_sets(interview);
            }
            DiscEvent::Disproven { slot, .. } => {
                self.note_set(SET_REOPENED, interview, slot);
                if let Some(set) = &mut self.disc_set {
                    set.done.remove(&slot);
                }
            }
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
            | DiscEvent::DriveTaken { .. }
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
                if is_well(*state) {
                    view.fault = None;
                }
            }
            DiscEvent::DriveTaken { slot, to, .. } => {
                self.discs.entry(slot.as_str().to_owned()).or_default().device = to.clone();
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
            | DiscEvent::Disproven { .. }
            | DiscEvent::Ended { complete: true, .. } => {}
        }
    }

    fn tell_of_disc(&mut self, event: &DiscEvent) {
        match event {
            DiscEvent::State {
                slot,
                state,
                minutes_left,
                ..
            } => {
                self.tell_of_state(*slot, *state);
                self.forecast(*slot, *minutes_left);
            }
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
                self.forecast(*slot, None);
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
            DiscEvent::BatchWritten { .. }
            | DiscEvent::DriveTaken { .. }
            | DiscEvent::Disproven { .. }
            | DiscEvent::Ended { complete: true, .. } => {}
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
        if is_well(state) {
            self.clear(Alarm::DiscFailed {
                slot: disc_slot(slot),
            });
        }
    }

    /// A disc that will be full before somebody has fetched another is told while there is time. A standby that
    /// holds a blank one takes over unasked, so nobody needs to run.
    fn forecast(&mut self, slot: Slot, minutes_left: Option<u64>) {
        let limit = u64::from(self.config.disc.forecast_minutes);
        let standby_is_ready = self
            .discs
            .get("standby")
            .is_some_and(|view| view.state == "blank");
        let is_recording = self
            .disc_set
            .as_ref()
            .is_some_and(|set| !set.finishing && self.open.as_ref().is_some_and(|open| set.is_of(&open.id)));
        let alarm = Alarm::DiscNearlyFull {
            slot: disc_slot(slot),
        };
        match minutes_left.filter(|_| is_recording) {
            Some(minutes) if minutes <= limit && !standby_is_ready => {
                if self.nearly_full.insert(slot) {
                    self.raise(alarm, &words::FULL_SOON.both_with(minutes));
                }
            }
            // A little more than the limit is the same disc at a slightly lower rate.
            Some(minutes) if minutes <= limit + 2 && !standby_is_ready => {}
            Some(_) | None => {
                if self.nearly_full.remove(&slot) {
                    self.clear(alarm);
                }
            }
        }
    }

    /// Whether a set is done is asked again at the next start.
    fn note_set(&self, word: &str, interview: &str, slot: Slot) {
        let data = json!({"interview": interview, "slot": slot.as_str()});
        if let Err(error) = self.ledger.write(word, data) {
            tracing::error!(%error, "ledger");
        }
    }

    /// Both sets are finalised: they must hold the same files, whichever disc each lies on.
    fn compare_sets(&mut self, interview: &str) {
        let Some(set) = &self.disc_set else { return };
        if !set.done.contains(&Slot::A) || !set.done.contains(&Slot::B) {
            return;
        }
        let compared = compare_sets(&self.disc_history(), &set.order.about.uuid);
        let data = json!({
            "interview": interview, "equal": compared.differing.is_empty(), "file_count": compared.equal_files,
            "differing": compared.differing,
        });
        if let Err(error) = self.ledger.write("sets-compared", data) {
            tracing::error!(%error, "ledger");
        }
        if !compared.differing.is_empty() {
            self.raise(
                Alarm::SetsDiffer,
                &words::SETS_DIFFER.both_with(compared.differing.len()),
            );
        }
    }

    /// What a drive holds while no interview uses it.
    pub(super) fn on_burner(&mut self, seen: BurnerSeen) {
        // Seen before the drives were taken: what their workers say is newer.
        if (self.open.is_some() || self.disc_set.is_some()) && seen.slot != BurnerSlot::Standby {
            return;
        }
        let view = self.discs.entry(seen.slot.name().to_owned()).or_default();
        view.device = seen.device;
        match seen.medium {
            Ok(medium) => {
                // What was finished last stays in sight until another disc lies there.
                if !is_finalised(&view.state) || medium == "blank" {
                    view.state = medium;
                }
                view.fault = None;
            }
            Err(fault) => view.fault = Some(fault),
        }
    }
}
