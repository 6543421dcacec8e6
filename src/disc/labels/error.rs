//! Why there is no label. Each says what to do; `message_zh` says the same in Chinese.

use std::path::PathBuf;

use super::super::plan::Slot;
use super::words;

#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    #[error("`{0}` is no form of label: disc, sleeve, paper-sleeve or register")]
    UnknownForm(String),
    #[error("`{0}` is no disc slot: a, b or standby")]
    UnknownSlot(String),
    #[error("{} is not closed yet: labels are made when its discs are finalised", .0.display())]
    Open(PathBuf),
    #[error("{} is neither an interview directory nor a disc of ours", .0.display())]
    NotOurs(PathBuf),
    #[error("{} cannot be read: {detail}", path.display())]
    Unreadable { path: PathBuf, detail: String },
    #[error("the interview {interview} has no finalised disc{}: wait until its discs are finalised and read back", words::in_slot(*slot).en)]
    NoDisc { interview: String, slot: Option<Slot> },
    #[error("set {} was not burnt during the interview and cannot be its original while set {} was (R-17)", chosen.as_str(), live.as_str())]
    NotLive { chosen: Slot, live: Slot },
    #[error("slot {} has no finalised disc that could be the original", .0.as_str())]
    NoOriginal(Slot),
    #[error("the set in slot {} was burnt live and is still being finalised: wait for it, or name the original (--original a|b)", .0.as_str())]
    StillBurning(Slot),
    #[error(
        "a disc alone does not say whether it is the original: name the original's slot (--original a|b)"
    )]
    WhichOriginal,
    #[error("the font {family} is missing: apt install fonts-noto-cjk fontconfig")]
    NoFont { family: &'static str },
    #[error("no font of this machine shows {}: install one that does (apt install fonts-hanazono), or write the label by hand", words::named(.0))]
    NoGlyph(Vec<char>),
    #[error("{field} is too long for this label: use the sleeve or the register")]
    TooLong { field: String },
    #[error("the code on the label would be too long")]
    Code,
    #[error("the label cannot be set: {0}")]
    Typesetting(String),
}

impl LabelError {
    /// The same to an officer, with what to do.
    pub fn message_zh(&self) -> String {
        words::error_zh(self)
    }
}
