//! One chunk (`moof` and its `mdat`): per track where it starts, how many
//! samples it has, how long they last, and whether the first is a key frame.

use super::{
    boxes::{BoxHead, Fields, FourCc, Mp4Error, only_once},
    header::{Header, TrackHeader},
};

/// One track's samples in a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub track_id: u32,
    /// `tfdt`, in the track's ticks.
    pub start_ticks: u64,
    pub duration_ticks: u64,
    pub samples: u64,
    pub bytes: u64,
    /// The first sample can be decoded alone.
    pub starts_with_sync: bool,
}

/// What a chunk says of its samples; one run per track.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chunk {
    pub runs: Vec<Run>,
}

impl Chunk {
    pub fn run(&self, track_id: u32) -> Option<&Run> {
        self.runs.iter().find(|run| run.track_id == track_id)
    }
}

const NON_SYNC: u32 = 0x1_0000;

/// Reads a chunk given whole: optional `styp` and the like, one `moof`, its `mdat`.
pub fn parse_chunk(bytes: &[u8], header: &Header) -> Result<Chunk, Mp4Error> {
    let scan = super::scan::scan_chunks(&bytes, 0, header);
    match (scan.fault, scan.chunks.into_iter().next()) {
        (Some(fault), _) => Err(fault),
        (None, None) => Err(Mp4Error::Missing("moof")),
        (None, Some(placed)) if placed.length == bytes.len() as u64 => Ok(placed.chunk),
        (None, Some(_)) => Err(Mp4Error::Twice("moof")),
    }
}

/// The data that follows a `moof`, as offsets from the `moof`'s first byte.
pub(super) struct DataRange {
    pub start: u64,
    pub end: u64,
}

/// Reads the content of a `moof` against the data that follows it.
pub(super) fn parse_moof(content: &[u8], header: &Header, data: &DataRange) -> Result<Chunk, Mp4Error> {
    let mut fields = Fields::new(content, "moof");
    let mut chunk = Chunk::default();
    while let Some((kind, content)) = fields.next_box()? {
        match &kind.0 {
            b"traf" => {
                let run = parse_traf(content, header, data, chunk.runs.is_empty())?;
                if chunk.run(run.track_id).is_some() {
                    return Err(Mp4Error::Twice("a track's traf"));
                }
                chunk.runs.push(run);
            }
            b"mfhd" | b"pssh" | b"uuid" => {}
            _ => return Err(Mp4Error::Unexpected(kind)),
        }
    }
    if chunk.runs.iter().all(|run| run.samples == 0) {
        return Err(Mp4Error::Missing("every sample"));
    }
    Ok(chunk)
}

/// `tfhd`: the track and what its samples are by default in this chunk.
struct Defaults {
    track_id: u32,
    duration: u32,
    size: u32,
    flags: u32,
}

fn parse_traf(content: &[u8], header: &Header, data: &DataRange, is_first: bool) -> Result<Run, Mp4Error> {
    let (mut defaults, mut start) = (None, None);
    let mut totals = Totals {
        next_data: None,
        ..Totals::default()
    };
    let mut fields = Fields::new(content, "traf");
    while let Some((kind, content)) = fields.next_box()? {
        match &kind.0 {
            b"tfhd" => only_once(&mut defaults, parse_tfhd(content, header, is_first)?, "tfhd")?,
            b"tfdt" => only_once(&mut start, parse_tfdt(content)?, "tfdt")?,
            b"trun" => {
                let defaults = defaults.as_ref().ok_or(Mp4Error::Missing("tfhd before trun"))?;
                totals.add_trun(content, defaults, data)?;
            }
            _ => {}
        }
    }
    let defaults = defaults.ok_or(Mp4Error::Missing("tfhd"))?;
    let start_ticks = start.ok_or(Mp4Error::Missing("tfdt"))?;
    start_ticks
        .checked_add(totals.duration)
        .ok_or(Mp4Error::Range("the end of a run"))?;
    Ok(Run {
        track_id: defaults.track_id,
        start_ticks,
        duration_ticks: totals.duration,
        samples: totals.samples,
        bytes: totals.bytes,
        starts_with_sync: totals.first_flags.is_some_and(|flags| flags & NON_SYNC == 0),
    })
}

fn parse_tfhd(content: &[u8], header: &Header, is_first: bool) -> Result<Defaults, Mp4Error> {
    let mut fields = Fields::new(content, "tfhd");
    let (_, flags) = fields.version_and_flags()?;
    let track_id = fields.u32()?;
    let track: &TrackHeader = header.track(track_id).ok_or(Mp4Error::UnknownTrack(track_id))?;
    // Positions must be relative to the moof, or a chunk could not be moved into a segment.
    if flags & 0x1 != 0 || !(flags & 0x2_0000 != 0 || is_first) {
        return Err(Mp4Error::Range("the base of a track's data"));
    }
    if flags & 0x2 != 0 {
        fields.u32()?;
    }
    let mut or_default = |flag: u32, default: u32| {
        if flags & flag != 0 {
            fields.u32()
        } else {
            Ok(default)
        }
    };
    Ok(Defaults {
        track_id,
        duration: or_default(0x8, track.default_duration)?,
        size: or_default(0x10, track.default_size)?,
        flags: or_default(0x20, track.default_flags)?,
    })
}

fn parse_tfdt(content: &[u8]) -> Result<u64, Mp4Error> {
    let mut fields = Fields::new(content, "tfdt");
    let (version, _) = fields.version_and_flags()?;
    fields.by_version(version)
}

#[derive(Default)]
struct Totals {
    samples: u64,
    duration: u64,
    bytes: u64,
    first_flags: Option<u32>,
    /// Where the next run's data lies when it does not say so.
    next_data: Option<u64>,
}

impl Totals {
    fn add_trun(&mut self, content: &[u8], defaults: &Defaults, data: &DataRange) -> Result<(), Mp4Error> {
        let mut fields = Fields::new(content, "trun");
        let (_, flags) = fields.version_and_flags()?;
        let count = fields.u32()?;
        let start = if flags & 0x1 != 0 {
            u64::try_from(fields.u32()?.cast_signed()).map_err(|_| Mp4Error::OutsideData)?
        } else {
            self.next_data.unwrap_or(data.start)
        };
        let first_flags = if flags & 0x4 != 0 {
            Some(fields.u32()?)
        } else {
            None
        };
        let before = self.bytes;
        self.add_samples(&mut fields, flags, count, first_flags, defaults)?;
        let end = start
            .checked_add(self.bytes - before)
            .ok_or(Mp4Error::OutsideData)?;
        if start < data.start || end > data.end {
            return Err(Mp4Error::OutsideData);
        }
        self.next_data = Some(end);
        Ok(())
    }

    fn add_samples(
        &mut self,
        fields: &mut Fields<'_>,
        flags: u32,
        count: u32,
        first_flags: Option<u32>,
        defaults: &Defaults,
    ) -> Result<(), Mp4Error> {
        // Without fields per sample, `count` costs the file nothing: no loop on its word.
        if flags & 0xf00 == 0 {
            if count > 0 {
                self.first_flags
                    .get_or_insert(first_flags.unwrap_or(defaults.flags));
            }
            let many = u64::from(count);
            return self.add(
                many,
                many * u64::from(defaults.duration),
                many * u64::from(defaults.size),
            );
        }
        for n in 0..count {
            let mut or_default = |flag: u32, default: u32| {
                if flags & flag != 0 {
                    fields.u32()
                } else {
                    Ok(default)
                }
            };
            let duration = or_default(0x100, defaults.duration)?;
            let size = or_default(0x200, defaults.size)?;
            let own_flags = or_default(0x400, defaults.flags)?;
            or_default(0x800, 0)?;
            let of_sample = if n == 0 {
                first_flags.unwrap_or(own_flags)
            } else {
                own_flags
            };
            self.first_flags.get_or_insert(of_sample);
            self.add(1, u64::from(duration), u64::from(size))?;
        }
        Ok(())
    }

    fn add(&mut self, samples: u64, duration: u64, bytes: u64) -> Result<(), Mp4Error> {
        let sum = |a: u64, b: u64| a.checked_add(b).ok_or(Mp4Error::Range("the sum of samples"));
        self.samples = sum(self.samples, samples)?;
        self.duration = sum(self.duration, duration)?;
        self.bytes = sum(self.bytes, bytes)?;
        Ok(())
    }
}

/// Boxes that may stand before a `moof` and belong to its chunk.
pub(super) fn is_prefix(kind: FourCc) -> bool {
    matches!(&kind.0, b"styp" | b"sidx" | b"prft" | b"emsg" | b"free" | b"skip")
}

/// How far the data of the `mdat` after a `moof` reaches.
pub(super) fn data_range(moof: &BoxHead, mdat: &BoxHead) -> Result<DataRange, Mp4Error> {
    let start = moof
        .size
        .checked_add(mdat.length as u64)
        .ok_or(Mp4Error::TooLarge(mdat.kind))?;
    let end = moof
        .size
        .checked_add(mdat.size)
        .ok_or(Mp4Error::TooLarge(mdat.kind))?;
    Ok(DataRange { start, end })
}
