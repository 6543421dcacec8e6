//! What facts leave in the matter: people, documents and acts, marks, intervals, interruptions.
//!
//! Called by `apply` once the state has allowed the fact. Only ever adds or marks as void; nothing that
//! was recorded is taken away.

use super::{Applied, Misplaced};
use crate::interview::case_files::GivenCaseFile;
use crate::interview::documents::{ActKey, ActRecord, Document, Standing, VoidReason};
use crate::interview::entry::{Fact, Started, VoidedKey};
use crate::interview::ids::InterruptionId;
use crate::interview::marks::{
    Elsewhere, Interruption, Interval, Mark, OtherRecording, Part, Statement, UnrecordedApproval,
};
use crate::interview::people::{Attendance, Participant, Stay};
use crate::interview::state::Matter;
use crate::interview::time::Moment;

impl Matter {
    pub(super) fn new(at: Moment, started: &Started) -> Self {
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
            case_files: Vec::new(),
            in_review: false,
        }
    }

    /// What a change of stage leaves in the matter; the table has already allowed it.
    pub(super) fn apply_stage(&mut self, at: Moment, fact: &Fact) {
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
                    recordings: Vec::new(),
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

    pub(super) fn apply(&mut self, at: Moment, fact: &Fact) -> Applied {
        match fact {
            Fact::StatementMade { interruption } => {
                let gap = self.interruption_mut(*interruption).ok_or(Misplaced)?;
                gap.statement = Statement::Made { at };
            }
            Fact::RecordingLinked {
                interruption,
                recorder,
                interview_id,
                uuid,
                from,
                until,
                note,
            } => {
                let gap = self.interruption_mut(*interruption).ok_or(Misplaced)?;
                gap.recordings.push(OtherRecording::Linked {
                    recorder: recorder.clone(),
                    interview_id: interview_id.clone(),
                    uuid: uuid.clone(),
                    from: *from,
                    until: *until,
                    note: note.clone(),
                    at,
                });
            }
            Fact::RecordingImported(import) => {
                let gap = self.interruption_mut(import.interruption).ok_or(Misplaced)?;
                let import = import.clone();
                gap.recordings.push(OtherRecording::Imported { import, at });
            }
            Fact::CaseFileGiven(file) => self.case_files.push(GivenCaseFile {
                file: file.clone(),
                at,
            }),
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
