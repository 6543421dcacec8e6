//! From the media process to the ways out: which file a chunk belongs to, before anything waits for a disk.
//!
//! The master's writer cuts segments at fragment borders; the discs must get the same files without waiting
//! for it. So the same rule is applied here, on the bytes themselves: a fragment that begins when the
//! segment already holds `segment_us` of media opens the next one, with the header in front. Should the two
//! ever disagree, the disc sees it by the closed file's size and digest and takes the file from the master.

use crate::disc::{DiscHandle, Feed};
use crate::evidence::mp4::{Continuity, Header, parse_chunk, parse_header};
use crate::evidence::names::TrackName;
use std::sync::Arc;

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

    pub fn feed(&mut self, discs: &[DiscHandle], starts_fragment: bool, bytes: &Arc<[u8]>) {
        let Ok(chunk) = parse_chunk(bytes, &self.header) else {
            return;
        };
        let end_us = self.continuity.end_us();
        let is_full = starts_fragment && end_us >= self.segment_start_us + self.segment_us;
        let is_new = self.segment == 0 || is_full;
        if is_new {
            self.segment += 1;
            self.segment_start_us = end_us;
        }
        let path = TrackName::Program.segment_path(self.part, self.segment);
        for disc in discs {
            if is_new {
                disc.feed(Feed::Bytes {
                    path: path.clone(),
                    bytes: Arc::clone(&self.header_bytes),
                });
            }
            disc.feed(Feed::Bytes {
                path: path.clone(),
                bytes: Arc::clone(bytes),
            });
        }
        self.continuity.accept(&chunk);
    }
}
