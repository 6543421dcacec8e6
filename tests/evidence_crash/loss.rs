//! How much of the media that a recorder was given is missing after each cut, in milliseconds.

use super::evidence_support::Media;
use shenlu::evidence::{
    mp4::{Continuity, parse_chunk, parse_header},
    names::InterviewId,
    outline::Outline,
};
use std::collections::BTreeMap;

/// What each recorder was given and told, by interview and part.
#[derive(Default)]
pub struct Ledger {
    parts: BTreeMap<(InterviewId, u32), Part>,
}

#[derive(Default)]
struct Part {
    given: usize,
    durable: usize,
    was_killed: bool,
}

impl Ledger {
    pub fn given(&mut self, id: &InterviewId, part: u32, chunks: usize, was_killed: bool) {
        let part = self.parts.entry((id.clone(), part)).or_default();
        (part.given, part.was_killed) = (chunks, was_killed);
    }

    pub fn durable(&mut self, id: &InterviewId, part: u32, chunks: usize) {
        let entry = self.parts.entry((id.clone(), part)).or_default();
        assert_eq!(entry.durable, 0, "part {part} was recorded twice");
        entry.durable = chunks;
    }

    pub fn interviews(&self) -> Vec<InterviewId> {
        let mut ids: Vec<InterviewId> = self.parts.keys().map(|(id, _)| id.clone()).collect();
        ids.dedup();
        ids
    }

    /// Everything that was told is there; what is missing of the rest, one figure for each kill.
    pub fn compare(&self, id: &InterviewId, outline: &Outline, media: &Media) -> Vec<u64> {
        let mine = self.parts.iter().filter(|((of, _), _)| of == id);
        mine.filter_map(|((_, number), part)| {
            let found = outline.parts.iter().find(|found| found.opened.part == *number);
            let extent = found.map(|found| found.extent()).unwrap_or_default();
            let (told, given) = (of_chunks(media, part.durable), of_chunks(media, part.given));
            assert!(
                extent.frames >= told.frames,
                "part {number} of {id}: {} frames were told to be durable, {} are there",
                told.frames,
                extent.frames
            );
            let lost = given.duration_us.saturating_sub(extent.duration_us) / 1_000;
            part.was_killed.then_some(lost)
        })
        .collect()
    }
}

fn of_chunks(media: &Media, chunks: usize) -> shenlu::evidence::mp4::Extent {
    let header = parse_header(&media.header).unwrap();
    let mut timeline = Continuity::new(&header);
    for (_, bytes) in media.chunks.iter().take(chunks) {
        timeline.accept(&parse_chunk(bytes, &header).unwrap());
    }
    timeline.extent()
}

/// The distribution, as one line.
pub fn distribution(mut lost_ms: Vec<u64>) -> String {
    lost_ms.sort_unstable();
    let at = |percent: usize| lost_ms[(lost_ms.len() - 1) * percent / 100];
    format!(
        "{} kills while media came; lost of it, ms: min {}, median {}, p90 {}, p99 {}, max {}",
        lost_ms.len(),
        at(0),
        at(50),
        at(90),
        at(99),
        at(100)
    )
}
