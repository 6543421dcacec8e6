//! A drive for write-once discs, as little as the kernel and xorriso need to burn, append and read: one track a
//! session, blocks only at the next writable address. It has no faults but the one of this test, the pulled plug.
//!
//! `bay` puts it behind the ring. All that it knows of its disc lies in the disc's folder.

mod answers;
mod plate;

use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use fixtures::tcmu::Answer;

pub use plate::Medium;
use plate::{BLOCK, Plate};

/// A quarter of a megabyte each second: a batch takes about as long to write as xorriso takes around it, so that a
/// plug pulled during a burn often finds the laser on.
const WRITING_A_BLOCK: Duration = Duration::from_millis(8);

const NOT_READABLE: [u8; 3] = [0x03, 0x11, 0x00];
const INVALID_FIELD: [u8; 3] = [0x05, 0x24, 0x00];
const INVALID_ADDRESS: [u8; 3] = [0x05, 0x21, 0x02];
const UNKNOWN_COMMAND: [u8; 3] = [0x05, 0x20, 0x00];
const MEDIUM_CHANGED: [u8; 3] = [0x06, 0x28, 0x00];

pub struct Drive {
    plate: Plate,
    /// Told once, by the first command that may hear it.
    medium_changed: bool,
    /// Mode page 5: whether a session may follow the one that is closed (DVD-R).
    multisession: bool,
}

/// A command's bytes, with the numbers that stand in them.
struct Command<'a>(&'a [u8]);

impl Command<'_> {
    fn u32(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn u16(&self, at: usize) -> usize {
        usize::from(u16::from_be_bytes([self.0[at], self.0[at + 1]]))
    }
}

impl Drive {
    pub fn insert_blank(folder: &Path, medium: Medium, capacity_blocks: u32) -> io::Result<()> {
        Plate::make_blank(folder, medium, capacity_blocks)
    }

    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            plate: Plate::open(folder)?,
            medium_changed: true,
            multisession: true,
        })
    }

    pub fn command(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Answer {
        let command = Command(cdb);
        let hears_no_change = matches!(cdb[0], 0x03 | 0x12 | 0x4a);
        if !hears_no_change && std::mem::take(&mut self.medium_changed) {
            return refused(MEDIUM_CHANGED);
        }
        let done = match cdb[0] {
            0x28 | 0x2a | 0xa8 | 0xaa => self.transfer(&command, data_out, data_in),
            0x53 => self
                .plate
                .reserve(Some(command.u32(5)))
                .map(good_or(INVALID_FIELD)),
            0x55 => Ok(self.mode_select(data_out)),
            0x5b => self.close(cdb[2] & 0b111),
            _ => Ok(self.describe(&command, data_in)),
        };
        done.unwrap_or_else(|_| refused(NOT_READABLE))
    }

    fn transfer(&mut self, command: &Command<'_>, data_out: &[u8], data_in: &mut [u8]) -> io::Result<Answer> {
        let block = command.u32(2);
        let is_short = command.0[0] < 0x80;
        let blocks = if is_short {
            command.u16(7)
        } else {
            command.u32(6) as usize
        };
        let bytes = (blocks * BLOCK as usize).min(data_in.len());
        if command.0[0] & 0x0f == 0x0a {
            thread::sleep(WRITING_A_BLOCK * u32::try_from(blocks).unwrap());
            return self
                .plate
                .write(block, &data_out[..bytes])
                .map(good_or(INVALID_ADDRESS));
        }
        self.plate.read(block, &mut data_in[..bytes])?;
        Ok(Answer {
            data_in_len: bytes,
            ..Answer::default()
        })
    }

    /// Byte 3 of page 5, behind a header of eight: bits 6 and 7 say whether more sessions may follow.
    fn mode_select(&mut self, data_out: &[u8]) -> Answer {
        if data_out.get(8).is_some_and(|page| page & 0x3f == 0x05) {
            self.multisession = data_out.get(11).is_some_and(|field| field >> 6 == 0b11);
        }
        Answer::default()
    }

    fn close(&mut self, function: u8) -> io::Result<Answer> {
        let by_mode = self.plate.medium() == Medium::DvdR && !self.multisession;
        match function {
            0b001 => self.plate.close_track()?,
            0b010 => self.plate.close_session(by_mode)?,
            0b101 | 0b110 => self.plate.close_session(true)?,
            _ => return Ok(refused(INVALID_FIELD)),
        }
        Ok(Answer::default())
    }

    fn describe(&self, command: &Command<'_>, data_in: &mut [u8]) -> Answer {
        let plate = &self.plate;
        let (answer, allowed) = match command.0[0] {
            // TEST UNIT READY, START STOP, PREVENT REMOVAL, SYNCHRONIZE CACHE, SET CD SPEED, SET STREAMING: done.
            0x00 | 0x1b | 0x1e | 0x35 | 0xbb | 0xb6 => return Answer::default(),
            0x03 => (vec![0x70, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 18),
            0x12 => (answers::inquiry(), command.u16(3)),
            0x1a | 0x5a => return self.mode_sense(command, data_in),
            0x25 => (
                [plate.end().max(1) - 1, BLOCK as u32]
                    .map(u32::to_be_bytes)
                    .concat(),
                8,
            ),
            0x43 if plate.sessions().is_empty() => return refused(INVALID_FIELD),
            0x43 => match (command.0[2] & 0x0f) | (command.0[9] >> 6) {
                0 => (answers::table_of_contents(plate.sessions()), command.u16(7)),
                1 => (answers::last_session(plate.sessions()), command.u16(7)),
                _ => return refused(INVALID_FIELD),
            },
            0x46 => (answers::configuration(plate.medium()), command.u16(7)),
            // No event of the tray: there is none.
            0x4a => (vec![0, 6, 4, 0x10, 0, 2, 0, 0], command.u16(7)),
            0x51 => (answers::disc_information(plate), command.u16(7)),
            0x52 => match self.track(command) {
                Some(answer) => (answer, command.u16(7)),
                None => return refused(INVALID_FIELD),
            },
            0x5c => (vec![0, 10, 0, 0, 0, 0x40, 0, 0, 0, 0x40, 0, 0], command.u16(7)),
            0xac => (vec![0, 0, 0, 4, 0, 0, 0, 0], 8),
            _ => return refused(UNKNOWN_COMMAND),
        };
        filled(&answer, allowed, data_in)
    }

    fn mode_sense(&self, command: &Command<'_>, data_in: &mut [u8]) -> Answer {
        let Some(page) = answers::mode_page(command.0[2] & 0x3f) else {
            return refused(INVALID_FIELD);
        };
        let (mut answer, allowed) = if command.0[0] == 0x1a {
            (vec![page.len() as u8 + 3, 0, 0, 0], usize::from(command.0[4]))
        } else {
            (vec![0, page.len() as u8 + 6, 0, 0, 0, 0, 0, 0], command.u16(7))
        };
        answer.extend(page);
        filled(&answer, allowed, data_in)
    }

    /// Asked for by block, or by number, where 255 is the one that can be written.
    fn track(&self, command: &Command<'_>) -> Option<Vec<u8>> {
        let tracks = self.plate.tracks();
        let wanted = command.u32(2);
        let index = match (command.0[1] & 0b11, wanted) {
            (0, block) => tracks.iter().rposition(|track| track.start <= block)?,
            (_, 0xff) => tracks.len() - 1,
            (_, number) => (number as usize).checked_sub(1)?,
        };
        Some(answers::track_information(
            &self.plate,
            index + 1,
            tracks.get(index)?,
        ))
    }
}

fn good_or(sense: [u8; 3]) -> impl Fn(bool) -> Answer {
    move |good| if good { Answer::default() } else { refused(sense) }
}

fn refused([key, code, qualifier]: [u8; 3]) -> Answer {
    let mut sense = vec![0u8; 18];
    sense[0] = 0x70;
    sense[2] = key;
    sense[7] = 10;
    sense[12] = code;
    sense[13] = qualifier;
    Answer {
        status: 2,
        sense,
        data_in_len: 0,
    }
}

fn filled(answer: &[u8], allowed: usize, data_in: &mut [u8]) -> Answer {
    let length = answer.len().min(allowed).min(data_in.len());
    data_in[..length].copy_from_slice(&answer[..length]);
    Answer {
        data_in_len: length,
        ..Answer::default()
    }
}
