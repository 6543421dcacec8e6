//! Chromium plays every segment alone from `file://`, and all of them joined through Media Source Extensions.

use super::chromium::Chromium;
use super::recording::{self, Recording};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

#[test]
fn chromium_plays_every_segment_alone_and_all_of_them_joined() {
    let recording = recording::shared();
    let copy = recording.copied();
    write_page(&recording, copy.path());
    let mut chromium = Chromium::open(&copy.path().join("play.html"));
    let alone = chromium.until("window.alone", Duration::from_secs(60), |v| !v.is_null());
    for (segment, told) in recording.segments().iter().zip(alone.as_array().unwrap()) {
        eprintln!("{told}");
        assert_eq!(told["path"], *segment);
        let frames = recording.frames(segment);
        assert_played(told, frames);
        // Its clock runs on from the segment before; nobody may be made to wait for that.
        let (second_shown_ms, took_ms) = (told["second_shown_ms"].as_f64(), told["took_ms"].as_f64());
        assert!(second_shown_ms < Some(2000.0), "{told}");
        assert!(took_ms < Some(frames as f64 * 40.0 + 2000.0), "{told}");
    }
    let joined = chromium.until("window.joined", Duration::from_secs(60), |v| !v.is_null());
    eprintln!("{joined}");
    assert_played(&joined, recording.all_frames());
    assert_eq!(
        joined["ranges"].as_array().unwrap().len(),
        1,
        "one range, no hole: {joined}"
    );
}

fn assert_played(told: &Value, frames: u64) {
    assert_eq!(
        (&told["came"], &told["error"]),
        (&json!("ended"), &json!("")),
        "{told}"
    );
    assert_eq!(
        (&told["width"], &told["height"]),
        (&json!(640), &json!(360)),
        "{told}"
    );
    assert!(told["sound_bytes"].as_u64().unwrap() > 0, "no sound: {told}");
    // Its counter leaves out what it decoded after the end was reached.
    let counted = told["frames"].as_u64().unwrap();
    assert!(
        counted + 3 >= frames && counted <= frames,
        "{counted} of {frames} frames: {told}"
    );
}

fn write_page(recording: &Recording, dir: &Path) {
    let segments = recording.segments();
    let read: Vec<Vec<u8>> = segments
        .iter()
        .map(|s| std::fs::read(dir.join(s)).unwrap())
        .collect();
    let hex = |bytes: &Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let data = json!({
        "paths": segments,
        "bytes": read.iter().map(hex).collect::<Vec<_>>(),
        "codecs": format!("{}, mp4a.40.2", picture_codec(&read[0])),
    });
    std::fs::write(dir.join("segments.js"), format!("window.segments = {data};\n")).unwrap();
    std::fs::write(dir.join("play.html"), include_str!("play.html")).unwrap();
    std::fs::write(dir.join("play.js"), include_str!("play.js")).unwrap();
}

/// `avc1.` with profile, compatibility and level as the header's decoder configuration has them.
fn picture_codec(segment: &[u8]) -> String {
    let at = segment.windows(4).position(|w| w == b"avcC").expect("H.264");
    segment[at + 5..at + 8]
        .iter()
        .fold("avc1.".to_owned(), |text, b| format!("{text}{b:02x}"))
}
