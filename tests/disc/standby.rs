//! Drives that stand in: for one that is gone, for one that fails, for a set that waits until another is complete.
//! And the last look at a finalised disc, after its tray was opened.

use super::scene::*;
use hardware::optical::Device;
use shenlu::disc::{DiscEvent, DiscFault, DiscState, Slot, Spares, compare_sets, drive_of_open_disc};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

fn standby(scene: &Scene) -> (Device, Arc<Spares>) {
    let drive = Device::Image(scene.image("standby-001.iso"));
    (drive.clone(), Arc::new(Spares::new([drive])))
}

fn in_state(wanted: DiscState) -> impl Fn(&DiscEvent) -> bool {
    move |event| matches!(event, DiscEvent::State { state, .. } if *state == wanted)
}

#[test]
fn the_standby_takes_over_from_a_drive_that_is_not_there() {
    let scene = Scene::new();
    let (drive, spares) = standby(&scene);
    let mut plan = scene.plan(Slot::A);
    plan.drive = Device::Drive("/dev/sr99".into());
    plan.spares = Arc::clone(&spares);
    let mut slot = scene.start(plan);
    slot.feed(&scene.segment(1, 1_200_000));
    let taken = slot.until("the other drive", |event| {
        matches!(event, DiscEvent::DriveTaken { .. })
    });
    assert_eq!(
        taken,
        DiscEvent::DriveTaken {
            slot: Slot::A,
            from: "/dev/sr99".into(),
            to: drive.address()
        }
    );
    // Until the set is complete a restart finds it there.
    slot.until("the batch", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 1, .. })
    });
    let uuid = "6f1c2a52-1b1f-4b53-9a57-1d8f2f1f0001";
    assert_eq!(
        drive_of_open_disc(&scene.ledger.all(), uuid, Slot::A),
        Some(drive.clone())
    );
    scene.close();
    slot.finish();
    assert!(
        matches!(slot.faults()[..], [DiscFault::Absent { .. }]),
        "a drive that does not answer is told: {:?}",
        slot.faults()
    );
    let disc = scene.extract("standby-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
    assert_eq!(spares.free(), [Device::Drive("/dev/sr99".into()), drive]);
}

#[test]
fn a_drive_that_goes_with_its_open_disc_is_left_when_another_has_a_blank_one() {
    let scene = Scene::new();
    let (_, spares) = standby(&scene);
    let mut plan = scene.plan(Slot::A);
    plan.spares = spares;
    plan.spare_after = Duration::ZERO;
    let mut slot = scene.start(plan);
    slot.feed(&scene.segment(1, 1_200_000));
    slot.until("batch 1", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 1, .. })
    });
    // As a drive goes: with what lies in it.
    fs::rename(scene.image("a-001.iso"), scene.path().join("gone.iso")).unwrap();
    slot.feed(&scene.segment(2, 1_200_000));
    slot.until("the other drive", |event| {
        matches!(event, DiscEvent::DriveTaken { .. })
    });
    scene.close();
    slot.finish();
    // What stood on the disc that is gone was burnt again.
    let disc = scene.extract("standby-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), std::slice::from_ref(&disc));
    assert_disc_json(&disc, 1, &serde_json::Value::Null);
    assert!(scene.ledger.kinds("a").contains(&"disc-failed".to_owned()));
}

#[test]
fn one_drive_serves_both_sets_one_after_the_other() {
    let scene = Scene::new();
    let spares = Arc::new(Spares::default());
    let mut a = scene.plan(Slot::A);
    a.spares = Arc::clone(&spares);
    let mut b = scene.plan(Slot::B);
    b.spares = Arc::clone(&spares);
    b.drive = Device::Drive("/dev/sr99".into());
    let (mut a, mut b) = (scene.start(a), scene.start(b));
    for slot in [&a, &b] {
        slot.feed(&scene.segment(1, 1_200_000));
    }
    b.until("the dead drive", in_state(DiscState::WaitingForMedium));
    scene.close();
    b.handle.feed(shenlu::disc::Feed::Finish);
    a.finish();
    b.until("the drive that is free", |event| {
        matches!(event, DiscEvent::DriveTaken { .. })
    });
    b.until("end", |event| {
        matches!(event, DiscEvent::Ended { complete: true, .. })
    });
    for name in ["a-001.iso", "a-002.iso"] {
        let disc = scene.extract(name);
        assert_sums_pass(&disc);
        assert_interview_files_equal(&scene.interview(), &[disc]);
    }
    let compared = compare_sets(&scene.ledger.all(), "6f1c2a52-1b1f-4b53-9a57-1d8f2f1f0001");
    assert_eq!(compared.differing, [""; 0]);
    assert!(compared.equal_files > 5, "{compared:?}");
}

fn flip(image: &std::path::Path, bytes: &[u8]) {
    let mut all = fs::read(image).unwrap();
    let at = all
        .windows(bytes.len())
        .position(|window| window == bytes)
        .unwrap();
    all[at] ^= 1;
    fs::write(image, all).unwrap();
}

#[test]
fn a_finalised_disc_that_reads_differently_after_the_tray_is_burnt_again() {
    let scene = Scene::new();
    let segment = scene.segment(1, 1_200_000);
    // Between finalising and proving.
    let (image, bytes) = (scene.image("a-001.iso"), segment.1[600_000..600_064].to_vec());
    *scene.ledger.then.lock().unwrap() = Some(("disc-finalised", Box::new(move || flip(&image, &bytes))));
    let mut slot = scene.start(scene.plan(Slot::A));
    slot.feed(&segment);
    scene.close();
    slot.finish();
    slot.seen
        .iter()
        .find(|event| matches!(event, DiscEvent::Disproven { disc_number: 1, .. }))
        .unwrap_or_else(|| panic!("{:#?}", slot.seen));
    let disc = scene.extract("a-002.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
    let kinds = scene.ledger.kinds("a");
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "disc-proven").count(),
        1,
        "{kinds:?}"
    );
}

#[test]
fn a_drive_that_is_wanted_elsewhere_is_given_up_while_its_slot_waits() {
    let scene = Scene::new();
    let mut plan = scene.plan(Slot::A);
    plan.drive = Device::Drive("/dev/sr99".into());
    let mut slot = scene.start(plan);
    slot.until("wait", in_state(DiscState::WaitingForMedium));
    wait_for("the slot only waits", || slot.handle.is_waiting());
    slot.handle.abandon();
    slot.until("end", |event| {
        matches!(event, DiscEvent::Ended { complete: false, .. })
    });
}
