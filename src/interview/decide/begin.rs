//! Before the recording: pre-check, start, and the lawyer's talk that is never recorded.

use std::collections::BTreeSet;

use super::Decided;
use super::people::{valid_case, valid_person};
use super::texts::{MAX_NAME_CHARS, MAX_PEOPLE, MAX_TEXT_CHARS, few, limited, required};
use crate::interview::command::CaseRef;
use crate::interview::entry::{Fact, Started};
use crate::interview::kinds::InterviewKind;
use crate::interview::marks::{PrecheckItem, PrecheckOverride, PrecheckResult};
use crate::interview::people::Participant;
use crate::interview::state::{Interview, State};
use crate::interview::time::Moment;
use crate::interview::words::refusals::Why;

/// What a start was asked with.
pub(super) struct Start {
    pub interview: InterviewKind,
    pub case: CaseRef,
    pub participants: Vec<Participant>,
    pub must_record: bool,
    pub overrides: Vec<PrecheckOverride>,
}

impl Interview {
    pub(super) fn precheck(&self, results: Vec<PrecheckResult>) -> Decided {
        match self.state {
            State::Idle | State::Prechecked { .. } => {
                few("results", results.len(), PRECHECK_ITEMS)?;
                results
                    .iter()
                    .try_for_each(|r| limited("figure", &r.figure, MAX_TEXT_CHARS))?;
                Ok(vec![Fact::Prechecked { results }])
            }
            State::Confidential { .. } | State::Open { .. } => Err(self.wrong_state()),
        }
    }

    pub(super) fn start_interview(&self, at: Moment, start: Start) -> Decided {
        match &self.state {
            State::Prechecked { at: checked, results } => self.start(at, *checked, results, start),
            State::Idle => Err(Why::PrecheckStale),
            State::Confidential { .. } | State::Open { .. } => Err(self.wrong_state()),
        }
    }

    pub(super) fn begin_confidential(&self) -> Decided {
        match self.state {
            State::Idle | State::Prechecked { .. } => Ok(vec![Fact::ConfidentialBegan {}]),
            State::Confidential { .. } | State::Open { .. } => Err(self.wrong_state()),
        }
    }

    pub(super) fn end_confidential(&self) -> Decided {
        match self.state {
            State::Confidential { .. } => Ok(vec![Fact::ConfidentialEnded {}]),
            State::Idle | State::Prechecked { .. } | State::Open { .. } => Err(self.wrong_state()),
        }
    }

    fn start(&self, at: Moment, checked: Moment, results: &[PrecheckResult], start: Start) -> Decided {
        let age_ms = at.wall.unix_ms - checked.wall.unix_ms;
        // A negative age means that the clock was set since: what was checked then proves nothing now.
        if !(0..=i64::from(self.rules.precheck_valid_minutes) * 60_000).contains(&age_ms) {
            return Err(Why::PrecheckStale);
        }
        judge_precheck(results, &start.overrides)?;
        valid_case(&start.case)?;
        few("participants", start.participants.len(), MAX_PEOPLE)?;
        start.participants.iter().try_for_each(valid_person)?;
        let ids: BTreeSet<_> = start.participants.iter().map(|p| &p.id).collect();
        if ids.len() < start.participants.len() {
            return Err(Why::PersonTwice);
        }
        let mut rules = self.rules.of(start.interview);
        rules.must_record |= start.must_record;
        Ok(vec![Fact::Started(Box::new(Started {
            interview: start.interview,
            case: start.case,
            participants: start.participants,
            rules,
            end_after: self.rules.end_after,
            layout: self.layout,
            prechecked: checked,
            precheck: results.to_vec(),
            overrides: start.overrides,
            alarms: self.alarms.clone(),
        }))])
    }
}

const PRECHECK_ITEMS: usize = 32;

/// Hard items must be there and passed; a soft one that failed needs a name and a reason.
fn judge_precheck(results: &[PrecheckResult], overrides: &[PrecheckOverride]) -> Result<(), Why> {
    let failed = |item: PrecheckItem| results.iter().any(|r| r.item == item && !r.passed);
    let passed = |item: PrecheckItem| results.iter().any(|r| r.item == item) && !failed(item);
    let hard: Vec<PrecheckItem> = PrecheckItem::HARD
        .into_iter()
        .filter(|item| !passed(*item))
        .collect();
    if !hard.is_empty() {
        return Err(Why::PrecheckFailed { items: hard });
    }
    few("overrides", overrides.len(), PRECHECK_ITEMS)?;
    for given in overrides {
        required("override.name", &given.name, MAX_NAME_CHARS)?;
        required("override.reason", &given.reason, MAX_TEXT_CHARS)?;
    }
    let overridden = |item: PrecheckItem| overrides.iter().any(|o| o.item == item);
    let soft: BTreeSet<PrecheckItem> = results
        .iter()
        .filter(|r| !r.passed && !r.item.is_hard() && !overridden(r.item))
        .map(|r| r.item)
        .collect();
    if soft.is_empty() {
        Ok(())
    } else {
        Err(Why::OverrideMissing {
            items: soft.into_iter().collect(),
        })
    }
}
