//! From an encoded stream to frames and samples: parser, tap for the original, decoder, sink.
//!
//! Used by the sources that bring encoded streams (`rtsp`, `file`). One decoding thread and no queue: the
//! thread that brings the data decodes it, and the sink only hands on.

use super::feed::Feed;
use super::{EncodedUnit, parts_name};
use crate::parts::{self, Pace, PartError};
use crate::settings::Slot;
use gst::prelude::*;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PictureCodec {
    H264,
    H265,
}

impl PictureCodec {
    /// By the name that RTP gives it.
    pub(crate) fn from_encoding(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "H264" => Some(PictureCodec::H264),
            "H265" => Some(PictureCodec::H265),
            _ => None,
        }
    }

    pub(crate) fn from_caps(name: &str) -> Option<Self> {
        match name {
            "video/x-h264" => Some(PictureCodec::H264),
            "video/x-h265" => Some(PictureCodec::H265),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            PictureCodec::H264 => "H.264",
            PictureCodec::H265 => "H.265",
        }
    }

    pub(crate) fn depayloader(self) -> &'static str {
        match self {
            PictureCodec::H264 => "rtph264depay",
            PictureCodec::H265 => "rtph265depay",
        }
    }

    fn parser(self) -> &'static str {
        match self {
            PictureCodec::H264 => "h264parse",
            PictureCodec::H265 => "h265parse",
        }
    }

    fn decoder(self) -> &'static str {
        match self {
            PictureCodec::H264 => "avdec_h264",
            PictureCodec::H265 => "avdec_h265",
        }
    }

    /// The form that a file wants; the decoders take it as well.
    fn parsed(self) -> gst::Caps {
        let (media, format) = match self {
            PictureCodec::H264 => ("video/x-h264", "avc"),
            PictureCodec::H265 => ("video/x-h265", "hvc1"),
        };
        gst::Caps::builder(media)
            .field("stream-format", format)
            .field("alignment", "au")
            .build()
    }
}

/// Parser to sink, to be added and linked behind `first` elements by the caller.
pub(crate) fn picture_chain(
    codec: PictureCodec,
    slot: Slot,
    pace: Pace,
    feed: &Arc<Feed>,
) -> Result<Vec<gst::Element>, PartError> {
    let parser = parts::element(codec.parser(), &parts_name("parse", slot))?;
    let parsed = parts::caps_filter(&codec.parsed(), &parts_name("parsed", slot))?;
    let decoder = parts::element(codec.decoder(), &parts_name("decode", slot))?;
    decoder.set_property("max-threads", 1i32);
    // Grey frames from before the first key frame are no picture; concealed ones after a loss still come.
    decoder.set_property("output-corrupt", false);
    if feed.wants_original() {
        tap_original(&parsed, feed);
    }
    note_arrival(&parsed, feed);
    let stream = decoder.static_pad("sink").map(|pad| pad.downgrade());
    let told = move || {
        let caps = stream
            .as_ref()
            .and_then(|pad| pad.upgrade())
            .and_then(|pad| pad.current_caps());
        caps.is_some_and(|caps| caps.structure(0).is_some_and(|s| s.has_field("colorimetry")))
    };
    let sink = picture_sink(slot, pace, feed, told);
    feed.picture_found(codec.name());
    Ok(vec![parser, parsed, decoder, sink])
}

/// The sink for decoded frames; `told` says whether the stream states its colours.
pub(crate) fn picture_sink(
    slot: Slot,
    pace: Pace,
    feed: &Arc<Feed>,
    told: impl Fn() -> bool + Send + 'static,
) -> gst::Element {
    let (taker, ender) = (feed.clone(), feed.clone());
    let take = move |at_ns: u64, sample: &gst::Sample| taker.picture(at_ns, sample, told());
    let sink = parts::sink(&parts_name("sink", slot), pace, take, move || ender.ended());
    sink.set_property("caps", gst::Caps::new_empty_simple("video/x-raw"));
    accept_any_stride(&sink);
    sink.upcast()
}

/// Tells decoders that frames with their own strides are welcome: otherwise they copy each one.
fn accept_any_stride(sink: &gst_app::AppSink) {
    let Some(pad) = sink.static_pad("sink") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, info| {
        let Some(query) = info.query_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        match query.view_mut() {
            gst::QueryViewMut::Allocation(allocation) => {
                allocation.add_allocation_meta::<gst_video::VideoMeta>(None);
                gst::PadProbeReturn::Handled
            }
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

fn note_arrival(parsed: &gst::Element, feed: &Arc<Feed>) {
    let Some(pad) = parsed.static_pad("src") else {
        return;
    };
    let feed = feed.clone();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        if feed.frames() > 0 {
            return gst::PadProbeReturn::Remove;
        }
        feed.encoded();
        gst::PadProbeReturn::Ok
    });
}

fn tap_original(parsed: &gst::Element, feed: &Arc<Feed>) {
    let Some(pad) = parsed.static_pad("src") else {
        return;
    };
    let feed = feed.clone();
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let Some(unit) = info.buffer().and_then(|buffer| unit(pad, buffer)) {
            feed.original(unit);
        }
        gst::PadProbeReturn::Ok
    });
}

fn unit(pad: &gst::Pad, buffer: &gst::Buffer) -> Option<EncodedUnit> {
    let segment = pad.sticky_event::<gst::event::Segment>(0)?.segment().to_owned();
    let at_ns = parts::clock_time_ns(&pad.parent_element()?, &segment, buffer)?;
    Some(EncodedUnit {
        at_ns,
        caps: pad.current_caps()?,
        buffer: buffer.clone(),
    })
}

/// Elements that make samples of a stream of sound, by RTP's name for it; `None` for one that we cannot hear.
pub(crate) fn sound_from_encoding(name: &str) -> Option<&'static [&'static str]> {
    match name.to_ascii_uppercase().as_str() {
        "PCMA" => Some(&["rtppcmadepay", "alawdec"]),
        "PCMU" => Some(&["rtppcmudepay", "mulawdec"]),
        "L16" => Some(&["rtpL16depay"]),
        "MPEG4-GENERIC" => Some(&["rtpmp4gdepay", "aacparse", "avdec_aac"]),
        "MP4A-LATM" => Some(&["rtpmp4adepay", "aacparse", "avdec_aac"]),
        "OPUS" => Some(&["rtpopusdepay", "opusdec"]),
        _ => None,
    }
}

pub(crate) fn sound_from_caps(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "audio/mpeg" => Some(&["aacparse", "avdec_aac"]),
        "audio/x-opus" => Some(&["opusdec"]),
        "audio/x-alaw" => Some(&["alawdec"]),
        "audio/x-mulaw" => Some(&["mulawdec"]),
        "audio/x-raw" => Some(&[]),
        _ => None,
    }
}

pub(crate) fn sound_chain(
    factories: &[&'static str],
    slot: Slot,
    pace: Pace,
    feed: &Arc<Feed>,
) -> Result<Vec<gst::Element>, PartError> {
    let name = parts_name("sound", slot);
    let mut chain = Vec::new();
    for factory in factories {
        chain.push(parts::element(factory, &format!("{name}-{factory}"))?);
    }
    let feed = feed.clone();
    chain.extend(parts::sound_tail(&name, pace, move |at_ns, samples| {
        feed.sound(at_ns, samples)
    })?);
    Ok(chain)
}
