//! Clock, climate, free space: looked at on a thread of their own, once a second, told to the loop.
//!
//! Any of them may take its time; the loop only sees how old the last answer is.

use super::config::{Climate, RoomConfig};
use super::events::RoomEvent;
use super::ports::{ClimateReading, ClockQuality, Surroundings};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// The real ones.
pub struct Machine {
    data: PathBuf,
    climate: Option<Climate>,
    began: Instant,
}

impl Machine {
    pub fn new(config: &RoomConfig) -> Machine {
        Machine {
            data: config.data.dir.clone(),
            climate: config.climate,
            began: Instant::now(),
        }
    }
}

impl Surroundings for Machine {
    fn clock(&mut self) -> ClockQuality {
        match hardware::clock::best() {
            Ok(found) => ClockQuality {
                error_us: Some(found.error_us),
                synchronised: found.synchronised,
                source: format!("{:?}", found.source).to_lowercase(),
            },
            Err(error) => ClockQuality {
                error_us: None,
                synchronised: false,
                source: error.to_string(),
            },
        }
    }

    fn climate(&mut self) -> Option<ClimateReading> {
        match self.climate? {
            Climate::Sim => {
                let reading = hardware::climate::Simulated.read(self.began.elapsed());
                Some(ClimateReading {
                    temperature_centi_c: reading.temperature_centi_c,
                    humidity_centi_pct: i32::try_from(reading.humidity_centi_pct).ok()?,
                })
            }
        }
    }

    fn free_bytes(&mut self) -> Option<u64> {
        free_bytes(&self.data)
    }
}

/// Bytes that an unprivileged process may still write below `path`.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` ends in a zero byte and `found` is large enough; it is read only after success.
    let found = unsafe {
        if libc::statvfs(path.as_ptr(), found.as_mut_ptr()) != 0 {
            return None;
        }
        found.assume_init()
    };
    Some(found.f_bavail * found.f_frsize)
}

/// Looks once a second until the loop is gone.
pub fn watch(mut machine: impl Surroundings + 'static, events: Sender<RoomEvent>) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("surroundings".into())
        .spawn(move || {
            loop {
                let seen = RoomEvent::Surroundings {
                    clock: machine.clock(),
                    climate: machine.climate(),
                    free_bytes: machine.free_bytes(),
                };
                if events.send(seen).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        })?;
    Ok(())
}
