//! The page on the disc itself, taken out of the image and opened from `file://` as by a double click.

use super::chromium::Chromium;
use super::disc_set::extract;
use super::recording;
use serde_json::{Value, json};
use std::time::Duration;

/// What the page shows, once it is there.
const SHOWN: &str = r##"(() => {
    // Until the page has come, the tab shows an empty one that is complete, too.
    if (document.readyState !== "complete" || !window.shenlu || !shenlu.page) return null;
    const video = document.querySelector("video:not(.behind)");
    const marked = document.querySelector('#list button[aria-current="true"]');
    return {
        title: document.getElementById("title").textContent,
        about: document.getElementById("about").textContent,
        message: document.getElementById("card").hidden ? "" : document.getElementById("card").textContent,
        buttons: document.querySelectorAll("#list button").length,
        marked: marked && marked.textContent,
        marks: document.querySelectorAll("#drawing .mark").length,
        path: video.getAttribute("src"),
        frames: video.getVideoPlaybackQuality().totalVideoFrames,
        error: video.error && video.error.message,
    };
})()"##;

#[test]
fn the_page_on_the_disc_plays_and_goes_on_to_the_next_segment() {
    let recording = recording::shared();
    let disc = tempfile::tempdir().unwrap();
    extract(&recording.image, &disc.path().join("disc"));
    let mut chromium = Chromium::open(&disc.path().join("disc/index.html"));
    let segments = recording.segments();
    chromium.until(SHOWN, Duration::from_secs(20), |shown| !shown.is_null());
    chromium.click("#tabs [data-list=segments]");
    let is_there = |shown: &Value| shown["buttons"] == segments.len();
    let opened = chromium.until(SHOWN, Duration::from_secs(20), is_there);
    assert!(
        opened["title"].as_str().unwrap().contains("讯问同步录音录像"),
        "{opened}"
    );
    for told in ["示范县公安局", "A1300002026110001", "示范案件", "第一讯问室"] {
        assert!(
            opened["about"].as_str().unwrap().contains(told),
            "{told}: {opened}"
        );
    }
    let journal = std::fs::read_to_string(recording.interview.join("journal.jsonl")).unwrap();
    let marks = journal.matches(r#""kind":"marked""#).count();
    assert!(marks > 0 && opened["marks"] == marks, "{marks}: {opened}");

    chromium.click("#play");
    let playing = |segment: &str| {
        let segment = segment.to_owned();
        move |shown: &Value| shown["path"] == *segment && shown["frames"].as_u64() > Some(25)
    };
    for (index, segment) in segments.iter().take(2).enumerate() {
        let shown = chromium.until(SHOWN, Duration::from_secs(20), playing(segment));
        eprintln!("{shown}");
        let name = format!("片段 {}", index + 1);
        assert!(shown["marked"].as_str().unwrap().ends_with(&name), "{shown}");
        assert_eq!(
            (&shown["message"], &shown["error"]),
            (&json!(""), &Value::Null),
            "{shown}"
        );
    }
    let at_end = |shown: &Value| shown["message"].as_str().is_some_and(|m| m.contains("播放完毕"));
    chromium.until(SHOWN, Duration::from_secs(30), at_end);
}
