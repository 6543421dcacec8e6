//! An interview that was open when the power went: found, mended, and recorded on.
//!
//! Runs once before the loop. The evidence room adopts whole chunks beyond the journal and completes what
//! was closing; the interview is built again from its own journal. Recording resumes by itself as the next
//! part when the cut is younger than `resume_within_minutes`; an older one waits for a press, alarmed. A
//! journal that cannot be understood is left alone with a loud alarm: never a silent recording.

use super::appliance::{Appliance, wall_time};
use crate::evidence::adopt::{Adopted, Recovered, find_unfinished, recover};
use crate::evidence::line::Line;
use crate::interview::{
    Alarm, Entry, EntryError, Event, InterruptionCause, Interview, MediaTime, Moment, PartNumber, StateName,
};
use serde_json::Value;
use std::sync::Arc;

impl Appliance {
    pub(super) fn resume_open_interview(&mut self) {
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
        let last_part = adopted.outline.last_part();
        let until = recorded_until(&adopted);
        let age = self.wall().signed_duration_since(until.0);
        let writer = adopted.writer(self.config.segment_seconds);
        if let Err(refusal) = self.begin_interview(adopted.directory, writer, last_part, &entries) {
            return self.raise(Alarm::MasterFailed, &refusal.message_en);
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

fn entries(lines: &[Line]) -> Result<Vec<Entry>, EntryError> {
    lines
        .iter()
        .filter_map(|line| Entry::from_line(&line.kind, &Value::Object(line.data.clone())).transpose())
        .collect()
}
