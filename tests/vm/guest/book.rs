//! What the ledger says of a slot's discs, read by the test's own eyes, not by the code under test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use shenlu::disc::LedgerEntry;

use super::mount::Mount;
use crate::said::Look;
use crate::scene::hex;

/// One disc as its lines tell it.
#[derive(Debug, Default)]
pub struct Disc {
    pub number: u32,
    /// Of the committed sessions: path and digest, the newest session's word.
    pub files: BTreeMap<String, String>,
    /// Start of the newest committed session.
    pub newest_block: Option<u64>,
    pub free_blocks: u64,
    pub failed: bool,
    pub finalised: bool,
    /// Read once more after the tray was opened and closed.
    pub proven: bool,
    intent: Option<(String, BTreeMap<String, String>)>,
}

pub fn discs(lines: &[LedgerEntry], slot: &str) -> Vec<Disc> {
    let mut discs: Vec<Disc> = Vec::new();
    for line in lines.iter().filter(|line| line.data["slot"] == slot) {
        let number = u32::try_from(line.data["disc"].as_u64().unwrap()).unwrap();
        if line.kind == "disc-opened" {
            discs.push(Disc {
                number,
                ..Disc::default()
            });
        }
        let disc = discs.iter_mut().find(|disc| disc.number == number).unwrap();
        disc.apply(line);
    }
    discs
}

impl Disc {
    fn apply(&mut self, line: &LedgerEntry) {
        if let Some(free) = line.data["free_blocks"].as_u64() {
            self.free_blocks = free;
        }
        match line.kind.as_str() {
            "disc-intent" => {
                let purpose = line.data["purpose"].as_str().unwrap().to_owned();
                let files = line.data["files"].as_array().unwrap().iter();
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                let files = files.map(|file| (text(&file["path"]), text(&file["sha256"])));
                self.intent = Some((purpose, files.collect()));
            }
            "disc-committed" => {
                let (_, files) = self.intent.take().unwrap();
                self.files.extend(files);
                let sessions = line.data["sessions"].as_array().unwrap();
                self.newest_block = sessions
                    .last()
                    .and_then(|session| session["start_block"].as_u64());
            }
            "disc-recovered" => self.intent = None,
            "disc-failed" => self.failed = true,
            "disc-finalised" => self.finalised = true,
            "disc-proven" => self.proven = true,
            _ => {}
        }
    }

    /// Takes no more: the next one belongs into the drive.
    pub fn is_over(&self) -> bool {
        self.failed || self.finalised
    }

    /// Every file of every committed session, through the kernel's mount of the newest one: how many bytes.
    pub fn read_committed(&self, node: &Path) -> u64 {
        let Some(block) = self.newest_block else { return 0 };
        let mount = Mount::new(node, Some(block)).unwrap();
        let lost = self.unlike(mount.path());
        assert!(
            lost.is_empty(),
            "disc {}: committed, and not there: {lost:?}",
            self.number
        );
        let sizes = self
            .files
            .keys()
            .map(|path| fs::metadata(mount.path().join(path)).unwrap().len());
        sizes.sum()
    }

    /// The committed files that are not below `root` as they were committed.
    pub fn unlike(&self, root: &Path) -> Vec<&String> {
        let digest = |path: &str| {
            fs::read(root.join(path))
                .ok()
                .map(|bytes| hex(&Sha256::digest(bytes)))
        };
        let unlike = |(path, sha256): &(&String, &String)| digest(path).as_ref() != Some(*sha256);
        self.files.iter().filter(unlike).map(|(path, _)| path).collect()
    }

    pub fn look(&self, slot: &str, node: &Path) -> Look {
        let bytes = self.read_committed(node);
        let plain = Mount::new(node, None).ok();
        Look {
            slot: slot.to_owned(),
            disc: self.number,
            files: self.files.len(),
            bytes,
            plain_mount: plain.is_some_and(|mount| self.unlike(mount.path()).is_empty()),
            cut: self.intent.as_ref().map(|(purpose, _)| purpose.clone()),
            free_blocks: self.free_blocks,
        }
    }
}
