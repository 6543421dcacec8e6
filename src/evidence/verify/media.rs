//! The recording itself against the journal: every byte of every segment is
//! header or a journalled fragment, every fragment says what its line says, and
//! the timeline read out of the MP4 runs on without a break through fragments
//! and segments of a part. Durations come from `tfdt` and `trun` alone.

use super::{
    codes::Code,
    digests::Digested,
    report::{Figures, Finding},
    words::{
        Detail,
        details::{
            BREAK, BYTES_AT, COUNTED, COVERED, FAULT_AT, MICROSECONDS, NO_CHUNKS, NOT_AS_CLOSED,
            NOT_AS_OPENED, OTHER_HEADER, SEGMENT,
        },
        say,
    },
};
use crate::evidence::{
    digest::Digests,
    entries::Fragment,
    mp4::{Break, Continuity, Extent, Header, PlacedChunk, scan_chunks, scan_header},
    names::TrackName,
    outline::{Outline, PartOutline, SegmentOutline},
};
use std::{collections::BTreeMap, fs::File, ops::Range, os::unix::fs::FileExt as _, path::PathBuf};

/// Where a segment's fragments lie, for digests of their own.
pub fn cuts(segment: &SegmentOutline) -> Vec<Range<u64>> {
    let range = |fragment: &Fragment| fragment.offset..fragment.offset.saturating_add(fragment.length);
    segment.fragments.iter().map(range).collect()
}

/// Files by path, where they can be read, and what was read of them.
pub struct Read<'a> {
    pub files: &'a BTreeMap<String, PathBuf>,
    pub digested: &'a BTreeMap<String, Digested>,
    /// Segments that lawfully stand elsewhere: on a disc that was not given, or on none.
    pub is_elsewhere: &'a dyn Fn(&str) -> bool,
}

/// Checks all parts of all tracks; counts the recording itself.
pub fn check(outline: &Outline, read: &Read<'_>, figures: &mut Figures, findings: &mut Vec<Finding>) {
    for part in &outline.parts {
        let mut check = PartCheck {
            part,
            read,
            timeline: None,
            header: None,
            findings,
        };
        let mut fragments = 0;
        for segment in &part.segments {
            check.segment(segment);
            fragments += segment.fragments.len() as u64;
        }
        let extent = check
            .timeline
            .map(|timeline| timeline.extent())
            .unwrap_or_default();
        if part.opened.track == TrackName::Program {
            figures.parts += 1;
            figures.segments += part.segments.len() as u64;
            figures.fragments += fragments;
            figures.frames += extent.frames;
            figures.samples += extent.samples;
            figures.duration_us += extent.duration_us;
        }
    }
    for segment in outline.segments() {
        for fragment in segment.fragments.iter().filter(|fragment| fragment.adopted) {
            let finding = Finding::new(
                Code::Adopted,
                &fragment.segment,
                say(MICROSECONDS, &[&fragment.duration_us]),
            );
            findings.push(finding.at(fragment.media_us));
        }
    }
}

/// One part of one track under check.
struct PartCheck<'a> {
    part: &'a PartOutline,
    read: &'a Read<'a>,
    /// Running through the part; started anew behind a segment that cannot be read.
    timeline: Option<Continuity>,
    /// The part's first header: all its segments carry the same.
    header: Option<Digests>,
    findings: &'a mut Vec<Finding>,
}

impl PartCheck<'_> {
    fn add(&mut self, code: Code, segment: &SegmentOutline, detail: impl Into<Detail>) {
        let media_us = segment.extent().media_us;
        self.findings
            .push(Finding::new(code, &segment.opened.segment, detail).at(media_us));
    }

    fn segment(&mut self, segment: &SegmentOutline) {
        let path = &segment.opened.segment;
        let (Some(file), Some(digested)) = (self.read.files.get(path), self.read.digested.get(path)) else {
            if !(self.read.is_elsewhere)(path) {
                self.add(Code::FileMissing, segment, say(SEGMENT, &[]));
            }
            self.timeline = None;
            return;
        };
        self.check_cover(segment, digested.size);
        self.check_digests(segment, digested);
        let opened = File::open(file).map_err(|error| error.to_string());
        let header = opened.and_then(|file| {
            let (header, length) = scan_header(&file).map_err(|error| error.to_string())?;
            Ok((file, header, length))
        });
        match header {
            Ok((file, header, _)) => {
                self.check_header(segment);
                self.check_chunks(segment, &file, &header);
            }
            Err(reason) => {
                self.add(Code::SegmentDamaged, segment, reason);
                self.timeline = None;
            }
        }
    }

    fn check_cover(&mut self, segment: &SegmentOutline, size: u64) {
        let covered = segment.end();
        // While it is open, what is behind the last line is not torn but not told yet.
        if size != covered && (segment.closed.is_some() || size < covered) {
            self.add(Code::SegmentUncovered, segment, say(COVERED, &[&size, &covered]));
        }
    }

    fn check_digests(&mut self, segment: &SegmentOutline, digested: &Digested) {
        if let Some(closed) = &segment.closed {
            let on_record = Digests {
                sha256: closed.sha256,
                sm3: closed.sm3,
            };
            if on_record != digested.digests {
                self.add(Code::FileChanged, segment, say(NOT_AS_CLOSED, &[]));
            }
        }
        for (fragment, found) in segment.fragments.iter().zip(&digested.cuts) {
            if *found != Some(fragment.sha256) {
                let detail = say(BYTES_AT, &[&fragment.length, &fragment.offset]);
                let finding = Finding::new(Code::FragmentChanged, &fragment.segment, detail);
                self.findings.push(finding.at(fragment.media_us));
            }
        }
    }

    fn check_header(&mut self, segment: &SegmentOutline) {
        let opened = &segment.opened;
        let file = self
            .read
            .files
            .get(&opened.segment)
            .and_then(|path| File::open(path).ok());
        let found = file
            .and_then(|file| read_start(&file, opened.header_length))
            .map(|bytes| Digests::of(&bytes));
        let on_record = Digests {
            sha256: opened.header_sha256,
            sm3: opened.header_sm3,
        };
        if found != Some(on_record) {
            self.add(Code::HeaderChanged, segment, say(NOT_AS_OPENED, &[]));
        }
        if *self.header.get_or_insert(on_record) != on_record {
            self.add(Code::HeaderChanged, segment, say(OTHER_HEADER, &[]));
        }
    }

    fn check_chunks(&mut self, segment: &SegmentOutline, file: &File, header: &Header) {
        let scan = scan_chunks(file, segment.opened.header_length, header);
        if let Some(fault) = &scan.fault {
            self.add(Code::SegmentDamaged, segment, say(FAULT_AT, &[fault, &scan.end]));
        }
        let mut timeline = self.timeline.take().unwrap_or_else(|| Continuity::new(header));
        let mut chunks = scan.chunks.iter().peekable();
        for fragment in &segment.fragments {
            let end = fragment.offset.saturating_add(fragment.length);
            let before = timeline.extent();
            let mut own = Vec::new();
            while let Some(chunk) = chunks.next_if(|chunk| chunk.offset < end) {
                own.push(chunk);
                for found in timeline.accept(&chunk.chunk) {
                    self.add_break(segment, fragment, &found);
                }
            }
            let extent = timeline.extent().since(&before);
            self.check_fragment(fragment, &own, &extent, header);
        }
        self.timeline = Some(timeline);
    }

    fn add_break(&mut self, segment: &SegmentOutline, fragment: &Fragment, found: &Break) {
        let (track, part) = (found.track_id, self.part.opened.part);
        let (is, should) = (found.found_ticks, found.expected_ticks);
        let detail = say(BREAK, &[&track, &is, &should, &found.gap_us(), &part]);
        let finding = Finding::new(Code::TimelineBreak, &segment.opened.segment, detail);
        self.findings.push(finding.at(fragment.media_us));
    }

    fn check_fragment(
        &mut self,
        fragment: &Fragment,
        own: &[&PlacedChunk],
        extent: &Extent,
        header: &Header,
    ) {
        let mut find = |code, detail: Detail| {
            self.findings
                .push(Finding::new(code, &fragment.segment, detail).at(fragment.media_us));
        };
        let starts = own.first().map(|chunk| chunk.offset);
        let ends = own.last().map(|chunk| chunk.offset + chunk.length);
        if starts != Some(fragment.offset) || ends != Some(fragment.offset.saturating_add(fragment.length)) {
            find(Code::SegmentDamaged, say(NO_CHUNKS, &[&fragment.offset]));
        }
        if *extent != fragment.extent() {
            find(Code::FragmentCount, counted(extent, &fragment.extent()));
        }
        let is_key = |chunk: &&PlacedChunk| {
            let run = header.lead().and_then(|lead| chunk.chunk.run(lead.id));
            run.is_some_and(|run| run.starts_with_sync)
        };
        if !own.first().is_some_and(is_key) {
            find(Code::KeyFrameMissing, Detail::default());
        }
    }
}

fn counted(found: &Extent, on_record: &Extent) -> Detail {
    let (a, b) = (found, on_record);
    say(
        COUNTED,
        &[
            &a.frames,
            &a.samples,
            &a.media_us,
            &a.duration_us,
            &b.frames,
            &b.samples,
            &b.media_us,
            &b.duration_us,
        ],
    )
}

/// Headers are small; a length beyond this is not believed.
const MAX_HEADER_BYTES: u64 = 4 << 20;

fn read_start(file: &File, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length.min(MAX_HEADER_BYTES)).ok()?];
    file.read_exact_at(&mut bytes, 0).ok().map(|()| bytes)
}
