//! What an interview still owes: acts, steps, statements, intervals, people.
//!
//! Derived from the matter each time, never stored: whoever took part owes what the kind's duties say,
//! on the pages as they are now. Read by the deciding code, the view and the staffing.

use std::collections::BTreeSet;

use super::documents::{ActKey, ActRecord, Document, DocumentKind, VoidReason};
use super::entry::VoidedKey;
use super::ids::{PageNumber, ParticipantId, Sha256Hex};
use super::kinds::{Act, EndAfter, Pages, Role};
use super::marks::{Interruption, MarkKind, Statement};
use super::refusal::Missing;
use super::state::Matter;
use super::time::Moment;
use super::view::Phase;
use super::words::missing;

impl Matter {
    /// The acts that a role owes on a page, in their order.
    fn duties_on(&self, role: Role, document: &Document, page: PageNumber) -> BTreeSet<Act> {
        let owed = |pages| match pages {
            Pages::Every => true,
            Pages::Last => page == document.last_page(),
        };
        let duties = self
            .rules
            .duties
            .iter()
            .filter(|duty| duty.role == role && owed(duty.pages));
        duties.map(|duty| duty.act).collect()
    }

    /// An act owed on the last page only attests the whole document.
    pub fn attests_whole(&self, role: Role, act: Act) -> bool {
        let mut duties = self
            .rules
            .duties
            .iter()
            .filter(|duty| duty.role == role && duty.act == act)
            .peekable();
        duties.peek().is_some() && duties.all(|duty| duty.pages == Pages::Last)
    }

    pub fn owed_acts_in(&self, document: &Document) -> Vec<ActKey> {
        let mut keys = Vec::new();
        for page in document.numbered_pages() {
            for attendance in &self.people {
                for act in self.duties_on(attendance.person.role, document, page) {
                    let (document, person) = (document.id.clone(), attendance.person.id.clone());
                    keys.push(ActKey {
                        document,
                        page,
                        person,
                        act,
                    });
                }
            }
        }
        keys
    }

    pub fn is_owed(&self, key: &ActKey) -> bool {
        let (Some(document), Some(attendance)) = (self.document(&key.document), self.person(&key.person))
        else {
            return false;
        };
        document.page_sha256(key.page).is_some()
            && self
                .duties_on(attendance.person.role, document, key.page)
                .contains(&key.act)
    }

    pub fn open_acts(&self) -> Vec<ActKey> {
        self.documents
            .iter()
            .flat_map(|document| self.open_acts_in(document))
            .collect()
    }

    fn open_acts_in(&self, document: &Document) -> Vec<ActKey> {
        let records = document.acts.iter().filter(|record| record.stands());
        let done: BTreeSet<(PageNumber, &ParticipantId, Act)> = records
            .map(|record| (record.page, &record.person, record.act))
            .collect();
        let mut keys = self.owed_acts_in(document);
        keys.retain(|key| !done.contains(&(key.page, &key.person, key.act)));
        keys
    }

    pub fn role_of(&self, person: &ParticipantId) -> Option<Role> {
        self.person(person).map(|attendance| attendance.person.role)
    }

    /// Open acts that must come before this one: the person's own earlier ones, and all of the
    /// interviewee's before the police sign.
    pub fn open_before(&self, key: &ActKey) -> Vec<ActKey> {
        let Some(role) = self.role_of(&key.person) else {
            return Vec::new();
        };
        let whole = self.attests_whole(role, key.act);
        let own = |open: &ActKey| {
            let same_page = whole || open.page == key.page;
            open.person == key.person && open.document == key.document && same_page && open.act < key.act
        };
        let interviewees = |open: &ActKey| {
            role.is_police()
                && self
                    .role_of(&open.person)
                    .is_some_and(|role| role == Role::Interviewee)
        };
        let mut open = self.open_acts();
        open.retain(|open| own(open) || interviewees(open));
        open
    }

    /// What putting these pages in place of the document's voids.
    pub fn voided_by(&self, document: &Document, pages: &[Sha256Hex]) -> Vec<VoidedKey> {
        if document.pages == pages {
            return Vec::new();
        }
        let mut voided = Vec::new();
        for record in document.acts.iter().filter(|record| record.stands()) {
            let index = usize::try_from(record.page.0)
                .unwrap_or(usize::MAX)
                .saturating_sub(1);
            let whole = self
                .role_of(&record.person)
                .is_some_and(|role| self.attests_whole(role, record.act));
            let because = match (pages.get(index) == Some(&record.page_sha256), whole) {
                (false, _) => VoidReason::PageChanged,
                (true, true) => VoidReason::DocumentChanged,
                (true, false) => continue,
            };
            voided.push(VoidedKey {
                act: key_of(document, record),
                because,
            });
        }
        voided
    }

    /// Acts at or after the last durable picture: nobody can see them.
    pub fn acts_since(&self, recorded_until: &Moment) -> Vec<ActKey> {
        let of = |document| move |record| key_of(document, record);
        self.documents
            .iter()
            .flat_map(|document| {
                let late = |r: &&ActRecord| r.stands() && r.at.not_before(recorded_until);
                document
                    .acts
                    .iter()
                    .filter(late)
                    .map(of(document))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    pub fn steps_missing(&self) -> Vec<MarkKind> {
        let made = |kind: &MarkKind| self.marks.iter().any(|mark| mark.mark == *kind && mark.recorded);
        self.rules
            .required_steps
            .iter()
            .copied()
            .filter(|kind| !made(kind))
            .collect()
    }

    pub fn statements_owed(&self) -> impl Iterator<Item = &Interruption> {
        self.interruptions
            .iter()
            .filter(|gap| gap.statement == Statement::Owed)
    }

    pub fn has_transcript(&self) -> bool {
        self.documents
            .iter()
            .any(|document| document.document == DocumentKind::Transcript)
    }

    /// Whether the interviewees are still in the room although the end waits for their leaving.
    fn leaving_owed(&self) -> Vec<&ParticipantId> {
        match self.end_after {
            EndAfter::Fingerprint => Vec::new(),
            EndAfter::LeftRoom => {
                let interviewees = self.people.iter().filter(|a| a.person.role == Role::Interviewee);
                interviewees
                    .filter(|a| a.present())
                    .map(|a| &a.person.id)
                    .collect()
            }
        }
    }

    /// Everything that keeps the interview from ending, each with its text.
    pub fn missing(&self) -> Vec<Missing> {
        let mut list: Vec<Missing> = self.steps_missing().into_iter().map(missing::step).collect();
        list.extend(self.statements_owed().map(missing::statement));
        list.extend(
            self.intervals
                .iter()
                .filter(|i| i.to.is_none())
                .map(missing::interval),
        );
        list.extend(self.missing_foundations());
        list.extend(self.open_acts().iter().map(|key| missing::act(self, key)));
        list.extend(
            self.leaving_owed()
                .into_iter()
                .map(|id| missing::leaving(self, id)),
        );
        list
    }

    fn missing_foundations(&self) -> Vec<Missing> {
        let mut list = Vec::new();
        if self.rules.transcript && !self.has_transcript() {
            list.push(missing::transcript());
        }
        if !self.documents.is_empty() && !self.in_review {
            list.push(missing::review());
        }
        if self.rules.transcript {
            list.extend(self.roles_missing().into_iter().map(missing::role));
        }
        list
    }

    /// A transcript without anybody questioned, or without an officer, attests nothing.
    pub fn roles_missing(&self) -> Vec<Role> {
        let took_part = |role: &Role| self.people.iter().any(|a| a.person.role == *role);
        [Role::Interviewee, Role::Officer]
            .into_iter()
            .filter(|role| !took_part(role))
            .collect()
    }

    pub fn phase(&self) -> Phase {
        if !self.in_review {
            return Phase::Questioning;
        }
        let open = self.open_acts();
        let police = |key: &&ActKey| self.role_of(&key.person).is_some_and(Role::is_police);
        let theirs = open.iter().filter(|key| !police(key)).map(|key| key.act).min();
        match theirs.or(open.iter().map(|key| key.act).min()) {
            Some(Act::Check) => Phase::Review,
            Some(Act::Sign) => Phase::Signing,
            Some(Act::Fingerprint) => Phase::Fingerprinting,
            None if self.leaving_owed().is_empty() => Phase::Complete,
            None => Phase::Leaving,
        }
    }
}

fn key_of(document: &Document, record: &ActRecord) -> ActKey {
    ActKey {
        document: document.id.clone(),
        page: record.page,
        person: record.person.clone(),
        act: record.act,
    }
}
