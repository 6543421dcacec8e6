//! How loud a channel is, and whether that is a sound at all.
//!
//! The mixer hands over every block of a channel; each 100 ms become a `Level`, and levels become the
//! beginnings and ends of `Watch`es. Pure arithmetic: no clock, no thread.

use crate::messages::{Level, Watch};
use crate::settings::Channel;

const FULL_SCALE: f64 = 32_768.0;
const FLOOR_CENTI_DB: i32 = -12_000;
const SILENT_BELOW_CENTI_DB: i32 = -6_000;
const SILENT_WINDOWS: u32 = 100;
const ZERO_WINDOWS: u32 = 30;
const CLIPPING_WINDOWS: u32 = 10;
const CLIPPED_SAMPLES: u32 = 10;

/// Collects the samples of one window.
#[derive(Default)]
pub(crate) struct Meter {
    count: u32,
    squares: u64,
    peak: i32,
    clipped: u32,
}

impl Meter {
    pub(crate) fn hear(&mut self, samples: &[i16]) {
        let (mut squares, mut peak, mut clipped) = (0u64, 0, 0);
        for sample in samples {
            let value = i32::from(*sample);
            squares += u64::from(value.unsigned_abs().pow(2));
            peak = value.abs().max(peak);
            clipped += u32::from(*sample == i16::MAX || *sample == i16::MIN);
        }
        self.count += samples.len() as u32;
        self.squares += squares;
        self.peak = self.peak.max(peak);
        self.clipped += clipped;
    }

    /// The window's level; the next window begins.
    pub(crate) fn finish(&mut self) -> Level {
        let meter = std::mem::take(self);
        let mean_square = meter.squares as f64 / f64::from(meter.count.max(1));
        Level {
            rms_centi_db: centi_db(mean_square.sqrt()),
            peak_centi_db: centi_db(f64::from(meter.peak)),
            clipped: meter.clipped,
            zero: meter.peak == 0,
        }
    }
}

fn centi_db(amplitude: f64) -> i32 {
    if amplitude <= 0.0 {
        return FLOOR_CENTI_DB;
    }
    ((2_000.0 * (amplitude / FULL_SCALE).log10()).round() as i32).clamp(FLOOR_CENTI_DB, 0)
}

/// A state that begins after so many windows in a row and ends with the first that does not show it.
struct Run {
    watch: Watch,
    needed: u32,
    seen: u32,
}

impl Run {
    /// `Some(true)` when it begins now, `Some(false)` when it ends.
    fn step(&mut self, shown: bool) -> Option<bool> {
        let was = self.seen >= self.needed;
        self.seen = if shown { self.seen.saturating_add(1) } else { 0 };
        let is = self.seen >= self.needed;
        (was != is).then_some(is)
    }
}

/// The watches of one channel.
pub(crate) struct SoundWatch {
    silent: Run,
    zero: Run,
    clipping: Run,
}

/// Beginning (`true`) or end of a watch.
pub(crate) type Turn = (Watch, bool);

impl SoundWatch {
    pub(crate) fn new(channel: Channel) -> Self {
        let run = |watch, needed| Run {
            watch,
            needed,
            seen: 0,
        };
        SoundWatch {
            silent: run(Watch::Silent { channel }, SILENT_WINDOWS),
            zero: run(Watch::AllZero { channel }, ZERO_WINDOWS),
            clipping: run(Watch::Clipping { channel }, CLIPPING_WINDOWS),
        }
    }

    pub(crate) fn step(&mut self, level: &Level) -> impl Iterator<Item = Turn> + use<> {
        let turn = |run: &mut Run, shown| run.step(shown).map(|begins| (run.watch, begins));
        [
            turn(&mut self.silent, level.rms_centi_db < SILENT_BELOW_CENTI_DB),
            turn(&mut self.zero, level.zero),
            turn(&mut self.clipping, level.clipped > CLIPPED_SAMPLES),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(samples: &[i16]) -> Level {
        let mut meter = Meter::default();
        meter.hear(samples);
        meter.finish()
    }

    #[test]
    fn full_scale_is_zero_decibels_and_nothing_is_the_floor() {
        let loud = level(&[i16::MIN; 4_800]);
        assert_eq!(
            (loud.rms_centi_db, loud.peak_centi_db, loud.clipped, loud.zero),
            (0, 0, 4_800, false)
        );
        let none = level(&[0; 4_800]);
        assert_eq!(
            (none.rms_centi_db, none.peak_centi_db, none.clipped, none.zero),
            (-12_000, -12_000, 0, true)
        );
        assert_eq!(level(&[16_384; 4_800]).rms_centi_db, -602);
    }

    #[test]
    fn zeros_are_told_after_three_seconds_and_silence_after_ten_and_both_end_at_once() {
        let mut watch = SoundWatch::new(Channel::Left);
        let mut turns = Vec::new();
        for window in 1..=120 {
            turns.extend(watch.step(&level(&[0; 480])).map(|turn| (window, turn)));
        }
        turns.extend(watch.step(&level(&[3_000; 480])).map(|turn| (121, turn)));
        let (zero, silent) = (
            Watch::AllZero {
                channel: Channel::Left,
            },
            Watch::Silent {
                channel: Channel::Left,
            },
        );
        assert_eq!(
            turns,
            [
                (30, (zero, true)),
                (100, (silent, true)),
                (121, (silent, false)),
                (121, (zero, false))
            ]
        );
    }

    #[test]
    fn clipping_is_told_when_it_lasts_a_second() {
        let mut watch = SoundWatch::new(Channel::Right);
        let loud = level(&[i16::MAX; 480]);
        assert_eq!((0..9).flat_map(|_| watch.step(&loud)).count(), 0);
        let began: Vec<Turn> = watch.step(&loud).collect();
        assert_eq!(
            began,
            [(
                Watch::Clipping {
                    channel: Channel::Right
                },
                true
            )]
        );
    }
}
