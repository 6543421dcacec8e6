//! The texts that a person finds on a disc: README, the page that plays and checks it, the data that the page
//! reads, the playlist for other players.
//!
//! Chinese first, English behind. Everything opens from `file://` by double click, on a machine without a
//! network: no text here may refer to anything outside the disc. The page is written by hand, file by file, so
//! that a court's expert can read it as it stands on the disc.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::history::FileRecord;
use super::plan::{About, Slot};
use super::transcript;
use crate::evidence::playlist::{Piece, of_runs};
use crate::evidence::verify::{SegmentPlace, Timeline, TimelineTold};

/// The form of `segments.js`; the page says so when it meets another.
const FORM: u32 = 1;

const README: &str = include_str!("page/README.txt");

/// The page, as it stands on every disc: the same bytes on all of them.
pub(super) const PAGE: [(&str, &str); 16] = [
    ("index.html", include_str!("page/index.html")),
    ("player/player.css", include_str!("page/player.css")),
    ("player/words.js", include_str!("page/words.js")),
    ("player/terms.js", include_str!("page/terms.js")),
    ("player/data.js", include_str!("page/data.js")),
    ("player/files.js", include_str!("page/files.js")),
    ("player/sha256.js", include_str!("page/sha256.js")),
    ("player/sm3.js", include_str!("page/sm3.js")),
    ("player/sm2.js", include_str!("page/sm2.js")),
    ("player/player.js", include_str!("page/player.js")),
    ("player/timeline.js", include_str!("page/timeline.js")),
    ("player/lists.js", include_str!("page/lists.js")),
    ("player/digests.js", include_str!("page/digests.js")),
    ("player/check.js", include_str!("page/check.js")),
    ("player/report.js", include_str!("page/report.js")),
    ("player/main.js", include_str!("page/main.js")),
];

/// Where this disc stands when a session is made for it.
#[derive(Clone, Copy)]
pub(super) struct Standpoint<'a> {
    pub(super) about: &'a About,
    pub(super) slot: Slot,
    pub(super) number: u32,
    /// No disc follows, and the journal is whole.
    pub(super) is_last: bool,
    /// Disc of the set by file, of this one and those before it.
    pub(super) places: &'a BTreeMap<String, u32>,
}

#[derive(Serialize)]
struct Script<'a> {
    form: u32,
    about: &'a About,
    slot: &'a str,
    number: u32,
    is_last: bool,
    segments: Vec<Segment<'a>>,
    #[serde(flatten)]
    told: TimelineTold,
    transcript: Vec<transcript::Line>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Segment<'a> {
    Journalled {
        /// `null`: on none when this was written, so on a later one.
        disc: Option<u32>,
        #[serde(flatten)]
        place: &'a SegmentPlace,
    },
    /// On this disc, and the journal could not be read that far: it has no place in time.
    Bare {
        disc: u32,
        path: &'a str,
        part: u32,
        size: u64,
        sha256: &'a str,
        sm3: &'a str,
    },
}

pub(super) fn readme(about: &About, slot: Slot, number: u32) -> String {
    let fields = [
        ("@UNIT@", about.unit.as_str()),
        ("@CASE_NUMBER@", &about.case_number),
        ("@CASE_NAME@", &about.case_name),
        ("@KIND@", &about.kind),
        ("@ROOM@", &about.room_name),
        ("@INTERVIEW@", &about.interview_id),
        ("@STARTED_AT@", &about.started_at),
        ("@SLOT@", &slot.as_str().to_uppercase()),
        ("@NUMBER@", &number.to_string()),
        ("@SET@", &set_in_case(about)),
    ];
    fields
        .iter()
        .fold(README.to_owned(), |text, (mark, value)| text.replace(mark, value))
}

/// Which set of the case it is, in both languages, as far as this room can know it.
fn set_in_case(about: &About) -> String {
    about.set_in_case.map_or_else(
        || "（尚无案件编号） (no case number yet)".to_owned(),
        |n| {
            format!(
                "本案在本室第 {n} 套（各室分别编号） set {n} of this case in this room (rooms count apart)"
            )
        },
    )
}

/// `player/segments.js`: a script, because a page from `file://` may not fetch data.
pub(super) fn segments_script<'a>(
    standpoint: Standpoint<'a>,
    files: impl IntoIterator<Item = &'a FileRecord>,
    timeline: &Timeline,
    interview_dir: &Path,
) -> serde_json::Result<String> {
    let Standpoint {
        about,
        slot,
        number,
        is_last,
        places,
    } = standpoint;
    let journalled = timeline.segments().iter().map(|place| Segment::Journalled {
        disc: places.get(&place.path).copied(),
        place,
    });
    let known: BTreeSet<&str> = timeline.segments().iter().map(|s| s.path.as_str()).collect();
    let is_bare = |file: &&FileRecord| !known.contains(file.path.as_str());
    let bare = files
        .into_iter()
        .filter(|file| part_of_segment(&file.path).is_some())
        .filter(is_bare)
        .filter_map(|file| bare_segment(file, number));
    let text = serde_json::to_string(&Script {
        form: FORM,
        about,
        slot: slot.as_str(),
        number,
        is_last,
        segments: journalled.chain(bare).collect(),
        told: timeline.told(),
        transcript: transcript::lines(interview_dir),
    })?;
    // The two line separators are legal in JSON but end a line in old scripts.
    let text = text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    Ok(format!("window.shenluDisc = {text};\n"))
}

fn bare_segment(file: &FileRecord, disc: u32) -> Option<Segment<'_>> {
    Some(Segment::Bare {
        disc,
        path: &file.path,
        part: part_of_segment(&file.path)?,
        size: file.size,
        sha256: &file.sha256,
        sm3: &file.sm3,
    })
}

/// Segments of the composite only: `part-0001/seg-00001.mp4`.
fn part_of_segment(path: &str) -> Option<u32> {
    let (part, name) = path.strip_prefix("part-")?.split_once('/')?;
    name.strip_prefix("seg-")?.strip_suffix(".mp4")?;
    part.parse().ok()
}

/// What of the recording stands on disc `number`, for VLC and mpv; `None` where the journal tells of nothing.
pub(super) fn disc_playlist(
    timeline: &Timeline,
    places: &BTreeMap<String, u32>,
    number: u32,
) -> Option<String> {
    let mut runs: Vec<(u32, Vec<Piece<'_>>)> = Vec::new();
    let is_here = |segment: &&SegmentPlace| places.get(&segment.path) == Some(&number);
    for segment in timeline.segments().iter().filter(is_here) {
        let piece = timeline.piece(segment);
        match runs.last_mut() {
            Some((part, run)) if *part == segment.part => run.push(piece),
            Some(_) | None => runs.push((segment.part, vec![piece])),
        }
    }
    let runs: Vec<_> = runs.into_iter().map(|(_, run)| run).collect();
    (!runs.is_empty()).then(|| of_runs(&runs))
}
