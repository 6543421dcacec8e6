//! Makes pictures smaller by area: each pixel is the mean of the source's area that it covers.
//!
//! Used by `shrink` for I420 inserts at half the size or less: rows are summed with their weights first, all columns side by side, then columns. Exact
//! on flat areas; nothing of the source is skipped, so that nothing flickers. Must never grow a picture.

use super::{Plane, Planes};

/// Weights of a pixel's rows, and of its columns, add up to this: what sums there is fits sixteen bits.
const ONE: usize = 128;
const SHIFT: u32 = 14;
const HALF: i32 = 1 << (SHIFT - 1);
/// Below, a mean is soft; beyond, weights of one in 128 are too coarse.
const LEAST: usize = 2;
const MOST: usize = 16;
/// Longest list of weights: a cover of 16 may touch 17.
const LONGEST: usize = 20;

/// Which pixels of the source one row or column is made of, and how much of each.
struct Cover {
    first: usize,
    weights: [u16; LONGEST],
}

/// Covers of a whole axis; each has `taps` weights, of which the last may be 0.
struct Axis {
    source: usize,
    taps: usize,
    covers: Vec<Cover>,
}

impl Axis {
    fn new(source: usize, target: usize) -> Option<Axis> {
        if target == 0 || source < LEAST * target || source > MOST * target {
            return None;
        }
        let covers: Vec<Cover> = (0..target).map(|at| cover(source, target, at)).collect();
        let needed = covers.iter().map(|c| c.weights.iter().rposition(|w| *w > 0));
        let longest = needed.flatten().max()? + 1;
        Some(Axis {
            source,
            taps: longest.next_multiple_of(4),
            covers,
        })
    }
}

/// In units of 1/target of a source pixel, pixel `at` covers `[at·source, (at+1)·source)`. Weights are
/// differences of a rounded running sum, so that they add up to `ONE` whatever the ratio.
fn cover(source: usize, target: usize, at: usize) -> Cover {
    let (from, until) = (at * source, (at + 1) * source);
    let first = from / target;
    let mut weights = [0; LONGEST];
    let mut before = 0;
    for (nth, weight) in weights.iter_mut().enumerate() {
        let covered = ((first + nth + 1) * target).clamp(from, until) - from;
        let sum = (covered * ONE + source / 2) / source;
        *weight = (sum - before) as u16;
        before = sum;
    }
    Cover { first, weights }
}

/// Four pixels of a row, each made of four columns of sums.
struct Four {
    firsts: [u32; 4],
    weights: [[i16; 4]; 4],
}

impl Four {
    fn new(covers: &[Cover; 4]) -> Four {
        let weights = |cover: &Cover| std::array::from_fn(|nth| cover.weights[nth] as i16);
        Four {
            firsts: covers.each_ref().map(|cover| cover.first as u32),
            weights: covers.each_ref().map(weights),
        }
    }

    fn sums<'a>(&self, sums: &'a [i16]) -> Option<[&'a [i16; 4]; 4]> {
        let at = |nth: usize| sums.get(self.firsts[nth] as usize..)?.first_chunk::<4>();
        Some([at(0)?, at(1)?, at(2)?, at(3)?])
    }
}

struct PlaneScaler {
    columns: Axis,
    /// The columns once more, when four weights are enough for each: the usual case, and most of the work.
    fours: Vec<Four>,
    rows: Axis,
    /// One row of sums, with zeros behind it for the last column's unused weights.
    sums: Vec<i16>,
}

impl PlaneScaler {
    fn new(source: (usize, usize), target: (usize, usize)) -> Option<PlaneScaler> {
        let columns = Axis::new(source.0, target.0)?;
        let fours = if columns.taps == 4 {
            columns.covers.as_chunks::<4>().0.iter().map(Four::new).collect()
        } else {
            Vec::new()
        };
        Some(PlaneScaler {
            columns,
            fours,
            rows: Axis::new(source.1, target.1)?,
            sums: vec![0; source.0 + LONGEST],
        })
    }

    fn scale(&mut self, source: &[u8], stride: usize, target: &mut Plane<'_>) {
        let width = self.columns.source;
        let row = |at: usize| source.get(at * stride..).and_then(|data| data.get(..width));
        for (cover, to) in self.rows.covers.iter().zip(target.data.chunks_mut(target.stride)) {
            for (nth, weights) in cover.weights.chunks_exact(4).take(self.rows.taps / 4).enumerate() {
                let first = cover.first + 4 * nth;
                // A row without weight may lie beyond the picture.
                let rows = [0, 1, 2, 3].map(|i| row(first + i).or_else(|| row(first)).unwrap_or_default());
                let sums = self.sums.get_mut(..width).unwrap_or_default();
                if nth == 0 {
                    weigh_rows::<false>(sums, rows, weights);
                } else {
                    weigh_rows::<true>(sums, rows, weights);
                }
            }
            self.mean(to);
        }
    }

    /// One row of the target from one row of sums.
    fn mean(&self, to: &mut [u8]) {
        for (four, pixels) in self.fours.iter().zip(to.as_chunks_mut::<4>().0) {
            if let Some(sums) = four.sums(&self.sums) {
                *pixels = mean_four(sums, &four.weights);
            }
        }
        let done = 4 * self.fours.len();
        let covers = self.columns.covers.get(done..).unwrap_or_default();
        let to = to.get_mut(done..).unwrap_or_default();
        match self.columns.taps {
            4 => mean_columns::<4>(covers, &self.sums, to),
            8 => mean_columns::<8>(covers, &self.sums, to),
            _ => mean_columns::<LONGEST>(covers, &self.sums, to),
        }
    }
}

/// Four rows with their weights, added to what stands in `sums` or in place of it.
fn weigh_rows<const ADD: bool>(sums: &mut [i16], rows: [&[u8]; 4], weights: &[u16]) {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just asked for it.
        return unsafe { weigh_rows_avx2::<ADD>(sums, rows, weights) };
    }
    weigh_rows_plain::<ADD>(sums, rows, weights);
}

/// The same, compiled for sixteen columns at once.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn weigh_rows_avx2<const ADD: bool>(sums: &mut [i16], rows: [&[u8]; 4], weights: &[u16]) {
    weigh_rows_plain::<ADD>(sums, rows, weights);
}

/// Never overflows, since all weights of a pixel add up to 128; said by `wrapping`, which keeps it eight or
/// more columns at once in every build.
#[inline(always)]
fn weigh_rows_plain<const ADD: bool>(sums: &mut [i16], [a, b, c, d]: [&[u8]; 4], weights: &[u16]) {
    let &[wa, wb, wc, wd] = weights else { return };
    let columns = sums.iter_mut().zip(a).zip(b).zip(c).zip(d);
    for ((((sum, a), b), c), d) in columns {
        let weighed = |value: &u8, weight: u16| u16::from(*value).wrapping_mul(weight);
        let (upper, lower) = (
            weighed(a, wa).wrapping_add(weighed(b, wb)),
            weighed(c, wc).wrapping_add(weighed(d, wd)),
        );
        let whole = upper.wrapping_add(lower) as i16;
        *sum = if ADD { sum.wrapping_add(whole) } else { whole };
    }
}

fn mean_columns<const TAPS: usize>(covers: &[Cover], sums: &[i16], to: &mut [u8]) {
    for (cover, pixel) in covers.iter().zip(to) {
        let sums = sums
            .get(cover.first..)
            .and_then(|sums| sums.first_chunk::<TAPS>());
        let (Some(sums), Some(weights)) = (sums, cover.weights.first_chunk::<TAPS>()) else {
            continue;
        };
        let products = sums.iter().zip(weights);
        let whole: i32 = products
            .map(|(sum, weight)| i32::from(*sum) * i32::from(*weight as i16))
            .sum();
        *pixel = ((whole + HALF) >> SHIFT) as u8;
    }
}

#[cfg(target_arch = "x86_64")]
fn mean_four(sums: [&[i16; 4]; 4], weights: &[[i16; 4]; 4]) -> [u8; 4] {
    // SAFETY: every processor of this architecture has SSE2.
    unsafe { mean_four_sse2(sums, weights) }
}

/// Written out, since the compiler does not find it by itself and it takes a third off a frame's time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn mean_four_sse2(sums: [&[i16; 4]; 4], weights: &[[i16; 4]; 4]) -> [u8; 4] {
    use std::arch::x86_64::*;
    let bits = |of: &[i16; 4]| {
        of.iter()
            .rev()
            .fold(0, |bits, value| bits << 16 | i64::from(*value as u16))
    };
    let products = |one: usize, two: usize| {
        let sums = _mm_set_epi64x(bits(sums[two]), bits(sums[one]));
        let weights = _mm_set_epi64x(bits(&weights[two]), bits(&weights[one]));
        _mm_castsi128_ps(_mm_madd_epi16(sums, weights))
    };
    let (upper, lower) = (products(0, 1), products(2, 3));
    let even = _mm_castps_si128(_mm_shuffle_ps::<0b10_00_10_00>(upper, lower));
    let odd = _mm_castps_si128(_mm_shuffle_ps::<0b11_01_11_01>(upper, lower));
    let whole = _mm_add_epi32(_mm_add_epi32(even, odd), _mm_set1_epi32(HALF));
    let words = _mm_packs_epi32(_mm_srai_epi32::<{ SHIFT as i32 }>(whole), _mm_setzero_si128());
    _mm_cvtsi128_si32(_mm_packus_epi16(words, words)).to_le_bytes()
}

#[cfg(not(target_arch = "x86_64"))]
fn mean_four(sums: [&[i16; 4]; 4], weights: &[[i16; 4]; 4]) -> [u8; 4] {
    std::array::from_fn(|nth| {
        let products = sums[nth].iter().zip(&weights[nth]);
        let whole: i32 = products
            .map(|(sum, weight)| i32::from(*sum) * i32::from(*weight))
            .sum();
        ((whole + HALF) >> SHIFT) as u8
    })
}

/// For one size of source and one of target.
pub(crate) struct AreaScaler {
    luma: PlaneScaler,
    chroma: PlaneScaler,
}

impl AreaScaler {
    /// `None` where the target is not between a half and a sixteenth of the source both ways.
    pub fn new(source: (usize, usize), target: (usize, usize)) -> Option<AreaScaler> {
        let half = |(width, height): (usize, usize)| (width.div_ceil(2), height.div_ceil(2));
        Some(AreaScaler {
            luma: PlaneScaler::new(source, target)?,
            chroma: PlaneScaler::new(half(source), half(target))?,
        })
    }

    /// `source` holds each plane's bytes and stride; what is missing of it leaves the target as it was.
    pub fn scale(&mut self, source: [(&[u8], usize); 3], target: &mut Planes<'_>) {
        let [y, u, v] = source;
        self.luma.scale(y.0, y.1, &mut target.y);
        self.chroma.scale(u.0, u.1, &mut target.u);
        self.chroma.scale(v.0, v.1, &mut target.v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(source: &[u8], stride: usize, from: (usize, usize), to: (usize, usize)) -> Vec<u8> {
        let mut data = vec![0; to.0 * to.1];
        let mut plane = Plane {
            data: &mut data,
            stride: to.0,
            width: to.0,
            height: to.1,
        };
        let mut scaler = PlaneScaler::new(from, to).expect("not a size for this scaler");
        scaler.scale(source, stride, &mut plane);
        data
    }

    /// The mean of the covered area, by fractions.
    fn mean(
        source: &[u8],
        stride: usize,
        from: (usize, usize),
        to: (usize, usize),
        x: usize,
        y: usize,
    ) -> f64 {
        let shares = |from: usize, to: usize, at: usize| {
            let ratio = from as f64 / to as f64;
            let (begin, end) = (at as f64 * ratio, (at + 1) as f64 * ratio);
            (begin as usize..from.min(end.ceil() as usize)).map(move |i| {
                (
                    i,
                    (end.min(i as f64 + 1.0) - begin.max(i as f64)).max(0.0) / ratio,
                )
            })
        };
        let row = |line: usize| {
            shares(from.0, to.0, x).map(move |(i, share)| share * f64::from(source[line * stride + i]))
        };
        shares(from.1, to.1, y)
            .map(|(line, share)| share * row(line).sum::<f64>())
            .sum()
    }

    const SIZES: [((usize, usize), (usize, usize)); 6] = [
        ((1280, 720), (480, 270)),
        ((640, 360), (240, 135)),
        ((1920, 1080), (480, 270)),
        ((640, 480), (180, 135)),
        ((2592, 1944), (360, 270)),
        ((3840, 2160), (244, 137)),
    ];

    #[test]
    fn every_pixel_is_the_mean_of_the_area_it_covers() {
        let mut noise = 1u32;
        for (from, to) in SIZES {
            let stride = from.0 + 24;
            let source: Vec<u8> = std::iter::repeat_with(|| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if noise >> 31 == 0 {
                    (noise >> 16) as u8
                } else {
                    255
                }
            })
            .take(stride * from.1)
            .collect();
            let small = scaled(&source, stride, from, to);
            for (x, y) in
                (0..to.1).flat_map(|y| (y % 7..to.0).step_by(7).chain([0, to.0 - 1]).map(move |x| (x, y)))
            {
                let off = f64::from(small[y * to.0 + x]) - mean(&source, stride, from, to, x, y);
                let allowed = if from.0 <= 4 * to.0 { 2.0 } else { 4.0 };
                assert!(off.abs() <= allowed, "{from:?} to {to:?}: {off} at {x}, {y}");
            }
        }
    }

    #[test]
    fn a_flat_area_keeps_its_value_up_to_the_edges() {
        for (from, to) in SIZES {
            for value in [0, 16, 127, 128, 235, 255] {
                let small = scaled(&vec![value; from.0 * from.1], from.0, from, to);
                assert!(
                    small.iter().all(|pixel| *pixel == value),
                    "{from:?} to {to:?}, {value}"
                );
            }
        }
    }

    #[test]
    fn lines_finer_than_the_target_become_grey_and_do_not_beat() {
        let (from, to) = ((1280, 720), (320, 180));
        let source: Vec<u8> = (0..from.0 * from.1)
            .map(|at| if at % 2 == 0 { 0 } else { 200 })
            .collect();
        assert!(
            scaled(&source, from.0, from, to)
                .iter()
                .all(|pixel| *pixel == 100)
        );
    }

    #[test]
    fn the_ratio_of_the_common_insert_is_exact() {
        // 8 columns become 3; thirds are exact in units of 1/128 of a ratio of 8 to 3.
        let source: Vec<u8> = (0..720 * 1280).map(|at| (at % 1280 % 8 * 24) as u8).collect();
        let small = scaled(&source, 1280, (1280, 720), (480, 270));
        assert!(
            small.chunks(3).all(|pixels| pixels == [21, 84, 147]),
            "{:?}",
            &small[..6]
        );
    }

    #[test]
    fn what_is_nearly_as_large_or_larger_is_not_for_this_scaler() {
        assert!(AreaScaler::new((704, 576), (480, 270)).is_none());
        assert!(AreaScaler::new((320, 180), (480, 270)).is_none());
        assert!(AreaScaler::new((7680, 4320), (320, 180)).is_none());
    }
}
