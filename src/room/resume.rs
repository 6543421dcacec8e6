//! An interview that was open when the power went: found, mended, and recorded on.
//!
//! Runs once before the loop. The evidence room adopts whole chunks beyond the journal and completes what
//! was closing; the interview is built again from its own journal. Recording resumes by itself as the next
//! part when the cut is younger than `resume_within_minutes`; an older one waits for a press, alarmed. A
//! journal that cannot be understood is left alone with a loud alarm: never a silent recording.

use super::appliance::{Appliance, wall_time};
use super::case_paths::CASE_FOLDER;
use super::disc_orders::DiscOrder;
use super::open::{OpenInterview, Part};
use crate::disc::Feed;
use crate::evidence::adopt::{AdoptError, Adopted, Recovered, find_unfinished, recover};
use crate::evidence::catch_up::catch_up_all;
use crate::evidence::journal::Journal;
use crate::evidence::line::Line;
use crate::evidence::names::{InterviewId, TrackName};
use crate::interview::{
    Alarm, Command, Entry, EntryError, Event, InterruptionCause, Interview, MediaTime, Moment, PartNumber,
    StateName,
};
use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};
use std::sync::Arc;

impl Appliance {
    /// `ledger` holds the room's lines so far.
    pub(super) fn resume_open_interview(&mut self, ledger: &[Line]) {
        let unfinished = match find_unfinished(&self.place.interviews()) {
            Ok(ids) => ids,
            Err(error) => return self.raise(Alarm::IntentUnreadable, &error.to_string()),
        };
        for id in unfinished {
            match recover(&self.place, &id, Arc::clone(&self.now)) {
                Ok(Recovered::Open(adopted)) if self.open.is_none() => self.take_up(*adopted),
                Ok(Recovered::Open(_)) => {
                    self.raise(Alarm::IntentUnreadable, &format!("{id}: a second open interview"));
                }
                Ok(Recovered::Closed(closed)) => {
                    self.note_stamping(id.as_str(), &closed.stamping);
                    self.index_completed(&id);
                }
                Ok(Recovered::Stillborn) => tracing::warn!(%id, "nothing was recorded in it"),
                // The alarm of the keys stands already.
                Err(error @ AdoptError::KeysOutOfReach { .. }) => tracing::error!(%error, "left as it is"),
                Err(error) => self.raise(Alarm::IntentUnreadable, &format!("{id}: {error}")),
            }
        }
        self.level_copies();
        if self.open.is_none() {
            self.resume_confidential(ledger);
        }
        self.queue_discs(ledger);
        self.resume_unconfirmed(ledger);
        self.note_cut_case_discs(ledger);
    }

    /// The second disk gets what it had not got when the room went down. It may hang, so nothing waits for it.
    fn level_copies(&self) {
        let place = self.place.clone();
        let started = std::thread::Builder::new().name("copies".into()).spawn(move || {
            for (id, caught_up) in catch_up_all(&place) {
                match caught_up {
                    Ok(()) => tracing::warn!(id, "its copy is completed"),
                    Err(error) => tracing::error!(id, %error, "its copy on the second disk is behind"),
                }
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "copies on the second disk are not looked at");
        }
    }

    /// A lawyer's talk goes on being one after a restart.
    fn resume_confidential(&mut self, ledger: &[Line]) {
        let last = ledger
            .iter()
            .rev()
            .find(|line| line.kind.starts_with("confidential-"));
        if last.is_some_and(|line| line.kind == "confidential-began") {
            let resumed = self.interview.step(self.moment(), Command::BeginConfidential {});
            tracing::warn!(
                resumed = resumed.is_ok(),
                "the room was confidential when it went down"
            );
        }
    }

    /// Its closing was completed by the evidence room; the index has to hear of it.
    fn index_completed(&mut self, id: &InterviewId) {
        tracing::warn!(%id, "its closing was completed");
        let path = self.place.interviews().join(id.as_str()).join("journal.jsonl");
        match Journal::read(&path) {
            Ok(lines) => self.index.journal(id.as_str(), &lines),
            Err(error) => tracing::error!(%id, %error, "not indexed"),
        }
        if let Err(error) = self
            .ledger
            .write("interview-closed", json!({"interview": id.as_str()}))
        {
            tracing::error!(%error, "ledger");
        }
    }

    /// Sets of closed interviews that the ledger does not know as finalised go on where they stood.
    fn queue_discs(&mut self, ledger: &[Line]) {
        for (id, uuid, slots) in self.unfinished_sets(ledger) {
            let dir = self.place.interviews().join(&id);
            if !self.is_closed(&dir) {
                continue;
            }
            let Ok(lines) = Journal::read(&dir.join("journal.jsonl")) else {
                continue;
            };
            let opened_at = lines.first().map(|line| line.at.clone()).unwrap_or_default();
            let about = self.about(&id, &uuid, &opened_at, &entries(&lines).unwrap_or_default());
            tracing::info!(id, ?slots, "discs are finished where they stood");
            self.disc_queue.push_back(DiscOrder { dir, about, slots });
        }
    }

    fn take_up(&mut self, adopted: Adopted) {
        let found = entries(&adopted.lines)
            .map_err(|error| error.to_string())
            .and_then(|entries| {
                let interview = Interview::replay(self.rules.clone(), &entries);
                interview
                    .map(|interview| (interview, entries))
                    .map_err(|error| error.to_string())
            });
        let (interview, entries) = match found {
            Ok(found) => found,
            Err(error) => return self.raise(Alarm::IntentUnreadable, &error),
        };
        let id = adopted.directory.id().as_str().to_owned();
        if interview.state() == StateName::Idle {
            return tracing::warn!(id, "the cut came before its start: nothing was recorded in it");
        }
        self.interview = interview;
        // A cut between journal and index must not make a command be carried out twice.
        self.index.journal(&id, &adopted.lines);
        let last_part = adopted.outline.last_part();
        let (until, recorded_until) = recorded_until(&adopted);
        let segments = whole_files(&adopted);
        let opened_at = adopted.lines.first().map(|line| line.at.clone());
        let writer = adopted.writer(self.config.segment_seconds);
        if let Err(refusal) = self.begin_interview(adopted.directory, writer, last_part, &entries, opened_at)
        {
            return self.raise(Alarm::MasterFailed, &refusal.message_en);
        }
        if let Some(open) = &mut self.open {
            open.segments = segments;
        }
        self.tell_of_the_cut(last_part, recorded_until);
        self.go_on_after(self.wall().signed_duration_since(until));
    }

    fn go_on_after(&mut self, cut: chrono::TimeDelta) {
        let limit = chrono::TimeDelta::minutes(i64::from(self.config.interview.resume_within_minutes));
        if self.interview.state() == StateName::Closing {
            self.end_recording();
        } else if self.interview.state() == StateName::ContinuedElsewhere {
            if let Some(open) = &mut self.open {
                open.part = Part::Held;
            }
        } else if cut > limit {
            self.hold(&format!("{} min", cut.num_minutes()));
        }
        self.index_interview(None);
        self.overlay();
        self.ask_for_part();
        self.watch_discs();
    }

    /// The loss is told before anything else happens, also where the cut came right behind the first
    /// fragment, or while everything was being closed.
    fn tell_of_the_cut(&mut self, last_part: u32, recorded_until: Moment) {
        if self.interview.state() == StateName::Starting && last_part > 0 {
            self.observe(Event::PartBegan {
                part: PartNumber(last_part),
            });
        }
        if matches!(self.interview.state(), StateName::Recording | StateName::Closing) {
            self.observe(Event::RecordingLost {
                cause: InterruptionCause::PowerLoss,
                detail: "the room was started again".to_owned(),
                recorded_until,
            });
        }
    }

    /// Loud, and not recording: somebody must look before it goes on.
    fn hold(&mut self, since: &str) {
        if let Some(open) = &mut self.open {
            open.part = Part::Held;
        }
        self.raise(
            Alarm::MediaFailing,
            &super::words::WAITS_FOR_RESUME.both_with(since),
        );
    }

    /// The one press after a long cut; whether there was anything to resume.
    pub(super) fn resume(&mut self) -> bool {
        let is_held = |open: &&mut OpenInterview| matches!(open.part, Part::Held);
        let Some(open) = self.open.as_mut().filter(is_held) else {
            return false;
        };
        open.part = Part::Wanted;
        self.clear(Alarm::MediaFailing);
        self.ask_for_part();
        true
    }
}

/// Wall time and place of the last durable picture.
fn recorded_until(adopted: &Adopted) -> (DateTime<FixedOffset>, Moment) {
    let last = adopted.lines.last().and_then(Line::at).unwrap_or_default();
    let last_part = adopted.outline.last_part();
    let part = adopted
        .outline
        .parts_of(&TrackName::Program)
        .find(|part| part.opened.part == last_part);
    match part.and_then(|part| Some((part, part.ended_at()?))) {
        Some((part, ended)) => {
            let media_us = MediaTime(part.end_us());
            (
                ended,
                Moment::on_air(wall_time(ended), PartNumber(last_part), media_us),
            )
        }
        None => (last, Moment::off_air(wall_time(last))),
    }
}

/// What an open interview's discs have to get: every closed segment of the composite, and its e-case file.
fn whole_files(adopted: &Adopted) -> Vec<Feed> {
    let program = adopted.outline.parts_of(&TrackName::Program);
    let files = adopted.outline.files.iter();
    let case_files = files
        .filter(|file| file.path.starts_with(CASE_FOLDER))
        .map(|file| Feed::FileDone {
            path: file.path.clone(),
            size: file.size,
            sha256: file.digests.sha256.to_string(),
            sm3: file.digests.sm3.to_string(),
        });
    program
        .flat_map(|part| &part.segments)
        .filter_map(|segment| segment.closed.as_ref())
        .map(|closed| Feed::FileDone {
            path: closed.segment.clone(),
            size: closed.size,
            sha256: closed.sha256.to_string(),
            sm3: closed.sm3.to_string(),
        })
        .chain(case_files)
        .collect()
}

pub(super) fn entries(lines: &[Line]) -> Result<Vec<Entry>, EntryError> {
    lines
        .iter()
        .filter_map(|line| Entry::from_line(&line.kind, &Value::Object(line.data.clone())).transpose())
        .collect()
}
