//! The gate between the encoders, which always run, and the muxer of the part that is recorded.
//!
//! Opens at the picture asked for, which is made a key frame, and closes at a picture's border; the sound
//! follows to the sample. Fed by the encoders' threads, opened and closed by the process. It decides by frame
//! and sample numbers alone, so nothing that was seen before a part was opened, or after it was closed, can
//! be in it. Never blocks the encoders; a muxer that fails is told to `Faults`.

use crate::encoder::{EncodedPicture, stamp};
use crate::messages::Track;
use crate::muxer::{Cut, Delivery, Muxer, MuxerError};
use crate::pipeline::Faults;
use crate::sound_encoder::{EncodedSound, FRAME_SAMPLES};
use crate::timeline::SAMPLE_RATE;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const PICTURE: usize = 0;
const SOUND: usize = 1;

#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error(transparent)]
    Muxer(#[from] MuxerError),
    #[error("part {0} is still open: close it first")]
    Open(u32),
    #[error("the encoders have given nothing yet")]
    NotReady,
}

/// A part that is being recorded and the picture it began with.
struct Recording {
    muxer: Muxer,
    from_frame: u64,
}

enum State {
    Closed,
    /// Waits for the key frame; the sound is kept, since it may be ahead of the picture.
    Opening {
        muxer: Muxer,
        from_frame: u64,
        sound: VecDeque<EncodedSound>,
    },
    Open(Recording),
    /// Takes what is before `until_frame`.
    Closing {
        recording: Recording,
        until_frame: u64,
        picture_ended: bool,
    },
}

struct Inner {
    state: State,
    picture_caps: Option<gst::Caps>,
    sound_caps: Option<gst::Caps>,
    /// Muxers that were told the end and still deliver.
    draining: Vec<Muxer>,
}

pub(crate) struct Gate {
    inner: Mutex<Inner>,
    fps: u64,
    cut: Cut,
    delivery: Arc<dyn Delivery>,
    faults: Faults,
}

/// What `close` found.
pub(crate) enum Closed {
    /// `Delivery::finished` follows.
    Finishing,
    /// Nothing had passed.
    Empty,
    /// No such part is open.
    NotOpen,
}

impl Gate {
    pub fn new(fps: u64, cut: Cut, delivery: Arc<dyn Delivery>, faults: Faults) -> Gate {
        let inner = Inner {
            state: State::Closed,
            picture_caps: None,
            sound_caps: None,
            draining: Vec::new(),
        };
        Gate {
            inner: Mutex::new(inner),
            fps,
            cut,
            delivery,
            faults,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Both encoders have given something.
    pub fn ready(&self) -> bool {
        let inner = self.lock();
        inner.picture_caps.is_some() && inner.sound_caps.is_some()
    }

    /// A part is on its way through: chunks are to be expected.
    pub fn busy(&self) -> bool {
        !matches!(self.lock().state, State::Closed)
    }

    /// The part begins with the first key frame from the one on that `begin` names. `begin` is called when
    /// everything slow is done, and what else it says is passed on.
    pub fn open<T>(&self, part: u32, begin: impl FnOnce() -> (u64, T)) -> Result<T, GateError> {
        let caps = {
            let inner = self.lock();
            match &inner.state {
                State::Closed => {}
                State::Opening { muxer, .. }
                | State::Open(Recording { muxer, .. })
                | State::Closing {
                    recording: Recording { muxer, .. },
                    ..
                } => {
                    return Err(GateError::Open(muxer.part));
                }
            }
            match (&inner.picture_caps, &inner.sound_caps) {
                (Some(picture), Some(sound)) => [picture.clone(), sound.clone()],
                (_, None) | (None, _) => return Err(GateError::NotReady),
            }
        };
        let delivery = self.delivery.clone();
        let muxer = Muxer::start(
            part,
            Track::Composite,
            &caps,
            self.cut,
            delivery,
            self.faults.clone(),
        )?;
        let (from_frame, began) = begin();
        self.lock().state = State::Opening {
            muxer,
            from_frame,
            sound: VecDeque::new(),
        };
        Ok(began)
    }

    /// The part ends before `until_frame`.
    pub fn close(&self, part: u32, until_frame: u64) -> Closed {
        let mut inner = self.lock();
        let (state, answer) = match std::mem::replace(&mut inner.state, State::Closed) {
            State::Open(recording) if recording.muxer.part == part => (
                State::Closing {
                    recording,
                    until_frame,
                    picture_ended: false,
                },
                Closed::Finishing,
            ),
            State::Opening { muxer, .. } if muxer.part == part => {
                inner.draining.push(muxer);
                (State::Closed, Closed::Empty)
            }
            other @ (State::Closed | State::Opening { .. } | State::Open(_) | State::Closing { .. }) => {
                (other, Closed::NotOpen)
            }
        };
        inner.state = state;
        answer
    }

    /// Lets go of the part's muxer. Not from its own thread.
    pub fn forget(&self, part: u32) {
        let gone: Vec<Muxer> = {
            let mut inner = self.lock();
            inner
                .draining
                .extract_if(.., |muxer| muxer.part == part)
                .collect()
        };
        drop(gone);
    }

    pub fn picture(&self, picture: EncodedPicture) {
        let mut inner = self.lock();
        if inner.picture_caps.as_ref() != Some(&picture.caps) {
            inner.picture_caps = Some(picture.caps.clone());
        }
        let state = std::mem::replace(&mut inner.state, State::Closed);
        match self.pass_picture(state, picture) {
            Ok(state) => inner.settle(state),
            Err(error) => (self.faults)("mux", error.to_string()),
        }
    }

    pub fn sound(&self, sound: EncodedSound) {
        let mut inner = self.lock();
        if inner.sound_caps.as_ref() != Some(&sound.caps) {
            inner.sound_caps = Some(sound.caps.clone());
        }
        let state = std::mem::replace(&mut inner.state, State::Closed);
        match self.pass_sound(state, sound) {
            Ok(state) => inner.settle(state),
            Err(error) => (self.faults)("mux", error.to_string()),
        }
    }

    fn pass_picture(&self, state: State, picture: EncodedPicture) -> Result<Passed, MuxerError> {
        match state {
            State::Closed => Ok(Passed::Goes(State::Closed)),
            State::Opening {
                muxer,
                from_frame,
                sound,
            } => {
                if !picture.key || picture.frame < from_frame {
                    return Ok(Passed::Goes(State::Opening {
                        muxer,
                        from_frame,
                        sound,
                    }));
                }
                let recording = Recording {
                    muxer,
                    from_frame: picture.frame,
                };
                self.push_picture(&recording, picture)?;
                for sound in sound {
                    self.push_sound(&recording, sound)?;
                }
                Ok(Passed::Goes(State::Open(recording)))
            }
            State::Open(recording) => {
                self.push_picture(&recording, picture)?;
                Ok(Passed::Goes(State::Open(recording)))
            }
            State::Closing {
                recording,
                until_frame,
                picture_ended,
            } => {
                let past = picture.frame >= until_frame;
                if !past {
                    self.push_picture(&recording, picture)?;
                } else if !picture_ended {
                    recording.muxer.end(PICTURE)?;
                }
                let picture_ended = picture_ended || past;
                Ok(Passed::Goes(State::Closing {
                    recording,
                    until_frame,
                    picture_ended,
                }))
            }
        }
    }

    fn pass_sound(&self, state: State, sound: EncodedSound) -> Result<Passed, MuxerError> {
        match state {
            State::Closed => Ok(Passed::Goes(State::Closed)),
            State::Opening {
                muxer,
                from_frame,
                sound: mut kept,
            } => {
                if sound.first_sample + FRAME_SAMPLES >= self.sample_of(from_frame) {
                    kept.push_back(sound);
                }
                Ok(Passed::Goes(State::Opening {
                    muxer,
                    from_frame,
                    sound: kept,
                }))
            }
            State::Open(recording) => {
                self.push_sound(&recording, sound)?;
                Ok(Passed::Goes(State::Open(recording)))
            }
            State::Closing {
                recording,
                until_frame,
                picture_ended,
            } => {
                if sound.first_sample < self.sample_of(until_frame) {
                    self.push_sound(&recording, sound)?;
                } else if picture_ended {
                    recording.muxer.end(SOUND)?;
                    return Ok(Passed::Done(recording.muxer));
                }
                Ok(Passed::Goes(State::Closing {
                    recording,
                    until_frame,
                    picture_ended,
                }))
            }
        }
    }

    /// The sample that stands at a picture's beginning.
    fn sample_of(&self, frame: u64) -> i64 {
        i64::try_from((frame * SAMPLE_RATE).div_ceil(self.fps)).unwrap_or(i64::MAX)
    }

    fn push_picture(&self, recording: &Recording, picture: EncodedPicture) -> Result<(), MuxerError> {
        let mut buffer = picture.buffer;
        stamp(
            &mut buffer,
            picture.frame.saturating_sub(recording.from_frame),
            self.fps,
        );
        recording.muxer.push(PICTURE, buffer)
    }

    /// Sound from before the part's first picture stays outside.
    fn push_sound(&self, recording: &Recording, sound: EncodedSound) -> Result<(), MuxerError> {
        let Ok(sample) = u64::try_from(sound.first_sample - self.sample_of(recording.from_frame)) else {
            return Ok(());
        };
        let mut buffer = sound.buffer;
        let begin = sample_time(sample);
        let written = buffer.make_mut();
        written.set_pts(begin);
        written.set_dts(begin);
        written.set_duration(sample_time(sample + FRAME_SAMPLES.unsigned_abs()).saturating_sub(begin));
        recording.muxer.push(SOUND, buffer)
    }
}

/// Rounded up: the muxer rounds down to its own units, and must arrive at this sample.
fn sample_time(sample: u64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds((sample * 62_500).div_ceil(3))
}

enum Passed {
    Goes(State),
    /// Both tracks were told the end.
    Done(Muxer),
}

impl Inner {
    fn settle(&mut self, passed: Passed) {
        match passed {
            Passed::Goes(state) => self.state = state,
            Passed::Done(muxer) => self.draining.push(muxer),
        }
    }
}
