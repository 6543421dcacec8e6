//! A track while one of its parts records: chunks become fragments, fragments
//! fill segments. Bytes first, their journal line after them; what happened goes
//! to the writer's list of events. Only the writer uses it.

use super::{
    digest::{Digests, Hasher},
    directory::InterviewDirectory,
    entries::{FRAGMENT, Fragment, SEGMENT_CLOSED, SEGMENT_OPENED, SegmentClosed, to_data},
    line::Data,
    mp4::{Chunk, Continuity, Extent, Header},
    names::TrackName,
    segment::SegmentFile,
    writer::{Event, WriterError, segment_opened, set_segment_aside},
};
use chrono::{DateTime, FixedOffset};
use std::sync::Arc;

/// One part of one track, open.
pub(super) struct OpenTrack {
    pub name: TrackName,
    pub part: u32,
    pub started_at: DateTime<FixedOffset>,
    pub header_bytes: Arc<[u8]>,
    pub header: Header,
    pub continuity: Continuity,
    pub segments: u32,
    pub segment: Option<SegmentFile>,
    pub pending: Option<PendingFragment>,
}

/// Chunks that are durable and wait for the rest of their fragment.
pub(super) struct PendingFragment {
    offset: u64,
    length: u64,
    hasher: Hasher,
    before: Extent,
    break_us: Option<i64>,
}

/// Where a track's bytes, lines and events go.
pub(super) struct Out<'a> {
    pub directory: &'a InterviewDirectory,
    pub events: &'a mut Vec<Event>,
}

impl OpenTrack {
    pub fn append(&mut self, chunk: &Chunk, bytes: Arc<[u8]>, out: &mut Out<'_>) -> Result<(), WriterError> {
        let before = self.continuity.extent();
        let start_us = self.continuity.end_us();
        let segment = match &mut self.segment {
            Some(segment) => segment,
            None => {
                let path = self.name.segment_path(self.part, self.segments + 1);
                let created = SegmentFile::create(out.directory.path(), path, start_us)?;
                self.segments += 1;
                self.segment.insert(created)
            }
        };
        let is_new = segment.is_empty();
        let whole: Arc<[u8]> = if is_new {
            [&self.header_bytes[..], &bytes[..]].concat().into()
        } else {
            bytes.clone()
        };
        let offset = segment.length();
        segment.append(&whole)?;
        if is_new {
            out.events.push(Event::SegmentOpened {
                path: segment.path.clone(),
            });
        }
        if let Some(mirror) = out.directory.mirror() {
            mirror.write_at(&segment.path, offset, whole.clone());
        }
        let path = segment.path.clone();
        let chunk_offset = segment.length() - bytes.len() as u64;
        out.events.push(Event::BytesAppended {
            path: path.clone(),
            offset,
            bytes: whole,
        });
        let break_us = self.accept(chunk, &path, start_us, out);
        let pending = self.pending.get_or_insert_with(|| PendingFragment {
            offset: chunk_offset,
            length: 0,
            hasher: Hasher::default(),
            before,
            break_us: None,
        });
        pending.length += bytes.len() as u64;
        pending.hasher.update(&bytes);
        pending.break_us = pending.break_us.or(break_us);
        Ok(())
    }

    /// Lets the timeline go on; a jump is reported, and kept in the fragment's line.
    fn accept(&mut self, chunk: &Chunk, path: &str, media_us: u64, out: &mut Out<'_>) -> Option<i64> {
        let breaks = self.continuity.accept(chunk);
        for found in &breaks {
            out.events.push(Event::Discontinuity {
                path: path.to_owned(),
                part: self.part,
                media_us,
                gap_us: found.gap_us(),
            });
        }
        breaks.first().map(super::mp4::Break::gap_us)
    }

    pub fn finish_fragment(&mut self, conditions: &Data, out: &mut Out<'_>) -> Result<(), WriterError> {
        let (Some(segment), Some(pending)) = (&mut self.segment, &self.pending) else {
            return Ok(());
        };
        if !segment.is_announced {
            let opened = segment_opened(&self.name, self.part, &segment.path, &self.header_bytes, false);
            out.directory.journal().append(SEGMENT_OPENED, to_data(&opened))?;
            segment.is_announced = true;
        }
        let fragment = pending.to_entry(&segment.path, &self.continuity.extent(), conditions);
        out.directory.journal().append(FRAGMENT, to_data(&fragment))?;
        let fragment = Box::new(fragment);
        out.events.push(Event::FragmentWritten {
            part: self.part,
            track: self.name.clone(),
            fragment,
        });
        self.pending = None;
        Ok(())
    }

    pub fn close_full_segment(&mut self, segment_us: u64, out: &mut Out<'_>) -> Result<(), WriterError> {
        let end_us = self.continuity.end_us();
        match &self.segment {
            Some(segment) if end_us >= segment.start_us + segment_us => self.close_segment(out),
            Some(_) | None => Ok(()),
        }
    }

    pub fn close_segment(&mut self, out: &mut Out<'_>) -> Result<(), WriterError> {
        let Some(segment) = &self.segment else {
            return Ok(());
        };
        if segment.is_empty() {
            // Its first write failed and the part ended: an empty file is no segment.
            set_segment_aside(out.directory, segment)?;
            self.segments -= 1;
            self.segment = None;
            return Ok(());
        }
        let (size, Digests { sha256, sm3 }) = segment.digests();
        let path = segment.path.clone();
        let closed = SegmentClosed {
            segment: path.clone(),
            size,
            sha256,
            sm3,
            adopted: false,
        };
        out.directory.journal().append(SEGMENT_CLOSED, to_data(&closed))?;
        out.events.push(Event::SegmentClosed {
            path,
            size,
            sha256,
            sm3,
        });
        self.segment = None;
        Ok(())
    }
}

impl PendingFragment {
    fn to_entry(&self, segment: &str, now: &Extent, conditions: &Data) -> Fragment {
        let Digests { sha256, sm3 } = self.hasher.clone().finish();
        let extent = now.since(&self.before);
        let is_own = |name: &str| OWN_FIELDS.contains(&name);
        Fragment {
            segment: segment.to_owned(),
            offset: self.offset,
            length: self.length,
            sha256,
            sm3,
            media_us: extent.media_us,
            duration_us: extent.duration_us,
            frames: extent.frames,
            samples: extent.samples,
            break_us: self.break_us,
            adopted: false,
            conditions: conditions
                .clone()
                .into_iter()
                .filter(|(name, _)| !is_own(name))
                .collect(),
        }
    }
}

const OWN_FIELDS: [&str; 11] = [
    "segment",
    "offset",
    "length",
    "sha256",
    "sm3",
    "media_us",
    "duration_us",
    "frames",
    "samples",
    "break_us",
    "adopted",
];
