//! Sound cards: ALSA, captured as they run.
//!
//! Owns the pipeline of a card's microphone and reads its bus. Time stamps are the clock's, samples the
//! card's: nothing is dropped or doubled here, the shelf's servo learns how fast the card runs.

use super::{Ear, LOOK_EVERY, Pulse};
use crate::deadline::{StateError, change_state};
use crate::messages::MicrophoneStatus;
use crate::parts::{self, Pace, PartError};
use crate::sound::SoundShelf;
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const DEAD_AFTER_NS: u64 = 4_000_000_000;

#[derive(Debug, thiserror::Error)]
enum AlsaError {
    #[error(transparent)]
    Part(#[from] PartError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("sound card {device}: {message}; check that it is plugged in and used by nothing else")]
    Card { device: String, message: String },
    #[error("sound card {device} is open but brings no sound")]
    Quiet { device: String },
    #[error("the pipeline of sound card {device} has no bus")]
    Bus { device: String },
}

/// Until asked to end.
pub(super) fn run(ear: &Ear, device: &str) {
    let mut wait = FIRST_WAIT;
    loop {
        let before = ear.shelf.counts().samples;
        let Err(error) = attempt(ear, device) else { return };
        ear.board.tell(MicrophoneStatus::Lost {
            reason: error.to_string(),
        });
        let came = ear.shelf.counts().samples > before;
        wait = if came {
            FIRST_WAIT
        } else {
            (wait * 2).min(LONGEST_WAIT)
        };
        if ear.asked_within(wait) {
            return;
        }
    }
}

fn attempt(ear: &Ear, device: &str) -> Result<(), AlsaError> {
    let open = Arc::new(AtomicBool::new(true));
    let pipeline = gst::Pipeline::with_name("microphone");
    pipeline.use_clock(Some(&ear.timeline.clock));
    build(&pipeline, device, ear.shelf.clone(), open.clone())?;
    let ended = watch(ear, &pipeline, device);
    // From here on an abandoned pipeline passes nothing more.
    open.store(false, Ordering::Release);
    if let Err(error) = change_state(&pipeline, gst::State::Null) {
        tracing::error!(device, %error, "microphone's pipeline did not end");
    }
    ended
}

fn build(
    pipeline: &gst::Pipeline,
    device: &str,
    shelf: Arc<SoundShelf>,
    open: Arc<AtomicBool>,
) -> Result<(), AlsaError> {
    let source = parts::element("alsasrc", "microphone-source")?;
    source.set_property("device", device);
    source.set_property("provide-clock", false);
    source.set_property_from_str("slave-method", "re-timestamp");
    source.set_property("latency-time", 10_000i64);
    let mut chain = vec![source];
    chain.extend(parts::sound_tail(
        "microphone",
        Pace::Live,
        move |at_ns, samples| {
            if open.load(Ordering::Acquire) {
                shelf.put(at_ns, samples);
            }
        },
    )?);
    parts::add_chain(pipeline, &chain)?;
    Ok(())
}

/// Until asked to end, or until it fails.
fn watch(ear: &Ear, pipeline: &gst::Pipeline, device: &str) -> Result<(), AlsaError> {
    let device = || device.to_owned();
    let bus = pipeline
        .bus()
        .ok_or_else(|| AlsaError::Bus { device: device() })?;
    let fault = || {
        let message = bus.pop_filtered(&[gst::MessageType::Error, gst::MessageType::Eos])?;
        let message = match message.view() {
            gst::MessageView::Error(error) => error.error().message().to_owned(),
            _ => "it ended the stream".to_owned(),
        };
        Some(AlsaError::Card {
            device: device(),
            message,
        })
    };
    if let Err(error) = change_state(pipeline, gst::State::Playing) {
        return Err(fault().unwrap_or(error.into()));
    }
    let mut pulse = Pulse::new(&ear.timeline, &ear.shelf);
    while !ear.asked_within(LOOK_EVERY) {
        if let Some(error) = fault() {
            return Err(error);
        }
        let quiet = AlsaError::Quiet { device: device() };
        if ear.tell(&mut pulse, &quiet.to_string()) > DEAD_AFTER_NS {
            return Err(quiet);
        }
    }
    Ok(())
}
