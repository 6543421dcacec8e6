//! Test signals in place of a microphone, exact to the sample on the timeline.
//!
//! No device and no pipeline: a thread makes the samples that are due. For commissioning, the demonstration
//! and tests; `beep` stands at whole seconds of wall time, against which sound and picture are judged.

use super::Ear;
use crate::messages::MicrophoneStatus;
use crate::timeline::{SAMPLE_RATE, Timeline};
use std::f64::consts::TAU;
use std::time::{Duration, SystemTime};

/// 40 ms: half of what the mixer leaves an input, at half the wakes of 20 ms.
const BLOCK_SAMPLES: usize = 1_920;
/// Speech is made once, for so long, and then repeated: a test signal is to cost no more than a real one.
const SPEECH_SAMPLES: u64 = 4 * SAMPLE_RATE;
const BEEP_NS: u64 = 50_000_000;
const SECOND_NS: u64 = 1_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Harmonics and noise in syllables.
    Speech,
    /// 1 kHz for 50 ms at each whole second of wall time.
    Beep,
    /// 1 kHz at −20 dBFS.
    Tone,
    /// A quiet room: noise at about −70 dBFS.
    Silence,
    /// A dead input.
    Zeros,
}

impl Signal {
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "speech" => Some(Signal::Speech),
            "beep" => Some(Signal::Beep),
            "tone" => Some(Signal::Tone),
            "silence" => Some(Signal::Silence),
            "zeros" => Some(Signal::Zeros),
            _ => None,
        }
    }
}

/// Until asked to end. A thread that was late makes up for it, up to a second.
pub(super) fn run(ear: &Ear, signal: Signal) {
    let mut voice = Voice::new(signal);
    let mut block = blocks_since(&ear.timeline);
    ear.board.tell(MicrophoneStatus::Live);
    loop {
        let first = block * BLOCK_SAMPLES as u64;
        let due_ns = ear.timeline.epoch_ns + Timeline::sample_offset_ns(first + BLOCK_SAMPLES as u64);
        let now_ns = ear.timeline.now_ns();
        if ear.asked_within(Duration::from_nanos(due_ns.saturating_sub(now_ns))) {
            return;
        }
        if now_ns > due_ns + SECOND_NS {
            block = blocks_since(&ear.timeline);
            continue;
        }
        let at_ns = ear.timeline.epoch_ns + Timeline::sample_offset_ns(first);
        voice.follow_wall_time(&ear.timeline);
        ear.shelf.put(at_ns, &voice.block(first, at_ns));
        block += 1;
    }
}

fn blocks_since(timeline: &Timeline) -> u64 {
    let samples = timeline.now_ns().saturating_sub(timeline.epoch_ns) * 3 / 62_500;
    samples / BLOCK_SAMPLES as u64
}

struct Voice {
    signal: Signal,
    noise: u32,
    /// What is repeated; empty for signals that are made as they go.
    spoken: Vec<i16>,
    /// Wall time minus clock time, since 1970.
    wall_offset_ns: i128,
    beeping: bool,
}

impl Voice {
    fn new(signal: Signal) -> Self {
        let mut voice = Voice {
            signal,
            noise: 1,
            spoken: Vec::new(),
            wall_offset_ns: 0,
            beeping: false,
        };
        if signal == Signal::Speech {
            voice.spoken = voice.speech();
        }
        voice
    }

    /// Not in the middle of a beep, which is to be one whole tone.
    fn follow_wall_time(&mut self, timeline: &Timeline) {
        if self.beeping {
            return;
        }
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        self.wall_offset_ns = wall.as_nanos() as i128 - i128::from(timeline.now_ns());
    }

    fn block(&mut self, first: u64, at_ns: u64) -> Vec<i16> {
        let sample = |i: u64| (first + i, at_ns + Timeline::sample_offset_ns(i));
        (0..BLOCK_SAMPLES as u64)
            .map(sample)
            .map(|(n, at_ns)| self.sample(n, at_ns))
            .collect()
    }

    fn sample(&mut self, n: u64, at_ns: u64) -> i16 {
        let value = match self.signal {
            Signal::Speech => {
                return self
                    .spoken
                    .get((n % SPEECH_SAMPLES) as usize)
                    .copied()
                    .unwrap_or(0);
            }
            Signal::Beep => self.beep(at_ns),
            Signal::Tone => 3_277.0 * (TAU * (n % 48) as f64 / 48.0).sin(),
            Signal::Silence => self.hiss() * 18.0,
            Signal::Zeros => 0.0,
        };
        value as i16
    }

    /// White, ±1.
    fn hiss(&mut self) -> f64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        f64::from(self.noise) / f64::from(u32::MAX) * 2.0 - 1.0
    }

    /// A saw tooth through a low pass, four syllables a second, every fourth left out as a breath.
    fn speech(&mut self) -> Vec<i16> {
        let (mut saw, mut vowel) = (0.0, 0.0);
        let sample = |n: u64| {
            let syllable = n % (SAMPLE_RATE / 4);
            let spoken = n / (SAMPLE_RATE / 4) % 4 != 3;
            let part = syllable as f64 / (SAMPLE_RATE / 4) as f64;
            let loud = if spoken { 4.0 * part * (1.0 - part) } else { 0.0 };
            let pitch_hz = 110.0 + 30.0 * part;
            saw = (saw + pitch_hz / SAMPLE_RATE as f64).fract();
            vowel += 0.15 * ((2.0 * saw - 1.0) - vowel);
            (loud * 9_000.0 * vowel + self.hiss() * (30.0 + 400.0 * loud)) as i16
        };
        (0..SPEECH_SAMPLES).map(sample).collect()
    }

    fn beep(&mut self, at_ns: u64) -> f64 {
        let wall_ns = i128::from(at_ns) + self.wall_offset_ns;
        let into_ns = wall_ns.rem_euclid(i128::from(SECOND_NS)) as u64;
        self.beeping = into_ns < BEEP_NS;
        if self.beeping {
            12_000.0 * (TAU * into_ns as f64 / 1e6).sin()
        } else {
            self.hiss() * 18.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beep_begins_at_the_whole_second_and_lasts_fifty_milliseconds() {
        let mut voice = Voice::new(Signal::Beep);
        voice.wall_offset_ns = 1_790_000_000_500_000_000;
        // The second begins at clock time 0.5 s, sample 24,000.
        let samples: Vec<i16> = (0..25)
            .flat_map(|b| voice.block(b * 1_920, b * 40_000_000))
            .collect();
        let loud: Vec<usize> = samples
            .iter()
            .enumerate()
            .filter(|(_, s)| s.unsigned_abs() > 1_000)
            .map(|(i, _)| i)
            .collect();
        assert!(
            (24_000..24_003).contains(loud.first().unwrap()),
            "{:?}",
            loud.first()
        );
        assert!(
            (26_395..26_400).contains(loud.last().unwrap()),
            "{:?}",
            loud.last()
        );
    }

    #[test]
    fn signals_are_as_loud_as_they_say() {
        let rms = |signal| {
            let mut voice = Voice::new(signal);
            let samples: Vec<i16> = (0..50)
                .flat_map(|b| voice.block(b * 1_920, b * 40_000_000))
                .collect();
            let squares: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
            10.0 * (squares / samples.len() as f64 / 32_768f64.powi(2)).log10()
        };
        assert!((-23.5..-22.5).contains(&rms(Signal::Tone)));
        assert!((-80.0..-66.0).contains(&rms(Signal::Silence)));
        assert!((-40.0..-15.0).contains(&rms(Signal::Speech)));
        assert_eq!(rms(Signal::Zeros), f64::NEG_INFINITY);
    }
}
