//! The contract of `hardware::optical`: one life of a disc, the same on every medium of the drive model, on an
//! image file, and on a real drive when `SHENLU_TEST_DRIVE=/dev/srN` names one with a blank disc in it. That disc
//! is used up: found, inspected, opened, two batches appended, closed, read whole, read again after the tray.

#![allow(clippy::unwrap_used)]

mod drives;

use drive_model::bays::with_drives;
use drive_model::{Drive, Medium};
use drives::{Bay, starts};
use hardware::optical::{
    Base, Closing, Device, DiscFault, Found, MediumKind, MediumState, Tray, discover, eject, identify,
    inspect, reload, tray,
};

/// From blank to closed and read again.
fn a_whole_life(bay: &Bay) -> MediumKind {
    let medium = inspect(&bay.xorriso, &bay.device).unwrap();
    let kind = medium.require_blank(&bay.device).unwrap();
    assert_eq!(medium.sessions, []);
    let found = discover(&bay.xorriso, std::slice::from_ref(&bay.device));
    let is_it = |found: &Found| matches!(found, Found::Drive { device, .. } if *device == bay.device);
    assert!(found.iter().any(is_it), "{found:?}");

    let opening = bay
        .burn(kind, "opening", Base::Newest, Closing::KeepOpen)
        .unwrap()
        .medium;
    assert_eq!(
        (opening.state, opening.session_count()),
        (MediumState::Appendable, 1)
    );
    let first = bay
        .burn(kind, "batch-1", Base::Newest, Closing::KeepOpen)
        .unwrap()
        .medium;
    let second = bay
        .burn(kind, "batch-2", Base::Newest, Closing::KeepOpen)
        .unwrap()
        .medium;
    assert_eq!(
        starts(&second)[..2],
        starts(&first)[..2],
        "old sessions stay where they are"
    );
    assert!(second.free_blocks < first.free_blocks && first.free_blocks < medium.free_blocks);
    bay.assert_holds(&["opening", "batch-1", "batch-2"]);
    assert!(matches!(
        second.require_blank(&bay.device),
        Err(DiscFault::Used { sessions: 3, .. })
    ));

    let closed = bay
        .burn(kind, "closing", Base::Newest, Closing::CloseDisc)
        .unwrap()
        .medium;
    assert_eq!(closed.session_count(), 4);
    if kind.is_write_once() {
        assert_eq!(closed.state, MediumState::Closed);
        let refused = bay.burn(kind, "late", Base::Newest, Closing::KeepOpen);
        assert!(matches!(refused, Err(DiscFault::ChildDied { .. })), "{refused:?}");
    }
    reload(&bay.xorriso, &bay.device).unwrap();
    bay.assert_holds(&["batch-1", "batch-2", "closing", "opening"]);
    kind
}

fn on_the_model(medium: Medium, kind: MediumKind) {
    with_drives(1, |folders| {
        let bay = Bay::modelled(&folders[0], medium);
        assert_eq!(a_whole_life(&bay), kind);
        relays_to_the_next_blank(&bay, &folders[0], medium);
    })
    .unwrap();
}

/// Taken out, and nothing draws the tray in while a hand is in it; the next disc is another one.
fn relays_to_the_next_blank(bay: &Bay, folder: &std::path::Path, medium: Medium) {
    eject(&bay.xorriso, &bay.device).unwrap();
    assert_eq!(tray(&bay.device), Tray::Open);
    let none = inspect(&bay.xorriso, &bay.device).unwrap();
    assert!(matches!(
        none.require_blank(&bay.device),
        Err(DiscFault::NoMedium { .. })
    ));
    assert!(
        Drive::tray(folder).unwrap().open,
        "a look at the drive closed its tray"
    );
    Drive::insert_blank(folder, medium, 0).unwrap();
    assert_eq!(tray(&bay.device), Tray::Closed);
    let blank = inspect(&bay.xorriso, &bay.device).unwrap();
    let kind = blank.require_blank(&bay.device).unwrap();
    bay.burn(kind, "opening", Base::Newest, Closing::KeepOpen)
        .unwrap();
    bay.assert_holds(&["opening"]);
}

#[test]
fn a_dvd_r_keeps_the_contract() {
    on_the_model(Medium::DvdR, MediumKind::DvdR);
}

#[test]
fn a_dvd_plus_r_keeps_the_contract() {
    on_the_model(Medium::DvdPlusR, MediumKind::DvdPlusR);
}

#[test]
fn a_bd_r_keeps_the_contract() {
    on_the_model(Medium::BdR, MediumKind::BdR);
}

#[test]
fn a_dvd_plus_rw_keeps_the_contract() {
    on_the_model(Medium::DvdPlusRw, MediumKind::Overwritable);
}

#[test]
fn a_bd_re_keeps_the_contract() {
    on_the_model(Medium::BdRe, MediumKind::Overwritable);
}

#[test]
fn an_image_file_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let first = Device::Image(dir.path().join("a-001.iso"));
    let bay = Bay::new(first.clone(), None);
    assert_eq!(a_whole_life(&bay), MediumKind::Overwritable);
    assert_eq!(tray(&first), Tray::Unknown);
    eject(&bay.xorriso, &first).unwrap();
    let next = Bay::new(first.for_disc(2), None);
    next.burn(
        MediumKind::Overwritable,
        "opening",
        Base::Newest,
        Closing::KeepOpen,
    )
    .unwrap();
    next.assert_holds(&["opening"]);
}

#[test]
fn a_real_drive_keeps_the_contract() {
    let Some(name) = std::env::var_os("SHENLU_TEST_DRIVE") else {
        eprintln!("no real drive: SHENLU_TEST_DRIVE names none");
        return;
    };
    let bay = Bay::new(Device::parse(&name.to_string_lossy()).unwrap(), None);
    println!("{:#?}", identify(&bay.xorriso, &bay.device).unwrap());
    a_whole_life(&bay);
}

#[test]
fn drive_and_medium_say_who_they_are() {
    with_drives(1, |folders| {
        for (medium, code, maker) in [
            (Medium::DvdR, "MCC_03RG20", "Mitsubishi"),
            (Medium::DvdPlusR, "MCC/004", "Mitsubishi"),
            (Medium::BdR, "MEI/RA1", "Panasonic"),
            (Medium::DvdPlusRw, "MKM/A03", "Mitsubishi"),
            (Medium::BdRe, "VERBAT/IMf", "Mitsubishi"),
        ] {
            let bay = Bay::modelled(&folders[0], medium);
            let identity = identify(&bay.xorriso, &bay.device).unwrap();
            assert_eq!(identity.drive_model.as_deref(), Some("MODEL DRIVE"));
            assert_eq!(identity.drive_serial.as_deref(), Some("SHENLU000001"));
            assert!(
                identity
                    .medium_code
                    .as_ref()
                    .is_some_and(|said| said.starts_with(code)),
                "{identity:?}"
            );
            assert!(
                identity
                    .medium_maker
                    .as_ref()
                    .is_some_and(|said| said.contains(maker)),
                "{identity:?}"
            );
            assert_eq!(identity.medium_blocks, Some(u64::from(medium.capacity_blocks())));
            assert!(
                identity.write_speeds_kb.is_sorted_by(|a, b| a > b),
                "{identity:?}"
            );
        }
    })
    .unwrap();
}

#[test]
fn a_write_speed_that_was_asked_for_is_kept() {
    with_drives(1, |folders| {
        let mut bay = Bay::modelled(&folders[0], Medium::DvdPlusR);
        bay.burn(MediumKind::DvdPlusR, "fast", Base::Newest, Closing::KeepOpen)
            .unwrap();
        assert_eq!(Drive::asked_kb_per_s(&folders[0]).unwrap(), None);
        bay.xorriso.write_kb_per_s = Some(2_770);
        bay.burn(MediumKind::DvdPlusR, "slow", Base::Newest, Closing::KeepOpen)
            .unwrap();
        assert_eq!(Drive::asked_kb_per_s(&folders[0]).unwrap(), Some(2_770));
        bay.assert_holds(&["fast", "slow"]);
    })
    .unwrap();
}
