//! The clocks that a journal line shows: wall time with its offset, the boot it
//! belongs to and the monotonic time since then. A trait, so that tests set it;
//! only `SystemNow` reads the machine.

use chrono::{DateTime, FixedOffset, Local};
use std::{fs, io};

/// One reading of all clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Local time with its offset; journalled to the millisecond.
    pub at: DateTime<FixedOffset>,
    /// Which boot `mono_us` counts from.
    pub boot: String,
    pub mono_us: u64,
}

/// Where the evidence takes its time from.
pub trait Now: Send + Sync {
    fn now(&self) -> Stamp;
}

/// The machine's clocks.
#[derive(Debug, Clone)]
pub struct SystemNow {
    boot: String,
}

impl SystemNow {
    /// Reads the boot id once; it cannot change while this process lives.
    pub fn new() -> io::Result<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        Ok(Self {
            boot: boot.trim().to_owned(),
        })
    }
}

impl Now for SystemNow {
    fn now(&self) -> Stamp {
        Stamp {
            at: Local::now().fixed_offset(),
            boot: self.boot.clone(),
            mono_us: monotonic_us(),
        }
    }
}

fn monotonic_us() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec that the call fills in.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    debug_assert_eq!(result, 0, "CLOCK_MONOTONIC exists on every Linux");
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}
