//! Makes the snapshot: the interview as the panel and the API show it.
//!
//! Pure reading; everything that is derived (phase, owed acts, texts) is derived here once more, so that
//! a page never has to know a rule.

use std::collections::BTreeMap;

use super::alarm::StandingAlarm;
use super::case_files::CaseFilesView;
use super::documents::{Document, Standing};
use super::ending::{Ending, Incomplete};
use super::kinds::Act;
use super::marks::Interruption;
use super::state::{Interview, Matter, Stage, State};
use super::time::Moment;
use super::view::{ActStatus, ActView, AlarmView, DocumentView, Phase, StatementOwed, View, VoidedAct};
use super::words::{alarms, statements};
use super::{ActRecord, CaseRef, PageNumber, ParticipantId};

impl Interview {
    pub fn view(&self) -> View {
        let (since, stage) = match &self.state {
            State::Idle => (None, None),
            State::Prechecked { at, .. } => (Some(*at), None),
            State::Confidential { since } => (Some(*since), None),
            State::Open { stage, since, .. } => (Some(*since), Some(stage)),
        };
        let mut view = View {
            since,
            alarms: self.alarms.iter().map(alarm_view).collect(),
            ..self.bare_view()
        };
        if let State::Prechecked { results, .. } = &self.state {
            view.precheck = results.clone();
        }
        if let (Some(stage), Some(matter)) = (stage, self.matter()) {
            matter.fill(&mut view, stage);
        }
        view
    }

    fn bare_view(&self) -> View {
        View {
            state: self.state(),
            recording: false,
            phase: None,
            since: None,
            interview: None,
            case: CaseRef::default(),
            layout: self.layout,
            precheck: Vec::new(),
            overrides: Vec::new(),
            parts: Vec::new(),
            participants: Vec::new(),
            documents: Vec::new(),
            marks: Vec::new(),
            intervals: Vec::new(),
            interruptions: Vec::new(),
            case_files: CaseFilesView::default(),
            statements_owed: Vec::new(),
            owed: Vec::new(),
            ending: None,
            confirmation_owed: false,
            alarms: Vec::new(),
        }
    }
}

impl Matter {
    fn fill(&self, view: &mut View, stage: &Stage) {
        view.recording = stage.records();
        view.phase = self.phase_in(stage);
        view.interview = Some(self.interview);
        view.case = self.case.clone();
        view.precheck = self.precheck.clone();
        view.overrides = self.overrides.clone();
        view.parts = self.parts.clone();
        view.participants = self.people.clone();
        view.documents = self
            .documents
            .iter()
            .map(|document| self.document_view(document, stage))
            .collect();
        view.marks = self.marks.clone();
        view.intervals = self.intervals.clone();
        view.interruptions = self.interruptions.clone();
        view.case_files = CaseFilesView::of(&self.case_files);
        view.statements_owed = self.statements_owed().map(statement_view).collect();
        view.owed = if stage.ending().is_some() {
            Vec::new()
        } else {
            self.missing()
        };
        view.ending = stage.ending().cloned();
        view.confirmation_owed = stage.incomplete().is_some_and(|i| i.confirmation.is_none());
    }

    fn phase_in(&self, stage: &Stage) -> Option<Phase> {
        match stage {
            Stage::Recording => Some(self.phase()),
            Stage::Starting
            | Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. }
            | Stage::Closing { .. }
            | Stage::Closed { .. } => None,
        }
    }

    fn document_view(&self, document: &Document, stage: &Stage) -> DocumentView {
        let key = |r: &ActRecord| (r.page, r.person.clone(), r.act);
        let standing: BTreeMap<(PageNumber, ParticipantId, Act), &ActRecord> = document
            .acts
            .iter()
            .filter(|r| r.stands())
            .map(|r| (key(r), r))
            .collect();
        let open = match stage.incomplete() {
            Some(_) => ActStatus::NotObtained,
            None => ActStatus::Open,
        };
        let acts = self.owed_acts_in(document).into_iter().map(|owed| {
            let record = standing.get(&(owed.page, owed.person.clone(), owed.act));
            let recorded = |r: &&ActRecord| ActStatus::Recorded {
                page_sha256: r.page_sha256.clone(),
                outcome: r.outcome.clone(),
                at: r.at,
            };
            let status = record.map_or_else(|| open.clone(), recorded);
            ActView {
                page: owed.page,
                person: owed.person,
                act: owed.act,
                status,
            }
        });
        DocumentView {
            id: document.id.clone(),
            document_kind: document.document,
            title: document.title.clone(),
            revision: document.revision,
            pages: document.pages.clone(),
            opened: document.opened,
            acts: acts.collect(),
            voided: document.acts.iter().filter_map(voided_view).collect(),
        }
    }
}

impl Stage {
    /// Pictures are known to reach the disk. While closing they still do, but nobody may count on it.
    fn records(&self) -> bool {
        match self {
            Stage::Recording => true,
            Stage::Starting
            | Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. }
            | Stage::Closing { .. }
            | Stage::Closed { .. } => false,
        }
    }

    fn ending(&self) -> Option<&Ending> {
        match self {
            Stage::Closing { ending } | Stage::Closed { ending } => Some(ending),
            Stage::Starting
            | Stage::Recording
            | Stage::Suspended { .. }
            | Stage::Unrecorded { .. }
            | Stage::ContinuedElsewhere { .. } => None,
        }
    }

    fn incomplete(&self) -> Option<&Incomplete> {
        match self.ending() {
            Some(Ending::Incomplete(incomplete)) => Some(incomplete),
            Some(Ending::Complete) | None => None,
        }
    }
}

fn voided_view(record: &ActRecord) -> Option<VoidedAct> {
    let (voided_at, because): (Moment, _) = match &record.standing {
        Standing::Stands => return None,
        Standing::Voided { at, because } => (*at, *because),
    };
    Some(VoidedAct {
        page: record.page,
        page_sha256: record.page_sha256.clone(),
        person: record.person.clone(),
        act: record.act,
        outcome: record.outcome.clone(),
        at: record.at,
        voided_at,
        because,
    })
}

fn statement_view(gap: &Interruption) -> StatementOwed {
    let text = statements::interruption(gap);
    StatementOwed {
        interruption: gap.id,
        text_zh: text.zh,
        text_en: text.en,
    }
}

fn alarm_view(standing: &StandingAlarm) -> AlarmView {
    let text = alarms::text(standing);
    let (remedy_zh, remedy_en) = alarms::remedy(standing.alarm);
    AlarmView {
        alarm: standing.alarm,
        rule: standing.alarm.rule(),
        since: standing.since,
        detail: standing.detail.clone(),
        text_zh: text.zh,
        text_en: text.en,
        remedy_zh,
        remedy_en,
    }
}
