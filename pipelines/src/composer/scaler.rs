//! Puts one camera's frame into its rectangle of the composed picture.
//!
//! The same size and format is one plain copy of the planes; everything else goes through a converter that
//! writes straight into the destination and is kept as long as source and rectangle stay the same. Frames
//! that come small already (`shrink`) never come here. Colour matrices are never converted: it would cost more than all the rest, for a shift that nobody sees.

use crate::picture::Rect;
use gst_video::prelude::*;
use gst_video::video_frame::Writable;
use gst_video::{VideoConverter, VideoConverterConfig, VideoFrame, VideoInfo};

/// Taps of the resampler: left to itself it takes six for a 720p insert, and twice the time (measured); with
/// two an insert flickers.
const TAPS: u32 = 3;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ScaleError {
    #[error("a frame's memory cannot be read as {0}")]
    Map(String),
    #[error("no conversion from {from} to the composed picture")]
    Convert {
        from: String,
        source: gst::glib::BoolError,
    },
    #[error("a frame could not be copied")]
    Copy(#[source] gst::glib::BoolError),
}

struct Cached {
    source: VideoInfo,
    rect: Rect,
    converter: VideoConverter,
}

/// One per place in the layout.
#[derive(Default)]
pub(crate) struct Scaler {
    cached: Option<Cached>,
}

impl Scaler {
    pub fn place(
        &mut self,
        buffer: &gst::Buffer,
        source: &VideoInfo,
        rect: Rect,
        picture: &mut VideoFrame<Writable>,
    ) -> Result<(), ScaleError> {
        let frame = VideoFrame::from_buffer_readable(buffer.clone(), source)
            .map_err(|_| ScaleError::Map(describe(source)))?;
        let info = picture.info();
        let same_size = (source.width(), source.height()) == (info.width(), info.height());
        let whole = (rect.width, rect.height) == (info.width() as usize, info.height() as usize);
        if same_size && whole && source.format() == info.format() {
            return frame.copy(picture).map_err(ScaleError::Copy);
        }
        let cached = match self.cached.take() {
            Some(cached) if cached.rect == rect && cached.source == *source => cached,
            Some(_) | None => prepare(source, info, rect)?,
        };
        self.cached.insert(cached).converter.frame(&frame, picture);
        Ok(())
    }
}

fn describe(info: &VideoInfo) -> String {
    format!("{} {}×{}", info.format(), info.width(), info.height())
}

fn prepare(source: &VideoInfo, target: &VideoInfo, rect: Rect) -> Result<Cached, ScaleError> {
    Ok(Cached {
        source: source.clone(),
        rect,
        converter: converter(source, target, rect)?,
    })
}

fn converter(source: &VideoInfo, target: &VideoInfo, rect: Rect) -> Result<VideoConverter, ScaleError> {
    let mut config = VideoConverterConfig::new();
    config.set_dest_x(rect.x as i32);
    config.set_dest_y(rect.y as i32);
    config.set_dest_width(Some(rect.width as i32));
    config.set_dest_height(Some(rect.height as i32));
    config.set_fill_border(false);
    config.set_threads(1);
    config.set_resampler_method(gst_video::VideoResamplerMethod::Linear);
    config.set_resampler_taps(TAPS);
    config.set_chroma_mode(gst_video::VideoChromaMode::None);
    config.set_matrix_mode(gst_video::VideoMatrixMode::None);
    config.set_gamma_mode(gst_video::VideoGammaMode::None);
    config.set_primaries_mode(gst_video::VideoPrimariesMode::None);
    config.set_dither_method(gst_video::VideoDitherMethod::None);
    VideoConverter::new(source, target, Some(config)).map_err(|error| ScaleError::Convert {
        from: describe(source),
        source: error,
    })
}
