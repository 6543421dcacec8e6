//! After a burn was cut: making the disc take sessions again (disc cases 1–6).
//!
//! Called by `disc` after a dead or killed child and at start after a power cut, at once, because until the
//! next append a PC sees the broken session. Overwritable media need nothing: their superblock is rewritten
//! last. On write-once media the open track is closed and the last good session becomes the base.

use super::child::{Xorriso, tail};
use super::device::Device;
use super::fault::DiscFault;
use super::inspect::{Medium, MediumState, inspect};
use super::toc::SessionEntry;

/// The disc as it can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    pub medium: Medium,
    /// Start of the last known session, to be given to the next burn when a broken one lies behind it.
    /// `None` with `lost_session`: there was none, the next burn has `Base::Nothing`.
    pub base_session_block: Option<u64>,
    /// A partial session was closed; it costs its own length and a gap (disc case 5).
    pub lost_session: bool,
}

/// `known` are the sessions of the ledger, in order. The disc may hold one more that is whole (the child
/// finished unseen): that is for the caller to judge by listing it, and is left alone here.
pub fn recover(xorriso: &Xorriso, device: &Device, known: &[SessionEntry]) -> Result<Recovery, DiscFault> {
    let medium = inspect(xorriso, device)?;
    match medium.state {
        MediumState::Appendable | MediumState::Closed => {
            require_prefix(device, &medium, known)?;
            Ok(Recovery {
                medium,
                base_session_block: None,
                lost_session: false,
            })
        }
        MediumState::Blank if known.is_empty() => Ok(Recovery {
            medium,
            base_session_block: None,
            lost_session: false,
        }),
        MediumState::LeftOpen => close_damaged(xorriso, device, known),
        MediumState::Blank => Err(differ(device, &medium, known)),
        MediumState::None => Err(DiscFault::NoMedium {
            device: device.address(),
        }),
        MediumState::Unusable => Err(DiscFault::NotRecoverable {
            device: device.address(),
            detail: medium.name,
        }),
    }
}

fn close_damaged(xorriso: &Xorriso, device: &Device, known: &[SessionEntry]) -> Result<Recovery, DiscFault> {
    let name = device.address();
    // `as_needed` does nothing where the drive flags no damage (disc case 2).
    let args = ["-outdev", &name, "-close", "off", "-close_damaged", "force"];
    let patient = Xorriso {
        question_deadline: xorriso.close_stall,
        ..xorriso.clone()
    };
    let answer = patient.ask(&name, "closing the damaged track", &args)?;
    let medium = inspect(xorriso, device)?;
    if medium.state != MediumState::Appendable {
        return Err(DiscFault::NotRecoverable {
            device: name,
            detail: tail(&answer.stderr),
        });
    }
    require_prefix(device, &medium, known)?;
    Ok(Recovery {
        // Without a good session the caller begins anew behind the broken one (case 4).
        base_session_block: known.last().map(|good| good.start_block),
        medium,
        lost_session: true,
    })
}

fn require_prefix(device: &Device, medium: &Medium, known: &[SessionEntry]) -> Result<(), DiscFault> {
    let holds =
        medium.sessions.len() >= known.len() && medium.sessions.iter().zip(known).all(|(a, b)| a.is_same(b));
    if holds {
        Ok(())
    } else {
        Err(differ(device, medium, known))
    }
}

fn differ(device: &Device, medium: &Medium, known: &[SessionEntry]) -> DiscFault {
    DiscFault::SessionsDiffer {
        device: device.address(),
        expected: u32::try_from(known.len()).unwrap_or(u32::MAX),
        found: medium.session_count(),
    }
}
