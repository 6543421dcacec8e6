//! The sound's encoder: blocks of stereo samples in, AAC-LC with exact sample numbers out.
//!
//! Runs warm from start to end, fed by the mixer. Frames are counted, not stamped: frame `j` stands at sample
//! `1024 j` less the encoder's priming, so that sound is not late against the picture (a decoder gives the
//! priming back as silence in front). Never blocks the mixer.

use crate::pipeline::{Faults, Pipeline, PipelineError, element};
use gst::prelude::*;
use gst_app::{AppSink, AppSinkCallbacks, AppSrc};

/// Samples per channel in a frame of AAC-LC.
pub(crate) const FRAME_SAMPLES: i64 = 1024;
/// Measured with an impulse: `voaacenc` puts the first sample 1,600 into what is decoded.
const PRIMING_SAMPLES: i64 = 1_600;
const BITS_PER_SECOND: i32 = 128_000;

#[derive(Debug, thiserror::Error)]
pub enum SoundEncoderError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("a block of sound was not taken")]
    Push(#[source] gst::FlowError),
}

/// One frame of AAC; `first_sample` on the timeline, before 0 at the very beginning.
pub(crate) struct EncodedSound {
    pub first_sample: i64,
    pub caps: gst::Caps,
    pub buffer: gst::Buffer,
}

pub(crate) struct SoundEncoder {
    input: AppSrc,
    _pipeline: Pipeline,
}

impl SoundEncoder {
    pub fn start(
        faults: Faults,
        mut output: impl FnMut(EncodedSound) + Send + 'static,
    ) -> Result<SoundEncoder, SoundEncoderError> {
        let caps = gst::Caps::builder("audio/x-raw")
            .field("format", "S16LE")
            .field("layout", "interleaved")
            .field("rate", 48_000i32)
            .field("channels", 2i32)
            .field("channel-mask", gst::Bitmask::new(0x3))
            .build();
        let input = AppSrc::builder()
            .name("sound-input")
            .caps(&caps)
            .format(gst::Format::Time)
            .build();
        input.set_max_bytes(0);
        let encoder = element("voaacenc", "sound-encoder", "gstreamer1.0-plugins-bad")?;
        encoder.set_property("bitrate", BITS_PER_SECOND);
        let parser = element("aacparse", "sound-parser", "gstreamer1.0-plugins-good")?;
        let mut frames = 0;
        let take = move |sink: &AppSink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if let (Some(buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) {
                output(EncodedSound {
                    first_sample: frames * FRAME_SAMPLES - PRIMING_SAMPLES,
                    caps,
                    buffer,
                });
                frames += 1;
            }
            Ok(gst::FlowSuccess::Ok)
        };
        let raw = gst::Caps::builder("audio/mpeg")
            .field("stream-format", "raw")
            .field("framed", true)
            .build();
        let sink = AppSink::builder()
            .name("sound-output")
            .caps(&raw)
            .sync(false)
            .enable_last_sample(false)
            .callbacks(AppSinkCallbacks::builder().new_sample(take).build())
            .build();
        let chain = [input.upcast_ref(), &encoder, &parser, sink.upcast_ref()];
        let pipeline = Pipeline::run("sound", &chain, faults)?;
        Ok(SoundEncoder {
            input,
            _pipeline: pipeline,
        })
    }

    /// `samples` are stereo pairs; blocks come in order and without a hole.
    pub fn push(&self, block: u64, samples: &[i16]) -> Result<(), SoundEncoderError> {
        let mut bytes = vec![0; 2 * samples.len()];
        for (to, sample) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
            *to = sample.to_le_bytes();
        }
        let pairs = samples.len() as u64 / 2;
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        if let Some(buffer) = buffer.get_mut() {
            let at = |block: u64| gst::ClockTime::from_nseconds((block * pairs * 62_500).div_ceil(3));
            buffer.set_pts(at(block));
            buffer.set_duration(at(block + 1).saturating_sub(at(block)));
        }
        self.input.push_buffer(buffer).map_err(SoundEncoderError::Push)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    const BLOCK: usize = 960;
    const IMPULSE_AT: usize = 20_000;

    /// Decoded stereo samples of everything that the encoder gave, one buffer after the other.
    fn decode(frames: &[EncodedSound]) -> Vec<i16> {
        let caps = frames[0].caps.clone();
        let input = AppSrc::builder()
            .name("input")
            .caps(&caps)
            .format(gst::Format::Time)
            .build();
        let decoder = element("avdec_aac", "decoder", "gstreamer1.0-libav").expect("no decoder");
        let convert = element("audioconvert", "convert", "gstreamer1.0-plugins-base").expect("no converter");
        let s16 = gst::Caps::builder("audio/x-raw")
            .field("format", "S16LE")
            .field("layout", "interleaved");
        let output = AppSink::builder()
            .name("output")
            .caps(&s16.build())
            .sync(false)
            .build();
        let chain = [input.upcast_ref(), &decoder, &convert, output.upcast_ref()];
        let _running = Pipeline::run("decode", &chain, Arc::new(|_, _| {})).expect("no pipeline");
        for frame in frames {
            input.push_buffer(frame.buffer.clone()).expect("not taken");
        }
        input.end_of_stream().expect("not ended");
        let mut samples = Vec::new();
        while let Ok(sample) = output.pull_sample() {
            let map = sample
                .buffer()
                .expect("no buffer")
                .map_readable()
                .expect("no memory");
            samples.extend(map.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])));
        }
        samples
    }

    #[test]
    fn an_impulse_stands_at_its_sample_within_a_millisecond() {
        gst::init().expect("no GStreamer");
        let (told, heard) = mpsc::channel();
        let encoder = SoundEncoder::start(Arc::new(|_, _| {}), move |sound| {
            let _ = told.send(sound);
        })
        .expect("no encoder");
        for block in 0..100 {
            let mut samples = [0i16; 2 * BLOCK];
            if block == IMPULSE_AT / BLOCK {
                let at = 2 * (IMPULSE_AT % BLOCK);
                samples[at..at + 4].copy_from_slice(&[30_000, 30_000, -30_000, -30_000]);
            }
            encoder.push(block as u64, &samples).expect("not taken");
        }
        let mut frames = Vec::new();
        while frames.len() < 80 {
            frames.push(heard.recv_timeout(Duration::from_secs(10)).expect("no frame"));
        }
        let first = frames[0].first_sample;
        let left: Vec<i16> = decode(&frames).chunks(2).map(|pair| pair[0]).collect();
        let loudest = (0..left.len())
            .max_by_key(|i| left[*i].unsigned_abs())
            .expect("no sound");
        let away = loudest as i64 + first - IMPULSE_AT as i64;
        assert!(away.abs() <= 48, "the impulse is {away} samples away");
    }
}
