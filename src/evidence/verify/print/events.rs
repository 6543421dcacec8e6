//! The sections on what happened: gaps, what stood in, what was kept, acts voided, alarms, the end.
//!
//! Part of `print`; in the order in which it happened.

use super::{Page, hms, signed_hms, wall};
use crate::evidence::verify::{
    codes::Code,
    report::Report,
    story::{
        ActTold, AlarmTold, Approved, DropPlace, GapTold, IncompleteTold, PartDrops, StatementTold, Story,
        VoidedTold,
    },
    words::{fill, name},
};

impl Page {
    pub(super) fn gaps(&mut self, gaps: &[GapTold]) {
        self.section(self.words.sections.gaps);
        if gaps.is_empty() {
            self.line(1, self.words.gaps.none);
        }
        self.list(gaps, Self::gap);
    }

    fn gap(&mut self, gap: &GapTold) {
        let words = &self.words.gaps;
        let mut length = signed_hms(gap.duration_us);
        if gap.duration_us < 0 {
            length.push_str(words.set_back);
        }
        let times = [wall(&gap.from), wall(&gap.to)];
        let told = fill(
            words.gap,
            &[&gap.after_part, &gap.before_part, &times[0], &times[1], &length],
        );
        self.line(1, &told);
        let cause = gap.cause.as_deref().map(|cause| name(self.words.causes, cause));
        let reason = match (cause, gap.detail.as_str()) {
            (None, _) => words.no_reason.to_owned(),
            (Some(cause), "") => cause.to_owned(),
            (Some(cause), detail) => format!("{cause}{}{detail}", self.words.colon),
        };
        self.item(2, words.reason, &reason);
        let statement = match &gap.statement {
            Some(StatementTold::Made(moment)) => fill(words.made, &[&self.moment(moment)]),
            Some(StatementTold::Owed) => words.owed.to_owned(),
            Some(StatementTold::NotObtained) => words.not_obtained.to_owned(),
            None => words.not_known.to_owned(),
        };
        self.item(2, words.statement, &statement);
        self.meanwhile(gap);
    }

    fn meanwhile(&mut self, gap: &GapTold) {
        let words = &self.words.gaps;
        if let Some(unrecorded) = &gap.unrecorded {
            let approver = &unrecorded.approver;
            let told = fill(
                words.unrecorded_is,
                &[
                    &approver.name,
                    &approver.number,
                    &name(self.words.grounds, &unrecorded.ground),
                    &unrecorded.reason,
                    &self.confirmation(approver),
                    &self.moment(&unrecorded.moment),
                ],
            );
            self.item(2, words.unrecorded, &told);
        }
        if let Some(elsewhere) = &gap.elsewhere {
            let told = fill(
                words.elsewhere_is,
                &[&elsewhere.place, &self.moment(&elsewhere.moment)],
            );
            self.item(2, words.elsewhere, &told);
        }
    }

    fn confirmation(&self, approved: &Approved) -> String {
        let given = approved.confirmation.as_deref();
        let known = given.map(|given| name(self.words.confirmations, given));
        known.unwrap_or(self.words.acts.not_confirmed).to_owned()
    }

    pub(super) fn drops(&mut self, story: &Story) {
        self.section(self.words.sections.drops);
        let late: Vec<&AlarmTold> = story
            .alarms
            .iter()
            .filter(|alarm| alarm.alarm == "frames-dropped")
            .collect();
        if story.drops.is_empty() && late.is_empty() {
            self.line(1, self.words.drops.none);
        }
        self.list(&story.drops, Self::part_drops);
        self.list(&late, |page, alarm| {
            let span = page.span(alarm);
            page.line(1, &fill(page.words.drops.late, &[&span]));
        });
    }

    fn part_drops(&mut self, drops: &PartDrops) {
        let words = &self.words.drops;
        let whole = self.stood_in(drops.repeated_frames, drops.substituted_samples);
        self.item(1, &fill(words.part, &[&drops.part]), &whole);
        self.list(&drops.places, |page, place| {
            let DropPlace {
                media_us,
                duration_us,
                ..
            } = place;
            let at = fill(page.words.drops.at, &[&hms(*media_us), &hms(*duration_us)]);
            let told = page.stood_in(place.repeated_frames, place.substituted_samples);
            page.item(2, &at, &told);
        });
        self.list(&drops.breaks, |page, found| {
            let words = &page.words.drops;
            let template = if found.break_us < 0 {
                words.twice
            } else {
                words.missing
            };
            let times = [hms(found.media_us), hms(found.break_us.unsigned_abs())];
            page.line(2, &fill(template, &[&times[0], &times[1]]));
        });
    }

    fn stood_in(&self, repeated_frames: u64, [left, right]: [u64; 2]) -> String {
        let words = &self.words.drops;
        let told = [
            (words.repeated, repeated_frames),
            (words.left, left),
            (words.right, right),
        ];
        let told = told.into_iter().filter(|(_, count)| *count > 0);
        let told: Vec<String> = told.map(|(words, count)| fill(words, &[&count])).collect();
        told.join(self.words.comma)
    }

    pub(super) fn kept(&mut self, story: &Story) {
        let words = &self.words.kept;
        self.section(self.words.sections.kept);
        if story.adopted.is_empty() && story.quarantined.is_empty() {
            self.line(1, words.none);
        }
        self.list(&story.adopted, |page, adopted| {
            let words = &page.words.kept;
            let told = match adopted.media_us.zip(adopted.duration_us) {
                Some((from, length)) => fill(
                    words.adopted,
                    &[
                        &adopted.path,
                        &adopted.offset,
                        &adopted.bytes,
                        &hms(from),
                        &hms(length),
                    ],
                ),
                None => fill(words.adopted_file, &[&adopted.path, &adopted.bytes]),
            };
            page.line(1, &told);
        });
        self.list(&story.quarantined, |page, kept| {
            let told = [
                &kept.path as &dyn std::fmt::Display,
                &kept.from,
                &kept.offset,
                &kept.bytes,
            ];
            page.line(1, &fill(page.words.kept.quarantined, &told));
        });
    }

    pub(super) fn acts(&mut self, voided: &[VoidedTold]) {
        self.section(self.words.sections.acts);
        if voided.is_empty() {
            self.line(1, self.words.acts.none);
        }
        self.list(voided, |page, voided| {
            let act = &voided.act;
            let because = name(page.words.void_reasons, &voided.because);
            let told = fill(
                page.words.acts.voided,
                &[
                    &act.document,
                    &act.page,
                    &person(act),
                    &name(page.words.act_names, &act.act),
                    &because,
                    &page.moment(&voided.moment),
                ],
            );
            page.line(1, &told);
        });
    }

    pub(super) fn alarms(&mut self, alarms: &[AlarmTold]) {
        self.section(self.words.sections.alarms);
        if alarms.is_empty() {
            self.line(1, self.words.acts.alarms_none);
        }
        self.list(alarms, |page, alarm| {
            let told = page.span(alarm);
            page.line(1, &told);
        });
    }

    /// An alarm with its from and to.
    fn span(&self, alarm: &AlarmTold) -> String {
        let mut what = name(self.words.alarms, &alarm.alarm).to_owned();
        let about = name(self.words.places, &alarm.about);
        for more in [about, alarm.detail.as_str()] {
            if !more.is_empty() {
                what = [&what, self.words.comma, more].concat();
            }
        }
        let to = alarm.to.as_ref().map(|to| self.moment(to));
        let to = to.unwrap_or_else(|| self.words.acts.standing.to_owned());
        fill(self.words.acts.alarm, &[&what, &self.moment(&alarm.from), &to])
    }

    pub(super) fn ending(&mut self, report: &Report) {
        let words = &self.words.acts;
        self.section(self.words.sections.ending);
        let abnormal = report
            .findings
            .iter()
            .find(|finding| finding.code == Code::EndedAbnormally);
        let is_closed = report.figures.story.matter.closed_at.is_some();
        match (&report.figures.story.incomplete, abnormal) {
            (Some(incomplete), _) => self.incomplete(incomplete),
            (None, Some(finding)) => self.line(1, &fill(words.unfinished, &[&finding.detail_en])),
            (None, None) if is_closed => self.line(1, words.complete),
            (None, None) => self.line(1, words.open),
        }
    }

    fn incomplete(&mut self, told: &IncompleteTold) {
        let words = &self.words.acts;
        let reason = name(self.words.reasons, &told.reason);
        let moment = self.moment(&told.moment);
        self.line(1, &fill(words.incomplete, &[&moment, &reason, &told.text]));
        if let Some(approver) = &told.approver {
            let confirmation = self.confirmation(approver);
            let approver = fill(words.approver, &[&approver.name, &approver.number, &confirmation]);
            self.line(2, &approver);
        }
        self.list(&told.not_obtained, |page, act| {
            let words = &page.words.acts;
            let name = name(page.words.act_names, &act.act);
            let told = fill(words.act, &[&act.document, &act.page, &person(act), &name]);
            page.item(2, words.not_obtained, &told);
        });
        if told.statements_not_obtained > 0 {
            let count = &told.statements_not_obtained;
            self.line(2, &fill(words.statements_not_obtained, &[count]));
        }
    }
}

fn person(act: &ActTold) -> String {
    if act.name.is_empty() {
        act.person.clone()
    } else {
        format!("{} ({})", act.name, act.person)
    }
}
