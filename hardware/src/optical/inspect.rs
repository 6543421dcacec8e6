//! What is there: the drives, and the medium that lies in one.
//!
//! `discover` and `inspect` are called by `shenlu devices`, by the pre-check and by `disc` before every
//! burn. "Found, but no permission" is told apart from "absent": the remedies differ. Nothing is written.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::child::{Xorriso, tail};
use super::device::Device;
use super::fault::DiscFault;
use super::mmc::{self, LastSession};
use super::profile::{BLOCK_BYTES, MediumKind};
use super::toc::{SessionEntry, Toc, TocStatus};
use super::tray::{Tray, tray};

/// A drive as it was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum Found {
    Drive {
        device: Device,
        medium: Medium,
    },
    /// The device is there; this service may not use it. The fault carries the remedy.
    NoPermission {
        device: Device,
    },
    Absent {
        device: Device,
    },
    /// The drive is there, but could not say what lies in it.
    Silent {
        device: Device,
        fault: DiscFault,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Medium {
    /// The program's words, e.g. `DVD-R sequential recording`.
    pub name: String,
    /// `None`: no medium, or one that we do not write.
    pub kind: Option<MediumKind>,
    pub state: MediumState,
    pub sessions: Vec<SessionEntry>,
    pub free_blocks: u64,
    pub next_writable_block: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediumState {
    None,
    Blank,
    Appendable,
    /// Appendable, but a cut burn left its last session open (disc case 1) or its track damaged (case 2).
    LeftOpen,
    Closed,
    /// A kind that cannot be used here, or not readable at all.
    Unusable,
}

/// Every `/dev/srN` of the machine, and the image files that the configuration names.
pub fn discover(xorriso: &Xorriso, configured: &[Device]) -> Vec<Found> {
    let mut devices: Vec<Device> = drives(Path::new("/dev")).into_iter().collect();
    devices.extend(
        configured
            .iter()
            .filter(|d| !devices.contains(d))
            .cloned()
            .collect::<Vec<_>>(),
    );
    devices
        .iter()
        .map(|device| match inspect(xorriso, device) {
            Ok(medium) => Found::Drive {
                device: device.clone(),
                medium,
            },
            Err(DiscFault::Absent { .. }) => Found::Absent {
                device: device.clone(),
            },
            Err(DiscFault::NoPermission { .. }) => Found::NoPermission {
                device: device.clone(),
            },
            Err(fault) => Found::Silent {
                device: device.clone(),
                fault,
            },
        })
        .collect()
}

fn drives(dev: &Path) -> Vec<Device> {
    let mut found: Vec<_> = std::fs::read_dir(dev)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let digits = name
                .to_str()
                .and_then(|n| n.strip_prefix("sr"))
                .unwrap_or_default();
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        })
        .map(|entry| Device::Drive(entry.path()))
        .collect();
    found.sort_by(|a, b| a.path().cmp(b.path()));
    found
}

/// The medium's state now. `Absent` and `NoPermission` come as faults. An open tray stays open: someone may
/// have a hand in it, and the burning program would draw it in.
pub fn inspect(xorriso: &Xorriso, device: &Device) -> Result<Medium, DiscFault> {
    let name = device.address();
    reach(device)?;
    if tray(device) == Tray::Open {
        return Ok(Medium::none());
    }
    let answer = xorriso.ask(
        &name,
        "reading the medium's state",
        &["-outdev", &name, "-toc", "-tell_media_space"],
    )?;
    if !answer.status.success() && answer.stdout.is_empty() {
        return Err(DiscFault::Unreadable {
            device: name,
            detail: tail(&answer.stderr),
        });
    }
    let medium = Medium::judge(Toc::parse(&name, &answer.stdout)?);
    let is_write_once = medium.kind.is_some_and(MediumKind::is_write_once);
    match device {
        Device::Drive(path) if is_write_once && medium.state == MediumState::Appendable => {
            let last = open_drive(path)
                .and_then(|drive| mmc::last_session(&drive))
                .map_err(|error| DiscFault::Unreadable {
                    device: name,
                    detail: error.to_string(),
                })?;
            Ok(medium.with_last_session(last))
        }
        Device::Drive(_) | Device::Image(_) => Ok(medium),
    }
}

/// Also opens an empty drive; does not wait for a medium to get ready.
pub(super) fn open_drive(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
}

/// Opens the drive as the burning program will; an image's folder must take a new file.
pub(super) fn reach(device: &Device) -> Result<(), DiscFault> {
    match device {
        Device::Drive(path) => open_drive(path).map(drop),
        Device::Image(path) if path.exists() => {
            OpenOptions::new().read(true).write(true).open(path).map(drop)
        }
        Device::Image(path) => probe_folder(path),
    }
    .map_err(|error| unreachable_as(device, &error))
}

fn probe_folder(image: &Path) -> std::io::Result<()> {
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    let probe = image.with_file_name(format!(".{name}.probe"));
    File::create(&probe)?;
    std::fs::remove_file(&probe)
}

fn unreachable_as(device: &Device, error: &std::io::Error) -> DiscFault {
    let name = device.address();
    // A drive that was pulled answers ENXIO or ENODEV while its node still stands.
    match (error.kind(), error.raw_os_error()) {
        (ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem, _) => {
            DiscFault::NoPermission { device: name }
        }
        (ErrorKind::NotFound, _) | (_, Some(libc::ENXIO | libc::ENODEV)) => {
            DiscFault::Absent { device: name }
        }
        (_, _) => DiscFault::io(format!("opening {name}"), error),
    }
}

impl Medium {
    fn none() -> Self {
        Self {
            name: "tray open".to_owned(),
            kind: None,
            state: MediumState::None,
            sessions: Vec::new(),
            free_blocks: 0,
            next_writable_block: None,
        }
    }

    fn judge(toc: Toc) -> Self {
        let kind = MediumKind::from_toc_name(&toc.medium_name);
        let state = match toc.status {
            TocStatus::NotPresent => MediumState::None,
            TocStatus::Unusable => MediumState::Unusable,
            TocStatus::Closed => MediumState::Closed,
            TocStatus::Blank | TocStatus::Appendable if kind.is_none() => MediumState::Unusable,
            TocStatus::Blank | TocStatus::Appendable if toc.next_track_damaged => MediumState::LeftOpen,
            TocStatus::Blank => MediumState::Blank,
            TocStatus::Appendable => MediumState::Appendable,
        };
        Self {
            name: toc.medium_name,
            kind,
            state,
            sessions: toc.sessions,
            free_blocks: toc.free_blocks,
            next_writable_block: toc.next_writable_block,
        }
    }

    fn with_last_session(mut self, last: LastSession) -> Self {
        self.state = match last {
            LastSession::Empty => self.state,
            LastSession::Incomplete | LastSession::Damaged => MediumState::LeftOpen,
            LastSession::Complete => MediumState::Closed,
        };
        self
    }

    /// An image file stands in for a disc of this size.
    pub fn limited_to(mut self, capacity_bytes: u64) -> Self {
        let used = self.next_writable_block.unwrap_or(0);
        self.free_blocks = self
            .free_blocks
            .min((capacity_bytes / BLOCK_BYTES).saturating_sub(used));
        self
    }

    pub fn session_count(&self) -> u32 {
        u32::try_from(self.sessions.len()).unwrap_or(u32::MAX)
    }

    /// Good for a new disc of a set, or the fault that says why not.
    pub fn require_blank(&self, device: &Device) -> Result<MediumKind, DiscFault> {
        let device = device.address();
        match (self.state, self.kind) {
            (MediumState::Blank, Some(kind)) => Ok(kind),
            (MediumState::None, _) => Err(DiscFault::NoMedium { device }),
            (MediumState::Closed, _) if self.sessions.is_empty() => Err(DiscFault::Closed { device }),
            (MediumState::Appendable | MediumState::LeftOpen | MediumState::Closed, _) => {
                Err(DiscFault::Used {
                    device,
                    sessions: self.session_count(),
                })
            }
            (MediumState::Unusable, _) | (MediumState::Blank, None) => Err(DiscFault::WrongMedium {
                device,
                medium: self.name.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toc(name: &str, status: TocStatus) -> Toc {
        Toc {
            medium_name: name.into(),
            status,
            next_track_damaged: false,
            sessions: Vec::new(),
            free_blocks: 100,
            next_writable_block: Some(0),
        }
    }

    #[test]
    fn a_cd_is_the_wrong_medium_and_an_empty_drive_has_none() {
        let drive = Device::Drive("/dev/sr0".into());
        let cd = Medium::judge(toc("CD-R", TocStatus::Blank));
        assert!(matches!(
            cd.require_blank(&drive),
            Err(DiscFault::WrongMedium { .. })
        ));
        let none = Medium::judge(toc("is not recognizable", TocStatus::NotPresent));
        assert!(matches!(
            none.require_blank(&drive),
            Err(DiscFault::NoMedium { .. })
        ));
    }

    #[test]
    fn an_open_last_session_is_seen_though_the_drive_flags_no_damage() {
        let medium = Medium::judge(toc("DVD-R sequential recording", TocStatus::Appendable));
        assert_eq!(
            medium.clone().with_last_session(LastSession::Empty).state,
            MediumState::Appendable
        );
        assert_eq!(
            medium.with_last_session(LastSession::Incomplete).state,
            MediumState::LeftOpen
        );
    }
}
