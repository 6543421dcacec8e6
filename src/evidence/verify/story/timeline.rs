//! The interview as one timeline, out of a journal that still grows: parts, segments, gaps, marks, intervals,
//! phases, acts. `disc` takes line by line and writes what is told into the page on the disc.
//!
//! Unlike `Story` it keeps no fragment, so that twelve hours cost some hundred kilobytes; unlike `verify` it
//! believes the lines and checks no chain: who reads the disc checks it by its sums and signatures.

use super::{
    acts::{ActTold, People, voided},
    fields::{Moment, moment_of, number, text, text_in},
    gaps::{GapTold, gaps},
};
use crate::evidence::{
    entries::{
        CHECKPOINT, FRAGMENT, Fragment, GAP, Gap, SEGMENT_CLOSED, SEGMENT_OPENED, SegmentClosed,
        SegmentOpened, TRACK_CLOSED, TRACK_OPENED, TrackOpened, from_data,
    },
    line::{Line, time_text},
    names::TrackName,
    playlist::Piece,
    writer::microseconds,
};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use serde_json::Value;

/// What was taken so far.
#[derive(Debug, Default)]
pub struct Timeline {
    seq: u64,
    parts: Vec<PartPlace>,
    segments: Vec<SegmentPlace>,
    open: Option<SegmentPlace>,
    gaps: Vec<Gap>,
    /// The interview's own lines; those of media, of which there are two a second, are not kept.
    lines: Vec<Line>,
}

/// A part's place on the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartPlace {
    pub part: u32,
    pub from: String,
    /// Up to the last fragment's end.
    pub duration_us: u64,
}

/// A closed segment of the recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentPlace {
    pub path: String,
    pub part: u32,
    /// Wall time of its first picture.
    pub at: String,
    pub media_us: u64,
    pub duration_us: u64,
    pub size: u64,
    pub sha256: String,
    pub sm3: String,
    #[serde(skip)]
    pub header_length: u64,
}

/// A moment that somebody named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarkTold {
    pub mark: String,
    pub text: String,
    #[serde(flatten)]
    pub moment: Moment,
}

/// A break, an absence, care; the recording went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntervalTold {
    pub interval: String,
    pub note: String,
    pub from: Moment,
    pub to: Option<Moment>,
}

/// Where questioning, review or closing began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhaseTold {
    pub phase: &'static str,
    #[serde(flatten)]
    pub moment: Moment,
}

/// A check, signature or fingerprint, or what stood in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActPlace {
    #[serde(flatten)]
    pub act: ActTold,
    /// `done`, `refused`, `unable`.
    pub outcome: String,
    pub is_void: bool,
    #[serde(flatten)]
    pub moment: Moment,
}

/// All that the page shows beside the segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineTold {
    /// The last line that was read.
    pub journal_seq: u64,
    pub parts: Vec<PartPlace>,
    pub gaps: Vec<GapTold>,
    pub marks: Vec<MarkTold>,
    pub intervals: Vec<IntervalTold>,
    pub phases: Vec<PhaseTold>,
    pub acts: Vec<ActPlace>,
}

impl Timeline {
    /// Number of the last line that was taken.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Takes the next line. One whose data cannot be read adds nothing.
    pub fn take(&mut self, line: Line) {
        self.seq = line.seq;
        match line.kind.as_str() {
            TRACK_OPENED => self.open_part(&line),
            SEGMENT_OPENED => self.open_segment(&line),
            FRAGMENT => self.add_fragment(&line),
            SEGMENT_CLOSED => self.close_segment(&line),
            GAP => self.gaps.extend(from_data::<Gap>(&line.data).ok()),
            CHECKPOINT | TRACK_CLOSED => {}
            _ => self.lines.push(line), // the interview's own kinds; strings, not states
        }
    }

    pub fn segments(&self) -> &[SegmentPlace] {
        &self.segments
    }

    pub fn told(&self) -> TimelineTold {
        TimelineTold {
            journal_seq: self.seq,
            parts: self.parts.clone(),
            gaps: gaps(&self.gaps, &self.lines),
            marks: self.lines.iter().filter_map(mark).collect(),
            intervals: intervals(&self.lines),
            phases: self.lines.iter().filter_map(phase).collect(),
            acts: acts(&self.lines),
        }
    }

    fn open_part(&mut self, line: &Line) {
        let Ok(opened) = from_data::<TrackOpened>(&line.data) else {
            return;
        };
        if opened.track == TrackName::Program {
            self.parts.push(PartPlace {
                part: opened.part,
                from: opened.started_at,
                duration_us: 0,
            });
        }
    }

    fn open_segment(&mut self, line: &Line) {
        let opened = from_data::<SegmentOpened>(&line.data).ok();
        let Some(opened) = opened.filter(|opened| opened.track == TrackName::Program) else {
            return;
        };
        self.open = Some(SegmentPlace {
            path: opened.segment,
            part: opened.part,
            at: String::new(),
            media_us: 0,
            duration_us: 0,
            size: opened.header_length,
            sha256: String::new(),
            sm3: String::new(),
            header_length: opened.header_length,
        });
    }

    fn add_fragment(&mut self, line: &Line) {
        let Ok(fragment) = from_data::<Fragment>(&line.data) else {
            return;
        };
        let end_us = fragment.media_us.saturating_add(fragment.duration_us);
        let Some(open) = self.open.as_mut().filter(|open| open.path == fragment.segment) else {
            return;
        };
        if open.size == open.header_length {
            open.media_us = fragment.media_us;
        }
        open.duration_us = end_us.saturating_sub(open.media_us);
        open.size = fragment.offset.saturating_add(fragment.length);
        let part = self.parts.iter_mut().rev().find(|part| part.part == open.part);
        if let Some(part) = part {
            part.duration_us = part.duration_us.max(end_us);
        }
    }

    fn close_segment(&mut self, line: &Line) {
        let Ok(closed) = from_data::<SegmentClosed>(&line.data) else {
            return;
        };
        let Some(mut segment) = self.open.take_if(|open| open.path == closed.segment) else {
            return;
        };
        segment.size = closed.size;
        segment.sha256 = closed.sha256.to_string();
        segment.sm3 = closed.sm3.to_string();
        let start = self.started_at(segment.part);
        segment.at = start.map_or_else(String::new, |start| {
            time_text(start + microseconds(segment.media_us))
        });
        self.segments.push(segment);
    }

    fn started_at(&self, part: u32) -> Option<DateTime<FixedOffset>> {
        let place = self.parts.iter().rev().find(|place| place.part == part)?;
        DateTime::parse_from_rfc3339(&place.from).ok()
    }

    /// A segment as a playlist has it.
    pub fn piece<'a>(&self, segment: &'a SegmentPlace) -> Piece<'a> {
        Piece {
            path: &segment.path,
            at: DateTime::parse_from_rfc3339(&segment.at).ok(),
            header_length: segment.header_length,
            end: segment.size,
            duration_us: segment.duration_us,
        }
    }
}

fn mark(line: &Line) -> Option<MarkTold> {
    (line.kind == "marked").then(|| MarkTold {
        mark: text(&line.data, "mark"),
        text: text(&line.data, "text"),
        moment: moment_of(line),
    })
}

fn phase(line: &Line) -> Option<PhaseTold> {
    let phase = match line.kind.as_str() {
        "started" | "questioning-resumed" => "questioning",
        "review-began" => "review",
        "closing" | "closing-incomplete" => "closing",
        _ => return None, // nothing begins with other lines
    };
    let mut moment = moment_of(line);
    // The interview starts before its first picture: it is shown from there on.
    if line.kind == "started" && moment.part.is_none() {
        (moment.part, moment.media_us) = (Some(1), Some(0));
    }
    Some(PhaseTold { phase, moment })
}

fn intervals(lines: &[Line]) -> Vec<IntervalTold> {
    let mut told: Vec<(u64, IntervalTold)> = Vec::new();
    for line in lines {
        let Some(id) = number(&line.data, "interval") else {
            continue;
        };
        if line.kind == "interval-began" {
            let interval = IntervalTold {
                interval: text(&line.data, "interval_kind"),
                note: text(&line.data, "note"),
                from: moment_of(line),
                to: None,
            };
            told.push((id, interval));
        } else if line.kind == "interval-ended"
            && let Some((_, interval)) = told.iter_mut().rev().find(|(known, _)| *known == id)
        {
            interval.to = Some(moment_of(line));
        }
    }
    told.into_iter().map(|(_, interval)| interval).collect()
}

fn acts(lines: &[Line]) -> Vec<ActPlace> {
    let people = People::of(lines);
    let recorded = lines.iter().filter(|line| line.kind == "act-recorded");
    let mut told: Vec<ActPlace> = recorded
        .map(|line| ActPlace {
            act: people.act(&Value::Object(line.data.clone())),
            outcome: text_in(line.data.get("outcome").unwrap_or(&Value::Null), "result"),
            is_void: false,
            moment: moment_of(line),
        })
        .collect();
    for void in voided(lines, &people) {
        let before = |act: &&mut ActPlace| act.act == void.act && !act.moment.is_not_before(&void.moment);
        told.iter_mut().filter(before).for_each(|act| act.is_void = true);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::digest::Sha256Digest;
    use serde_json::json;

    fn line(seq: u64, kind: &str, data: Value) -> Line {
        let zeros = "0".repeat(64);
        let value = json!({
            "seq": seq, "at": "2026-03-04T05:06:07.000+08:00", "boot": "b", "mono_us": seq, "kind": kind,
            "data": data, "prev": Sha256Digest::ZERO, "hash": Sha256Digest::ZERO, "sm3": zeros,
        });
        serde_json::from_value(value).unwrap()
    }

    fn moment(part: u64, media_us: u64) -> Value {
        json!({"wall": {"unix_ms": 1_772_571_967_000_i64 + (media_us / 1000) as i64, "offset_min": 480},
               "media": {"part": part, "media_us": media_us}})
    }

    #[test]
    fn acts_that_were_done_again_or_fell_into_a_gap_are_told_as_void() {
        let act = |us: u64| {
            json!({"document": "t", "page": 1, "person": "p1", "act": "sign",
            "outcome": {"result": "done"}, "moment": moment(1, us)})
        };
        let person = json!({"participants": [{"id": "p1", "name": "张某"}], "moment": moment(1, 0)});
        let mut timeline = Timeline::default();
        for (n, (kind, data)) in [
            ("started", person),
            ("act-recorded", act(5)),
            ("act-recorded", act(9_000_000)),
        ]
        .into_iter()
        .enumerate()
        {
            timeline.take(line(n as u64 + 1, kind, data));
        }
        let told = timeline.told();
        let void: Vec<bool> = told.acts.iter().map(|act| act.is_void).collect();
        assert_eq!(void, [true, false]);
        assert_eq!(told.acts[0].act.name, "张某");
        assert_eq!((told.phases[0].phase, told.journal_seq), ("questioning", 3));
    }

    #[test]
    fn an_interval_ends_with_its_own_line_or_stays_open() {
        let mut timeline = Timeline::default();
        let began = |id: u64| json!({"interval": id, "interval_kind": "break", "note": "饮水", "moment": moment(1, id)});
        timeline.take(line(1, "interval-began", began(1)));
        timeline.take(line(2, "interval-began", began(2)));
        timeline.take(line(
            3,
            "interval-ended",
            json!({"interval": 1, "moment": moment(1, 60)}),
        ));
        let told = timeline.told().intervals;
        let ends: Vec<_> = told
            .iter()
            .map(|i| i.to.as_ref().and_then(|to| to.media_us))
            .collect();
        assert_eq!(ends, [Some(60), None]);
    }
}
