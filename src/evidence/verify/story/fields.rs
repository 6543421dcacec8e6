//! Fields of journal lines that another room of the house wrote: looked up by name, absent where they are not of
//! the form that they should have. Used by the whole story.
//!
//! Never fails and never believes a figure: what a line says is copied, not acted upon.

use crate::evidence::line::{Data, Line, time_text};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use serde_json::Value;

/// When something happened: by the wall, and where in the recording while one ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_us: Option<u64>,
}

impl Moment {
    /// Whether this lies at or after `other`, by the recording where both have a place in it.
    pub fn is_not_before(&self, other: &Self) -> bool {
        let place = |moment: &Self| moment.part.zip(moment.media_us);
        match (place(self), place(other)) {
            (Some(own), Some(its)) => own >= its,
            _ => instant(&self.at) >= instant(&other.at),
        }
    }
}

fn instant(at: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(at).ok()
}

/// Years with four digits: beyond them there is no RFC 3339.
const WALL_MS: std::ops::Range<i64> = 0..253_402_214_400_000;

/// A moment as the interview writes it.
pub fn moment(value: &Value) -> Option<Moment> {
    let wall = value.get("wall")?;
    let unix_ms = wall.get("unix_ms")?.as_i64().filter(|ms| WALL_MS.contains(ms))?;
    let offset_min = i32::try_from(wall.get("offset_min")?.as_i64()?).ok()?;
    let offset = FixedOffset::east_opt(offset_min.checked_mul(60)?)?;
    let at = DateTime::from_timestamp_millis(unix_ms)?.with_timezone(&offset);
    let media = |key: &str| value.get("media").and_then(|media| media.get(key)?.as_u64());
    Some(Moment {
        at: time_text(at),
        part: media("part"),
        media_us: media("media_us"),
    })
}

/// The moment of a line: the interview's own, else when it was written.
pub fn moment_of(line: &Line) -> Moment {
    let own = line.data.get("moment").and_then(moment);
    own.unwrap_or_else(|| Moment {
        at: line.at.clone(),
        ..Moment::default()
    })
}

/// A text, empty where there is none.
pub fn text(data: &Data, key: &str) -> String {
    data.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The same of a value that may be an object.
pub fn text_in(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

pub fn number(data: &Data, key: &str) -> Option<u64> {
    data.get(key).and_then(Value::as_u64)
}

/// A list, empty where there is none.
pub fn list<'a>(data: &'a Data, key: &str) -> &'a [Value] {
    data.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Who answered for an exception, and how he gave his word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Approved {
    pub name: String,
    pub number: String,
    /// `own-credential`, `centre`, `telephone-code`; absent: not confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<String>,
}

/// The `approver` and `confirmation` of a line.
pub fn approved(data: &Data) -> Option<Approved> {
    let approver = data.get("approver")?;
    Some(Approved {
        name: text_in(approver, "name"),
        number: text_in(approver, "number"),
        confirmation: data
            .get("confirmation")
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}
