//! What is read from a disk, a disc or a socket that somebody else may have written: each target takes bytes and
//! must neither panic nor hang nor ask for memory that the bytes do not justify. What is accepted must hold
//! what its type promises.

use pipelines::messages::{FromMedia, ToMedia, read_frame};
use shenlu::evidence::{
    digest::{Sha256Digest, Sm3Digest},
    journal::Lines,
    line::parse,
    manifest::manifest as make_manifest,
    mp4::{Continuity, parse_chunk, parse_header, scan_chunks, scan_header},
    outline::Outline,
    playlist::playlists,
    signing::{PublicKeys, from_hex, hex},
    sums::{Files, parse_sums},
    timestamp,
    verify::{Figures, Report, Story, journal_lines},
};

/// A whole journal, with what is made of it.
pub fn journal(data: &[u8]) {
    let mut raw_lines = Lines::new(data);
    while let Ok(Some(raw)) = raw_lines.next_raw() {
        let content = raw.strip_suffix(b"\n").unwrap_or(&raw);
        if let Ok(line) = parse(content) {
            let again = line.to_bytes().unwrap_or_default();
            assert_eq!(
                again.strip_suffix(b"\n"),
                Some(content),
                "accepted what it would not write"
            );
        }
    }
    let lines = journal_lines("journal.jsonl", data, &mut Vec::new()).unwrap_or_default();
    let (outline, _) = Outline::of(&lines);
    let figures = Figures {
        interview: Some(String::new()),
        story: Story::of(&outline, &lines),
        ..Figures::default()
    };
    let text = Report::new(figures, Vec::new()).to_string();
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(
        !text.contains(steers),
        "the report passes on what steers a terminal"
    );
    let _ = playlists(&outline);
    let _ = make_manifest(&outline, &Files::new(), &[]);
}

/// What lies beside a recording: sums, certificates, signatures.
pub fn manifest(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(sums) = parse_sums::<Sha256Digest>(&text) {
        let leads_out = |path: &String| path.starts_with('/') || path.split('/').any(|name| name == "..");
        assert!(!sums.keys().any(leads_out), "a path leads out of its directory");
    }
    let _ = parse_sums::<Sm3Digest>(&text);
    if let Some(bytes) = from_hex(&text) {
        assert_eq!(hex(&bytes), text);
    }
    let middle = data.len() / 2;
    let _ = PublicKeys::from_pem(data, data);
    if let Ok(keys) = PublicKeys::from_pem(&data[..middle], &data[middle..]) {
        assert!(!keys.is_ed25519(data, &data[..middle]));
        assert!(!keys.is_sm2(data, &data[middle..]));
    }
}

/// What a time stamp server answers, or what somebody puts in its place.
pub fn timestamp(data: &[u8]) {
    let digest = Sha256Digest::of(data);
    assert!(
        timestamp::check(data, digest).is_err(),
        "no answer holds its own digest"
    );
}

/// A segment as it may lie on a disk after a cut, or on a disc of unknown origin.
pub fn mp4(data: &[u8]) {
    if let Ok(header) = parse_header(data) {
        let _ = parse_chunk(data, &header);
    }
    let Ok((header, length)) = scan_header(&data) else {
        return;
    };
    let scan = scan_chunks(&data, length, &header);
    let mut timeline = Continuity::new(&header);
    for placed in &scan.chunks {
        assert!(
            placed.offset.saturating_add(placed.length) <= data.len() as u64,
            "a chunk beyond the end"
        );
        timeline.accept(&placed.chunk);
    }
    let _ = timeline.extent();
}

/// The socket between room and media process, both ways.
pub fn messages(data: &[u8]) {
    let mut from_media = data;
    while let Ok(Some(_)) = read_frame::<FromMedia>(&mut from_media) {}
    let mut to_media = data;
    while let Ok(Some(_)) = read_frame::<ToMedia>(&mut to_media) {}
}
