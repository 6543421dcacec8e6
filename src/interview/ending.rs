//! How an interview ended: with everything attested, or incomplete with its reason and approver.
//!
//! Held by the states `Closing` and `Closed`; the room's manifest and the transcript (未完成签捺) read it
//! from the view.

use serde::{Deserialize, Serialize};

use super::command::IncompleteReason;
use super::documents::ActKey;
use super::people::{Approver, Confirmation};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "kebab-case")]
pub enum Ending {
    Complete,
    Incomplete(Incomplete),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incomplete {
    pub reason: IncompleteReason,
    pub text: String,
    pub approver: Approver,
    /// Absent until the approver has confirmed an urgent end.
    pub confirmation: Option<Confirmation>,
    pub not_obtained: Vec<ActKey>,
}
