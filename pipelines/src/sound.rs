//! The sound shelf: mono samples of one input on their way to the mixer, on the shared timeline.
//!
//! Inputs (`camera`, `microphone`) put what they got with the clock time of its first sample; the mixer reads
//! through a `SoundReader` by clock time. A slow servo learns how fast the input's own clock runs, the reader
//! interpolates: neither drops nor doubles samples, however long it runs. Bounded to two seconds. Neither
//! side ever waits for the other, and missing sound is never invented: it is zeros, and counted.

use crate::timeline::{SAMPLE_RATE, Timeline};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const CAPACITY_SAMPLES: usize = 2 * SAMPLE_RATE as usize;
const NOMINAL_PERIOD_NS: f64 = 1e9 / SAMPLE_RATE as f64;
/// Beyond this the input is placed anew at once: a viewer would notice, and slewing would take too long.
const RESYNC_NS: f64 = 40e6;
/// A new input's first time stamps are its worst (bursts, buffers that fill): until it has settled, sound is
/// moved to where it belongs at once rather than slowly.
const SETTLED_AFTER_S: f64 = 3.0;
const SETTLING_NS: f64 = 3e6;
/// Time steps are slewed away at 5 ms per second, nine cents of a semitone: not heard in speech.
const MAX_SLEW: f64 = 0.005;
/// Crystals are within ±100 ppm, bad cameras within ±500.
const MAX_RATE: f64 = 0.002;
/// Servo of second order, critically damped at 0.25 rad/s: time stamps may jitter by milliseconds, while a
/// clock that is 500 ppm off is never more than 0.8 ms away.
const PHASE_GAIN_PER_S: f64 = 0.5;
const RATE_GAIN_PER_S2: f64 = 0.062_5;
/// A settled servo takes no single time stamp for more than this: a busy machine stamps late.
const TRUSTED_NS: f64 = 10e6;
/// Further off than this is a gap, at once; less is believed only after so many samples in a row, since a
/// burst that was held up on its way is stamped late and nothing of it is missing.
const CERTAIN_NS: f64 = 200e6;
const BELIEVED_AFTER_SAMPLES: usize = 4_800;
/// Sums of fractions fall short of a whole sample by a trace.
const WHOLE_WITHIN: f64 = 1e-4;

/// Where the samples of an input stand on the clock.
struct Servo {
    origin_ns: u64,
    /// When the sample after the last one put is due, from `origin_ns`.
    next_ns: f64,
    /// How much longer than nominal a sample lasts by our clock, as a fraction.
    rate: f64,
    age_s: f64,
}

impl Servo {
    fn begin(at_ns: u64, rate: f64) -> Self {
        Servo {
            origin_ns: at_ns,
            next_ns: 0.0,
            rate,
            age_s: 0.0,
        }
    }

    fn period_ns(&self) -> f64 {
        NOMINAL_PERIOD_NS * (1.0 + self.rate)
    }

    fn after_origin_ns(&self, at_ns: u64) -> f64 {
        (i128::from(at_ns) - i128::from(self.origin_ns)) as f64
    }

    fn settled(&self) -> bool {
        self.age_s >= SETTLED_AFTER_S
    }

    /// The first second averages the time stamps, since the very first one may be the worst.
    fn correct(&mut self, error_ns: f64, samples: usize) {
        let error_ns = if self.settled() {
            error_ns.clamp(-TRUSTED_NS, TRUSTED_NS)
        } else {
            error_ns
        };
        let seconds = samples as f64 * self.period_ns() / 1e9;
        self.age_s += seconds;
        let gain = PHASE_GAIN_PER_S.max(1.0 / self.age_s.max(0.02));
        self.next_ns += error_ns * (gain * seconds).min(0.5);
        let rate = self.rate + RATE_GAIN_PER_S2 * seconds.min(0.5) * error_ns / 1e9;
        self.rate = rate.clamp(-MAX_RATE, MAX_RATE);
    }

    fn advance(&mut self, samples: usize) {
        self.next_ns += samples as f64 * self.period_ns();
    }
}

#[derive(Default)]
struct Ring {
    samples: VecDeque<i16>,
    /// Index of the sample that comes next; indices never go back.
    end: u64,
    /// Runs of samples that never came.
    holes: VecDeque<Range<u64>>,
    servo: Option<Servo>,
    /// Samples in a row whose time stamps are too far off to be believed yet.
    doubted: usize,
    put: u64,
    resyncs: u64,
}

impl Ring {
    fn oldest(&self) -> u64 {
        self.end - self.samples.len() as u64
    }

    fn settle(&mut self, at_ns: u64, count: usize) {
        let Some(servo) = &mut self.servo else {
            self.servo = Some(Servo::begin(at_ns, 0.0));
            return;
        };
        let error_ns = servo.after_origin_ns(at_ns) - servo.next_ns;
        if error_ns.abs() <= RESYNC_NS {
            self.doubted = 0;
            servo.correct(error_ns, count);
            return;
        }
        self.doubted += count;
        if error_ns.abs() < CERTAIN_NS && self.doubted < BELIEVED_AFTER_SAMPLES {
            return;
        }
        self.doubted = 0;
        self.resyncs += 1;
        self.place_anew(at_ns, error_ns);
    }

    /// What is missing becomes a hole; what was stamped too late moves back as a whole.
    fn place_anew(&mut self, at_ns: u64, error_ns: f64) {
        let rate = self.servo.as_ref().map_or(0.0, |servo| servo.rate);
        let missing = (error_ns / NOMINAL_PERIOD_NS / (1.0 + rate)).round();
        self.servo = Some(Servo::begin(at_ns, rate));
        if missing.abs() >= CAPACITY_SAMPLES as f64 {
            self.samples.clear();
            self.holes.clear();
        } else if missing > 0.0 {
            let missing = missing as usize;
            self.holes.push_back(self.end..self.end + missing as u64);
            self.append(std::iter::repeat_n(0, missing), missing);
        }
    }

    fn append(&mut self, samples: impl Iterator<Item = i16>, count: usize) {
        self.samples.extend(samples);
        self.end += count as u64;
        let surplus = self.samples.len().saturating_sub(CAPACITY_SAMPLES);
        self.samples.drain(..surplus);
        let oldest = self.oldest();
        while self.holes.front().is_some_and(|hole| hole.end <= oldest) {
            self.holes.pop_front();
        }
    }

    /// Fractional index of the sample that stands at `at_ns`.
    fn position(&self, at_ns: u64) -> Option<f64> {
        let servo = self.servo.as_ref()?;
        Some(self.end as f64 - (servo.next_ns - servo.after_origin_ns(at_ns)) / servo.period_ns())
    }

    /// How far a reader may be from where it should be before it jumps there.
    fn tolerance_ns(&self) -> f64 {
        let settling = self.servo.as_ref().is_some_and(|servo| !servo.settled());
        if settling { SETTLING_NS } else { RESYNC_NS }
    }

    /// Fills `out` from `begin` on, `step` apart, at a fifth of what one `sample` after the other takes. False
    /// where something is missing or at either end, where `sample` knows what to do.
    fn whole(&self, begin: f64, step: f64, out: &mut [i16], scratch: &mut Vec<f32>) -> bool {
        let last = begin + out.len() as f64 * step;
        let (first, oldest) = (begin.floor() - 1.0, self.oldest());
        if first < oldest as f64 || last.ceil() + 3.0 > self.end as f64 {
            return false;
        }
        let (from, until) = (first as u64, last.ceil() as u64 + 3);
        if self
            .holes
            .iter()
            .any(|hole| hole.start < until && from < hole.end)
        {
            return false;
        }
        let near = |position: f64, whole: f64| (position - whole).abs() < WHOLE_WITHIN;
        let start = begin.round();
        if near(begin, start) && near(last, start + out.len() as f64) {
            let at = (start as u64 - oldest) as usize;
            for (to, sample) in out.iter_mut().zip(self.samples.range(at..)) {
                *to = *sample;
            }
            return true;
        }
        let samples = self
            .samples
            .range((from - oldest) as usize..(until - oldest) as usize);
        scratch.clear();
        scratch.extend(samples.map(|sample| f32::from(*sample)));
        interpolate(begin - first, step, scratch, out);
        true
    }

    /// The sample at a fractional index, by cubic interpolation; `None` where nothing came.
    fn sample(&self, position: f64) -> Option<i16> {
        let oldest = self.oldest();
        let exact = (position - position.round()).abs() < WHOLE_WITHIN;
        let whole = if exact { position.round() } else { position.floor() };
        if whole < oldest as f64 || whole >= self.end as f64 {
            return None;
        }
        let index = whole as u64;
        if self.holes.iter().any(|hole| hole.contains(&index)) {
            return None;
        }
        let at = (index - oldest) as usize;
        let here = *self.samples.get(at)?;
        let fraction = position - whole;
        if exact {
            return Some(here);
        }
        let get = |i: usize| self.samples.get(i).map_or(f64::from(here), |s| f64::from(*s));
        let around = [
            get(at.saturating_sub(1)),
            f64::from(here),
            get(at + 1),
            get(at + 2),
        ];
        Some(cubic(around.map(|value| value as f32), fraction as f32))
    }
}

/// Between the second and the third of four samples in a row.
fn cubic([y0, y1, y2, y3]: [f32; 4], fraction: f32) -> i16 {
    let c1 = 0.5 * (y2 - y0);
    let c2 = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3;
    let c3 = 0.5 * (y3 - y0) + 1.5 * (y1 - y2);
    let value = ((c3 * fraction + c2) * fraction + c1) * fraction + y1;
    // Rounds like `round`, without a call; `as` keeps to the range.
    (value + 0.5f32.copysign(value)) as i16
}

/// `position` counts from the first of `samples`, and is at least 1; two samples stand beyond the last one.
fn interpolate(position: f64, step: f64, samples: &[f32], out: &mut [i16]) {
    // Fixed point: an addition a sample, exact to 10⁻⁶ of a sample over a block.
    let fixed = |value: f64| (value * 4_294_967_296.0).round() as u64;
    let (mut position, step) = (fixed(position), fixed(step));
    for to in out {
        let before = ((position >> 32) as usize).saturating_sub(1);
        let around = samples.get(before..).and_then(|rest| rest.first_chunk::<4>());
        let fraction = (position as u32) as f32 / 4_294_967_296.0;
        *to = around.map_or(0, |around| cubic(*around, fraction));
        position = position.wrapping_add(step);
    }
}

/// What a shelf has seen since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoundCounts {
    /// Samples put.
    pub samples: u64,
    /// Times the input had to be placed anew on the timeline.
    pub resyncs: u64,
}

#[derive(Default)]
pub struct SoundShelf {
    ring: Mutex<Ring>,
}

impl SoundShelf {
    pub fn new() -> Self {
        SoundShelf::default()
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Mono samples at the input's nominal 48 kHz; `at_ns` is the clock time of the first. Jitter of a few
    /// milliseconds is smoothed; a gap of more than 40 ms is kept as a gap.
    pub fn put(&self, at_ns: u64, samples: &[i16]) {
        if samples.is_empty() {
            return;
        }
        let mut ring = self.lock();
        ring.settle(at_ns, samples.len());
        ring.append(samples.iter().copied(), samples.len());
        ring.put += samples.len() as u64;
        if let Some(servo) = &mut ring.servo {
            servo.advance(samples.len());
        }
    }

    pub fn counts(&self) -> SoundCounts {
        let ring = self.lock();
        SoundCounts {
            samples: ring.put,
            resyncs: ring.resyncs,
        }
    }
}

/// One reader's continuous way through a shelf. Several may read the same shelf.
pub struct SoundReader {
    shelf: Arc<SoundShelf>,
    position: Option<f64>,
    /// What a block is interpolated from.
    samples: Vec<f32>,
}

impl SoundReader {
    pub fn new(shelf: Arc<SoundShelf>) -> Self {
        SoundReader {
            shelf,
            position: None,
            samples: Vec::new(),
        }
    }

    /// Fills `out` with the sound from clock time `from_ns` on; returns how many samples were missing (zeros
    /// stand for them). The way through the input is continuous; only its speed changes, within ±0.5 %.
    pub fn read(&mut self, from_ns: u64, out: &mut [i16]) -> u64 {
        let count = out.len() as f64;
        let ring = self.shelf.lock();
        let until_ns = from_ns + Timeline::sample_offset_ns(out.len() as u64);
        let (Some(start), Some(end)) = (ring.position(from_ns), ring.position(until_ns)) else {
            out.fill(0);
            return out.len() as u64;
        };
        let near = |p: &f64| (p - start).abs() * NOMINAL_PERIOD_NS <= ring.tolerance_ns();
        let begin = self.position.filter(near).unwrap_or(start);
        let nominal = (end - start) / count;
        let step = ((end - begin) / count).clamp(nominal * (1.0 - MAX_SLEW), nominal * (1.0 + MAX_SLEW));
        self.position = Some(begin + count * step);
        if ring.whole(begin, step, out, &mut self.samples) {
            return 0;
        }
        let mut missing = 0;
        for (i, sample) in out.iter_mut().enumerate() {
            *sample = ring.sample(begin + i as f64 * step).unwrap_or_else(|| {
                missing += 1;
                0
            });
        }
        missing
    }
}

#[cfg(test)]
mod tests;
