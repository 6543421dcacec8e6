//! Test patterns in place of a camera, in the program's size and rate.
//!
//! Builds the pipeline of one attempt; for commissioning and tests. Never watched for standing still.

use super::feed::Feed;
use super::{BuildError, decode, parts_name};
use crate::parts::{self, Pace};
use crate::settings::{Slot, VideoSettings};
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;

pub(crate) fn build(
    slot: Slot,
    pattern: &str,
    video: &VideoSettings,
    pipeline: &gst::Pipeline,
    feed: &Arc<Feed>,
) -> Result<(), BuildError> {
    let source = parts::element("videotestsrc", &parts_name("source", slot))?;
    source.set_property("is-live", true);
    let kinds = source
        .find_property("pattern")
        .and_then(|p| glib::EnumClass::with_type(p.value_type()));
    let Some(kind) = kinds.as_ref().and_then(|kinds| kinds.to_value_by_nick(pattern)) else {
        return Err(BuildError::Pattern {
            pattern: pattern.to_owned(),
        });
    };
    source.set_property_from_value("pattern", &kind);
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", video.width as i32)
        .field("height", video.height as i32)
        .field("framerate", gst::Fraction::new(video.fps as i32, 1))
        .field("colorimetry", "bt709")
        .field("chroma-site", "mpeg2")
        .build();
    let format = parts::caps_filter(&caps, &parts_name("format", slot))?;
    feed.picture_found("raw");
    let sink = decode::picture_sink(slot, Pace::Live, feed, || true);
    parts::add_chain(pipeline, &[source, format, sink])?;
    Ok(())
}
