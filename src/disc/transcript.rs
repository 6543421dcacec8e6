//! The written record (笔录) as the page shows it beside the picture: read from `transcript/transcript.json`.
//!
//! Called by `pages` for each session; a transcript that is not there yet, or in a form that is not known, leaves
//! that side of the page empty. Lines carry the moment at which they were taken down; pages without lines are
//! shown whole, without a place in the recording.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

const TRANSCRIPT: &str = "transcript/transcript.json";
/// A record of a day's questioning has some hundred kilobytes; the closing session has no room for much more.
const AT_MOST_BYTES: u64 = 1 << 20;

/// One line (条), or a page that has no lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// `question`, `answer`, `note` or `page`.
    #[serde(default = "note")]
    kind: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    speaker: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<u64>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_us: Option<u64>,
}

fn note() -> String {
    "note".to_owned()
}

#[derive(Deserialize)]
struct Transcript {
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    pages: Vec<String>,
}

/// Empty where there is none.
pub(super) fn lines(interview_dir: &Path) -> Vec<Line> {
    let path = interview_dir.join(TRANSCRIPT);
    let is_of_a_size = fs::metadata(&path).is_ok_and(|meta| meta.len() <= AT_MOST_BYTES);
    let text = fs::read(&path).ok().filter(|_| is_of_a_size);
    text.and_then(|text| read(&text)).unwrap_or_default()
}

fn read(text: &[u8]) -> Option<Vec<Line>> {
    let transcript: Transcript = serde_json::from_slice(text).ok()?;
    if !transcript.lines.is_empty() {
        return Some(transcript.lines);
    }
    let page = |(n, text): (usize, String)| Line {
        kind: "page".to_owned(),
        speaker: String::new(),
        text,
        page: Some(n as u64 + 1),
        at: None,
        part: None,
        media_us: None,
    };
    Some(transcript.pages.into_iter().enumerate().map(page).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_before_pages_and_what_is_neither_is_nothing() {
        let both = br#"{"lines":[{"kind":"answer","text":"x","part":1,"media_us":5}],"pages":["p"]}"#;
        let lines = read(both).unwrap();
        assert_eq!((lines.len(), lines[0].media_us), (1, Some(5)));
        let pages = read(br#"{"form":1,"pages":["p","q"]}"#).unwrap();
        assert_eq!((pages[1].kind.as_str(), pages[1].page), ("page", Some(2)));
        assert_eq!(read(b"%PDF"), None);
    }
}
