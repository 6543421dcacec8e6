//! What the media process is told once, before anything runs: cameras, microphones, picture, sound.
//!
//! Parsed and validated by the room; this crate trusts the ranges stated here and refuses anything else
//! with a message. Never holds a secret in `Debug` output.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A camera's place in the room (机位).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    Interviewee,
    Officer,
    Panorama,
    Evidence,
}

impl Slot {
    pub const ALL: [Slot; 4] = [Slot::Interviewee, Slot::Officer, Slot::Panorama, Slot::Evidence];

    /// The name in configuration, messages, paths and element names.
    pub fn name(self) -> &'static str {
        match self {
            Slot::Interviewee => "interviewee",
            Slot::Officer => "officer",
            Slot::Panorama => "panorama",
            Slot::Evidence => "evidence",
        }
    }
}

/// Side of the stereo recording: left hears the interviewee, right the officers (design 4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    Left,
    Right,
}

impl Channel {
    /// The name in configuration and state.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Left => "left",
            Channel::Right => "right",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    #[default]
    Auto,
    Tcp,
    Udp,
}

/// A password on its way to a camera; `Debug` never shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a camera's picture comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum CameraSource {
    /// `url` without user or password.
    Rtsp {
        url: String,
        user: Option<String>,
        password: Option<Secret>,
        transport: Transport,
    },
    V4l2 {
        device: PathBuf,
    },
    /// Any file GStreamer can demux with H.264 or H.265 in it; played at its own pace, again and again.
    File {
        path: PathBuf,
    },
    /// `videotestsrc` pattern by name.
    Test {
        pattern: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraSettings {
    pub slot: Slot,
    pub source: CameraSource,
    /// Keep the camera's own stream, untouched, as track `slot.name()` beside the composite.
    pub keep_original: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum MicrophoneSource {
    Alsa {
        device: String,
    },
    /// The sound that comes with this camera's stream.
    Camera {
        slot: Slot,
    },
    /// `speech`, `beep` (1 kHz for 50 ms at each whole second of wall time), `tone`, `silence`, `zeros`.
    Test {
        signal: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MicrophoneSettings {
    pub channel: Channel,
    pub source: MicrophoneSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncoderChoice {
    Auto,
    X264,
    Vaapi,
    V4l2,
    Openh264,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rate {
    /// Capped constant quality: `quality` with `max_kbps` as the cap.
    Quality,
    /// Constant bit rate at `max_kbps`.
    Constant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoSettings {
    /// Pixels, even, 320×180 to 3840×2160.
    pub width: u32,
    pub height: u32,
    /// Whole frames per second, 10 to 30.
    pub fps: u32,
    pub encoder: EncoderChoice,
    pub rate: Rate,
    /// x264's crf scale, 10 (large) to 40 (small).
    pub quality: u32,
    pub max_kbps: u32,
}

/// Which picture is large and which stand in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Interviewee full, officer as insert.
    #[default]
    Interview,
    /// Interviewee full, officer and the whole room as inserts.
    InterviewRoom,
    /// Evidence camera full, interviewee and officer as inserts.
    Evidence,
    /// Interviewee and officer side by side.
    SideBySide,
    Quad,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaSettings {
    pub cameras: Vec<CameraSettings>,
    pub microphones: Vec<MicrophoneSettings>,
    pub video: VideoSettings,
    pub layout: Layout,
    /// Fragments start with a key frame and last at most this long (design 4.2).
    pub fragment_ms: u32,
    /// Chunks are the unit written and synced (design 4.2).
    pub chunk_ms: u32,
}
