//! Faults that are caused, not pretended: the process is killed in the middle
//! of recording, the disk refuses bytes, the MP4 is nonsense. The test binary
//! runs itself as the child that is killed or starved.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use proptest::prelude::*;
use shenlu::evidence::{
    adopt::{Recovered, find_unfinished, recover},
    check::check,
    closing::close,
    mp4::{parse_chunk, parse_header, scan_chunks, scan_header},
    names::TrackName,
    now::{Now, SystemNow},
    verify::{Code, Verdict, verify},
    writer::{Writer, WriterError},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

const DATA: &str = "SHENLU_TEST_DATA";

/// Runs one of the roles below as a process of its own.
fn start(role: &str, data: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", role, "--ignored", "--nocapture"])
        .env(DATA, data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn role_data() -> PathBuf {
    std::env::var_os(DATA)
        .expect("a role is only run by its test")
        .into()
}

#[test]
#[ignore = "a role: the child of recorder_killed_at_any_moment_loses_nothing_that_was_told"]
fn role_recorder() {
    let data = role_data();
    let clock: Arc<dyn Now> = Arc::new(SystemNow::new().unwrap());
    let unfinished = find_unfinished(&place(&data).interviews()).unwrap();
    let (directory, mut writer, part) = match unfinished.first() {
        None => {
            let directory = new_directory(&data);
            let writer = Writer::new(&directory, 1);
            (directory, writer, 1)
        }
        Some(id) => match recover(&place(&data), id, clock).unwrap() {
            Recovered::Open(adopted) => {
                let (writer, part) = (adopted.writer(1), adopted.outline.last_part() + 1);
                (adopted.directory, writer, part)
            }
            Recovered::Closed(_) | Recovered::Stillborn => panic!("it was never closed"),
        },
    };
    writer
        .begin_part(part, wall(), TrackName::Program, media().header.clone())
        .unwrap();
    for (n, (starts, bytes)) in media().chunks.iter().enumerate() {
        writer
            .write_chunk(part, &TrackName::Program, *starts, bytes.clone())
            .unwrap();
        println!("\ntold {part} {}", n + 1);
        // As the room does: the head is signed while the recording goes on.
        if n % 8 == 7 {
            directory.checkpoint(conditions()).unwrap();
        }
    }
    loop {
        std::thread::park(); // until it is killed
    }
}

/// Kills a recorder once it told of `chunks` chunks; gives its part and what it told of last.
fn kill_after(data: &Path, chunks: usize) -> (u32, usize) {
    let mut child = start("role_recorder", data);
    let mut last = (0, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        if words.next() == Some("told") {
            let mut number = || words.next().unwrap().parse::<usize>().unwrap();
            last = (number() as u32, number());
            if last.1 == chunks {
                child.kill().unwrap();
            }
        }
    }
    child.wait().unwrap();
    last
}

#[test]
fn recorder_killed_at_any_moment_loses_nothing_that_was_told() {
    let root = tempfile::tempdir().unwrap();
    let frames = |bytes: &[u8]| {
        let header = parse_header(&media().header).unwrap();
        parse_chunk(bytes, &header)
            .unwrap()
            .run(header.lead().unwrap().id)
            .map_or(0, |run| run.samples)
    };
    let mut told_frames = Vec::new();
    for round in 0..12 {
        let (part, chunks) = kill_after(root.path(), 1 + round * 7 % (media().chunks.len() - 1));
        assert_eq!(part as usize, round + 1);
        told_frames.push(
            media().chunks[..chunks]
                .iter()
                .map(|(_, bytes)| frames(bytes))
                .sum::<u64>(),
        );
    }
    let id = find_unfinished(&place(root.path()).interviews())
        .unwrap()
        .remove(0);
    let findings: Vec<Code> = check(root.path())
        .into_iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(findings, []);
    let recovered = recover(&place(root.path()), &id, Arc::new(SystemNow::new().unwrap())).unwrap();
    let Recovered::Open(adopted) = recovered else {
        panic!("it was never closed")
    };
    for (part, told) in adopted.outline.parts.iter().zip(told_frames) {
        assert!(
            part.extent().frames >= told,
            "part {}: {told} frames were told",
            part.opened.part
        );
    }
    close(&adopted.directory, &facts()).unwrap();
    let report = verify(&[adopted.directory.path().to_owned()], &[]);
    assert_eq!(
        (report.verdict, report.figures.parts),
        (Verdict::Sound, 12),
        "{report}"
    );
}

fn limit_file_size(bytes: libc::rlim_t) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: plain system calls on a local value; the signal is ignored, so writes fail with EFBIG.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}

#[test]
#[ignore = "a role: the child of disk_that_refuses_bytes_loses_no_chunk"]
fn role_starved() {
    let directory = new_directory(&role_data());
    let mut writer = Writer::new(&directory, 2);
    writer
        .begin_part(1, wall(), TrackName::Program, media().header.clone())
        .unwrap();
    let mut refusals = 0;
    for (n, (starts, bytes)) in media().chunks.iter().enumerate() {
        // Now and then a limit in the middle of the next chunk, or of its journal line.
        let journal = fs::metadata(directory.path().join("journal.jsonl"))
            .unwrap()
            .len();
        let room = if n % 3 == 0 {
            bytes.len() as u64 / 2
        } else {
            journal + 10
        };
        limit_file_size(room);
        while let Err(error) = writer.write_chunk(1, &TrackName::Program, *starts, bytes.clone()) {
            let full = match &error {
                WriterError::Durable(error) => error.is_full(),
                WriterError::Journal(_) => true,
                other => panic!("{other}"),
            };
            assert!(full, "{error}");
            refusals += 1;
            limit_file_size(libc::RLIM_INFINITY);
        }
    }
    limit_file_size(libc::RLIM_INFINITY);
    writer.end_part(1).unwrap();
    close(&directory, &facts()).unwrap();
    assert!(refusals > 5);
}

#[test]
fn disk_that_refuses_bytes_loses_no_chunk() {
    let root = tempfile::tempdir().unwrap();
    let mut child = start("role_starved", root.path());
    assert!(child.wait().unwrap().success());
    let interview = fs::read_dir(root.path().join("interviews"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let report = verify(&[interview], &[]);
    assert_eq!(
        (report.verdict, report.figures.frames),
        (Verdict::Sound, SECONDS * FPS),
        "{report}"
    );
}

#[test]
fn check_names_what_breaks_the_invariants() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let codes = || {
        check(root.path())
            .into_iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(), []);
    fs::write(directory.path().join("documents.partial"), b"x").unwrap();
    assert_eq!(codes(), [Code::FileExtra]);
    fs::remove_file(directory.path().join("documents.partial")).unwrap();
    fs::remove_file(directory.path().join("SHA256SUMS")).unwrap();
    assert_eq!(codes(), [Code::InterviewUnfinished]);
    fs::remove_file(directory.path().join("part-0001/seg-00001.mp4")).unwrap();
    assert_eq!(codes(), [Code::InterviewUnfinished, Code::FileMissing]);
    fs::write(root.path().join("ledger.jsonl"), b"{}\n{}\n").unwrap();
    assert!(codes().contains(&Code::JournalLine));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn damaged_chunks_are_refused_or_read_but_never_panic(
        which in 0_usize..8, at in 0_usize..2000, byte: u8, cut in 0_usize..4000,
    ) {
        let header = parse_header(&media().header).unwrap();
        let mut bytes = media().chunks[which].1.to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut.min(bytes.len() - 1));
        let _ = parse_chunk(&bytes, &header);
        let scan = scan_chunks(&bytes.as_slice(), 0, &header);
        prop_assert!(scan.end <= bytes.len() as u64);
    }

    #[test]
    fn damaged_headers_are_refused_or_read_but_never_panic(at in 0_usize..4000, bytes in any::<[u8; 4]>()) {
        let mut header = media().header.to_vec();
        let at = at % (header.len() - 4);
        header[at..at + 4].copy_from_slice(&bytes);
        let _ = parse_header(&header);
        let _ = scan_header(&header.as_slice());
    }

    #[test]
    fn noise_is_no_media(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parse_header(&bytes).is_err());
        let header = parse_header(&media().header).unwrap();
        prop_assert!(parse_chunk(&bytes, &header).is_err());
    }
}
