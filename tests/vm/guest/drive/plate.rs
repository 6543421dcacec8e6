//! The disc itself, as two files in a folder: what the laser wrote, and the table of sessions.
//!
//! Every block is in the host's cache before its command is answered, and the table is replaced whole, so a pulled
//! plug leaves what a laser would: blocks stay, an open session stays open and is flagged by nobody (disc case 1).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub const BLOCK: u64 = 2048;
/// Between two sessions; a small disc has a small gap.
const GAP_BLOCKS: u32 = 256;
/// Sessions begin at whole blocks of error correction.
const ECC_BLOCKS: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Medium {
    DvdR,
    DvdPlusR,
    BdR,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Track {
    pub start: u32,
    pub blocks: u32,
    pub closed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Table {
    medium: Medium,
    capacity: u32,
    /// One track each.
    sessions: Vec<Track>,
    open: Option<Track>,
    finalised: bool,
}

pub struct Plate {
    folder: PathBuf,
    image: File,
    table: Table,
}

impl Plate {
    pub fn make_blank(folder: &Path, medium: Medium, capacity: u32) -> io::Result<()> {
        let table = Table {
            medium,
            capacity,
            sessions: Vec::new(),
            open: None,
            finalised: false,
        };
        File::create(folder.join("image"))?;
        table.keep(folder)
    }

    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            image: OpenOptions::new()
                .read(true)
                .write(true)
                .open(folder.join("image"))?,
            table: serde_json::from_slice(&fs::read(folder.join("table.json"))?)?,
            folder: folder.to_owned(),
        })
    }

    pub fn medium(&self) -> Medium {
        self.table.medium
    }

    pub fn is_finalised(&self) -> bool {
        self.table.finalised
    }

    pub fn sessions(&self) -> &[Track] {
        &self.table.sessions
    }

    /// Something was written behind the last whole session.
    pub fn is_partial(&self) -> bool {
        self.table
            .open
            .is_some_and(|track| track.closed || self.end() > track.start)
    }

    /// The closed tracks, and the one that can be written, if there is one.
    pub fn tracks(&self) -> Vec<Track> {
        let mut tracks = self.table.sessions.clone();
        tracks.extend(self.table.open);
        if self.table.open.is_none() && !self.table.finalised {
            tracks.push(self.invisible());
        }
        tracks
    }

    /// First block behind everything written.
    pub fn end(&self) -> u32 {
        let bytes = self.image.metadata().map_or(0, |meta| meta.len());
        u32::try_from(bytes / BLOCK).unwrap()
    }

    pub fn next_writable(&self, track: &Track) -> u32 {
        self.end().max(track.start)
    }

    pub fn free_behind(&self, block: u32) -> u32 {
        self.table.capacity.saturating_sub(block)
    }

    /// The track that is not begun yet takes all that is left.
    fn invisible(&self) -> Track {
        let start = self.table.sessions.last().map_or(0, |last| {
            (last.start + last.blocks + GAP_BLOCKS).next_multiple_of(ECC_BLOCKS)
        });
        Track {
            start,
            blocks: self.free_behind(start),
            closed: false,
        }
    }

    /// Blocks that were never written read as zeros.
    pub fn read(&self, block: u32, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(0);
        let mut done = 0;
        while done < buffer.len() {
            match self
                .image
                .read_at(&mut buffer[done..], u64::from(block) * BLOCK + done as u64)?
            {
                0 => break,
                count => done += count,
            }
        }
        Ok(())
    }

    /// `false`: not the next writable block, or none is.
    pub fn write(&mut self, block: u32, data: &[u8]) -> io::Result<bool> {
        if self.table.open.is_none() && !self.reserve(None)? {
            return Ok(false);
        }
        let fits = self.table.open.is_some_and(|track| {
            let end = u64::from(block) + data.len() as u64 / BLOCK;
            !track.closed && block == self.next_writable(&track) && end <= u64::from(self.table.capacity)
        });
        if fits {
            self.image.write_all_at(data, u64::from(block) * BLOCK)?;
        }
        Ok(fits)
    }

    /// Begins the next track; `false` where one is open or the disc is closed.
    pub fn reserve(&mut self, blocks: Option<u32>) -> io::Result<bool> {
        if self.table.open.is_some() || self.table.finalised {
            return Ok(false);
        }
        let track = self.invisible();
        let blocks = blocks.unwrap_or(track.blocks);
        self.table.open = Some(Track { blocks, ..track });
        self.table.keep(&self.folder)?;
        Ok(true)
    }

    pub fn close_track(&mut self) -> io::Result<()> {
        let end = self.end();
        if let Some(track) = self.table.open.as_mut().filter(|track| !track.closed) {
            track.closed = true;
            track.blocks = end.saturating_sub(track.start).max(1);
        }
        self.table.keep(&self.folder)
    }

    pub fn close_session(&mut self, finalise: bool) -> io::Result<()> {
        if self.is_partial() {
            self.close_track()?;
            self.table.sessions.extend(self.table.open);
        }
        self.table.open = None;
        self.table.finalised |= finalise;
        self.table.keep(&self.folder)
    }
}

impl Table {
    fn keep(&self, folder: &Path) -> io::Result<()> {
        let draft = folder.join("table.draft");
        fs::write(&draft, serde_json::to_vec(self)?)?;
        fs::rename(draft, folder.join("table.json"))
    }
}
