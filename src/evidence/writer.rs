//! The only writer of media. Takes headers and chunks in the order in which the
//! muxer made them, cuts segments at fragment borders, and keeps this order:
//! chunk bytes, fsync (new file: fsync of its directory too), and once the
//! fragment is whole its journal line, fsync. After an error the chunk was not
//! taken and can be offered again. Blocks on the disk: call it from a thread
//! that may wait. It never drops a chunk, and never writes to a closed segment.

use super::{
    digest::{Digests, Sha256Digest, Sm3Digest},
    directory::InterviewDirectory,
    durable::{DurableError, parent_of, sync_directory},
    entries::{
        Fragment, GAP, Gap, QUARANTINED, Quarantined, SegmentOpened, TRACK_CLOSED, TRACK_OPENED, TrackClosed,
        TrackOpened, to_data,
    },
    journal::{JournalError, set_aside},
    line::{Data, time_text},
    mp4::{Chunk, Continuity, Header, Mp4Error, parse_chunk, parse_header},
    names::TrackName,
    open_track::{OpenTrack, Out},
    segment::SegmentFile,
};
use chrono::{DateTime, FixedOffset, TimeDelta};
use std::{collections::BTreeMap, fs, mem, path::PathBuf, sync::Arc};

/// Why a header or a chunk was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    #[error(transparent)]
    Durable(#[from] DurableError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the header of {track} is not one that can be recorded")]
    Header {
        track: TrackName,
        #[source]
        source: Mp4Error,
    },
    #[error("a chunk of {track} is damaged; it was kept as {kept}. Restart the media process")]
    Chunk {
        track: TrackName,
        kept: String,
        #[source]
        source: Mp4Error,
    },
    #[error("{track} begins without a key frame; the chunk was kept as {kept}")]
    NoKeyFrame { track: TrackName, kept: String },
    #[error("part {part} of {track} is not open")]
    NotOpen { part: u32, track: TrackName },
    #[error("part {part} of {track} cannot begin: part {open} is open")]
    StillOpen { part: u32, track: TrackName, open: u32 },
    #[error("part {part} of {track} must follow part {last}")]
    Order { part: u32, track: TrackName, last: u32 },
}

/// What happened, in order; the discs are fed from it.
#[derive(Debug, Clone)]
pub enum Event {
    SegmentOpened {
        path: String,
    },
    /// Durable on the master. The first bytes of a segment begin with its header.
    BytesAppended {
        path: String,
        offset: u64,
        bytes: Arc<[u8]>,
    },
    /// Durable, with its journal line.
    FragmentWritten {
        part: u32,
        track: TrackName,
        fragment: Box<Fragment>,
    },
    SegmentClosed {
        path: String,
        size: u64,
        sha256: Sha256Digest,
        sm3: Sm3Digest,
    },
    /// The muxer's timeline jumped: an alarm, and a finding of `verify`.
    Discontinuity {
        path: String,
        part: u32,
        media_us: u64,
        gap_us: i64,
    },
}

/// Writes the media of one interview.
pub struct Writer {
    directory: InterviewDirectory,
    segment_us: u64,
    tracks: BTreeMap<TrackName, Track>,
    conditions: Data,
    events: Vec<Event>,
}

/// A track between its first part and the end of the interview.
enum Track {
    Open(Box<OpenTrack>),
    /// The last part that ended, and when.
    Ended {
        part: u32,
        at: DateTime<FixedOffset>,
    },
}

impl Writer {
    /// `segment_seconds` of media make a segment, rounded up to a fragment's border.
    pub fn new(directory: &InterviewDirectory, segment_seconds: u32) -> Self {
        Self {
            directory: directory.clone(),
            segment_us: u64::from(segment_seconds) * 1_000_000,
            tracks: BTreeMap::new(),
            conditions: Data::new(),
            events: Vec::new(),
        }
    }

    /// After a restart: which part was the last one of a track, and when it ended.
    pub fn resume_after(&mut self, track: TrackName, part: u32, ended_at: DateTime<FixedOffset>) {
        self.tracks.insert(track, Track::Ended { part, at: ended_at });
    }

    /// Integers (and texts) that every further fragment's line carries: drops,
    /// clock quality, climate in hundredths. The fragment's own fields win.
    pub fn set_conditions(&mut self, conditions: Data) {
        self.conditions = conditions;
    }

    /// A part of a track begins; `started_at` is the wall time of its media time 0.
    pub fn begin_part(
        &mut self,
        part: u32,
        started_at: DateTime<FixedOffset>,
        track: TrackName,
        header_bytes: Arc<[u8]>,
    ) -> Result<(), WriterError> {
        let last = match self.tracks.get(&track) {
            Some(Track::Open(open)) => {
                return Err(WriterError::StillOpen {
                    part,
                    track,
                    open: open.part,
                });
            }
            Some(Track::Ended { part: last, .. }) if *last >= part => {
                return Err(WriterError::Order {
                    part,
                    track,
                    last: *last,
                });
            }
            Some(Track::Ended { part, at }) => Some((*part, *at)),
            None => None,
        };
        let header = parse_header(&header_bytes).map_err(|source| WriterError::Header {
            track: track.clone(),
            source,
        })?;
        if let (TrackName::Program, Some((after_part, from))) = (&track, last) {
            self.append(GAP, to_data(&gap(after_part, part, from, started_at)))?;
        }
        let opened = TrackOpened {
            part,
            track: track.clone(),
            started_at: time_text(started_at),
        };
        self.append(TRACK_OPENED, to_data(&opened))?;
        let open = OpenTrack {
            name: track.clone(),
            part,
            started_at,
            continuity: Continuity::new(&header),
            header_bytes,
            header,
            segments: 0,
            segment: None,
            pending: None,
        };
        self.tracks.insert(track, Track::Open(Box::new(open)));
        Ok(())
    }

    /// Writes one chunk (whole `moof` + `mdat`). What happened comes back in
    /// order; after an error what had happened before comes with the next call.
    pub fn write_chunk(
        &mut self,
        part: u32,
        track: &TrackName,
        starts_fragment: bool,
        bytes: Arc<[u8]>,
    ) -> Result<Vec<Event>, WriterError> {
        let Some(Track::Open(open)) = self.tracks.get_mut(track).filter(|track| track.is_part(part)) else {
            return Err(WriterError::NotOpen {
                part,
                track: track.clone(),
            });
        };
        let chunk = match parse_chunk(&bytes, &open.header) {
            Ok(chunk) => chunk,
            Err(source) => {
                let kept = keep_chunk(&self.directory, open, &bytes)?;
                return Err(WriterError::Chunk {
                    track: track.clone(),
                    kept,
                    source,
                });
            }
        };
        let is_key = starts_with_key_frame(&open.header, &chunk);
        if open.segment.is_none() && !is_key {
            let kept = keep_chunk(&self.directory, open, &bytes)?;
            return Err(WriterError::NoKeyFrame {
                track: track.clone(),
                kept,
            });
        }
        let mut out = Out {
            directory: &self.directory,
            events: &mut self.events,
        };
        if starts_fragment && is_key {
            open.finish_fragment(&self.conditions, &mut out)?;
            open.close_full_segment(self.segment_us, &mut out)?;
        }
        open.append(&chunk, bytes, &mut out)?;
        Ok(mem::take(&mut self.events))
    }

    /// Ends a part on all its tracks: every whole chunk gets its line, every
    /// segment its digests. Can be called again after an error.
    pub fn end_part(&mut self, part: u32) -> Result<Vec<Event>, WriterError> {
        let open = self.tracks.iter().filter(|(_, track)| track.is_part(part));
        let names: Vec<TrackName> = open.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.close_track(part, &name)?;
        }
        Ok(mem::take(&mut self.events))
    }

    /// Ends a part of one track, for instance a camera's original that changed.
    pub fn end_track(&mut self, part: u32, track: &TrackName) -> Result<Vec<Event>, WriterError> {
        self.close_track(part, track)?;
        Ok(mem::take(&mut self.events))
    }

    /// What happened before an error, for callers that do not go on.
    pub fn take_events(&mut self) -> Vec<Event> {
        mem::take(&mut self.events)
    }

    fn close_track(&mut self, part: u32, track: &TrackName) -> Result<(), WriterError> {
        let Some(Track::Open(open)) = self.tracks.get_mut(track).filter(|track| track.is_part(part)) else {
            return Err(WriterError::NotOpen {
                part,
                track: track.clone(),
            });
        };
        let mut out = Out {
            directory: &self.directory,
            events: &mut self.events,
        };
        open.finish_fragment(&self.conditions, &mut out)?;
        open.close_segment(&mut out)?;
        let extent = open.continuity.extent();
        let closed = TrackClosed {
            part,
            track: track.clone(),
            segments: open.segments,
            duration_us: extent.duration_us,
            frames: extent.frames,
            samples: extent.samples,
            adopted: false,
        };
        let at = open.started_at + microseconds(open.continuity.end_us());
        self.append(TRACK_CLOSED, to_data(&closed))?;
        self.tracks.insert(track.clone(), Track::Ended { part, at });
        Ok(())
    }

    fn append(&self, kind: &str, data: Data) -> Result<(), WriterError> {
        self.directory.journal().append(kind, data)?;
        Ok(())
    }
}

impl Track {
    fn is_part(&self, part: u32) -> bool {
        match self {
            Self::Open(open) => open.part == part,
            Self::Ended { .. } => false,
        }
    }
}

pub(super) fn segment_opened(
    track: &TrackName,
    part: u32,
    segment: &str,
    header: &[u8],
    adopted: bool,
) -> SegmentOpened {
    let Digests { sha256, sm3 } = Digests::of(header);
    SegmentOpened {
        segment: segment.to_owned(),
        part,
        track: track.clone(),
        header_length: header.len() as u64,
        header_sha256: sha256,
        header_sm3: sm3,
        adopted,
    }
}

pub(super) fn gap(
    after_part: u32,
    before_part: u32,
    from: DateTime<FixedOffset>,
    to: DateTime<FixedOffset>,
) -> Gap {
    let duration_us = (to - from).num_microseconds().unwrap_or(i64::MAX);
    Gap {
        after_part,
        before_part,
        from: time_text(from),
        to: time_text(to),
        duration_us,
    }
}

pub(super) fn microseconds(us: u64) -> TimeDelta {
    TimeDelta::microseconds(i64::try_from(us).unwrap_or(i64::MAX))
}

pub(super) fn starts_with_key_frame(header: &Header, chunk: &Chunk) -> bool {
    header
        .lead()
        .and_then(|lead| chunk.run(lead.id))
        .is_some_and(|run| run.starts_with_sync)
}

/// A chunk that cannot be recorded is kept all the same.
fn keep_chunk(directory: &InterviewDirectory, open: &OpenTrack, bytes: &[u8]) -> Result<String, WriterError> {
    let name = format!("{}-part-{:04}-chunk", open.name, open.part);
    let from = open.name.segment_path(open.part, open.segments.max(1));
    let offset = open.segment.as_ref().map_or(0, SegmentFile::length);
    quarantine(directory, &name, &from, offset, bytes)
}

/// Keeps bytes in `quarantine/` and journals where they came from.
pub(super) fn quarantine(
    directory: &InterviewDirectory,
    name: &str,
    from: &str,
    offset: u64,
    bytes: &[u8],
) -> Result<String, WriterError> {
    let kept = set_aside(&directory.path().join("quarantine"), name, bytes)?;
    let path = format!(
        "quarantine/{}",
        kept.file_name().unwrap_or_default().to_string_lossy()
    );
    if let Some(mirror) = directory.mirror() {
        mirror.put(&path, bytes.into());
    }
    let entry = Quarantined {
        path: path.clone(),
        from: from.to_owned(),
        offset,
        size: bytes.len() as u64,
        digests: Digests::of(bytes),
    };
    directory.journal().append(QUARANTINED, to_data(&entry))?;
    Ok(path)
}

pub(super) fn set_segment_aside(
    directory: &InterviewDirectory,
    segment: &SegmentFile,
) -> Result<(), WriterError> {
    let absolute: PathBuf = segment.absolute().to_owned();
    let bytes = fs::read(&absolute).map_err(|source| DurableError {
        step: "read",
        path: absolute.clone(),
        source,
    })?;
    quarantine(
        directory,
        &segment.path.replace('/', "-"),
        &segment.path,
        0,
        &bytes,
    )?;
    fs::remove_file(&absolute).map_err(|source| DurableError {
        step: "move into quarantine",
        path: absolute.clone(),
        source,
    })?;
    Ok(sync_directory(parent_of(&absolute))?) // or it would come back behind the sums
}
