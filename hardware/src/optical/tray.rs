//! The tray: whether it is open, opening it, drawing it in again.
//!
//! Asked before every look at a medium, because the burning program draws an open tray in by itself, and someone
//! may have a hand in it. Image files have none.

use std::os::fd::AsRawFd;

use super::child::Xorriso;
use super::device::Device;
use super::fault::DiscFault;
use super::inspect::{MediumState, inspect, open_drive};

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tray {
    Open,
    /// With or without a disc.
    Closed,
    /// An image, or a drive that does not say.
    Unknown,
}

/// The kernel's question, which moves nothing; see `<linux/cdrom.h>`.
const CDROM_DRIVE_STATUS: libc::c_ulong = 0x5326;
const CDSL_CURRENT: libc::c_int = i32::MAX;
const NO_DISC: libc::c_int = 1;
const TRAY_OPEN: libc::c_int = 2;
const DISC_OK: libc::c_int = 4;

pub fn tray(device: &Device) -> Tray {
    let Device::Drive(path) = device else {
        return Tray::Unknown;
    };
    let Ok(drive) = open_drive(path) else {
        return Tray::Unknown;
    };
    // SAFETY: the request takes a number and touches no memory of ours.
    match unsafe { libc::ioctl(drive.as_raw_fd(), CDROM_DRIVE_STATUS as _, CDSL_CURRENT) } {
        TRAY_OPEN => Tray::Open,
        NO_DISC | DISC_OK => Tray::Closed,
        _unsaid => Tray::Unknown,
    }
}

/// Opens the tray; an image has none.
pub fn eject(xorriso: &Xorriso, device: &Device) -> Result<(), DiscFault> {
    match device {
        Device::Image(_) => Ok(()),
        Device::Drive(_) => {
            let name = device.address();
            xorriso
                .ask(&name, "opening the tray", &["-outdev", &name, "-eject", "out"])
                .map(|_| ())
        }
    }
}

/// Opens the tray and loads it again, so that what is read next comes from the disc; waits until the drive is
/// ready. An image has no tray.
pub fn reload(xorriso: &Xorriso, device: &Device) -> Result<(), DiscFault> {
    eject(xorriso, device)?;
    let name = device.address();
    if let Device::Drive(_) = device {
        // Taking a drive draws its tray in, where the drive can, and waits until it has looked at the disc.
        xorriso.ask(&name, "closing the tray", &["-outdev", &name])?;
    }
    match inspect(xorriso, device)?.state {
        MediumState::None => Err(DiscFault::NoMedium { device: name }),
        MediumState::Blank
        | MediumState::Appendable
        | MediumState::LeftOpen
        | MediumState::Closed
        | MediumState::Unusable => Ok(()),
    }
}
