//! What a journal says of an interview's media and files: parts, segments,
//! fragments, gaps, the end. Built line by line and pure. `adopt` compares it
//! with the disk, `closing` makes playlists and manifest of it, `verify` takes
//! every fault that it meets as a finding.

use super::{
    digest::Sha256Digest,
    entries::{
        CHECKPOINT, CLOSED, Checkpoint, DEVICE_KEY, DeviceKey, FILE_ADDED, FRAGMENT, FileAdded, Fragment,
        GAP, Gap, OPENED, Opened, QUARANTINED, Quarantined, SEGMENT_CLOSED, SEGMENT_OPENED, SegmentClosed,
        SegmentOpened, TRACK_CLOSED, TRACK_OPENED, TrackClosed, TrackOpened, from_data,
    },
    line::{Data, Line},
    mp4::Extent,
    names::TrackName,
};
use chrono::{DateTime, FixedOffset};
use serde::de::DeserializeOwned;

/// One part of one track.
#[derive(Debug, Clone)]
pub struct PartOutline {
    pub opened: TrackOpened,
    pub segments: Vec<SegmentOutline>,
    pub closed: Option<TrackClosed>,
}

/// One segment.
#[derive(Debug, Clone)]
pub struct SegmentOutline {
    pub opened: SegmentOpened,
    pub fragments: Vec<Fragment>,
    pub closed: Option<SegmentClosed>,
}

/// A checkpoint where it stands.
#[derive(Debug, Clone)]
pub struct SignedHead {
    /// Number of the checkpoint's own line.
    pub line: u64,
    /// Digest of the line before it, by the chain.
    pub prev: Sha256Digest,
    /// The key that was to sign there.
    pub device_key: Option<String>,
    pub checkpoint: Checkpoint,
}

/// A journal as far as it concerns this room.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    pub opened: Option<Opened>,
    pub opened_at: Option<DateTime<FixedOffset>>,
    /// In the order in which they were opened.
    pub parts: Vec<PartOutline>,
    pub gaps: Vec<Gap>,
    pub files: Vec<FileAdded>,
    pub quarantined: Vec<Quarantined>,
    /// Id of the key that signs, as the last line that names one has it.
    pub device_key: Option<String>,
    pub checkpoints: Vec<SignedHead>,
    /// Recording since the last signed head, and the longest such stretch.
    pub unsigned_us: u64,
    pub longest_unsigned_us: u64,
    /// The data of the `closed` line.
    pub closed: Option<Data>,
    pub head: Option<Line>,
}

/// A line that does not fit what came before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutlineFault {
    #[error("line {seq} ({kind}) has unreadable data: {reason}")]
    Data { seq: u64, kind: String, reason: String },
    #[error("line {seq}: {segment} was not announced")]
    UnknownSegment { seq: u64, segment: String },
    #[error("line {seq}: {segment} was closed before")]
    SegmentClosed { seq: u64, segment: String },
    #[error("line {seq}: {segment} where {expected} belongs")]
    SegmentOrder {
        seq: u64,
        segment: String,
        expected: String,
    },
    #[error("line {seq}: a fragment at {found} of {segment} where {expected} belongs")]
    FragmentOffset {
        seq: u64,
        segment: String,
        expected: u64,
        found: u64,
    },
    #[error("line {seq}: {segment} is closed with {found} bytes, its fragments end at {expected}")]
    SegmentSize {
        seq: u64,
        segment: String,
        expected: u64,
        found: u64,
    },
    #[error("line {seq}: part {part} of {track} is out of order")]
    PartOrder { seq: u64, part: u32, track: TrackName },
    #[error("line {seq}: the end of part {part} of {track} does not agree with its fragments")]
    PartTotals { seq: u64, part: u32, track: TrackName },
    #[error("line {seq}: before part {part} no gap is journalled")]
    GapMissing { seq: u64, part: u32 },
}

impl SegmentOutline {
    /// How far header and journalled fragments reach.
    pub fn end(&self) -> u64 {
        self.fragments.last().map_or(self.opened.header_length, |last| {
            last.offset.saturating_add(last.length)
        })
    }

    pub fn extent(&self) -> Extent {
        sum(&self.fragments)
    }
}

impl PartOutline {
    /// Part, and track, as the manifest names them.
    pub fn extent(&self) -> Extent {
        sum(self.segments.iter().flat_map(|segment| &segment.fragments))
    }

    /// Where its media time ends.
    pub fn end_us(&self) -> u64 {
        let last = self
            .segments
            .iter()
            .rev()
            .find_map(|segment| segment.fragments.last());
        last.map_or(0, |fragment| {
            fragment.media_us.saturating_add(fragment.duration_us)
        })
    }

    pub fn started_at(&self) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(&self.opened.started_at).ok()
    }

    /// When its last fragment ended, by its own start.
    pub fn ended_at(&self) -> Option<DateTime<FixedOffset>> {
        self.started_at()?
            .checked_add_signed(super::writer::microseconds(self.end_us()))
    }
}

fn sum<'a>(fragments: impl IntoIterator<Item = &'a Fragment>) -> Extent {
    fragments
        .into_iter()
        .fold(Extent::default(), |mut total, fragment| {
            if total == Extent::default() {
                total.media_us = fragment.media_us;
            }
            let end = fragment.media_us.saturating_add(fragment.duration_us);
            total.duration_us = end.saturating_sub(total.media_us);
            total.frames = total.frames.saturating_add(fragment.frames);
            total.samples = total.samples.saturating_add(fragment.samples);
            total
        })
}

impl Outline {
    /// Reads a whole journal; faults come with it.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> (Self, Vec<OutlineFault>) {
        let mut outline = Self::default();
        let faults = lines
            .into_iter()
            .filter_map(|line| outline.take(line).err())
            .collect();
        (outline, faults)
    }

    /// The parts of one track, in order.
    pub fn parts_of<'a>(&'a self, track: &'a TrackName) -> impl Iterator<Item = &'a PartOutline> {
        self.parts.iter().filter(move |part| part.opened.track == *track)
    }

    pub fn segments(&self) -> impl Iterator<Item = &SegmentOutline> {
        self.parts.iter().flat_map(|part| &part.segments)
    }

    /// The highest part of the recording itself; 0 before the first.
    pub fn last_part(&self) -> u32 {
        self.parts_of(&TrackName::Program)
            .last()
            .map_or(0, |part| part.opened.part)
    }

    /// Takes the next line. A line with a fault is taken as far as it makes sense.
    pub fn take(&mut self, line: &Line) -> Result<(), OutlineFault> {
        self.head = Some(line.clone());
        match line.kind.as_str() {
            OPENED => {
                let opened: Opened = read(line)?;
                self.device_key = Some(opened.device_key.clone());
                self.opened = Some(opened);
                self.opened_at = line.at();
            }
            TRACK_OPENED => self.open_track(line, read(line)?)?,
            SEGMENT_OPENED => self.open_segment(line, read(line)?)?,
            FRAGMENT => self.add_fragment(line, read(line)?)?,
            SEGMENT_CLOSED => self.close_segment(line, read(line)?)?,
            TRACK_CLOSED => self.close_track(line, read(line)?)?,
            GAP => self.gaps.push(read(line)?),
            FILE_ADDED => self.files.push(read(line)?),
            QUARANTINED => self.quarantined.push(read(line)?),
            DEVICE_KEY => self.device_key = Some(read::<DeviceKey>(line)?.device_key),
            CHECKPOINT => {
                self.checkpoints.push(SignedHead {
                    line: line.seq,
                    prev: line.prev,
                    device_key: self.device_key.clone(),
                    checkpoint: read(line)?,
                });
                self.unsigned_us = 0;
            }
            CLOSED => self.closed = Some(line.data.clone()),
            _ => {} // the interview's own kinds; strings, not states
        }
        Ok(())
    }

    fn open_track(&mut self, line: &Line, opened: TrackOpened) -> Result<(), OutlineFault> {
        let last = self
            .parts_of(&opened.track)
            .last()
            .map_or(0, |part| part.opened.part);
        let (part, track) = (opened.part, opened.track.clone());
        let has_gap = self
            .gaps
            .iter()
            .any(|gap| gap.after_part == last && gap.before_part == part);
        self.parts.push(PartOutline {
            opened,
            segments: Vec::new(),
            closed: None,
        });
        // A number that was asked for and never came to a picture is left out; the gap's line names both its ends.
        if part <= last {
            return Err(OutlineFault::PartOrder {
                seq: line.seq,
                part,
                track,
            });
        }
        if track == TrackName::Program && last > 0 && !has_gap {
            return Err(OutlineFault::GapMissing { seq: line.seq, part });
        }
        Ok(())
    }

    fn open_segment(&mut self, line: &Line, opened: SegmentOpened) -> Result<(), OutlineFault> {
        let SegmentOpened {
            segment, part, track, ..
        } = opened.clone();
        let Some(open) = self.open_part(part, &track) else {
            return Err(OutlineFault::PartOrder {
                seq: line.seq,
                part,
                track,
            });
        };
        let number = u32::try_from(open.segments.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let is_after_closed = open.segments.last().is_none_or(|last| last.closed.is_some());
        open.segments.push(SegmentOutline {
            opened,
            fragments: Vec::new(),
            closed: None,
        });
        let expected = track.segment_path(part, number);
        if segment != expected || !is_after_closed {
            return Err(OutlineFault::SegmentOrder {
                seq: line.seq,
                segment,
                expected,
            });
        }
        Ok(())
    }

    fn open_part(&mut self, part: u32, track: &TrackName) -> Option<&mut PartOutline> {
        let is_it = |open: &&mut PartOutline| open.opened.part == part && open.opened.track == *track;
        self.parts
            .iter_mut()
            .rev()
            .find(is_it)
            .filter(|open| open.closed.is_none())
    }

    fn segment(&mut self, path: &str, seq: u64) -> Result<&mut SegmentOutline, OutlineFault> {
        let segments = self
            .parts
            .iter_mut()
            .rev()
            .flat_map(|part| part.segments.iter_mut().rev());
        let mut found = segments
            .into_iter()
            .filter(|segment| segment.opened.segment == path);
        found.next().ok_or_else(|| OutlineFault::UnknownSegment {
            seq,
            segment: path.to_owned(),
        })
    }

    fn add_fragment(&mut self, line: &Line, fragment: Fragment) -> Result<(), OutlineFault> {
        let seq = line.seq;
        if fragment.segment.starts_with("part-") {
            self.unsigned_us = self.unsigned_us.saturating_add(fragment.duration_us);
            self.longest_unsigned_us = self.longest_unsigned_us.max(self.unsigned_us);
        }
        let segment = self.segment(&fragment.segment, seq)?;
        let (expected, found, name) = (segment.end(), fragment.offset, fragment.segment.clone());
        if segment.closed.is_some() {
            return Err(OutlineFault::SegmentClosed { seq, segment: name });
        }
        segment.fragments.push(fragment);
        if expected != found {
            return Err(OutlineFault::FragmentOffset {
                seq,
                segment: name,
                expected,
                found,
            });
        }
        Ok(())
    }

    fn close_segment(&mut self, line: &Line, closed: SegmentClosed) -> Result<(), OutlineFault> {
        let seq = line.seq;
        let segment = self.segment(&closed.segment, seq)?;
        let (expected, found, name) = (segment.end(), closed.size, closed.segment.clone());
        if segment.closed.replace(closed).is_some() {
            return Err(OutlineFault::SegmentClosed { seq, segment: name });
        }
        if expected != found {
            return Err(OutlineFault::SegmentSize {
                seq,
                segment: name,
                expected,
                found,
            });
        }
        Ok(())
    }

    fn close_track(&mut self, line: &Line, closed: TrackClosed) -> Result<(), OutlineFault> {
        let TrackClosed {
            part,
            track,
            segments,
            duration_us,
            frames,
            samples,
            ..
        } = closed.clone();
        let Some(open) = self.open_part(part, &track) else {
            return Err(OutlineFault::PartOrder {
                seq: line.seq,
                part,
                track,
            });
        };
        let extent = open.extent();
        let agrees = segments as usize == open.segments.len()
            && (duration_us, frames, samples) == (extent.duration_us, extent.frames, extent.samples);
        open.closed = Some(closed);
        if !agrees {
            return Err(OutlineFault::PartTotals {
                seq: line.seq,
                part,
                track,
            });
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(line: &Line) -> Result<T, OutlineFault> {
    from_data(&line.data).map_err(|error| OutlineFault::Data {
        seq: line.seq,
        kind: line.kind.clone(),
        reason: error.to_string(),
    })
}
