//! What a label says, as plain values: whose interview, whose discs, which of them is the original.
//!
//! Filled by `read` and `from_disc`; a caller with facts of its own may fill it too. Nothing here is formatted
//! and nothing is looked up.

use super::super::plan::Slot;

/// The labels of one print: one interview's discs, or those of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub interviews: Vec<InterviewFacts>,
}

/// One interview with those of its discs that get labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterviewFacts {
    /// 制作单位
    pub unit: String,
    pub room_id: String,
    pub room_name: String,
    pub id: String,
    /// As shown, e.g. 讯问.
    pub kind: String,
    pub case_number: CaseNumber,
    pub case_name: String,
    /// 制作人: officers and recorders who took part.
    pub makers: Vec<Maker>,
    /// RFC 3339 with the local offset, from the journal: when the first part began.
    pub from: String,
    /// The same: when the last part ended. Absent on a relayed disc that is read alone.
    pub until: Option<String>,
    pub discs: Vec<DiscFacts>,
}

/// Where no case number exists yet, the incident number (警情编号) serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseNumber {
    Case(String),
    Incident(String),
    /// The label has a line to write it on.
    NotYet,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    pub name: String,
    /// Police number (警号); may be empty.
    pub number: String,
}

/// One finalised disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscFacts {
    pub slot: Slot,
    /// The set's number (套), running on through the case's interviews in this room; absent where only the disc is
    /// known.
    pub set: Option<u32>,
    /// The disc's number in its set (张), and how many the set has; absent where only the disc is known.
    pub number: u32,
    pub of: Option<u32>,
    pub volume_id: String,
    /// As the drive names it; empty where unknown.
    pub medium: String,
    pub digest: Digest,
    pub standing: Standing,
    pub burnt: Burnt,
    /// RFC 3339; the 24 hours of the hand-over begin here.
    pub finalised_at: Option<String>,
}

/// Original (正本), which is sealed, or copy (副本), which is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Original,
    Copy,
}

/// When the disc's set was burnt: only one burnt during the interview can be its original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burnt {
    Live,
    FromMaster,
    /// A disc that is read alone does not say.
    Unknown,
}

/// The digest that the code on the label carries, lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// `manifest.json` or `disc.json`.
    pub file: &'static str,
    pub sha256: String,
}

impl Facts {
    /// Every text that people or devices wrote: what fonts must be able to show.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.interviews.iter().flat_map(InterviewFacts::texts).collect()
    }
}

impl InterviewFacts {
    fn texts(&self) -> Vec<&str> {
        let number = match &self.case_number {
            CaseNumber::Case(number) | CaseNumber::Incident(number) => number.as_str(),
            CaseNumber::NotYet => "",
        };
        let own = [
            &self.unit,
            &self.room_id,
            &self.room_name,
            &self.id,
            &self.kind,
            &self.case_name,
        ];
        let makers = self
            .makers
            .iter()
            .flat_map(|maker| [maker.name.as_str(), &maker.number]);
        let discs = self
            .discs
            .iter()
            .flat_map(|disc| [disc.volume_id.as_str(), &disc.medium]);
        let own = own.into_iter().map(String::as_str);
        own.chain([number]).chain(makers).chain(discs).collect()
    }
}
