//! Recording what a person did on a page: owed, in order, on the page as it is now.

use super::Decided;
use super::texts::{MAX_TEXT_CHARS, required};
use crate::interview::documents::{ActKey, ActOutcome, Method};
use crate::interview::entry::Fact;
use crate::interview::ids::Sha256Hex;
use crate::interview::kinds::Act;
use crate::interview::state::Matter;
use crate::interview::words::missing;
use crate::interview::words::refusals::Why;

impl Matter {
    pub(super) fn record_act(&self, key: ActKey, page_sha256: Sha256Hex, outcome: ActOutcome) -> Decided {
        self.page_as_seen(&key, &page_sha256)?;
        if !self.in_review {
            return Err(Why::ReviewNotBegun);
        }
        self.valid_outcome(&key, &outcome)?;
        self.not_done_yet(&key, &outcome)?;
        let before = self.open_before(&key);
        if !before.is_empty() {
            let missing = before.iter().map(|key| missing::act(self, key)).collect();
            return Err(Why::ActOutOfOrder { missing });
        }
        let ActKey {
            document,
            page,
            person,
            act,
        } = key;
        Ok(vec![Fact::ActRecorded {
            document,
            page,
            page_sha256,
            person,
            act,
            outcome,
        }])
    }

    fn page_as_seen(&self, key: &ActKey, seen: &Sha256Hex) -> Result<(), Why> {
        let document = self.document(&key.document).ok_or(Why::DocumentUnknown)?;
        let now = document.page_sha256(key.page).ok_or(Why::PageUnknown)?;
        if now != seen {
            return Err(Why::PageChanged);
        }
        self.person(&key.person).ok_or(Why::PersonUnknown)?;
        if self.is_owed(key) {
            Ok(())
        } else {
            Err(Why::ActNotOwed)
        }
    }

    fn valid_outcome(&self, key: &ActKey, outcome: &ActOutcome) -> Result<(), Why> {
        match outcome {
            ActOutcome::Done { method, evidence } => {
                self.present(&key.person)?;
                fits(*method, key.act, evidence.is_some())
            }
            ActOutcome::Refused {
                reason,
                officers_note,
            } => {
                if self.role_of(&key.person).is_some_and(|role| role.is_police()) {
                    return Err(Why::PoliceCannotRefuse);
                }
                self.present(&key.person)?;
                required("reason", reason, MAX_TEXT_CHARS)?;
                required("officers_note", officers_note, MAX_TEXT_CHARS)
            }
            // Whoever was brought away cannot be in the room: this one needs no presence.
            ActOutcome::Unable { reason, replaced_by } => {
                required("reason", reason, MAX_TEXT_CHARS)?;
                required("replaced_by", replaced_by, MAX_TEXT_CHARS)
            }
        }
    }

    /// Only doing it after all may replace an outcome, and only where it was refused or impossible.
    fn not_done_yet(&self, key: &ActKey, outcome: &ActOutcome) -> Result<(), Why> {
        let document = self.document(&key.document).ok_or(Why::DocumentUnknown)?;
        let Some(record) = document.outcome(key.page, &key.person, key.act) else {
            return Ok(());
        };
        match (&record.outcome, outcome) {
            (ActOutcome::Refused { .. } | ActOutcome::Unable { .. }, ActOutcome::Done { .. }) => Ok(()),
            _ => Err(Why::ActDone),
        }
    }
}

fn fits(method: Method, act: Act, has_evidence: bool) -> Result<(), Why> {
    match (method, act) {
        (Method::ReadAloud, Act::Check) | (Method::Electronic | Method::InkOnPaper, Act::Check) => Ok(()),
        (Method::ReadAloud, Act::Sign | Act::Fingerprint) => Err(Why::MethodUnfit),
        (Method::Electronic, Act::Sign | Act::Fingerprint) if !has_evidence => Err(Why::EvidenceMissing),
        (Method::Electronic | Method::InkOnPaper, Act::Sign | Act::Fingerprint) => Ok(()),
    }
}
