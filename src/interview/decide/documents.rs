//! Transcript and documents: put, reviewed, and the way back to the questions.
//!
//! A page that changes voids what was attested on it; one that stands attested cannot be taken out.

use super::Decided;
use super::texts::{MAX_DOCUMENTS, MAX_NAME_CHARS, MAX_PAGES, MAX_TEXT_CHARS, few, required};
use crate::interview::documents::{Document, DocumentKind};
use crate::interview::entry::{Fact, VoidedKey};
use crate::interview::ids::{DocumentId, Sha256Hex};
use crate::interview::state::Matter;
use crate::interview::words::missing;
use crate::interview::words::refusals::Why;

impl Matter {
    pub(super) fn put_document(
        &self,
        document: DocumentId,
        document_kind: DocumentKind,
        title: String,
        pages: Vec<Sha256Hex>,
        revision: u32,
    ) -> Decided {
        required("title", &title, MAX_NAME_CHARS)?;
        few("pages", pages.len(), MAX_PAGES)?;
        if pages.is_empty() {
            return Err(Why::TextMissing { field: "pages" });
        }
        let voided = match self.document(&document) {
            Some(known) => self.may_replace(known, document_kind, &pages, revision)?,
            None => self.may_add(document_kind, revision).map(|()| Vec::new())?,
        };
        Ok(vec![Fact::DocumentPut {
            document,
            document_kind,
            title,
            pages,
            revision,
            voided,
        }])
    }

    fn may_add(&self, form: DocumentKind, revision: u32) -> Result<(), Why> {
        few("documents", self.documents.len() + 1, MAX_DOCUMENTS)?;
        if revision != 1 {
            return Err(Why::RevisionStale { expected: 1 });
        }
        match form {
            DocumentKind::Transcript if self.has_transcript() => Err(Why::TranscriptSecond),
            DocumentKind::Transcript | DocumentKind::Accompanying => Ok(()),
        }
    }

    fn may_replace(
        &self,
        known: &Document,
        form: DocumentKind,
        pages: &[Sha256Hex],
        revision: u32,
    ) -> Result<Vec<VoidedKey>, Why> {
        let expected = known.revision.saturating_add(1);
        if revision != expected {
            return Err(Why::RevisionStale { expected });
        }
        if form != known.document {
            return Err(Why::DocumentKindChanged);
        }
        let taken_out = |page: u32| usize::try_from(page).is_ok_and(|page| page > pages.len());
        if known
            .acts
            .iter()
            .any(|record| record.stands() && taken_out(record.page.0))
        {
            return Err(Why::PageAttested);
        }
        Ok(self.voided_by(known, pages))
    }

    pub(super) fn begin_review(&self) -> Decided {
        if self.in_review {
            return Err(Why::ReviewRunning);
        }
        let mut missing: Vec<_> = self.steps_missing().into_iter().map(missing::step).collect();
        if self.rules.transcript {
            missing.extend(self.roles_missing().into_iter().map(missing::role));
        }
        if !missing.is_empty() {
            return Err(Why::StepsMissing { missing });
        }
        let enough = if self.rules.transcript {
            self.has_transcript()
        } else {
            !self.documents.is_empty()
        };
        if enough {
            Ok(vec![Fact::ReviewBegan {}])
        } else {
            Err(Why::TranscriptMissing)
        }
    }

    pub(super) fn resume_questioning(&self, reason: String) -> Decided {
        required("reason", &reason, MAX_TEXT_CHARS)?;
        if !self.in_review {
            return Err(Why::ReviewNotBegun);
        }
        if self.open_acts().is_empty() {
            return Err(Why::NothingOpen);
        }
        Ok(vec![Fact::QuestioningResumed { reason }])
    }
}
