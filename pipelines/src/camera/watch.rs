//! Whether a picture moves: the watch for frozen cameras.
//!
//! `feed` asks it about every frame that comes. A look at the luma of a whole frame costs a third of a
//! millisecond at 1080p, so a moving picture is looked at twice a second only, and whole only when some of its
//! rows are as before; a frozen one at every frame, so that it is shown again at once. A real camera's noise
//! makes no two frames equal.

use gst_video::VideoFrameRef;
use gst_video::prelude::*;

/// Unequal to any whole fraction of a second, or a picture that blinks in step would seem to stand still.
const LOOK_EVERY_NS: u64 = 430_000_000;
const FROZEN_AFTER_NS: u64 = 10_000_000_000;

/// Of every so many rows the one that is looked at first.
const SOME_ROWS: usize = 8;

/// What a frame looks like: digests, not for evidence, only to tell frames apart.
pub(crate) trait Likeness {
    fn of_some_rows(&self) -> u64;
    fn of_all_rows(&self) -> u64;
}

/// What a picture is since when. The whole of it is known from its second look on, when it is seen to stay.
struct Same {
    some_rows: u64,
    all_rows: Option<u64>,
    since_ns: u64,
}

#[derive(Default)]
pub(crate) struct Stillness {
    looked_ns: u64,
    same: Option<Same>,
    frozen: bool,
}

impl Stillness {
    /// Takes note of a frame seen at `at_ns`; `look` is called only when it is looked at, and `None` from it
    /// (a frame that cannot be read) leaves everything as it was. True while the picture is frozen.
    pub(crate) fn see<L: Likeness>(&mut self, at_ns: u64, look: impl FnOnce() -> Option<L>) -> bool {
        if !self.frozen && self.same.is_some() && at_ns.saturating_sub(self.looked_ns) < LOOK_EVERY_NS {
            return false;
        }
        self.looked_ns = at_ns;
        if let Some(now) = look() {
            self.frozen = self.compare(at_ns, &now);
        }
        self.frozen
    }

    fn compare(&mut self, at_ns: u64, now: &impl Likeness) -> bool {
        let some_rows = now.of_some_rows();
        let mut all_rows = None;
        if let Some(same) = self.same.as_mut().filter(|same| same.some_rows == some_rows) {
            let all = now.of_all_rows();
            if *same.all_rows.get_or_insert(all) == all {
                return at_ns.saturating_sub(same.since_ns) >= FROZEN_AFTER_NS;
            }
            all_rows = Some(all);
        }
        self.same = Some(Same {
            some_rows,
            all_rows,
            since_ns: at_ns,
        });
        false
    }

    pub(crate) fn frozen(&self) -> bool {
        self.frozen
    }
}

/// The visible bytes of a frame's first plane.
pub(crate) struct Luma<'a> {
    frame: VideoFrameRef<&'a gst::BufferRef>,
    stride: usize,
    width: usize,
}

/// To be asked for digests; `None` when the frame cannot be read.
pub(crate) fn luma_digest<'a>(buffer: &'a gst::BufferRef, info: &gst_video::VideoInfo) -> Option<Luma<'a>> {
    let frame = VideoFrameRef::from_buffer_ref_readable(buffer, info).ok()?;
    let stride = usize::try_from(*frame.plane_stride().first()?).ok()?;
    let width = frame.comp_width(0) as usize * usize::try_from(frame.comp_pstride(0)).ok()?;
    frame.plane_data(0).ok().filter(|_| stride > 0)?;
    Some(Luma {
        frame,
        stride,
        width: width.min(stride),
    })
}

impl Luma<'_> {
    fn digest(&self, every: usize) -> u64 {
        let data = self.frame.plane_data(0).unwrap_or_default();
        let rows = data
            .chunks(self.stride)
            .take(self.frame.height() as usize)
            .step_by(every);
        rows.fold(0, |digest, row| {
            row_digest(digest, row.get(..self.width).unwrap_or(row))
        })
    }
}

impl Likeness for Luma<'_> {
    fn of_some_rows(&self) -> u64 {
        self.digest(SOME_ROWS)
    }

    fn of_all_rows(&self) -> u64 {
        self.digest(1)
    }
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

    /// Digests of some rows and of all.
    impl Likeness for (u64, u64) {
        fn of_some_rows(&self) -> u64 {
            self.0
        }

        fn of_all_rows(&self) -> u64 {
            self.1
        }
    }

    #[test]
    fn ten_seconds_of_the_same_picture_are_frozen_and_the_first_other_one_is_not() {
        let mut stillness = Stillness::default();
        let mut looks = 0;
        let frozen_at = (0..500u64).find(|n| {
            stillness.see(n * FRAME_NS, || {
                looks += 1;
                Some((7, 7))
            })
        });
        assert!((250..=261).contains(&frozen_at.unwrap()), "{frozen_at:?}");
        assert!(looks < 30, "{looks} looks in ten seconds");
        assert!(stillness.see(300 * FRAME_NS, || Some((7, 7))));
        assert!(!stillness.see(301 * FRAME_NS, || Some((7, 8))));
    }

    #[test]
    fn a_picture_that_moves_a_little_is_never_frozen() {
        let mut stillness = Stillness::default();
        assert!((0..2_000u64).all(|n| !stillness.see(n * FRAME_NS, || Some((n / 200, 1)))));
        let mut stillness = Stillness::default();
        assert!((0..2_000u64).all(|n| !stillness.see(n * FRAME_NS, || Some((1, n / 200)))));
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
            let buffer = gst::Buffer::from_slice(bytes);
            luma_digest(&buffer, &info).unwrap().of_all_rows()
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
