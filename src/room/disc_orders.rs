//! Which discs are wanted of which interview: by the room's mode, by what the ledger knows, by order.
//!
//! Every closed interview has its sets burnt without being asked, but for a room that keeps to its disks: there
//! `burn-discs` orders them from the master. An order stands in the ledger before it is carried out, so a restart
//! goes on with it.

use super::appliance::Appliance;
use super::config::{BurnerSlot, DiscMode, Room};
use super::handle::{Accepted, Answer, CommandRequest, refused};
use super::numbering::SET_NUMBERED;
use super::resume::entries;
use super::words;
use crate::disc::{About, LedgerEntry, Slot};
use crate::evidence::journal::Journal;
use crate::evidence::line::{Line, time_text};
use crate::interview::{CaseRef, Entry, Fact, RuleId};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The command that orders discs of a closed interview.
pub(super) const BURN_DISCS: &str = "burn-discs";
/// The ledger's words for a set that is whole and closed, for one that turned out not to be, and for an order.
pub(super) const SET_FINALISED: &str = "set-finalised";
pub(super) const SET_REOPENED: &str = "set-reopened";
const DISCS_ORDERED: &str = "discs-ordered";

/// Discs that are wanted of an interview.
#[derive(Clone, Debug)]
pub(super) struct DiscOrder {
    pub dir: PathBuf,
    pub about: About,
    pub slots: Vec<Slot>,
}

fn text(line: &Line, key: &str) -> String {
    let value = line.data.get(key).and_then(serde_json::Value::as_str);
    value.unwrap_or_default().to_owned()
}

fn is_finalised(ledger: &[Line], id: &str, slot: Slot) -> bool {
    let of_the_set = |line: &&Line| {
        [SET_FINALISED, SET_REOPENED].contains(&line.kind.as_str())
            && text(line, "interview") == id
            && text(line, "slot") == slot.as_str()
    };
    let last = ledger.iter().rev().find(of_the_set);
    last.is_some_and(|line| line.kind == SET_FINALISED)
}

fn was_ordered(ledger: &[Line], id: &str) -> bool {
    let mut orders = ledger.iter().filter(|line| line.kind == DISCS_ORDERED);
    orders.any(|line| text(line, "interview") == id)
}

/// What the discs say of the case is what was known at the start; a later binding stands in the journal.
pub(super) fn case_at_start(entries: &[Entry]) -> CaseRef {
    let started = entries.iter().find_map(|entry| match &entry.fact {
        Fact::Started(started) => Some(started.case.clone()),
        _ => None,
    });
    started.unwrap_or_default()
}

/// What stands on an interview's discs about it.
pub(super) fn about_of(
    room: &Room,
    set_in_case: Option<u32>,
    (id, uuid): (&str, &str),
    opened_at: &str,
    entries: &[Entry],
) -> About {
    let kind = entries.iter().find_map(|entry| match &entry.fact {
        Fact::Started(started) => Some(started.interview.name_zh().to_owned()),
        _ => None,
    });
    let case = case_at_start(entries);
    About {
        unit: room.unit.clone(),
        room_id: room.id.clone(),
        room_name: room.name.clone(),
        interview_id: id.to_owned(),
        uuid: uuid.to_owned(),
        case_number: if case.number.is_empty() {
            case.incident_number
        } else {
            case.number
        },
        case_name: case.name,
        kind: kind.unwrap_or_default(),
        started_at: opened_at.to_owned(),
        set_in_case,
    }
}

impl Appliance {
    /// The slots of every interview's sets; none in a room that burns only by order.
    pub(super) fn slots(&self) -> Vec<Slot> {
        match self.config.disc.mode {
            DiscMode::Parallel | DiscMode::Relay => self.all_slots(),
            DiscMode::DiskOnly => Vec::new(),
        }
    }

    fn all_slots(&self) -> Vec<Slot> {
        let burners = &self.config.burners;
        let sets = usize::try_from(self.config.disc.sets).unwrap_or(2);
        let has = |slot| burners.iter().any(|burner| burner.slot == slot);
        match (burners.is_empty(), sets) {
            (true, _) | (_, 0) => Vec::new(),
            // One set, in the drive that there is.
            (false, 1) if has(BurnerSlot::B) && !has(BurnerSlot::A) => vec![Slot::B],
            (false, 1) => vec![Slot::A],
            (false, _) => vec![Slot::A, Slot::B],
        }
    }

    /// Discs of a closed interview are ordered: what is not finalised of them is burnt from the master.
    pub(super) fn on_burn_discs(&mut self, request: &CommandRequest) -> Answer {
        match self.order_of(request) {
            Ok(order) => {
                let id = order.about.interview_id.clone();
                let is_known = self.disc_queue.iter().any(|queued| queued.dir == order.dir)
                    || self.disc_set.as_ref().is_some_and(|set| set.is_of(&id));
                if !is_known {
                    if let Err(error) = self.ledger.write(DISCS_ORDERED, json!({ "interview": id })) {
                        let said = words::NOT_ORDERED;
                        let said = (said.zh.to_owned(), format!("{}: {error}", said.en));
                        return Answer::Refused(refused("not-ordered", Some(RuleId::R17), said));
                    }
                    self.disc_queue.push_back(order);
                }
                Answer::Accepted(Accepted {
                    command_id: request.command_id.clone(),
                    interview_id: Some(id),
                    at: time_text(self.wall()),
                })
            }
            Err((code, said)) => {
                let said = (said.zh.to_owned(), said.en.to_owned());
                Answer::Refused(refused(code, Some(RuleId::R17), said))
            }
        }
    }

    fn order_of(&self, request: &CommandRequest) -> Result<DiscOrder, (&'static str, words::Said)> {
        let unknown = ("no-such-interview", words::NO_SUCH_INTERVIEW);
        let id = request
            .command
            .get("interview")
            .and_then(serde_json::Value::as_str);
        let ledger = self.ledger_lines();
        let opened = ledger
            .iter()
            .filter(|line| line.kind == "interview-opened")
            .find(|line| Some(text(line, "interview").as_str()) == id)
            .ok_or(unknown)?;
        let (id, uuid) = (text(opened, "interview"), text(opened, "uuid"));
        let dir = self.place.interviews().join(&id);
        if !self.is_closed(&dir) {
            return Err(("not-closed", words::NOT_CLOSED_YET));
        }
        let mut slots = self.all_slots();
        if slots.is_empty() {
            return Err(("no-burner", words::NO_BURNER));
        }
        slots.retain(|slot| !is_finalised(&ledger, &id, *slot));
        if slots.is_empty() {
            return Err(("already-burnt", words::ALREADY_BURNT));
        }
        let lines = Journal::read(&dir.join("journal.jsonl")).map_err(|_| unknown)?;
        let opened_at = lines.first().map(|line| line.at.clone()).unwrap_or_default();
        let facts = entries(&lines).unwrap_or_default();
        let about = self.about(&id, &uuid, &opened_at, &facts);
        Ok(DiscOrder { dir, about, slots })
    }

    fn ledger_lines(&self) -> Vec<Line> {
        let read = Journal::read(&self.config.data.dir.join("ledger.jsonl"));
        read.unwrap_or_else(|error| {
            tracing::error!(%error, "ledger");
            Vec::new()
        })
    }

    /// What the ledger knows of discs so far.
    pub(super) fn disc_history(&self) -> Vec<LedgerEntry> {
        super::logs::disc_history(&self.ledger_lines())
    }

    pub(super) fn about(&self, id: &str, uuid: &str, opened_at: &str, entries: &[Entry]) -> About {
        let set_in_case = self.numbering.on_discs(uuid).map(|set| set.number);
        about_of(&self.config.room, set_in_case, (id, uuid), opened_at, entries)
    }

    /// Counts the interview's set in its case, once, durably before a disc bears the number.
    pub(super) fn number_set(&mut self, id: &str, uuid: &str, case: &CaseRef) {
        if let Some(line) = self.numbering.give(id, uuid, case)
            && let Err(error) = self.ledger.write(SET_NUMBERED, line)
        {
            tracing::error!(%error, "ledger");
        }
    }

    /// Closed interviews whose sets the ledger does not know as finalised, oldest first.
    pub(super) fn unfinished_sets(&self, ledger: &[Line]) -> Vec<(String, String, Vec<Slot>)> {
        let opened = ledger.iter().filter(|line| line.kind == "interview-opened");
        opened
            .map(|line| (text(line, "interview"), text(line, "uuid")))
            .map(|(id, uuid)| {
                let mut slots = if was_ordered(ledger, &id) {
                    self.all_slots()
                } else {
                    self.slots()
                };
                slots.retain(|slot| !is_finalised(ledger, &id, *slot));
                (id, uuid, slots)
            })
            .filter(|(_, _, slots)| !slots.is_empty())
            .collect()
    }

    pub(super) fn is_closed(&self, dir: &Path) -> bool {
        dir.join("SHA256SUMS").exists()
    }
}
