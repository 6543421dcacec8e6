//! The evidence on disk: journal, segments, recovery after a cut, closing.
//! Real files, real MP4 from ffmpeg, the real `sha256sum` and `cksum`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use shenlu::evidence::{
    adopt::{Adopted, Recovered, find_unfinished, recover},
    digest::Digests,
    directory::{InterviewDirectory, Place},
    journal::{Journal, JournalError},
    line::Data,
    mirror::MirrorState,
    names::TrackName,
    outline::Outline,
    verify::Verdict,
    writer::{Event, Writer, WriterError},
};
use std::{fs, path::Path, time::Duration};

#[test]
fn closed_interview_passes_sha256sum_and_cksum() {
    let root = tempfile::tempdir().unwrap();
    let (directory, closed) = closed_interview(root.path());
    let (good, text) = run(directory.path(), "sha256sum", &["--strict", "-c", "SHA256SUMS"]);
    assert!(good, "{text}");
    assert_eq!(text.lines().count(), closed.files.len());
    let (good, text) = run(
        directory.path(),
        "cksum",
        &["-a", "sm3", "--strict", "-c", "SM3SUMS"],
    );
    assert!(good, "{text}");
    assert_eq!(text.lines().count(), closed.files.len());
}

#[test]
fn segments_are_cut_at_fragments_and_play_alone() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    let mut events = write_part(&mut writer, 1, &TrackName::Program, media());
    events.extend(writer.end_part(1).unwrap());
    let closed: Vec<&String> = events
        .iter()
        .filter_map(|event| match event {
            Event::SegmentClosed { path, .. } => Some(path),
            Event::SegmentOpened { .. }
            | Event::BytesAppended { .. }
            | Event::FragmentWritten { .. }
            | Event::Discontinuity { .. } => None,
        })
        .collect();
    assert_eq!(
        closed,
        [
            "part-0001/seg-00001.mp4",
            "part-0001/seg-00002.mp4",
            "part-0001/seg-00003.mp4"
        ]
    );
    for path in closed {
        let args = [
            "-v",
            "error",
            "-count_frames",
            "-select_streams",
            "v",
            "-show_entries",
        ];
        let args = [&args[..], &["stream=nb_read_frames", "-of", "csv=p=0", path]].concat();
        let (good, text) = run(directory.path(), "ffprobe", &args);
        assert!(good && text.trim() == "50", "{path}: {text}");
    }
}

#[test]
fn every_byte_on_disk_was_announced_in_order() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    let mut events = write_part(&mut writer, 1, &TrackName::Program, media());
    events.extend(writer.end_part(1).unwrap());
    let mut copies = std::collections::BTreeMap::<String, Vec<u8>>::new();
    for event in events {
        match event {
            Event::SegmentOpened { path } => assert!(copies.insert(path, Vec::new()).is_none()),
            Event::BytesAppended { path, offset, bytes } => {
                let copy = copies.get_mut(&path).unwrap();
                assert_eq!(copy.len() as u64, offset);
                copy.extend_from_slice(&bytes);
            }
            Event::SegmentClosed { path, size, .. } => {
                assert_eq!(copies[&path].len() as u64, size);
                assert_eq!(copies[&path], fs::read(directory.path().join(&path)).unwrap());
            }
            Event::FragmentWritten { fragment, .. } => {
                assert_eq!((fragment.frames, fragment.duration_us), (FPS, 1_000_000));
            }
            Event::Discontinuity { .. } => panic!("the timeline does not jump"),
        }
    }
    assert_eq!(copies.len(), 3);
}

#[test]
fn fractions_and_large_integers_are_refused_by_the_journal() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    for bad in [
        serde_json::json!(1.5),
        serde_json::json!(1_u64 << 53),
        serde_json::json!([[1e300]]),
    ] {
        let data = Data::from_iter([("value".to_owned(), bad)]);
        let result = directory.journal().append("test", data);
        assert!(matches!(result, Err(JournalError::Data { .. })));
    }
    let largest = Data::from_iter([("value".to_owned(), serde_json::json!((1_u64 << 53) - 1))]);
    directory.journal().append("test", largest).unwrap();
}

#[test]
fn torn_last_line_is_set_aside_and_the_journal_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    directory.journal().append("test", Data::new()).unwrap();
    let path = directory.path().join("journal.jsonl");
    let whole = fs::read(&path).unwrap();
    let last_start = whole[..whole.len() - 1]
        .iter()
        .rposition(|&b| b == b'\n')
        .unwrap()
        + 1;
    for cut in last_start + 1..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let opened = Journal::open(&path, TestClock::new()).unwrap();
        assert_eq!(opened.lines.len(), 1, "cut at {cut}");
        assert_eq!(fs::read(opened.torn.unwrap()).unwrap(), &whole[last_start..cut]);
        assert_eq!(opened.journal.append("test", Data::new()).unwrap().seq, 2);
        assert_eq!(Journal::read(&path).unwrap().len(), 2);
    }
}

#[test]
fn changed_line_keeps_the_journal_from_opening() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    for _ in 0..3 {
        directory.journal().append("test", Data::new()).unwrap();
    }
    let path = directory.path().join("journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"kind\":\"test\"", "\"kind\":\"tesu\"", 1)).unwrap();
    let result = Journal::open(&path, TestClock::new());
    assert!(matches!(result, Err(JournalError::Broken { line: 2, .. })));
}

/// An interview cut off in the middle of its media, all chunks durable up to there.
fn open_interview(root: &std::path::Path, chunks: usize) -> std::path::PathBuf {
    let directory = new_directory(root);
    let mut writer = Writer::new(&directory, 2);
    writer
        .begin_part(1, wall(), TrackName::Program, media().header.clone())
        .unwrap();
    for (starts, bytes) in media().chunks.iter().take(chunks) {
        writer
            .write_chunk(1, &TrackName::Program, *starts, bytes.clone())
            .unwrap();
    }
    directory.path().to_owned()
}

fn recover_open(root: &std::path::Path) -> Box<Adopted> {
    let ids = find_unfinished(&place(root).interviews()).unwrap();
    match recover(&place(root), &ids[0], TestClock::new()).unwrap() {
        Recovered::Open(adopted) => adopted,
        Recovered::Closed(_) | Recovered::Stillborn => panic!("the interview is open"),
    }
}

#[test]
fn chunks_beyond_the_last_line_are_adopted_and_said_to_be() {
    let root = tempfile::tempdir().unwrap();
    open_interview(root.path(), 11);
    let adopted = recover_open(root.path());
    let frames: u64 = adopted
        .outline
        .segments()
        .map(|segment| segment.extent().frames)
        .sum();
    let expected: u64 = media_frames(&media().chunks[..11]);
    assert_eq!(frames, expected);
    assert!(adopted.fragments.iter().all(|fragment| fragment.adopted));
    assert!(!adopted.fragments.is_empty() && adopted.quarantined.is_empty());
    // The interview goes on as its next part and can be closed.
    let mut writer = adopted.writer(2);
    write_part(&mut writer, 2, &TrackName::Program, media());
    writer.end_part(2).unwrap();
    let closed = shenlu::evidence::closing::close(&adopted.directory, &facts()).unwrap();
    assert!(closed.files.contains_key("part-0002/seg-00003.mp4"));
    let (good, text) = run(
        adopted.directory.path(),
        "sha256sum",
        &["--strict", "-c", "SHA256SUMS"],
    );
    assert!(good, "{text}");
}

#[test]
fn cut_at_any_byte_loses_at_most_the_torn_chunk() {
    let whole_root = tempfile::tempdir().unwrap();
    let whole = open_interview(whole_root.path(), 13);
    let segment = whole.join("part-0001/seg-00002.mp4");
    let bytes = fs::read(&segment).unwrap();
    for cut in (0..=bytes.len()).step_by(bytes.len() / 37) {
        let root = tempfile::tempdir().unwrap();
        let to = root.path().join("interviews").join(whole.file_name().unwrap());
        copy_tree(&whole, &to);
        let journalled = last_journalled_end(&to, "part-0001/seg-00002.mp4");
        if cut < journalled {
            continue; // those bytes were synced before their line
        }
        fs::write(to.join("part-0001/seg-00002.mp4"), &bytes[..cut]).unwrap();
        let adopted = recover_open(root.path());
        let kept: u64 = ["part-0001/seg-00001.mp4", "part-0001/seg-00002.mp4"]
            .iter()
            .filter_map(|path| fs::metadata(to.join(path)).ok())
            .map(|metadata| metadata.len())
            .sum();
        let aside: u64 = adopted
            .quarantined
            .iter()
            .map(|path| fs::metadata(to.join(path)).unwrap().len())
            .sum();
        let first = fs::metadata(to.join("part-0001/seg-00001.mp4")).unwrap().len();
        assert_eq!(kept + aside, first + cut as u64, "cut at {cut}");
        // A second recovery finds nothing left to do.
        let lines = adopted.lines.len();
        drop(adopted);
        let again = recover_open(root.path());
        assert_eq!(again.lines.len(), lines);
        shenlu::evidence::closing::close(&again.directory, &facts()).unwrap();
    }
}

#[test]
fn what_is_closed_is_not_read_again_when_a_long_part_is_taken_up() {
    let lines_of = |without_the_first: bool| {
        let root = tempfile::tempdir().unwrap();
        let directory = new_directory(root.path());
        let mut writer = Writer::new(&directory, 1);
        write_part(&mut writer, 1, &TrackName::Program, media());
        let path = directory.path().to_owned();
        drop((writer, directory));
        if without_the_first {
            fs::remove_file(path.join("part-0001/seg-00001.mp4")).unwrap();
        }
        let adopted = recover_open(root.path());
        let ends = |line: &&shenlu::evidence::line::Line| {
            matches!(line.kind.as_str(), "fragment" | "segment-closed" | "track-closed")
        };
        let lines: Vec<Data> = adopted
            .lines
            .iter()
            .filter(ends)
            .map(|line| line.data.clone())
            .collect();
        lines
    };
    let (whole, without) = (lines_of(false), lines_of(true));
    assert!(whole.len() > 12, "{whole:?}");
    assert_eq!(without, whole);
}

#[test]
fn closing_cut_short_anywhere_is_completed_at_start() {
    let whole_root = tempfile::tempdir().unwrap();
    let (directory, closed) = closed_interview(whole_root.path());
    let made = [
        "SHA256SUMS",
        "SM3SUMS",
        "manifest.json.sm2",
        "manifest.json.ed25519",
        "manifest.json",
        "device-sm2.pem",
        "device.pem",
        "part-0002/playlist.m3u8",
        "playlist.m3u8",
    ];
    for cut in 1..=made.len() {
        let root = tempfile::tempdir().unwrap();
        let to = root.path().join("interviews").join(directory.id().as_str());
        copy_tree(directory.path(), &to);
        copy_tree(&whole_root.path().join("keys"), &root.path().join("keys"));
        for name in &made[..cut] {
            fs::remove_file(to.join(name)).unwrap();
        }
        fs::write(to.join("manifest.json.partial"), b"{").unwrap();
        let recovered = recover(&place(root.path()), directory.id(), TestClock::new()).unwrap();
        let Recovered::Closed(again) = recovered else {
            panic!("the interview had ended")
        };
        assert_eq!(again.files, closed.files);
        for name in made {
            assert_eq!(
                fs::read(to.join(name)).unwrap(),
                fs::read(directory.path().join(name)).unwrap()
            );
        }
    }
}

#[test]
fn directory_without_a_line_is_stillborn() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    fs::write(directory.path().join("journal.jsonl"), b"").unwrap();
    let recovered = recover(&place(root.path()), directory.id(), TestClock::new()).unwrap();
    assert!(matches!(recovered, Recovered::Stillborn));
}

#[test]
fn a_part_number_that_never_came_to_a_picture_does_not_keep_an_interview_open() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    for part in [1, 3] {
        write_part(&mut writer, part, &TrackName::Program, media());
        writer.end_part(part).unwrap();
        directory.checkpoint(conditions()).unwrap();
    }
    shenlu::evidence::closing::close(&directory, &facts()).unwrap();
    let lines = Journal::read(&directory.path().join("journal.jsonl")).unwrap();
    let (outline, faults) = Outline::of(&lines);
    assert_eq!(faults, []);
    let gaps: Vec<_> = outline
        .gaps
        .iter()
        .map(|gap| (gap.after_part, gap.before_part))
        .collect();
    assert_eq!(gaps, [(1, 3)], "the gap names both its ends");
    let report = shenlu::evidence::verify::verify(&[directory.path().to_owned()], &[]);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
}

#[test]
fn part_after_a_part_is_journalled_with_its_gap() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let lines = Journal::read(&directory.path().join("journal.jsonl")).unwrap();
    let (outline, faults) = Outline::of(&lines);
    assert_eq!(faults, []);
    let [gap] = &outline.gaps[..] else {
        panic!("{:?}", outline.gaps)
    };
    assert_eq!(
        (gap.after_part, gap.before_part, gap.duration_us),
        (1, 2, 24_000_000)
    );
}

#[test]
fn damaged_chunk_is_kept_aside_and_recording_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    writer
        .begin_part(1, wall(), TrackName::Program, media().header.clone())
        .unwrap();
    let (_, first) = &media().chunks[0];
    writer
        .write_chunk(1, &TrackName::Program, true, first.clone())
        .unwrap();
    let half: std::sync::Arc<[u8]> = first[..first.len() / 2].into();
    let error = writer
        .write_chunk(1, &TrackName::Program, false, half.clone())
        .unwrap_err();
    let WriterError::Chunk { kept, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(fs::read(directory.path().join(kept)).unwrap(), &half[..]);
    writer
        .write_chunk(1, &TrackName::Program, false, media().chunks[1].1.clone())
        .unwrap();
    writer.end_part(1).unwrap();
    shenlu::evidence::closing::close(&directory, &facts()).unwrap();
}

#[test]
fn mirror_gets_every_byte_and_its_failure_costs_nothing() {
    let root = tempfile::tempdir().unwrap();
    let good = Place {
        data: root.path().join("data"),
        mirror: Some(root.path().join("mirror")),
        keys: keys(root.path()),
        timestamp: None,
    };
    // A file where the mirror's directory should be: every write there fails.
    fs::write(root.path().join("blocked"), b"").unwrap();
    let bad = Place {
        data: root.path().join("other"),
        mirror: Some(root.path().join("blocked")),
        keys: keys(root.path()),
        timestamp: None,
    };
    for (place, works) in [(good, true), (bad, false)] {
        let directory = InterviewDirectory::create(&place, "a1", TestClock::new()).unwrap();
        let mut writer = Writer::new(&directory, 2);
        write_part(&mut writer, 1, &TrackName::Program, media());
        writer.end_part(1).unwrap();
        directory.put_file("documents/a.pdf", b"pdf").unwrap();
        shenlu::evidence::closing::close(&directory, &facts()).unwrap();
        let state = directory
            .mirror()
            .unwrap()
            .wait_until_level(Duration::from_secs(30));
        if !works {
            assert!(matches!(state, MirrorState::Failed { .. }), "{state:?}");
            continue;
        }
        assert_eq!(state, MirrorState::Working { behind_bytes: 0 });
        let copy = root
            .path()
            .join("mirror/interviews")
            .join(directory.id().as_str());
        let (good, text) = run(&copy, "sha256sum", &["--strict", "-c", "SHA256SUMS"]);
        assert!(good, "{text}");
    }
}

#[test]
fn a_large_file_gets_its_name_by_a_link_and_a_cut_behind_it_is_adopted() {
    let root = tempfile::tempdir().unwrap();
    let place = Place {
        data: root.path().join("data"),
        mirror: Some(root.path().join("mirror")),
        keys: keys(root.path()),
        timestamp: None,
    };
    let directory = InterviewDirectory::create(&place, "a1", TestClock::new()).unwrap();
    let bytes: Vec<u8> = (0..9_u32 << 20).map(|n| (n / 7) as u8).collect();
    let digests = Digests::of(&bytes);
    let from = root.path().join("data/came-in");
    fs::write(&from, &bytes).unwrap();
    let size = bytes.len() as u64;
    let name = "attachments/elsewhere-1/001.mp4";
    directory.take_in(name, &from, size, digests).unwrap();
    // Another file never takes a name that is used.
    let other = root.path().join("data/other");
    fs::write(&other, b"other").unwrap();
    let refused = directory.take_in(name, &other, 5, Digests::of(b"other"));
    assert!(refused.is_err());
    assert_eq!(fs::read(directory.path().join(name)).unwrap(), bytes);
    fs::remove_file(&from).unwrap();
    let state = directory
        .mirror()
        .unwrap()
        .wait_until_level(Duration::from_secs(30));
    assert_eq!(state, MirrorState::Working { behind_bytes: 0 });
    let copy = root
        .path()
        .join("mirror/interviews")
        .join(directory.id().as_str());
    assert_eq!(fs::read(copy.join(name)).unwrap(), bytes);

    // The cut between the link and its line.
    let second = "attachments/elsewhere-1/002.mp4";
    fs::hard_link(&other, directory.path().join(second)).unwrap();
    let id = directory.id().clone();
    drop(directory);
    let Recovered::Open(adopted) = recover(&place, &id, TestClock::new()).unwrap() else {
        panic!("not open");
    };
    let files: Vec<(&str, bool)> = adopted
        .outline
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.adopted))
        .collect();
    assert_eq!(files, [(name, false), (second, true)]);
    shenlu::evidence::closing::close(&adopted.directory, &facts()).unwrap();
    let (good, text) = run(
        adopted.directory.path(),
        "sha256sum",
        &["--strict", "-c", "SHA256SUMS"],
    );
    assert!(good, "{text}");
}

fn media_frames(chunks: &[(bool, std::sync::Arc<[u8]>)]) -> u64 {
    let header = shenlu::evidence::mp4::parse_header(&media().header).unwrap();
    let lead = header.lead().unwrap().id;
    let frames = |bytes: &[u8]| {
        let chunk = shenlu::evidence::mp4::parse_chunk(bytes, &header).unwrap();
        chunk.run(lead).map_or(0, |run| run.samples)
    };
    chunks.iter().map(|(_, bytes)| frames(bytes)).sum()
}

fn last_journalled_end(interview: &std::path::Path, segment: &str) -> usize {
    let lines = Journal::read(&interview.join("journal.jsonl")).unwrap();
    let (outline, _) = Outline::of(&lines);
    let found = outline
        .segments()
        .find(|outline| outline.opened.segment == segment);
    found.map_or(0, |outline| outline.end() as usize)
}

#[test]
fn interviews_of_one_second_get_names_of_their_own() {
    let root = tempfile::tempdir().unwrap();
    let ids: Vec<String> = (0..3)
        .map(|_| new_directory(root.path()).id().as_str().to_owned())
        .collect();
    assert_eq!(
        ids,
        [
            "a1-20260304-050607",
            "a1-20260304-050607-2",
            "a1-20260304-050607-3"
        ]
    );
}

#[test]
fn files_are_put_in_once_and_never_among_the_media() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    directory.put_file("attestations/p1-sign-1.png", b"one").unwrap();
    assert!(directory.put_file("attestations/p1-sign-1.png", b"two").is_err());
    assert_eq!(
        fs::read(directory.path().join("attestations/p1-sign-1.png")).unwrap(),
        b"one"
    );
    for bad in [
        "part-0001/x.mp4",
        "tracks/a/b",
        "quarantine/x",
        "top.json",
        "../x/y",
        "a/b.partial",
    ] {
        assert!(directory.put_file(bad, b"x").is_err(), "{bad}");
    }
    shenlu::evidence::closing::close(&directory, &facts()).unwrap();
}

#[test]
fn file_whose_line_failed_is_taken_in_at_the_end() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    fs::create_dir(directory.path().join("documents")).unwrap();
    fs::write(directory.path().join("documents/a.pdf"), b"pdf").unwrap();
    let closed = shenlu::evidence::closing::close(&directory, &facts()).unwrap();
    assert!(closed.files.contains_key("documents/a.pdf"));
}

#[test]
fn nothing_can_be_added_after_the_end() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let result = directory.journal().append("test", Data::new());
    assert!(matches!(result, Err(JournalError::Closed)));
    // Closing again is what a room does whose disk refused behind the `closed` line: it finishes what is
    // there and changes nothing that stands.
    let before = everything_below(directory.path());
    shenlu::evidence::closing::close(&directory, &facts()).unwrap();
    assert_eq!(before, everything_below(directory.path()));
    assert!(directory.put_file("attachments/late.txt", b"late").is_err());
    assert_eq!(before, everything_below(directory.path()));
}

fn everything_below(root: &Path) -> Vec<(String, Vec<u8>)> {
    let names = shenlu::evidence::sums::list_files(root).unwrap();
    names
        .into_iter()
        .map(|name| (name.clone(), std::fs::read(root.join(name)).unwrap()))
        .collect()
}

#[test]
fn playlist_plays_both_parts_from_the_files_as_they_are() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    for (playlist, frames) in [("playlist.m3u8", "300"), ("part-0001/playlist.m3u8", "150")] {
        let args = [
            "-v",
            "error",
            "-allowed_extensions",
            "ALL",
            "-count_packets",
            "-select_streams",
            "v",
        ];
        let entries = [
            "-show_entries",
            "stream=nb_read_packets",
            "-of",
            "csv=p=0",
            playlist,
        ];
        let (good, text) = run(directory.path(), "ffprobe", &[&args[..], &entries[..]].concat());
        assert!(
            good && text.lines().next().is_some_and(|line| line.trim() == frames),
            "{playlist}: {text}"
        );
    }
    let text = fs::read_to_string(directory.path().join("playlist.m3u8")).unwrap();
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1);
    assert!(text.contains("#EXT-X-PROGRAM-DATE-TIME:2026-03-04T05:06:37.000+08:00\n#EXT-X-MAP:"));
}
