//! `room.toml` as it is written: one field per key, nothing checked but names and shapes.
//!
//! Unknown keys are errors that name the nearest known one; a mistyped key must never silently fall back
//! to a default.

use super::ConfigError;
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub version: u32,
    pub room: Room,
    pub data: Data,
    pub spool: Option<Spool>,
    pub web: Option<Web>,
    #[serde(default)]
    pub camera: Vec<Camera>,
    #[serde(default)]
    pub microphone: Vec<Microphone>,
    pub video: Option<Video>,
    #[serde(default)]
    pub burner: Vec<Burner>,
    pub disc: Option<Disc>,
    pub climate: Option<Climate>,
    pub fingerprint: Option<Device>,
    pub clock: Option<Clock>,
    pub interview: Option<Interview>,
    pub signing: Option<Signing>,
    pub case_system: Option<toml::Table>,
    pub link: Option<toml::Table>,
    pub archive: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    pub id: String,
    pub name: String,
    pub unit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub dir: PathBuf,
    pub mirror: Option<PathBuf>,
    pub min_free_hours: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spool {
    pub dir: PathBuf,
    pub limit_mib: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    pub listen: Option<String>,
    pub tls: Option<Tls>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Tls {
    Word(String),
    Files { cert_file: PathBuf, key_file: PathBuf },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    pub slot: String,
    pub source: String,
    pub password_file: Option<PathBuf>,
    pub transport: Option<String>,
    pub keep_original: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Microphone {
    pub channel: String,
    pub source: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Video {
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub fps: Option<u32>,
    pub encoder: Option<String>,
    pub rate: Option<String>,
    pub quality: Option<u32>,
    pub max_kbps: Option<u32>,
    pub segment_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burner {
    pub slot: String,
    pub device: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Disc {
    pub batch_kib: Option<u32>,
    pub batch_minutes: Option<u32>,
    pub stall_seconds: Option<u32>,
    pub tracks: Option<bool>,
    pub mode: Option<String>,
    pub sets: Option<u32>,
    pub forecast_minutes: Option<u32>,
    pub standby_after_seconds: Option<u32>,
    pub prove: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Climate {
    pub driver: String,
    /// Wanted by drivers of real sensors, which come with the room's devices.
    #[serde(rename = "port")]
    pub _port: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    pub driver: String,
    #[serde(rename = "port")]
    pub _port: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub source: Option<String>,
    pub max_error_ms: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interview {
    pub min_officers: Option<u32>,
    pub end_after: Option<String>,
    pub resume_within_minutes: Option<u32>,
    pub suspend_after_seconds: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    pub tpm: Option<String>,
    pub timestamp_url: Option<String>,
    pub timestamp_ca_file: Option<PathBuf>,
}

/// Parses the text; errors carry line and column, and for an unknown key the nearest known one.
pub fn parse(path: &Path, text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|e| {
        let place = e.span().map(|s| place_of(text, s.start)).unwrap_or_default();
        let message = e.message();
        match unknown_key(message) {
            Some((key, nearest)) => {
                let (zh, en) = match nearest {
                    Some(n) => (format!(",是否应为 `{n}`?"), format!("; did you mean `{n}`?")),
                    None => (",请删除该项".to_owned(), "; remove it".to_owned()),
                };
                let en = format!("{place}unknown key `{key}`{en}");
                ConfigError::new(path, format!("{place}未知的配置项 `{key}`{zh}"), en)
            }
            None => ConfigError::new(
                path,
                format!("{place}配置格式有误: {message}"),
                format!("{place}the configuration is malformed: {message}"),
            ),
        }
    })
}

fn place_of(text: &str, offset: usize) -> String {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    format!("line {line}: ")
}

/// Takes apart serde's "unknown field `x`, expected one of `a`, `b`".
fn unknown_key(message: &str) -> Option<(String, Option<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let key = quoted.next()?.to_owned();
    let nearest = quoted
        .map(|known| (strsim::damerau_levenshtein(&key, known), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(key.len()) / 2)
        .map(|(_, known)| known.to_owned());
    Some((key, nearest))
}
