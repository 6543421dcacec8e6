//! The look at everything before the start (R-10, 开录前检查): each item with its result and its figure.
//!
//! Reads what the loop knows already; opens no device and waits for nothing, so it can be repeated at
//! leisure while people are entered. The interview decides what a failed item means.

use super::config::{Clock, ClockSource, RoomConfig};
use super::ports::{ClimateReading, ClockQuality};
use super::snapshot::{DiscView, MediaView};
use super::words;
use crate::interview::{PrecheckItem, PrecheckResult};
use pipelines::messages::{CameraStatus, MicrophoneStatus};
use std::collections::BTreeMap;

/// What the check looks at.
pub struct Seen<'a> {
    pub config: &'a RoomConfig,
    pub media: &'a MediaView,
    pub discs: &'a BTreeMap<String, DiscView>,
    pub clock: Option<&'a ClockQuality>,
    pub climate: Option<ClimateReading>,
    pub free_bytes: Option<u64>,
}

pub fn precheck(seen: &Seen) -> Vec<PrecheckResult> {
    let mut results = vec![picture(seen, "interviewee", PrecheckItem::IntervieweePicture)];
    for (slot, item) in [
        ("officer", PrecheckItem::OfficerPicture),
        ("panorama", PrecheckItem::PanoramaPicture),
        ("evidence", PrecheckItem::EvidencePicture),
    ] {
        if slot == "officer" || seen.config.cameras.iter().any(|c| c.slot.name() == slot) {
            results.push(picture(seen, slot, item));
        }
    }
    results.push(sound(seen));
    results.push(space(seen));
    results.push(clock(seen.config.clock, seen.clock));
    results.push(climate(seen));
    for (slot, burner, medium) in [
        ("a", PrecheckItem::BurnerA, PrecheckItem::MediumA),
        ("b", PrecheckItem::BurnerB, PrecheckItem::MediumB),
    ] {
        results.extend(disc(seen, slot, burner, medium));
    }
    results
}

fn result(item: PrecheckItem, passed: bool, figure: impl Into<String>) -> PrecheckResult {
    PrecheckResult {
        item,
        passed,
        figure: figure.into(),
    }
}

fn picture(seen: &Seen, slot: &str, item: PrecheckItem) -> PrecheckResult {
    if !seen.media.ready {
        return result(item, false, words::MEDIA_NOT_READY.both());
    }
    match seen.media.cameras.get(slot) {
        Some(CameraStatus::Live { width, height, codec }) => {
            result(item, true, format!("{width}×{height} {codec}"))
        }
        Some(CameraStatus::Connecting) => result(item, false, words::CONNECTING.both()),
        None if seen.config.cameras.iter().any(|c| c.slot.name() == slot) => {
            result(item, false, words::CONNECTING.both())
        }
        Some(CameraStatus::Lost { cause, reason }) => result(item, false, words::camera_lost(*cause, reason)),
        None => result(item, false, words::NOT_CONFIGURED.both()),
    }
}

/// The interviewee's side must be heard; the other one is watched while recording.
fn sound(seen: &Seen) -> PrecheckResult {
    let live = seen
        .media
        .microphones
        .get("left")
        .or_else(|| seen.media.microphones.get("right"));
    let level = seen.media.left.or(seen.media.right);
    match (live, level) {
        (Some(MicrophoneStatus::Live), Some(level)) if !level.zero => result(
            PrecheckItem::Sound,
            true,
            format!("{} dBFS", level.rms_centi_db / 100),
        ),
        (Some(MicrophoneStatus::Live), Some(_)) => result(PrecheckItem::Sound, false, words::ALL_ZERO.both()),
        (Some(MicrophoneStatus::Live), None) => result(PrecheckItem::Sound, false, words::NO_LEVEL.both()),
        (Some(MicrophoneStatus::Connecting), _) => {
            result(PrecheckItem::Sound, false, words::CONNECTING.both())
        }
        (Some(MicrophoneStatus::Lost { reason }), _) => result(PrecheckItem::Sound, false, reason.clone()),
        (None, _) => result(PrecheckItem::Sound, false, words::NO_MICROPHONE.both()),
    }
}

/// Bytes per hour at the cap of the bit rate, sound and container included.
pub fn bytes_per_hour(config: &RoomConfig) -> u64 {
    (u64::from(config.video.max_kbps) + 160) * 1000 / 8 * 3600
}

fn space(seen: &Seen) -> PrecheckResult {
    let wanted = u64::from(seen.config.data.min_free_hours) * bytes_per_hour(seen.config);
    match seen.free_bytes {
        Some(free) => {
            let hours = free / bytes_per_hour(seen.config).max(1);
            let passed = free > wanted;
            let figure = format!("{:.1} GiB, {hours} h", free as f64 / (1u64 << 30) as f64);
            result(PrecheckItem::MasterSpace, passed, figure)
        }
        None => result(PrecheckItem::MasterSpace, false, words::UNREADABLE.both()),
    }
}

fn clock(wanted: Clock, found: Option<&ClockQuality>) -> PrecheckResult {
    if wanted.source == ClockSource::Unchecked {
        return result(PrecheckItem::Clock, true, words::CLOCK_UNCHECKED.both());
    }
    match found {
        Some(quality) => {
            let figure = match quality.error_us {
                Some(us) => format!("±{} ms, {}", us / 1000, quality.source),
                None => words::CLOCK_ERROR_UNKNOWN.both_with(&quality.source),
            };
            result(PrecheckItem::Clock, is_good(wanted, quality), figure)
        }
        None => result(PrecheckItem::Clock, false, words::CLOCK_NOT_YET.both()),
    }
}

/// the clock's error is known and below the limit.
pub fn is_good(wanted: Clock, quality: &ClockQuality) -> bool {
    let limit_us = u64::from(wanted.max_error_ms) * 1000;
    quality.synchronised && quality.error_us.is_some_and(|us| us < limit_us)
}

fn climate(seen: &Seen) -> PrecheckResult {
    match seen.climate {
        Some(reading) => {
            let figure = format!(
                "{:.1}℃ {:.0}%",
                f64::from(reading.temperature_centi_c) / 100.0,
                f64::from(reading.humidity_centi_pct) / 100.0
            );
            result(PrecheckItem::Climate, true, figure)
        }
        None => result(PrecheckItem::Climate, false, words::NO_READING.both()),
    }
}

fn disc(
    seen: &Seen,
    slot: &str,
    burner: PrecheckItem,
    medium: PrecheckItem,
) -> impl Iterator<Item = PrecheckResult> + use<> {
    let rows = match seen.discs.get(slot) {
        None => vec![result(burner, false, words::NOT_CONFIGURED.both())],
        Some(view) => match &view.fault {
            Some(fault) => vec![result(burner, false, fault.clone()), result(medium, false, "--")],
            None => {
                let is_blank = view.state == "blank";
                vec![
                    result(burner, true, view.device.clone()),
                    result(
                        medium,
                        is_blank,
                        if is_blank {
                            words::BLANK_DISC.both()
                        } else {
                            view.state.clone()
                        },
                    ),
                ]
            }
        },
    };
    rows.into_iter()
}
