//! The programme: everything that runs from the process' beginning to its end, put together.
//!
//! Cameras and microphones, mixer and composer, both encoders, the gate and the originals. Built once by
//! `process`, which also owns its life: dropping it ends everything without waiting for a device. Nothing
//! here knows a socket.

use crate::camera::{Camera, CameraError, CameraOutputs};
use crate::composer::{Command, ComposeError, Composer};
use crate::encoder::{EncoderError, VideoEncoder};
use crate::gate::{Closed, Gate, GateError};
use crate::messages::{Counters, FromMedia};
use crate::microphone::{Microphone, MicrophoneError};
use crate::mixer::{Mixer, MixerError, MixerInputs};
use crate::muxer::{Cut, Delivery};
use crate::originals::{Originals, PartClosed};
use crate::pipeline::Faults;
use crate::settings::{Channel, MediaSettings, MicrophoneSource, Slot};
use crate::shelf::Shelf;
use crate::sound::SoundShelf;
use crate::sound_encoder::{SoundEncoder, SoundEncoderError};
use crate::timeline::Timeline;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::SystemTime;

/// Frames a camera may be ahead of the composer: the inputs' latency, and a composer that was held up for a
/// second and makes up for it.
const SHELF_FRAMES: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum ProgrammeError {
    #[error("the picture cannot be encoded")]
    Encoder(#[from] EncoderError),
    #[error("the sound cannot be encoded")]
    SoundEncoder(#[from] SoundEncoderError),
    #[error("the picture cannot be composed")]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Camera(#[from] CameraError),
    #[error(transparent)]
    Microphone(#[from] MicrophoneError),
    #[error(transparent)]
    Mixer(#[from] MixerError),
    #[error("no thread for the cameras' originals")]
    Originals(#[source] std::io::Error),
}

/// Where the programme tells what happens.
pub(crate) struct Outlets {
    pub events: Sender<FromMedia>,
    pub delivery: Arc<dyn Delivery>,
    pub faults: Faults,
    pub originals_closed: PartClosed,
}

pub(crate) struct Programme {
    timeline: Timeline,
    // Dropped in this order: sources first, what they feed last.
    composer: Composer,
    mixer: Option<Mixer>,
    _cameras: Vec<Camera>,
    _microphones: Vec<Microphone>,
    shelves: BTreeMap<Slot, Arc<Shelf>>,
    video: VideoEncoder,
    originals: Option<Originals>,
    gate: Arc<Gate>,
}

impl Programme {
    pub fn start(settings: &MediaSettings, outlets: Outlets) -> Result<Programme, ProgrammeError> {
        let Outlets {
            events,
            delivery,
            faults,
            originals_closed,
        } = outlets;
        let cut = Cut {
            fragment_ms: settings.fragment_ms,
            chunk_ms: settings.chunk_ms,
        };
        let fps = u64::from(settings.video.fps);
        let gate = Arc::new(Gate::new(fps, cut, delivery.clone(), faults.clone()));
        let key_frames = (settings.fragment_ms * settings.video.fps / 1_000).max(1);
        let pictures = gate.clone();
        let video = VideoEncoder::start(&settings.video, key_frames, faults.clone(), move |picture| {
            pictures.picture(picture);
        })?;
        let sounds = gate.clone();
        let sound = SoundEncoder::start(faults.clone(), move |sound| sounds.sound(sound))?;
        let keep = settings.cameras.iter().any(|camera| camera.keep_original);
        let originals = match keep {
            true => {
                Some(Originals::start(cut, delivery, originals_closed).map_err(ProgrammeError::Originals)?)
            }
            false => None,
        };
        // Begun only now, so that the trial encode is not made up for in a burst.
        let timeline = Timeline::begin(settings.video.fps);
        let inputs = inputs(settings, &timeline, originals.as_ref(), &events)?;
        let mixer = mixer(&timeline, inputs.sound, &events, sound, faults.clone())?;
        let composer = composer(
            settings,
            &timeline,
            inputs.shelves.clone(),
            &events,
            &video,
            faults,
        )?;
        Ok(Programme {
            timeline,
            composer,
            mixer: Some(mixer),
            _cameras: inputs.cameras,
            _microphones: inputs.microphones,
            shelves: inputs.shelves,
            video,
            originals,
            gate,
        })
    }

    pub fn encoder(&self) -> &str {
        self.video.factory()
    }

    /// Pictures and sound come out of the encoders.
    pub fn ready(&self) -> bool {
        self.gate.ready()
    }

    pub fn busy(&self) -> bool {
        self.gate.busy()
    }

    pub fn tell(&self, command: Command) {
        self.composer.tell(command);
    }

    /// The first picture is the first one seen from now on; the wall time at which it is seen.
    pub fn open(&self, part: u32) -> Result<SystemTime, GateError> {
        // Only once the muxer stands: a picture numbered before may be composed by then, and the part would
        // begin with a later key frame than the one it is told to begin with.
        let begin = || {
            let frame = self.next_frame();
            self.video.ask_key_frame(frame);
            let at_ns = self.timeline.epoch_ns + self.timeline.frame_offset_ns(frame);
            (frame, (at_ns, self.timeline.wall_time(at_ns)))
        };
        let (at_ns, seen) = self.gate.open(part, begin)?;
        if let Some(originals) = &self.originals {
            originals.open(part, at_ns);
        }
        Ok(seen)
    }

    /// The last picture is the last one seen until now. True when the originals tell their own end.
    pub fn close(&self, part: u32) -> (Closed, bool) {
        let closed = self.gate.close(part, self.next_frame());
        if let Some(originals) = &self.originals {
            originals.close(part);
        }
        (closed, self.originals.is_some())
    }

    /// Lets go of what a finished part still holds.
    pub fn forget(&self, part: u32) {
        self.gate.forget(part);
    }

    fn next_frame(&self) -> u64 {
        let since_ns = self.timeline.now_ns().saturating_sub(self.timeline.epoch_ns);
        (u128::from(since_ns) * u128::from(self.timeline.fps)).div_ceil(1_000_000_000) as u64
    }

    pub fn counters(&self) -> Counters {
        let counts = self.composer.counts();
        let sound = self.mixer.as_ref().map(Mixer::counts).unwrap_or_default();
        let (mut put, mut dropped) = (0, 0);
        for shelf in self.shelves.values() {
            let (p, d) = shelf.counts();
            put += p;
            dropped += d;
        }
        Counters {
            composed: counts.composed.load(Ordering::Relaxed),
            encoded: self.video.encoded(),
            camera_frames: put - dropped,
            camera_dropped: dropped,
            repeated: counts.repeated.load(Ordering::Relaxed),
            samples: sound.samples,
            substituted_left: sound.substituted_left,
            substituted_right: sound.substituted_right,
        }
    }
}

impl Drop for Programme {
    fn drop(&mut self) {
        if let Some(mixer) = self.mixer.take() {
            mixer.stop();
        }
    }
}

struct Inputs {
    cameras: Vec<Camera>,
    microphones: Vec<Microphone>,
    shelves: BTreeMap<Slot, Arc<Shelf>>,
    sound: MixerInputs,
}

fn inputs(
    settings: &MediaSettings,
    timeline: &Timeline,
    originals: Option<&Originals>,
    events: &Sender<FromMedia>,
) -> Result<Inputs, ProgrammeError> {
    let mut camera_sound: BTreeMap<Slot, Arc<SoundShelf>> = BTreeMap::new();
    let mut sound = MixerInputs::default();
    let mut microphones = Vec::new();
    for microphone in &settings.microphones {
        let shelf = match microphone.source {
            MicrophoneSource::Camera { slot } => camera_sound.entry(slot).or_default().clone(),
            MicrophoneSource::Alsa { .. } | MicrophoneSource::Test { .. } => Arc::new(SoundShelf::new()),
        };
        match microphone.channel {
            Channel::Left => sound.left = Some(shelf.clone()),
            Channel::Right => sound.right = Some(shelf.clone()),
        }
        microphones.push(Microphone::start(
            microphone,
            timeline.clone(),
            shelf,
            events.clone(),
        )?);
    }
    let mut cameras = Vec::new();
    let mut shelves = BTreeMap::new();
    for camera in &settings.cameras {
        let slot = camera.slot;
        let shelf = Arc::new(Shelf::new(SHELF_FRAMES));
        shelves.insert(slot, shelf.clone());
        let original = originals
            .filter(|_| camera.keep_original)
            .cloned()
            .map(|originals| Box::new(move |unit| originals.put(slot, unit)) as Box<dyn Fn(_) + Send + Sync>);
        let outputs = CameraOutputs {
            shelf,
            sound: camera_sound.get(&slot).cloned(),
            original,
            events: events.clone(),
        };
        cameras.push(Camera::start(
            camera.clone(),
            &settings.video,
            timeline.clone(),
            outputs,
        )?);
    }
    Ok(Inputs {
        cameras,
        microphones,
        shelves,
        sound,
    })
}

fn mixer(
    timeline: &Timeline,
    inputs: MixerInputs,
    events: &Sender<FromMedia>,
    encoder: SoundEncoder,
    faults: Faults,
) -> Result<Mixer, ProgrammeError> {
    let output = move |block: u64, samples: &[i16]| {
        if let Err(error) = encoder.push(block, samples) {
            faults("encode sound", error.to_string());
        }
    };
    Ok(Mixer::start(
        timeline.clone(),
        inputs,
        events.clone(),
        Box::new(output),
    )?)
}

fn composer(
    settings: &MediaSettings,
    timeline: &Timeline,
    shelves: BTreeMap<Slot, Arc<Shelf>>,
    events: &Sender<FromMedia>,
    video: &VideoEncoder,
    faults: Faults,
) -> Result<Composer, ProgrammeError> {
    let input = video.input();
    let output = move |frame, picture| {
        if let Err(error) = input.push(frame, picture) {
            faults("encode", error.to_string());
        }
    };
    let (timeline, layout) = (timeline.clone(), settings.layout);
    let output = Box::new(output);
    Ok(Composer::start(
        timeline,
        &settings.video,
        layout,
        shelves,
        events.clone(),
        output,
    )?)
}
