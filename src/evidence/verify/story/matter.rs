//! Which interview it is: room, case, kind, from when to when, its parts; and what was taken up or set aside after
//! a cut.
//!
//! Made by `Story::of`. Case and kind are as the interview's lines have them, at the last as they were bound.

use super::fields::{text, text_in};
use crate::evidence::{
    line::{Line, time_text},
    names::TrackName,
    outline::{Outline, PartOutline},
};
use serde::Serialize;
use serde_json::Value;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Matter {
    pub kind: String,
    pub case_number: String,
    pub case_name: String,
    pub incident_number: String,
    pub room: String,
    pub room_name: String,
    pub unit: String,
    pub opened_at: Option<String>,
    pub recorded_from: Option<String>,
    pub recorded_to: Option<String>,
    pub closed_at: Option<String>,
    pub parts: Vec<PartTold>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartTold {
    pub part: u32,
    pub from: String,
    pub to: Option<String>,
    pub duration_us: u64,
    pub segments: u64,
    pub frames: u64,
    pub samples: u64,
}

/// Recording, or a file, that was durable before a cut and was journalled after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptedTold {
    pub path: String,
    pub offset: u64,
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
}

/// Torn bytes that are kept aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantinedTold {
    pub path: String,
    pub from: String,
    pub offset: u64,
    pub bytes: u64,
}

pub fn matter(outline: &Outline, lines: &[Line]) -> Matter {
    let program = TrackName::Program;
    let parts: Vec<PartTold> = outline.parts_of(&program).map(part).collect();
    let mut told = Matter {
        room: outline
            .opened
            .as_ref()
            .map(|opened| opened.room.clone())
            .unwrap_or_default(),
        opened_at: outline.opened_at.map(time_text),
        recorded_from: parts.first().map(|part| part.from.clone()),
        recorded_to: parts.last().and_then(|part| part.to.clone()),
        parts,
        ..Matter::default()
    };
    for line in lines {
        match line.kind.as_str() {
            "started" => {
                told.kind = text(&line.data, "interview");
                told.bind(line.data.get("case"));
            }
            "case-bound" => told.bind(line.data.get("case")),
            _ => {} // neither kind nor case
        }
    }
    if let Some(facts) = &outline.closed {
        told.closed_at = outline.head.as_ref().map(|head| head.at.clone());
        told.take_facts(facts.get("interview").unwrap_or(&Value::Null));
    }
    told
}

impl Matter {
    fn bind(&mut self, case: Option<&Value>) {
        let Some(case) = case.filter(|case| case.is_object()) else {
            return;
        };
        self.case_number = text_in(case, "number");
        self.case_name = text_in(case, "name");
        self.incident_number = text_in(case, "incident_number");
    }

    /// What only the closing line has, and the rest where no other line had it.
    fn take_facts(&mut self, facts: &Value) {
        self.room_name = text_in(facts, "room_name");
        self.unit = text_in(facts, "unit");
        let fill = |field: &mut String, key: &str| {
            if field.is_empty() {
                *field = text_in(facts, key);
            }
        };
        fill(&mut self.kind, "kind");
        fill(&mut self.case_number, "case_number");
        fill(&mut self.case_name, "case_name");
    }
}

fn part(outline: &PartOutline) -> PartTold {
    let extent = outline.extent();
    PartTold {
        part: outline.opened.part,
        from: outline.opened.started_at.clone(),
        to: outline.ended_at().map(time_text),
        duration_us: extent.duration_us,
        segments: outline.segments.len() as u64,
        frames: extent.frames,
        samples: extent.samples,
    }
}

pub fn adopted(outline: &Outline) -> Vec<AdoptedTold> {
    let fragments = outline
        .segments()
        .flat_map(|segment| &segment.fragments)
        .filter(|fragment| fragment.adopted)
        .map(|fragment| AdoptedTold {
            path: fragment.segment.clone(),
            offset: fragment.offset,
            bytes: fragment.length,
            media_us: Some(fragment.media_us),
            duration_us: Some(fragment.duration_us),
        });
    let files = outline
        .files
        .iter()
        .filter(|file| file.adopted)
        .map(|file| AdoptedTold {
            path: file.path.clone(),
            offset: 0,
            bytes: file.size,
            media_us: None,
            duration_us: None,
        });
    fragments.chain(files).collect()
}

pub fn quarantined(outline: &Outline) -> Vec<QuarantinedTold> {
    let told = outline.quarantined.iter().map(|kept| QuarantinedTold {
        path: kept.path.clone(),
        from: kept.from.clone(),
        offset: kept.offset,
        bytes: kept.size,
    });
    told.collect()
}
