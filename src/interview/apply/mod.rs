//! What each fact does to the state: the only place that changes an interview.
//!
//! Called for new facts and for replayed ones alike. A fact that does not fit the state changes nothing
//! and says so; no fact removes anything that was recorded.

mod gather;

use super::alarm::{Alarm, StandingAlarm};
use super::ending::{Ending, Incomplete};
use super::entry::{Entry, Fact, Started};
use super::state::{Interview, Matter, Stage, State};
use super::time::Moment;

/// The fact does not follow from the state.
pub(super) struct Misplaced;

type Applied = Result<(), Misplaced>;

impl Interview {
    pub(super) fn apply(&mut self, entry: &Entry) -> Applied {
        let at = entry.at;
        match &entry.fact {
            Fact::Prechecked { .. } | Fact::ConfidentialBegan {} | Fact::ConfidentialEnded {} => {
                self.apply_idle(at, &entry.fact)
            }
            Fact::Started(started) => self.apply_started(at, started),
            Fact::AlarmRaised { alarm, detail } => self.raise(at, *alarm, detail),
            Fact::AlarmCleared { alarm } => self.clear(*alarm),
            Fact::LayoutSwitched { layout } => {
                self.layout = *layout;
                Ok(())
            }
            Fact::ClockStepped { .. }
            | Fact::DiscRelayed { .. }
            | Fact::OutOfPlace { .. }
            | Fact::LossNoted { .. } => Ok(()),
            Fact::PartBegan { .. }
            | Fact::Interrupted { .. }
            | Fact::Resumed { .. }
            | Fact::ContinuedElsewhere { .. }
            | Fact::ContinuedUnrecorded { .. }
            | Fact::Closing {}
            | Fact::ClosingIncomplete { .. }
            | Fact::IncompleteConfirmed { .. }
            | Fact::Closed {} => self.apply_stage(at, &entry.fact),
            Fact::StatementMade { .. }
            | Fact::CaseBound { .. }
            | Fact::Joined { .. }
            | Fact::Left { .. }
            | Fact::Marked { .. }
            | Fact::IntervalBegan { .. }
            | Fact::IntervalEnded { .. }
            | Fact::DocumentPut { .. }
            | Fact::ReviewBegan {}
            | Fact::QuestioningResumed { .. }
            | Fact::ActRecorded { .. }
            | Fact::RecordingLinked { .. }
            | Fact::RecordingImported(_)
            | Fact::CaseFileGiven(_) => match &mut self.state {
                State::Open { matter, .. } => matter.apply(at, &entry.fact),
                State::Idle | State::Prechecked { .. } | State::Confidential { .. } => Err(Misplaced),
            },
        }
    }

    fn apply_idle(&mut self, at: Moment, fact: &Fact) -> Applied {
        self.state = match (&self.state, fact) {
            (State::Idle | State::Prechecked { .. }, Fact::Prechecked { results }) => State::Prechecked {
                at,
                results: results.clone(),
            },
            (State::Idle | State::Prechecked { .. }, Fact::ConfidentialBegan {}) => {
                State::Confidential { since: at }
            }
            (State::Confidential { .. }, Fact::ConfidentialEnded {}) => State::Idle,
            _ => return Err(Misplaced),
        };
        Ok(())
    }

    fn apply_started(&mut self, at: Moment, started: &Started) -> Applied {
        match self.state {
            State::Idle | State::Prechecked { .. } => {}
            State::Confidential { .. } | State::Open { .. } => return Err(Misplaced),
        }
        let matter = Box::new(Matter::new(at, started));
        self.state = State::Open {
            stage: Stage::Starting,
            since: at,
            matter,
        };
        self.layout = started.layout;
        self.alarms = started.alarms.clone();
        Ok(())
    }

    fn raise(&mut self, at: Moment, alarm: Alarm, detail: &str) -> Applied {
        let detail = detail.to_string();
        match self.alarms.iter_mut().find(|standing| standing.alarm == alarm) {
            Some(standing) => standing.detail = detail,
            None => self.alarms.push(StandingAlarm {
                alarm,
                detail,
                since: at,
            }),
        }
        Ok(())
    }

    fn clear(&mut self, alarm: Alarm) -> Applied {
        self.alarms.retain(|standing| standing.alarm != alarm);
        Ok(())
    }

    fn apply_stage(&mut self, at: Moment, fact: &Fact) -> Applied {
        let State::Open { stage, since, matter } = &mut self.state else {
            return Err(Misplaced);
        };
        let next = next_stage(stage, fact)?;
        matter.apply_stage(at, fact);
        if next.name() != stage.name() {
            *since = at;
        }
        *stage = next;
        Ok(())
    }
}

/// The table of transitions. What is not in it cannot happen.
fn next_stage(stage: &Stage, fact: &Fact) -> Result<Stage, Misplaced> {
    match (stage, fact) {
        (Stage::Starting, Fact::PartBegan { .. }) => Ok(Stage::Recording),
        (
            Stage::Suspended { interruption }
            | Stage::Unrecorded { interruption }
            | Stage::ContinuedElsewhere { interruption },
            Fact::Resumed {
                interruption: resumed,
                ..
            },
        ) if interruption == resumed => Ok(Stage::Recording),
        (
            Stage::Starting | Stage::Recording | Stage::Closing { .. },
            Fact::Interrupted { interruption, .. },
        ) => Ok(Stage::Suspended {
            interruption: *interruption,
        }),
        (
            Stage::Suspended { interruption } | Stage::Unrecorded { interruption },
            Fact::ContinuedElsewhere { .. },
        ) => Ok(Stage::ContinuedElsewhere {
            interruption: *interruption,
        }),
        (Stage::Suspended { interruption }, Fact::ContinuedUnrecorded { .. }) => Ok(Stage::Unrecorded {
            interruption: *interruption,
        }),
        (Stage::Recording, Fact::Closing {}) => Ok(Stage::Closing {
            ending: Ending::Complete,
        }),
        (
            Stage::Starting
            | Stage::Recording
            | Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. },
            Fact::ClosingIncomplete { .. },
        ) => incomplete(fact)
            .map(|ending| Stage::Closing { ending })
            .ok_or(Misplaced),
        (Stage::Closing { ending }, Fact::IncompleteConfirmed { .. }) => Ok(Stage::Closing {
            ending: confirmed(ending, fact)?,
        }),
        (Stage::Closed { ending }, Fact::IncompleteConfirmed { .. }) => Ok(Stage::Closed {
            ending: confirmed(ending, fact)?,
        }),
        (Stage::Closing { ending }, Fact::Closed {}) => Ok(Stage::Closed {
            ending: ending.clone(),
        }),
        _ => Err(Misplaced),
    }
}

fn incomplete(fact: &Fact) -> Option<Ending> {
    let Fact::ClosingIncomplete {
        reason,
        text,
        approver,
        confirmation,
        not_obtained,
        ..
    } = fact
    else {
        return None;
    };
    Some(Ending::Incomplete(Incomplete {
        reason: *reason,
        text: text.clone(),
        approver: approver.clone(),
        confirmation: *confirmation,
        not_obtained: not_obtained.clone(),
    }))
}

fn confirmed(ending: &Ending, fact: &Fact) -> Result<Ending, Misplaced> {
    match (ending, fact) {
        (
            Ending::Incomplete(incomplete),
            Fact::IncompleteConfirmed {
                approver,
                confirmation,
            },
        ) if incomplete.confirmation.is_none() => {
            let (approver, confirmation) = (approver.clone(), Some(*confirmation));
            Ok(Ending::Incomplete(Incomplete {
                approver,
                confirmation,
                ..incomplete.clone()
            }))
        }
        _ => Err(Misplaced),
    }
}
