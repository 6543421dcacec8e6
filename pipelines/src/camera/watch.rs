//! Whether a picture moves: the watch for frozen cameras.
//!
//! `feed` asks it about every frame that comes. A look at the luma of a whole frame costs a third of a
//! millisecond at 1080p, so a moving picture is looked at twice a second only; a frozen one at every frame,
//! so that it is shown again at once. A real camera's noise makes no two frames equal.

use gst_video::VideoFrameRef;
use gst_video::prelude::*;

/// Unequal to any whole fraction of a second, or a picture that blinks in step would seem to stand still.
const LOOK_EVERY_NS: u64 = 430_000_000;
const FROZEN_AFTER_NS: u64 = 10_000_000_000;

#[derive(Default)]
pub(crate) struct Stillness {
    looked_ns: u64,
    /// What the picture was, and since when it is that.
    same: Option<(u64, u64)>,
    frozen: bool,
}

impl Stillness {
    /// Takes note of a frame seen at `at_ns`; `luma` is called only when it is looked at, and `None` from it
    /// (a frame that cannot be read) leaves everything as it was. True while the picture is frozen.
    pub(crate) fn see(&mut self, at_ns: u64, luma: impl FnOnce() -> Option<u64>) -> bool {
        if !self.frozen && self.same.is_some() && at_ns.saturating_sub(self.looked_ns) < LOOK_EVERY_NS {
            return false;
        }
        self.looked_ns = at_ns;
        if let Some(now) = luma() {
            match self.same {
                Some((before, since_ns)) if before == now => {
                    self.frozen = at_ns.saturating_sub(since_ns) >= FROZEN_AFTER_NS;
                }
                Some(_) | None => {
                    self.same = Some((now, at_ns));
                    self.frozen = false;
                }
            }
        }
        self.frozen
    }

    pub(crate) fn frozen(&self) -> bool {
        self.frozen
    }
}

/// A digest of every visible byte of the first plane; not for evidence, only to tell frames apart.
pub(crate) fn luma_digest(buffer: &gst::BufferRef, info: &gst_video::VideoInfo) -> Option<u64> {
    let frame = VideoFrameRef::from_buffer_ref_readable(buffer, info).ok()?;
    let stride = usize::try_from(*frame.plane_stride().first()?)
        .ok()
        .filter(|s| *s > 0)?;
    let width = (frame.comp_width(0) as usize * usize::try_from(frame.comp_pstride(0)).ok()?).min(stride);
    let rows = frame
        .plane_data(0)
        .ok()?
        .chunks(stride)
        .take(frame.height() as usize);
    Some(rows.fold(0, |digest, row| {
        row_digest(digest, row.get(..width).unwrap_or(row))
    }))
}

fn row_digest(digest: u64, row: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut lanes = [digest, 1, 2, 3];
    let mut blocks = row.chunks_exact(32);
    for block in &mut blocks {
        for (lane, bytes) in lanes.iter_mut().zip(block.chunks_exact(8)) {
            let word = bytes
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte));
            *lane = (lane.rotate_left(23) ^ word).wrapping_mul(FACTOR);
        }
    }
    let tail = blocks
        .remainder()
        .iter()
        .fold(0, |sum: u64, b| sum.wrapping_mul(257) + u64::from(*b));
    lanes.iter().fold(tail, |all, lane| {
        (all.rotate_left(23) ^ lane).wrapping_mul(FACTOR)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_NS: u64 = 40_000_000;

    #[test]
    fn ten_seconds_of_the_same_picture_are_frozen_and_the_first_other_one_is_not() {
        let mut stillness = Stillness::default();
        let mut looks = 0;
        let frozen_at = (0..500u64).find(|n| {
            stillness.see(n * FRAME_NS, || {
                looks += 1;
                Some(7)
            })
        });
        assert!((250..=261).contains(&frozen_at.unwrap()), "{frozen_at:?}");
        assert!(looks < 30, "{looks} looks in ten seconds");
        assert!(stillness.see(300 * FRAME_NS, || Some(7)));
        assert!(!stillness.see(301 * FRAME_NS, || Some(8)));
    }

    #[test]
    fn a_picture_that_moves_a_little_is_never_frozen() {
        let mut stillness = Stillness::default();
        assert!((0..2_000u64).all(|n| !stillness.see(n * FRAME_NS, || Some(n / 200))));
    }

    #[test]
    fn one_pixel_makes_another_digest_and_padding_does_not() {
        gst::init().unwrap();
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, 101, 50)
            .build()
            .unwrap();
        let digest = |x: usize| {
            let mut bytes = vec![16u8; info.size()];
            bytes[x] = 17;
            luma_digest(gst::Buffer::from_slice(bytes).as_ref(), &info).unwrap()
        };
        let stride = info.stride()[0] as usize;
        assert_ne!(digest(0), digest(1));
        assert_ne!(digest(100), digest(stride + 100));
        assert_eq!(
            digest(101),
            digest(stride + 102),
            "bytes beyond the width are not picture"
        );
    }
}
