//! The `xorriso` program: short questions with a deadline, and burns that are watched while they move.
//!
//! Used by the rest of `optical`. A burning child has its own session and writes to a log file instead of a
//! pipe, so that it outlives this process and can be adopted. A child that must go gets SIGKILL and is reaped
//! by a thread of its own: one stuck inside the kernel cannot be waited for.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::fault::DiscFault;

const POLL: Duration = Duration::from_millis(50);
const KILL_DEADLINE: Duration = Duration::from_secs(10);

/// Which program burns and how long it may stand still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xorriso {
    pub program: PathBuf,
    /// For questions (table of sessions, listing): a drive that spins up may take half a minute.
    pub question_deadline: Duration,
    /// Before the first block: loading the tree, calibrating the laser.
    pub start_stall: Duration,
    /// While blocks are written; also for read-back.
    pub write_stall: Duration,
    /// After the last block: closing track, session, disc.
    pub close_stall: Duration,
    /// At most so many kB (1000 bytes) a second; `None`: as fast as drive and disc allow.
    pub write_kb_per_s: Option<u32>,
}

impl Default for Xorriso {
    /// `SHENLU_XORRISO` names another program, for sites that keep their own and for tests.
    fn default() -> Self {
        Self {
            program: std::env::var_os("SHENLU_XORRISO")
                .map_or_else(|| PathBuf::from("xorriso"), PathBuf::from),
            question_deadline: Duration::from_secs(90),
            start_stall: Duration::from_secs(120),
            write_stall: Duration::from_secs(60),
            close_stall: Duration::from_secs(600),
            write_kb_per_s: None,
        }
    }
}

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChildId {
    pub pid: u32,
    /// Start in clock ticks since boot.
    pub start_ticks: u64,
}

/// How far a burn is. Blocks of the session being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub written_blocks: u64,
    pub permille: u16,
}

pub(super) struct Answer {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) status: ExitStatus,
}

impl ChildId {
    pub fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold blanks: fields count from behind it; state is field 3.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let start_ticks = fields.nth(18)?.parse().ok()?;
        (state != "Z" && state != "X").then_some(Self { pid, start_ticks })
    }

    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    pub(super) fn kill(self) {
        if self.is_alive()
            && let Ok(pid) = libc::pid_t::try_from(self.pid)
        {
            // SAFETY: a plain system call; at worst the process is gone already.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            let deadline = Instant::now() + KILL_DEADLINE;
            while self.is_alive() && Instant::now() < deadline {
                thread::sleep(POLL);
            }
        }
    }
}

impl Xorriso {
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(Self::BASE)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// No start-up files, fail instead of going on, no wildcard in any name.
    pub(super) const BASE: [&'static str; 9] = [
        "-no_rc",
        "-abort_on",
        "FAILURE",
        "-charset",
        "UTF-8",
        "-iso_rr_pattern",
        "off",
        "-disk_pattern",
        "off",
    ];

    /// How fast to write, as the program takes it.
    pub(super) fn speed(&self) -> Vec<String> {
        let speed = |kb_per_s: u32| ["-speed".to_owned(), format!("{kb_per_s}k")];
        self.write_kb_per_s.map(speed).into_iter().flatten().collect()
    }

    pub(super) fn missing(&self, error: &std::io::Error) -> DiscFault {
        DiscFault::ProgramMissing {
            program: self.program.clone(),
            detail: error.to_string(),
        }
    }

    /// A question: both outputs, or a fault when the deadline passes.
    pub(super) fn ask(&self, device: &str, what: &str, args: &[&str]) -> Result<Answer, DiscFault> {
        let mut child = self
            .command()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.missing(&error))?;
        let stdout = child.stdout.take().map(drain);
        let stderr = child.stderr.take().map(drain);
        let deadline = Instant::now() + self.question_deadline;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
                Ok(None) | Err(_) => {
                    abandon(child);
                    return Err(DiscFault::Hung {
                        device: device.to_owned(),
                        phase: what.to_owned(),
                        seconds: self.question_deadline.as_secs(),
                    });
                }
            }
        };
        let text = |pipe: Option<thread::JoinHandle<Vec<u8>>>| {
            let bytes = pipe.and_then(|reader| reader.join().ok()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Ok(Answer {
            stdout: text(stdout),
            stderr: text(stderr),
            status,
        })
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still what the program said.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// Kills and waits for the end: whatever the child still had under way in the kernel must be over before
/// anybody burns again. One that is stuck there may never end: then a thread of its own reaps it.
pub(super) fn abandon(mut child: Child) {
    let _ = child.kill();
    let deadline = Instant::now() + KILL_DEADLINE;
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(POLL);
    }
    thread::spawn(move || child.wait());
}

/// The last lines that say something, for a fault's detail.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| {
            ["FAILURE", "FATAL", "SORRY", "aborting"]
                .iter()
                .any(|word| line.contains(word))
        })
        .collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}

/// Follows a burn's log file and says whether anything moved.
pub(super) struct LogWatch {
    path: PathBuf,
    offset: u64,
    partial: String,
    progress: Progress,
    moved_at: Instant,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Writing,
    Closing,
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Writing => "writing",
            Self::Closing => "closing the session",
        }
    }
}

impl LogWatch {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            offset: 0,
            partial: String::new(),
            progress: Progress::default(),
            moved_at: Instant::now(),
            phase: Phase::Starting,
        }
    }

    /// Reads what was added. "Thank you for being patient" is no movement.
    pub(super) fn look(&mut self) -> Progress {
        let mut added = Vec::new();
        if let Ok(mut log) = File::open(&self.path)
            && log.seek(SeekFrom::Start(self.offset)).is_ok()
            && let Ok(count) = log.read_to_end(&mut added)
        {
            self.offset += count as u64;
        }
        self.partial.push_str(&String::from_utf8_lossy(&added));
        let Some(end) = self.partial.rfind(['\n', '\r']) else {
            return self.progress;
        };
        let rest = self.partial.split_off(end + 1);
        for line in std::mem::replace(&mut self.partial, rest).split(['\n', '\r']) {
            self.line(line.trim());
        }
        self.progress
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() || line.contains("being patient") {
            return;
        }
        if let Some((_, figures)) = line.split_once("Writing:") {
            let progress = progress(figures);
            if progress.written_blocks == self.progress.written_blocks && self.phase == Phase::Writing {
                return;
            }
            self.progress = progress;
            self.phase = Phase::Writing;
            if progress.permille >= 1000 {
                self.phase = Phase::Closing;
            }
        } else if line.contains("Closing track") || line.starts_with("ISO image produced") {
            self.phase = Phase::Closing;
        }
        self.moved_at = Instant::now();
    }

    /// The fault when nothing moved for longer than this phase may stand still.
    pub(super) fn stalled(&self, device: &str, limits: &Xorriso) -> Option<DiscFault> {
        let limit = match self.phase {
            Phase::Starting => limits.start_stall,
            Phase::Writing => limits.write_stall,
            Phase::Closing => limits.close_stall,
        };
        (self.moved_at.elapsed() > limit).then(|| DiscFault::Hung {
            device: device.to_owned(),
            phase: self.phase.as_str().to_owned(),
            seconds: limit.as_secs(),
        })
    }
}

/// `      57344s   19.6%   fifo   5%  buf  50%  212.9xD`
fn progress(figures: &str) -> Progress {
    let mut words = figures.split_whitespace();
    let written_blocks = words
        .next()
        .and_then(|w| w.strip_suffix('s'))
        .and_then(|w| w.parse().ok())
        .unwrap_or(0);
    let tenths = words
        .next()
        .and_then(|w| w.strip_suffix('%'))
        .map(|w| w.replace('.', ""));
    let permille = tenths.and_then(|w| w.parse().ok()).unwrap_or(0);
    Progress {
        written_blocks,
        permille,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_the_pacifier() {
        let figures = "      57344s   19.6%   fifo   5%  buf  50%  212.9xD";
        assert_eq!(
            progress(figures),
            Progress {
                written_blocks: 57_344,
                permille: 196
            }
        );
    }

    #[test]
    fn patience_is_no_movement_and_new_blocks_are() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut watch = LogWatch::new(file.path());
        std::fs::write(file.path(), "xorriso : UPDATE : Writing:  100s  10.0%\n").unwrap();
        assert_eq!(watch.look().written_blocks, 100);
        let moved_at = watch.moved_at;
        let more =
            "xorriso : UPDATE : Writing:  100s  10.0%\nxorriso : UPDATE : Thank you for being patient\n";
        std::fs::write(
            file.path(),
            format!("xorriso : UPDATE : Writing:  100s  10.0%\n{more}"),
        )
        .unwrap();
        watch.look();
        assert_eq!(watch.moved_at, moved_at);
    }

    #[test]
    fn a_process_is_known_by_number_and_start() {
        let me = ChildId::of(std::process::id()).unwrap();
        assert!(me.is_alive());
        assert!(
            !ChildId {
                start_ticks: me.start_ticks + 1,
                ..me
            }
            .is_alive()
        );
    }
}
