//! The recording that all players are given, and the folder from which they play it.
//!
//! Made once per build of the program and kept below the build's temporary directory, because each test may be
//! a process of its own. The evidence itself is closed to other users, so players get copies.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

const PROGRAM: &str = env!("CARGO_BIN_EXE_shenlu");

pub struct Recording {
    pub interview: PathBuf,
    pub image: PathBuf,
}

/// Recorded now, or by an earlier test of this build.
pub fn shared() -> Recording {
    let dir = shelf("players", Path::new(PROGRAM), |dir| record(&dir.join("demo")));
    let interview = fs::read_dir(dir.join("demo/data/interviews"))
        .unwrap()
        .next()
        .expect("an interview");
    Recording {
        interview: interview.unwrap().path(),
        image: dir.join("demo/discs/a-001.iso"),
    }
}

/// A folder that `make` filled, now or for an earlier test of the same program.
pub fn shelf(name: &str, program: &Path, make: impl FnOnce(&Path)) -> PathBuf {
    let shelf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&shelf).unwrap();
    let lock = File::create(shelf.join("lock")).unwrap();
    lock.lock().unwrap();
    let built = fs::metadata(program).unwrap().modified().unwrap();
    let of_build = shelf.join(built.duration_since(UNIX_EPOCH).unwrap().as_nanos().to_string());
    let done = of_build.join("done");
    if !done.exists() {
        clear(&shelf);
        fs::create_dir_all(&of_build).unwrap();
        make(&of_build);
        File::create(done).unwrap();
    }
    of_build
}

/// What earlier builds left.
fn clear(shelf: &Path) {
    for entry in fs::read_dir(shelf).unwrap().flatten() {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

/// Whether every check of the demonstration held is its own test's matter; here it must have closed.
fn record(dir: &Path) {
    let out = Command::new(PROGRAM)
        .args([
            "demo",
            "--seconds",
            "12",
            "--size",
            "640x360",
            "--segment-seconds",
            "4",
            "--dir",
        ])
        .arg(dir)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(
        said.contains("disc finalised — finalised"),
        "{said}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

impl Recording {
    /// Paths of the segments from the interview's directory, in order.
    pub fn segments(&self) -> Vec<String> {
        let part = self.interview.join("part-0001");
        let names = fs::read_dir(part)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut segments: Vec<String> = names
            .filter(|name| name.ends_with(".mp4"))
            .map(|name| format!("part-0001/{name}"))
            .collect();
        segments.sort();
        assert!(segments.len() >= 3, "{segments:?}");
        segments
    }

    /// Frames of one segment, as ffprobe counts them by decoding.
    pub fn frames(&self, segment: &str) -> u64 {
        let out = Command::new("ffprobe")
            .args(["-v", "error", "-count_frames", "-select_streams", "v"])
            .args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"])
            .arg(self.interview.join(segment))
            .output()
            .unwrap();
        String::from_utf8_lossy(&out.stdout).trim().parse().unwrap()
    }

    pub fn all_frames(&self) -> u64 {
        self.segments().iter().map(|segment| self.frames(segment)).sum()
    }

    /// A copy of segments and playlists that anybody may read.
    pub fn copied(&self) -> tempfile::TempDir {
        use std::os::unix::fs::PermissionsExt;
        let copy = tempfile::tempdir().unwrap();
        let part = copy.path().join("part-0001");
        fs::create_dir(&part).unwrap();
        for dir in [copy.path(), &part] {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let playlists = ["playlist.m3u8".to_owned(), "part-0001/playlist.m3u8".to_owned()];
        for path in self.segments().into_iter().chain(playlists) {
            let to = copy.path().join(&path);
            fs::copy(self.interview.join(&path), &to).unwrap();
            fs::set_permissions(to, fs::Permissions::from_mode(0o644)).unwrap();
        }
        copy
    }
}
