//! The shelf and its reader on simulated clocks: drift, gaps, late bursts, shifts. No time passes here.

use super::*;

const BLOCK: usize = 960;

/// An input whose clock is `ppm` off and whose time stamps jitter by ±3 ms; the value of a sample is the
/// true clock time at which it was heard, in 0.1 ms from the start of its second.
struct Input {
    ppm: f64,
    sent: u64,
    noise: u32,
}

impl Input {
    fn true_ns(&self, n: u64) -> f64 {
        n as f64 * NOMINAL_PERIOD_NS * (1.0 + self.ppm / 1e6)
    }

    fn send_until(&mut self, shelf: &SoundShelf, until_ns: u64) {
        while self.true_ns(self.sent + 480) <= until_ns as f64 {
            self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let jitter_ns = f64::from(self.noise >> 8) / f64::from(1 << 24) * 6e6;
            let block: Vec<i16> = (0..480)
                .map(|i| ((self.true_ns(self.sent + i) / 1e5) as u64 % 10_000) as i16)
                .collect();
            shelf.put(
                (self.true_ns(self.sent) + jitter_ns) as u64 + 1_000_000_000,
                &block,
            );
            self.sent += 480;
        }
    }
}

/// Worst distance between what is read and what belongs there, in ns, after five seconds; and the worst
/// step between neighbouring samples.
fn run(ppm: f64, minutes: u64) -> (f64, i32, u64) {
    let shelf = Arc::new(SoundShelf::new());
    let mut reader = SoundReader::new(shelf.clone());
    let mut input = Input {
        ppm,
        sent: 0,
        noise: 1,
    };
    let (mut worst_ns, mut worst_step, mut missing) = (0f64, 0, 0);
    let mut last = 0i16;
    for block in 0..minutes * 60 * 50 {
        let from_ns = Timeline::sample_offset_ns(block * BLOCK as u64);
        input.send_until(&shelf, from_ns + 170_000_000);
        let mut out = [0i16; BLOCK];
        let lost = reader.read(from_ns + 1_000_000_000, &mut out);
        if block < 250 {
            last = out[BLOCK - 1];
            continue;
        }
        missing += lost;
        for (i, &value) in out.iter().enumerate() {
            let due = (from_ns + Timeline::sample_offset_ns(i as u64)) / 100_000 % 10_000;
            let away = f64::from(value) - due as f64;
            if !(300..9_700).contains(&due) {
                last = value;
                continue;
            }
            worst_ns = worst_ns.max((away * 1e5).abs());
            worst_step = worst_step.max((i32::from(value) - i32::from(last)).abs());
            last = value;
        }
    }
    assert_eq!(shelf.counts().resyncs, 0);
    (worst_ns, worst_step, missing)
}

#[test]
fn ten_minutes_of_a_clock_500_ppm_off_stay_within_five_milliseconds_without_a_drop() {
    for ppm in [-500.0, 0.0, 500.0] {
        let (worst_ns, worst_step, missing) = run(ppm, 10);
        // The input's time stamps are 3 ms late on average by construction.
        assert!(worst_ns < 5e6, "{ppm} ppm: {worst_ns} ns");
        assert!(
            worst_step <= 1,
            "{ppm} ppm: a step of {worst_step} tenths of a millisecond"
        );
        assert_eq!(missing, 0, "{ppm} ppm");
    }
}

#[test]
fn a_whole_block_is_what_its_samples_are_one_by_one() {
    let mut ring = Ring {
        servo: Some(Servo::begin(0, 0.0)),
        ..Ring::default()
    };
    let mut noise = 1u32;
    let samples = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 16) as i16
    });
    ring.append(samples.take(4_000), 4_000);
    let mut out = [0; BLOCK];
    for (begin, step) in [
        (1.0, 1.0),
        (500.0, 1.0),
        (7.25, 1.000_5),
        (900.999_9, 0.995),
        (2_000.5, 1.0),
    ] {
        assert!(ring.whole(begin, step, &mut out, &mut Vec::new()));
        for (i, value) in out.iter().enumerate() {
            let alone = ring.sample(begin + i as f64 * step).expect("no sample");
            let off = i32::from(*value) - i32::from(alone);
            // `sample` takes what is within a ten thousandth of a whole one for it; noise is steep.
            assert!(off.abs() <= 8, "{off} at {i} from {begin}");
        }
    }
    assert!(
        !ring.whole(0.5, 1.0, &mut out, &mut Vec::new()),
        "nothing stands before the first"
    );
    assert!(
        !ring.whole(3_039.5, 1.0, &mut out, &mut Vec::new()),
        "nothing stands behind the last"
    );
    ring.holes.push_back(1_000..1_010);
    assert!(
        !ring.whole(500.5, 1.0, &mut out, &mut Vec::new()),
        "a hole is not interpolated over"
    );
}

#[test]
fn exact_time_stamps_are_passed_on_sample_by_sample() {
    let shelf = Arc::new(SoundShelf::new());
    let sent: Vec<i16> = (0..4_800).collect();
    for (i, block) in sent.chunks(480).enumerate() {
        shelf.put(5_000_000_000 + i as u64 * 10_000_000, block);
    }
    let mut out = [0i16; BLOCK];
    let missing = SoundReader::new(shelf).read(5_020_000_000, &mut out);
    assert_eq!(missing, 0);
    assert_eq!(out[..], sent[960..1_920]);
}

#[test]
fn a_gap_is_zeros_and_counted_and_what_follows_stands_at_its_time() {
    let shelf = Arc::new(SoundShelf::new());
    shelf.put(1_000_000_000, &[100; 960]);
    shelf.put(1_320_000_000, &[200; 960]);
    let mut reader = SoundReader::new(shelf.clone());
    let mut out = [0i16; 17 * BLOCK];
    assert_eq!(reader.read(1_000_000_000, &mut out), 15 * BLOCK as u64);
    assert!(out[..BLOCK].iter().all(|s| *s == 100));
    assert!(out[BLOCK..16 * BLOCK].iter().all(|s| *s == 0));
    assert!(out[16 * BLOCK..].iter().all(|s| *s == 200));
    assert_eq!(shelf.counts().resyncs, 1);
}

/// Blocks of 20 ms, the value of each its number; `late_ns` says how late one is stamped.
fn stamped(blocks: u64, late_ns: impl Fn(u64) -> u64) -> Arc<SoundShelf> {
    let shelf = Arc::new(SoundShelf::new());
    for n in 0..blocks {
        shelf.put(1_000_000_000 + n * 20_000_000 + late_ns(n), &[n as i16; 960]);
    }
    shelf
}

#[test]
fn a_burst_that_was_held_up_stays_where_it_belongs() {
    let shelf = stamped(30, |n| {
        if (20..24).contains(&n) {
            (24 - n) * 20_000_000
        } else {
            0
        }
    });
    let mut out = [0i16; 5 * BLOCK];
    assert_eq!(SoundReader::new(shelf.clone()).read(1_400_000_000, &mut out), 0);
    assert!(
        out.iter()
            .enumerate()
            .all(|(i, s)| s.abs_diff(20 + (i / BLOCK) as i16) <= 1),
        "{out:?}"
    );
    assert_eq!(shelf.counts().resyncs, 0);
}

#[test]
fn a_shift_that_lasts_is_believed_in_both_directions() {
    for shift in [
        |n| if n < 20 { 0 } else { 100_000_000 },
        |n| if n < 20 { 100_000_000 } else { 0 },
    ] {
        let shelf = stamped(60, shift);
        let mut out = [0i16; BLOCK];
        let at_ns = 1_000_000_000 + 50 * 20_000_000 + shift(50);
        assert_eq!(SoundReader::new(shelf.clone()).read(at_ns, &mut out), 0);
        assert!(
            out.iter().all(|s| s.abs_diff(50) <= 1),
            "{} {}",
            out[0],
            out[BLOCK - 1]
        );
        assert_eq!(shelf.counts().resyncs, 1);
    }
}

#[test]
fn an_input_that_returns_after_a_minute_stands_at_its_time() {
    let shelf = Arc::new(SoundShelf::new());
    shelf.put(1_000_000_000, &[100; 960]);
    shelf.put(61_000_000_000, &[200; 960]);
    let mut out = [0i16; BLOCK];
    assert_eq!(SoundReader::new(shelf).read(61_000_000_000, &mut out), 0);
    assert!(out.iter().all(|s| *s == 200));
}

#[test]
fn a_shelf_keeps_two_seconds() {
    let shelf = SoundShelf::new();
    for i in 0..500 {
        shelf.put(i * 20_000_000, &[1; 960]);
    }
    assert_eq!(shelf.lock().samples.len(), CAPACITY_SAMPLES);
}
