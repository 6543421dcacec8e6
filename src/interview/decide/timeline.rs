//! Marks, intervals, layouts and statements: what is noted while the recording goes on.

use super::Decided;
use super::texts::{MAX_MARKS, MAX_PEOPLE, MAX_TEXT_CHARS, few, limited, required};
use crate::interview::entry::Fact;
use crate::interview::ids::{InterruptionId, IntervalId, ParticipantId};
use crate::interview::marks::{IntervalKind, Layout, MarkKind, Statement};
use crate::interview::state::{Interview, Matter, Stage, State};
use crate::interview::words::refusals::Why;

impl Interview {
    /// The preview may be arranged at any time but during a lawyer's talk; inside the recording,
    /// showing the evidence camera is a mark of its own.
    pub(super) fn switch_layout(&self, layout: Layout, text: String) -> Decided {
        limited("text", &text, MAX_TEXT_CHARS)?;
        let switched = Fact::LayoutSwitched { layout };
        match &self.state {
            State::Confidential { .. } => Err(Why::Confidential),
            State::Idle | State::Prechecked { .. } => Ok(vec![switched]),
            State::Open {
                stage: Stage::Recording,
                ..
            } if layout == Layout::Evidence => Ok(vec![
                switched,
                Fact::Marked {
                    mark: MarkKind::EvidenceShown,
                    text,
                },
            ]),
            State::Open { .. } => self.open_matter().map(|_| vec![switched]),
        }
    }

    /// A call for help is noted whatever the recording does; all other marks lie inside it.
    pub(super) fn mark(&self, mark: MarkKind, text: String) -> Decided {
        let matter = match mark {
            MarkKind::Help => self.open_matter()?,
            MarkKind::Announced
            | MarkKind::RightsRead
            | MarkKind::IdentityEstablished
            | MarkKind::HealthAsked
            | MarkKind::TreatmentAsked
            | MarkKind::EvidenceShown
            | MarkKind::Identification
            | MarkKind::Statement
            | MarkKind::Rest
            | MarkKind::Own => self.recorded_matter()?,
        };
        few("marks", matter.marks.len() + 1, MAX_MARKS)?;
        match mark {
            MarkKind::Own => required("text", &text, MAX_TEXT_CHARS)?,
            _ => limited("text", &text, MAX_TEXT_CHARS)?,
        }
        Ok(vec![Fact::Marked { mark, text }])
    }
}

impl Matter {
    pub(super) fn end_interval(&self, interval: IntervalId) -> Decided {
        let open = self.intervals.iter().any(|i| i.id == interval && i.to.is_none());
        if open {
            Ok(vec![Fact::IntervalEnded { interval }])
        } else {
            Err(Why::IntervalUnknown)
        }
    }

    pub(super) fn begin_interval(
        &self,
        kind: IntervalKind,
        present: Vec<ParticipantId>,
        note: String,
    ) -> Decided {
        limited("note", &note, MAX_TEXT_CHARS)?;
        few("present", present.len(), MAX_PEOPLE)?;
        few("intervals", self.intervals.len() + 1, MAX_MARKS)?;
        present.iter().try_for_each(|person| self.present(person))?;
        let last = self.intervals.last().map_or(0, |interval| interval.id.0);
        let interval = IntervalId(last.saturating_add(1));
        Ok(vec![Fact::IntervalBegan {
            interval,
            interval_kind: kind,
            present,
            note,
        }])
    }

    pub(super) fn statement_made(&self, interruption: InterruptionId) -> Decided {
        let gap = self.interruptions.iter().find(|gap| gap.id == interruption);
        match gap.map(|gap| &gap.statement) {
            Some(Statement::Owed) => Ok(vec![Fact::StatementMade { interruption }]),
            Some(Statement::NotYet | Statement::Made { .. } | Statement::NotObtained) | None => {
                Err(Why::StatementNotOwed)
            }
        }
    }
}
