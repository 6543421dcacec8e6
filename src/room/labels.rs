//! Labels of a closed interview's discs, as the page asks for them.
//!
//! Reads the interview's directory and the ledger, never writes. Takes about a second: called on a thread that may
//! wait.

use crate::disc::labels::{self, Facts, LabelError, Wanted};
use std::path::Path;

/// A label that cannot be had, in both languages.
#[derive(Debug, PartialEq, Eq)]
pub struct LabelRefusal {
    pub cause: RefusalCause,
    pub zh: String,
    pub en: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// The request names what there is not.
    Asked,
    /// The interview or its discs are not as far, or not such, that there is a label.
    State,
    /// Something is missing on this machine.
    Machine,
}

/// The PDF of all discs of the interview in `dir`, or of one slot's.
pub fn label_of(
    dir: &Path,
    form: &str,
    slot: Option<&str>,
    original: Option<&str>,
) -> Result<Vec<u8>, LabelRefusal> {
    let made = || {
        let form = form.parse()?;
        let wanted = Wanted {
            slot: slot.map(labels::slot_named).transpose()?,
            original: original.map(labels::slot_named).transpose()?,
        };
        let interviews = vec![labels::of_interview(dir, wanted)?];
        labels::pdf(form, &Facts { interviews })
    };
    made().map_err(|error| LabelRefusal {
        cause: cause_of(&error),
        zh: error.message_zh(),
        en: error.to_string(),
    })
}

fn cause_of(error: &LabelError) -> RefusalCause {
    match error {
        LabelError::UnknownForm(_) | LabelError::UnknownSlot(_) => RefusalCause::Asked,
        LabelError::Open(_)
        | LabelError::NotOurs(_)
        | LabelError::NoDisc { .. }
        | LabelError::NotLive { .. }
        | LabelError::NoOriginal(_)
        | LabelError::StillBurning(_)
        | LabelError::WhichOriginal
        | LabelError::TooLong { .. } => RefusalCause::State,
        LabelError::Unreadable { .. }
        | LabelError::NoFont { .. }
        | LabelError::NoGlyph(_)
        | LabelError::Code
        | LabelError::Typesetting(_) => RefusalCause::Machine,
    }
}
