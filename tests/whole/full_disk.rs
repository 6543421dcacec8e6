//! The master disk full in the middle: nobody is told "recording", nothing that was recorded is lost, and what
//! waited is written as soon as there is room.

use super::faults::{
    SUSPENDED_WITHIN, causes, goes_on_as_the_next_part, is_suspended, ms, on_disk, seen, table,
};
use super::house::{House, is_whole, without_burners};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A file system of its own, so small that a test can fill it.
pub struct SmallDisk {
    at: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where this user may not mount.
    pub fn mount() -> Option<SmallDisk> {
        let at = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m,mode=0755", "shenlu-test"])
            .arg(at.path())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(SmallDisk { at })
    }

    pub fn path(&self) -> &Path {
        self.at.path()
    }

    /// Takes every byte that is left.
    pub fn fill(&self) {
        let mut filler = std::fs::File::create(self.path().join("filler")).unwrap();
        let block = [0u8; 4096];
        while filler.write_all(&block).is_ok() {}
    }

    pub fn make_room(&self) {
        std::fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_alarms_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("left out: a small file system cannot be mounted here; root can");
        return;
    };
    let (house, id) = House::recording_as(|place, text| on_disk(disk.path(), place, &text));
    house.alarm("master-space-low", true, 20);
    house.reach(4.0);

    disk.fill();
    let filled = Instant::now();
    let stuck = house.until("nobody is told recording", 20, |s| s["recording"] == false);
    let noticed = filled.elapsed();
    assert!(noticed <= table::DISK_FULL.within, "{noticed:?}");
    let durable_us = stuck["durable_us"].as_u64().unwrap();
    eprintln!("full: {stuck}");
    disk.make_room();
    house.until("recording again", 20, |s| s["recording"] == true);
    house.reach(durable_us as f64 / 1e6 + 4.0);
    house.finish(&id);

    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    assert!(
        !house.interview(&id).join("part-0002").exists(),
        "what waited was written: one part"
    );
    assert!(
        !house.interview(&id).join("quarantine").exists(),
        "nothing was torn, nothing was refused"
    );
    let log = std::fs::read_to_string(house.place.dir.join("room.log")).unwrap();
    assert!(!log.contains("panicked"), "{log}");
    table::held(
        &table::DISK_FULL,
        &format!("nobody told recording after {}", ms(noticed)),
    );
}

#[test]
fn a_full_disk_with_no_disc_behind_it_suspends_the_interview() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("left out: a small file system cannot be mounted here; root can");
        return;
    };
    let (house, id) = House::recording_as(|place, text| {
        let text = without_burners(place, &text);
        on_disk(disk.path(), place, &text)
    });
    house.reach(4.0);
    disk.fill();
    let filled = Instant::now();
    let suspended = seen(&house, "suspended", filled, is_suspended);
    assert!(suspended <= SUSPENDED_WITHIN, "{suspended:?}");
    disk.make_room();
    goes_on_as_the_next_part(&house, 2);
    house.attest_and_end(&id);

    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    is_whole(&house.judge_part(&id, 2));
    assert_eq!(causes(&house, &id), ["no-space"]);
    table::held(&table::DISK_FULL_ALONE, &format!("suspended {}", ms(suspended)));
}
