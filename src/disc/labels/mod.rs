//! Labels (标签) of discs as PDF: printed on the disc, on its sleeve, and the register of the hand-over.
//!
//! `pdf` is pure but for the fonts, which it reads from the machine: the same facts and fonts give the same
//! bytes. `Facts` come from an interview directory with its ledger (`read`) or from a disc (`from_disc`); what
//! is on paper is decided in `sheet`, where it stands in `templates/*.typ`, its words in `words`.
//!
//! The code on each label is `SHENLU1 <interview> <slot> <number in the set> <file>:<sha256>`: the digest is that
//! of the interview's `manifest.json`, or of `disc.json` where a relayed disc is all there is. An interviewee's
//! name is never printed: the regulation does not ask for it, and labels are seen by whoever carries the disc.

mod code;
mod error;
mod facts;
mod finalised;
mod fonts;
mod from_disc;
mod manifest;
mod original;
mod read;
mod sheet;
mod typesetter;
mod words;

pub use error::LabelError;
pub use facts::{Burnt, CaseNumber, Digest, DiscFacts, Facts, InterviewFacts, Maker, Standing};
pub use from_disc::of_disc;
pub use original::propose;
pub use read::{Wanted, of_interview};

use std::path::Path;
use std::str::FromStr;

use super::plan::Slot;

/// What is printed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// On the disc itself: ring of 118 mm, its middle free; one page per disc.
    Disc,
    /// Insert of a jewel case, 121 mm square; one page per disc.
    Sleeve,
    /// Paper sleeve, 125 mm square; one page per disc.
    PaperSleeve,
    /// A4: one row per disc, for seal numbers, hand-over and signatures.
    Register,
}

impl Form {
    pub const ALL: [Self; 4] = [Self::Disc, Self::Sleeve, Self::PaperSleeve, Self::Register];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disc => "disc",
            Self::Sleeve => "sleeve",
            Self::PaperSleeve => "paper-sleeve",
            Self::Register => "register",
        }
    }
}

impl FromStr for Form {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        let known = Self::ALL.into_iter().find(|form| form.as_str() == text);
        known.ok_or_else(|| LabelError::UnknownForm(text.to_owned()))
    }
}

/// A slot by its name in ledger and configuration.
pub fn slot_named(text: &str) -> Result<Slot, LabelError> {
    let slots = [Slot::A, Slot::B, Slot::Standby];
    let known = slots.into_iter().find(|slot| slot.as_str() == text);
    known.ok_or_else(|| LabelError::UnknownSlot(text.to_owned()))
}

/// Facts of whatever lies at `path`: an interview directory, a mounted disc, an image, a drive.
pub fn of_path(path: &Path, wanted: Wanted) -> Result<InterviewFacts, LabelError> {
    if path.is_dir() && !path.join("disc.json").exists() {
        of_interview(path, wanted)
    } else {
        of_disc(path, wanted)
    }
}

/// The labels of all discs in `facts`, in their order. Takes about a second: not for a task that must not wait.
pub fn pdf(form: Form, facts: &Facts) -> Result<Vec<u8>, LabelError> {
    let fonts = fonts::Fonts::for_text(&facts.texts())?;
    let sheet = sheet::of(form, facts, &fonts)?;
    typesetter::pdf(form, &sheet, fonts)
}
