//! ffprobe decodes each segment alone and both playlists, every frame of them, without a complaint.

use super::recording::{self, Recording};
use serde_json::Value;
use std::process::Command;

/// Each segment opens with a header of its own, and ffmpeg says of those after a playlist's first that it has
/// one already. It is the only thing that it may say.
const KNOWN_REMARK: &str = "Found duplicated MOOV Atom. Skipped it";

#[test]
fn ffprobe_decodes_every_segment_alone() {
    let recording = recording::shared();
    let mut frames = 0;
    for segment in recording.segments() {
        let told = probe(&recording, &segment, &[]);
        frames += count(&told, "video");
        assert!(count(&told, "audio") > 40, "{segment}: {told}");
    }
    assert!(frames >= 11 * 25, "{frames} frames");
}

#[test]
fn ffprobe_plays_both_playlists_to_their_last_frame() {
    let recording = recording::shared();
    for playlist in ["playlist.m3u8", "part-0001/playlist.m3u8"] {
        let told = probe(&recording, playlist, &[KNOWN_REMARK]);
        assert_eq!(count(&told, "video"), recording.all_frames(), "{playlist}");
    }
}

fn probe(recording: &Recording, path: &str, allowed: &[&str]) -> Value {
    let out = Command::new("ffprobe")
        .args(["-v", "warning", "-count_frames", "-of", "json"])
        .args(["-show_entries", "stream=codec_type,codec_name,nb_read_frames"])
        .arg(recording.interview.join(path))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| !allowed.iter().any(|known| line.ends_with(known)))
        .collect();
    assert!(
        out.status.success() && complaints.is_empty(),
        "{path}: {complaints:?}"
    );
    serde_json::from_slice(&out.stdout).unwrap()
}

fn count(told: &Value, kind: &str) -> u64 {
    let streams = told["streams"].as_array().unwrap();
    let stream = streams
        .iter()
        .find(|s| s["codec_type"] == kind)
        .unwrap_or_else(|| panic!("no {kind}: {told}"));
    stream["nb_read_frames"].as_str().unwrap().parse().unwrap()
}
