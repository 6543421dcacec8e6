//! The answers that describe drive and disc, laid out as MMC-5 has them.

use super::plate::{Medium, Plate, Track};

pub fn inquiry() -> Vec<u8> {
    let mut answer = vec![0x05, 0x80, 0x05, 0x02, 31, 0, 0, 0];
    answer.extend(b"SHENLU  PLUG TEST DRIVE 1.00");
    answer
}

fn profile(medium: Medium) -> u16 {
    match medium {
        Medium::DvdR => 0x11,
        Medium::DvdPlusR => 0x1b,
        Medium::BdR => 0x41,
    }
}

/// GET CONFIGURATION: the profile, and the features by which xorriso chooses its way to write.
pub fn configuration(medium: Medium) -> Vec<u8> {
    let [high, low] = profile(medium).to_be_bytes();
    let mut features = Vec::new();
    features.extend([0x00, 0x00, 0x03, 4, high, low, 1, 0]);
    features.extend([0x00, 0x01, 0x07, 8, 0, 0, 0, 1, 0, 0, 0, 0]);
    features.extend([0x00, 0x03, 0x03, 4, 0x29, 0, 0, 0]);
    features.extend([0x00, 0x10, 0x01, 8, 0, 0, 8, 0, 0, 16, 0, 0]);
    match medium {
        Medium::DvdR => {
            features.extend([0x00, 0x21, 0x01, 8, 0, 1, 0, 1, 16, 0, 0, 0]);
            features.extend([0x00, 0x2f, 0x01, 4, 0x40, 0, 0, 0]);
        }
        Medium::DvdPlusR => features.extend([0x00, 0x2b, 0x01, 4, 1, 0, 0, 0]),
        Medium::BdR => features.extend([0x00, 0x41, 0x01, 4, 0, 0, 0, 1]),
    }
    let mut answer = (features.len() as u32 + 4).to_be_bytes().to_vec();
    answer.extend([0, 0, high, low]);
    answer.extend(features);
    answer
}

/// READ DISC INFORMATION. Byte 2: status of the disc, and of its last session in bits 2 and 3.
pub fn disc_information(plate: &Plate) -> Vec<u8> {
    let status = match (
        plate.is_finalised(),
        plate.is_partial(),
        plate.sessions().is_empty(),
    ) {
        (true, _, _) => 0b1110,
        (false, true, _) => 0b0101,
        (false, false, false) => 0b0001,
        (false, false, true) => 0b0000,
    };
    let last = plate.tracks().len() as u8;
    let mut answer = vec![0u8; 34];
    answer[1] = 32;
    answer[2] = status;
    answer[3] = 1;
    answer[4..7].fill(last);
    answer[7] = 0x20;
    answer[16..24].fill(0xff);
    answer
}

/// READ TRACK INFORMATION; every session has one track.
pub fn track_information(plate: &Plate, number: usize, track: &Track) -> Vec<u8> {
    let mut answer = vec![0u8; 36];
    answer[1] = 34;
    answer[2] = number as u8;
    answer[3] = number as u8;
    answer[5] = 0x04;
    answer[6] = 0x01;
    answer[8..12].copy_from_slice(&track.start.to_be_bytes());
    if !track.closed {
        let next = plate.next_writable(track);
        answer[6] |= if next == track.start { 0x40 } else { 0 };
        answer[7] = 0x01;
        answer[12..16].copy_from_slice(&next.to_be_bytes());
        answer[16..20].copy_from_slice(&plate.free_behind(next).to_be_bytes());
    }
    answer[24..28].copy_from_slice(&track.blocks.to_be_bytes());
    answer
}

/// READ TOC, format 1: where the last whole session begins, which is all that a kernel asks.
pub fn last_session(sessions: &[Track]) -> Vec<u8> {
    let last = sessions.len() as u8;
    let start = sessions.last().map_or(0, |track| track.start);
    let mut answer = vec![0, 10, 1, last, 0, 0x14, last, 0];
    answer.extend(start.to_be_bytes());
    answer
}

/// READ TOC, format 0: all whole tracks, and where the last one ends.
pub fn table_of_contents(sessions: &[Track]) -> Vec<u8> {
    let mut answer = vec![0, 0, 1, sessions.len() as u8];
    for (number, track) in (1u8..).zip(sessions) {
        answer.extend([0, 0x14, number, 0]);
        answer.extend(track.start.to_be_bytes());
    }
    let end = sessions.last().map_or(0, |track| track.start + track.blocks);
    answer.extend([0, 0x14, 0xaa, 0]);
    answer.extend(end.to_be_bytes());
    let length = (answer.len() as u16 - 2).to_be_bytes();
    answer[..2].copy_from_slice(&length);
    answer
}

/// The one mode page that says what the drive can write; `None` for pages that nobody needs.
pub fn mode_page(page: u8) -> Option<Vec<u8>> {
    let (length, known) = match page {
        0x01 => (12, &[][..]),
        0x05 => (52, &[][..]),
        0x2a => (32, &[0x3f, 0x3f, 0x71, 0x00, 0x29, 0x00, 0x2b][..]),
        _ => return None,
    };
    let mut answer = vec![0u8; length];
    answer[0] = page;
    answer[1] = length as u8 - 2;
    answer[2..2 + known.len()].copy_from_slice(known);
    Some(answer)
}
