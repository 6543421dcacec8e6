//! Names inside the evidence: interview id, track, paths within the interview
//! directory. Parsed once, so that nothing else has to ask whether a path leads
//! out of its directory. Pure.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("{0:?} is no room id: 1 to 16 of a-z and 0-9")]
    Room(String),
    #[error("{0:?} is no interview id: <room>-<yyyymmdd>-<hhmmss>[-n]")]
    Interview(String),
    #[error("{0:?} is no track name: 1 to 32 of a-z, 0-9 and '-', and not \"program\"")]
    Track(String),
    #[error("{0:?} is no path inside an interview: plain names joined by '/', no control characters")]
    Path(String),
}

/// `<room>-<yyyymmdd>-<hhmmss>[-n]`: the name of an interview's directory (contract).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InterviewId(String);

impl InterviewId {
    /// `n` > 1 tells interviews of the same second apart.
    pub fn new(room: &str, started_at: DateTime<FixedOffset>, n: u32) -> Result<Self, NameError> {
        if !is_room(room) {
            return Err(NameError::Room(room.to_owned()));
        }
        let second = started_at.format("%Y%m%d-%H%M%S");
        Ok(Self(if n > 1 {
            format!("{room}-{second}-{n}")
        } else {
            format!("{room}-{second}")
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_room(room: &str) -> bool {
    (1..=16).contains(&room.len()) && room.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

impl FromStr for InterviewId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let fields: Vec<&str> = text.split('-').collect();
        let digits = |field: &str, length: std::ops::RangeInclusive<usize>| {
            length.contains(&field.len()) && field.bytes().all(|b| b.is_ascii_digit())
        };
        let good = match fields.as_slice() {
            [room, day, second] => is_room(room) && digits(day, 8..=8) && digits(second, 6..=6),
            [room, day, second, n] => {
                is_room(room) && digits(day, 8..=8) && digits(second, 6..=6) && digits(n, 1..=9)
            }
            _ => false,
        };
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Interview(text.to_owned()))
        }
    }
}

impl TryFrom<String> for InterviewId {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<InterviewId> for String {
    fn from(id: InterviewId) -> Self {
        id.0
    }
}

impl fmt::Display for InterviewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which stream of the interview a segment belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrackName {
    /// The composite picture with its sound: the recording itself.
    Program,
    /// A camera's original, talkback, a conference: `tracks/<name>/`.
    Named(String),
}

impl TrackName {
    pub fn named(name: &str) -> Result<Self, NameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) || name == "program" {
            return Err(NameError::Track(name.to_owned()));
        }
        Ok(Self::Named(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Program => "program",
            Self::Named(name) => name,
        }
    }

    /// `part-0001` or `tracks/<name>/part-0001`.
    pub fn part_path(&self, part: u32) -> String {
        match self {
            Self::Program => format!("part-{part:04}"),
            Self::Named(name) => format!("tracks/{name}/part-{part:04}"),
        }
    }

    /// `<part>/seg-00001.mp4`, counted from 1 in each part.
    pub fn segment_path(&self, part: u32, segment: u32) -> String {
        format!("{}/seg-{segment:05}.mp4", self.part_path(part))
    }
}

impl fmt::Display for TrackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for TrackName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        if text == "program" {
            Ok(Self::Program)
        } else {
            Self::named(&text)
        }
    }
}

impl From<TrackName> for String {
    fn from(name: TrackName) -> Self {
        name.as_str().to_owned()
    }
}

/// Whether `path` stays inside the directory it is joined to and can stand in a
/// sums file without escaping.
pub fn check_relative(path: &str) -> Result<(), NameError> {
    let plain = |name: &str| {
        !name.is_empty()
            && name != "."
            && name != ".."
            && name.len() <= 255
            && !name.chars().any(|c| c.is_control() || c == '\\')
    };
    if path.len() <= 1024 && path.split('/').all(plain) {
        return Ok(());
    }
    Err(NameError::Path(path.to_owned()))
}

/// Folders of an interview's directory that never leave the house, by how paths in them begin.
const OF_THE_HOUSE: [&str; 4] = ["tracks/talkback", "tracks/conference", "messages/", "internal/"];

/// Whether a file of an interview's directory stays off every disc, which reaches court and defence: talkback,
/// conference, messages, internal papers, the dynamics of strokes, and what was set aside of any of them. Its digest
/// is in the manifest.
pub fn stays_in_the_house(path: &str) -> bool {
    let is_stroke_dynamics = path.starts_with("attestations/") && path.ends_with(".json");
    let is_of_the_house = |path: &str| OF_THE_HOUSE.iter().any(|begin| path.starts_with(begin));
    // What is set aside is named after the track, or after its path with `-` for `/`.
    let is_kept_of_it = path.strip_prefix("quarantine/").is_some_and(|kept| {
        let begins = ["talkback-", "conference-", "attestations-"];
        is_of_the_house(&kept.replacen('-', "/", 1)) || begins.iter().any(|begin| kept.starts_with(begin))
    });
    is_of_the_house(path) || is_stroke_dynamics || is_kept_of_it
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_the_house_is_known_wherever_it_stands() {
        for path in [
            "tracks/talkback/part-0001/seg-00001.mp4",
            "tracks/conference/part-0001/playlist.m3u8",
            "attestations/p1-sign-1.json",
            "messages/m.json",
            "internal/0a1b.pdf",
            "quarantine/talkback-part-0001-chunk-1",
            "quarantine/tracks-talkback-part-0001-seg-00001.mp4-1",
            "quarantine/internal-0a1b.pdf.partial-1",
        ] {
            assert!(stays_in_the_house(path), "{path}");
        }
        for path in [
            "attestations/p1-sign-1.png",
            "journal.jsonl",
            "case/internal/x.pdf",
            "tracks/officer/part-0001/seg-00001.mp4",
            "quarantine/part-0001-seg-00001.mp4-1",
            "transcript/transcript.json",
        ] {
            assert!(!stays_in_the_house(path), "{path}");
        }
    }

    #[test]
    fn interview_ids_are_parsed_strictly() {
        for good in ["a1-20260102-030405", "room16chars00000-20260102-030405-2"] {
            assert_eq!(good.parse::<InterviewId>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a1",
            "A1-20260102-030405",
            "a1-2026010-030405",
            "a1-20260102-030405-",
            "../x-1-2",
        ] {
            assert!(bad.parse::<InterviewId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_that_lead_out_of_the_directory_are_refused() {
        for bad in ["", "/etc/passwd", "a/../b", "a//b", "a/", "./a", "a\nb", "a\\b"] {
            assert!(check_relative(bad).is_err(), "{bad:?}");
        }
        assert!(check_relative("attestations/王某-sign.png").is_ok());
    }
}
