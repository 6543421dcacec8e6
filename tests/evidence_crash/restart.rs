//! A process that died leaves in memory what it had not synced, and the next one sees it. Before it builds on that it
//! must make it durable: when the power goes a little later, journal and disk would contradict each other.

use super::{
    cycles::Cycles,
    interview::{invariants_hold, the_interview},
    volume::{Cut, Volume},
};
use std::{fs, path::Path};

/// Every point on the way of a recorder that finds an empty disk, and how often it passes there.
const ON_THE_WAY: [(&str, u64); 9] = [
    ("directory-made", 5),
    ("line-written", 11),
    ("line-synced", 11),
    ("chunk-written", 9),
    ("chunk-synced", 9),
    ("segment-named", 2),
    ("file-written", 1),
    ("file-linked", 1),
    ("file-named", 1),
];

#[test]
fn what_a_crash_left_in_memory_is_durable_before_it_counts() {
    let all = ON_THE_WAY
        .iter()
        .flat_map(|(point, passes)| (1..=*passes).map(move |pass| (*point, pass)));
    // All of them are tried: which ones fail tells what was not synced.
    let failed: Vec<String> = all
        .filter(|at| std::panic::catch_unwind(|| cut_one_start_later(*at)).is_err())
        .map(|(point, pass)| format!("{point}:{pass}"))
        .collect();
    assert!(
        failed.is_empty(),
        "killed at {failed:?}, then recorded on, then cut"
    );
}

fn cut_one_start_later((point, pass): (&str, u64)) {
    let Some(volume) = Volume::forgetful() else {
        return;
    };
    let at = format!("{point}:{pass}");
    let mut cycles = Cycles::of(&volume, 0);
    assert!(cycles.record(point, pass), "{point} is not passed {pass} times");
    assert!(
        !cycles.record("directory-made", u64::MAX),
        "nothing to be killed at"
    );
    let (keys, interview) = (keys(volume.path()), the_interview(volume.path()));
    volume.cut(Cut::Everything);
    invariants_hold(volume.path(), &at);
    assert_eq!(self::keys(volume.path()), keys, "the device's keys after {at}");
    assert_eq!(the_interview(volume.path()), interview, "after {at}");
    cycles.all_is_there();
}

/// Names and bytes of the device's keys and certificates.
fn keys(data: &Path) -> Vec<(String, Vec<u8>)> {
    let keys = fs::read_dir(data.join("keys")).unwrap();
    let mut keys: Vec<_> = keys
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    keys.sort();
    keys
}
