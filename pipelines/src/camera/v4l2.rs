//! Cameras attached to the machine: V4L2, raw or MJPEG.
//!
//! Builds the pipeline of one attempt. Raw pictures are taken where the device has them in the program's size
//! and rate; most have them only small, and MJPEG beyond.

use super::feed::Feed;
use super::{BuildError, decode, parts_name};
use crate::deadline::change_state;
use crate::parts::{self, Pace};
use crate::settings::{Slot, VideoSettings};
use gst::prelude::*;
use std::path::Path;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Raw,
    Jpeg,
}

impl Form {
    fn media(self) -> &'static str {
        match self {
            Form::Raw => "video/x-raw",
            Form::Jpeg => "image/jpeg",
        }
    }
}

pub(crate) fn build(
    slot: Slot,
    device: &Path,
    video: &VideoSettings,
    pipeline: &gst::Pipeline,
    feed: &Arc<Feed>,
) -> Result<(), BuildError> {
    let unreadable = |source| BuildError::Open {
        path: device.to_owned(),
        source,
    };
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(device)
        .map_err(unreadable)?;
    let source = parts::element("v4l2src", &parts_name("source", slot))?;
    source.set_property("device", device.to_string_lossy().as_ref());
    change_state(&source, gst::State::Ready).map_err(BuildError::State)?;
    let offered = source
        .static_pad("src")
        .map(|pad| pad.query_caps(None))
        .unwrap_or_else(gst::Caps::new_empty);
    let Some((form, wanted)) = choose(&offered, video) else {
        // The element is not in the pipeline yet, so it is ours to close.
        change_state(&source, gst::State::Null).map_err(BuildError::State)?;
        return Err(BuildError::NoForm {
            device: device.to_owned(),
        });
    };
    let mut chain = vec![source, parts::caps_filter(&wanted, &parts_name("format", slot))?];
    match form {
        Form::Raw => feed.picture_found("raw"),
        Form::Jpeg => {
            chain.push(parts::element("jpegdec", &parts_name("decode", slot))?);
            feed.picture_found("MJPEG");
        }
    }
    chain.push(decode::picture_sink(slot, Pace::Live, feed, || true));
    parts::add_chain(pipeline, &chain)?;
    Ok(())
}

/// The first that the device has: the program's size and rate raw, then as MJPEG, then its size at any rate,
/// then whatever there is.
fn choose(offered: &gst::Caps, video: &VideoSettings) -> Option<(Form, gst::Caps)> {
    let sized = |form: Form| {
        gst::Caps::builder(form.media())
            .field("width", video.width as i32)
            .field("height", video.height as i32)
    };
    let rate = gst::Fraction::new(video.fps as i32, 1);
    let wishes = [
        (Form::Raw, sized(Form::Raw).field("framerate", rate).build()),
        (Form::Jpeg, sized(Form::Jpeg).field("framerate", rate).build()),
        (Form::Jpeg, sized(Form::Jpeg).build()),
        (Form::Raw, sized(Form::Raw).build()),
        (Form::Jpeg, gst::Caps::new_empty_simple(Form::Jpeg.media())),
        (Form::Raw, gst::Caps::new_empty_simple(Form::Raw.media())),
    ];
    wishes.into_iter().find(|(_, wish)| offered.can_intersect(wish))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{EncoderChoice, Rate};
    use std::str::FromStr;

    fn chosen(offered: &str) -> Option<Form> {
        gst::init().unwrap();
        let video = VideoSettings {
            width: 1920,
            height: 1080,
            fps: 25,
            encoder: EncoderChoice::Auto,
            rate: Rate::Quality,
            quality: 23,
            max_kbps: 4_000,
        };
        choose(&gst::Caps::from_str(offered).unwrap(), &video).map(|(form, _)| form)
    }

    #[test]
    fn raw_is_taken_where_it_is_as_large_and_fast_as_the_program() {
        let small_raw = "video/x-raw,format=YUY2,width=640,height=480,framerate=30/1";
        let slow_raw = "video/x-raw,format=YUY2,width=1920,height=1080,framerate=5/1";
        let jpeg = "image/jpeg,width=1920,height=1080,framerate=[1/1,30/1]";
        let full_raw = "video/x-raw,format=YUY2,width=1920,height=1080,framerate={25/1,30/1}";
        assert_eq!(chosen(&format!("{full_raw};{jpeg}")), Some(Form::Raw));
        assert_eq!(chosen(&format!("{slow_raw};{jpeg}")), Some(Form::Jpeg));
        assert_eq!(chosen(&format!("{small_raw};{jpeg}")), Some(Form::Jpeg));
        assert_eq!(chosen(small_raw), Some(Form::Raw));
        assert_eq!(chosen("video/mpegts"), None);
    }
}
