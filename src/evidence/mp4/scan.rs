//! Finds header and chunks in a file or in memory without reading the media
//! data: `adopt` asks how far whole chunks reach, `verify` what they say.

use super::{
    boxes::{BoxHead, Mp4Error},
    chunk::{Chunk, data_range, is_prefix, parse_moof},
    header::{Header, parse_header},
};
use std::{fs::File, os::unix::fs::FileExt};

/// Something with a length that can be read at any place.
pub trait ReadAt {
    fn length(&self) -> Result<u64, Mp4Error>;
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), Mp4Error>;
}

impl ReadAt for File {
    fn length(&self) -> Result<u64, Mp4Error> {
        self.metadata()
            .map(|metadata| metadata.len())
            .map_err(|error| Mp4Error::Read(error.to_string()))
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), Mp4Error> {
        FileExt::read_exact_at(self, buffer, offset).map_err(|error| Mp4Error::Read(error.to_string()))
    }
}

impl ReadAt for &[u8] {
    fn length(&self) -> Result<u64, Mp4Error> {
        Ok(self.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), Mp4Error> {
        let start = usize::try_from(offset).map_err(|_| Mp4Error::Short("the bytes"))?;
        let end = start
            .checked_add(buffer.len())
            .ok_or(Mp4Error::Short("the bytes"))?;
        buffer.copy_from_slice(self.get(start..end).ok_or(Mp4Error::Short("the bytes"))?);
        Ok(())
    }
}

/// A chunk and its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedChunk {
    pub offset: u64,
    pub length: u64,
    pub chunk: Chunk,
}

/// The chunks from some place on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    pub chunks: Vec<PlacedChunk>,
    /// Where the last whole chunk ends.
    pub end: u64,
    /// Why it goes no further than `end`, unless the file ends there.
    pub fault: Option<Mp4Error>,
}

/// `moov` and `moof` are small; more than this is no box of ours.
const MAX_INDEX_BYTES: u64 = 4 << 20;

/// Reads the header at the beginning, and says how long it is.
pub fn scan_header(source: &impl ReadAt) -> Result<(Header, u64), Mp4Error> {
    let length = source.length()?;
    let mut end = 0;
    while end < length {
        let head = head_at(source, end, length)?;
        end += head.size;
        if end > MAX_INDEX_BYTES {
            return Err(Mp4Error::TooLarge(head.kind));
        }
        if head.kind.0 == *b"moov" {
            break;
        }
    }
    let mut bytes = vec![0; end as usize];
    source.read_exact_at(&mut bytes, 0)?;
    Ok((parse_header(&bytes)?, end))
}

/// Reads chunks from `from` to the end, or to the first thing that is no whole chunk.
pub fn scan_chunks(source: &impl ReadAt, from: u64, header: &Header) -> Scan {
    let mut scan = Scan {
        chunks: Vec::new(),
        end: from,
        fault: None,
    };
    let length = match source.length() {
        Ok(length) => length,
        Err(fault) => {
            return Scan {
                fault: Some(fault),
                ..scan
            };
        }
    };
    while scan.end < length {
        match chunk_at(source, scan.end, length, header) {
            Ok(placed) => {
                scan.end += placed.length;
                scan.chunks.push(placed);
            }
            Err(fault) => {
                scan.fault = Some(fault);
                break;
            }
        }
    }
    scan
}

fn chunk_at(
    source: &impl ReadAt,
    offset: u64,
    length: u64,
    header: &Header,
) -> Result<PlacedChunk, Mp4Error> {
    let mut place = offset;
    let moof = loop {
        let head = head_at(source, place, length)?;
        if head.kind.0 == *b"moof" {
            break head;
        }
        if !is_prefix(head.kind) {
            return Err(Mp4Error::Unexpected(head.kind));
        }
        place += head.size;
    };
    if moof.size > MAX_INDEX_BYTES {
        return Err(Mp4Error::TooLarge(moof.kind));
    }
    let mut content = vec![0; moof.size as usize - moof.length];
    source.read_exact_at(&mut content, place + moof.length as u64)?;
    let mdat = head_at(source, place + moof.size, length)?;
    if mdat.kind.0 != *b"mdat" {
        return Err(Mp4Error::Unexpected(mdat.kind));
    }
    let chunk = parse_moof(&content, header, &data_range(&moof, &mdat)?)?;
    Ok(PlacedChunk {
        offset,
        length: place + moof.size + mdat.size - offset,
        chunk,
    })
}

/// The box at `offset`, which lies whole within `length`.
fn head_at(source: &impl ReadAt, offset: u64, length: u64) -> Result<BoxHead, Mp4Error> {
    let left = length.checked_sub(offset).ok_or(Mp4Error::Short("the file"))?;
    let mut bytes = [0; BoxHead::MAX_LENGTH];
    let have = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
    source.read_exact_at(&mut bytes[..have], offset)?;
    let head = BoxHead::parse(&bytes[..have])?;
    if head.size > left {
        return Err(Mp4Error::BoxSize {
            kind: head.kind,
            size: head.size,
        });
    }
    Ok(head)
}
