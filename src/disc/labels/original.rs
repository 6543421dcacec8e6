//! Which set is the original (正本): one that was burnt live and read back, whichever slot it lay in.
//!
//! A person may choose otherwise, but never a set that was burnt from the master while a live one is there.

use super::super::plan::Slot;
use super::error::LabelError;
use super::facts::{Burnt, DiscFacts, Standing};

/// Marks every disc as original or copy, and gives the original's slot. Sets come in the order A, B, standby; the
/// first that was burnt live is proposed, else the first.
pub fn propose(discs: &mut [DiscFacts], chosen: Option<Slot>) -> Result<Option<Slot>, LabelError> {
    let live = discs.iter().find(|disc| is_live(discs, disc.slot));
    let live = live.map(|disc| disc.slot);
    let original = match (chosen, live) {
        (Some(chosen), Some(live)) if has_discs(discs, chosen) && !is_live(discs, chosen) => {
            return Err(LabelError::NotLive { chosen, live });
        }
        (Some(chosen), _) if !has_discs(discs, chosen) => {
            return Err(LabelError::NoOriginal(chosen));
        }
        (Some(chosen), _) => Some(chosen),
        (None, Some(live)) => Some(live),
        (None, None) => discs.first().map(|disc| disc.slot),
    };
    for disc in discs.iter_mut() {
        disc.standing = if Some(disc.slot) == original {
            Standing::Original
        } else {
            Standing::Copy
        };
    }
    Ok(original)
}

fn has_discs(discs: &[DiscFacts], slot: Slot) -> bool {
    discs.iter().any(|disc| disc.slot == slot)
}

/// One disc of the set that came from the master makes the whole set no live one.
fn is_live(discs: &[DiscFacts], slot: Slot) -> bool {
    let mut of_set = discs.iter().filter(|disc| disc.slot == slot);
    has_discs(discs, slot) && of_set.all(|disc| disc.burnt == Burnt::Live)
}
