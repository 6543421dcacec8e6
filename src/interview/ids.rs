//! Names by which an interview knows its people, documents, intervals and interruptions.
//!
//! Parsed once where they enter (deserialising refuses a bad one), so that the state machine only sees
//! valid ones. Ids given by people become file names in `attestations/`, hence their narrow alphabet.

use serde::{Deserialize, Serialize};
use thiserror::Error;

const MAX_ID_CHARS: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    #[error("id {0:?} is not 1 to 40 characters of a-z, 0-9 and '-', starting with a letter or digit")]
    Name(String),
    #[error("{0:?} is not a SHA-256 digest of 64 lower-case hexadecimal digits")]
    Digest(String),
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                parse_name(text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_id!(
    /// One person who takes part; the same person keeps it over leaving and coming back.
    ParticipantId
);
name_id!(
    /// A document (文书) or the transcript (笔录).
    DocumentId
);

/// SHA-256 of a page or of an attestation's file, lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Hex(String);

/// A page of a document, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageNumber(pub u32);

/// A break, absence or care, numbered within the interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntervalId(pub u32);

/// An interruption (中断), numbered within the interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InterruptionId(pub u32);

impl TryFrom<String> for Sha256Hex {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        let hex = text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex && text.len() == 64 {
            Ok(Self(text))
        } else {
            Err(IdError::Digest(text))
        }
    }
}

impl From<Sha256Hex> for String {
    fn from(digest: Sha256Hex) -> String {
        digest.0
    }
}

impl From<[u8; 32]> for Sha256Hex {
    fn from(digest: [u8; 32]) -> Sha256Hex {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Sha256Hex {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PageNumber {
    /// The page at an index counted from 0.
    pub fn at_index(index: usize) -> Self {
        Self(u32::try_from(index).map_or(u32::MAX, |i| i.saturating_add(1)))
    }
}

fn parse_name(text: String) -> Result<String, IdError> {
    let allowed = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let sized = !text.is_empty() && text.len() <= MAX_ID_CHARS && !text.starts_with('-');
    if allowed && sized {
        Ok(text)
    } else {
        Err(IdError::Name(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_leave_its_folder_is_refused() {
        for bad in ["", "../x", "a/b", "张三", "-a", "A"] {
            assert!(ParticipantId::try_from(bad.to_string()).is_err(), "{bad}");
        }
        assert!(ParticipantId::try_from("officer-1".to_string()).is_ok());
        assert!(Sha256Hex::try_from("F".repeat(64)).is_err());
    }
}
