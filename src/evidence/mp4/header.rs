//! The header of a segment (`ftyp`, `moov`): which tracks there are, in which
//! timescale, and what their samples are by default.

use super::boxes::{Fields, FourCc, Mp4Error, only_once};

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackKind {
    Video { width: u16, height: u16 },
    Audio,
}

/// One track as the header announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackHeader {
    pub id: u32,
    pub kind: TrackKind,
    /// Ticks per second.
    pub timescale: u32,
    pub(super) default_duration: u32,
    pub(super) default_size: u32,
    pub(super) default_flags: u32,
}

/// The tracks of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub tracks: Vec<TrackHeader>,
}

const MAX_TRACKS: usize = 8;

impl Header {
    pub fn track(&self, id: u32) -> Option<&TrackHeader> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// The track that fragments are measured by: the picture, or else the first.
    pub fn lead(&self) -> Option<&TrackHeader> {
        let is_video = |track: &&TrackHeader| matches!(track.kind, TrackKind::Video { .. });
        self.tracks.iter().find(is_video).or(self.tracks.first())
    }
}

/// Reads a whole header: `ftyp`, `moov` and nothing but padding beside them.
pub fn parse_header(bytes: &[u8]) -> Result<Header, Mp4Error> {
    let mut fields = Fields::new(bytes, "the header");
    let (mut ftyp, mut header) = (None, None);
    while let Some((kind, content)) = fields.next_box()? {
        match &kind.0 {
            b"ftyp" => only_once(&mut ftyp, (), "ftyp")?,
            b"moov" if ftyp.is_some() => only_once(&mut header, parse_moov(content)?, "moov")?,
            b"free" | b"skip" | b"uuid" => {}
            _ => return Err(Mp4Error::Unexpected(kind)),
        }
    }
    header.ok_or(Mp4Error::Missing("moov"))
}

fn parse_moov(content: &[u8]) -> Result<Header, Mp4Error> {
    let mut fields = Fields::new(content, "moov");
    let (mut tracks, mut defaults) = (Vec::new(), Vec::new());
    while let Some((kind, content)) = fields.next_box()? {
        match &kind.0 {
            b"trak" if tracks.len() < MAX_TRACKS => tracks.push(parse_trak(content)?),
            b"trak" => return Err(Mp4Error::Range("the number of tracks")),
            b"mvex" => parse_mvex(content, &mut defaults)?,
            _ => {}
        }
    }
    for track in &mut tracks {
        let of_track = defaults
            .iter()
            .find(|trex| trex[0] == track.id)
            .ok_or(Mp4Error::Missing("trex"))?;
        [track.default_duration, track.default_size, track.default_flags] =
            [of_track[2], of_track[3], of_track[4]];
    }
    let twice = (1..tracks.len()).any(|n| tracks[..n].iter().any(|track| track.id == tracks[n].id));
    if twice {
        return Err(Mp4Error::Twice("a track id"));
    }
    if tracks.is_empty() {
        return Err(Mp4Error::Missing("trak"));
    }
    Ok(Header { tracks })
}

/// `trex`: track, description, duration, size, flags.
fn parse_mvex(content: &[u8], defaults: &mut Vec<[u32; 5]>) -> Result<(), Mp4Error> {
    let mut fields = Fields::new(content, "mvex");
    while let Some((kind, content)) = fields.next_box()? {
        if kind == FourCc(*b"trex") {
            let mut trex = Fields::new(content, "trex");
            trex.version_and_flags()?;
            let mut values = [0; 5];
            for value in &mut values {
                *value = trex.u32()?;
            }
            if defaults.len() == MAX_TRACKS {
                return Err(Mp4Error::Range("the number of trex"));
            }
            defaults.push(values);
        }
    }
    Ok(())
}

fn parse_trak(content: &[u8]) -> Result<TrackHeader, Mp4Error> {
    let mut fields = Fields::new(content, "trak");
    let (mut id, mut media) = (None, None);
    while let Some((kind, content)) = fields.next_box()? {
        match &kind.0 {
            b"tkhd" => only_once(&mut id, parse_tkhd(content)?, "tkhd")?,
            b"mdia" => only_once(&mut media, parse_mdia(content)?, "mdia")?,
            _ => {}
        }
    }
    let (timescale, kind) = media.ok_or(Mp4Error::Missing("mdia"))?;
    let id = id.ok_or(Mp4Error::Missing("tkhd"))?;
    Ok(TrackHeader {
        id,
        kind,
        timescale,
        default_duration: 0,
        default_size: 0,
        default_flags: 0,
    })
}

fn parse_tkhd(content: &[u8]) -> Result<u32, Mp4Error> {
    let mut fields = Fields::new(content, "tkhd");
    let (version, _) = fields.version_and_flags()?;
    fields.by_version(version)?;
    fields.by_version(version)?;
    fields.u32()
}

fn parse_mdia(content: &[u8]) -> Result<(u32, TrackKind), Mp4Error> {
    let mut fields = Fields::new(content, "mdia");
    let (mut timescale, mut handler, mut minf) = (None, None, None);
    while let Some((kind, content)) = fields.next_box()? {
        match &kind.0 {
            b"mdhd" => only_once(&mut timescale, parse_mdhd(content)?, "mdhd")?,
            b"hdlr" => only_once(&mut handler, parse_hdlr(content)?, "hdlr")?,
            b"minf" => only_once(&mut minf, content, "minf")?,
            _ => {}
        }
    }
    let timescale = timescale
        .filter(|&ticks| ticks > 0)
        .ok_or(Mp4Error::Range("the timescale"))?;
    let minf = minf.ok_or(Mp4Error::Missing("minf"))?;
    let kind = match &handler.ok_or(Mp4Error::Missing("hdlr"))?.0 {
        b"vide" => parse_picture_size(minf)?,
        b"soun" => TrackKind::Audio,
        _ => return Err(Mp4Error::Range("the kind of a track")),
    };
    Ok((timescale, kind))
}

fn parse_mdhd(content: &[u8]) -> Result<u32, Mp4Error> {
    let mut fields = Fields::new(content, "mdhd");
    let (version, _) = fields.version_and_flags()?;
    fields.by_version(version)?;
    fields.by_version(version)?;
    fields.u32()
}

fn parse_hdlr(content: &[u8]) -> Result<FourCc, Mp4Error> {
    let mut fields = Fields::new(content, "hdlr");
    fields.version_and_flags()?;
    fields.u32()?;
    fields.array().map(FourCc)
}

/// Width and height from the first sample description.
fn parse_picture_size(minf: &[u8]) -> Result<TrackKind, Mp4Error> {
    let stbl = find(minf, *b"stbl", "stbl")?;
    let stsd = find(stbl, *b"stsd", "stsd")?;
    let mut fields = Fields::new(stsd, "stsd");
    fields.version_and_flags()?;
    fields.u32()?;
    let (_, entry) = fields
        .next_box()?
        .ok_or(Mp4Error::Missing("a sample description"))?;
    let mut fields = Fields::new(entry, "the sample description");
    fields.take(24)?;
    Ok(TrackKind::Video {
        width: fields.u16()?,
        height: fields.u16()?,
    })
}

fn find<'a>(content: &'a [u8], wanted: [u8; 4], name: &'static str) -> Result<&'a [u8], Mp4Error> {
    let mut fields = Fields::new(content, name);
    while let Some((kind, content)) = fields.next_box()? {
        if kind.0 == wanted {
            return Ok(content);
        }
    }
    Err(Mp4Error::Missing(name))
}
