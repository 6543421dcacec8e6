//! A burn that is cut, on every write-once medium and in every way that a drive may leave its track (disc cases
//! 1–6): what was committed before is whole afterwards, and the disc takes sessions again, or is said to be lost.
//!
//! The cut kills the burning program in the middle of a write, by the drive model's script.

#![allow(clippy::unwrap_used)]

mod drives;

use drive_model::bays::with_drives;
use drive_model::faults::{At, Fault, arm, fired};
use drive_model::{Drive, Medium};
use drives::{Bay, starts};
use hardware::optical::{Base, Closing, DiscFault, MediumKind, MediumState, SessionEntry, inspect, recover};
use std::path::Path;

const WRITE_ONCE: [(Medium, MediumKind); 3] = [
    (Medium::DvdR, MediumKind::DvdR),
    (Medium::DvdPlusR, MediumKind::DvdPlusR),
    (Medium::BdR, MediumKind::BdR),
];

/// Flagged as damaged, next writable address lost.
const LEAVES: [(bool, bool); 4] = [(false, false), (true, false), (true, true), (false, true)];

/// Into the session's tree, and into its files.
const PLACES: [u32; 2] = [8, 700];

fn cut(place: u32, (damaged, address_lost): (bool, bool)) -> Fault {
    Fault::MachineCut {
        at: At::IntoTrack(place),
        damaged,
        address_lost,
    }
}

fn with_disc(medium: (Medium, MediumKind), body: impl FnOnce(&Bay, &Path, MediumKind)) {
    with_drives(1, |folders| {
        body(&Bay::modelled(&folders[0], medium.0), &folders[0], medium.1)
    })
    .unwrap();
}

fn burn(bay: &Bay, kind: MediumKind, name: &str, base: Base) -> Vec<SessionEntry> {
    bay.burn(kind, name, base, Closing::KeepOpen)
        .unwrap()
        .medium
        .sessions
}

/// The burn dies in mid-write, and an inspection sees that its session was left open.
fn burn_and_cut(bay: &Bay, folder: &Path, kind: MediumKind, base: Base, fault: Fault) {
    arm(folder, &[fault]).unwrap();
    let died = bay.burn(kind, "cut", base, Closing::KeepOpen);
    assert!(
        matches!(&died, Err(DiscFault::ChildDied { exit, .. }) if exit == "signal 9"),
        "{died:?}"
    );
    assert_eq!(fired(folder).last(), Some(&fault));
    assert_eq!(
        inspect(&bay.xorriso, &bay.device).unwrap().state,
        MediumState::LeftOpen
    );
}

/// One way in which a drive leaves the track, at one place, after a good session.
fn a_cut_batch_is_mended(medium: (Medium, MediumKind), place: u32, leaves: (bool, bool)) {
    with_disc(medium, |bay, folder, kind| {
        let known = burn(bay, kind, "opening", Base::Newest);
        burn_and_cut(bay, folder, kind, Base::Newest, cut(place, leaves));
        let recovery = recover(&bay.xorriso, &bay.device, &known).unwrap();
        assert!(recovery.lost_session);
        let base = recovery.base_session_block.unwrap();
        assert_eq!(base, known[0].start_block);
        burn(bay, kind, "again", Base::Session(base));
        // The next one goes on by itself: the newest session is a good one now.
        burn(bay, kind, "later", Base::Newest);
        bay.assert_holds(&["again", "later", "opening"]);
    });
}

macro_rules! cut_batches {
    ($($name:ident: $medium:literal, $place:literal, $leaves:literal;)*) => {$(
        #[test]
        fn $name() {
            a_cut_batch_is_mended(WRITE_ONCE[$medium], PLACES[$place], LEAVES[$leaves]);
        }
    )*};
}

cut_batches! {
    a_silent_cut_in_the_files_on_dvd_r_is_mended: 0, 1, 0;
    a_silent_cut_in_the_tree_on_dvd_r_is_mended: 0, 0, 0;
    a_flagged_cut_on_dvd_r_is_mended: 0, 0, 1;
    a_flagged_cut_with_its_address_lost_on_dvd_r_is_mended: 0, 1, 2;
    a_cut_with_its_address_lost_on_dvd_r_is_mended: 0, 1, 3;
    a_silent_cut_in_the_files_on_dvd_plus_r_is_mended: 1, 1, 0;
    a_silent_cut_in_the_tree_on_dvd_plus_r_is_mended: 1, 0, 0;
    a_flagged_cut_on_dvd_plus_r_is_mended: 1, 1, 1;
    a_flagged_cut_with_its_address_lost_on_dvd_plus_r_is_mended: 1, 0, 2;
    a_cut_with_its_address_lost_on_dvd_plus_r_is_mended: 1, 0, 3;
    a_silent_cut_in_the_files_on_bd_r_is_mended: 2, 1, 0;
    a_silent_cut_in_the_tree_on_bd_r_is_mended: 2, 0, 0;
    a_flagged_cut_on_bd_r_is_mended: 2, 1, 1;
    a_flagged_cut_with_its_address_lost_on_bd_r_is_mended: 2, 1, 2;
    a_cut_with_its_address_lost_on_bd_r_is_mended: 2, 0, 3;
}

fn a_disc_without_a_good_session_begins_anew(medium: (Medium, MediumKind)) {
    with_disc(medium, |bay, folder, kind| {
        for (leaves, place) in [(LEAVES[0], PLACES[1]), (LEAVES[2], PLACES[0])] {
            Drive::insert_blank(folder, medium.0, 0).unwrap();
            burn_and_cut(bay, folder, kind, Base::Newest, cut(place, leaves));
            let recovery = recover(&bay.xorriso, &bay.device, &[]).unwrap();
            assert!(recovery.lost_session && recovery.base_session_block.is_none());
            burn(bay, kind, "opening", Base::Nothing);
            burn(bay, kind, "batch", Base::Newest);
            bay.assert_holds(&["batch", "opening"]);
        }
    });
}

#[test]
fn a_dvd_r_whose_opening_was_cut_begins_anew() {
    a_disc_without_a_good_session_begins_anew(WRITE_ONCE[0]);
}

#[test]
fn a_dvd_plus_r_whose_opening_was_cut_begins_anew() {
    a_disc_without_a_good_session_begins_anew(WRITE_ONCE[1]);
}

#[test]
fn a_bd_r_whose_opening_was_cut_begins_anew() {
    a_disc_without_a_good_session_begins_anew(WRITE_ONCE[2]);
}

fn cut_twice(medium: (Medium, MediumKind)) {
    with_disc(medium, |bay, folder, kind| {
        let known = burn(bay, kind, "opening", Base::Newest);
        burn_and_cut(bay, folder, kind, Base::Newest, cut(PLACES[1], LEAVES[0]));
        let first = recover(&bay.xorriso, &bay.device, &known).unwrap();
        let base = Base::Session(first.base_session_block.unwrap());
        burn_and_cut(bay, folder, kind, base, cut(PLACES[0], LEAVES[1]));
        let second = recover(&bay.xorriso, &bay.device, &first.medium.sessions).unwrap();
        assert_eq!(starts(&second.medium)[..2], starts(&first.medium)[..]);
        // The base stays the last good one, not the session that was cut first.
        burn(bay, kind, "again", base);
        bay.assert_holds(&["again", "opening"]);
    });
}

#[test]
fn a_dvd_r_cut_twice_in_a_row_is_mended() {
    cut_twice(WRITE_ONCE[0]);
}

#[test]
fn a_dvd_plus_r_cut_twice_in_a_row_is_mended() {
    cut_twice(WRITE_ONCE[1]);
}

#[test]
fn a_bd_r_cut_twice_in_a_row_is_mended() {
    cut_twice(WRITE_ONCE[2]);
}

#[test]
fn a_recovery_that_is_cut_itself_is_taken_up_again() {
    with_disc(WRITE_ONCE[1], |bay, folder, kind| {
        let known = burn(bay, kind, "opening", Base::Newest);
        burn_and_cut(bay, folder, kind, Base::Newest, cut(PLACES[1], LEAVES[1]));
        // The track is closed, the session is not, when the program dies.
        arm(folder, &[Fault::CutBehindTrack]).unwrap();
        let died = recover(&bay.xorriso, &bay.device, &known);
        assert!(died.is_err(), "{died:?}");
        assert_eq!(fired(folder).last(), Some(&Fault::CutBehindTrack));
        let recovery = recover(&bay.xorriso, &bay.device, &known).unwrap();
        assert!(recovery.lost_session);
        burn(
            bay,
            kind,
            "again",
            Base::Session(recovery.base_session_block.unwrap()),
        );
        bay.assert_holds(&["again", "opening"]);
    });
}

#[test]
fn a_damaged_track_that_cannot_be_closed_loses_the_disc() {
    with_disc(WRITE_ONCE[0], |bay, folder, kind| {
        let known = burn(bay, kind, "opening", Base::Newest);
        burn_and_cut(bay, folder, kind, Base::Newest, cut(PLACES[1], LEAVES[2]));
        arm(folder, &[Fault::RefuseClose]).unwrap();
        let fault = recover(&bay.xorriso, &bay.device, &known).unwrap_err();
        assert!(
            matches!(fault, DiscFault::NotRecoverable { .. }) && fault.wants_next_disc(),
            "{fault}"
        );
    });
}

#[test]
fn a_cut_on_overwritable_media_leaves_the_session_before() {
    for medium in [Medium::DvdPlusRw, Medium::BdRe] {
        with_drives(1, |folders| {
            let (kind, folder) = (MediumKind::Overwritable, &folders[0]);
            let bay = Bay::modelled(folder, medium);
            let known = burn(&bay, kind, "opening", Base::Newest);
            arm(folder, &[cut(300, LEAVES[0])]).unwrap();
            let died = bay.burn(kind, "cut", Base::Newest, Closing::KeepOpen);
            assert!(matches!(died, Err(DiscFault::ChildDied { .. })), "{died:?}");
            let recovery = recover(&bay.xorriso, &bay.device, &known).unwrap();
            assert!(!recovery.lost_session && recovery.medium.sessions.len() == 1);
            burn(&bay, kind, "again", Base::Newest);
            bay.assert_holds(&["again", "opening"]);
        })
        .unwrap();
    }
}
