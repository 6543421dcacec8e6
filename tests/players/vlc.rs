//! VLC plays the playlist and a segment in real time, as somebody at a desk would, and shows every second.
//!
//! It refuses to run as root, so then it runs as nobody. A filter saves each 25th picture that it shows.

use super::recording;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// VLC speaks to a desktop when there is one; these parts of it are not needed to play.
const NO_DESKTOP: [&str; 2] = ["interface", "dbus"];

#[test]
fn vlc_plays_the_playlist_and_a_segment_alone() {
    let recording = recording::shared();
    let copy = recording.copied();
    let alone = recording.segments()[1].clone();
    let pictures = |frames: u64| usize::try_from(frames / 25).unwrap();
    let whole = pictures(recording.all_frames());
    let single = pictures(recording.frames(&alone));
    std::thread::scope(|scope| {
        let playlist = scope.spawn(|| play(&copy.path().join("playlist.m3u8")));
        assert_shown(play(&copy.path().join(&alone)), single);
        assert_shown(playlist.join().unwrap(), whole);
    });
}

/// A picture may fall on either side of the border at the start and at the end.
fn assert_shown(shown: usize, expected: usize) {
    assert!(
        shown.abs_diff(expected) <= 1,
        "{shown} of {expected} seconds shown"
    );
}

/// How many of the saved pictures there are when it ended by itself.
fn play(path: &Path) -> usize {
    let scenes = tempfile::tempdir().unwrap();
    std::fs::set_permissions(scenes.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let out = vlc()
        .env("HOME", scenes.path())
        .args([
            "-I",
            "dummy",
            "--vout",
            "dummy",
            "--aout",
            "dummy",
            "--no-color",
            "--play-and-exit",
            "-q",
        ])
        .args([
            "--video-filter",
            "scene",
            "--scene-format",
            "png",
            "--scene-ratio",
            "25",
            "--scene-path",
        ])
        .arg(scenes.path())
        .arg(path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(" error: ") && !NO_DESKTOP.iter().any(|part| line.contains(part)))
        .collect();
    assert!(
        out.status.success() && errors.is_empty(),
        "{}: {errors:?}",
        path.display()
    );
    let files = std::fs::read_dir(scenes.path()).unwrap().flatten();
    files
        .filter(|file| file.path().extension().is_some_and(|e| e == "png"))
        .count()
}

fn vlc() -> Command {
    // SAFETY: a plain system call without arguments.
    let is_root = unsafe { libc::geteuid() } == 0;
    let mut command = Command::new("timeout");
    command.arg("60");
    if is_root {
        command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.arg("cvlc");
    command
}
