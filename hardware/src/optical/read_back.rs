//! Reading back (回读校验): what stands on the disc, and every byte of it, through the drive.
//!
//! Called by `disc` after each burn and by whoever checks a disc. Always through `xorriso`, never through a
//! mount: right after a burn the kernel still has the old size of the medium (disc case 7).

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;

use super::child::{Xorriso, abandon, tail};
use super::device::Device;
use super::fault::DiscFault;

/// Files per child, so that no command line grows without limit.
const FILES_PER_CHILD: usize = 200;
const PIECE_BYTES: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    pub start_block: u64,
    pub size: u64,
}

/// Every file of the newest session's tree, by its absolute path.
pub fn list_files(xorriso: &Xorriso, device: &Device) -> Result<BTreeMap<String, ListedFile>, DiscFault> {
    let name = device.address();
    let args = [
        "-indev",
        &name,
        "-find",
        "/",
        "-type",
        "f",
        "-exec",
        "report_lba",
        "--",
    ];
    let answer = xorriso.ask(&name, "listing the disc", &args)?;
    if !answer.status.success() {
        return Err(DiscFault::Unreadable {
            device: name,
            detail: tail(&answer.stderr),
        });
    }
    let mut files = BTreeMap::new();
    for line in answer
        .stdout
        .lines()
        .filter(|line| line.starts_with("File data lba:"))
    {
        let (path, file) = listed(line).ok_or_else(|| DiscFault::NotUnderstood {
            device: name.clone(),
            detail: line.to_owned(),
        })?;
        files.entry(path).or_insert(file);
    }
    Ok(files)
}

/// `File data lba:  0 ,       61 ,        1 ,        6 , '/README.txt'`
fn listed(line: &str) -> Option<(String, ListedFile)> {
    let mut fields = line.split_once(':')?.1.splitn(5, " , ");
    let _extent = fields.next()?;
    let start_block = fields.next()?.trim().parse().ok()?;
    let _blocks = fields.next()?;
    let size = fields.next()?.trim().parse().ok()?;
    let path = fields
        .next()?
        .trim()
        .strip_prefix('\'')?
        .strip_suffix('\'')?
        .replace(r#"'"'"'"#, "'");
    Some((path, ListedFile { start_block, size }))
}

/// Reads the files one after the other and hands their bytes to `sink` with the file's index. `sizes` must be
/// those of `list_files`; a file that comes out shorter or longer is a fault.
pub fn read_files(
    xorriso: &Xorriso,
    device: &Device,
    files: &[(String, u64)],
    sink: &mut dyn FnMut(usize, &[u8]),
) -> Result<(), DiscFault> {
    for (turn, group) in files.chunks(FILES_PER_CHILD).enumerate() {
        let first = turn * FILES_PER_CHILD;
        read_group(xorriso, device, group, &mut |index, bytes| {
            sink(first + index, bytes)
        })?;
    }
    Ok(())
}

fn read_group(
    xorriso: &Xorriso,
    device: &Device,
    files: &[(String, u64)],
    sink: &mut dyn FnMut(usize, &[u8]),
) -> Result<(), DiscFault> {
    let name = device.address();
    let mut command = xorriso.command();
    command.args(["-indev", &name, "-osirrox", "on", "-concat", "overwrite", "-"]);
    command.args(files.iter().map(|(path, _)| path.as_str()));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| xorriso.missing(&error))?;
    let pieces = pump(&mut child);
    let mut split = Split {
        files,
        index: 0,
        left: files.first().map_or(0, |(_, size)| *size),
    };
    loop {
        match pieces.recv_timeout(xorriso.write_stall) {
            Ok(piece) => split.take(&piece, sink).map_err(|()| too_long(&name, files))?,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                abandon(child);
                let seconds = xorriso.write_stall.as_secs();
                return Err(DiscFault::Hung {
                    device: name,
                    phase: "reading back".to_owned(),
                    seconds,
                });
            }
        }
    }
    let status = child
        .wait()
        .map_err(|error| DiscFault::io("awaiting the read-back", &error))?;
    match split.unfinished() {
        None if status.success() => Ok(()),
        None => Err(DiscFault::Unreadable {
            device: name,
            detail: format!("{status}"),
        }),
        Some(path) => Err(DiscFault::Unreadable {
            device: name,
            detail: format!("`{path}` ends early ({status})"),
        }),
    }
}

fn too_long(device: &str, files: &[(String, u64)]) -> DiscFault {
    let path = files.last().map(|(path, _)| path.clone()).unwrap_or_default();
    DiscFault::ReadBackDiffers {
        device: device.to_owned(),
        path,
    }
}

fn pump(child: &mut Child) -> Receiver<Vec<u8>> {
    let (sender, pieces) = sync_channel(8);
    if let Some(mut output) = child.stdout.take() {
        thread::spawn(move || {
            loop {
                let mut piece = vec![0; PIECE_BYTES];
                match output.read(&mut piece) {
                    Ok(count) if count > 0 => {
                        piece.truncate(count);
                        if sender.send(piece).is_err() {
                            return;
                        }
                    }
                    Ok(_) | Err(_) => return,
                }
            }
        });
    }
    pieces
}

/// Cuts the one stream at the files' sizes.
struct Split<'a> {
    files: &'a [(String, u64)],
    index: usize,
    left: u64,
}

impl Split<'_> {
    fn take(&mut self, mut piece: &[u8], sink: &mut dyn FnMut(usize, &[u8])) -> Result<(), ()> {
        while !piece.is_empty() {
            self.skip_finished();
            if self.index >= self.files.len() {
                return Err(());
            }
            let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(piece.len());
            let (now, rest) = piece.split_at(count);
            sink(self.index, now);
            self.left -= count as u64;
            piece = rest;
        }
        Ok(())
    }

    fn skip_finished(&mut self) {
        while self.left == 0 && self.index < self.files.len() {
            self.index += 1;
            self.left = self.files.get(self.index).map_or(0, |(_, size)| *size);
        }
    }

    fn unfinished(mut self) -> Option<String> {
        self.skip_finished();
        self.files.get(self.index).map(|(path, _)| path.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_line_gives_path_and_size() {
        let line = "File data lba:  0 ,       61 ,        1 ,        6 , '/a , b.txt'";
        let (path, file) = listed(line).unwrap();
        assert_eq!(
            (path.as_str(), file.size, file.start_block),
            ("/a , b.txt", 6, 61)
        );
    }

    #[test]
    fn one_stream_is_cut_at_the_sizes() {
        let files = [
            ("/a".to_owned(), 3),
            ("/empty".to_owned(), 0),
            ("/b".to_owned(), 2),
        ];
        let mut got = vec![Vec::new(); 3];
        let mut split = Split {
            files: &files,
            index: 0,
            left: 3,
        };
        for piece in [&b"ab"[..], b"cde"] {
            split
                .take(piece, &mut |index, bytes| got[index].extend_from_slice(bytes))
                .unwrap();
        }
        assert_eq!(got, [b"abc".to_vec(), Vec::new(), b"de".to_vec()]);
        assert_eq!(split.unfinished(), None);
    }

    #[test]
    fn a_byte_too_many_is_an_error() {
        let files = [("/a".to_owned(), 1)];
        let mut split = Split {
            files: &files,
            index: 0,
            left: 1,
        };
        assert!(split.take(b"ab", &mut |_, _| {}).is_err());
    }
}
