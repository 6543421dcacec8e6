//! The picture's encoder: composed pictures in, H.264 out, one access unit per picture, in order.
//!
//! Runs warm from start to end: parts of the recording begin and end behind it, at the gate. Zero
//! latency, no B-frames, a key frame exactly each fragment, so that one encode serves recording and viewers.
//! Never blocks the composer: what it does not take in time shows as a growing distance, which is judged.

mod choice;

use crate::pipeline::{Faults, Pipeline, PipelineError, element};
use crate::settings::{EncoderChoice, VideoSettings};
use gst::prelude::*;
use gst_app::{AppSink, AppSinkCallbacks, AppSrc};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("{width}×{height} is not a picture that can be encoded")]
    Picture {
        width: u32,
        height: u32,
        source: gst::glib::BoolError,
    },
    #[error(
        "no H.264 encoder works here ({tried}): install gstreamer1.0-plugins-ugly, or choose another in [video]"
    )]
    None { tried: String },
    #[error("a picture was not taken")]
    Push(#[source] gst::FlowError),
}

/// One encoded picture. `frame` is its number on the timeline.
pub(crate) struct EncodedPicture {
    pub frame: u64,
    pub key: bool,
    pub caps: gst::Caps,
    pub buffer: gst::Buffer,
}

/// I420 in BT.709, the one form in which pictures are composed and encoded.
pub(crate) fn picture_info(video: &VideoSettings) -> Result<gst_video::VideoInfo, gst::glib::BoolError> {
    gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, video.width, video.height)
        .fps(gst::Fraction::new(i32::try_from(video.fps).unwrap_or(25), 1))
        .colorimetry(&gst_video::VideoColorimetry::new(
            gst_video::VideoColorRange::Range16_235,
            gst_video::VideoColorMatrix::Bt709,
            gst_video::VideoTransferFunction::Bt709,
            gst_video::VideoColorPrimaries::Bt709,
        ))
        .chroma_site(gst_video::VideoChromaSite::MPEG2)
        .build()
}

pub(crate) fn frame_time(frame: u64, fps: u64) -> gst::ClockTime {
    // Rounded up: the muxer rounds down to its own units, and must arrive at this frame.
    gst::ClockTime::from_nseconds((frame * 1_000_000_000).div_ceil(fps))
}

pub(crate) struct VideoEncoder {
    input: AppSrc,
    encoder: gst::Element,
    encoded: Arc<AtomicU64>,
    factory: String,
    fps: u64,
    _pipeline: Pipeline,
}

impl VideoEncoder {
    /// Tries the configured encoder, or all known ones for `auto`, and starts the first that works.
    /// `key_frames` is the distance between key frames.
    pub fn start(
        video: &VideoSettings,
        key_frames: u32,
        faults: Faults,
        mut output: impl FnMut(EncodedPicture) + Send + 'static,
    ) -> Result<VideoEncoder, EncoderError> {
        let kind = choice::choose(video, key_frames)?;
        let input = input(video)?;
        let encoders = choice::build(kind, video, key_frames)?;
        let encoder = encoders.last().cloned().unwrap_or_else(|| input.clone().upcast());
        let parser = element("h264parse", "picture-parser", "gstreamer1.0-plugins-bad")?;
        let encoded = Arc::new(AtomicU64::new(0));
        let (counted, fps) = (encoded.clone(), u64::from(video.fps));
        let sink = sink("picture-output", "video/x-h264", move |picture, caps, buffer| {
            counted.fetch_add(1, Ordering::Relaxed);
            let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            let frame = picture.map_or(0, |pts| (pts.nseconds() * fps + 500_000_000) / 1_000_000_000);
            output(EncodedPicture {
                frame,
                key,
                caps,
                buffer,
            });
        });
        let mut chain: Vec<&gst::Element> = vec![input.upcast_ref()];
        chain.extend(&encoders);
        chain.extend([&parser, sink.upcast_ref()]);
        let pipeline = Pipeline::run("picture", &chain, faults)?;
        Ok(VideoEncoder {
            input,
            encoder,
            encoded,
            factory: kind.factory().into(),
            fps,
            _pipeline: pipeline,
        })
    }

    /// The element chosen.
    pub fn factory(&self) -> &str {
        &self.factory
    }

    pub fn input(&self) -> PictureInput {
        PictureInput {
            input: self.input.clone(),
            fps: self.fps,
        }
    }

    pub fn encoded(&self) -> u64 {
        self.encoded.load(Ordering::Relaxed)
    }

    /// Asks for a key frame at the picture `frame`, or the next one if that has passed.
    pub fn ask_key_frame(&self, frame: u64) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .running_time(frame_time(frame, self.fps))
            .all_headers(true)
            .build();
        if let Some(pad) = self.encoder.static_pad("src") {
            pad.send_event(event);
        }
    }
}

/// The composer's end of the encoder.
pub(crate) struct PictureInput {
    input: AppSrc,
    fps: u64,
}

impl PictureInput {
    pub fn push(&self, frame: u64, mut picture: gst::Buffer) -> Result<(), EncoderError> {
        stamp(&mut picture, frame, self.fps);
        self.input.push_buffer(picture).map_err(EncoderError::Push)?;
        Ok(())
    }
}

/// Sets the time of frame `frame`, presented as it is decoded.
pub(crate) fn stamp(buffer: &mut gst::Buffer, frame: u64, fps: u64) {
    let begin = frame_time(frame, fps);
    let buffer = buffer.make_mut();
    buffer.set_pts(begin);
    buffer.set_dts(begin);
    buffer.set_duration(frame_time(frame + 1, fps).saturating_sub(begin));
}

fn input(video: &VideoSettings) -> Result<AppSrc, EncoderError> {
    let fault = |source| EncoderError::Picture {
        width: video.width,
        height: video.height,
        source,
    };
    let caps = picture_info(video)
        .and_then(|info| info.to_caps())
        .map_err(fault)?;
    let input = AppSrc::builder()
        .name("picture-input")
        .caps(&caps)
        .format(gst::Format::Time)
        .build();
    // Never full: the composer must not wait. The distance to the encoder is judged elsewhere.
    input.set_max_bytes(0);
    Ok(input)
}

fn sink(
    name: &str,
    media: &str,
    mut take: impl FnMut(Option<gst::ClockTime>, gst::Caps, gst::Buffer) + Send + 'static,
) -> AppSink {
    let mut caps = gst::Caps::builder(media);
    if media == "video/x-h264" {
        caps = caps.field("stream-format", "avc").field("alignment", "au");
    }
    let pull = move |sink: &AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let (segment, buffer, caps) = (
            sample.segment().cloned(),
            sample.buffer_owned(),
            sample.caps_owned(),
        );
        if let (Some(buffer), Some(caps)) = (buffer, caps) {
            // Encoders may shift their segment to make room for negative decoding times.
            let time = segment.and_then(|s| s.downcast::<gst::ClockTime>().ok());
            let running = time.and_then(|time| time.to_running_time(buffer.pts()?));
            take(running, caps, buffer);
        }
        Ok(gst::FlowSuccess::Ok)
    };
    AppSink::builder()
        .name(name)
        .caps(&caps.build())
        .sync(false)
        .enable_last_sample(false)
        .callbacks(AppSinkCallbacks::builder().new_sample(pull).build())
        .build()
}

/// The encoders that can be told to begin a fragment at any picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Va,
    Vaapi,
    V4l2,
    X264,
    Openh264,
}

impl Kind {
    fn factory(self) -> &'static str {
        match self {
            Kind::Va => "vah264enc",
            Kind::Vaapi => "vaapih264enc",
            Kind::V4l2 => "v4l2h264enc",
            Kind::X264 => "x264enc",
            Kind::Openh264 => "openh264enc",
        }
    }

    fn candidates(choice: EncoderChoice) -> &'static [Kind] {
        match choice {
            EncoderChoice::Auto => &[Kind::Va, Kind::Vaapi, Kind::V4l2, Kind::X264, Kind::Openh264],
            EncoderChoice::X264 => &[Kind::X264],
            EncoderChoice::Vaapi => &[Kind::Va, Kind::Vaapi],
            EncoderChoice::V4l2 => &[Kind::V4l2],
            EncoderChoice::Openh264 => &[Kind::Openh264],
        }
    }
}
