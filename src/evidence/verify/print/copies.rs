//! The sections on copies that differ and on everything that was found, each finding with its place, what it means
//! and what to do.
//!
//! Part of `print`.

use super::{Page, hms};
use crate::evidence::verify::{
    codes::Severity,
    copies::{By, Difference, PlaceInMedia, Right},
    report::{Finding, Report},
    words::{Language, fill},
};

impl Page {
    pub(super) fn copies(&mut self, report: &Report) {
        let words = &self.words.copies;
        let compared = report.figures.compared_files;
        self.section(self.words.sections.copies);
        if report.differences.is_empty() && compared == 0 {
            return self.line(1, words.none_given);
        }
        self.line(1, &fill(words.same, &[&compared]));
        self.list(&report.differences, Self::difference);
    }

    fn difference(&mut self, difference: &Difference) {
        let words = &self.words.copies;
        let Difference { path, own, other, .. } = difference;
        let sizes = (difference.own_size, difference.other_size);
        let what = match sizes {
            (None, _) => fill(words.missing, &[path, own, other]),
            (_, None) => fill(words.missing, &[path, other, own]),
            (Some(a), Some(b)) => fill(words.length, &[path, own, &a, other, &b]),
        };
        self.line(1, &what);
        if let Some(byte) = difference.first_byte {
            let mut told = fill(words.first, &[&byte]);
            if let Some(place) = &difference.place {
                told = [told, self.place_in_media(place)].join(self.words.comma);
            }
            self.line(2, &told);
        }
        let by = |by: By| match by {
            By::Manifest => words.by_manifest,
            By::Journal => words.by_journal,
            By::Signature => words.by_signature,
        };
        let right = match difference.right {
            Right::Own(record) => fill(words.right, &[own, &by(record)]),
            Right::Other(record) => fill(words.right, &[other, &by(record)]),
            Right::Neither(record) => fill(words.neither, &[&by(record)]),
            Right::Undecided => words.undecided.to_owned(),
        };
        self.line(2, &right);
    }

    fn place_in_media(&self, place: &PlaceInMedia) -> String {
        let words = &self.words.copies;
        match place {
            PlaceInMedia::Header => words.in_header.to_owned(),
            PlaceInMedia::Fragment {
                part,
                track,
                media_us,
                ..
            } => fill(words.in_fragment, &[part, &hms(*media_us), track]),
        }
    }

    pub(super) fn findings(&mut self, report: &Report) {
        let words = &self.words.findings;
        self.section(self.words.sections.findings);
        if report.findings.is_empty() {
            self.line(1, words.none);
        }
        self.list(&report.findings, Self::finding);
    }

    fn finding(&mut self, finding: &Finding) {
        let words = &self.words.findings;
        let mark = match finding.severity {
            Severity::Note => words.note,
            Severity::Error | Severity::Unreadable => words.fault,
        };
        let mut head = format!(
            "{mark} {} [{}] {}",
            finding.code.name(),
            finding.rule,
            finding.path
        );
        if let Some(media_us) = finding.media_us {
            let place = match part_of(&finding.path) {
                Some(part) => fill(words.at, &[&part, &hms(media_us)]),
                None => hms(media_us),
            };
            head = format!("{head} @ {place}");
        }
        self.line(1, &head);
        let (detail, remedy) = match self.words.language {
            Language::Chinese => (&finding.detail_zh, finding.remedy_zh),
            Language::English => (&finding.detail_en, finding.remedy_en),
        };
        self.line(2, detail);
        self.item(2, words.remedy, remedy);
    }
}

/// The part that a segment's path names.
fn part_of(path: &str) -> Option<u32> {
    let (_, behind) = path.rsplit_once("part-")?;
    behind.split_once('/')?.0.parse().ok()
}
