//! The disc workers on two modelled drives, and every fault of the model in turn in drive A: the interview ends
//! whole on both sets, disc A mended or replaced, the fault told as an event. Drive B and the master notice
//! nothing. Each row is one test; what a person does (push the tray, put a blank disc in) is done when the event
//! that asks for it came.

#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, reason = "the scene is shared with the tests on images")]
#[path = "disc/scene.rs"]
mod scene;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drive_model::bays::with_drives;
use drive_model::faults::{At, Fault, arm, fired};
use drive_model::{Drive, Medium};
use hardware::optical::Device;
use shenlu::disc::{DiscEvent, DiscFault, Slot};

use scene::*;

/// Deep in a batch; no opening session is so long.
const PLACE: At = At::IntoTrack(1_500);
const SEGMENT_BYTES: usize = 6_000_000;
/// In a disc whose fault ends the moment the person is told.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the person does when a fault was told.
enum Person {
    Nothing,
    /// The drive is switched off and on, or its cable put back.
    MendsTheDrive,
    PushesTheTray,
    PutsInABlank,
}

/// What becomes of disc A.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disc {
    Stays,
    Replaced,
}

struct Row {
    medium: Medium,
    faults: fn(&Path) -> Vec<Fault>,
    /// The fault that is told first, if any.
    told: Option<fn(&DiscFault) -> bool>,
    person: Person,
    disc: Disc,
}

/// A block in the middle of the segment that is burnt after the opening session.
fn block_of_segment(folder: &Path) -> u32 {
    let disc = Drive::disc(folder).unwrap().unwrap();
    let opening = disc.sessions[0].tracks[0];
    opening.start + opening.blocks + disc.gap_after_first + 1_500
}

fn run(row: &Row) {
    with_drives(2, |folders| {
        let (a, b) = (&folders[0], &folders[1]);
        Drive::insert_blank(a, row.medium, 0).unwrap();
        Drive::insert_blank(b, Medium::DvdPlusR, 0).unwrap();
        let scene = Scene::new();
        let mut slots = [Slot::A, Slot::B].map(|slot| start(&scene, slot));
        for slot in &mut slots {
            let name = slot.handle.slot().as_str();
            wait_for("the opening session", || {
                scene
                    .ledger
                    .kinds(name)
                    .iter()
                    .any(|kind| kind == "disc-read-back")
            });
        }
        arm(a, &(row.faults)(a)).unwrap();
        let segment = scene.segment(1, SEGMENT_BYTES);
        slots.iter().for_each(|slot| slot.feed(&segment));
        let [slot_a, slot_b] = &mut slots;
        slot_b.until("the batch on B", is_batch);
        attend(row, a, slot_a);
        scene.close();
        slots.iter_mut().for_each(Running::finish);
        judge(row, &scene, &slots, folders);
    })
    .unwrap();
}

fn start(scene: &Scene, slot: Slot) -> Running {
    let mut plan = scene.plan(slot);
    let number = if slot == Slot::A { 0 } else { 1 };
    plan.drive = Device::Drive(format!("/dev/sr{number}").into());
    plan.xorriso.question_deadline = Duration::from_secs(20);
    plan.xorriso.start_stall = Duration::from_secs(20);
    plan.xorriso.write_stall = PATIENCE;
    plan.xorriso.close_stall = Duration::from_secs(20);
    scene.start(plan)
}

fn is_batch(event: &DiscEvent) -> bool {
    matches!(event, DiscEvent::BatchWritten { .. })
}

/// Until the batch is on A; the person comes when the fault is told.
fn attend(row: &Row, folder: &Path, slot: &mut Running) {
    let Some(told) = row.told else {
        slot.until("the batch on A", is_batch);
        return;
    };
    slot.until(
        "the fault",
        |event| matches!(event, DiscEvent::Fault { fault, .. } if told(fault)),
    );
    match row.person {
        Person::Nothing => {}
        Person::MendsTheDrive => arm(folder, &[]).unwrap(),
        Person::PushesTheTray => Drive::push_tray(folder).unwrap(),
        Person::PutsInABlank => {
            wait_until_given_up(slot);
            arm(folder, &[]).unwrap();
            Drive::insert_blank(folder, row.medium, 0).unwrap();
        }
    }
    slot.until("the batch on A", is_batch);
}

/// The failed disc still lies there and is refused: only then a hand takes it out.
fn wait_until_given_up(slot: &mut Running) {
    slot.until("the wish for a blank", |event| {
        matches!(
            event,
            DiscEvent::Fault {
                fault: DiscFault::Used { .. } | DiscFault::Closed { .. },
                ..
            }
        )
    });
}

fn judge(row: &Row, scene: &Scene, slots: &[Running; 2], folders: &[PathBuf]) {
    assert!(slots[1].faults().is_empty(), "drive B: {:?}", slots[1].faults());
    let kinds = scene.ledger.kinds("a");
    let has = |wanted: &str| kinds.iter().any(|kind| kind == wanted);
    assert_eq!(has("disc-failed"), row.disc == Disc::Replaced, "{kinds:?}");
    if row.told.is_none() {
        assert!(slots[0].faults().is_empty(), "{:?}", slots[0].faults());
    }
    let _ = Drive::push_tray(&folders[0]);
    for (number, name) in [(0, "a"), (1, "b")] {
        let disc = scene.extract_from(&format!("/dev/sr{number}"), name);
        assert_sums_pass(&disc);
        assert_interview_files_equal(&scene.interview(), &[disc]);
    }
}

macro_rules! rows {
    ($($name:ident: $medium:ident, $faults:expr, $told:expr, $person:ident, $disc:ident;)*) => {$(
        #[test]
        fn $name() {
            run(&Row {
                medium: Medium::$medium,
                faults: $faults,
                told: $told,
                person: Person::$person,
                disc: Disc::$disc,
            });
        }
    )*};
}

fn cut(damaged: bool, address_lost: bool) -> Vec<Fault> {
    vec![Fault::MachineCut {
        at: PLACE,
        damaged,
        address_lost,
    }]
}

fn power(damaged: bool, address_lost: bool) -> Vec<Fault> {
    vec![Fault::PowerCut {
        at: PLACE,
        damaged,
        address_lost,
    }]
}

fn died(fault: &DiscFault) -> bool {
    matches!(fault, DiscFault::ChildDied { .. })
}

fn gone(fault: &DiscFault) -> bool {
    matches!(fault, DiscFault::Absent { .. })
}

fn differs(fault: &DiscFault) -> bool {
    matches!(fault, DiscFault::ReadBackDiffers { .. })
}

fn unreadable(fault: &DiscFault) -> bool {
    matches!(fault, DiscFault::Unreadable { .. })
}

rows! {
    a_medium_error_while_writing_is_mended_on_dvd_r: DvdR, |_| vec![Fault::WriteError { at: PLACE, once: true }], Some(died), Nothing, Stays;
    a_medium_error_while_writing_is_mended_on_dvd_plus_r: DvdPlusR, |_| vec![Fault::WriteError { at: PLACE, once: true }], Some(died), Nothing, Stays;
    a_medium_error_while_writing_is_mended_on_bd_r: BdR, |_| vec![Fault::WriteError { at: PLACE, once: true }], Some(died), Nothing, Stays;
    a_medium_error_while_writing_is_mended_on_dvd_plus_rw: DvdPlusRw, |_| vec![Fault::WriteError { at: PLACE, once: true }], Some(died), Nothing, Stays;
    a_short_stall_costs_nothing: DvdPlusR, |_| vec![Fault::Stall { at: PLACE, milliseconds: 1_000 }], None, Nothing, Stays;
    a_drive_that_hangs_is_given_up_and_mended_when_it_is_back: DvdPlusR, |_| vec![Fault::HangAt(PLACE)],
        Some(|fault| matches!(fault, DiscFault::Hung { .. })), MendsTheDrive, Stays;
    a_program_killed_in_mid_write_is_mended_on_dvd_r: DvdR, |_| cut(false, false), Some(died), Nothing, Stays;
    a_damaged_track_is_mended_on_dvd_plus_r: DvdPlusR, |_| cut(true, false), Some(died), Nothing, Stays;
    a_damaged_track_whose_address_is_lost_is_mended_on_bd_r: BdR, |_| cut(true, true), Some(died), Nothing, Stays;
    a_lost_next_writable_address_is_mended_on_dvd_r: DvdR, |_| cut(false, true), Some(died), Nothing, Stays;
    a_drive_without_power_goes_on_when_it_is_back: DvdPlusR, |_| power(false, false), Some(gone), MendsTheDrive, Stays;
    a_drive_without_power_that_left_damage_goes_on_when_it_is_back: DvdR, |_| power(true, true), Some(gone), MendsTheDrive, Stays;
    an_unplugged_drive_goes_on_when_it_is_back: BdR, |_| vec![Fault::Unplugged], Some(gone), MendsTheDrive, Stays;
    a_tray_opened_in_mid_write_is_mended_when_it_was_pushed: DvdPlusR, |_| vec![Fault::TrayOpens(PLACE)],
        Some(|fault| matches!(fault, DiscFault::NoMedium { .. })), PushesTheTray, Stays;
    a_damaged_track_that_cannot_be_closed_gets_a_new_disc: DvdR, |_| { let mut faults = cut(true, false); faults.push(Fault::RefuseClose); faults },
        Some(|fault| matches!(fault, DiscFault::NotRecoverable { .. })), PutsInABlank, Replaced;
    a_byte_that_reads_back_differently_gets_a_new_disc: DvdPlusR, |folder| vec![Fault::Flip { block: block_of_segment(folder), byte: 77 }],
        Some(differs), PutsInABlank, Replaced;
    a_block_that_reads_at_the_second_try_costs_nothing: DvdPlusR, |folder| vec![Fault::ReadError { block: block_of_segment(folder), once: true }],
        None, Nothing, Stays;
    a_block_that_cannot_be_read_gets_a_new_disc: DvdPlusR, |folder| vec![Fault::ReadError { block: block_of_segment(folder), once: false }],
        Some(unreadable), PutsInABlank, Replaced;
    a_drive_that_reports_success_and_writes_nothing_gets_a_new_disc: DvdPlusR, |_| vec![Fault::StaysBlank],
        Some(|fault| matches!(fault, DiscFault::SessionsDiffer { .. })), PutsInABlank, Replaced;
}

/// Both programs die at their own places, and A once more in its second try.
#[test]
fn cuts_on_both_drives_and_twice_in_a_row_are_mended() {
    with_drives(2, |folders| {
        Drive::insert_blank(&folders[0], Medium::DvdR, 0).unwrap();
        Drive::insert_blank(&folders[1], Medium::BdR, 0).unwrap();
        // The very first session of A is cut as well: no good one is there then (disc case 4).
        arm(
            &folders[0],
            &[Fault::MachineCut {
                at: At::IntoTrack(30),
                damaged: true,
                address_lost: true,
            }],
        )
        .unwrap();
        let scene = Scene::new();
        let mut slots = [Slot::A, Slot::B].map(|slot| start(&scene, slot));
        for name in ["a", "b"] {
            wait_for("the opening session", || {
                scene
                    .ledger
                    .kinds(name)
                    .iter()
                    .any(|kind| kind == "disc-read-back")
            });
        }
        arm(&folders[0], &cut(false, false)).unwrap();
        arm(&folders[1], &cut(true, false)).unwrap();
        let segment = scene.segment(1, SEGMENT_BYTES);
        slots.iter().for_each(|slot| slot.feed(&segment));
        let deadline = Instant::now() + DEADLINE;
        while fired(&folders[0]).len() < 2 {
            assert!(Instant::now() < deadline, "the first cut of the batch");
            std::thread::sleep(Duration::from_millis(2));
        }
        arm(&folders[0], &cut(true, false)).unwrap();
        slots.iter_mut().for_each(|slot| {
            slot.until("the batch", is_batch);
        });
        assert_eq!(fired(&folders[0]).len(), 3);
        scene.close();
        slots.iter_mut().for_each(Running::finish);
        for (number, name) in [(0, "a"), (1, "b")] {
            assert!(!scene.ledger.kinds(name).iter().any(|kind| kind == "disc-failed"));
            let disc = scene.extract_from(&format!("/dev/sr{number}"), name);
            assert_sums_pass(&disc);
            assert_interview_files_equal(&scene.interview(), &[disc]);
        }
    })
    .unwrap();
}
