//! The room's configuration (design 9): `room.toml` parsed once, at the edge, into validated types.
//!
//! `raw` mirrors the file, `validate` turns it into `RoomConfig`; nothing else in the house sees TOML.
//! Every refusal names the key, what was wrong and what to write instead, in Chinese and English. Secrets
//! are read from the files that `*_file` keys name and never appear in an error.

mod raw;
mod signing;
mod validate;

use crate::evidence::timestamp::TimestampServer;
use pipelines::settings::{CameraSettings, MicrophoneSettings, VideoSettings};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use validate::parse_camera_source;

/// One thing wrong with the configuration.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {zh}\n{path}: {en}")]
pub struct ConfigError {
    pub path: String,
    pub zh: String,
    pub en: String,
}

impl ConfigError {
    pub(super) fn new(path: &Path, zh: impl Into<String>, en: impl Into<String>) -> Self {
        ConfigError {
            path: path.display().to_string(),
            zh: zh.into(),
            en: en.into(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct RoomConfig {
    pub room: Room,
    pub data: Data,
    pub spool_dir: PathBuf,
    /// Bound of each disc's spool.
    pub spool_limit_bytes: u64,
    pub web: Web,
    pub cameras: Vec<CameraSettings>,
    pub microphones: Vec<MicrophoneSettings>,
    pub video: VideoSettings,
    pub segment_seconds: u32,
    pub burners: Vec<Burner>,
    pub disc: Disc,
    pub climate: Option<Climate>,
    pub clock: Clock,
    pub interview: InterviewRules,
    pub signing: Signing,
}

/// Room id, 1 to 16 of `[a-z0-9]` (contract of design 6).
#[derive(Clone, Debug)]
pub struct Room {
    pub id: String,
    pub name: String,
    pub unit: String,
}

#[derive(Clone, Debug)]
pub struct Data {
    pub dir: PathBuf,
    pub mirror: Option<PathBuf>,
    pub min_free_hours: u32,
}

#[derive(Clone, Debug)]
pub struct Web {
    pub listen: SocketAddr,
    pub tls: Tls,
}

#[derive(Clone, Debug)]
pub enum Tls {
    SelfSigned,
    Files { cert_file: PathBuf, key_file: PathBuf },
}

/// A drive's place: set A, set B, or the one that stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BurnerSlot {
    A,
    B,
    Standby,
}

impl BurnerSlot {
    pub fn name(self) -> &'static str {
        match self {
            BurnerSlot::A => "a",
            BurnerSlot::B => "b",
            BurnerSlot::Standby => "standby",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Burner {
    pub slot: BurnerSlot,
    /// `/dev/srN` or `stdio:<path>`.
    pub device: String,
}

/// How discs are written, where the medium's own numbers do not suit the site.
#[derive(Clone, Copy, Debug)]
pub struct Disc {
    /// `None`: what suits the kind of medium.
    pub batch_bytes: Option<u64>,
    pub batch_minutes: u32,
    /// `None`: the writer's own patience with a drive that stands still.
    pub stall_seconds: Option<u32>,
    /// Camera originals go onto the discs too.
    pub tracks: bool,
    pub mode: DiscMode,
    /// How many sets an interview has: two, where there is a drive for each or they are burnt in turn.
    pub sets: u32,
    /// A disc that will be full sooner is an alarm, while there is time to fetch a blank one.
    pub forecast_minutes: u32,
    /// A drive that is gone is waited for so long while another has a blank disc.
    pub standby_after_seconds: u32,
    /// A set's last disc is read once more after its tray was opened and closed.
    pub prove: bool,
}

/// When the discs are burnt, and in which drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscMode {
    /// Both sets while the recording goes on, each in its own drive (同步刻录).
    Parallel,
    /// Set A while the recording goes on, from drive to drive; set B afterwards from the master (接力刻录).
    Relay,
    /// None by itself: `burn-discs` burns them from the master when they are wanted (硬盘存储).
    DiskOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Climate {
    /// A simulated sensor; the only driver until the room's devices are built.
    Sim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub source: ClockSource,
    pub max_error_ms: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockSource {
    Chrony,
    Kernel,
    /// The clock of the machine as it is: demonstration and tests, said so in the pre-check.
    Unchecked,
}

#[derive(Clone, Copy, Debug)]
pub struct InterviewRules {
    pub min_officers: u32,
    pub end_after_left_room: bool,
    pub resume_within_minutes: u32,
    /// The interviewee unseen or unheard for longer suspends the interview.
    pub suspend_after_seconds: u32,
}

/// What vouches for the evidence besides the device's keys.
#[derive(Clone, Debug)]
pub struct Signing {
    pub tpm: TpmChoice,
    /// Who stamps the time on closed interviews.
    pub timestamp: Option<Arc<TimestampServer>>,
}

/// Which TPM seals the device's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TpmChoice {
    /// The machine's, if it has one.
    Auto,
    None,
    /// By tpm2-tools' name for it (TCTI).
    At(String),
}

impl RoomConfig {
    /// Reads and validates `path`; relative paths inside are meant from the file's own folder.
    pub fn load(path: &Path) -> Result<RoomConfig, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            ConfigError::new(
                path,
                format!("无法读取配置文件: {e}。请检查路径和权限"),
                format!("cannot read the configuration: {e}. Check the path and its permissions"),
            )
        })?;
        let raw = raw::parse(path, &text)?;
        validate::validate(path, raw)
    }
}

#[cfg(test)]
mod tests;
