//! The grammar underneath: boxes with a size and a four-letter kind, and
//! big-endian fields inside. Everything is bounds-checked here, once.

use std::fmt;

/// A box's kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FourCc(pub [u8; 4]);

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why bytes are not the MP4 that we write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mp4Error {
    #[error("ends in the middle of {0}")]
    Short(&'static str),
    #[error("box {kind} says {size} bytes, which its place does not hold")]
    BoxSize { kind: FourCc, size: u64 },
    #[error("box {0} is too large to be believed")]
    TooLarge(FourCc),
    #[error("box {0} where it does not belong")]
    Unexpected(FourCc),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} stands twice")]
    Twice(&'static str),
    #[error("{0} is out of range")]
    Range(&'static str),
    #[error("track {0} is not announced by the header")]
    UnknownTrack(u32),
    #[error("samples lie outside the chunk's data")]
    OutsideData,
    #[error("cannot be read: {0}")]
    Read(String),
}

/// Sequential, bounds-checked access to a box's content.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    inside: &'static str,
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8], inside: &'static str) -> Self {
        Self { rest: bytes, inside }
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Mp4Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(Mp4Error::Short(self.inside))?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Mp4Error> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(Mp4Error::Short(self.inside))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub fn u16(&mut self) -> Result<u16, Mp4Error> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Mp4Error> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Mp4Error> {
        self.array().map(u64::from_be_bytes)
    }

    /// 64 bits in version 1 of a box, 32 before.
    pub fn by_version(&mut self, version: u8) -> Result<u64, Mp4Error> {
        if version == 0 {
            self.u32().map(u64::from)
        } else {
            self.u64()
        }
    }

    /// Version and flags of a full box.
    pub fn version_and_flags(&mut self) -> Result<(u8, u32), Mp4Error> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// The next box, or nothing at the end.
    pub fn next_box(&mut self) -> Result<Option<(FourCc, &'a [u8])>, Mp4Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let head = BoxHead::parse(self.rest)?;
        let whole = usize::try_from(head.size)
            .ok()
            .filter(|&size| size <= self.rest.len());
        let size = whole.ok_or(Mp4Error::BoxSize {
            kind: head.kind,
            size: head.size,
        })?;
        let taken = self.take(size)?;
        Ok(Some((head.kind, &taken[head.length..])))
    }
}

/// Kind, size and the length of the head itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct BoxHead {
    pub kind: FourCc,
    /// With the head.
    pub size: u64,
    pub length: usize,
}

impl BoxHead {
    /// The longest head.
    pub const MAX_LENGTH: usize = 16;

    pub fn parse(bytes: &[u8]) -> Result<Self, Mp4Error> {
        let mut fields = Fields::new(bytes, "a box's head");
        let short = fields.u32()?;
        let kind = FourCc(fields.array()?);
        let (size, length) = if short == 1 {
            (fields.u64()?, 16)
        } else {
            (u64::from(short), 8)
        };
        // Size 0 ("to the end") is lawful MP4, but no writer of fragments leaves it.
        if size < length as u64 {
            return Err(Mp4Error::BoxSize { kind, size });
        }
        Ok(Self { kind, size, length })
    }
}

/// Puts the only occurrence of something in its place.
pub(super) fn only_once<T>(place: &mut Option<T>, value: T, name: &'static str) -> Result<(), Mp4Error> {
    if place.is_some() {
        return Err(Mp4Error::Twice(name));
    }
    *place = Some(value);
    Ok(())
}
