//! What each fact does to the state: the only place that changes an interview.
//!
//! Called for new facts and for replayed ones alike. A fact that does not fit the state changes nothing
//! and says so; no fact removes anything that was recorded.

use super::alarm::{Alarm, StandingAlarm};
use super::documents::{ActKey, ActRecord, Document, Standing, VoidReason};
use super::ending::{Ending, Incomplete};
use super::entry::{Entry, Fact, Started, VoidedKey};
use super::ids::InterruptionId;
use super::marks::{Elsewhere, Interruption, Interval, Mark, Part, Statement, UnrecordedApproval};
use super::people::{Attendance, Participant, Stay};
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
            | Fact::ActRecorded { .. } => match &mut self.state {
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

impl Matter {
    fn new(at: Moment, started: &Started) -> Self {
        let attendance = |person: &Participant| Attendance {
            person: person.clone(),
            stays: vec![Stay {
                joined: at,
                left: None,
            }],
        };
        Self {
            interview: started.interview,
            case: started.case.clone(),
            rules: started.rules.clone(),
            end_after: started.end_after,
            precheck: started.precheck.clone(),
            overrides: started.overrides.clone(),
            parts: Vec::new(),
            people: started.participants.iter().map(attendance).collect(),
            documents: Vec::new(),
            marks: Vec::new(),
            intervals: Vec::new(),
            interruptions: Vec::new(),
            in_review: false,
        }
    }

    /// What a change of stage leaves in the matter; the table has already allowed it.
    fn apply_stage(&mut self, at: Moment, fact: &Fact) {
        match fact {
            Fact::PartBegan { part } => self.parts.push(Part {
                part: *part,
                from: at,
            }),
            Fact::Interrupted {
                interruption,
                cause,
                detail,
                recorded_until,
                voided,
            } => {
                self.interruptions.push(Interruption {
                    id: *interruption,
                    cause: *cause,
                    detail: detail.clone(),
                    from: *recorded_until,
                    noticed: at,
                    to: None,
                    unrecorded: None,
                    elsewhere: None,
                    statement: Statement::NotYet,
                });
                self.swallow(recorded_until);
                voided
                    .iter()
                    .for_each(|key| self.void(at, key, VoidReason::DuringGap));
            }
            Fact::Resumed { interruption, part } => {
                self.parts.push(Part {
                    part: *part,
                    from: at,
                });
                self.change(*interruption, |gap| {
                    gap.to = Some(at);
                    gap.statement = Statement::Owed;
                });
            }
            Fact::ContinuedElsewhere { interruption, place } => self.change(*interruption, |gap| {
                gap.elsewhere = Some(Elsewhere {
                    place: place.clone(),
                    at,
                });
            }),
            Fact::ContinuedUnrecorded {
                interruption,
                ground,
                reason,
                approver,
                confirmation,
            } => {
                self.change(*interruption, |gap| {
                    gap.unrecorded = Some(UnrecordedApproval {
                        ground: *ground,
                        reason: reason.clone(),
                        approver: approver.clone(),
                        confirmation: *confirmation,
                        at,
                    });
                });
            }
            Fact::ClosingIncomplete {
                statements_not_obtained,
                ..
            } => {
                for id in statements_not_obtained {
                    self.change(*id, |gap| gap.statement = Statement::NotObtained);
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, id: InterruptionId, change: impl FnOnce(&mut Interruption)) {
        if let Some(interruption) = self.interruption_mut(id) {
            change(interruption);
        }
    }

    /// Words said after the last durable picture were not recorded: they are owed again.
    fn swallow(&mut self, recorded_until: &Moment) {
        for mark in self
            .marks
            .iter_mut()
            .filter(|mark| mark.at.not_before(recorded_until))
        {
            mark.recorded = false;
        }
        for gap in &mut self.interruptions {
            if let Statement::Made { at } = gap.statement
                && at.not_before(recorded_until)
            {
                gap.statement = Statement::Owed;
            }
        }
    }

    fn apply(&mut self, at: Moment, fact: &Fact) -> Applied {
        match fact {
            Fact::StatementMade { interruption } => {
                let gap = self.interruption_mut(*interruption).ok_or(Misplaced)?;
                gap.statement = Statement::Made { at };
            }
            Fact::CaseBound { case, .. } => self.case = case.clone(),
            Fact::Joined { participant } => self.join(at, participant),
            Fact::Left { person } => {
                let attendance = self
                    .people
                    .iter_mut()
                    .find(|a| a.person.id == *person)
                    .ok_or(Misplaced)?;
                attendance.stays.last_mut().ok_or(Misplaced)?.left = Some(at);
            }
            Fact::Marked { mark, text } => {
                let recorded = self.on_air();
                self.marks.push(Mark {
                    mark: *mark,
                    text: text.clone(),
                    at,
                    recorded,
                });
            }
            Fact::IntervalBegan {
                interval,
                interval_kind,
                present,
                note,
            } => self.intervals.push(Interval {
                id: *interval,
                interval: *interval_kind,
                present: present.clone(),
                note: note.clone(),
                from: at,
                to: None,
            }),
            Fact::IntervalEnded { interval } => {
                let found = self
                    .intervals
                    .iter_mut()
                    .find(|i| i.id == *interval)
                    .ok_or(Misplaced)?;
                found.to = Some(at);
            }
            Fact::ReviewBegan {} => self.in_review = true,
            Fact::QuestioningResumed { .. } => self.in_review = false,
            Fact::DocumentPut { .. } => self.put(at, fact),
            Fact::ActRecorded { .. } => self.record(at, fact)?,
            _ => return Err(Misplaced),
        }
        Ok(())
    }

    fn on_air(&self) -> bool {
        !self.parts.is_empty() && self.interruptions.iter().all(|gap| gap.to.is_some())
    }

    fn join(&mut self, at: Moment, participant: &Participant) {
        let stay = Stay {
            joined: at,
            left: None,
        };
        match self.people.iter_mut().find(|a| a.person.id == participant.id) {
            Some(attendance) => attendance.stays.push(stay),
            None => self.people.push(Attendance {
                person: participant.clone(),
                stays: vec![stay],
            }),
        }
    }

    fn put(&mut self, at: Moment, fact: &Fact) {
        let Fact::DocumentPut {
            document,
            document_kind,
            title,
            pages,
            revision,
            voided,
        } = fact
        else {
            return;
        };
        match self.documents.iter_mut().find(|d| d.id == *document) {
            Some(known) => {
                known.title = title.clone();
                known.pages = pages.clone();
                known.revision = *revision;
            }
            None => self.documents.push(Document {
                id: document.clone(),
                document: *document_kind,
                title: title.clone(),
                revision: *revision,
                pages: pages.clone(),
                opened: at,
                acts: Vec::new(),
            }),
        }
        voided
            .iter()
            .for_each(|VoidedKey { act, because }| self.void(at, act, *because));
    }

    fn record(&mut self, at: Moment, fact: &Fact) -> Applied {
        let Fact::ActRecorded {
            document,
            page,
            page_sha256,
            person,
            act,
            outcome,
        } = fact
        else {
            return Err(Misplaced);
        };
        let key = ActKey {
            document: document.clone(),
            page: *page,
            person: person.clone(),
            act: *act,
        };
        self.void(at, &key, VoidReason::Superseded);
        let known = self
            .documents
            .iter_mut()
            .find(|d| d.id == *document)
            .ok_or(Misplaced)?;
        known.acts.push(ActRecord {
            page: *page,
            person: person.clone(),
            act: *act,
            page_sha256: page_sha256.clone(),
            outcome: outcome.clone(),
            at,
            standing: Standing::Stands,
        });
        Ok(())
    }

    fn void(&mut self, at: Moment, key: &ActKey, because: VoidReason) {
        let acts = self
            .documents
            .iter_mut()
            .filter(|d| d.id == key.document)
            .flat_map(|d| &mut d.acts);
        for record in acts.filter(|r| r.stands() && r.page == key.page && r.act == key.act) {
            if record.person == key.person {
                record.standing = Standing::Voided { at, because };
            }
        }
    }
}
