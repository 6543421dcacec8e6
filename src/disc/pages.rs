//! The texts that a person finds on a disc: README, the page that plays it, the list that the page reads.
//!
//! Chinese first, English behind. Everything opens from `file://` by double click, on a machine without a
//! network: no text here may refer to anything outside the disc.

use serde_json::json;

use super::history::FileRecord;
use super::plan::{About, Slot};

const README: &str = include_str!("page/README.txt");
pub(super) const INDEX_HTML: &str = include_str!("page/index.html");
pub(super) const PLAYER_CSS: &str = include_str!("page/player.css");
pub(super) const PLAYER_JS: &str = include_str!("page/player.js");

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
    about: &About,
    number: u32,
    files: impl IntoIterator<Item = &'a FileRecord>,
) -> String {
    let segments: Vec<_> = files.into_iter().filter_map(segment).collect();
    let data = json!({ "about": about, "number": number, "segments": segments });
    // The two line separators are legal in JSON but end a line in old scripts.
    let text = data
        .to_string()
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    format!("window.shenluDisc = {text};\n")
}

/// Segments of the composite only: `part-0001/seg-00001.mp4`.
fn segment(file: &FileRecord) -> Option<serde_json::Value> {
    let (part, name) = file.path.strip_prefix("part-")?.split_once('/')?;
    let number = name.strip_prefix("seg-")?.strip_suffix(".mp4")?;
    Some(json!({ "path": file.path, "part": part, "number": number, "sha256": file.sha256 }))
}
