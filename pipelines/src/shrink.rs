//! Makes a camera's frames small for their insert, on the camera's own thread.
//!
//! Asked by `shelf` as a frame is put there: just decoded it is still in the cache, and 150 ms later, when the
//! composer comes for it, it is not (measured: the insert was the larger half of the composer's time). Keeps
//! what lasts from frame to frame. Must never wait for the composer.

use crate::picture::area::AreaScaler;
use crate::picture::{BLACK, Still};
use gst_video::prelude::*;
use gst_video::{VideoFormat, VideoFrameRef, VideoInfo};
use std::collections::VecDeque;
use std::sync::Arc;

/// Width and height in pixels, both even.
pub(crate) type Size = (usize, usize);

/// Small pictures kept for use again: fresh memory costs more than drawing into old.
const KEPT: usize = 12;

#[derive(Default)]
pub(crate) struct Shrinker {
    made_for: Option<(VideoInfo, Size)>,
    /// `None` where the mean by area is not the way from that frame to that size.
    scaler: Option<AreaScaler>,
    recent: VecDeque<Arc<Still>>,
}

impl Shrinker {
    /// `None` when the frame cannot be read, or is not I420 of twice the size or more.
    pub fn shrink(&mut self, buffer: &gst::BufferRef, info: &VideoInfo, size: Size) -> Option<Arc<Still>> {
        self.prepare(info, size);
        let scaler = self.scaler.as_mut()?;
        let frame = VideoFrameRef::from_buffer_ref_readable(buffer, info).ok()?;
        let plane = |nth: usize| {
            let stride = usize::try_from(*frame.plane_stride().get(nth)?).ok()?;
            Some((frame.plane_data(nth as u32).ok()?, stride))
        };
        let planes = [plane(0)?, plane(1)?, plane(2)?];
        let mut still = vacant(&mut self.recent, size);
        scaler.scale(planes, &mut Arc::get_mut(&mut still)?.planes());
        self.recent.push_back(Arc::clone(&still));
        Some(still)
    }

    fn prepare(&mut self, info: &VideoInfo, size: Size) {
        if self
            .made_for
            .as_ref()
            .is_some_and(|made| *made == (info.clone(), size))
        {
            return;
        }
        let source = (info.width() as usize, info.height() as usize);
        self.scaler = (info.format() == VideoFormat::I420)
            .then(|| AreaScaler::new(source, size))
            .flatten();
        self.recent.clear();
        self.made_for = Some((info.clone(), size));
    }
}

/// The oldest picture that nobody shows any more, or a new one.
fn vacant(recent: &mut VecDeque<Arc<Still>>, (width, height): Size) -> Arc<Still> {
    let is_free = recent
        .front_mut()
        .is_some_and(|oldest| Arc::get_mut(oldest).is_some());
    let oldest = if is_free || recent.len() >= KEPT {
        recent.pop_front()
    } else {
        None
    };
    oldest
        .filter(|_| is_free)
        .unwrap_or_else(|| Arc::new(Still::new(width, height, BLACK)))
}
