//! A refused command: which rule, what is missing, what to do, in Chinese and English.
//!
//! Serialises exactly as the API's 409 answer. Made by the deciding code through `Why`; the sentences
//! themselves stand in `words.rs`.

use serde::Serialize;

use super::ids::{DocumentId, PageNumber, ParticipantId};
use super::rule::RuleId;

/// One thing that is still open. `act` is an act's name, or the step that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub person: Option<ParticipantId>,
    pub act: &'static str,
    pub document: Option<DocumentId>,
    pub page: Option<PageNumber>,
    pub text_zh: String,
    pub text_en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code} ({rule}): {message_en}")]
pub struct Refusal {
    pub code: &'static str,
    pub rule: RuleId,
    pub message_zh: String,
    pub message_en: String,
    pub missing: Vec<Missing>,
}
