//! The second disk forgets too: master and mirror cut at the same moment, again and again, and level in the end.

use super::{
    dice::Dice,
    evidence_support::*,
    interview::{invariants_hold, is_sound, the_interview},
    roles::{Role, clock},
    volume::{CUTS, Cut, Volume},
};
use fixtures::disk::Disk;
use shenlu::evidence::{
    adopt::{Recovered, recover},
    catch_up::catch_up_all,
    closing::close,
    directory::{InterviewDirectory, Place},
    mirror::MirrorState,
    names::TrackName,
    writer::Writer,
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

const KILLS: usize = 30;

#[test]
fn a_mirror_whose_disk_forgets_is_level_again_in_the_end() {
    let (Some(master), Some(mirror)) = (Volume::forgetful(), Volume::forgetful()) else {
        return;
    };
    let media_file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&media_file, make_mp4(4)).unwrap();
    let role = Role {
        name: "role_recorder",
        data: master.path(),
        mirror: Some(mirror.path()),
        media: media_file.path(),
    };
    let mut dice = Dice(23);
    for run in 0..KILLS {
        let (point, pass) = dice.point(false);
        role.run(point, pass);
        let cut = CUTS[dice.throw() as usize % 3];
        master.cut(cut);
        mirror.cut(cut);
        invariants_hold(master.path(), &format!("run {run} to {point}:{pass}, {cut:?}"));
    }
    close_with_mirror(master.path(), mirror.path());
    master.cut(Cut::Everything);
    mirror.cut(Cut::Everything);
    let whole = the_interview(master.path()).unwrap();
    let copy = mirror.path().join("interviews").join(whole.file_name().unwrap());
    is_sound(&whole, "the master");
    is_sound(&copy, "the mirror");
    assert_eq!(sums(&whole), sums(&copy));
}

#[test]
fn a_copy_that_was_behind_when_the_power_went_is_completed_at_the_next_start() {
    let Some(disk) = Disk::mount() else { return };
    let root = tempfile::tempdir().unwrap();
    let place = Place {
        mirror: Some(disk.path().to_owned()),
        ..place(root.path())
    };
    let directory = InterviewDirectory::create(&place, "a1", TestClock::new()).unwrap();
    let mut writer = Writer::new(&directory, 2);
    write_part(&mut writer, 1, &TrackName::Program, media());
    writer.end_part(1).unwrap();
    directory.checkpoint(conditions()).unwrap();
    level(&directory);
    disk.stall();
    close(&directory, &facts()).unwrap();
    let (whole, id) = (directory.path().to_owned(), directory.id().clone());
    drop((writer, directory));
    disk.power_cut().unwrap();

    assert_eq!(caught_up(&place), [id.as_str()]);
    let copy = disk.path().join("interviews").join(id.as_str());
    let deadline = Instant::now() + Duration::from_secs(20);
    while !copy.join("SHA256SUMS").exists() {
        assert!(Instant::now() < deadline, "the copy is never completed");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(sums(&whole), sums(&copy));
    is_sound(&copy, "the mirror");
    assert_eq!(caught_up(&place), [""; 0]);
}

fn close_with_mirror(master: &Path, mirror: &Path) {
    let place = Place {
        mirror: Some(mirror.to_owned()),
        ..place(master)
    };
    let path = the_interview(master).unwrap();
    let id = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let Recovered::Open(adopted) = recover(&place, &id, clock()).unwrap() else {
        panic!("it was never closed");
    };
    close(&adopted.directory, &facts()).unwrap();
    level(&adopted.directory);
}

fn level(directory: &InterviewDirectory) {
    let mirror = directory.mirror().unwrap();
    let state = mirror.wait_until_level(Duration::from_secs(60));
    assert_eq!(state, MirrorState::Working { behind_bytes: 0 });
}

/// Every file's name and digest. An empty directory, of a part that never began, is nothing to copy.
fn sums(directory: &Path) -> String {
    let all = "find . -type f | LC_ALL=C sort | xargs sha256sum";
    let (done, text) = run(directory, "sh", &["-c", all]);
    assert!(done, "{text}");
    text
}

/// Whose copies were behind; each is completed.
fn caught_up(place: &Place) -> Vec<String> {
    let all = catch_up_all(place);
    all.into_iter()
        .map(|(id, done)| {
            done.unwrap();
            id
        })
        .collect()
}
