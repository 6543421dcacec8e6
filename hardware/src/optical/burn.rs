//! One burn: one `xorriso` child that appends one ISO 9660 session, watched until it ends.
//!
//! Called by `disc`. The child waits behind a gate until its number is in the ledger, so a burn that outlives
//! this process is always known to it afterwards (`adopt`). It has its own session, logs to a file, and is
//! killed only when nothing moves any more. That it ended well is not yet success: the caller reads the
//! medium again.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use super::alone::Alone;
use super::child::{ChildId, LogWatch, Progress, Xorriso, abandon, tail};
use super::device::Device;
use super::fault::DiscFault;
use super::inspect::{Medium, inspect};
use super::profile::MediumKind;

const POLL: Duration = Duration::from_millis(50);
/// Longer lists of files go through a file: the kernel takes 2 MiB of arguments, and 2,000 long names are more.
const MAX_ARGUMENT_BYTES: usize = 256 << 10;

/// Called with the child's identity before it may begin; an error means that nothing is burnt.
pub type Gate<'a> = &'a mut dyn FnMut(ChildId) -> Result<(), DiscFault>;

/// One file of the session: where it lies and where it stands on the disc (absolute, `/part-0001/…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub source: PathBuf,
    pub target: String,
}

/// Whether the disc takes more sessions afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    KeepOpen,
    /// Finalise (封盘).
    CloseDisc,
}

/// What the new session's tree goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The newest session, or the blank disc.
    Newest,
    /// The start of the last good session, when a broken one lies behind it (disc case 3).
    Session(u64),
    /// Nothing: every session on the disc is broken (disc case 4).
    Nothing,
}

/// What to append, and onto what.
#[derive(Debug)]
pub struct Burn<'a> {
    pub device: &'a Device,
    pub kind: MediumKind,
    /// At most 32 of `[A-Z0-9_]`.
    pub volume_id: &'a str,
    pub mappings: &'a [Mapping],
    pub closing: Closing,
    pub base: Base,
    pub log: &'a Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burnt {
    /// The medium as it is after the burn.
    pub medium: Medium,
}

/// How an earlier process's burn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// It was gone when we looked.
    Gone,
    /// It was awaited to its end.
    Ended,
    /// It did not move any more and was killed.
    Killed,
}

/// A burn that an earlier process started.
#[derive(Debug)]
pub struct Adoption<'a> {
    pub child: ChildId,
    pub device: &'a Device,
    pub log: &'a Path,
}

/// Burns and reads the medium again. Blocks until the child has ended or was given up.
pub fn burn(
    xorriso: &Xorriso,
    burn: &Burn<'_>,
    gate: Gate<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Burnt, DiscFault> {
    let alone = match burn.base {
        Base::Newest | Base::Session(_) => None,
        Base::Nothing => Some(Alone::prepare(xorriso, burn)?),
    };
    let mut child = spawn_behind_gate(xorriso, burn, alone.as_ref())?;
    let opened = ChildId::of(child.id())
        .ok_or_else(|| DiscFault::ChildDied {
            device: burn.device.address(),
            exit: "before it began".to_owned(),
            detail: String::new(),
        })
        .and_then(gate)
        .and_then(|()| open_gate(&mut child));
    if let Err(fault) = opened {
        abandon(child);
        return Err(fault);
    }
    let status = watch(xorriso, burn, child, progress)?;
    require_success(burn, status)?;
    sync_image(burn.device)?;
    Ok(Burnt {
        medium: inspect(xorriso, burn.device)?,
    })
}

/// The shell becomes the program (same process, same number) only when it is told to; if we die before that
/// its input ends and nothing is burnt.
const GATE: &str = r#"read -r word && [ "$word" = burn ] && exec "$@" </dev/null"#;

fn spawn_behind_gate(xorriso: &Xorriso, burn: &Burn<'_>, alone: Option<&Alone>) -> Result<Child, DiscFault> {
    let log = File::create(burn.log).map_err(|error| DiscFault::io("creating the burn's log", &error))?;
    let errors = log
        .try_clone()
        .map_err(|error| DiscFault::io("creating the burn's log", &error))?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", GATE, "gate"]).arg(&xorriso.program);
    match alone {
        None => command
            .args(Xorriso::BASE)
            .args(xorriso.speed())
            .args(arguments(burn, contents(burn)?)),
        Some(alone) => command.args(alone.arguments(burn)),
    };
    command
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(log)
        .stderr(errors);
    // SAFETY: `setsid` is async-signal-safe and touches nothing of ours.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 {
                Err(std::io::Error::last_os_error())
            } else {
                Ok(())
            }
        });
    }
    command.spawn().map_err(|error| xorriso.missing(&error))
}

fn open_gate(child: &mut Child) -> Result<(), DiscFault> {
    let failed = |error: std::io::Error| DiscFault::io("starting the burn", &error);
    match child.stdin.take() {
        Some(mut input) => input.write_all(b"burn\n").map_err(failed),
        None => Err(failed(std::io::Error::other("no input"))),
    }
}

/// Which files, as arguments or as a file of commands beside the log.
fn mapping_arguments(burn: &Burn<'_>) -> Result<Vec<String>, DiscFault> {
    let map = |mapping: &Mapping| {
        let source = mapping.source.to_string_lossy().into_owned();
        ["-map".to_owned(), source, mapping.target.clone()]
    };
    let arguments: Vec<String> = burn.mappings.iter().flat_map(map).collect();
    if arguments.iter().map(String::len).sum::<usize>() <= MAX_ARGUMENT_BYTES {
        return Ok(arguments);
    }
    let commands: String = arguments.chunks(3).map(command_line).collect();
    let path = burn.log.with_extension("map");
    std::fs::write(&path, commands).map_err(|error| DiscFault::io("writing the list of files", &error))?;
    Ok(vec![
        "-options_from_file".to_owned(),
        path.to_string_lossy().into_owned(),
    ])
}

/// Each word quoted as the program reads it: nothing counts between single quotes but their end.
fn command_line(words: &[String]) -> String {
    let quoted = |word: &String| format!("'{}'", word.replace('\'', r#"'"'"'"#));
    let quoted: Vec<String> = words.iter().map(quoted).collect();
    format!("{}\n", quoted.join(" "))
}

fn arguments(burn: &Burn<'_>, contents: Vec<String>) -> Vec<String> {
    // Without the last two a path of more than 240 bytes is left out of the tree that Windows reads.
    let begin = ["-md5", "on", "-joliet", "on", "-compliance", "joliet_long_paths"];
    let mut args: Vec<String> = begin.map(str::to_owned).into();
    let mut push = |words: &[&str]| args.extend(words.iter().map(|w| (*w).to_owned()));
    if burn.kind == MediumKind::BdR {
        // Defect management would halve the speed; the read-back is our check.
        push(&["-stream_recording", "on"]);
    }
    if let Base::Session(block) = burn.base {
        push(&["-load", "sbsector", &block.to_string()]);
    }
    push(&["-dev", &burn.device.address(), "-volid", burn.volume_id]);
    args.extend(contents);
    let close = match burn.closing {
        Closing::KeepOpen => "off",
        Closing::CloseDisc => "on",
    };
    args.extend(["-close", close, "-commit"].map(str::to_owned));
    args
}

/// The files, and who may read them.
pub(super) fn contents(burn: &Burn<'_>) -> Result<Vec<String>, DiscFault> {
    let mut args = mapping_arguments(burn)?;
    let mut push = |words: &[&str]| args.extend(words.iter().map(|w| (*w).to_owned()));
    // The spool's files are private; on the disc everybody who holds it may read.
    push(&["-find", "/", "-type", "f", "-exec", "chmod", "0444", "--"]);
    push(&["-find", "/", "-type", "d", "-exec", "chmod", "0555", "--"]);
    push(&["-chown_r", "0", "/", "--", "-chgrp_r", "0", "/", "--"]);
    Ok(args)
}

fn watch(
    xorriso: &Xorriso,
    burn: &Burn<'_>,
    mut child: Child,
    progress: &mut dyn FnMut(Progress),
) -> Result<ExitStatus, DiscFault> {
    let device = burn.device.address();
    let mut log = LogWatch::new(burn.log);
    let mut last = Progress::default();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return Err(DiscFault::io("awaiting the burn", &error)),
        }
        let now = log.look();
        if now != last {
            last = now;
            progress(now);
        }
        if let Some(fault) = log.stalled(&device, xorriso) {
            abandon(child);
            return Err(fault);
        }
        thread::sleep(POLL);
    }
}

/// Exit 32 is a tolerated complaint; what it is worth shows when the medium is read again.
fn require_success(burn: &Burn<'_>, status: ExitStatus) -> Result<(), DiscFault> {
    let exit = match (status.code(), status.signal()) {
        (Some(0 | 32), _) => return Ok(()),
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".to_owned(),
    };
    let log = std::fs::read(burn.log).unwrap_or_default();
    Err(DiscFault::ChildDied {
        device: burn.device.address(),
        exit,
        detail: tail(&String::from_utf8_lossy(&log)),
    })
}

fn sync_image(device: &Device) -> Result<(), DiscFault> {
    match device {
        Device::Drive(_) => Ok(()),
        Device::Image(path) => File::open(path)
            .and_then(|image| image.sync_all())
            .map_err(|error| DiscFault::io("syncing the disc image", &error)),
    }
}

/// Waits for a burn that outlived the process which started it; kills it when nothing moves.
pub fn adopt(xorriso: &Xorriso, adoption: &Adoption<'_>) -> Adopted {
    if !adoption.child.is_alive() {
        return Adopted::Gone;
    }
    let device = adoption.device.address();
    let mut log = LogWatch::new(adoption.log);
    while adoption.child.is_alive() {
        log.look();
        if log.stalled(&device, xorriso).is_some() {
            adoption.child.kill();
            return Adopted::Killed;
        }
        thread::sleep(POLL);
    }
    Adopted::Ended
}
#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(count: usize, log: &Path) -> Vec<String> {
        let mapping = |n| Mapping {
            source: PathBuf::from(format!("/master/{n:04} 笔录 '1'.pdf")),
            target: format!("/case/{n:04} 笔录 '1'.pdf"),
        };
        let mappings: Vec<Mapping> = (0..count).map(mapping).collect();
        let burn = Burn {
            device: &Device::Image("/x.iso".into()),
            kind: MediumKind::Overwritable,
            volume_id: "X",
            mappings: &mappings,
            closing: Closing::KeepOpen,
            base: Base::Newest,
            log,
        };
        mapping_arguments(&burn).unwrap()
    }

    #[test]
    fn a_long_list_of_files_goes_through_a_file_that_the_program_reads() {
        let dir = std::env::temp_dir().join(format!("shenlu-burn-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let log = dir.join("burn.log");
        assert_eq!(arguments_of(2, &log).len(), 6);
        let list = dir.join("burn.map").to_string_lossy().into_owned();
        assert_eq!(arguments_of(5_000, &log), ["-options_from_file".to_owned(), list]);
        let text = std::fs::read_to_string(dir.join("burn.map")).unwrap();
        let first = r#"'-map' '/master/0000 笔录 '"'"'1'"'"'.pdf' '/case/0000 笔录 '"'"'1'"'"'.pdf'"#;
        assert_eq!(text.lines().next().unwrap(), first);
        assert_eq!(text.lines().count(), 5_000);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
