//! Rasterising text: the typeface with its Chinese glyphs, and lines of text as alpha masks.
//!
//! Used by the overlay and by the slate, both of which draw only when a text changes. Glyphs are kept, so a
//! new second costs a few copies. A character without a glyph shows the typeface's own empty box.

use crate::picture::Mask;
use ab_glyph::{Font, FontVec, PxScale, ScaleFont};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("no typeface with Chinese characters under {}: install fonts-noto-cjk", ROOTS.join(", "))]
    Missing,
    #[error("the typeface {path} could not be read: install fonts-noto-cjk anew")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the typeface {path} is not usable: install fonts-noto-cjk anew")]
    Parse {
        path: PathBuf,
        source: ab_glyph::InvalidFont,
    },
}

const ROOTS: [&str; 3] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/run/current-system/sw/share/fonts",
];

/// Path below a root and the face of simplified Chinese in the collection.
const FACES: [(&str, u32); 6] = [
    ("opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("opentype/noto/NotoSansCJKsc-Regular.otf", 0),
    ("opentype/source-han-sans/SourceHanSansSC-Regular.otf", 0),
    ("truetype/wqy/wqy-microhei.ttc", 0),
];

/// Of the line's height (ascent and descent), what is above the digits and below the descenders.
const TRIM_TOP: f32 = 0.16;
const LINE_HEIGHT_PER_EM: f32 = 1.45;

struct Glyph {
    left: i32,
    top: i32,
    width: usize,
    alpha: Vec<u8>,
    advance: f32,
}

pub(crate) struct Typeface {
    font: FontVec,
    glyphs: HashMap<(char, u32), Glyph>,
}

impl Typeface {
    pub fn find() -> Result<Typeface, TextError> {
        for (path, index) in FACES {
            let found = ROOTS
                .iter()
                .map(|root| Path::new(root).join(path))
                .find(|path| path.is_file());
            let Some(path) = found else { continue };
            let data = std::fs::read(&path).map_err(|source| TextError::Read {
                path: path.clone(),
                source,
            })?;
            let font = FontVec::try_from_vec_and_index(data, index)
                .map_err(|source| TextError::Parse { path, source })?;
            return Ok(Typeface {
                font,
                glyphs: HashMap::new(),
            });
        }
        Err(TextError::Missing)
    }

    /// One line of text on its box; `em` is the height of a Chinese character in pixels. Cut off with an
    /// ellipsis where it would be wider than `max_width`.
    pub fn line(&mut self, text: &str, em: u32, max_width: usize) -> Mask {
        let padding = (em / 3).max(2) as usize;
        let height = ((em as f32 * 1.35) as usize).max(2) & !1;
        let room = max_width.saturating_sub(2 * padding) as f32;
        let shown = self.cut(text, em, room);
        let width: f32 = shown.chars().map(|c| self.glyph(c, em).advance).sum();
        let width = (width.ceil() as usize + 2 * padding + 1) & !1;
        let mut alpha = vec![0u8; width * height];
        let mut pen = padding as f32;
        for c in shown.chars() {
            let glyph = self.glyph(c, em);
            stamp(glyph, pen, &mut alpha, width, height);
            pen += glyph.advance;
        }
        Mask::new(width, height, alpha)
    }

    fn cut(&mut self, text: &str, em: u32, room: f32) -> String {
        let whole: f32 = text.chars().map(|c| self.glyph(c, em).advance).sum();
        if whole <= room {
            return text.to_owned();
        }
        let mut left = room - self.glyph('…', em).advance;
        let mut shown = String::new();
        for c in text.chars() {
            left -= self.glyph(c, em).advance;
            if left < 0.0 {
                break;
            }
            shown.push(c);
        }
        shown.push('…');
        shown
    }

    fn glyph(&mut self, c: char, em: u32) -> &Glyph {
        let font = &self.font;
        self.glyphs
            .entry((c, em))
            .or_insert_with(|| rasterise(font, c, em))
    }
}

fn rasterise(font: &FontVec, c: char, em: u32) -> Glyph {
    let scale = PxScale::from(em as f32 * LINE_HEIGHT_PER_EM);
    let scaled = font.as_scaled(scale);
    let id = scaled.glyph_id(c);
    let advance = scaled.h_advance(id);
    let baseline = scaled.ascent() - em as f32 * TRIM_TOP;
    let placed = id.with_scale_and_position(scale, ab_glyph::point(0.0, baseline));
    let Some(outline) = font.outline_glyph(placed) else {
        return Glyph {
            left: 0,
            top: 0,
            width: 0,
            alpha: Vec::new(),
            advance,
        };
    };
    let bounds = outline.px_bounds();
    let width = bounds.width().ceil() as usize;
    let height = bounds.height().ceil() as usize;
    let mut alpha = vec![0u8; width * height];
    outline.draw(|x, y, coverage| {
        if let Some(pixel) = alpha.get_mut(y as usize * width + x as usize) {
            *pixel = (coverage * 255.0).min(255.0) as u8;
        }
    });
    Glyph {
        left: bounds.min.x as i32,
        top: bounds.min.y as i32,
        width,
        alpha,
        advance,
    }
}

fn stamp(glyph: &Glyph, pen: f32, alpha: &mut [u8], width: usize, height: usize) {
    if glyph.width == 0 {
        return;
    }
    let left = pen.round() as i32 + glyph.left;
    for (row, line) in glyph.alpha.chunks(glyph.width).enumerate() {
        let y = glyph.top + row as i32;
        for (column, coverage) in line.iter().enumerate() {
            let x = left + column as i32;
            let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
                continue;
            };
            if x < width
                && y < height
                && let Some(pixel) = alpha.get_mut(y * width + x)
            {
                *pixel = (*pixel).max(*coverage);
            }
        }
    }
}
