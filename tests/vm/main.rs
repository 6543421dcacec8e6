//! The plug pulled while two discs are burnt, for real as far as no laser is needed: Debian's kernel in qemu, two
//! drive models behind real `/dev/srN`, xorriso, the disc workers of the room, qemu killed at random moments.
//!
//! After each cut the machine comes up on the same files: what the ledger calls committed must be readable by the
//! kernel's own mount, before anything else and when both sets are complete, by a machine that was just started.
//! Some twenty minutes, so by option: `./deploy/test.sh --vm`. `SHENLU_VM_CUTS` says how often the plug is pulled
//! (20), `SHENLU_VM_SEED` repeats a run's moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod cut;
mod guest;
mod machine;
mod round;
mod said;
#[allow(
    dead_code,
    reason = "the scene of the disc tests, of which a machine needs a part"
)]
#[path = "../disc/scene.rs"]
mod scene;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use cut::Tally;
use machine::Image;
use round::{Dice, MEDIA, Round};
use said::Errand;

/// Not a test of its own: the guest's program.
#[test]
fn errand() {
    if let Ok(name) = std::env::var("SHENLU_VM_ERRAND") {
        guest::run(Errand::parse(&name).unwrap());
    }
}

#[test]
#[ignore = "boots virtual machines for some twenty minutes: ./deploy/test.sh --vm"]
fn what_is_committed_survives_a_pulled_plug_and_the_sets_are_completed() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let cuts = number("SHENLU_VM_CUTS").unwrap_or(20);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = number("SHENLU_VM_SEED").unwrap_or(now);
    println!("{cuts} cuts, SHENLU_VM_SEED={seed}");
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let began = Instant::now();
    let image = Image::build(dir.path());
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    let share = cuts.div_ceil(MEDIA.len() as u64);
    for turn in 0.. {
        let left = cuts - tally.pulled();
        if left == 0 {
            break;
        }
        let medium = MEDIA[turn % MEDIA.len()];
        let round = Round::new(&image, dir.path().join(format!("round-{turn}")), medium);
        round.run(share.min(left), &mut dice, &mut tally);
    }
    println!("{tally}in {} s", began.elapsed().as_secs());
    assert_eq!(tally.pulled(), cuts);
}
