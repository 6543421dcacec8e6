//! The master disk full in the middle: nobody is told "recording", nothing that was recorded is lost, and what
//! waited is written as soon as there is room.

use super::house::{House, arguments, is_whole};
use shenlu::demo::{officer, simulated};
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// A file system of its own, so small that a test can fill it.
struct SmallDisk {
    at: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where this user may not mount.
    fn mount() -> Option<SmallDisk> {
        let at = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m,mode=0755", "shenlu-test"])
            .arg(at.path())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(SmallDisk { at })
    }

    fn path(&self) -> &Path {
        self.at.path()
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.path().join("filler")).unwrap();
        let block = [0u8; 4096];
        while filler.write_all(&block).is_ok() {}
    }

    fn make_room(&self) {
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
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let house = House::open(cameras, |place, text| {
        place.data = disk.path().join("data");
        let text = text.replacen("dir = \"data\"", &format!("dir = {:?}", place.data), 1);
        text.replacen("min_free_hours = 1", "min_free_hours = 0", 1)
    });
    officer::precheck(&house.room).unwrap();
    officer::start(&house.room).unwrap();
    let state = house.until("recording", 20, |s| s["recording"] == true);
    let id = state["interview_id"].as_str().unwrap().to_owned();
    house.say_what_is_owed();
    house.alarm("master-space-low", true, 20);
    house.reach(4.0);

    disk.fill();
    let stuck = house.until("nobody is told recording", 20, |s| s["recording"] == false);
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
}
