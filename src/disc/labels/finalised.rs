//! Which discs of an interview are sound and finalised, as the room's ledger has it.
//!
//! Read line by line, in order: a disc that failed has no label, a set without its last disc is not whole and has
//! none yet, and a whole replacement (disc case 6) takes the place of what was burnt before it. What was opened
//! before the interview closed, and is no replacement, was burnt live.

use serde::Deserialize;

use super::super::plan::Slot;
use super::facts::Burnt;
use crate::evidence::line::{Data, Line};
use serde_json::Value;

/// The file that only the last disc of a set has.
const END_OF_SET: &str = "INTERVIEW-SHA256SUMS";

#[derive(Clone, Debug)]
pub(super) struct Finalised {
    pub(super) volume_id: String,
    pub(super) medium: String,
    pub(super) burnt: Burnt,
    pub(super) at: String,
}

/// What the ledger's lines tell of one disc.
struct Seen {
    slot: Slot,
    disc: u64,
    replacement: bool,
    finalised: Finalised,
    is_finalised: bool,
    has_failed: bool,
    /// Whether the burn in hand, and the disc, hold the end of the set.
    burning_end: bool,
    holds_end: bool,
}

#[derive(Deserialize)]
struct Opened {
    slot: Slot,
    disc: u64,
    #[serde(default)]
    volume_id: String,
    #[serde(default)]
    medium: String,
    #[serde(default)]
    replacement: bool,
}

#[derive(Default)]
pub(super) struct Sets {
    /// The discs of each whole set, in the order of their numbers; sets in the order A, B, standby.
    pub(super) whole: Vec<(Slot, Vec<Finalised>)>,
    /// Slots whose set was begun live and is not finalised yet.
    pub(super) burning: Vec<Slot>,
}

pub(super) fn sets(ledger: &[Line], uuid: &str) -> Sets {
    let seen = seen(ledger, uuid);
    let mut sets = Sets::default();
    for slot in [Slot::A, Slot::B, Slot::Standby] {
        let live = |seen: &Seen| seen.finalised.burnt == Burnt::Live && !seen.has_failed;
        match whole_set(&seen, slot) {
            Some(discs) => sets.whole.push((slot, discs)),
            None if seen.iter().any(|seen| seen.slot == slot && live(seen)) => sets.burning.push(slot),
            None => {}
        }
    }
    sets
}

fn whole_set(seen: &[Seen], slot: Slot) -> Option<Vec<Finalised>> {
    [true, false].into_iter().find_map(|replacement| {
        let sound = |seen: &&Seen| seen.is_finalised && !seen.has_failed;
        let of_set = |seen: &&Seen| seen.slot == slot && seen.replacement == replacement;
        let discs: Vec<&Seen> = seen.iter().filter(of_set).filter(sound).collect();
        let is_whole = discs.last().is_some_and(|last| last.holds_end);
        is_whole.then(|| discs.iter().map(|disc| disc.finalised.clone()).collect())
    })
}

fn seen(ledger: &[Line], uuid: &str) -> Vec<Seen> {
    let mut discs: Vec<Seen> = Vec::new();
    let mut burnt = Burnt::Live;
    for line in ledger {
        if line.kind == "interview-closed" && text(&line.data, "uuid") == uuid {
            burnt = Burnt::FromMaster;
        }
        if !line.kind.starts_with("disc-") || text(&line.data, "interview") != uuid {
            continue;
        }
        if line.kind == "disc-opened" {
            discs.extend(opened(line, burnt));
        } else if let Some(disc) = discs.iter_mut().find(|disc| disc.is_of(&line.data)) {
            disc.take(line);
        }
    }
    discs
}

fn opened(line: &Line, burnt: Burnt) -> Option<Seen> {
    let Opened {
        slot,
        disc,
        volume_id,
        medium,
        replacement,
    } = serde_json::from_value(Value::Object(line.data.clone())).ok()?;
    let burnt = if replacement { Burnt::FromMaster } else { burnt };
    let finalised = Finalised {
        volume_id,
        medium,
        burnt,
        at: String::new(),
    };
    Some(Seen {
        slot,
        disc,
        replacement,
        finalised,
        is_finalised: false,
        has_failed: false,
        burning_end: false,
        holds_end: false,
    })
}

impl Seen {
    fn is_of(&self, data: &Data) -> bool {
        let disc = data.get("disc").and_then(Value::as_u64);
        text(data, "slot") == self.slot.as_str() && disc == Some(self.disc)
    }

    fn take(&mut self, line: &Line) {
        match line.kind.as_str() {
            "disc-intent" => self.burning_end = names_end(&line.data),
            "disc-committed" => self.holds_end |= std::mem::take(&mut self.burning_end),
            "disc-recovered" => self.burning_end = false,
            "disc-finalised" => {
                self.is_finalised = true;
                self.finalised.at.clone_from(&line.at);
            }
            "disc-failed" => self.has_failed = true,
            _ => {} // read-backs, and what later versions write
        }
    }
}

fn names_end(intent: &Data) -> bool {
    let files = intent.get("files").and_then(Value::as_array);
    files.is_some_and(|files| {
        let path = |file: &'_ Value| file.get("path").and_then(Value::as_str) == Some(END_OF_SET);
        files.iter().any(path)
    })
}

fn text<'a>(data: &'a Data, key: &str) -> &'a str {
    data.get(key).and_then(Value::as_str).unwrap_or_default()
}
