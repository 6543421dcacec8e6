//! What each session of a disc holds: opening, batch, closing. Files made for the disc are written here.
//!
//! Called by `worker`. Interview files are never copied: a session names where they lie (spool or master).
//! The closing session's sums cover what stands on *this* disc in the end, except `disc.json` and the sums
//! themselves. Nothing that must stay in the house (talkback, messages, stroke dynamics, internal papers)
//! ever gets a place here.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use crate::evidence::names::stays_in_the_house;

use super::history::{DiscRecord, FileRecord, Purpose};
use super::journal::GrowingJournal;
use super::pages::{self, Standpoint};
use super::plan::{About, DiscPlan};
use super::spool::ClosedFile;
use super::sums;

/// The sums of the interview as they are called on the set's last disc.
pub(super) const INTERVIEW_SUMS: &str = "INTERVIEW-SHA256SUMS";
/// On a disc that is not the set's last: the journal as far as it went when the disc was closed.
const JOURNAL_SO_FAR: &str = "journal-so-far.jsonl";
/// Beside it, what checks its signed heads. Names of their own: the last disc has the interview's certificates,
/// which may be another key's by then.
const CERTIFICATES_SO_FAR: [(&str, &str); 2] = [
    ("device.pem", "journal-so-far-device.pem"),
    ("device-sm2.pem", "journal-so-far-device-sm2.pem"),
];
const SEGMENTS_SCRIPT: &str = "player/segments.js";
/// The e-case file's folder is the interview's; this name in it is the disc's own and given to no other file.
const CASE_RECORD: &str = "case/case.json";
/// The interview's own on the set's last disc, this disc's part of it on those before.
pub(super) const PLAYLIST: &str = "playlist.m3u8";
/// This disc's part on the last of several, where the other name is the interview's.
const PLAYLIST_OF_DISC: &str = "playlist-disc.m3u8";

/// One file of a session with the place that it is burnt from.
#[derive(Clone, Debug)]
pub(super) struct SessionFile {
    pub(super) record: FileRecord,
    pub(super) source: PathBuf,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) purpose: Purpose,
    pub(super) files: Vec<SessionFile>,
}

/// Whether more discs of the set follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Last,
    Relayed,
}

impl Session {
    pub(super) fn records(&self) -> Vec<FileRecord> {
        self.files.iter().map(|file| file.record.clone()).collect()
    }
}

/// Makes the files that exist only on the disc, in a folder of the slot's spool.
pub(super) struct Workshop<'a> {
    pub(super) plan: &'a DiscPlan,
    pub(super) dir: &'a Path,
    /// The disc's place among the sound discs of the set; the slot's count of discs is in its volume id.
    pub(super) number_in_set: u32,
    /// Disc of the set by file, for the sound discs before this one.
    pub(super) places: BTreeMap<String, u32>,
    pub(super) journal: &'a RefCell<GrowingJournal>,
}

impl Workshop<'_> {
    /// README, player, case and `disc.json`: a good base session before the first video (disc case 4).
    pub(super) fn opening(&self, disc: &DiscRecord, predecessor: Option<String>) -> io::Result<Session> {
        let about = &self.plan.about;
        let mut files = vec![
            self.make(
                "README.txt",
                &pages::readme(about, self.plan.slot, self.number_in_set),
            )?,
            self.make(CASE_RECORD, &case_record(about))?,
        ];
        for (path, text) in pages::PAGE {
            files.push(self.make(path, text)?);
        }
        files.push(self.segments_of(disc, &[], Place::Relayed)?);
        files.push(self.make("disc.json", &self.disc_json(disc, predecessor)?)?);
        Ok(Session {
            purpose: Purpose::Opening,
            files,
        })
    }

    /// Closed segments, and the player's list with them: an unfinished disc plays too.
    pub(super) fn batch(&self, disc: &DiscRecord, closed: &[ClosedFile]) -> io::Result<Session> {
        let mut files: Vec<_> = closed.iter().map(|file| self.interview_file(file)).collect();
        files.push(self.segments_of(disc, &files, Place::Relayed)?);
        Ok(Session {
            purpose: Purpose::Batch,
            files,
        })
    }

    /// The rest of the interview, then the sums of everything on this disc.
    pub(super) fn closing(
        &self,
        disc: &DiscRecord,
        rest: &[ClosedFile],
        place: Place,
    ) -> io::Result<Session> {
        let mut files: Vec<_> = rest.iter().map(|file| self.interview_file(file)).collect();
        match place {
            Place::Last => {
                let interview_sums = fs::read_to_string(self.plan.interview_dir.join("SHA256SUMS"))?;
                files.push(self.make(INTERVIEW_SUMS, &interview_sums)?);
            }
            Place::Relayed => {
                if let Some(journal) = self.journal_so_far()? {
                    files.push(self.make(JOURNAL_SO_FAR, &journal)?);
                }
                for (name, on_disc) in CERTIFICATES_SO_FAR {
                    // An interview begun by an older version has none yet.
                    if let Ok(pem) = fs::read_to_string(self.plan.interview_dir.join(name)) {
                        files.push(self.make(on_disc, &pem)?);
                    }
                }
            }
        }
        files.push(self.segments_of(disc, &files, place)?);
        files.extend(self.playlist_of(disc, &files, place)?);
        let mut on_disc: BTreeMap<&str, &FileRecord> = disc
            .files
            .iter()
            .map(|(path, record)| (path.as_str(), record))
            .collect();
        on_disc.extend(files.iter().map(|file| (file.record.path.as_str(), &file.record)));
        on_disc.retain(|path, _| !matches!(*path, "disc.json" | "SHA256SUMS" | "SM3SUMS"));
        let (sha256, sm3) = sums::sums_of(on_disc.into_values());
        files.push(self.make("SHA256SUMS", &sha256)?);
        files.push(self.make("SM3SUMS", &sm3)?);
        Ok(Session {
            purpose: Purpose::Closing,
            files,
        })
    }

    fn interview_file(&self, file: &ClosedFile) -> SessionFile {
        let master = || self.plan.interview_dir.join(&file.record.path);
        SessionFile {
            record: file.record.clone(),
            source: file.spooled.clone().unwrap_or_else(master),
        }
    }

    fn segments_of(&self, disc: &DiscRecord, added: &[SessionFile], place: Place) -> io::Result<SessionFile> {
        let places = self.places_with(disc, added);
        let standpoint = Standpoint {
            about: &self.plan.about,
            slot: self.plan.slot,
            number: self.number_in_set,
            is_last: place == Place::Last,
            places: &places,
        };
        let added = added.iter().map(|file| &file.record);
        let script = pages::segments_script(
            standpoint,
            disc.files.values().chain(added),
            self.journal.borrow_mut().catch_up(&self.plan.interview_dir),
            &self.plan.interview_dir,
        );
        self.make(SEGMENTS_SCRIPT, &script.map_err(io::Error::other)?)
    }

    /// Other players find here what this disc holds; the interview's own playlist comes with its other files.
    fn playlist_of(
        &self,
        disc: &DiscRecord,
        added: &[SessionFile],
        place: Place,
    ) -> io::Result<Option<SessionFile>> {
        let name = match place {
            Place::Relayed => PLAYLIST,
            Place::Last if self.number_in_set > 1 => PLAYLIST_OF_DISC,
            Place::Last => return Ok(None),
        };
        let places = self.places_with(disc, added);
        let mut journal = self.journal.borrow_mut();
        let timeline = journal.catch_up(&self.plan.interview_dir);
        let text = pages::disc_playlist(timeline, &places, self.number_in_set);
        text.map(|text| self.make(name, &text)).transpose()
    }

    fn places_with(&self, disc: &DiscRecord, added: &[SessionFile]) -> BTreeMap<String, u32> {
        let mut places = self.places.clone();
        let added = added.iter().map(|file| &file.record.path);
        let here = disc.files.keys().chain(added);
        places.extend(here.map(|path| (path.clone(), self.number_in_set)));
        places
    }

    /// Whole lines only, since the room may be writing the next one, and only up to the last signed head: what
    /// stands behind it nobody vouches for yet.
    fn journal_so_far(&self) -> io::Result<Option<String>> {
        let text = match fs::read(self.plan.interview_dir.join("journal.jsonl")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let whole: Vec<&str> = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .collect();
        let is_signed = |line: &&str| line.contains(r#""kind":"checkpoint""#);
        let signed = whole.iter().rposition(is_signed).map_or(whole.len(), |at| at + 1);
        let so_far = whole.get(..signed).unwrap_or_default().concat();
        Ok((!so_far.is_empty()).then_some(so_far))
    }

    fn disc_json(&self, disc: &DiscRecord, predecessor: Option<String>) -> io::Result<String> {
        let about = &self.plan.about;
        let mut object = json!({
            "form": 1,
            "unit": about.unit,
            "case": about.case_number,
            "case_name": about.case_name,
            "kind": about.kind,
            "interview": about.interview_id,
            "uuid": about.uuid,
            "room": about.room_id,
            "room_name": about.room_name,
            "started_at": about.started_at,
            "set_in_case": about.set_in_case,
            "slot": self.plan.slot.as_str(),
            "number": self.number_in_set,
            "volume": disc.volume_id,
            "predecessor": predecessor,
        });
        let digest = sums::record_of_bytes("disc.json", &canonical(&object)?).sha256;
        object["sha256"] = Value::String(digest);
        String::from_utf8(canonical(&object)?).map_err(io::Error::other)
    }

    fn make(&self, path: &str, text: &str) -> io::Result<SessionFile> {
        let source = self.dir.join(path);
        if let Some(folder) = source.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&source, text)?;
        Ok(SessionFile {
            record: sums::record_of_bytes(path, text.as_bytes()),
            source,
        })
    }
}

fn canonical(object: &Value) -> io::Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(object).map_err(io::Error::other)
}

fn case_record(about: &About) -> String {
    let text = serde_json::to_string_pretty(&json!({
        "unit": about.unit,
        "case_number": about.case_number,
        "case_name": about.case_name,
        "kind": about.kind,
        "interview": about.interview_id,
        "started_at": about.started_at,
        "room": about.room_name,
        // Counted by this room; other rooms count theirs.
        "set_in_case": about.set_in_case,
    }));
    text.unwrap_or_default() + "\n"
}

/// What of the interview directory belongs on the set (design: contract of the discs).
pub(super) fn belongs_on_disc(path: &str, include_tracks: bool) -> bool {
    let own_sums = matches!(path, "SHA256SUMS" | "SM3SUMS");
    !stays_in_the_house(path) && !own_sums && (include_tracks || !path.starts_with("tracks/"))
}

/// Made for one disc: the other set's has its own.
pub(super) fn is_discs_own(path: &str) -> bool {
    let names = [
        "README.txt",
        "index.html",
        CASE_RECORD,
        PLAYLIST_OF_DISC,
        "disc.json",
        "SHA256SUMS",
        "SM3SUMS",
    ];
    names.contains(&path) || path.starts_with("player/") || path.starts_with("journal-so-far")
}

/// At most 32 of `[A-Z0-9_]`: interview, slot and number, cut at the front of the room's name if need be.
pub(super) fn volume_id(plan: &DiscPlan, number: u32) -> String {
    let suffix = format!("_{}{number:02}", plan.slot.as_str().chars().next().unwrap_or('x'));
    named_volume(&plan.about.interview_id, &suffix)
}

/// At most 32 of `[A-Z0-9_]`, cut at the front if need be.
pub(super) fn named_volume(name: &str, suffix: &str) -> String {
    let text = format!("{name}{suffix}");
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    plain[plain.len().saturating_sub(32)..].to_owned()
}

/// A file of the closed interview directory, as if it had been fed and let go by the spool.
pub(super) fn from_master(record: FileRecord) -> ClosedFile {
    ClosedFile {
        record,
        spooled: None,
        since: Instant::now(),
    }
}

/// Every file that the set must hold, from the closed directory's own sums.
pub(super) fn interview_files(plan: &DiscPlan) -> io::Result<Vec<FileRecord>> {
    let read = |name: &str| {
        let text = fs::read_to_string(plan.interview_dir.join(name))?;
        sums::parse(&text)
            .map_err(|line| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {line}")))
    };
    let mut sm3 = read("SM3SUMS")?;
    let belonging = |(path, _): &(String, String)| belongs_on_disc(path, plan.include_tracks);
    read("SHA256SUMS")?
        .into_iter()
        .filter(belonging)
        .map(|(path, sha256)| {
            // A missing file keeps its place in the list: it is told when its source is checked.
            let size = fs::metadata(plan.interview_dir.join(&path)).map_or(0, |meta| meta.len());
            let sm3 = sm3.remove(&path).unwrap_or_default();
            Ok(FileRecord {
                path,
                size,
                sha256,
                sm3,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_stay_in_the_house_never_goes_on_a_disc() {
        for path in [
            "tracks/talkback/part-0001/seg-00001.mp4",
            "attestations/p1-sign-1.json",
            "messages/m.json",
        ] {
            assert!(!belongs_on_disc(path, true), "{path}");
        }
        assert!(belongs_on_disc("attestations/p1-sign-1.png", false));
        assert!(!belongs_on_disc("internal/0a1b.pdf", true));
        assert!(belongs_on_disc("case/卷一/鉴定意见.pdf", false));
        assert!(belongs_on_disc("journal.jsonl", false));
        assert!(belongs_on_disc("manifest.json.tsr", false));
        assert!(!belongs_on_disc("tracks/officer/part-0001/seg-00001.mp4", false));
        assert!(belongs_on_disc("tracks/officer/part-0001/seg-00001.mp4", true));
    }
}
