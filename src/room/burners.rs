//! The drives while no interview uses them: is there one, is a blank disc in it?
//!
//! Looked at every few seconds on a thread of its own; while discs are being written only their workers
//! touch the drives. Feeds the pre-check.

use super::config::{BurnerSlot, RoomConfig};
use super::events::RoomEvent;
use super::words;
use hardware::optical::{Device, MediumState, Xorriso, inspect};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(3);

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
    busy: Arc<AtomicBool>,
    events: Sender<RoomEvent>,
) -> std::io::Result<()> {
    let burners = config.burners.clone();
    if burners.is_empty() {
        return Ok(());
    }
    std::thread::Builder::new()
        .name("burners".into())
        .spawn(move || {
            loop {
                if !busy.load(Ordering::SeqCst) {
                    for burner in &burners {
                        let medium = look(&burner.device);
                        let seen = BurnerSeen {
                            slot: burner.slot,
                            device: burner.device.clone(),
                            medium,
                        };
                        if events.send(RoomEvent::Burner(seen)).is_err() {
                            return;
                        }
                    }
                }
                std::thread::sleep(LOOK_EVERY);
            }
        })?;
    Ok(())
}

fn look(device: &str) -> Result<String, String> {
    let device = Device::parse(device).map_err(|e| e.to_string())?;
    match inspect(&Xorriso::default(), &device) {
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
