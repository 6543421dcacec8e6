//! Names of things in both languages, as the glossary has them.
//!
//! First Chinese, then English; used inside the sentences of the other files.

use crate::interview::alarm::{CameraSlot, Channel, DiscSlot};
use crate::interview::kinds::{Act, InterviewKind, Role};
use crate::interview::marks::{InterruptionCause, IntervalKind, MarkKind, PrecheckItem};
use crate::interview::view::StateName;

pub type Name = (&'static str, &'static str);

pub fn kind(kind: InterviewKind) -> Name {
    match kind {
        InterviewKind::Interrogation => ("讯问", "interrogation"),
        InterviewKind::InquirySuspect => ("询问违法嫌疑人", "inquiry of an administrative suspect"),
        InterviewKind::InquiryVictim => ("询问被害人", "inquiry of a victim"),
        InterviewKind::InquiryWitness => ("询问证人", "inquiry of a witness"),
        InterviewKind::Identification => ("辨认", "identification"),
        InterviewKind::SafetyCheck => ("安全检查", "safety check"),
        InterviewKind::Particulars => ("信息采集", "taking of particulars"),
        InterviewKind::Escort => ("押解提审", "escort"),
        InterviewKind::Mediation => ("调解", "mediation"),
        InterviewKind::Confrontation => ("对质", "confrontation"),
    }
}

pub fn act(act: Act) -> Name {
    match act {
        Act::Check => ("核对", "check"),
        Act::Sign => ("签字", "sign"),
        Act::Fingerprint => ("捺指印", "fingerprint"),
    }
}

pub fn role(role: Role) -> Name {
    match role {
        Role::Interviewee => ("被讯（询）问人", "interviewee"),
        Role::Officer => ("办案人员", "officer"),
        Role::Recorder => ("记录人", "recorder"),
        Role::Guardian => ("法定代理人", "guardian"),
        Role::AppropriateAdult => ("合适成年人", "appropriate adult"),
        Role::Interpreter => ("翻译人员", "interpreter"),
        Role::AttestingWitness => ("见证人", "attesting witness"),
        Role::Lawyer => ("律师", "lawyer"),
        Role::Medical => ("医务人员", "medical staff"),
        Role::Guard => ("看护人员", "guard"),
        Role::Other => ("其他人员", "other person"),
    }
}

/// The mark's name, and the name of the step where it is one.
pub fn mark(mark: MarkKind) -> Name {
    match mark {
        MarkKind::Announced => ("告知同步录音录像", "recording announced"),
        MarkKind::RightsRead => ("告知权利义务", "rights read"),
        MarkKind::IdentityEstablished => ("核实身份", "identity established"),
        MarkKind::HealthAsked => ("询问健康状况", "health asked"),
        MarkKind::TreatmentAsked => ("询问是否受到公正对待", "treatment asked"),
        MarkKind::EvidenceShown => ("出示证据", "evidence shown"),
        MarkKind::Identification => ("辨认", "identification"),
        MarkKind::Statement => ("重要陈述", "statement"),
        MarkKind::Rest => ("休息", "rest"),
        MarkKind::Help => ("求助", "help called"),
        MarkKind::Own => ("自定义标记", "own mark"),
    }
}

pub fn interval(interval: IntervalKind) -> Name {
    match interval {
        IntervalKind::Break => ("休息", "break"),
        IntervalKind::Absence => ("离开", "absence"),
        IntervalKind::Care => ("饮食、如厕或就医", "care"),
    }
}

pub fn cause(cause: InterruptionCause) -> Name {
    match cause {
        InterruptionCause::MediaFailed => ("录制程序故障", "the recording program failed"),
        InterruptionCause::PowerLoss => ("断电或系统重启", "power was lost or the system restarted"),
        InterruptionCause::MasterFailed => ("主存储故障", "the master disk failed"),
        InterruptionCause::NoSpace => ("存储空间不足", "there was no space left"),
        InterruptionCause::ClockLost => ("时钟异常", "the clock could not be relied on"),
        InterruptionCause::PictureLost => ("图像信号丢失", "the picture was lost"),
        InterruptionCause::SoundLost => ("声音信号丢失", "the sound was lost"),
        InterruptionCause::Other => ("其他故障", "there was another fault"),
    }
}

pub fn precheck(item: PrecheckItem) -> Name {
    match item {
        PrecheckItem::IntervieweePicture => ("被讯（询）问人画面", "interviewee's picture"),
        PrecheckItem::Sound => ("声音", "sound"),
        PrecheckItem::MasterSpace => ("主存储空间", "space on the master disk"),
        PrecheckItem::Clock => ("时钟", "clock"),
        PrecheckItem::Climate => ("温湿度", "climate"),
        PrecheckItem::OfficerPicture => ("办案人员画面", "officer's picture"),
        PrecheckItem::PanoramaPicture => ("全景画面", "picture of the room"),
        PrecheckItem::EvidencePicture => ("证据画面", "evidence picture"),
        PrecheckItem::BurnerA => ("刻录机 A", "burner A"),
        PrecheckItem::BurnerB => ("刻录机 B", "burner B"),
        PrecheckItem::MediumA => ("光盘 A", "disc A"),
        PrecheckItem::MediumB => ("光盘 B", "disc B"),
        PrecheckItem::Mirror => ("镜像存储", "mirror"),
        PrecheckItem::Link => ("平台连接", "link to the centre"),
    }
}

pub fn state(state: StateName) -> Name {
    match state {
        StateName::Idle => ("空闲", "idle"),
        StateName::Prechecked => ("已检查", "pre-checked"),
        StateName::Confidential => ("律师会见（不录）", "confidential"),
        StateName::Starting => ("正在启动录制", "starting"),
        StateName::Recording => ("录制中", "recording"),
        StateName::Suspended => ("中止", "suspended"),
        StateName::Unrecorded => ("经批准未录音录像继续", "continuing unrecorded"),
        StateName::ContinuedElsewhere => ("已转其他场所继续", "continued elsewhere"),
        StateName::Closing => ("正在结束", "closing"),
        StateName::Closed => ("已结束", "closed"),
    }
}

pub fn camera(slot: CameraSlot) -> Name {
    match slot {
        CameraSlot::Interviewee => ("被讯（询）问人", "interviewee's"),
        CameraSlot::Officer => ("办案人员", "officer's"),
        CameraSlot::Panorama => ("全景", "panorama"),
        CameraSlot::Evidence => ("证据", "evidence"),
    }
}

pub fn channel(channel: Channel) -> Name {
    match channel {
        Channel::Left => ("左声道（被讯（询）问人）", "left (interviewee's)"),
        Channel::Right => ("右声道（办案人员）", "right (officers')"),
    }
}

pub fn disc(slot: DiscSlot) -> Name {
    match slot {
        DiscSlot::A => ("A", "A"),
        DiscSlot::B => ("B", "B"),
        DiscSlot::Standby => ("备用", "standby"),
    }
}

/// Several names joined for a sentence.
pub fn joined(names: impl IntoIterator<Item = Name>) -> (String, String) {
    let (zh, en): (Vec<&str>, Vec<&str>) = names.into_iter().unzip();
    (zh.join("、"), en.join(", "))
}
