//! The table of faults, `tests/faults.md`: what is promised of each stands here and there; what was measured is
//! filled in by the tests themselves.
//!
//! A fault's test calls `held` when everything that the row says was seen. The row must stand in the file as it
//! stands here; with `SHENLU_FAULTS=write` it is put there, with the figures of this run.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

/// One fault, and what the product promises of it.
pub struct Row {
    pub fault: &'static str,
    /// How the test causes it.
    pub caused: &'static str,
    pub alarm: &'static str,
    /// From the fault to the alarm, at most.
    pub within: Duration,
    pub goes_on: &'static str,
    pub lost: &'static str,
}

/// In the order of the file.
pub const ROWS: [&Row; 17] = [
    &DISK_FULL,
    &DISK_FULL_ALONE,
    &DISK_STALLS,
    &DISK_STALLS_ALONE,
    &DISK_EIO,
    &DISK_READ_ONLY,
    &MIRROR_LOST,
    &MEDIA_HANGS,
    &CAMERAS_LOST,
    &PICTURE_FROZEN,
    &MICROPHONES_DEAD,
    &CLOCK_FORWARDS,
    &CLOCK_BACK,
    &INDEX_LOCKED,
    &PROCESSORS_BUSY,
    &MEMORY_SHORT,
    &NETWORK_GONE,
];

pub const DISK_FULL: Row = Row {
    fault: "master disk full, discs work",
    caused: "a file takes every byte of its file system, and gives it back",
    alarm: "master-space-low; nobody is told \"recording\" after 3 s",
    within: Duration::from_secs(5),
    goes_on: "encoding, both discs, commands wait; what waits is written when there is room, in the same part",
    lost: "nothing",
};
pub const DISK_FULL_ALONE: Row = Row {
    fault: "master disk full, no burner",
    caused: "as above, in a room without burners",
    alarm: "master-space-low, interview-suspended (R-14)",
    within: Duration::from_secs(5),
    goes_on: "encoding into memory; recording resumes as the next part by itself when there is room",
    lost: "nothing; the interview stood still, a statement is owed (R-15)",
};
pub const DISK_STALLS: Row = Row {
    fault: "master disk stands still for 30 s, discs work",
    caused: "every write and fsync of its file system waits for 30 s",
    alarm: "master-failed",
    within: Duration::from_secs(6),
    goes_on: "encoding, both discs; then everything that waited, in the same part",
    lost: "nothing",
};
pub const DISK_STALLS_ALONE: Row = Row {
    fault: "master disk stands still, no burner",
    caused: "as above, in a room without burners",
    alarm: "interview-suspended (R-14)",
    within: Duration::from_secs(5),
    goes_on: "encoding into memory; recording resumes as the next part by itself",
    lost: "nothing; the interview stood still, a statement is owed (R-15)",
};
pub const DISK_EIO: Row = Row {
    fault: "master disk answers EIO, no burner",
    caused: "every write and fsync of its file system fails with EIO for 10 s",
    alarm: "master-failed, interview-suspended (R-14)",
    within: Duration::from_secs(5),
    goes_on: "encoding into memory, the disk is asked again five times a second; then the next part",
    lost: "nothing; the interview stood still, a statement is owed (R-15)",
};
pub const DISK_READ_ONLY: Row = Row {
    fault: "master disk becomes read-only, no burner",
    caused: "every write to its file system fails with EROFS for 10 s",
    alarm: "master-failed, interview-suspended (R-14)",
    within: Duration::from_secs(5),
    goes_on: "as with EIO",
    lost: "nothing; the interview stood still, a statement is owed (R-15)",
};
pub const MIRROR_LOST: Row = Row {
    fault: "mirror volume lost",
    caused: "every write and fsync of the mirror's file system fails with EIO, for good",
    alarm: "mirror-failed",
    within: Duration::from_secs(5),
    goes_on: "everything else",
    lost: "the second copy, from that moment on",
};
pub const MEDIA_HANGS: Row = Row {
    fault: "media process hangs",
    caused: "SIGSTOP to it",
    alarm: "media-restarted, interview-suspended (R-14)",
    within: Duration::from_secs(5),
    goes_on: "it is killed and started again; recording resumes as the next part by itself",
    lost: "from the stop to the next part's first picture; a statement is owed (R-15)",
};
pub const CAMERAS_LOST: Row = Row {
    fault: "both cameras lost",
    caused: "their servers are stopped; their ports refuse",
    alarm: "camera-lost, interview-suspended (R-14)",
    within: Duration::from_secs(5),
    goes_on: "slate and silence are written on; recording resumes as the next part when they are back",
    lost: "what nobody could see; a statement is owed (R-15)",
};
pub const PICTURE_FROZEN: Row = Row {
    fault: "interviewee's camera sends the same picture",
    caused: "the camera repeats its last frame, 12 s",
    alarm: "camera-frozen, interview-suspended (R-14)",
    within: Duration::from_secs(16),
    goes_on: "sound and the other camera are written on; recording resumes as the next part",
    lost: "what the interviewee's camera did not see; a statement is owed (R-15)",
};
pub const MICROPHONES_DEAD: Row = Row {
    fault: "every microphone dead",
    caused: "both cameras send no sound at all",
    alarm: "microphone-lost, interview-suspended (R-14)",
    within: Duration::from_secs(5),
    goes_on: "the picture, with silence, is written on; recording resumes as the next part",
    lost: "what nobody could hear; a statement is owed (R-15)",
};
pub const CLOCK_FORWARDS: Row = Row {
    fault: "clock set forwards by an hour",
    caused: "the room's wall clock is set while it records",
    alarm: "clock-stepped",
    within: Duration::from_secs(5),
    goes_on: "everything; the timeline of the media does not bend, one part",
    lost: "nothing",
};
pub const CLOCK_BACK: Row = Row {
    fault: "clock set back by an hour",
    caused: "as above",
    alarm: "clock-stepped",
    within: Duration::from_secs(5),
    goes_on: "everything; the timeline of the media does not bend, one part",
    lost: "nothing",
};
pub const INDEX_LOCKED: Row = Row {
    fault: "SQLite index locked",
    caused: "another process holds an exclusive lock on it for 15 s",
    alarm: "none: the index is no evidence, it is made again from the journals",
    within: Duration::from_secs(0),
    goes_on: "everything, commands too; the index catches up when it is free",
    lost: "nothing",
};
pub const PROCESSORS_BUSY: Row = Row {
    fault: "every processor busy",
    caused: "two busy loops per processor for 15 s",
    alarm: "frames-dropped while frames are repeated, if any are",
    within: Duration::from_secs(5),
    goes_on: "everything; the cadence keeps, a frame that came late is repeated and counted",
    lost: "nothing recorded; frames repeated are counted per fragment",
};
pub const MEMORY_SHORT: Row = Row {
    fault: "memory short",
    caused: "the room and its children may hold little more than they do, and something reads files all the while",
    alarm: "none",
    within: Duration::from_secs(0),
    goes_on: "everything",
    lost: "nothing",
};
pub const NETWORK_GONE: Row = Row {
    fault: "network gone, cameras on it",
    caused: "the link between the room and its cameras is set down for 10 s",
    alarm: "camera-lost, interview-suspended (R-14)",
    within: Duration::from_secs(8),
    goes_on: "the recorder itself; slate and silence are written on; then the next part",
    lost: "what nobody could see; a statement is owed (R-15)",
};

/// Everything that the row says was seen; `measured` says how soon, and what else is worth a figure.
pub fn held(row: &Row, measured: &str) {
    eprintln!("{}: {measured}", row.fault);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/faults.md");
    if std::env::var("SHENLU_FAULTS").as_deref() == Ok("write") {
        // Tests are processes of their own.
        let turn = File::create(std::env::temp_dir().join("shenlu-faults.lock")).unwrap();
        turn.lock().unwrap();
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, written(&text, row, measured)).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text.contains(&promise(row)),
        "{} does not say what the product does of {:?}; run its test with SHENLU_FAULTS=write",
        path.display(),
        row.fault
    );
}

fn promise(row: &Row) -> String {
    let within = match row.within.as_secs() {
        0 => "–".to_owned(),
        seconds => format!("{seconds} s"),
    };
    format!(
        "| {} | {} | {} | {within} | {} | {} |",
        row.fault, row.caused, row.alarm, row.goes_on, row.lost
    )
}

/// The whole file anew, with the figures that others left in it.
fn written(before: &str, changed: &Row, measured: &str) -> String {
    let mut text = String::from(
        "# Faults while recording\n\n\
         Each row is caused by a test of `tests/whole` while a room records, and everything that it says is\n\
         asserted there. The last column is what a run measured (`SHENLU_FAULTS=write`); the promise is what holds.\n\n\
         | fault | caused by | alarm | within | what goes on | what is lost | measured |\n|---|---|---|---|---|---|---|\n",
    );
    for row in ROWS {
        let promise = promise(row);
        let old = before.lines().find_map(|line| line.strip_prefix(&promise));
        let figure = if row.fault == changed.fault {
            measured
        } else {
            old.unwrap_or_default().trim().trim_end_matches('|').trim()
        };
        let _ = writeln!(text, "{promise} {figure} |");
    }
    text
}

#[test]
fn the_table_in_the_repository_has_every_fault() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/faults.md");
    let text = fs::read_to_string(path).unwrap();
    for row in ROWS {
        let line = text.lines().find_map(|line| line.strip_prefix(&promise(row)));
        let figure = line.map(|rest| rest.trim().trim_end_matches('|').trim());
        assert!(
            figure.is_some_and(|figure| !figure.is_empty()),
            "{}: {}",
            row.fault,
            promise(row)
        );
    }
}
