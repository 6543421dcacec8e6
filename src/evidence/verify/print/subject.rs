//! The sections on the whole: verdict, what was checked, who signed, how good the clock was.
//!
//! Part of `print`; says only what the report has, and where it has nothing says that.

use super::{Page, hms, milliseconds, wall};
use crate::evidence::timestamp::Stamp;
use crate::evidence::verify::{
    codes::{Code, Severity},
    report::{Figures, Finding, Given, Report, Verdict},
    signatures::SignatureTold,
    story::{ClockTold, Matter},
    words::{fill, name},
};

impl Page {
    pub(super) fn verdict(&mut self, report: &Report) {
        let words = &self.words.verdict;
        self.section(self.words.sections.verdict);
        let faults: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.severity != Severity::Note)
            .collect();
        let only = |code: Code| faults.iter().all(|finding| finding.code == code);
        let sentence = match report.verdict {
            Verdict::Sound => words.sound_is,
            Verdict::Unreadable => words.unreadable_is,
            Verdict::NotSound if only(Code::InterviewOpen) => words.only_open,
            Verdict::NotSound if only(Code::EndedAbnormally) => words.only_incomplete,
            Verdict::NotSound => words.not_sound_is,
        };
        self.line(1, &fill(sentence, &[&faults.len()]));
    }

    pub(super) fn checked(&mut self, report: &Report) {
        let words = &self.words.checked;
        let figures = &report.figures;
        self.section(self.words.sections.checked);
        for (label, given) in [(words.source, &report.checked), (words.against, &report.against)] {
            self.list(given, |page, given| page.item(1, label, &disc(given)));
        }
        if let Some(interview) = &figures.interview {
            self.item(1, words.interview, interview);
            self.item_if(1, words.uuid, figures.uuid.as_deref().unwrap_or_default());
            self.matter(&figures.story.matter);
            let gaps_us = figures.story.gaps.iter();
            let gaps_us = gaps_us.fold(0_u64, |sum, gap| {
                sum.saturating_add(u64::try_from(gap.duration_us).unwrap_or(0))
            });
            let length = [
                &hms(figures.duration_us) as &dyn std::fmt::Display,
                &figures.frames,
                &hms(gaps_us),
            ]
            .map(ToString::to_string);
            self.item(
                1,
                words.length,
                &fill(words.length_is, &[&length[0], &length[1], &length[2]]),
            );
        }
        let counts = fill(
            words.files_are,
            &[
                &figures.files,
                &figures.bytes,
                &figures.journal_lines,
                &figures.discs,
            ],
        );
        self.item(1, words.files, &counts);
    }

    fn matter(&mut self, matter: &Matter) {
        let words = &self.words.checked;
        let comma = self.words.comma;
        let joined = |texts: &[&String]| {
            let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
            let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            texts.join(comma)
        };
        self.item_if(1, words.room, &joined(&[&matter.room, &matter.room_name]));
        self.item_if(1, words.unit, &matter.unit);
        self.item_if(1, words.case, &joined(&[&matter.case_number, &matter.case_name]));
        self.item_if(1, words.incident, &matter.incident_number);
        self.item_if(1, words.kind, name(self.words.kinds, &matter.kind));
        let at = |at: &Option<String>| at.as_deref().map(wall);
        self.item_if(1, words.opened, &at(&matter.opened_at).unwrap_or_default());
        if let (Some(from), Some(to)) = (at(&matter.recorded_from), at(&matter.recorded_to)) {
            self.item(1, words.recorded, &fill(words.from_to, &[&from, &to]));
        }
        let closed = at(&matter.closed_at);
        self.item(1, words.closed, closed.as_deref().unwrap_or(words.not_closed));
        self.list(&matter.parts, |page, part| {
            let to = part
                .to
                .as_deref()
                .map_or_else(|| page.words.unknown.to_owned(), wall);
            let length = hms(part.duration_us);
            let told = fill(
                page.words.checked.part,
                &[
                    &part.part,
                    &wall(&part.from),
                    &to,
                    &length,
                    &part.segments,
                    &part.frames,
                ],
            );
            page.line(1, &told);
        });
    }

    pub(super) fn signer(&mut self, figures: &Figures) {
        let words = &self.words.signer;
        self.section(self.words.sections.signer);
        let Some(signature) = &figures.signature else {
            return self.line(1, words.nobody);
        };
        if figures.signed_by.is_none() {
            self.line(1, words.nobody);
        }
        self.item(1, words.key, &signature.key);
        self.item(1, words.subject, &signature.subject);
        let issuer = if signature.issuer == signature.subject {
            fill(words.self_signed, &[&signature.issuer])
        } else {
            signature.issuer.clone()
        };
        self.item(1, words.issuer, &issuer);
        if signature.issuer != signature.subject {
            self.line(2, words.issuer_unchecked);
        }
        let matched = match signature.is_expected {
            Some(true) => words.is_expected,
            Some(false) => words.is_another,
            None => words.not_asked,
        };
        self.item(1, words.matched, matched);
        self.proof(signature);
        if let Some(stamp) = &figures.timestamp {
            self.stamp(stamp);
        }
    }

    /// Says too what is not checked here.
    fn stamp(&mut self, stamp: &Stamp) {
        let words = &self.words.signer;
        let told = fill(words.stamp_is, &[&stamp.at, &stamp.signer, &stamp.serial]);
        self.item(1, words.stamp, &told);
        match &stamp.unproved {
            None => self.line(2, words.stamp_holds),
            Some(algorithm) => self.line(2, &fill(words.stamp_unproved, &[algorithm])),
        }
    }

    fn proof(&mut self, signature: &SignatureTold) {
        let words = &self.words.signer;
        let manifest = if signature.manifest_holds {
            words.manifest_holds
        } else {
            words.manifest_none
        };
        self.item(1, words.manifest, manifest);
        let heads = fill(words.heads_are, &[&signature.heads, &signature.heads_proved]);
        self.item(1, words.heads, &heads);
        self.list(&signature.earlier_keys, |page, key| {
            page.item(1, page.words.signer.earlier, key);
        });
        if let Some(proved) = &signature.proved_until {
            let moment = self.moment(&proved.moment);
            let unsigned = hms(proved.unsigned_us);
            let told = fill(
                words.proved_is,
                &[&moment, &proved.line, &proved.lines_behind, &unsigned],
            );
            self.item(1, words.proved, &told);
        }
    }

    pub(super) fn clock(&mut self, clock: &ClockTold) {
        let words = &self.words.clock;
        self.section(self.words.sections.clock);
        let figures = [clock.best_error_us, clock.median_error_us, clock.worst_error_us];
        let error = match figures {
            [Some(best), Some(median), Some(worst)] => {
                let told = [best, median, worst].map(milliseconds);
                let witnessed = hms(clock.witnessed_us);
                fill(words.error_is, &[&told[0], &told[1], &told[2], &witnessed])
            }
            _ => words.no_error.to_owned(),
        };
        self.item(1, words.error, &error);
        if clock.unknown_us > 0 {
            let told = fill(words.unknown_is, &[&hms(clock.unknown_us)]);
            self.item(1, words.unknown, &told);
        }
        self.sources(clock);
        let above = clock.longest_above_limit.as_ref().map(|longest| {
            let times = [clock.above_limit_us, longest.media_us, longest.duration_us].map(hms);
            let worst = milliseconds(longest.worst_error_us);
            fill(
                words.above_is,
                &[&times[0], &longest.part, &times[1], &times[2], &worst],
            )
        });
        self.item(1, words.above, above.as_deref().unwrap_or(words.above_none));
        if clock.steps.is_empty() {
            self.item(1, words.steps, self.words.none);
        }
        self.list(&clock.steps, |page, step| {
            let moment = page.moment(&step.moment);
            let told = fill(
                page.words.clock.step_is,
                &[&format_args!("{:+}", step.by_ms), &moment],
            );
            page.item(1, page.words.clock.steps, &told);
        });
    }

    fn sources(&mut self, clock: &ClockTold) {
        let words = &self.words.clock;
        if clock.sources.is_empty() {
            self.item(1, words.source, words.no_source);
        }
        self.list(&clock.sources, |page, source| {
            let known = name(page.words.clock_sources, &source.source);
            let told = fill(page.words.clock.source_is, &[&known, &hms(source.duration_us)]);
            page.item(1, page.words.clock.source, &told);
        });
    }
}

fn disc(given: &Given) -> String {
    match &given.disc {
        Some((slot, number)) => format!("{} ({}-{number:03})", given.path, slot.to_uppercase()),
        None => given.path.clone(),
    }
}
