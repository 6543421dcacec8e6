//! The picture that the benchmarks encode: a still interview room with two people talking, drawn by
//! arithmetic, as the recorder composes it (insert and overlay in place).
//!
//! Called by `material` and `disc_hours`. Every run draws the same frames to the last bit, noise included.
//! Must never depend on a font, a file or a clock.

/// Where the interviewee moves, in pixels of the composed 1920×1080 frame: x, y, width, height.
pub const MOVING_REGION: (usize, usize, usize, usize) = (640, 240, 640, 640);
pub const WIDTH: usize = 1920;
pub const HEIGHT: usize = 1080;

/// Noise is read from a table at a random place for each run of pixels: long enough not to repeat visibly.
const NOISE_TABLE: usize = 1 << 21;
const NOISE_RUN: usize = 4096;
const INSERT: (usize, usize) = (480, 270);
const INSERT_AT: (usize, usize) = (1408, 778);

/// Planar 4:2:0 frames of the scene.
pub struct Scene {
    room: Vec<u8>,
    insert: Vec<u8>,
    /// Sixteenths of σ.
    noise: Vec<i8>,
    seed: u64,
}

fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// Twelve uniform numbers: close enough to a normal distribution out to three σ.
fn gaussian(seed: &mut u64) -> f64 {
    (0..12)
        .map(|_| (next(seed) >> 11) as f64 / (1u64 << 53) as f64)
        .sum::<f64>()
        - 6.0
}

/// Smooth value noise, the grain of plaster and wood.
fn grain(x: f64, y: f64, salt: u64) -> f64 {
    let corner = |i: f64, j: f64| {
        let mut s = (i as i64 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ (j as i64 as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
            ^ salt
            | 1;
        next(&mut s);
        next(&mut s);
        (next(&mut s) >> 40) as f64 / (1u64 << 24) as f64 - 0.5
    };
    let (i, j) = (x.floor(), y.floor());
    let (u, v) = (x - i, y - j);
    let (u, v) = (u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v));
    let top = corner(i, j) * (1.0 - u) + corner(i + 1.0, j) * u;
    let bottom = corner(i, j + 1.0) * (1.0 - u) + corner(i + 1.0, j + 1.0) * u;
    top * (1.0 - v) + bottom * v
}

/// Luma, Cb, Cr of the empty room at a place given in fractions of the picture.
fn room_at(x: f64, y: f64) -> [f64; 3] {
    let (px, py) = (x * 1920.0, y * 1080.0);
    let plaster = 6.0 * grain(px / 3.0, py / 3.0, 1) + 5.0 * grain(px / 17.0, py / 17.0, 2);
    let light = 30.0 * (1.0 - ((x - 0.35).powi(2) + (y - 0.1).powi(2)).sqrt());
    if y > 0.80 {
        let wood = 14.0 * grain(px / 90.0, py / 4.0, 3) + 6.0 * grain(px / 9.0, py / 2.0, 4);
        return [92.0 + wood + light * 0.3, 112.0, 144.0];
    }
    if (0.06..0.26).contains(&x) && (0.12..0.52).contains(&y) {
        // A notice on the wall: lines of small signs.
        let (line, sign) = ((py / 13.0) as i64, (px / 11.0) as i64);
        let ink = line % 2 == 0 && grain(px / 2.2, py / 2.2, (line * 977 + sign) as u64) > 0.02;
        return [if ink { 70.0 } else { 205.0 + 2.0 * plaster / 6.0 }, 126.0, 130.0];
    }
    if (0.74..0.93).contains(&x) && (0.10..0.80).contains(&y) {
        let bar = ((px / 46.0) as i64) % 4 == 0;
        let panel = 8.0 * grain(px / 5.0, py / 60.0, 5);
        return [if bar { 84.0 } else { 128.0 } + panel + light * 0.4, 122.0, 134.0];
    }
    if (0.545..0.555).contains(&y) {
        return [110.0 + plaster, 124.0, 132.0];
    }
    let wainscot = if y > 0.555 { -22.0 } else { 0.0 };
    [150.0 + plaster + light + wainscot, 125.0, 131.0]
}

/// The figure: head, hair, eyes, mouth, shoulders; `None` beside it. Times in seconds.
fn figure_at(x: f64, y: f64, t: f64, phase: f64) -> Option<[f64; 3]> {
    let sway = 0.006 * (0.9 * t + phase).sin() + 0.002 * (2.3 * t).sin();
    let nod = 0.004 * (1.7 * t + phase).sin();
    let speech = (9.0 * t + phase).sin().max(0.0) * (0.8 * t + phase).sin().max(0.0);
    let (hx, hy) = (x - 0.5 - sway, (y - 0.40 - nod) * 0.5625);
    let (px, py) = ((x - sway) * 1920.0, (y - nod) * 1080.0);
    let head = (hx / 0.055).powi(2) + (hy / 0.072).powi(2);
    if head < 1.0 {
        let hair = hy < -0.030 + 0.01 * (hx * 60.0).sin();
        if hair {
            return Some([36.0 + 16.0 * grain(px / 2.0, py / 9.0, 6), 128.0, 130.0]);
        }
        let eye = (hx.abs() - 0.020).abs() < 0.008 && (hy + 0.012).abs() < 0.003;
        let blink = (t * 0.4 + phase).fract() < 0.04;
        if eye && !blink {
            return Some([48.0, 126.0, 132.0]);
        }
        if hx.abs() < 0.018 && (hy - 0.035).abs() < 0.002 + 0.008 * speech {
            return Some([62.0, 122.0, 150.0]);
        }
        let skin = 168.0 - 46.0 * head + 5.0 * grain(px / 3.0, py / 3.0, 7);
        return Some([skin, 112.0, 150.0]);
    }
    let breath = 0.003 * (1.3 * t + phase).sin();
    let shoulder = 0.56 + breath + 0.9 * (x - 0.5 - 0.4 * sway).powi(2) / 0.12;
    if y > shoulder && (x - 0.5).abs() < 0.16 && y < 0.82 {
        let cloth = 10.0 * grain(px / 2.5, py / 2.5, 8) + 9.0 * grain(px / 26.0, py / 40.0, 9);
        return Some([78.0 + cloth, 134.0, 122.0]);
    }
    let hand = (x - 0.62 - 0.03 * (0.7 * t + phase).sin()).powi(2) + ((y - 0.79) * 0.5625).powi(2);
    (hand < 0.0004).then(|| [150.0 + 6.0 * grain(px / 3.0, py / 3.0, 10), 113.0, 149.0])
}

impl Scene {
    pub fn new() -> Self {
        let mut seed = 0x5EED_1234_5678_9ABC;
        let noise = (0..NOISE_TABLE)
            .map(|_| (gaussian(&mut seed) * 16.0).clamp(-127.0, 127.0) as i8)
            .collect();
        let room = draw(WIDTH, HEIGHT, room_at);
        let insert = draw(INSERT.0, INSERT.1, |x, y| room_at(1.0 - x * 0.8, y));
        Scene {
            room,
            insert,
            noise,
            seed,
        }
    }

    /// Frame `index` at 25 frames a second as it is composed: the interviewee, the officers in the insert,
    /// the overlay. Noise of `sigma` on luma and half of it on chroma; scaling leaves the insert with less.
    pub fn frame(&mut self, index: usize, sigma: f64) -> Vec<u8> {
        let mut frame = self.camera_frame(index, sigma);
        let mut insert = self.insert.clone();
        paint(&mut insert, INSERT, (140, 40, 200, 190), |x, y| {
            figure_at(x, y, index as f64 / 25.0, 2.0)
        });
        self.add_noise(&mut insert, INSERT.0 * INSERT.1, sigma * 0.6);
        place(&mut frame, &insert);
        clock_box(&mut frame, index / 25);
        frame
    }

    /// The interviewee's camera alone.
    pub fn camera_frame(&mut self, index: usize, sigma: f64) -> Vec<u8> {
        let mut frame = self.room.clone();
        let t = index as f64 / 25.0;
        paint(&mut frame, (WIDTH, HEIGHT), MOVING_REGION, |x, y| {
            figure_at(x, y, t, 0.0)
        });
        self.add_noise(&mut frame, WIDTH * HEIGHT, sigma);
        frame
    }

    fn add_noise(&mut self, frame: &mut [u8], luma: usize, sigma: f64) {
        if sigma == 0.0 {
            return;
        }
        for start in (0..frame.len()).step_by(NOISE_RUN) {
            let end = (start + NOISE_RUN).min(frame.len());
            let at = (next(&mut self.seed) as usize) % (NOISE_TABLE - NOISE_RUN);
            let scale = (if start < luma { sigma } else { sigma / 2.0 } * 16.0) as i32;
            let noise = &self.noise[at..at + end - start];
            for (pixel, n) in frame[start..end].iter_mut().zip(noise) {
                *pixel = (i32::from(*pixel) + ((i32::from(*n) * scale + 128) >> 8)).clamp(16, 240) as u8;
            }
        }
    }
}

fn draw(width: usize, height: usize, at: impl Fn(f64, f64) -> [f64; 3]) -> Vec<u8> {
    let mut frame = vec![128; width * height * 3 / 2];
    paint(&mut frame, (width, height), (0, 0, width, height), |x, y| {
        Some(at(x, y))
    });
    frame
}

/// Writes what `at` gives into one rectangle; chroma takes the upper left of four pixels.
fn paint(
    frame: &mut [u8],
    (width, height): (usize, usize),
    (x0, y0, w, h): (usize, usize, usize, usize),
    at: impl Fn(f64, f64) -> Option<[f64; 3]>,
) {
    let (cb, cr) = (width * height, width * height * 5 / 4);
    for y in y0..y0 + h {
        for x in x0..x0 + w {
            let Some([luma, u, v]) = at(x as f64 / width as f64, y as f64 / height as f64) else {
                continue;
            };
            frame[y * width + x] = luma.clamp(16.0, 235.0) as u8;
            if x % 2 == 0 && y % 2 == 0 {
                let c = y / 2 * (width / 2) + x / 2;
                frame[cb + c] = u as u8;
                frame[cr + c] = v as u8;
            }
        }
    }
}

/// Puts the officers' picture into the lower right corner.
fn place(frame: &mut [u8], insert: &[u8]) {
    let (pixels, insert_pixels) = (WIDTH * HEIGHT, INSERT.0 * INSERT.1);
    let mut plane = |from: usize, to: usize, shrink: usize| {
        let (width, height) = (INSERT.0 / shrink, INSERT.1 / shrink);
        let (x, y) = (INSERT_AT.0 / shrink, INSERT_AT.1 / shrink);
        for row in 0..height {
            let target = to + (y + row) * (WIDTH / shrink) + x;
            frame[target..target + width].copy_from_slice(&insert[from + row * width..][..width]);
        }
    };
    plane(0, 0, 1);
    plane(insert_pixels, pixels, 2);
    plane(insert_pixels * 5 / 4, pixels * 5 / 4, 2);
}

/// Stands for the overlay: a darkened box with signs that change each second.
fn clock_box(frame: &mut [u8], second: usize) {
    for y in 32..76 {
        for x in 32..560 {
            let sign = (x - 32) / 24;
            let salt = if sign < 18 { sign } else { sign * 31 + second };
            let ink = (x - 32) % 24 < 18 && grain(x as f64 / 4.0, y as f64 / 7.0, salt as u64 * 131) > 0.08;
            frame[y * WIDTH + x] = if ink { 235 } else { frame[y * WIDTH + x] / 2 + 8 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_draw_the_same_frames() {
        let (mut one, mut other) = (Scene::new(), Scene::new());
        assert!(one.frame(0, 3.0) == other.frame(0, 3.0));
        assert!(one.frame(1, 3.0) == other.frame(1, 3.0));
    }

    #[test]
    fn noise_has_the_spread_that_was_asked_for() {
        let clean = Scene::new().frame(0, 0.0);
        let noisy = Scene::new().frame(0, 3.0);
        // The upper left of the wall: no insert, no overlay, no limit reached.
        let differences: Vec<f64> = (100..600)
            .flat_map(|y| (0..100).map(move |x| y * WIDTH + x))
            .map(|at| f64::from(noisy[at]) - f64::from(clean[at]))
            .collect();
        let variance = differences.iter().map(|d| d * d).sum::<f64>() / differences.len() as f64;
        assert!((variance.sqrt() - 3.0).abs() < 0.15, "σ is {}", variance.sqrt());
    }
}
