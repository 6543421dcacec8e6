//! What the room and the media process say to each other over the Unix socket.
//!
//! A frame is `u32` header length, `u32` payload length (both big-endian), a JSON header, the payload.
//! Headers carry `version`; another version ends the conversation with a message. The room owns the socket
//! and dies last: when the socket ends, the media process ends. Media bytes travel only in payloads.

use crate::settings::{Channel, Layout, MediaSettings, Slot};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// Raised whenever a message changes shape.
pub const VERSION: u32 = 1;
/// A header or payload beyond this is a fault of the peer, not a message.
pub const MAX_HEADER: usize = 1 << 20;
pub const MAX_PAYLOAD: usize = 64 << 20;

/// Text and figures burnt into the picture beside the clock, which the media process draws itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlayText {
    /// Hundredths of a degree Celsius and of a percent; `None` shows `--` (stale for 30 s or absent).
    pub temperature_centi_c: Option<i32>,
    pub humidity_centi_pct: Option<i32>,
    pub case_number: String,
    pub room: String,
    /// 0 while nothing is recorded.
    pub part: u32,
    /// A state worth reading in the picture, e.g. `休息`, or the reason of a resumed part; empty shows nothing.
    pub state: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "say")]
pub enum ToMedia {
    Configure {
        settings: MediaSettings,
    },
    /// Opens the gate at the next key frame (asked for at once). One part is open at a time.
    OpenPart {
        part: u32,
    },
    /// Closes the gate; everything that passed it is delivered, then `PartClosed`.
    ClosePart {
        part: u32,
    },
    SetLayout {
        layout: Layout,
    },
    SetOverlay {
        overlay: OverlayText,
    },
    /// Answered by `Alive` with the same number by the thread that composes the picture.
    Ping {
        number: u64,
    },
}

/// Which file family a chunk belongs to: the composite, or a camera's untouched original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "of", content = "slot")]
pub enum Track {
    Composite,
    Original(Slot),
}

/// How a camera stands; `reason` is for the log and the panel, in English, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum CameraStatus {
    Connecting,
    Live {
        width: u32,
        height: u32,
        codec: String,
    },
    /// The slate stands in the picture.
    Lost {
        cause: CameraFault,
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraFault {
    /// No route, refused, no answer.
    Unreachable,
    /// Wrong or missing user or password.
    Unauthorized,
    /// Neither H.264 nor H.265 (RTSP), or a format that cannot be decoded.
    UnsupportedCodec,
    /// Connected, but no frame came for the stall time.
    Stalled,
    /// Frames come, but every one is the same, to the last pixel.
    Frozen,
    /// The camera or file ended the stream.
    Ended,
    /// The device or file does not exist or may not be opened.
    NotFound,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum MicrophoneStatus {
    Connecting,
    Live,
    /// Silence stands in for it.
    Lost {
        reason: String,
    },
}

/// One channel over the last 100 ms. Levels in hundredths of dBFS, never above 0; −12000 is digital zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub rms_centi_db: i32,
    pub peak_centi_db: i32,
    /// Samples at full scale.
    pub clipped: u32,
    /// Every sample was exactly zero.
    pub zero: bool,
}

/// A state of picture or sound that somebody must know of. Sent when it begins and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Watch {
    /// Below −60 dBFS for 10 s.
    Silent { channel: Channel },
    /// Exactly zero for 3 s.
    AllZero { channel: Channel },
    /// More than 10 clipped samples in each of 10 successive 100 ms windows.
    Clipping { channel: Channel },
    /// Mean luma below 24 for 5 s.
    Black { slot: Slot },
    /// The composing thread could not keep the cadence; frames were repeated, none left out.
    Late,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Frames composed and encoded since the process began.
    pub composed: u64,
    pub encoded: u64,
    /// Camera frames used, and dropped because a newer one was there, by all cameras.
    pub camera_frames: u64,
    pub camera_dropped: u64,
    /// Output frames for which a live camera had no new picture in time.
    pub repeated: u64,
    /// Samples per channel, and how many of them stood in for missing sound.
    pub samples: u64,
    pub substituted_left: u64,
    pub substituted_right: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "say")]
pub enum FromMedia {
    /// The pipelines run and pictures are being encoded; `encoder` is the element chosen.
    Ready {
        encoder: String,
    },
    /// The part begins with the picture seen at this wall time; its header and chunks follow.
    PartOpened {
        part: u32,
        began_unix_ms: i64,
    },
    /// Payload: `ftyp` and `moov`, to stand in front of every segment of this track's part.
    Header {
        part: u32,
        track: Track,
    },
    /// Payload: one chunk (`moof` and `mdat`, whole boxes only).
    Chunk {
        part: u32,
        track: Track,
        starts_fragment: bool,
    },
    /// All chunks of the part were sent.
    PartClosed {
        part: u32,
    },
    Levels {
        left: Level,
        right: Level,
    },
    Camera {
        slot: Slot,
        status: CameraStatus,
    },
    Microphone {
        channel: Channel,
        status: MicrophoneStatus,
    },
    Began {
        watch: Watch,
    },
    Ended {
        watch: Watch,
    },
    /// Once a second.
    Counted {
        counters: Counters,
    },
    Alive {
        number: u64,
    },
    /// The process cannot go on and exits after this.
    Failed {
        step: String,
        message: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    version: u32,
    #[serde(flatten)]
    message: T,
}

/// Writes one frame. Blocks as the stream does; interrupted writes leave the stream unusable.
pub fn write_frame<T: Serialize>(out: &mut impl Write, message: &T, payload: &[u8]) -> io::Result<()> {
    let header = serde_json::to_vec(&Envelope {
        version: VERSION,
        message,
    })?;
    if header.len() > MAX_HEADER || payload.len() > MAX_PAYLOAD {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "message too large"));
    }
    let mut head = Vec::with_capacity(8 + header.len());
    head.extend_from_slice(&(header.len() as u32).to_be_bytes());
    head.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    head.extend_from_slice(&header);
    out.write_all(&head)?;
    out.write_all(payload)?;
    out.flush()
}

/// Reads one frame; `None` when the peer closed between two frames.
pub fn read_frame<T: for<'a> Deserialize<'a>>(input: &mut impl Read) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut lengths = [0u8; 8];
    let mut got = 0;
    while got < lengths.len() {
        match input.read(&mut lengths[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let [a, b, c, d, e, f, g, h] = lengths;
    let header_len = u32::from_be_bytes([a, b, c, d]) as usize;
    let payload_len = u32::from_be_bytes([e, f, g, h]) as usize;
    if header_len > MAX_HEADER || payload_len > MAX_PAYLOAD {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "frame length out of range",
        ));
    }
    let mut header = vec![0; header_len];
    input.read_exact(&mut header)?;
    let mut payload = vec![0; payload_len];
    input.read_exact(&mut payload)?;
    let version: VersionOnly = serde_json::from_slice(&header)?;
    if version.version != VERSION {
        let text = format!(
            "peer speaks version {}, this is version {VERSION}",
            version.version
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let envelope: Envelope<T> = serde_json::from_slice(&header)?;
    Ok(Some((envelope.message, payload)))
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}
