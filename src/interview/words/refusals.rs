//! Why a command was refused: one variant per reason, with its rule and its sentences.
//!
//! Each sentence says what is wrong and what to do. The code is for programs, the words for people.

use super::names::{self, joined};
use super::{Words, words};
use crate::interview::case_files::{MAX_CASE_BYTES, MAX_CASE_FILES};
use crate::interview::marks::PrecheckItem;
use crate::interview::refusal::{Missing, Refusal};
use crate::interview::rule::RuleId;
use crate::interview::view::StateName;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    WrongState { now: StateName },
    NotRecording { now: StateName },
    Confidential,
    PrecheckFailed { items: Vec<PrecheckItem> },
    PrecheckStale,
    OverrideMissing { items: Vec<PrecheckItem> },
    TextMissing { field: &'static str },
    TextTooLong { field: &'static str, max_chars: usize },
    TooMany { field: &'static str, max: usize },
    PersonUnknown,
    PersonPresent,
    PersonAbsent,
    PersonChanged,
    PersonTwice,
    IntervalUnknown,
    StatementNotOwed,
    StepsMissing { missing: Vec<Missing> },
    TranscriptMissing,
    TranscriptSecond,
    DocumentUnknown,
    DocumentKindChanged,
    RevisionStale { expected: u32 },
    PageUnknown,
    PageChanged,
    PageAttested,
    ReviewRunning,
    ReviewNotBegun,
    NothingOpen,
    ActNotOwed,
    ActDone,
    ActOutOfOrder { missing: Vec<Missing> },
    MethodUnfit,
    EvidenceMissing,
    PoliceCannotRefuse,
    MustRecord,
    IntervieweeNotTold,
    ApproverTookPart,
    ConfirmationNeeded,
    NothingToConfirm,
    ReasonUnfit,
    InterruptionUnknown,
    RecorderUnclear,
    TimesUnfit,
    ImportTwice,
    CaseFileLate,
    CaseFileNameTaken,
    CaseFileNamesTooLong,
    CaseFilesTooMany,
    CaseFilesTooLarge { left_bytes: u64 },
    ElsewhereUnlinked { missing: Vec<Missing> },
    Unfinished { missing: Vec<Missing> },
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Refusal {
        let (code, rule) = why.code();
        let Words { zh, en } = why.words();
        Refusal {
            code,
            rule,
            message_zh: zh,
            message_en: en,
            missing: why.missing(),
        }
    }
}

impl Why {
    fn code(&self) -> (&'static str, RuleId) {
        match self {
            Why::WrongState { .. } => ("wrong-state", RuleId::R03),
            Why::NotRecording { .. } => ("not-recording", RuleId::R14),
            Why::Confidential => ("confidential", RuleId::R36),
            Why::PrecheckFailed { .. } => ("precheck-failed", RuleId::R10),
            Why::PrecheckStale => ("precheck-stale", RuleId::R10),
            Why::OverrideMissing { .. } => ("override-missing", RuleId::R10),
            Why::TextMissing { .. } => ("text-missing", RuleId::R03),
            Why::TextTooLong { .. } => ("text-too-long", RuleId::R03),
            Why::TooMany { .. } => ("too-many", RuleId::R03),
            Why::PersonUnknown => ("person-unknown", RuleId::R30),
            Why::PersonPresent => ("person-present", RuleId::R30),
            Why::PersonAbsent => ("person-absent", RuleId::R30),
            Why::PersonChanged => ("person-changed", RuleId::R30),
            Why::PersonTwice => ("person-twice", RuleId::R30),
            Why::IntervalUnknown => ("interval-unknown", RuleId::R35),
            Why::StatementNotOwed => ("statement-not-owed", RuleId::R15),
            Why::StepsMissing { .. } => ("steps-missing", RuleId::R35),
            Why::TranscriptMissing => ("transcript-missing", RuleId::R11),
            Why::TranscriptSecond => ("transcript-second", RuleId::R11),
            Why::DocumentUnknown => ("document-unknown", RuleId::R11),
            Why::DocumentKindChanged => ("document-kind-changed", RuleId::R11),
            Why::RevisionStale { .. } => ("revision-stale", RuleId::R11),
            Why::PageUnknown => ("page-unknown", RuleId::R11),
            Why::PageChanged => ("page-changed", RuleId::R11),
            Why::PageAttested => ("page-attested", RuleId::R11),
            Why::ReviewRunning => ("review-running", RuleId::R11),
            Why::ReviewNotBegun => ("review-not-begun", RuleId::R11),
            Why::NothingOpen => ("nothing-open", RuleId::R11),
            Why::ActNotOwed => ("act-not-owed", RuleId::R11),
            Why::ActDone => ("act-done", RuleId::R11),
            Why::ActOutOfOrder { .. } => ("act-out-of-order", RuleId::R11),
            Why::MethodUnfit => ("method-unfit", RuleId::R11),
            Why::EvidenceMissing => ("evidence-missing", RuleId::R11),
            Why::PoliceCannotRefuse => ("police-cannot-refuse", RuleId::R11),
            Why::MustRecord => ("must-record", RuleId::R14),
            Why::IntervieweeNotTold => ("interviewee-not-told", RuleId::R14),
            Why::ApproverTookPart => ("approver-took-part", RuleId::R14),
            Why::ConfirmationNeeded => ("confirmation-needed", RuleId::R11),
            Why::NothingToConfirm => ("nothing-to-confirm", RuleId::R11),
            Why::ReasonUnfit => ("reason-unfit", RuleId::R11),
            Why::InterruptionUnknown => ("interruption-unknown", RuleId::R14),
            Why::RecorderUnclear => ("recorder-unclear", RuleId::R14),
            Why::TimesUnfit => ("times-unfit", RuleId::R14),
            Why::ImportTwice => ("import-twice", RuleId::R03),
            Why::CaseFileLate => ("case-file-late", RuleId::R24),
            Why::CaseFileNameTaken => ("case-file-name-taken", RuleId::R24),
            Why::CaseFileNamesTooLong => ("case-file-names-too-long", RuleId::R24),
            Why::CaseFilesTooMany => ("case-files-too-many", RuleId::R24),
            Why::CaseFilesTooLarge { .. } => ("case-files-too-large", RuleId::R24),
            Why::ElsewhereUnlinked { .. } => ("elsewhere-unlinked", RuleId::R14),
            Why::Unfinished { .. } => ("unfinished", RuleId::R11),
        }
    }

    fn missing(self) -> Vec<Missing> {
        match self {
            Why::StepsMissing { missing }
            | Why::ActOutOfOrder { missing }
            | Why::ElsewhereUnlinked { missing }
            | Why::Unfinished { missing } => missing,
            _ => Vec::new(),
        }
    }

    fn words(&self) -> Words {
        match self {
            Why::WrongState { now } => {
                let (zh, en) = names::state(*now);
                words(
                    format!("当前状态为“{zh}”，不能执行此操作"),
                    format!("not possible while {en}"),
                )
            }
            Why::NotRecording { now } => {
                let (zh, en) = names::state(*now);
                words(
                    format!("当前没有录制（{zh}），请先恢复录制"),
                    format!("nothing is being recorded ({en}); get the recording going again first"),
                )
            }
            Why::PrecheckFailed { items } => {
                let (zh, en) = joined(items.iter().copied().map(names::precheck));
                words(
                    format!("开录前检查未通过：{zh}。请排除故障后重新检查"),
                    format!("the pre-check failed: {en}. Mend it and check again"),
                )
            }
            Why::OverrideMissing { items } => {
                let (zh, en) = joined(items.iter().copied().map(names::precheck));
                words(
                    format!("以下检查项未通过：{zh}。如需开始，请注明姓名和理由"),
                    format!("these checks failed: {en}. To start anyway, give a name and a reason for each"),
                )
            }
            Why::TextMissing { field } => {
                words(format!("请填写：{field}"), format!("{field} must not be empty"))
            }
            Why::TextTooLong { field, max_chars } => words(
                format!("{field} 过长，最多 {max_chars} 字"),
                format!("{field} is longer than {max_chars} characters"),
            ),
            Why::TooMany { field, max } => words(
                format!("{field} 过多，最多 {max} 个"),
                format!("more than {max} {field}"),
            ),
            Why::RevisionStale { expected } => words(
                format!("文书已被修改，请重新载入（应为第 {expected} 版）"),
                format!("the document has changed meanwhile; load it again (revision {expected} is next)"),
            ),
            Why::Unfinished { missing } => words(
                format!(
                    "尚有 {} 项未完成，不能结束：须核对、签字、捺指印完毕后结束",
                    missing.len()
                ),
                format!(
                    "{} things are still open: it can end once all is checked, signed and fingerprinted",
                    missing.len()
                ),
            ),
            Why::CaseFilesTooMany => words(
                format!("电子案卷最多 {MAX_CASE_FILES} 个文件，已满；其余材料请另行随案移送"),
                format!(
                    "the e-case file holds {MAX_CASE_FILES} files and is full; hand the rest over with the case"
                ),
            ),
            Why::CaseFilesTooLarge { left_bytes } => {
                let (most, left) = (MAX_CASE_BYTES >> 20, left_bytes >> 20);
                words(
                    format!(
                        "电子案卷合计最多 {most} MiB，尚余 {left} MiB，此文件放不下；请压缩或另行随案移送"
                    ),
                    format!(
                        "the e-case file holds {most} MiB, {left} MiB are left, this file does not fit; make it smaller or hand it over with the case"
                    ),
                )
            }
            Why::StepsMissing { .. } => words(
                "核对笔录前须先完成规定步骤",
                "required steps are missing; do and mark them before the review",
            ),
            Why::ActOutOfOrder { .. } => words(
                "顺序不符：每人依次核对、签字、捺指印；被讯（询）问人完成后办案人员签字",
                "out of order: each checks, signs, then fingerprints; the police sign after the interviewee's last act",
            ),
            Why::ElsewhereUnlinked { .. } => words(
                "已转其他场所继续，但尚未关联或导入其录音录像；请先关联（link-recording）或导入文件",
                "it went on elsewhere, and that recording is not known here: link it (link-recording) or import its files first",
            ),
            plain => plain.plain_words(),
        }
    }

    /// Sentences without a figure in them.
    fn plain_words(&self) -> Words {
        let (zh, en) = match self {
            Why::Confidential => (
                "正在律师会见，不得录制；请先结束会见",
                "a confidential talk is going on; end it first",
            ),
            Why::PrecheckStale => (
                "开录前检查已过期，请重新检查",
                "the pre-check is too old; check again",
            ),
            Why::PersonUnknown => ("没有登记此人", "nobody of this id takes part; add them first"),
            Why::PersonPresent => ("此人已在场", "this person is already in the room"),
            Why::PersonAbsent => (
                "此人不在场；请先登记其到场",
                "this person is not in the room; note their coming first",
            ),
            Why::PersonChanged => (
                "编号已属于另一人，请使用新编号",
                "this id belongs to another person or role; use a new one",
            ),
            Why::PersonTwice => ("同一编号登记了两次", "the same id is given twice"),
            Why::IntervalUnknown => ("没有这一项，或已结束", "no such interval is open"),
            Why::StatementNotOwed => (
                "此次中断无需说明，或已说明",
                "no statement is owed for this interruption",
            ),
            Why::TranscriptMissing => ("没有笔录，请先提交笔录", "there is no transcript; put one first"),
            Why::TranscriptSecond => (
                "已有笔录；一次讯（询）问只有一份笔录",
                "there is a transcript already",
            ),
            Why::DocumentUnknown => ("没有此文书", "no such document"),
            Why::DocumentKindChanged => ("文书类型不能更改", "a document cannot change its kind"),
            Why::PageUnknown => ("没有此页", "no such page"),
            Why::PageChanged => (
                "此页内容已变更，请重新核对",
                "the page has changed since it was shown; check it again",
            ),
            Why::PageAttested => (
                "此页已有核对、签字或捺指印，不能移除；请在原处更正",
                "the page has been attested and cannot be taken out; correct it where it stands",
            ),
            Why::ReviewRunning => ("已在核对笔录", "the review is already going on"),
            Why::ReviewNotBegun => ("尚未开始核对笔录", "the review has not begun"),
            Why::NothingOpen => (
                "全部手续已完成，不能再继续讯（询）问",
                "the last act is done; the questions cannot be resumed",
            ),
            Why::ActNotOwed => (
                "此人在此页无需办理此项",
                "this person does not owe this act on this page",
            ),
            Why::ActDone => ("此项已完成", "this act is already done"),
            Why::MethodUnfit => ("此方式不适用于此项", "this method does not fit this act"),
            Why::EvidenceMissing => (
                "缺少签字或指印文件的摘要",
                "the digest of the signature or fingerprint is missing",
            ),
            Why::PoliceCannotRefuse => (
                "办案人员和记录人不能拒绝；确实不能的，请注明原因",
                "police cannot refuse; if they cannot do it, say why",
            ),
            Why::MustRecord => (
                "依法必须录音录像，不得在未录音录像的情况下继续；请更换设备或场所",
                "recording is required by law; change the equipment or the place",
            ),
            Why::IntervieweeNotTold => ("请先告知被讯（询）问人", "tell the interviewee first"),
            Why::ApproverTookPart => ("批准人不能是本次参与人员", "who takes part cannot approve"),
            Why::ConfirmationNeeded => (
                "此原因须经批准人当场确认",
                "this reason needs the approver's confirmation first",
            ),
            Why::NothingToConfirm => ("没有待确认的事项", "nothing waits for a confirmation"),
            Why::ReasonUnfit => (
                "此原因与当前状态不符",
                "this reason does not fit the present state",
            ),
            Why::InterruptionUnknown => ("没有此次中断", "there is no such interruption"),
            Why::RecorderUnclear => (
                "请填写 room（其他房间）或 device（移动设备）之一",
                "name either the other room or the mobile device (room, device)",
            ),
            Why::TimesUnfit => (
                "起止时间有误：须为 RFC 3339 格式，且开始早于结束",
                "from and until must be RFC 3339 times, from before until",
            ),
            Why::ImportTwice => (
                "该文件名已导入过；每个名称只能使用一次",
                "a file of this name was imported already; each name is used once",
            ),
            Why::CaseFileLate => (
                "讯（询）问已在封存，电子案卷不能再添加；请另行随案移送",
                "the interview is being sealed, its e-case file takes nothing more; hand it over with the case",
            ),
            Why::CaseFileNameTaken => (
                "电子案卷中已有此名称（不分大小写）且内容不同；请改名后再提交",
                "another file of this name (in capitals or not) is in the e-case file; give this one another name",
            ),
            Why::CaseFileNamesTooLong => (
                "此文件夹中的长文件名过多，光盘放不下；请缩短名称（32 个汉字以内不受限）或放入另一文件夹",
                "too many long names in this folder for a disc; shorten it (up to 32 Chinese characters or 96 letters are free) or use another folder",
            ),
            _ => ("不能执行此操作", "not possible"),
        };
        words(zh, en)
    }
}
