//! A file in place of a camera, played at its own pace, again and again.
//!
//! Builds the pipeline of one attempt. The demuxer is chosen by the file's first bytes, so that nothing but
//! demuxer and decoder runs. The supervisor repeats the segment, so that running time never goes back.

use super::feed::Feed;
use super::{BuildError, decode, parts_name};
use crate::parts::{self, Pace};
use crate::settings::Slot;
use gst::prelude::*;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Sound and picture of a file may lie this far apart in it.
const INTERLEAVING: gst::ClockTime = gst::ClockTime::from_seconds(3);

pub(crate) fn build(
    slot: Slot,
    path: &Path,
    pipeline: &gst::Pipeline,
    feed: &Arc<Feed>,
) -> Result<(), BuildError> {
    let demuxer = parts::element(demuxer_of(path)?, &parts_name("demux", slot))?;
    let source = parts::element("filesrc", &parts_name("source", slot))?;
    source.set_property("location", path);
    link_streams(&demuxer, slot, pipeline, feed);
    parts::add_chain(pipeline, &[source, demuxer])?;
    Ok(())
}

fn demuxer_of(path: &Path) -> Result<&'static str, BuildError> {
    let unreadable = |source| BuildError::Open {
        path: path.to_owned(),
        source,
    };
    let mut head = [0; 12];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .map_err(unreadable)?;
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Ok("qtdemux"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Ok("matroskademux"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', _] => Ok("avidemux"),
        _ => Err(BuildError::Container {
            path: path.to_owned(),
        }),
    }
}

fn link_streams(demuxer: &gst::Element, slot: Slot, pipeline: &gst::Pipeline, feed: &Arc<Feed>) {
    let end = feed.clone();
    demuxer.connect_no_more_pads(move |_| end.all_offered());
    let (pipeline, feed) = (pipeline.downgrade(), feed.clone());
    demuxer.connect_pad_added(move |demuxer, pad| {
        let Some(pipeline) = pipeline.upgrade() else {
            return;
        };
        if let Err(error) = link(slot, &pipeline, pad, &feed) {
            gst::element_error!(demuxer, gst::CoreError::Pad, ["{}", error]);
        }
    });
}

fn link(slot: Slot, pipeline: &gst::Pipeline, pad: &gst::Pad, feed: &Arc<Feed>) -> Result<(), BuildError> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let media = caps.structure(0).map(|s| s.name().as_str()).unwrap_or_default();
    let mut chain = Vec::new();
    // With two branches each needs its own thread, or one waits for the other's clock for ever.
    let branch = |role| parts::lossless_queue(INTERLEAVING, &parts_name(role, slot));
    match (
        decode::PictureCodec::from_caps(media),
        decode::sound_from_caps(media),
    ) {
        (Some(codec), _) if !feed.has_picture() => {
            if feed.wants_sound() {
                chain.push(branch("queue")?);
            }
            chain.extend(decode::picture_chain(codec, slot, Pace::Clock, feed)?);
        }
        (None, Some(factories)) if feed.wants_sound() => {
            chain.push(branch("sound-queue")?);
            chain.extend(decode::sound_chain(factories, slot, Pace::Clock, feed)?);
        }
        _ => {
            if media.starts_with("video/") && !feed.has_picture() {
                feed.picture_unsupported(media);
            }
            return Ok(());
        }
    }
    run_on(pad);
    parts::add_chain(pipeline, &chain)?;
    let into = chain.first().and_then(|first| first.static_pad("sink"));
    into.map_or(Ok(()), |sink| pad.link(&sink).map(drop))
        .map_err(BuildError::Link)
}

/// Running time at which a pass through the file began, by the seek that began it.
struct Pass {
    seek: gst::Seqnum,
    number: u64,
    base: gst::ClockTime,
}

/// Puts each pass a whole length after the one before. Demuxers count from the last sample's beginning or its
/// end, as it happens, so that a frame would be doubled now and then.
fn run_on(pad: &gst::Pad) {
    let pass: Mutex<Option<Pass>> = Mutex::new(None);
    let kinds = gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_FLUSH;
    pad.add_probe(kinds, move |_, info| {
        let Some(event) = info.event_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        let mut pass = pass.lock().unwrap_or_else(PoisonError::into_inner);
        match event.view() {
            gst::EventView::FlushStop(_) => *pass = None,
            gst::EventView::Segment(segment) => {
                if let Some(placed) = place(&mut pass, event.seqnum(), segment.segment()) {
                    *event = gst::event::Segment::builder(&placed)
                        .seqnum(event.seqnum())
                        .build();
                }
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

fn place(pass: &mut Option<Pass>, seek: gst::Seqnum, segment: &gst::Segment) -> Option<gst::Segment> {
    let mut segment = segment.downcast_ref::<gst::ClockTime>()?.clone();
    let base = segment.base()?;
    let now = match pass.take() {
        Some(pass) if pass.seek == seek => pass,
        Some(pass) => Pass {
            seek,
            number: pass.number + 1,
            base,
        },
        None => Pass {
            seek,
            number: 0,
            base,
        },
    };
    let length = segment.stop()?.saturating_sub(segment.start()?);
    let within = base.saturating_sub(now.base);
    if now.number > 0 {
        segment.set_base(length * now.number + within);
    }
    *pass = Some(now);
    Some(segment.upcast())
}
