//! The mixer: two channels of sound on the clock, whatever the inputs do (design 4.4, 4.7).
//!
//! Block `n` holds the timeline's samples `[n·960, (n+1)·960)`, left the interviewee's microphone, right the
//! officers'. It is handed on as soon as its time plus `INPUT_LATENCY_NS` has passed: a dead microphone delays
//! nothing, zeros stand in for it and are counted. A thread that was late catches up; no block is ever left
//! out. A channel without a microphone is zeros, not watched and not counted as substituted: the two sides
//! stay apart, since who said a thing is heard by the side it comes from.

use crate::level::{Meter, SoundWatch};
use crate::messages::FromMedia;
use crate::settings::Channel;
use crate::sound::{SoundReader, SoundShelf};
use crate::timeline::{INPUT_LATENCY_NS, Timeline};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// Samples per channel in a block: 20 ms.
pub const BLOCK_SAMPLES: usize = 960;
const BLOCKS_PER_LEVEL: u64 = 5;

/// Called with the block's number and its 2 × 960 samples, left and right in turn. A slow callee delays
/// the mixer, which then catches up.
pub type BlockOutput = Box<dyn FnMut(u64, &[i16]) + Send>;

#[derive(Debug, thiserror::Error)]
pub enum MixerError {
    #[error("no thread for the mixer")]
    Thread(#[source] std::io::Error),
}

#[derive(Clone, Default)]
pub struct MixerInputs {
    pub left: Option<Arc<SoundShelf>>,
    pub right: Option<Arc<SoundShelf>>,
}

/// Samples per channel handed on, and how many of them stood in for missing sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MixerCounts {
    pub samples: u64,
    pub substituted_left: u64,
    pub substituted_right: u64,
}

#[derive(Default)]
struct Counts {
    samples: AtomicU64,
    left: AtomicU64,
    right: AtomicU64,
}

pub struct Mixer {
    counts: Arc<Counts>,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Mixer {
    pub fn start(
        timeline: Timeline,
        inputs: MixerInputs,
        events: Sender<FromMedia>,
        output: BlockOutput,
    ) -> Result<Mixer, MixerError> {
        let counts = Arc::new(Counts::default());
        let desk = Desk::new(timeline.epoch_ns, inputs, events, counts.clone());
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("mixer".into())
            .spawn(move || run(&timeline, desk, output, &stopped))
            .map_err(MixerError::Thread)?;
        Ok(Mixer { counts, stop, thread })
    }

    pub fn counts(&self) -> MixerCounts {
        MixerCounts {
            samples: self.counts.samples.load(Ordering::Relaxed),
            substituted_left: self.counts.left.load(Ordering::Relaxed),
            substituted_right: self.counts.right.load(Ordering::Relaxed),
        }
    }

    /// Ends after the block in hand; waits for it, hence for the output's callee.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the mixer had ended by a fault");
        }
    }
}

fn run(timeline: &Timeline, mut desk: Desk, mut output: BlockOutput, stopped: &mpsc::Receiver<()>) {
    for block in 0.. {
        let due_ns = timeline.epoch_ns
            + Timeline::sample_offset_ns((block + 1) * BLOCK_SAMPLES as u64)
            + INPUT_LATENCY_NS;
        loop {
            let wait = Duration::from_nanos(due_ns.saturating_sub(timeline.now_ns()));
            match stopped.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) if timeline.now_ns() < due_ns => {}
                Err(RecvTimeoutError::Timeout) => break,
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        output(block, desk.mix(block));
    }
}

struct Strip {
    channel: Channel,
    input: Option<SoundReader>,
    meter: Meter,
    watch: SoundWatch,
}

impl Strip {
    fn new(channel: Channel, shelf: Option<Arc<SoundShelf>>) -> Self {
        let input = shelf.map(SoundReader::new);
        Strip {
            channel,
            input,
            meter: Meter::default(),
            watch: SoundWatch::new(channel),
        }
    }

    fn read(&mut self, from_ns: u64, out: &mut [i16; BLOCK_SAMPLES]) -> u64 {
        let missing = self.input.as_mut().map_or(0, |input| input.read(from_ns, out));
        self.meter.hear(out);
        missing
    }
}

/// The mixer without its thread.
struct Desk {
    epoch_ns: u64,
    left: Strip,
    right: Strip,
    block: Box<[i16]>,
    events: Sender<FromMedia>,
    counts: Arc<Counts>,
}

impl Desk {
    fn new(epoch_ns: u64, inputs: MixerInputs, events: Sender<FromMedia>, counts: Arc<Counts>) -> Self {
        Desk {
            epoch_ns,
            left: Strip::new(Channel::Left, inputs.left),
            right: Strip::new(Channel::Right, inputs.right),
            block: vec![0; 2 * BLOCK_SAMPLES].into(),
            events,
            counts,
        }
    }

    fn mix(&mut self, block: u64) -> &[i16] {
        let from_ns = self.epoch_ns + Timeline::sample_offset_ns(block * BLOCK_SAMPLES as u64);
        let mut left = [0; BLOCK_SAMPLES];
        let mut right = [0; BLOCK_SAMPLES];
        self.counts
            .left
            .fetch_add(self.left.read(from_ns, &mut left), Ordering::Relaxed);
        self.counts
            .right
            .fetch_add(self.right.read(from_ns, &mut right), Ordering::Relaxed);
        self.counts
            .samples
            .fetch_add(BLOCK_SAMPLES as u64, Ordering::Relaxed);
        for (pair, (l, r)) in self.block.chunks_exact_mut(2).zip(left.iter().zip(&right)) {
            pair.copy_from_slice(&[*l, *r]);
        }
        if (block + 1).is_multiple_of(BLOCKS_PER_LEVEL) {
            self.tell_levels();
        }
        &self.block
    }

    /// A receiver that is gone means that the process ends; the sound goes on until it does.
    fn tell_levels(&mut self) {
        let (left, right) = (self.left.meter.finish(), self.right.meter.finish());
        let _ = self.events.send(FromMedia::Levels { left, right });
        for (strip, level) in [(&mut self.left, left), (&mut self.right, right)] {
            if strip.input.is_none() {
                continue;
            }
            for (watch, begins) in strip.watch.step(&level) {
                tracing::warn!(channel = ?strip.channel, ?watch, begins, "sound watch");
                let event = if begins {
                    FromMedia::Began { watch }
                } else {
                    FromMedia::Ended { watch }
                };
                let _ = self.events.send(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Watch;

    fn desk(inputs: MixerInputs) -> (Desk, mpsc::Receiver<FromMedia>, Arc<Counts>) {
        let (events, heard) = mpsc::channel();
        let counts = Arc::new(Counts::default());
        (
            Desk::new(1_000_000_000, inputs, events, counts.clone()),
            heard,
            counts,
        )
    }

    #[test]
    fn left_and_right_stay_apart() {
        let (left, right) = (Arc::new(SoundShelf::new()), Arc::new(SoundShelf::new()));
        left.put(1_000_000_000, &[1_000; 1_920]);
        right.put(1_000_000_000, &[-2_000; 1_920]);
        let (mut desk, _heard, _) = desk(MixerInputs {
            left: Some(left),
            right: Some(right),
        });
        assert!(desk.mix(0).chunks(2).all(|pair| pair == [1_000, -2_000]));
    }

    #[test]
    fn a_dead_microphone_is_zeros_that_are_counted_and_told() {
        let left = Arc::new(SoundShelf::new());
        left.put(1_000_000_000, &[1_000; 960]);
        let (mut desk, heard, counts) = desk(MixerInputs {
            left: Some(left),
            right: None,
        });
        for block in 0..200 {
            desk.mix(block);
        }
        assert_eq!(counts.samples.load(Ordering::Relaxed), 200 * 960);
        assert_eq!(counts.left.load(Ordering::Relaxed), 199 * 960);
        assert_eq!(
            counts.right.load(Ordering::Relaxed),
            0,
            "no microphone, nothing to substitute"
        );
        let told: Vec<FromMedia> = heard.try_iter().collect();
        assert_eq!(
            told.iter()
                .filter(|e| matches!(e, FromMedia::Levels { .. }))
                .count(),
            40
        );
        let zero = Watch::AllZero {
            channel: Channel::Left,
        };
        assert!(
            told.iter()
                .any(|e| matches!(e, FromMedia::Began { watch } if *watch == zero))
        );
    }
}
