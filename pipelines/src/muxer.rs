//! The muxer of one track of one part: encoded frames in, header and chunks of fragmented MP4 out.
//!
//! New for every part, and gone with it: nothing of one part can reach the next. Not live: it waits for all
//! its inputs, which run by the clock, and so depends on no timeout. Never blocks whoever feeds it. Chunks are
//! whole `moof` and `mdat` boxes; the muxer's `styp` is left out, since segments are made of them elsewhere.

use crate::messages::{FromMedia, Track};
use crate::pipeline::{Faults, Pipeline, PipelineError, element};
use gst::prelude::*;
use gst_app::{AppSink, AppSinkCallbacks, AppSrc};
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum MuxerError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("the muxer takes no further track")]
    Pad,
    #[error("a track could not be linked to the muxer")]
    Link(#[source] gst::PadLinkError),
    #[error("a frame was not taken by the muxer")]
    Push(#[source] gst::FlowError),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub fragment_ms: u32,
    pub chunk_ms: u32,
}

/// What becomes of the muxer's output; called on its streaming thread, in order.
pub(crate) trait Delivery: Send + Sync {
    fn deliver(&self, message: FromMedia, payload: Vec<u8>);
    /// Everything of this track of the part was delivered.
    fn finished(&self, part: u32, track: Track);
}

pub(crate) struct Muxer {
    pub part: u32,
    inputs: Vec<AppSrc>,
    _pipeline: Pipeline,
}

impl Muxer {
    /// One input for each of `caps`, in that order.
    pub fn start(
        part: u32,
        track: Track,
        caps: &[gst::Caps],
        cut: Cut,
        delivery: Arc<dyn Delivery>,
        faults: Faults,
    ) -> Result<Muxer, MuxerError> {
        let name = name(part, track);
        let pipeline = gst::Pipeline::with_name(&name);
        let muxer = element("isofmp4mux", &format!("{name}-mux"), "the binary itself")?;
        muxer.set_property("fragment-duration", u64::from(cut.fragment_ms) * 1_000_000);
        muxer.set_property("chunk-duration", u64::from(cut.chunk_ms) * 1_000_000);
        muxer.set_property("send-force-keyunit", false);
        muxer.set_property_from_str("write-edts-mode", "never");
        let sink = sink(&name, part, track, delivery);
        let link = |source| PipelineError::Link {
            pipeline: name.clone(),
            source,
        };
        pipeline.add_many([&muxer, sink.upcast_ref()]).map_err(link)?;
        muxer.link(&sink).map_err(link)?;
        let mut inputs = Vec::new();
        for (nth, caps) in caps.iter().enumerate() {
            let input = AppSrc::builder()
                .name(format!("{name}-input-{nth}"))
                .caps(caps)
                .format(gst::Format::Time)
                .build();
            input.set_max_bytes(0);
            pipeline.add(&input).map_err(link)?;
            let pad = muxer.request_pad_simple("sink_%u").ok_or(MuxerError::Pad)?;
            input
                .static_pad("src")
                .ok_or(MuxerError::Pad)?
                .link(&pad)
                .map_err(MuxerError::Link)?;
            inputs.push(input);
        }
        Ok(Muxer {
            part,
            inputs,
            _pipeline: Pipeline::play(pipeline, faults)?,
        })
    }

    /// `buffer` has its times from the part's beginning.
    pub fn push(&self, input: usize, buffer: gst::Buffer) -> Result<(), MuxerError> {
        match self.inputs.get(input) {
            Some(input) => input.push_buffer(buffer).map(drop).map_err(MuxerError::Push),
            None => Err(MuxerError::Pad),
        }
    }

    /// Nothing more comes to this input.
    pub fn end(&self, input: usize) -> Result<(), MuxerError> {
        match self.inputs.get(input) {
            Some(input) => input.end_of_stream().map(drop).map_err(MuxerError::Push),
            None => Err(MuxerError::Pad),
        }
    }
}

fn name(part: u32, track: Track) -> String {
    match track {
        Track::Composite => format!("part-{part}"),
        Track::Original(slot) => format!("part-{part}-{}", slot.name()),
    }
}

fn sink(name: &str, part: u32, track: Track, delivery: Arc<dyn Delivery>) -> AppSink {
    let ended = delivery.clone();
    let take = move |sink: &AppSink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let mut bytes = Vec::new();
        let mut starts_fragment = false;
        let mut add = |buffer: &gst::BufferRef| {
            let flags = buffer.flags();
            // Only the header in front of a fragment's first chunk is no delta unit.
            starts_fragment |= flags.contains(gst::BufferFlags::HEADER)
                && !flags.intersects(gst::BufferFlags::DELTA_UNIT | gst::BufferFlags::DISCONT);
            if let Ok(map) = buffer.map_readable() {
                bytes.extend_from_slice(&map);
            }
        };
        if let Some(list) = sample.buffer_list() {
            list.iter().for_each(&mut add);
        } else if let Some(buffer) = sample.buffer() {
            add(buffer);
        }
        let (header, chunk) = sort_boxes(&bytes);
        if !header.is_empty() {
            delivery.deliver(FromMedia::Header { part, track }, header);
        }
        if !chunk.is_empty() {
            delivery.deliver(
                FromMedia::Chunk {
                    part,
                    track,
                    starts_fragment,
                },
                chunk,
            );
        }
        Ok(gst::FlowSuccess::Ok)
    };
    let callbacks = AppSinkCallbacks::builder()
        .new_sample(take)
        .eos(move |_| ended.finished(part, track))
        .build();
    AppSink::builder()
        .name(format!("{name}-output"))
        .buffer_list(true)
        .sync(false)
        .enable_last_sample(false)
        .callbacks(callbacks)
        .build()
}

/// The init header's boxes and the chunk's, in order.
fn sort_boxes(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut header, mut chunk) = (Vec::new(), Vec::new());
    let mut rest = bytes;
    while let Some((length, kind)) = box_head(rest) {
        let (this, after) = rest.split_at(length.clamp(8, rest.len()));
        match kind {
            b"ftyp" | b"moov" => header.extend_from_slice(this),
            b"moof" | b"mdat" => chunk.extend_from_slice(this),
            _ => {}
        }
        rest = after;
    }
    (header, chunk)
}

fn box_head(bytes: &[u8]) -> Option<(usize, &[u8; 4])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let length = match u32::from_be_bytes(*length) {
        1 => usize::try_from(u64::from_be_bytes(*rest.first_chunk::<8>()?)).ok()?,
        short => short as usize,
    };
    Some((length, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_sorted_into_header_and_chunk() {
        let boxed =
            |kind: &[u8; 4], body: &[u8]| [&(8 + body.len() as u32).to_be_bytes()[..], kind, body].concat();
        let all = [
            boxed(b"ftyp", b"a"),
            boxed(b"moov", b"bc"),
            boxed(b"styp", b""),
            boxed(b"moof", b"d"),
            boxed(b"mdat", b"ef"),
        ]
        .concat();
        let (header, chunk) = sort_boxes(&all);
        assert_eq!(header, [boxed(b"ftyp", b"a"), boxed(b"moov", b"bc")].concat());
        assert_eq!(chunk, [boxed(b"moof", b"d"), boxed(b"mdat", b"ef")].concat());
    }
}
