//! From the media process to the ways out: which file a chunk belongs to, before anything waits for a disk.
//!
//! The master's writer cuts segments at fragment borders; the discs must get the same files without waiting
//! for it. So the same rule is applied here, on the bytes themselves: a fragment that begins when the
//! segment already holds `segment_us` of media opens the next one, with the header in front. Should the two
//! ever disagree, the disc sees it by the closed file's size and digest and takes the file from the master.

use crate::evidence::mp4::{Continuity, Header, parse_chunk, parse_header};
use crate::evidence::names::TrackName;
use std::sync::Arc;

/// A chunk's file, and the header that stands in front when the chunk is the file's first.
pub struct Piece {
    pub path: String,
    pub header: Option<Arc<[u8]>>,
}

/// The composite's way to the discs; one for each part.
pub struct Fanout {
    part: u32,
    header_bytes: Arc<[u8]>,
    header: Header,
    continuity: Continuity,
    segment: u32,
    segment_start_us: u64,
    segment_us: u64,
}

impl Fanout {
    /// `None` when the header is no header; the recorder says so.
    pub fn begin(part: u32, segment_seconds: u32, header_bytes: Arc<[u8]>) -> Option<Fanout> {
        let header = parse_header(&header_bytes).ok()?;
        let continuity = Continuity::new(&header);
        Some(Fanout {
            part,
            header_bytes,
            segment: 0,
            segment_start_us: 0,
            header,
            continuity,
            segment_us: u64::from(segment_seconds) * 1_000_000,
        })
    }

    /// Where a chunk belongs. `None` for what is no chunk; the recorder says so.
    pub fn next(&mut self, starts_fragment: bool, bytes: &Arc<[u8]>) -> Option<Piece> {
        let chunk = parse_chunk(bytes, &self.header).ok()?;
        let end_us = self.continuity.end_us();
        let is_full = starts_fragment && end_us >= self.segment_start_us + self.segment_us;
        let is_new = self.segment == 0 || is_full;
        if is_new {
            self.segment += 1;
            self.segment_start_us = end_us;
        }
        self.continuity.accept(&chunk);
        Some(Piece {
            path: TrackName::Program.segment_path(self.part, self.segment),
            header: is_new.then(|| Arc::clone(&self.header_bytes)),
        })
    }
}
