//! A microphone (话筒): its own pipeline and thread, its own failure domain.
//!
//! Started by the media process for every configured channel; samples go to a `SoundShelf`, which the mixer
//! reads by the clock. It is lost when nothing comes for half a second, and restarts by itself. It never
//! delays the mixer: silence stands in for it there.

mod alsa;
mod signal;

use crate::messages::{FromMedia, MicrophoneStatus};
use crate::settings::{Channel, MicrophoneSettings, MicrophoneSource};
use crate::sound::SoundShelf;
use crate::timeline::Timeline;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use signal::Signal;

const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOST_AFTER_NS: u64 = 500_000_000;
const STOP_WITHIN: Duration = Duration::from_secs(6);

#[derive(Debug, thiserror::Error)]
pub enum MicrophoneError {
    #[error("there is no test signal {signal}; use speech, beep, tone, silence or zeros")]
    Signal { signal: String },
    #[error("no thread for the microphone on {channel:?}")]
    Thread {
        channel: Channel,
        source: std::io::Error,
    },
}

pub struct Microphone {
    board: Arc<Board>,
    stop: Sender<()>,
    stopped: Receiver<()>,
}

impl Microphone {
    /// `shelf` is filled, except for a camera's microphone: there it is the shelf that the camera of that slot
    /// fills (`CameraOutputs::sound`), and is only watched. Returns at once, whether or not sound comes.
    pub fn start(
        settings: &MicrophoneSettings,
        timeline: Timeline,
        shelf: Arc<SoundShelf>,
        events: Sender<FromMedia>,
    ) -> Result<Microphone, MicrophoneError> {
        let channel = settings.channel;
        let board = Arc::new(Board::new(channel, events));
        let (stop, asked) = mpsc::channel();
        let (done, stopped) = mpsc::channel();
        let ear = Ear {
            timeline,
            shelf,
            board: board.clone(),
            asked,
        };
        let work: Box<dyn FnOnce() + Send> = match &settings.source {
            MicrophoneSource::Alsa { device } => {
                let device = device.clone();
                Box::new(move || alsa::run(&ear, &device))
            }
            MicrophoneSource::Camera { slot } => {
                let absent = format!("no sound comes from camera {}; switch its sound on", slot.name());
                Box::new(move || ear.listen(&absent))
            }
            MicrophoneSource::Test { signal } => {
                let unknown = || MicrophoneError::Signal {
                    signal: signal.clone(),
                };
                let signal = Signal::from_name(signal).ok_or_else(unknown)?;
                Box::new(move || signal::run(&ear, signal))
            }
        };
        std::thread::Builder::new()
            .name("microphone".into())
            .spawn(move || {
                work();
                drop(done);
            })
            .map_err(|source| MicrophoneError::Thread { channel, source })?;
        Ok(Microphone { board, stop, stopped })
    }

    pub fn status(&self) -> MicrophoneStatus {
        self.board.status()
    }

    /// Returns within 6 s whatever the device does. Dropping a microphone ends it without waiting.
    pub fn stop(self) {
        drop(self.stop);
        if let Err(RecvTimeoutError::Timeout) = self.stopped.recv_timeout(STOP_WITHIN) {
            tracing::error!(channel = ?self.board.channel, "microphone did not stop in time, left behind");
        }
    }
}

/// What a microphone's thread works with.
struct Ear {
    timeline: Timeline,
    shelf: Arc<SoundShelf>,
    board: Arc<Board>,
    asked: Receiver<()>,
}

impl Ear {
    /// True when the microphone is to end; otherwise returns after `wait`.
    fn asked_within(&self, wait: Duration) -> bool {
        !matches!(self.asked.recv_timeout(wait), Err(RecvTimeoutError::Timeout))
    }

    /// Watches a shelf that somebody else fills.
    fn listen(&self, absent: &str) {
        let mut pulse = Pulse::new(&self.timeline, &self.shelf);
        while !self.asked_within(LOOK_EVERY) {
            self.tell(&mut pulse, absent);
        }
    }

    /// Tells whether sound comes; for how long none came.
    fn tell(&self, pulse: &mut Pulse, absent: &str) -> u64 {
        let quiet_ns = pulse.quiet_ns(&self.timeline, &self.shelf);
        if quiet_ns > LOST_AFTER_NS {
            self.board.tell(MicrophoneStatus::Lost {
                reason: absent.to_owned(),
            });
        } else if pulse.heard {
            self.board.tell(MicrophoneStatus::Live);
        }
        quiet_ns
    }
}

/// Whether samples keep coming.
struct Pulse {
    samples: u64,
    since_ns: u64,
    heard: bool,
}

impl Pulse {
    fn new(timeline: &Timeline, shelf: &SoundShelf) -> Self {
        Pulse {
            samples: shelf.counts().samples,
            since_ns: timeline.now_ns(),
            heard: false,
        }
    }

    fn quiet_ns(&mut self, timeline: &Timeline, shelf: &SoundShelf) -> u64 {
        let samples = shelf.counts().samples;
        let now_ns = timeline.now_ns();
        if samples != self.samples {
            *self = Pulse {
                samples,
                since_ns: now_ns,
                heard: true,
            };
        }
        now_ns.saturating_sub(self.since_ns)
    }
}

struct Board {
    channel: Channel,
    status: Mutex<MicrophoneStatus>,
    events: Sender<FromMedia>,
}

impl Board {
    fn new(channel: Channel, events: Sender<FromMedia>) -> Self {
        Board {
            channel,
            status: Mutex::new(MicrophoneStatus::Connecting),
            events,
        }
    }

    fn status(&self) -> MicrophoneStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A lost microphone stays lost for the reason first given, until it is heard.
    fn tell(&self, status: MicrophoneStatus) {
        let mut known = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::discriminant(&*known) == std::mem::discriminant(&status) {
            return;
        }
        tracing::info!(channel = ?self.channel, ?status, "microphone");
        *known = status.clone();
        // Nobody listens when the process ends.
        let _ = self.events.send(FromMedia::Microphone {
            channel: self.channel,
            status,
        });
    }
}
