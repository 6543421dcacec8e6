//! Which encoder, and how it is set: the first candidate whose trial encode can be decoded again.
//!
//! A driver that is installed but does not work is found out here, before anything is recorded with it. The
//! trial has a deadline and its own pipeline; what hangs there is abandoned.

use super::{EncoderError, Kind, frame_time, input, picture_info, sink, stamp};
use crate::pipeline::{Pipeline, PipelineError, element};
use crate::settings::{Rate, VideoSettings};
use gst::prelude::*;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

const TRIAL_FRAMES: u64 = 10;
const TRIAL_DEADLINE: Duration = Duration::from_secs(5);
/// Peaks of capped quality may last this long; a fragment stays near its size (measured: live.md).
const VBV_MS: u32 = 1_000;
/// More pixels per second than this do not fit one core beside the rest.
const ONE_THREAD_PIXELS_PER_S: u64 = 1920 * 1080 * 30;

pub(super) fn choose(video: &VideoSettings, key_frames: u32) -> Result<Kind, EncoderError> {
    let mut tried = Vec::new();
    for kind in Kind::candidates(video.encoder) {
        if gst::ElementFactory::find(kind.factory()).is_none() {
            tried.push(format!("{} is not installed", kind.factory()));
            continue;
        }
        match trial(*kind, video, key_frames) {
            Ok(true) => return Ok(*kind),
            Ok(false) => tried.push(format!("{} gave no picture", kind.factory())),
            Err(error) => tried.push(format!("{}: {error}", kind.factory())),
        }
    }
    Err(EncoderError::None {
        tried: tried.join("; "),
    })
}

/// The encoder itself is the last element; what it needs in front comes first.
pub(super) fn build(
    kind: Kind,
    video: &VideoSettings,
    key_frames: u32,
) -> Result<Vec<gst::Element>, PipelineError> {
    let package = match kind {
        Kind::X264 => "gstreamer1.0-plugins-ugly",
        Kind::Va | Kind::Openh264 => "gstreamer1.0-plugins-bad",
        Kind::Vaapi => "gstreamer1.0-vaapi",
        Kind::V4l2 => "gstreamer1.0-plugins-good",
    };
    let encoder = element(kind.factory(), "picture-encoder", package)?;
    match kind {
        Kind::X264 => set_x264(&encoder, video, key_frames),
        Kind::Openh264 => set_openh264(&encoder, video, key_frames),
        Kind::Va | Kind::Vaapi => set_va(&encoder, video, key_frames),
        Kind::V4l2 => set_v4l2(&encoder, video, key_frames),
    }
    match kind {
        Kind::X264 | Kind::Openh264 => Ok(vec![encoder]),
        // The hardware wants NV12.
        Kind::Va | Kind::Vaapi | Kind::V4l2 => {
            let convert = element("videoconvert", "picture-convert", "gstreamer1.0-plugins-base")?;
            Ok(vec![convert, encoder])
        }
    }
}

/// No key frame but where a fragment begins.
const NO_SCENE_CUT: &str = "scenecut=0";

fn set_x264(encoder: &gst::Element, video: &VideoSettings, key_frames: u32) {
    let pixels_per_s = u64::from(video.width) * u64::from(video.height) * u64::from(video.fps);
    let threads: u32 = if pixels_per_s > ONE_THREAD_PIXELS_PER_S {
        2
    } else {
        1
    };
    encoder.set_property_from_str("speed-preset", "veryfast");
    encoder.set_property_from_str("tune", "zerolatency");
    encoder.set_property("threads", threads);
    encoder.set_property("sliced-threads", threads > 1);
    encoder.set_property("bframes", 0u32);
    encoder.set_property("key-int-max", key_frames);
    encoder.set_property("byte-stream", false);
    encoder.set_property("aud", false);
    encoder.set_property("bitrate", video.max_kbps);
    encoder.set_property("vbv-buf-capacity", VBV_MS);
    match video.rate {
        Rate::Quality => {
            encoder.set_property_from_str("pass", "qual");
            encoder.set_property("quantizer", video.quality);
            // A key frame finer than its followers freezes noise that each of them pays to undo; coarser on
            // noise alone, a still room takes half the space at the same likeness.
            encoder.set_property("ip-factor", 1.0f32);
            encoder.set_property("option-string", "scenecut=0:deadzone-intra=32");
        }
        Rate::Constant => {
            encoder.set_property_from_str("pass", "cbr");
            encoder.set_property("option-string", NO_SCENE_CUT);
        }
    }
}

fn set_openh264(encoder: &gst::Element, video: &VideoSettings, key_frames: u32) {
    set(
        encoder,
        "bitrate",
        &(u64::from(video.max_kbps) * 1_000).to_string(),
    );
    set(
        encoder,
        "max-bitrate",
        &(u64::from(video.max_kbps) * 1_200).to_string(),
    );
    set(encoder, "gop-size", &key_frames.to_string());
    set(encoder, "rate-control", "bitrate");
    set(encoder, "complexity", "low");
    set(encoder, "scene-change-detection", "false");
    set(encoder, "enable-frame-skip", "false");
}

fn set_va(encoder: &gst::Element, video: &VideoSettings, key_frames: u32) {
    set(encoder, "rate-control", "cbr");
    set(encoder, "bitrate", &video.max_kbps.to_string());
    set(encoder, "key-int-max", &key_frames.to_string());
    set(encoder, "keyframe-period", &key_frames.to_string());
    set(encoder, "b-frames", "0");
    set(encoder, "max-bframes", "0");
}

fn set_v4l2(encoder: &gst::Element, video: &VideoSettings, key_frames: u32) {
    let controls = gst::Structure::builder("controls")
        .field(
            "video_bitrate",
            i32::try_from(u64::from(video.max_kbps) * 1_000).unwrap_or(i32::MAX),
        )
        .field("h264_i_frame_period", i32::try_from(key_frames).unwrap_or(25))
        .field("video_gop_size", i32::try_from(key_frames).unwrap_or(25))
        .field("repeat_sequence_header", 1i32)
        .build();
    encoder.set_property("extra-controls", controls);
}

/// Drivers differ in the properties they have.
fn set(encoder: &gst::Element, property: &str, value: &str) {
    if encoder.has_property(property) {
        encoder.set_property_from_str(property, value);
    }
}

/// Encodes a few grey pictures, a key frame among them, and decodes them again.
fn trial(kind: Kind, video: &VideoSettings, key_frames: u32) -> Result<bool, EncoderError> {
    let source = input(video)?;
    let (told, heard) = mpsc::channel();
    let failed = told.clone();
    let decoded = sink("trial-output", "video/x-raw", move |_, _, _| {
        let _ = told.send(true);
    });
    let encoders = build(kind, video, key_frames)?;
    let parser = element("h264parse", "trial-parser", "gstreamer1.0-plugins-bad")?;
    let decoder = element("avdec_h264", "trial-decoder", "gstreamer1.0-libav")?;
    let mut chain: Vec<&gst::Element> = vec![source.upcast_ref()];
    chain.extend(&encoders);
    chain.extend([&parser, &decoder, decoded.upcast_ref()]);
    let faults = Arc::new(move |_: &str, _: String| {
        let _ = failed.send(false);
    });
    let _pipeline = Pipeline::run("trial", &chain, faults)?;
    for frame in 0..TRIAL_FRAMES {
        let picture = grey(video, frame)?;
        source.push_buffer(picture).map_err(EncoderError::Push)?;
    }
    source.end_of_stream().map_err(EncoderError::Push)?;
    Ok(all_decoded(&heard))
}

fn all_decoded(heard: &mpsc::Receiver<bool>) -> bool {
    let deadline = Instant::now() + TRIAL_DEADLINE;
    for _ in 0..TRIAL_FRAMES {
        match heard.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(true) => {}
            Ok(false) | Err(_) => return false,
        }
    }
    true
}

fn grey(video: &VideoSettings, frame: u64) -> Result<gst::Buffer, EncoderError> {
    let fault = |source| EncoderError::Picture {
        width: video.width,
        height: video.height,
        source,
    };
    let info = picture_info(video).map_err(fault)?;
    let mut buffer = gst::Buffer::from_mut_slice(vec![100 + frame as u8; info.size()]);
    stamp(&mut buffer, frame, u64::from(video.fps));
    debug_assert_eq!(buffer.pts(), Some(frame_time(frame, u64::from(video.fps))));
    Ok(buffer)
}
