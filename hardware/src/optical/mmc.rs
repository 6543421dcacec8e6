//! The one question to a real drive that `xorriso` does not answer: READ DISC INFORMATION.
//!
//! Called by `inspect` before every append to write-once media (disc case 1): a writer that died may leave a
//! session open that the drive does not flag as damaged, and an append then reports success while its files
//! cannot be reached. Image files have no such command.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// State of the last session, byte 2 bits 2–3 of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastSession {
    Empty,
    Incomplete,
    Damaged,
    Complete,
}

const SG_IO: libc::c_ulong = 0x2285;
const SG_DXFER_FROM_DEV: libc::c_int = -3;
const READ_DISC_INFORMATION: u8 = 0x51;
const ANSWER_BYTES: usize = 34;
const TIMEOUT_MS: libc::c_uint = 30_000;

/// `sg_io_hdr_t` of `<scsi/sg.h>`.
#[repr(C)]
struct SgIoHeader {
    interface_id: libc::c_int,
    dxfer_direction: libc::c_int,
    cmd_len: libc::c_uchar,
    mx_sb_len: libc::c_uchar,
    iovec_count: libc::c_ushort,
    dxfer_len: libc::c_uint,
    dxferp: *mut libc::c_void,
    cmdp: *mut libc::c_uchar,
    sbp: *mut libc::c_uchar,
    timeout: libc::c_uint,
    flags: libc::c_uint,
    pack_id: libc::c_int,
    usr_ptr: *mut libc::c_void,
    status: libc::c_uchar,
    masked_status: libc::c_uchar,
    msg_status: libc::c_uchar,
    sb_len_wr: libc::c_uchar,
    host_status: libc::c_ushort,
    driver_status: libc::c_ushort,
    resid: libc::c_int,
    duration: libc::c_uint,
    info: libc::c_uint,
}

pub(super) fn last_session(drive: &File) -> io::Result<LastSession> {
    parse(&read_disc_information(drive)?)
}

fn parse(answer: &[u8]) -> io::Result<LastSession> {
    let byte = answer
        .get(2)
        .ok_or_else(|| io::Error::other("READ DISC INFORMATION answered too little"))?;
    Ok(match (byte >> 2) & 0b11 {
        0 => LastSession::Empty,
        1 => LastSession::Incomplete,
        2 => LastSession::Damaged,
        _three => LastSession::Complete,
    })
}

fn read_disc_information(drive: &File) -> io::Result<Vec<u8>> {
    let mut command = [0u8; 10];
    command[0] = READ_DISC_INFORMATION;
    command[8] = ANSWER_BYTES as u8;
    let mut answer = [0u8; ANSWER_BYTES];
    let mut sense = [0u8; 32];
    let mut header = SgIoHeader {
        interface_id: libc::c_int::from(b'S'),
        dxfer_direction: SG_DXFER_FROM_DEV,
        cmd_len: command.len() as u8,
        mx_sb_len: sense.len() as u8,
        iovec_count: 0,
        dxfer_len: ANSWER_BYTES as u32,
        dxferp: answer.as_mut_ptr().cast(),
        cmdp: command.as_mut_ptr(),
        sbp: sense.as_mut_ptr(),
        timeout: TIMEOUT_MS,
        flags: 0,
        pack_id: 0,
        usr_ptr: std::ptr::null_mut(),
        status: 0,
        masked_status: 0,
        msg_status: 0,
        sb_len_wr: 0,
        host_status: 0,
        driver_status: 0,
        resid: 0,
        duration: 0,
        info: 0,
    };
    // SAFETY: the header has the kernel's layout and its three pointers outlive the call, each with the
    // length that stands beside it.
    let done = unsafe { libc::ioctl(drive.as_raw_fd(), SG_IO as _, &raw mut header) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    if header.status != 0 || header.host_status != 0 || header.driver_status & 0x0f != 0 {
        let key = sense[2] & 0x0f;
        return Err(io::Error::other(format!(
            "READ DISC INFORMATION refused (sense {key:x} {:02x})",
            sense[12]
        )));
    }
    let length = ANSWER_BYTES.saturating_sub(usize::try_from(header.resid).unwrap_or(0));
    Ok(answer[..length].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_the_last_session_stands_in_byte_two() {
        let answer = |byte: u8| parse(&[0, 32, byte]).unwrap();
        // An appendable DVD-R: disc status 01, last session 00.
        assert_eq!(answer(0b0000_0001), LastSession::Empty);
        assert_eq!(answer(0b0000_0101), LastSession::Incomplete);
        assert_eq!(answer(0b0000_1001), LastSession::Damaged);
        assert_eq!(answer(0b0000_1110), LastSession::Complete);
        assert!(parse(&[0, 32]).is_err());
    }
}
