//! What is still missing, item by item, as refusals and the panel list it.
//!
//! Each item says what has to be done next, by whom and where.

use super::{Words, names, words};
use crate::interview::documents::ActKey;
use crate::interview::ids::ParticipantId;
use crate::interview::kinds::Role;
use crate::interview::marks::{Interruption, Interval, MarkKind};
use crate::interview::refusal::Missing;
use crate::interview::state::Matter;

fn item(act: &'static str, text: Words) -> Missing {
    Missing {
        person: None,
        act,
        document: None,
        page: None,
        text_zh: text.zh,
        text_en: text.en,
    }
}

pub fn act(matter: &Matter, key: &ActKey) -> Missing {
    let (zh, en) = names::act(key.act);
    let person = matter.person(&key.person).map(|a| &a.person);
    let name = person.map_or(key.person.as_str(), |p| p.name.as_str());
    let (role_zh, role_en) = person.map_or(("", ""), |p| names::role(p.role));
    let title = matter
        .document(&key.document)
        .map_or(key.document.as_str(), |d| d.title.as_str());
    let page = key.page.0;
    Missing {
        person: Some(key.person.clone()),
        act: en,
        document: Some(key.document.clone()),
        page: Some(key.page),
        text_zh: format!("{role_zh}{name}未对《{title}》第 {page} 页{zh}"),
        text_en: format!("{name} ({role_en}) has still to {en} page {page} of \"{title}\""),
    }
}

pub fn step(mark: MarkKind) -> Missing {
    let code = match mark {
        MarkKind::Announced => "announced",
        MarkKind::RightsRead => "rights-read",
        MarkKind::IdentityEstablished => "identity-established",
        MarkKind::HealthAsked => "health-asked",
        MarkKind::TreatmentAsked => "treatment-asked",
        MarkKind::EvidenceShown => "evidence-shown",
        MarkKind::Identification => "identification",
        MarkKind::Statement => "statement-marked",
        MarkKind::Rest => "rest",
        MarkKind::Help => "help",
        MarkKind::Own => "own",
    };
    let (zh, en) = names::mark(mark);
    item(
        code,
        words(format!("未标记“{zh}”"), format!("step not marked: {en}")),
    )
}

pub fn statement(gap: &Interruption) -> Missing {
    let id = gap.id.0;
    item(
        "statement",
        words(
            format!("第 {id} 次中断的原因和起止时间尚未口头说明"),
            format!("interruption {id} has not been explained aloud (why, from when to when)"),
        ),
    )
}

/// An interview that went on elsewhere, of which no recording is known.
pub fn recording(gap: &Interruption) -> Missing {
    let id = gap.id.0;
    let place = gap
        .elsewhere
        .as_ref()
        .map_or("", |elsewhere| elsewhere.place.as_str());
    item(
        "link-recording",
        words(
            format!("第 {id} 次中断后转至“{place}”继续，其录音录像尚未关联或导入"),
            format!(
                "after interruption {id} it went on at \"{place}\"; that recording is neither linked nor imported"
            ),
        ),
    )
}

pub fn interval(interval: &Interval) -> Missing {
    let (zh, en) = names::interval(interval.interval);
    let id = interval.id.0;
    item(
        "end-interval",
        words(
            format!("“{zh}”（第 {id} 项）尚未结束"),
            format!("interval {id} ({en}) has not ended"),
        ),
    )
}

pub fn transcript() -> Missing {
    item("transcript", words("没有笔录", "there is no transcript"))
}

pub fn review() -> Missing {
    item(
        "review",
        words("尚未开始核对笔录", "the review of the transcript has not begun"),
    )
}

pub fn role(role: Role) -> Missing {
    let (zh, en) = names::role(role);
    item(
        "participant",
        words(format!("没有登记{zh}"), format!("no {en} has been named")),
    )
}

pub fn leaving(matter: &Matter, id: &ParticipantId) -> Missing {
    let name = matter.person(id).map_or(id.as_str(), |a| a.person.name.as_str());
    let text = words(
        format!("{name}尚未离开房间"),
        format!("{name} has not left the room"),
    );
    Missing {
        person: Some(id.clone()),
        ..item("leave", text)
    }
}
