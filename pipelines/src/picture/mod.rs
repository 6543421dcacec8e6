//! Drawing into I420 pictures in place: fills, borders, copies and text masks on plain planes.
//!
//! Used by the composer on its pooled buffers, by the slate on its own picture, and by the shelves on small ones. Every rectangle lies on
//! even coordinates, so that luma and chroma agree; what lies outside the picture is cut off, never a panic.

pub(crate) mod area;

/// Pixels; all four even.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rect {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Rect {
    pub fn even(x: usize, y: usize, width: usize, height: usize) -> Rect {
        Rect {
            x: x & !1,
            y: y & !1,
            width: width & !1,
            height: height & !1,
        }
    }

    fn halved(self) -> Rect {
        Rect {
            x: self.x / 2,
            y: self.y / 2,
            width: self.width / 2,
            height: self.height / 2,
        }
    }
}

pub(crate) struct Plane<'a> {
    pub data: &'a mut [u8],
    pub stride: usize,
    pub width: usize,
    pub height: usize,
}

impl Plane<'_> {
    /// The part of each row that lies in `rect`, with the row's number from the rectangle's top.
    fn rows(&mut self, rect: Rect) -> impl Iterator<Item = (usize, &mut [u8])> {
        let x = rect.x.min(self.width);
        let width = rect.width.min(self.width - x);
        let height = rect.height.min(self.height.saturating_sub(rect.y));
        self.data
            .chunks_mut(self.stride)
            .skip(rect.y)
            .take(height)
            .enumerate()
            .filter_map(move |(row, data)| data.get_mut(x..x + width).map(|data| (row, data)))
    }

    fn fill(&mut self, rect: Rect, value: u8) {
        for (_, row) in self.rows(rect) {
            row.fill(value);
        }
    }

    fn copy(&mut self, rect: Rect, source: &[u8], stride: usize) {
        for (row, to) in self.rows(rect) {
            if let Some(from) = source.get(row * stride..row * stride + to.len()) {
                to.copy_from_slice(from);
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Colour {
    pub y: u8,
    pub u: u8,
    pub v: u8,
}

pub(crate) const BLACK: Colour = Colour {
    y: 16,
    u: 128,
    v: 128,
};
pub(crate) const LIGHT: Colour = Colour {
    y: 190,
    u: 128,
    v: 128,
};

/// A picture to draw into, wherever its bytes are.
pub(crate) struct Planes<'a> {
    pub y: Plane<'a>,
    pub u: Plane<'a>,
    pub v: Plane<'a>,
}

impl<'a> Planes<'a> {
    /// `None` when the frame is not I420.
    pub fn of(frame: &'a mut gst_video::VideoFrame<gst_video::video_frame::Writable>) -> Option<Planes<'a>> {
        use gst_video::prelude::*;
        if frame.format() != gst_video::VideoFormat::I420 {
            return None;
        }
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let strides: Vec<usize> = frame
            .plane_stride()
            .iter()
            .filter_map(|stride| usize::try_from(*stride).ok())
            .collect();
        let &[y_stride, u_stride, v_stride] = strides.as_slice() else {
            return None;
        };
        let [y, u, v, _] = frame.planes_data_mut();
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        Some(Planes {
            y: Plane {
                data: y,
                stride: y_stride,
                width,
                height,
            },
            u: Plane {
                data: u,
                stride: u_stride,
                width: half_width,
                height: half_height,
            },
            v: Plane {
                data: v,
                stride: v_stride,
                width: half_width,
                height: half_height,
            },
        })
    }

    pub fn fill(&mut self, rect: Rect, colour: Colour) {
        self.y.fill(rect, colour.y);
        self.u.fill(rect.halved(), colour.u);
        self.v.fill(rect.halved(), colour.v);
    }

    /// Fills what of `area` is not in `inside`.
    pub fn fill_around(&mut self, area: Rect, inside: Rect, colour: Colour) {
        let right = inside.x + inside.width;
        let bottom = inside.y + inside.height;
        self.fill(
            Rect {
                height: inside.y.saturating_sub(area.y),
                ..area
            },
            colour,
        );
        let below = (area.y + area.height).saturating_sub(bottom);
        self.fill(
            Rect {
                y: bottom,
                height: below,
                ..area
            },
            colour,
        );
        let beside = Rect {
            y: inside.y,
            height: inside.height,
            ..area
        };
        self.fill(
            Rect {
                width: inside.x.saturating_sub(area.x),
                ..beside
            },
            colour,
        );
        self.fill(
            Rect {
                x: right,
                width: (area.x + area.width).saturating_sub(right),
                ..beside
            },
            colour,
        );
    }

    /// Two pixels wide, just inside `rect`.
    pub fn border(&mut self, rect: Rect, colour: Colour) {
        let inside = Rect {
            x: rect.x + 2,
            y: rect.y + 2,
            width: rect.width.saturating_sub(4),
            height: rect.height.saturating_sub(4),
        };
        self.fill_around(rect, inside, colour);
    }

    pub fn place(&mut self, x: usize, y: usize, still: &Still) {
        let rect = Rect::even(x, y, still.width, still.height);
        self.y.copy(rect, &still.y, still.width);
        self.u.copy(rect.halved(), &still.u, still.width / 2);
        self.v.copy(rect.halved(), &still.v, still.width / 2);
    }

    /// White text on a darkened box: `mask` covers the box, 255 where the text is.
    pub fn text(&mut self, x: usize, y: usize, mask: &Mask) {
        let rect = Rect::even(x, y, mask.width, mask.height);
        for (row, luma) in self.y.rows(rect) {
            let alpha = mask.luma.get(row * mask.width..).unwrap_or_default();
            // Nothing here exceeds sixteen bits, which is twice as many pixels at once as with 32.
            for (pixel, alpha) in luma.iter_mut().zip(alpha) {
                let dark = (u16::from(*pixel).wrapping_mul(90) >> 8).wrapping_add(12);
                let light = WHITE.wrapping_sub(dark).wrapping_mul(u16::from(*alpha)) >> 8;
                *pixel = dark.wrapping_add(light) as u8;
            }
        }
        for plane in [&mut self.u, &mut self.v] {
            for (row, chroma) in plane.rows(rect.halved()) {
                let keep = mask.chroma.get(row * (mask.width / 2)..).unwrap_or_default();
                for (pixel, keep) in chroma.iter_mut().zip(keep) {
                    let away = (i16::from(*pixel) - 128).wrapping_mul(i16::from(*keep)) >> 8;
                    *pixel = away.wrapping_add(128) as u8;
                }
            }
        }
    }
}

const WHITE: u16 = 235;
/// How much colour the darkened box keeps where there is no text, of 256.
const COLOUR_KEPT: u32 = 90;

/// Rasterised text with its box; width and height even.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mask {
    pub width: usize,
    pub height: usize,
    luma: Vec<u8>,
    /// What remains of the colour, per 2 × 2 pixels, of 256.
    chroma: Vec<u8>,
}

impl Mask {
    pub fn new(width: usize, height: usize, luma: Vec<u8>) -> Mask {
        let (width, height) = (width & !1, height & !1);
        let mut chroma = Vec::with_capacity(width * height / 4);
        for y in (0..height).step_by(2) {
            for x in (0..width).step_by(2) {
                let at = |x: usize, y: usize| luma.get(y * width + x).map_or(0, |a| u32::from(*a));
                let alpha = (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4;
                chroma.push((COLOUR_KEPT * (255 - alpha) / 255) as u8);
            }
        }
        Mask {
            width,
            height,
            luma,
            chroma,
        }
    }
}

/// A picture of our own, drawn seldom and placed often.
pub(crate) struct Still {
    pub width: usize,
    pub height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl Still {
    pub fn new(width: usize, height: usize, colour: Colour) -> Still {
        let (width, height) = (width & !1, height & !1);
        let quarter = width * height / 4;
        Still {
            width,
            height,
            y: vec![colour.y; width * height],
            u: vec![colour.u; quarter],
            v: vec![colour.v; quarter],
        }
    }

    pub fn planes(&mut self) -> Planes<'_> {
        let (width, height) = (self.width, self.height);
        let (half_width, half_height) = (width / 2, height / 2);
        Planes {
            y: Plane {
                data: &mut self.y,
                stride: width.max(1),
                width,
                height,
            },
            u: Plane {
                data: &mut self.u,
                stride: half_width.max(1),
                width: half_width,
                height: half_height,
            },
            v: Plane {
                data: &mut self.v,
                stride: half_width.max(1),
                width: half_width,
                height: half_height,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_beyond_the_picture_is_cut_off() {
        let mut still = Still::new(64, 36, BLACK);
        let mut planes = still.planes();
        planes.fill(Rect::even(60, 30, 100, 100), LIGHT);
        planes.text(50, 30, &Mask::new(40, 20, vec![255; 800]));
        planes.place(62, 34, &Still::new(64, 36, LIGHT));
        planes.border(Rect::even(0, 0, 64, 36), LIGHT);
        assert_eq!(still.y[0], LIGHT.y);
        assert_eq!(still.y[10 * 64 + 10], BLACK.y);
    }

    #[test]
    fn text_is_white_on_a_darkened_box_and_loses_its_colour() {
        let mut still = Still::new(
            8,
            4,
            Colour {
                y: 200,
                u: 60,
                v: 200,
            },
        );
        let mut alpha = vec![0; 32];
        alpha[0..2].fill(255);
        alpha[8..10].fill(255);
        still.planes().text(0, 0, &Mask::new(8, 4, alpha));
        assert!(still.y[0] > 225 && still.y[4] < 90);
        assert!((120..136).contains(&still.u[0]));
        assert!(still.u[2] > 60 && still.v[2] < 200);
    }
}
