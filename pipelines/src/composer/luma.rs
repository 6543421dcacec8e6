//! How bright a camera's frame is: a look at some 2,000 of its pixels, in whatever format it came.
//!
//! Asked by the stage once a second for the watch for black pictures. Reads the first component alone,
//! where the format says it stands; a format that it cannot read is never called black.

use crate::shelf::Frame;
use gst_video::VideoFrame;
use gst_video::prelude::*;

/// Of 255; `None` for formats whose first component is not luma, or not in whole bytes (tiles, packed bits).
pub(super) fn mean(frame: &Frame) -> Option<u64> {
    let kind = frame.info.format_info();
    if !(kind.is_yuv() || kind.is_gray()) || kind.is_tiled() || kind.is_complex() {
        return None;
    }
    let component = Luma::of(&kind)?;
    let mapped = VideoFrame::from_buffer_readable(frame.buffer.clone(), &frame.info).ok()?;
    let stride = usize::try_from(*mapped.plane_stride().first()?).ok()?;
    let luma = mapped.plane_data(0).ok()?;
    let (width, height) = (mapped.width() as usize, mapped.height() as usize);
    let (step_x, step_y) = ((width / 64).max(1), (height / 36).max(1));
    let (mut sum, mut count) = (0u64, 0u64);
    for row in luma.chunks(stride).take(height).step_by(step_y) {
        for x in (0..width).step_by(step_x) {
            sum += component.at(row, x).unwrap_or_default();
            count += 1;
        }
    }
    sum.checked_div(count)
}

/// Where a row has its luma.
struct Luma {
    offset: usize,
    step: usize,
    depth: u32,
    shift: u32,
    big_endian: bool,
}

impl Luma {
    fn of(kind: &gst_video::VideoFormatInfo) -> Option<Luma> {
        Some(Luma {
            offset: usize::try_from(*kind.poffset().first()?).ok()?,
            step: usize::try_from(*kind.pixel_stride().first()?).ok()?,
            depth: *kind.depth().first()?,
            shift: *kind.shift().first()?,
            big_endian: !kind.is_le(),
        })
    }

    /// The eight highest bits of a pixel.
    fn at(&self, row: &[u8], x: usize) -> Option<u64> {
        let bytes = row.get(self.offset + x * self.step..)?;
        if self.depth <= 8 {
            return bytes.first().map(|byte| u64::from(*byte));
        }
        let word = *bytes.first_chunk::<2>()?;
        let word = match self.big_endian {
            true => u16::from_be_bytes(word),
            false => u16::from_le_bytes(word),
        };
        Some(u64::from(word >> self.shift) >> (self.depth - 8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst_video::{VideoFormat, VideoInfo};

    #[test]
    fn black_and_white_are_told_apart_in_every_format_cameras_bring() {
        gst::init().unwrap();
        use VideoFormat as F;
        for format in [
            F::I420,
            F::Nv12,
            F::Yuy2,
            F::Uyvy,
            F::I42010le,
            F::P01010le,
            F::Gray8,
        ] {
            for (pattern, wanted) in [("black", 16), ("white", 235)] {
                assert_eq!(
                    mean(&frame(format, pattern)),
                    Some(wanted),
                    "{format:?} {pattern}"
                );
            }
        }
    }

    fn frame(format: VideoFormat, pattern: &str) -> Frame {
        let info = VideoInfo::builder(format, 320, 240).build().unwrap();
        let source = format!(
            "videotestsrc num-buffers=1 pattern={pattern} ! {} ! fakesink name=end enable-last-sample=true",
            info.to_caps().unwrap()
        );
        let pipeline = gst::parse::launch(&source)
            .unwrap()
            .downcast::<gst::Pipeline>()
            .unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let bus = pipeline.bus().unwrap();
        bus.timed_pop_filtered(gst::ClockTime::from_seconds(10), &[gst::MessageType::Eos])
            .unwrap();
        let sample: gst::Sample = pipeline.by_name("end").unwrap().property("last-sample");
        pipeline.set_state(gst::State::Null).unwrap();
        Frame::new(0, sample.buffer_owned().unwrap(), info)
    }
}
