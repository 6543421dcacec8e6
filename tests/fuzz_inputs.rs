//! The fuzz targets, briefly and always: whole inputs, and thousands of damaged ones, the same every time. The
//! long runs are `cargo fuzz`'s (`tests/fuzz`), which start from the whole inputs of here:
//! `SHENLU_FUZZ_SEEDS=tests/fuzz/corpus cargo nextest run --test fuzz_inputs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;
#[path = "fuzz/targets.rs"]
mod targets;

use evidence_support::*;
use fixtures::timestamp::{Keys, TimestampServer};
use pipelines::messages::{FromMedia, ToMedia, Track, write_frame};
use shenlu::evidence::{directory::Place, signing::MANIFEST_TSR, timestamp};
use std::{fs, sync::Arc};

const DAMAGED: usize = 1_500;

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    /// One to four kinds of damage, as disks, cables and people do them.
    fn damage(&mut self, whole: &[u8]) -> Vec<u8> {
        let mut bytes = whole.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 if !bytes.is_empty() => bytes[at] = [0, 0xff, b'9', b'"', b'\n', 0x7f][self.below(6)],
                3 => {
                    let from = self.below(whole.len());
                    let piece = &whole[from..(from + self.below(200)).min(whole.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                4 => drop(bytes.drain(at..(at + self.below(64)).min(bytes.len()))),
                // A length that claims the world.
                _ => {
                    let end = (at + 4).min(bytes.len());
                    bytes[at..end].fill(0xff);
                }
            }
        }
        bytes
    }
}

/// A whole input, kept as a seed where that is asked for.
fn seed(target: &str, name: &str, whole: &[u8]) {
    if let Some(corpus) = std::env::var_os("SHENLU_FUZZ_SEEDS") {
        let folder = std::path::Path::new(&corpus).join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), whole).unwrap();
    }
}

fn run(target: fn(&[u8]), whole: &[u8]) {
    target(whole);
    target(&[]);
    let mut dice = Dice(3);
    for _ in 0..DAMAGED {
        target(&dice.damage(whole));
    }
}

#[test]
fn damaged_journals_are_read_without_a_panic() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let journal = fs::read(directory.path().join("journal.jsonl")).unwrap();
    seed("journal", "whole", &journal);
    run(targets::journal, &journal);
}

#[test]
fn damaged_sums_certificates_and_signatures_are_read_without_a_panic() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let read = |name: &str| fs::read(directory.path().join(name)).unwrap();
    let certificates = [read("device.pem"), read("device-sm2.pem")];
    for name in ["SHA256SUMS", "SM3SUMS", "device.pem", "device-sm2.pem"] {
        seed("manifest", name, &read(name));
    }
    seed("manifest", "certificates", &certificates.concat());
    run(targets::manifest, &read("SHA256SUMS"));
    run(targets::manifest, &read("SM3SUMS"));
    run(targets::manifest, &certificates[0]);
    run(targets::manifest, &certificates.concat());
}

#[test]
fn damaged_time_stamps_are_read_without_a_panic() {
    let server = TimestampServer::start(Keys::Rsa).unwrap();
    let root = tempfile::tempdir().unwrap();
    let asked = timestamp::TimestampServer::new(&server.url(), None).unwrap();
    let place = Place {
        timestamp: Some(Arc::new(asked)),
        ..place(root.path())
    };
    let (directory, _) = closed_interview_at(&place);
    run(
        targets::timestamp,
        &fs::read(directory.path().join(MANIFEST_TSR)).unwrap(),
    );
}

#[test]
fn damaged_segments_are_read_without_a_panic() {
    let mut segment = media().header.to_vec();
    for (_, bytes) in media().chunks.iter().take(3) {
        segment.extend_from_slice(bytes);
    }
    // Most of a segment is media, and no parser looks at it: the boxes are what is damaged here.
    let boxes = 1_200.min(segment.len());
    targets::mp4(&segment);
    seed("mp4", "header", &media().header);
    // Small enough that what is changed is boxes, and the sizes in them still fit.
    seed("mp4", "segment", &segment);
    seed(
        "mp4",
        "chunk",
        &[&media().header[..], &media().chunks[0].1[..]].concat(),
    );
    let mut dice = Dice(5);
    for _ in 0..DAMAGED {
        let mut damaged = dice.damage(&segment[..boxes]);
        damaged.extend_from_slice(&segment[boxes..]);
        targets::mp4(&damaged);
    }
    run(targets::mp4, &media().header);
}

#[test]
fn damaged_messages_of_the_media_process_are_read_without_a_panic() {
    let mut stream = Vec::new();
    let chunk = FromMedia::Chunk {
        part: 1,
        track: Track::Composite,
        starts_fragment: true,
    };
    write_frame(&mut stream, &chunk, b"media").unwrap();
    write_frame(&mut stream, &FromMedia::PartClosed { part: 1 }, &[]).unwrap();
    write_frame(&mut stream, &ToMedia::OpenPart { part: 2 }, &[]).unwrap();
    seed("messages", "stream", &stream);
    run(targets::messages, &stream);
}
