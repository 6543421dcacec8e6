//! The drives while no interview uses them: is there one, is a blank disc in it?
//!
//! Looked at every few seconds on a thread of its own; while discs are being written only their workers
//! touch the drives, but for those that no worker has: whether the standby can take over is worth knowing before
//! it must. Feeds the pre-check.

use super::config::{Burner, BurnerSlot, RoomConfig};
use super::events::RoomEvent;
use super::words;
use crate::disc::Spares;
use hardware::optical::{Device, MediumState, Xorriso, inspect};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(3);
/// While an interview is recorded a drive that stands by is left in peace for longer.
const LOOK_AT_SPARES_EVERY: u32 = 10;

/// While an interview's discs are in work: the drives that are free all the same.
#[derive(Clone, Default)]
pub(super) struct DrivesInUse(Arc<Mutex<Option<Arc<Spares>>>>);

impl DrivesInUse {
    pub fn set(&self, spares: Option<Arc<Spares>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = spares;
    }

    fn get(&self) -> Option<Arc<Spares>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One drive as it was found while idle.
#[derive(Clone, Debug)]
pub struct BurnerSeen {
    pub slot: BurnerSlot,
    pub device: String,
    /// `blank`, or what else lies in it; the fault with its remedy where it cannot be used.
    pub medium: Result<String, String>,
}

pub(super) fn watch(
    config: &RoomConfig,
    in_use: DrivesInUse,
    events: Sender<RoomEvent>,
) -> std::io::Result<()> {
    let burners = config.burners.clone();
    if burners.is_empty() {
        return Ok(());
    }
    std::thread::Builder::new()
        .name("burners".into())
        .spawn(move || {
            for turn in 0u32.. {
                let seen = match in_use.get() {
                    None => burners.iter().map(look_at).collect(),
                    Some(spares) if turn.is_multiple_of(LOOK_AT_SPARES_EVERY) => look_at_spares(&spares),
                    Some(_) => Vec::new(),
                };
                for seen in seen {
                    if events.send(RoomEvent::Burner(seen)).is_err() {
                        return;
                    }
                }
                std::thread::sleep(LOOK_EVERY);
            }
        })?;
    Ok(())
}

fn look_at(burner: &Burner) -> BurnerSeen {
    let device = Device::parse(&burner.device).map_err(|e| e.to_string());
    BurnerSeen {
        slot: burner.slot,
        device: burner.device.clone(),
        medium: device.and_then(|device| look(&device)),
    }
}

/// Whatever slot a free drive is configured for, it stands by now. Nobody takes a drive that is being looked at.
fn look_at_spares(spares: &Spares) -> Vec<BurnerSeen> {
    let mut seen = Vec::new();
    let nothing_taken = spares.take_first(|drive| {
        seen.push(BurnerSeen {
            slot: BurnerSlot::Standby,
            device: drive.address(),
            medium: look(&drive.first_unused()),
        });
        None::<()>
    });
    debug_assert!(nothing_taken.is_none());
    seen
}

fn look(device: &Device) -> Result<String, String> {
    match inspect(&Xorriso::default(), device) {
        Ok(medium) => match medium.state {
            MediumState::Blank => Ok("blank".into()),
            MediumState::None => Err(words::NO_DISC.both()),
            MediumState::Appendable | MediumState::LeftOpen | MediumState::Closed => {
                Err(words::USED_DISC.both_with(medium.session_count()))
            }
            MediumState::Unusable => Err(words::WRONG_DISC.both_with(&medium.name)),
        },
        Err(fault) => Err(format!(
            "{}，{} {fault}; {}",
            fault.message_zh(),
            fault.remedy_zh(),
            fault.remedy_en()
        )),
    }
}
