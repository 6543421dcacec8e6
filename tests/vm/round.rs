//! One interview on one kind of medium: begun, cut so many times, completed, judged.
//!
//! The moments are drawn over the whole time that the burning is expected to take, so most of them fall into a
//! burn, some into a read-back, a recovery, a closing, and some between. One that comes after the end is no cut.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::cut::{Boot, Tally};
use crate::machine::{House, Image, Machine};
use crate::said::{Errand, Order, Said};

pub const MEDIA: [&str; 3] = ["BD-R", "DVD+R", "DVD-R"];
const CAPACITY_BLOCKS: u32 = 64 * 1024 * 1024 / 2048;
const SEGMENTS: u32 = 15;
const SEGMENT_BYTES: usize = 400_000;
/// From the workers' start; a cut is drawn from this span.
const SPAN: Duration = Duration::from_secs(60);
/// Emulation on a busy machine is slow; a machine that says nothing new for so long does nothing.
const BOOTED_WITHIN: Duration = Duration::from_secs(180);
const DONE_WITHIN: Duration = Duration::from_secs(1500);

/// Small, and the same every time.
pub struct Dice(pub u64);

impl Dice {
    fn moment(&mut self) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        SPAN.mul_f64((self.0 >> 40) as f64 / (1u64 << 24) as f64)
    }
}

pub struct Round<'a> {
    image: &'a Image,
    house: House,
    medium: &'static str,
}

impl<'a> Round<'a> {
    pub fn new(image: &'a Image, dir: PathBuf, medium: &'static str) -> Self {
        fs::create_dir_all(&dir).unwrap();
        let house = House::new(dir);
        let order = Order {
            medium: medium.to_owned(),
            capacity_blocks: CAPACITY_BLOCKS,
            segments: SEGMENTS,
            segment_bytes: SEGMENT_BYTES,
        };
        let text = serde_json::to_vec(&order).unwrap();
        fs::write(house.dir.join("plates/order.json"), text).unwrap();
        Self { image, house, medium }
    }

    /// Until both sets are complete; the plug is pulled `cuts` times on the way, if the way is long enough.
    pub fn run(&self, cuts: u64, dice: &mut Dice, tally: &mut Tally) {
        let mut pulled = 0;
        let mut before = None;
        loop {
            let mut boot = Boot::new(self.medium, before.take());
            let moment = (pulled < cuts).then(|| dice.moment());
            let machine = self.house.boot(self.image, Errand::Record);
            let cut = record(machine, moment, &mut boot);
            tally.add(&boot);
            if !cut {
                break;
            }
            pulled += 1;
            before = Some(tally.cut(boot));
        }
        let mut machine = self.house.boot(self.image, Errand::Judge);
        let deadline = Instant::now() + DONE_WITHIN;
        loop {
            match machine.next(deadline) {
                Some(Said::Judged(disc)) => tally.judged(self.medium, &disc),
                Some(Said::Done) => break,
                Some(_) => {}
                None => panic!("no verdict\n{}", machine.transcript()),
            }
        }
        machine.wait_off(BOOTED_WITHIN);
    }
}

/// Lets the machine work until the plug is pulled (true) or both sets are complete.
fn record(mut machine: Machine, moment: Option<Duration>, boot: &mut Boot) -> bool {
    let mut until = Instant::now() + BOOTED_WITHIN;
    let mut working = false;
    loop {
        match machine.next(until) {
            Some(Said::Done) => {
                machine.wait_off(BOOTED_WITHIN);
                return false;
            }
            Some(said) => {
                if matches!(said, Said::Working) {
                    working = true;
                    until = Instant::now() + moment.unwrap_or(DONE_WITHIN);
                }
                boot.heard(&said);
            }
            None if working && moment.is_some() => {
                machine.pull_the_plug();
                return true;
            }
            None => panic!("it does not go on\n{}", machine.transcript()),
        }
    }
}
