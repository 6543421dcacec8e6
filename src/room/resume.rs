//! An interview that was open when the power went: found, mended, and recorded on.
//!
//! Runs once before the loop. The evidence room adopts whole chunks beyond the journal and completes what
//! was closing; the interview is built again from its own journal. Recording resumes by itself as the next
//! part when the cut is younger than `resume_within_minutes`; an older one waits for a press, alarmed. A
//! journal that cannot be understood is left alone with a loud alarm: never a silent recording.

use super::appliance::{Appliance, wall_time};
use super::discs::{SET_FINALISED, slot_of};
use crate::disc::{Feed, Slot};
use crate::evidence::adopt::{Adopted, Recovered, find_unfinished, recover};
use crate::evidence::journal::Journal;
use crate::evidence::line::Line;
use crate::evidence::names::TrackName;
use crate::interview::{
    Alarm, Entry, EntryError, Event, InterruptionCause, Interview, MediaTime, Moment, PartNumber, StateName,
};
use serde_json::Value;
use std::sync::Arc;

impl Appliance {
    /// `ledger` holds the room's lines so far.
    pub(super) fn resume_open_interview(&mut self, ledger: &[Line]) {
        let unfinished = match find_unfinished(&self.place) {
            Ok(ids) => ids,
            Err(error) => return self.raise(Alarm::IntentUnreadable, &error.to_string()),
        };
        for id in unfinished {
            match recover(&self.place, &id, Arc::clone(&self.now)) {
                Ok(Recovered::Open(adopted)) if self.open.is_none() => self.take_up(*adopted),
                Ok(Recovered::Open(_)) => {
                    self.raise(Alarm::IntentUnreadable, &format!("{id}: a second open interview"));
                }
                Ok(Recovered::Closed(_)) => tracing::warn!(%id, "its closing was completed"),
                Ok(Recovered::Stillborn) => tracing::warn!(%id, "nothing was recorded in it"),
                Err(error) => self.raise(Alarm::IntentUnreadable, &format!("{id}: {error}")),
            }
        }
        if self.open.is_none() {
            self.resume_discs(ledger);
        }
    }

    /// The sets of the interview closed last go on where they stood.
    fn resume_discs(&mut self, ledger: &[Line]) {
        let named = |line: &Line| {
            line.data
                .get("interview")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let last = ledger.iter().rev().find(|line| line.kind == "interview-opened");
        let Some((id, opened)) = last.and_then(|line| Some((named(line)?, line))) else {
            return;
        };
        let dir = self.place.interviews().join(&id);
        let is_done = |slot: &Slot| {
            ledger.iter().any(|line| {
                let slots = line.data.get("slot").and_then(Value::as_str);
                line.kind == SET_FINALISED
                    && named(line).as_deref() == Some(&id)
                    && slots == Some(slot.as_str())
            })
        };
        let slots: Vec<Slot> = self
            .config
            .burners
            .iter()
            .map(|b| slot_of(b.slot))
            .filter(|slot| !is_done(slot))
            .collect();
        if slots.is_empty() || !dir.join("SHA256SUMS").exists() {
            return;
        }
        let Ok(lines) = Journal::read(&dir.join("journal.jsonl")) else {
            return;
        };
        let entries = entries(&lines).unwrap_or_default();
        let uuid = opened
            .data
            .get("uuid")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let about = self.about(&id, uuid, &opened.at, &entries);
        tracing::info!(id, ?slots, "discs are finished where they stood");
        self.finish_discs(&dir, about, &slots);
    }

    fn take_up(&mut self, adopted: Adopted) {
        let entries = match entries(&adopted.lines) {
            Ok(entries) => entries,
            Err(error) => return self.raise(Alarm::IntentUnreadable, &error.to_string()),
        };
        let interview = match Interview::replay(self.rules.clone(), &entries) {
            Ok(interview) => interview,
            Err(error) => return self.raise(Alarm::IntentUnreadable, &error.to_string()),
        };
        self.interview = interview;
        // A cut between journal and index must not make a command be carried out twice.
        super::reindex::index_journal(&mut self.store, adopted.directory.id().as_str(), &adopted.lines);
        let last_part = adopted.outline.last_part();
        let until = recorded_until(&adopted);
        let age = self.wall().signed_duration_since(until.0);
        let writer = adopted.writer(self.config.segment_seconds);
        let segments = closed_segments(&adopted);
        if let Err(refusal) = self.begin_interview(adopted.directory, writer, last_part, &entries) {
            return self.raise(Alarm::MasterFailed, &refusal.message_en);
        }
        for disc in self.open.iter().flat_map(|open| &open.discs) {
            segments.iter().for_each(|segment| disc.feed(segment.clone()));
        }
        self.tell_of_the_cut(until.1);
        let limit = chrono::TimeDelta::minutes(i64::from(self.config.interview.resume_within_minutes));
        if self.interview.state() == StateName::Closing {
            self.end_recording();
        } else if age > limit {
            self.hold(&format!("{} min", age.num_minutes()));
        }
    }

    fn tell_of_the_cut(&mut self, recorded_until: Moment) {
        if self.interview.state() == StateName::Recording {
            let event = Event::RecordingLost {
                cause: InterruptionCause::PowerLoss,
                detail: "the room was started again".to_owned(),
                recorded_until,
            };
            self.observe(event);
        }
    }
}

/// Wall time and place of the last durable picture.
fn recorded_until(adopted: &Adopted) -> (chrono::DateTime<chrono::FixedOffset>, Moment) {
    let last = adopted.lines.last().and_then(Line::at).unwrap_or_default();
    let part = adopted
        .outline
        .parts
        .iter()
        .rev()
        .find(|p| p.opened.part == adopted.outline.last_part());
    match part.and_then(|part| Some((part, part.ended_at()?))) {
        Some((part, ended)) => {
            let media_us = MediaTime(part.end_us());
            (
                ended,
                Moment::on_air(wall_time(ended), PartNumber(part.opened.part), media_us),
            )
        }
        None => (last, Moment::off_air(wall_time(last))),
    }
}

/// What an open interview's discs have to get: every closed segment of the composite.
fn closed_segments(adopted: &Adopted) -> Vec<Feed> {
    let program = adopted
        .outline
        .parts
        .iter()
        .filter(|p| matches!(p.opened.track, TrackName::Program));
    let closed = program
        .flat_map(|part| &part.segments)
        .filter_map(|segment| segment.closed.as_ref());
    closed
        .map(|closed| Feed::FileDone {
            path: closed.segment.clone(),
            size: closed.size,
            sha256: closed.sha256.to_string(),
            sm3: closed.sm3.to_string(),
        })
        .collect()
}

fn entries(lines: &[Line]) -> Result<Vec<Entry>, EntryError> {
    lines
        .iter()
        .filter_map(|line| Entry::from_line(&line.kind, &Value::Object(line.data.clone())).transpose())
        .collect()
}
