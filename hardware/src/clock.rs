//! How far the machine's clock may be off, and who says so (R-10: known and under one second).
//!
//! Called by the pre-check and with every checkpoint. Two witnesses: the kernel's own error estimate
//! (`adjtimex`), and `chronyc` where it runs. Never sets the clock.

use std::io;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const CHRONY_DEADLINE: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockSource {
    Kernel,
    Chrony,
}

/// The largest error the witness admits; without synchronisation the figure only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClockQuality {
    pub error_us: u64,
    pub synchronised: bool,
    pub source: ClockSource,
}

#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    #[error("the kernel did not tell the clock's state")]
    Kernel(#[source] io::Error),
    #[error("chronyc could not be asked: is chrony installed and running?")]
    Chrony(#[source] io::Error),
    #[error("chronyc answered what was not understood: {0}")]
    NotUnderstood(String),
}

/// The kernel's estimate: cheap, may be called every second.
pub fn kernel() -> Result<ClockQuality, ClockError> {
    // SAFETY: all-zero is a valid `timex`; modes = 0 reads only.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to our own live struct.
    let answer = unsafe { libc::adjtimex(&raw mut state) };
    if answer < 0 {
        return Err(ClockError::Kernel(io::Error::last_os_error()));
    }
    let synchronised = answer != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0;
    let error_us = u64::try_from(state.maxerror).unwrap_or(u64::MAX);
    Ok(ClockQuality {
        error_us,
        synchronised,
        source: ClockSource::Kernel,
    })
}

/// Chrony's estimate: offset plus half the way to the root plus its spread. Runs a child: not on a hot path.
pub fn chrony() -> Result<ClockQuality, ClockError> {
    let mut child = Command::new("chronyc")
        .args(["-c", "tracking"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(ClockError::Chrony)?;
    let deadline = Instant::now() + CHRONY_DEADLINE;
    while child.try_wait().map_err(ClockError::Chrony)?.is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(ClockError::Chrony(io::ErrorKind::TimedOut.into()));
        }
        thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().map_err(ClockError::Chrony)?;
    let text = String::from_utf8_lossy(&output.stdout);
    tracking(text.trim()).ok_or_else(|| ClockError::NotUnderstood(text.trim().to_owned()))
}

/// Chrony where it answers, else the kernel.
pub fn best() -> Result<ClockQuality, ClockError> {
    chrony().or_else(|_| kernel())
}

/// Fields of `chronyc -c tracking`: 4 system offset, 10 root delay, 11 root dispersion (s), 13 leap status.
fn tracking(line: &str) -> Option<ClockQuality> {
    let fields: Vec<&str> = line.split(',').collect();
    let seconds = |index: usize| fields.get(index)?.parse::<f64>().ok().filter(|s| s.is_finite());
    let error_s = seconds(4)?.abs() + seconds(10)? / 2.0 + seconds(11)?;
    let synchronised = *fields.get(13)? != "Not synchronised";
    Some(ClockQuality {
        error_us: (error_s * 1e6).ceil() as u64,
        synchronised,
        source: ClockSource::Chrony,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_its_error() {
        let quality = kernel().unwrap();
        assert_eq!(quality.source, ClockSource::Kernel);
    }

    #[test]
    fn chronys_line_gives_the_largest_error() {
        let line = "A29FC87B,192.0.2.1,3,1700000000.1,0.000020390,0.000036,0.000042,-6.1,0.001,0.02,0.010000000,0.002000000,64.2,Normal";
        let quality = tracking(line).unwrap();
        assert_eq!(quality.error_us, 7021);
        assert!(quality.synchronised);
        assert!(
            !tracking(&line.replace("Normal", "Not synchronised"))
                .unwrap()
                .synchronised
        );
        assert!(tracking("506 Cannot talk to daemon").is_none());
    }
}
