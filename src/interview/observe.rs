//! From what happened in the world to the facts that an interview keeps of it.
//!
//! An event is never refused: one that this state does not know is kept as out of place. The one that
//! matters most is the loss of recording, which voids whatever was attested after the last picture.

use super::alarm::Alarm;
use super::ending::Ending;
use super::entry::Fact;
use super::event::Event;
use super::ids::InterruptionId;
use super::marks::{InterruptionCause, Mark, Statement};
use super::state::{Interview, Matter, Stage, State};
use super::time::{Moment, PartNumber};

impl Interview {
    pub(super) fn facts_of(&self, at: Moment, event: Event) -> Vec<Fact> {
        match event {
            Event::PartBegan { part } => self.part_began(at, part),
            Event::RecordingLost {
                cause,
                detail,
                recorded_until,
            } => self.recording_lost(cause, detail, recorded_until),
            Event::AlarmRaised { alarm, detail } => self.alarm_raised(alarm, detail),
            Event::AlarmCleared { alarm } => {
                let standing = self.alarms.iter().any(|standing| standing.alarm == alarm);
                standing
                    .then_some(Fact::AlarmCleared { alarm })
                    .into_iter()
                    .collect()
            }
            Event::ClockStepped { by_ms } => vec![Fact::ClockStepped { by_ms }],
            Event::DiscRelayed {
                slot,
                from_disc,
                to_disc,
            } => {
                vec![Fact::DiscRelayed {
                    slot,
                    from_disc,
                    to_disc,
                }]
            }
            Event::Closed {} => match &self.state {
                State::Open {
                    stage: Stage::Closing { .. },
                    ..
                } => vec![Fact::Closed {}],
                State::Open { .. } | State::Idle | State::Prechecked { .. } | State::Confidential { .. } => {
                    out_of_place("closed")
                }
            },
        }
    }

    fn alarm_raised(&self, alarm: Alarm, detail: String) -> Vec<Fact> {
        let known = self
            .alarms
            .iter()
            .any(|standing| standing.alarm == alarm && standing.detail == detail);
        if known {
            Vec::new()
        } else {
            vec![Fact::AlarmRaised { alarm, detail }]
        }
    }

    fn part_began(&self, at: Moment, part: PartNumber) -> Vec<Fact> {
        let State::Open { stage, matter, .. } = &self.state else {
            return out_of_place("part-began");
        };
        if matter.parts.last().is_some_and(|last| part <= last.part) {
            return out_of_place("part-began");
        }
        match stage {
            Stage::Starting => vec![Fact::PartBegan { part }],
            Stage::Suspended { interruption }
            | Stage::Unrecorded { interruption }
            | Stage::ContinuedElsewhere { interruption } => {
                vec![Fact::Resumed {
                    interruption: *interruption,
                    part,
                }]
            }
            // A new part without a loss told before must not hide the gap between the two.
            Stage::Recording => {
                let (interruption, cause) = (matter.next_interruption(), InterruptionCause::MediaFailed);
                let (detail, recorded_until, voided) = (String::new(), at, matter.acts_since(&at));
                let lost = Fact::Interrupted {
                    interruption,
                    cause,
                    detail,
                    recorded_until,
                    voided,
                };
                vec![lost, Fact::Resumed { interruption, part }]
            }
            Stage::Closing { .. } | Stage::Closed { .. } => out_of_place("part-began"),
        }
    }

    fn recording_lost(&self, cause: InterruptionCause, detail: String, recorded_until: Moment) -> Vec<Fact> {
        let State::Open { stage, matter, .. } = &self.state else {
            return out_of_place("recording-lost");
        };
        let voided = matter.acts_since(&recorded_until);
        let interrupts = match stage {
            Stage::Starting | Stage::Recording => true,
            // The end stands only if all that it rests on can be seen in the recording.
            Stage::Closing {
                ending: Ending::Complete,
            } => !voided.is_empty() || matter.words_since(&recorded_until),
            Stage::Closing {
                ending: Ending::Incomplete(_),
            } => false,
            Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. }
            | Stage::Closed { .. } => false,
        };
        if !interrupts {
            return vec![Fact::LossNoted {
                cause,
                detail,
                recorded_until,
            }];
        }
        let interruption = matter.next_interruption();
        vec![Fact::Interrupted {
            interruption,
            cause,
            detail,
            recorded_until,
            voided,
        }]
    }
}

impl Matter {
    fn next_interruption(&self) -> InterruptionId {
        let last = self.interruptions.last().map_or(0, |gap| gap.id.0);
        InterruptionId(last.saturating_add(1))
    }

    /// Whether a required step or a statement was said only after the last durable picture.
    fn words_since(&self, recorded_until: &Moment) -> bool {
        let kept = |mark: &&Mark| mark.recorded && !mark.at.not_before(recorded_until);
        let step_lost = self
            .rules
            .required_steps
            .iter()
            .any(|kind| !self.marks.iter().filter(kept).any(|mark| mark.mark == *kind));
        let statement_lost = self.interruptions.iter().any(|gap| match gap.statement {
            Statement::Made { at } => at.not_before(recorded_until),
            Statement::NotYet | Statement::Owed | Statement::NotObtained => false,
        });
        step_lost || statement_lost
    }
}

fn out_of_place(event: &str) -> Vec<Fact> {
    vec![Fact::OutOfPlace {
        event: event.to_string(),
    }]
}
