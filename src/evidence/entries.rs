//! The kinds of journal line that this room writes itself, and their data
//! (contract, design 6). Everything else in a journal comes from the interview
//! and passes through unread. `writer`, `adopt` and `closing` make them,
//! `outline` reads them back.

use super::{
    digest::{Digests, Sha256Digest, Sm3Digest},
    line::Data,
    mp4::Extent,
    names::{InterviewId, TrackName},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

pub use super::{journal::CLOSED, line::OPENED};
pub const TRACK_OPENED: &str = "track-opened";
pub const SEGMENT_OPENED: &str = "segment-opened";
pub const FRAGMENT: &str = "fragment";
pub const SEGMENT_CLOSED: &str = "segment-closed";
pub const TRACK_CLOSED: &str = "track-closed";
pub const GAP: &str = "gap";
pub const FILE_ADDED: &str = "file-added";
pub const QUARANTINED: &str = "quarantined";
pub const CHECKPOINT: &str = "checkpoint";
pub const DEVICE_KEY: &str = "device-key";

/// The form of journal and manifest that this program writes.
pub const FORM: u32 = 1;

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Line 1 of an interview's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub form: u32,
    /// The interview's key across the levels.
    pub uuid: Uuid,
    pub id: InterviewId,
    pub room: String,
    /// Id of the device key that signs.
    pub device_key: String,
}

/// From here on another key signs: the one before could not be used any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKey {
    pub device_key: String,
}

/// Signs the line before it and with it everything up to there (`signing::checkpoint_text`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub seq: u64,
    pub hash: Sha256Digest,
    /// 64 bytes, hexadecimal.
    pub ed25519: String,
    /// DER, hexadecimal.
    pub sm2: String,
    /// What was known of the clock: `clock_error_us` and the like.
    #[serde(flatten)]
    pub clock: Data,
}

/// A part of a track begins; its media time 0 is `started_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackOpened {
    pub part: u32,
    pub track: TrackName,
    pub started_at: String,
}

/// A segment's file exists; its first `header_length` bytes are its own header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentOpened {
    pub segment: String,
    pub part: u32,
    pub track: TrackName,
    pub header_length: u64,
    pub header_sha256: Sha256Digest,
    pub header_sm3: Sm3Digest,
    #[serde(default, skip_serializing_if = "is_false")]
    pub adopted: bool,
}

/// A fragment is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragment {
    pub segment: String,
    pub offset: u64,
    pub length: u64,
    pub sha256: Sha256Digest,
    pub sm3: Sm3Digest,
    /// Where it starts, from the part's zero.
    pub media_us: u64,
    pub duration_us: u64,
    pub frames: u64,
    pub samples: u64,
    /// The timeline jumped inside or before it by this much (missing time positive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_us: Option<i64>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub adopted: bool,
    /// Drops, clock quality, climate: what the room knew at the time.
    #[serde(flatten)]
    pub conditions: Data,
}

impl Fragment {
    pub fn extent(&self) -> Extent {
        Extent {
            media_us: self.media_us,
            duration_us: self.duration_us,
            frames: self.frames,
            samples: self.samples,
        }
    }
}

/// Nothing more is added to a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentClosed {
    pub segment: String,
    pub size: u64,
    pub sha256: Sha256Digest,
    pub sm3: Sm3Digest,
    #[serde(default, skip_serializing_if = "is_false")]
    pub adopted: bool,
}

/// A part of a track ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackClosed {
    pub part: u32,
    pub track: TrackName,
    pub segments: u32,
    pub duration_us: u64,
    pub frames: u64,
    pub samples: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub adopted: bool,
}

/// Time between two parts of which there is no recording; it owes a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub after_part: u32,
    pub before_part: u32,
    pub from: String,
    pub to: String,
    /// By the wall clock; negative if the clock was set back meanwhile.
    pub duration_us: i64,
}

/// A whole file was put into the interview: transcript, attestation, attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAdded {
    pub path: String,
    pub size: u64,
    #[serde(flatten)]
    pub digests: Digests,
    #[serde(default, skip_serializing_if = "is_false")]
    pub adopted: bool,
}

/// Bytes that were no whole chunk or line were set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub path: String,
    /// The file that they stood in, and where.
    pub from: String,
    pub offset: u64,
    pub size: u64,
    #[serde(flatten)]
    pub digests: Digests,
}

/// The data of a line. These types always become objects.
pub fn to_data<T: Serialize>(entry: &T) -> Data {
    match serde_json::to_value(entry) {
        Ok(Value::Object(data)) => data,
        Ok(_) | Err(_) => Data::new(),
    }
}

/// Reads a line's data back.
pub fn from_data<T: DeserializeOwned>(data: &Data) -> Result<T, serde_json::Error> {
    T::deserialize(Value::Object(data.clone()))
}
