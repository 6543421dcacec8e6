//! Network cameras: RTSP with digest authentication, over TCP or UDP.
//!
//! Builds the pipeline of one attempt; the supervisor starts, watches and ends it. Streams other than one
//! picture and, where wanted, its sound are not even set up. Passwords go into properties only, never into a
//! URL, a name or a message.

use super::feed::Feed;
use super::{BuildError, decode, parts_name};
use crate::parts::{self, Pace};
use crate::settings::{Secret, Slot, Transport};
use gst::prelude::*;
use std::sync::Arc;

/// What is later than this gets a new place in time. Over TCP nothing waits for it, so it may be long: a busy
/// moment anywhere must not shift pictures and sound. Over UDP a lost packet is waited for so long, and the
/// picture after it has to be decoded within `INPUT_LATENCY_NS`.
const TCP_LATENCY_MS: u32 = 400;
const UDP_LATENCY_MS: u32 = 80;
const ANSWER_WITHIN_US: u64 = 3_000_000;

pub(crate) struct RtspCamera<'a> {
    pub(crate) slot: Slot,
    pub(crate) url: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) password: Option<&'a Secret>,
    pub(crate) over: Over,
}

/// The transport of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Tcp,
    Udp,
}

impl Over {
    /// `auto` begins with TCP, which no firewall hides and no loss spoils, and then alternates.
    pub(crate) fn of_attempt(transport: Transport, fruitless: u32) -> Self {
        match transport {
            Transport::Tcp => Over::Tcp,
            Transport::Udp => Over::Udp,
            Transport::Auto if fruitless.is_multiple_of(2) => Over::Tcp,
            Transport::Auto => Over::Udp,
        }
    }
}

pub(crate) fn build(
    camera: &RtspCamera<'_>,
    pipeline: &gst::Pipeline,
    feed: &Arc<Feed>,
) -> Result<(), BuildError> {
    let source = parts::element("rtspsrc", &parts_name("source", camera.slot))?;
    source.set_property("location", camera.url);
    source.set_property("user-id", camera.user);
    source.set_property("user-pw", camera.password.map(|secret| secret.0.as_str()));
    source.set_property("tcp-timeout", ANSWER_WITHIN_US);
    source.set_property("timeout", ANSWER_WITHIN_US);
    let (protocols, latency_ms) = match camera.over {
        Over::Tcp => ("tcp", TCP_LATENCY_MS),
        Over::Udp => ("udp", UDP_LATENCY_MS),
    };
    source.set_property("latency", latency_ms);
    source.set_property_from_str("protocols", protocols);
    // Left to choose, it takes a camera that names a duration for a film, and buffers.
    source.set_property_from_str("buffer-mode", "slave");
    choose_streams(&source, feed);
    link_streams(&source, camera.slot, pipeline, feed);
    parts::add_chain(pipeline, &[source])?;
    Ok(())
}

fn field<'a>(caps: &'a gst::CapsRef, name: &str) -> &'a str {
    caps.structure(0)
        .and_then(|s| s.get::<&str>(name).ok())
        .unwrap_or_default()
}

fn choose_streams(source: &gst::Element, feed: &Arc<Feed>) {
    let feed = feed.clone();
    let chosen = std::sync::Mutex::new((false, false));
    source.connect("select-stream", false, move |values| {
        let caps = values.get(2).and_then(|v| v.get::<gst::Caps>().ok())?;
        let encoding = field(&caps, "encoding-name");
        let mut chosen = chosen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let take = match field(&caps, "media") {
            "video" if chosen.0 => false,
            "video" => {
                chosen.0 = decode::PictureCodec::from_encoding(encoding).is_some();
                if !chosen.0 {
                    feed.picture_unsupported(spoken(encoding));
                }
                chosen.0
            }
            "audio" if chosen.1 || !feed.wants_sound() => false,
            "audio" => {
                chosen.1 = decode::sound_from_encoding(encoding).is_some();
                if !chosen.1 {
                    tracing::warn!(
                        encoding,
                        "the camera's sound cannot be heard; set it to G.711, AAC or Opus"
                    );
                }
                chosen.1
            }
            _ => false,
        };
        Some(take.to_value())
    });
}

/// RTP's name as people know it.
fn spoken(encoding: &str) -> &str {
    match encoding {
        "JPEG" => "MJPEG",
        "MP4V-ES" => "MPEG-4 Part 2",
        other => other,
    }
}

fn link_streams(source: &gst::Element, slot: Slot, pipeline: &gst::Pipeline, feed: &Arc<Feed>) {
    let end = feed.clone();
    source.connect("no-more-pads", false, move |_| {
        end.all_offered();
        None
    });
    let (pipeline, feed) = (pipeline.downgrade(), feed.clone());
    source.connect_pad_added(move |source, pad| {
        let Some(pipeline) = pipeline.upgrade() else {
            return;
        };
        if let Err(error) = link(slot, &pipeline, pad, &feed) {
            gst::element_error!(source, gst::CoreError::Pad, ["{}", error]);
        }
    });
}

fn link(slot: Slot, pipeline: &gst::Pipeline, pad: &gst::Pad, feed: &Arc<Feed>) -> Result<(), BuildError> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let encoding = field(&caps, "encoding-name");
    let chain = match (
        field(&caps, "media"),
        decode::PictureCodec::from_encoding(encoding),
    ) {
        ("video", Some(codec)) => {
            let mut chain = vec![parts::element(codec.depayloader(), &parts_name("depay", slot))?];
            chain.extend(decode::picture_chain(codec, slot, Pace::Live, feed)?);
            chain
        }
        ("audio", _) => {
            let Some(factories) = decode::sound_from_encoding(encoding) else {
                return Ok(());
            };
            decode::sound_chain(factories, slot, Pace::Live, feed)?
        }
        _ => return Ok(()),
    };
    parts::add_chain(pipeline, &chain)?;
    let into = chain.first().and_then(|first| first.static_pad("sink"));
    into.map_or(Ok(()), |sink| pad.link(&sink).map(drop))
        .map_err(BuildError::Link)
}
