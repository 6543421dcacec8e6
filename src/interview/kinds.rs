//! Kinds of interview and what each asks: transcript, officers, steps, and who owes which act.
//!
//! `Rules` comes from the configuration with lawful defaults; an interview takes its kind's row along in
//! its `started` entry, so that a later change of the configuration never changes what an old interview
//! asked for. Read by `owed.rs`; nothing here decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::marks::MarkKind;
use super::words::names;

/// What is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterviewKind {
    /// 讯问 of a criminal suspect.
    Interrogation,
    /// 询问 of an administrative suspect (违法嫌疑人).
    InquirySuspect,
    /// 询问 of a victim (被害人、被侵害人).
    InquiryVictim,
    /// 询问 of a witness (证人).
    InquiryWitness,
    /// 辨认
    Identification,
    /// 安全检查
    SafetyCheck,
    /// 信息采集
    Particulars,
    /// 押解提审
    Escort,
    /// 调解
    Mediation,
    /// 对质
    Confrontation,
}

/// As what a person takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 被讯问人 / 被询问人; each party of a mediation or a confrontation.
    Interviewee,
    /// 办案人员
    Officer,
    /// 记录人
    Recorder,
    /// 法定代理人
    Guardian,
    /// 合适成年人
    AppropriateAdult,
    /// 翻译人员
    Interpreter,
    /// 见证人
    AttestingWitness,
    /// 律师
    Lawyer,
    /// 医务人员
    Medical,
    /// 看护人员
    Guard,
    Other,
}

/// One thing that a person does on a page (核对、签字、捺指印), in the order it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Check,
    Sign,
    Fingerprint,
}

/// On which pages an act is owed. An act on the last page attests the whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pages {
    Every,
    Last,
}

/// "Whoever takes part in this role owes this act on these pages of each document."
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    pub role: Role,
    pub act: Act,
    pub pages: Pages,
}

/// What one kind of interview asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindRules {
    /// Whether it cannot end without a transcript (笔录).
    pub transcript: bool,
    /// R-30; fewer raise an alarm and never stop the recording.
    pub min_officers: u32,
    /// where the law demands recording, going on unrecorded is refused.
    pub must_record: bool,
    /// Marks that must have been set before the review, or before the end where there is none.
    pub required_steps: Vec<MarkKind>,
    pub duties: Vec<Duty>,
}

/// When an interview may end (R-11, contract key `end_after`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndAfter {
    #[default]
    Fingerprint,
    /// The interviewee has been seen to leave the room as well.
    LeftRoom,
}

/// The whole table, as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    pub end_after: EndAfter,
    /// How long a pre-check stays good for a start.
    pub precheck_valid_minutes: u32,
    /// Rows that replace a kind's lawful default.
    pub kinds: BTreeMap<InterviewKind, KindRules>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            end_after: EndAfter::default(),
            precheck_valid_minutes: 30,
            kinds: BTreeMap::new(),
        }
    }
}

impl Rules {
    pub fn of(&self, kind: InterviewKind) -> KindRules {
        self.kinds
            .get(&kind)
            .cloned()
            .unwrap_or_else(|| KindRules::lawful(kind))
    }
}

impl InterviewKind {
    pub const ALL: [InterviewKind; 10] = [
        InterviewKind::Interrogation,
        InterviewKind::InquirySuspect,
        InterviewKind::InquiryVictim,
        InterviewKind::InquiryWitness,
        InterviewKind::Identification,
        InterviewKind::SafetyCheck,
        InterviewKind::Particulars,
        InterviewKind::Escort,
        InterviewKind::Mediation,
        InterviewKind::Confrontation,
    ];

    /// As labels, pages and discs say it.
    pub fn name_zh(self) -> &'static str {
        names::kind(self).0
    }
}

impl KindRules {
    /// The row that holds where the configuration says nothing else.
    pub fn lawful(kind: InterviewKind) -> Self {
        let full = vec![
            MarkKind::Announced,
            MarkKind::RightsRead,
            MarkKind::IdentityEstablished,
        ];
        let (transcript, must_record, required_steps) = match kind {
            InterviewKind::Interrogation | InterviewKind::Confrontation => (true, true, full),
            InterviewKind::InquirySuspect
            | InterviewKind::InquiryVictim
            | InterviewKind::InquiryWitness
            | InterviewKind::Identification
            | InterviewKind::Mediation => (true, false, full),
            InterviewKind::SafetyCheck | InterviewKind::Particulars | InterviewKind::Escort => {
                (false, false, vec![MarkKind::Announced])
            }
        };
        Self {
            transcript,
            min_officers: 2,
            must_record,
            required_steps,
            duties: lawful_duties(),
        }
    }
}

/// the interviewee attests every page; who answers for the interview signs at its end.
fn lawful_duties() -> Vec<Duty> {
    let every = |role, act| Duty {
        role,
        act,
        pages: Pages::Every,
    };
    let last = |role, act| Duty {
        role,
        act,
        pages: Pages::Last,
    };
    vec![
        every(Role::Interviewee, Act::Check),
        every(Role::Interviewee, Act::Sign),
        every(Role::Interviewee, Act::Fingerprint),
        every(Role::Guardian, Act::Check),
        last(Role::Guardian, Act::Sign),
        every(Role::AppropriateAdult, Act::Check),
        last(Role::AppropriateAdult, Act::Sign),
        last(Role::Interpreter, Act::Sign),
        last(Role::AttestingWitness, Act::Sign),
        last(Role::Officer, Act::Sign),
        last(Role::Recorder, Act::Sign),
    ]
}
