//! A closing killed at each of its steps, with all that follows the `closed` line: the next start completes it, and
//! what it completed stays whatever the disk forgets.

use super::{
    evidence_support::*,
    interview::{invariants_hold, is_sound},
    roles::Role,
    volume::{Cut, Volume},
};
use shenlu::evidence::{names::TrackName, writer::Writer};
use std::path::{Path, PathBuf};

const STEPS: [(&str, u64); 4] = [
    ("line-written", 2),
    ("line-synced", 2),
    ("put-written", 10),
    ("put-renamed", 10),
];

#[test]
fn a_closing_killed_at_every_step_is_completed_at_the_next_start() {
    at_every_step(|| Some(Volume::plain()), Cut::Nothing);
}

#[test]
fn a_closing_whose_disk_forgets_is_completed_at_the_next_start() {
    at_every_step(Volume::forgetful, Cut::Everything);
}

#[test]
fn a_closing_whose_disk_remembers_names_only_is_completed_at_the_next_start() {
    at_every_step(Volume::forgetful, Cut::BytesOnly);
}

#[test]
fn a_closing_completed_after_a_crash_survives_the_cut_after_it() {
    at_every_step(Volume::forgetful, Cut::Nothing);
}

fn at_every_step(volume: impl Fn() -> Option<Volume>, cut: Cut) {
    for (point, passes) in STEPS {
        for pass in 1..=passes {
            let Some(volume) = volume() else { return };
            killed_while_it_closes(&volume, cut, (point, pass), pass == passes);
        }
    }
}

fn killed_while_it_closes(volume: &Volume, cut: Cut, (point, pass): (&str, u64), is_last: bool) {
    let at = format!("{point}:{pass}, {cut:?}");
    let path = recorded(volume.path());
    let role = Role {
        name: "role_closer",
        data: volume.path(),
        mirror: None,
        media: Path::new(""),
    };
    let told = role.run(point, pass);
    volume.cut(cut);
    invariants_hold(volume.path(), &at);
    // Once more, whole: what was not closed is closed now, what was begun is completed.
    role.run_whole();
    volume.cut(Cut::Everything);
    invariants_hold(volume.path(), &at);
    if !path.join("SHA256SUMS").exists() {
        role.run_whole(); // the last name of all was in memory only; what it names is made again, the same
    }
    is_sound(&path, &at);
    assert!(
        told.ended || !is_last || pass < 10,
        "{point} is passed more often than {pass} times"
    );
}

/// An interview with one part, ended; nothing of it is closed.
fn recorded(data: &Path) -> PathBuf {
    let directory = new_directory(data);
    let mut writer = Writer::new(&directory, 2);
    write_part(&mut writer, 1, &TrackName::Program, media());
    writer.end_part(1).unwrap();
    directory.checkpoint(conditions()).unwrap();
    directory.path().to_owned()
}
