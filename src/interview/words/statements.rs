//! The words to be said aloud after an interruption: why, from when, to when.
//!
//! Shown by the panel once recording has resumed; the transcript takes the same text.

use super::{Words, names, words};
use crate::interview::marks::{
    Elsewhere, Interruption, OtherRecorder, OtherRecording, UnrecordedApproval, UnrecordedGround,
};
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

/// What went on without our recording, if anything did: approved, elsewhere, and who recorded it there.
fn meanwhile(gap: &Interruption) -> Words {
    let told: Vec<Words> = [
        gap.unrecorded.as_ref().map(approved),
        gap.elsewhere.as_ref().map(went_on_at),
        recorded_by(gap),
    ]
    .into_iter()
    .flatten()
    .collect();
    if told.is_empty() {
        return words("其间活动中止。", "Meanwhile everything stood still. ");
    }
    let (zh, en): (Vec<String>, Vec<String>) = told.into_iter().map(|told| (told.zh, told.en)).unzip();
    words(zh.concat(), en.concat())
}

fn approved(approval: &UnrecordedApproval) -> Words {
    let name = &approval.approver.name;
    let (zh, en) = match approval.ground {
        UnrecordedGround::Urgent => ("情况紧急", "the matter was urgent"),
        UnrecordedGround::DelayTooLong => ("等待时间过长", "waiting would have taken too long"),
    };
    words(
        format!("其间因{zh}，经{name}批准，在未录音录像的情况下继续进行。"),
        format!("Because {en}, it went on meanwhile without recording, approved by {name}. "),
    )
}

fn went_on_at(elsewhere: &Elsewhere) -> Words {
    words(
        format!("其间转至{}继续进行。", elsewhere.place),
        format!("Meanwhile it went on at {}. ", elsewhere.place),
    )
}

/// Each room and device once, as far as they are known when it is read aloud.
fn recorded_by(gap: &Interruption) -> Option<Words> {
    let mut zh: Vec<String> = Vec::new();
    let mut en: Vec<String> = Vec::new();
    for recording in &gap.recordings {
        let name = match recording {
            OtherRecording::Linked {
                recorder: OtherRecorder::Room(room),
                ..
            } => (format!("{room}讯（询）问室"), format!("room {room}")),
            OtherRecording::Linked {
                recorder: OtherRecorder::Device(device),
                ..
            } => (format!("移动设备{device}"), format!("mobile recorder {device}")),
            OtherRecording::Imported { import, .. } => {
                let device = &import.device;
                (format!("移动设备{device}"), format!("mobile recorder {device}"))
            }
        };
        if !zh.contains(&name.0) {
            zh.push(name.0);
            en.push(name.1);
        }
    }
    let (zh, en) = (zh.join("、"), en.join(", "));
    let told = || {
        words(
            format!("其间由{zh}录音录像。"),
            format!("It was recorded meanwhile by {en}. "),
        )
    };
    (!zh.is_empty()).then(told)
}
