//! The approver's word on an urgent incomplete end, after its interview was closed.
//!
//! Help never waits for the system, so such an end goes through at once and its approver confirms it afterwards. A
//! closed directory never changes: the word goes to the ledger, and so does that it is owed, which no restart may
//! forget. Nothing of it touches the journal of whatever interview runs by then.

use super::appliance::Appliance;
use super::commands::not_taken;
use super::handle::{Accepted, Answer, CommandRequest, refused};
use super::resume::entries;
use super::words;
use crate::evidence::journal::Journal;
use crate::evidence::line::{Line, time_text};
use crate::interview::{Entry, Event, Interview, RuleId, StateName};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KIND: &str = "confirm-incomplete";
/// Which interview is meant; needed where more than one waits.
const INTERVIEW: &str = "interview";
const OWED: &str = "confirmation-owed";
const CONFIRMED: &str = "incomplete-confirmed";

/// A confirmation that may be given: of which interview, and what comes of it.
pub(super) struct Judged {
    id: String,
    next: Interview,
    entries: Vec<Entry>,
}

impl Appliance {
    /// Whether this command speaks of an interview that is closed.
    pub(super) fn confirms_later(&self, request: &CommandRequest) -> bool {
        request.kind == KIND && self.interview.state() != StateName::Closing
    }

    /// The interview was closed just now.
    pub(super) fn note_unconfirmed(&mut self, id: &str) {
        if !self.interview.view().confirmation_owed {
            return;
        }
        if let Err(error) = self.ledger.write(OWED, json!({ INTERVIEW: id })) {
            tracing::error!(%error, "ledger");
        }
        self.unconfirmed.insert(id.to_owned(), self.interview.clone());
    }

    /// What the ledger knows as owed and not as given.
    pub(super) fn resume_unconfirmed(&mut self, ledger: &[Line]) {
        let of = |kind: &str| -> BTreeSet<&str> {
            let lines = ledger.iter().filter(|line| line.kind == kind);
            lines
                .filter_map(|line| line.data.get(INTERVIEW)?.as_str())
                .collect()
        };
        let confirmed = of(CONFIRMED);
        for id in of(OWED).into_iter().filter(|id| !confirmed.contains(id)) {
            match self.closed_interview(id) {
                Some(interview) => drop(self.unconfirmed.insert(id.to_owned(), interview)),
                None => tracing::error!(
                    id,
                    "its end waits to be confirmed, and its journal cannot be read"
                ),
            }
        }
    }

    fn closed_interview(&self, id: &str) -> Option<Interview> {
        let lines = Journal::read(&self.place.interviews().join(id).join("journal.jsonl")).ok()?;
        let mut interview = Interview::replay(self.rules.clone(), &entries(&lines).ok()?).ok()?;
        interview.observe(self.moment(), Event::Closed {});
        Some(interview)
    }

    /// What the confirmation would be; the refusal where it cannot be given.
    pub(super) fn judge_confirmation(&self, request: &CommandRequest) -> Result<Judged, Answer> {
        let named = request.command.get(INTERVIEW).and_then(Value::as_str);
        let found = match (named, self.unconfirmed.len()) {
            (Some(id), _) => self.unconfirmed.get_key_value(id),
            (None, 1) => self.unconfirmed.first_key_value(),
            (None, _) => None,
        };
        let Some((id, interview)) = found else {
            let waiting: Vec<&str> = self.unconfirmed.keys().map(String::as_str).collect();
            let said = words::CONFIRMS_NOTHING.with(waiting.join(", "));
            return Err(Answer::Refused(refused(
                "nothing-to-confirm",
                Some(RuleId::R11),
                said,
            )));
        };
        let command = self.understand(request)?;
        let mut next = interview.clone();
        let entries = next
            .step(self.moment(), command)
            .map_err(|refusal| Answer::refused(&refusal))?;
        Ok(Judged {
            id: id.clone(),
            next,
            entries,
        })
    }

    pub(super) fn on_confirm(&mut self, request: &CommandRequest, actor: &str) -> Answer {
        let Judged { id, next, entries } = match self.judge_confirmation(request) {
            Ok(judged) => judged,
            Err(answer) => return answer,
        };
        for entry in &entries {
            let mut data = entry.data();
            data[INTERVIEW] = json!(id);
            data["actor"] = json!(actor);
            if let Err(error) = self.ledger.write(entry.kind(), data) {
                return Answer::Refused(not_taken(&error.to_string()));
            }
        }
        if !next.view().confirmation_owed {
            self.unconfirmed.remove(&id);
        }
        Answer::Accepted(Accepted {
            command_id: request.command_id.clone(),
            interview_id: Some(id),
            at: time_text(self.wall()),
        })
    }
}
