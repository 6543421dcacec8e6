//! Puts one camera's frame into its rectangle of the composed picture.
//!
//! The same size and format is one plain copy of the planes; at half the size or less it is the mean by area,
//! kept to be placed again while no new frame comes; everything else goes through a converter that writes
//! straight into the destination. Whichever is kept as long as source and rectangle stay the same. Colour
//! matrices are never converted: it would cost more than all the rest, for a shift that nobody sees.

use super::area::AreaScaler;
use super::picture::{BLACK, Planes, Rect, Still};
use gst_video::prelude::*;
use gst_video::video_frame::{Readable, Writable};
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
    way: Way,
}

enum Way {
    Area(Box<Shrunk>),
    Converter(VideoConverter),
}

/// A frame made smaller, and which frame that was.
struct Shrunk {
    scaler: AreaScaler,
    still: Still,
    of: Option<gst::Buffer>,
}

impl Shrunk {
    /// `None` when this is not a case for the mean by area.
    fn new(source: &VideoInfo, target: &VideoInfo, rect: Rect) -> Option<Shrunk> {
        let formats = [source.format(), target.format()];
        if formats != [gst_video::VideoFormat::I420; 2] {
            return None;
        }
        let size = (source.width() as usize, source.height() as usize);
        Some(Shrunk {
            scaler: AreaScaler::new(size, (rect.width, rect.height))?,
            still: Still::new(rect.width, rect.height, BLACK),
            of: None,
        })
    }

    fn take(&mut self, buffer: &gst::Buffer, frame: &VideoFrame<Readable>) -> Result<(), ScaleError> {
        if self.of.as_ref().is_some_and(|of| of.as_ptr() == buffer.as_ptr()) {
            return Ok(());
        }
        let strides = frame.plane_stride();
        let plane = |nth: usize| {
            let stride = strides.get(nth).and_then(|stride| usize::try_from(*stride).ok());
            let data = frame.plane_data(nth as u32).ok();
            data.zip(stride)
                .ok_or_else(|| ScaleError::Map(describe(frame.info())))
        };
        let planes = [plane(0)?, plane(1)?, plane(2)?];
        self.scaler.scale(planes, &mut self.still.planes());
        self.of = Some(buffer.clone());
        Ok(())
    }
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
        match &mut self.cached.insert(cached).way {
            Way::Area(shrunk) => {
                shrunk.take(buffer, &frame)?;
                if let Some(mut planes) = Planes::of(picture) {
                    planes.place(rect.x, rect.y, &shrunk.still);
                }
            }
            Way::Converter(converter) => converter.frame(&frame, picture),
        }
        Ok(())
    }
}

fn describe(info: &VideoInfo) -> String {
    format!("{} {}×{}", info.format(), info.width(), info.height())
}

fn prepare(source: &VideoInfo, target: &VideoInfo, rect: Rect) -> Result<Cached, ScaleError> {
    let way = match Shrunk::new(source, target, rect) {
        Some(shrunk) => Way::Area(Box::new(shrunk)),
        None => Way::Converter(converter(source, target, rect)?),
    };
    Ok(Cached {
        source: source.clone(),
        rect,
        way,
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
