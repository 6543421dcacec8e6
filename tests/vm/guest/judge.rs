//! The verdict on both sets, by a machine that was just started: no cache holds what the discs should hold.
//!
//! Every disc of both piles gets a drive of its own and is mounted as the kernel finds it. The discs of a set
//! hold the master's files, each disc's own sums pass, and whatever was ever committed can be read.

use std::fs;
use std::path::{Path, PathBuf};

use super::bay::{attach, pile_of};
use super::book::{Disc, discs};
use super::mount::Mount;
use super::{LEDGER, ROOM, SLOTS};
use crate::said::{Judged, Said};
use crate::scene::{assert_interview_files_equal, assert_sums_pass, lines_on_disk, tree};

pub fn run() {
    let lines = lines_on_disk(Path::new(LEDGER));
    let master = Path::new(ROOM).join("interview");
    let mut drives = 0;
    for slot in SLOTS {
        let mut set = Vec::new();
        for (disc, folder) in discs(&lines, slot).iter().zip(pile_of(slot)) {
            let (_drive, node) = attach(drives, &folder);
            drives += 1;
            set.extend(judge(slot, disc, &node));
        }
        let roots: Vec<PathBuf> = set.iter().map(|mount| mount.path().to_owned()).collect();
        assert_interview_files_equal(&master, &roots);
    }
    Said::Done.say();
}

/// The disc's mount, if it is of the set.
fn judge(slot: &str, disc: &Disc, node: &Path) -> Option<Mount> {
    let bytes = disc.read_committed(node);
    let mount = (!disc.failed).then(|| Mount::new(node, None).unwrap());
    if let Some(mount) = &mount {
        assert!(
            disc.finalised,
            "slot {slot}: disc {} was never finalised",
            disc.number
        );
        assert_sums_pass(mount.path());
        assert!(
            disc.unlike(mount.path()).is_empty(),
            "slot {slot}: {:?}",
            disc.unlike(mount.path())
        );
        let strange = tree(mount.path());
        assert_eq!(
            strange.len(),
            disc.files.len(),
            "slot {slot}: files that nobody committed"
        );
        assert!(fs::metadata(mount.path().join("disc.json")).unwrap().len() > 0);
    }
    Said::Judged(Judged {
        slot: slot.to_owned(),
        disc: disc.number,
        files: disc.files.len(),
        bytes,
        failed: disc.failed,
        proven: disc.proven,
    })
    .say();
    mount
}
