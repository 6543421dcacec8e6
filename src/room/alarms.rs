//! From what devices and pipelines say to the alarms an officer sees: raised once, cleared when it is over.
//!
//! Every alarm goes through the interview, so that it stands in the journal while one is open. None of them
//! stops a recording.

use super::appliance::{Appliance, Dated};
use super::clock_step::ClockLook;
use super::config::ClockSource;
use super::ports::{ClimateReading, ClockQuality};
use super::precheck::{bytes_per_hour, is_good};
use super::words;
use crate::evidence::line::Data;
use crate::interview::{Alarm, CameraSlot, Channel, Event, StateName};
use pipelines::messages::{CameraFault, CameraStatus, MicrophoneStatus, OverlayText, ToMedia, Watch};
use pipelines::settings;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A climate reading older than this is shown as `--` (design, overlay).
const CLIMATE_STALE_AFTER: Duration = Duration::from_secs(30);
/// Less than this left on the master is an alarm while there is still time to act.
const LOW_HOURS: u64 = 1;

fn camera_slot(slot: settings::Slot) -> CameraSlot {
    match slot {
        settings::Slot::Interviewee => CameraSlot::Interviewee,
        settings::Slot::Officer => CameraSlot::Officer,
        settings::Slot::Panorama => CameraSlot::Panorama,
        settings::Slot::Evidence => CameraSlot::Evidence,
    }
}

fn side(channel: settings::Channel) -> Channel {
    match channel {
        settings::Channel::Left => Channel::Left,
        settings::Channel::Right => Channel::Right,
    }
}

impl Appliance {
    pub(super) fn raise(&mut self, alarm: Alarm, detail: &str) {
        tracing::warn!(?alarm, detail, "alarm");
        self.observe(Event::AlarmRaised {
            alarm,
            detail: detail.to_owned(),
        });
    }

    pub(super) fn clear(&mut self, alarm: Alarm) {
        self.observe(Event::AlarmCleared { alarm });
    }

    fn set(&mut self, alarm: Alarm, stands: bool, detail: &str) {
        if stands {
            self.raise(alarm, detail)
        } else {
            self.clear(alarm)
        }
    }

    pub(super) fn on_camera(&mut self, slot: settings::Slot, status: CameraStatus) {
        self.media_view.cameras.insert(slot.name(), status.clone());
        if slot == settings::Slot::Interviewee {
            self.senses.camera(&status, Instant::now());
        }
        let slot = camera_slot(slot);
        let (lost, frozen) = (Alarm::CameraLost { slot }, Alarm::CameraFrozen { slot });
        match status {
            CameraStatus::Live { .. } => {
                self.clear(lost);
                self.clear(frozen);
            }
            CameraStatus::Connecting => {}
            CameraStatus::Lost { cause, reason } => {
                let alarm = if cause == CameraFault::Frozen {
                    frozen
                } else {
                    lost
                };
                self.raise(alarm, &words::camera_lost(cause, &reason));
            }
        }
    }

    pub(super) fn on_microphone(&mut self, channel: settings::Channel, status: MicrophoneStatus) {
        self.media_view.microphones.insert(channel.name(), status.clone());
        self.senses.microphone(channel, &status, Instant::now());
        let alarm = Alarm::MicrophoneLost {
            channel: side(channel),
        };
        match status {
            MicrophoneStatus::Live => self.clear(alarm),
            MicrophoneStatus::Connecting => {}
            MicrophoneStatus::Lost { reason } => self.raise(alarm, &reason),
        }
    }

    pub(super) fn on_watch(&mut self, watch: Watch, began: bool) {
        match watch {
            Watch::Black {
                slot: settings::Slot::Interviewee,
            } => self.senses.black(began, Instant::now()),
            Watch::AllZero { channel } => self.senses.zero(channel, began, Instant::now()),
            Watch::Black { .. } | Watch::Silent { .. } | Watch::Clipping { .. } | Watch::Late => {}
        }
        let alarm = match watch {
            Watch::Silent { channel } => Alarm::SoundSilent {
                channel: side(channel),
            },
            Watch::AllZero { channel } => Alarm::SoundZero {
                channel: side(channel),
            },
            Watch::Clipping { channel } => Alarm::SoundClipping {
                channel: side(channel),
            },
            Watch::Black { slot } => Alarm::CameraBlack {
                slot: camera_slot(slot),
            },
            Watch::Late => Alarm::FramesDropped,
        };
        self.set(alarm, began, "");
    }

    pub(super) fn on_surroundings(
        &mut self,
        clock: ClockQuality,
        climate: Option<ClimateReading>,
        free_bytes: Option<u64>,
    ) {
        match self.clock_watch.look(&self.now.now()) {
            ClockLook::Steady => {}
            ClockLook::Stepped { by_ms } => {
                self.raise(Alarm::ClockStepped, &format!("{by_ms:+} ms"));
                self.observe(Event::ClockStepped { by_ms });
            }
            ClockLook::Settled => self.clear(Alarm::ClockStepped),
        }
        let wanted = self.config.clock;
        if wanted.source != ClockSource::Unchecked {
            self.set(Alarm::ClockUnsure, !is_good(wanted, &clock), &clock.source);
        }
        self.clock = Some(clock);
        if let Some(value) = climate {
            let changed = self.climate.is_none_or(|c| c.value != value);
            self.climate = Some(Dated {
                value,
                at: Instant::now(),
            });
            self.clear(Alarm::ClimateStale);
            if changed {
                self.overlay();
            }
        }
        self.free_bytes = free_bytes;
        if let Some(free) = free_bytes {
            let low = free / bytes_per_hour(&self.config).max(1) < LOW_HOURS;
            self.set(Alarm::MasterSpaceLow, low, &format!("{} MiB", free >> 20));
        }
    }

    /// A sensor that fell silent must not go on showing its last figure.
    pub(super) fn watch_surroundings(&mut self) {
        if self.climate.is_some_and(|c| c.at.elapsed() > CLIMATE_STALE_AFTER) {
            self.climate = None;
            self.raise(Alarm::ClimateStale, "");
            self.overlay();
        }
    }

    /// After an interview was closed the next one must know what is wrong already.
    pub(super) fn raise_what_stands(&mut self) {
        self.raise_key_troubles();
        self.raise_unstamped();
        for (slot, status) in self.media_view.cameras.clone() {
            if let Some(slot) = settings::Slot::ALL.into_iter().find(|s| s.name() == slot) {
                self.on_camera(slot, status);
            }
        }
        for (name, status) in self.media_view.microphones.clone() {
            let channel = if name == "left" {
                settings::Channel::Left
            } else {
                settings::Channel::Right
            };
            self.on_microphone(channel, status);
        }
    }

    /// Tells the media process what to write into the picture.
    pub(super) fn overlay(&mut self) {
        let view = self.interview.view();
        let climate = self.climate.map(|c| c.value);
        let number = if view.case.number.is_empty() {
            &view.case.incident_number
        } else {
            &view.case.number
        };
        let pausing = view.intervals.iter().rev().find(|interval| interval.to.is_none());
        let overlay = OverlayText {
            temperature_centi_c: climate.map(|c| c.temperature_centi_c),
            humidity_centi_pct: climate.map(|c| c.humidity_centi_pct),
            case_number: number.clone(),
            room: self.config.room.name.clone(),
            part: self.open.as_ref().map_or(0, |open| open.last_part),
            state: suspension_word(view.state)
                .or(pausing.map(|interval| interval_word(interval.interval)))
                .unwrap_or_default()
                .to_owned(),
        };
        self.media.say(&ToMedia::SetOverlay { overlay });
    }

    /// What every fragment's journal line says of its circumstances; integers, and the clock's witness by name.
    pub(super) fn renew_conditions(&mut self) {
        let counters = self.media_view.counters;
        let mut conditions = Data::new();
        let mut put = |key: &str, value: i64| conditions.insert(key.to_owned(), value.into());
        put("repeated", counters.repeated.cast_signed());
        put("substituted_left", counters.substituted_left.cast_signed());
        put("substituted_right", counters.substituted_right.cast_signed());
        if let Some(error_us) = self.clock.as_ref().and_then(|c| c.error_us) {
            put("clock_error_us", error_us.cast_signed());
        }
        if let Some(climate) = self.climate {
            put(
                "temperature_centi_c",
                i64::from(climate.value.temperature_centi_c),
            );
            put("humidity_centi_pct", i64::from(climate.value.humidity_centi_pct));
        }
        // Who witnesses the error; without one the text is why not, and stands in the alarm.
        if let Some(clock) = self.clock.as_ref().filter(|clock| clock.error_us.is_some()) {
            conditions.insert("clock_source".to_owned(), clock.source.clone().into());
        }
        if let Some(open) = &mut self.open {
            open.conditions = Arc::new(conditions);
        }
    }
}

/// The gap stands in the picture too, as far as there is one.
fn suspension_word(state: StateName) -> Option<&'static str> {
    match state {
        StateName::Suspended | StateName::ContinuedElsewhere => Some(words::SUSPENDED.zh),
        StateName::Unrecorded => Some(words::UNRECORDED.zh),
        StateName::Idle
        | StateName::Prechecked
        | StateName::Confidential
        | StateName::Starting
        | StateName::Recording
        | StateName::Closing
        | StateName::Closed => None,
    }
}

fn interval_word(interval: crate::interview::IntervalKind) -> &'static str {
    use crate::interview::IntervalKind;
    match interval {
        IntervalKind::Break => words::BREAK.zh,
        IntervalKind::Absence => words::ABSENCE.zh,
        IntervalKind::Care => words::CARE.zh,
    }
}
