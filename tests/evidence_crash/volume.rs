//! The disk that a child writes to, and what a cut does to it: a plain one, of which the test tears the last write
//! by hand, and one that forgets what was not synced.

use super::{
    dice::Dice,
    evidence_support::Media,
    interview::{newest_segment, the_interview},
    roles::Told,
};
use fixtures::disk::Disk;
use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
};

pub enum Volume {
    Plain(tempfile::TempDir),
    Forgetful(Disk),
}

/// How the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Everything unsynced is gone.
    Everything,
    /// Names had been written by themselves, bytes had not.
    BytesOnly,
    /// Only the process died; what is in memory is seen by the next one, and lost at a later cut.
    Nothing,
    /// A part of the last write had got to the disk.
    Torn,
}

pub const CUTS: [Cut; 4] = [Cut::Everything, Cut::BytesOnly, Cut::Nothing, Cut::Torn];

impl Volume {
    pub fn plain() -> Self {
        Self::Plain(tempfile::tempdir().unwrap())
    }

    /// `None` where this user may not mount.
    pub fn forgetful() -> Option<Self> {
        let disk = Disk::mount();
        if disk.is_none() {
            eprintln!(
                "left out: a file system cannot be mounted here; root can, or whoever may use /dev/fuse"
            );
        }
        disk.map(Self::Forgetful)
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Plain(directory) => directory.path(),
            Self::Forgetful(disk) => disk.path(),
        }
    }

    /// After a child was killed at a point. Whether the journal lost a part of a line.
    pub fn cut_at(&self, point: &str, told: &Told, media: &Media, dice: &mut Dice) -> bool {
        match self {
            Self::Plain(_) => tear(self.path(), point, told, media, dice.throw()),
            Self::Forgetful(_) => {
                let may_tear = matches!(point, "line-written" | "chunk-written");
                let cut = match dice.throw() as usize {
                    throw if may_tear && throw.is_multiple_of(2) => Cut::Torn,
                    throw => CUTS[throw / 2 % 3],
                };
                let torn = cut == Cut::Torn && tear(self.path(), point, told, media, dice.throw());
                self.cut(cut);
                torn
            }
        }
    }

    pub fn cut(&self, cut: Cut) {
        let Self::Forgetful(disk) = self else {
            return;
        };
        match cut {
            Cut::Everything => disk.power_cut().unwrap(),
            Cut::BytesOnly | Cut::Torn => disk.power_cut_keeping_names().unwrap(),
            Cut::Nothing => {}
        }
    }
}

/// Throws away a part of what the point leaves unsynced, as a power cut may; the rest of it has reached the disk.
/// Whether the journal lost some.
fn tear(data: &Path, point: &str, told: &Told, media: &Media, random: u64) -> bool {
    let Some(path) = torn_file(data, point) else {
        return false;
    };
    let bytes = fs::read(&path).unwrap();
    let unsynced = match (point, told.next) {
        ("line-written", _) => match bytes.strip_suffix(b"\n") {
            Some(lines) => bytes.len() - lines.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1),
            None => return false,
        },
        (_, Some((_, chunk))) if told.durable != told.next => {
            // A segment's first chunk comes with its header in the same write.
            media.chunks[chunk].1.len().min(bytes.len())
        }
        _ => return false,
    };
    let lost = 1 + random as usize % unsynced.max(1);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len((bytes.len() - lost.min(bytes.len())) as u64)
        .unwrap();
    file.sync_all().unwrap();
    point == "line-written"
}

fn torn_file(data: &Path, point: &str) -> Option<PathBuf> {
    let interview = the_interview(data)?;
    match point {
        "line-written" => Some(interview.join("journal.jsonl")),
        "chunk-written" => newest_segment(&interview),
        _ => None,
    }
}
