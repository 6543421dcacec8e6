//! Every sentence that an interview says to people, Chinese and English beside each other.
//!
//! Refusals, what is missing, alarms with their remedies, and the statements to be read aloud. Other
//! files name what they mean and find the words here, so that nothing is worded twice.

pub mod alarms;
pub mod missing;
pub mod names;
pub mod refusals;
pub mod statements;

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub zh: String,
    pub en: String,
}

pub fn words(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words {
        zh: zh.into(),
        en: en.into(),
    }
}
