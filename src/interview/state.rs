//! `Interview`: its states, what each holds, and how it is built again from its entries.
//!
//! The states are enums whose variants carry what is valid in them; `Matter` is what an interview that
//! was started has gathered. Changed by `apply.rs` alone, so that what is not in an entry is not in the
//! state.

use thiserror::Error;

use super::alarm::StandingAlarm;
use super::case_files::{CaseFile, Given, GivenCaseFile};
use super::command::{CaseRef, Command};
use super::documents::Document;
use super::ending::Ending;
use super::entry::{Entry, Fact};
use super::event::Event;
use super::ids::{DocumentId, InterruptionId, ParticipantId};
use super::kinds::{EndAfter, InterviewKind, KindRules, Rules};
use super::marks::{Import, Interruption, Interval, Layout, Mark, Part, PrecheckOverride, PrecheckResult};
use super::people::Attendance;
use super::refusal::Refusal;
use super::time::Moment;
use super::view::StateName;

/// One interview from the pre-check to its close; a new value for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interview {
    pub(super) rules: Rules,
    pub(super) state: State,
    pub(super) layout: Layout,
    pub(super) alarms: Vec<StandingAlarm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Prechecked {
        at: Moment,
        results: Vec<PrecheckResult>,
    },
    Confidential {
        since: Moment,
    },
    Open {
        stage: Stage,
        since: Moment,
        matter: Box<Matter>,
    },
}

/// Where an interview that was started stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Start was pressed; nothing is known to be on disk yet, so nothing says "recording".
    Starting,
    Recording,
    Suspended {
        interruption: InterruptionId,
    },
    Unrecorded {
        interruption: InterruptionId,
    },
    ContinuedElsewhere {
        interruption: InterruptionId,
    },
    Closing {
        ending: Ending,
    },
    Closed {
        ending: Ending,
    },
}

/// What has been gathered since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matter {
    pub interview: InterviewKind,
    pub case: CaseRef,
    pub rules: KindRules,
    pub end_after: EndAfter,
    pub precheck: Vec<PrecheckResult>,
    pub overrides: Vec<PrecheckOverride>,
    pub parts: Vec<Part>,
    pub people: Vec<Attendance>,
    pub documents: Vec<Document>,
    pub marks: Vec<Mark>,
    pub intervals: Vec<Interval>,
    pub interruptions: Vec<Interruption>,
    /// The e-case file, in the order in which it was given.
    pub case_files: Vec<GivenCaseFile>,
    /// Between `BeginReview` and the way back to the questions.
    pub in_review: bool,
}

#[derive(Debug, Error)]
pub enum ReplayError {
    #[error("entry {index} of kind {kind:?} does not follow from those before it; the journal is not whole")]
    Misplaced { index: usize, kind: &'static str },
}

impl Interview {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State::Idle,
            layout: Layout::default(),
            alarms: Vec::new(),
        }
    }

    /// Builds an interview again from its entries in order; they may begin at `started`.
    pub fn replay<'a>(
        rules: Rules,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Self, ReplayError> {
        let mut interview = Self::new(rules);
        for (index, entry) in entries.into_iter().enumerate() {
            let misplaced = |_| ReplayError::Misplaced {
                index,
                kind: entry.kind(),
            };
            interview.apply(entry).map_err(misplaced)?;
        }
        Ok(interview)
    }

    /// Does what a command asks, or refuses and changes nothing. The entries belong into the journal in
    /// this order before anybody is told.
    pub fn step(&mut self, at: Moment, command: Command) -> Result<Vec<Entry>, Refusal> {
        let facts = self.decide(at, command)?;
        Ok(self.commit(at, facts))
    }

    /// Takes note of what happened; every event leaves an entry unless it changes nothing.
    pub fn observe(&mut self, at: Moment, event: Event) -> Vec<Entry> {
        let facts = self.facts_of(at, event);
        self.commit(at, facts)
    }

    /// Takes in entries that were decided before and are durable only now: a file must stand in its place
    /// before anything may say so.
    pub fn admit(&mut self, entries: &[Entry]) -> Result<(), ReplayError> {
        for (index, entry) in entries.iter().enumerate() {
            let kind = entry.kind();
            self.apply(entry)
                .map_err(|_| ReplayError::Misplaced { index, kind })?;
        }
        Ok(())
    }

    /// The room has a mobile recorder's file and asks whether it belongs here. Nothing is changed: the entries
    /// are admitted once the file stands in its place.
    pub fn import(&self, at: Moment, import: Import) -> Result<Vec<Entry>, Refusal> {
        let facts = self.import_recording(import).map_err(Refusal::from)?;
        Ok(facts.into_iter().map(|fact| Entry { at, fact }).collect())
    }

    /// Whether the e-case file takes a file of this path and announced size; asked before it is sent.
    pub fn takes_case_file(&self, path: &str, bytes: Option<u64>) -> Result<(), Refusal> {
        self.may_give(path, bytes).map_err(Refusal::from)
    }

    /// The room has a file for the e-case file. Nothing is changed: what is new is admitted once it stands in its
    /// place.
    pub fn give_case_file(&self, at: Moment, file: CaseFile) -> Result<Given, Refusal> {
        self.decide_case_file(at, file).map_err(Refusal::from)
    }

    fn commit(&mut self, at: Moment, facts: Vec<Fact>) -> Vec<Entry> {
        let mut entries = Vec::new();
        for fact in facts {
            self.commit_one(Entry { at, fact }, &mut entries);
        }
        for fact in self.staffing_changes() {
            self.commit_one(Entry { at, fact }, &mut entries);
        }
        entries
    }

    fn commit_one(&mut self, entry: Entry, entries: &mut Vec<Entry>) {
        if self.apply(&entry).is_ok() {
            entries.push(entry);
        } else {
            let event = entry.kind().to_string();
            entries.push(Entry {
                at: entry.at,
                fact: Fact::OutOfPlace { event },
            });
        }
    }

    pub fn state(&self) -> StateName {
        match &self.state {
            State::Idle => StateName::Idle,
            State::Prechecked { .. } => StateName::Prechecked,
            State::Confidential { .. } => StateName::Confidential,
            State::Open { stage, .. } => stage.name(),
        }
    }

    pub(super) fn matter(&self) -> Option<&Matter> {
        match &self.state {
            State::Open { matter, .. } => Some(matter),
            State::Idle | State::Prechecked { .. } | State::Confidential { .. } => None,
        }
    }
}

impl Stage {
    pub fn name(&self) -> StateName {
        match self {
            Stage::Starting => StateName::Starting,
            Stage::Recording => StateName::Recording,
            Stage::Suspended { .. } => StateName::Suspended,
            Stage::Unrecorded { .. } => StateName::Unrecorded,
            Stage::ContinuedElsewhere { .. } => StateName::ContinuedElsewhere,
            Stage::Closing { .. } => StateName::Closing,
            Stage::Closed { .. } => StateName::Closed,
        }
    }
}

impl Matter {
    pub fn person(&self, id: &ParticipantId) -> Option<&Attendance> {
        self.people.iter().find(|attendance| attendance.person.id == *id)
    }

    pub fn document(&self, id: &DocumentId) -> Option<&Document> {
        self.documents.iter().find(|document| document.id == *id)
    }

    pub fn interruption_mut(&mut self, id: InterruptionId) -> Option<&mut Interruption> {
        self.interruptions
            .iter_mut()
            .find(|interruption| interruption.id == id)
    }
}
