//! The words to be said aloud after an interruption: why, from when, to when.
//!
//! Shown by the panel once recording has resumed; the transcript takes the same text.

use super::{Words, names, words};
use crate::interview::marks::{Interruption, UnrecordedGround};
use crate::interview::time::Moment;

pub fn interruption(gap: &Interruption) -> Words {
    let (cause_zh, cause_en) = names::cause(gap.cause);
    let from = gap.from.wall.display();
    let to = gap
        .to
        .as_ref()
        .map_or_else(String::new, |to: &Moment| to.wall.display());
    let meanwhile = meanwhile(gap);
    words(
        format!(
            "现在说明：因{cause_zh}，本次同步录音录像自 {from} 起中断，至 {to} 恢复。{}现继续进行。",
            meanwhile.zh
        ),
        format!(
            "For the record: because {cause_en}, this recording was interrupted from {from} to {to}. {}We now go on.",
            meanwhile.en
        ),
    )
}

/// What went on without our recording, if anything did.
fn meanwhile(gap: &Interruption) -> Words {
    if let Some(approval) = &gap.unrecorded {
        let name = &approval.approver.name;
        let (zh, en) = match approval.ground {
            UnrecordedGround::Urgent => ("情况紧急", "the matter was urgent"),
            UnrecordedGround::DelayTooLong => ("等待时间过长", "waiting would have taken too long"),
        };
        return words(
            format!("其间因{zh}，经{name}批准，在未录音录像的情况下继续进行。"),
            format!("Because {en}, it went on meanwhile without recording, approved by {name}. "),
        );
    }
    match &gap.elsewhere {
        Some(elsewhere) => words(
            format!("其间转至{}继续进行。", elsewhere.place),
            format!("Meanwhile it went on at {}. ", elsewhere.place),
        ),
        None => words("其间活动中止。", "Meanwhile everything stood still. "),
    }
}
