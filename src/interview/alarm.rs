//! Everything that can be wrong in a room, as data: which thing, since when, under which rule.
//!
//! The room raises and clears alarms through `Event`; the state machine raises those that follow from
//! who is present. An alarm never stops a recording. Its words and remedies stand in `words.rs`.

use serde::{Deserialize, Serialize};

use super::rule::RuleId;
use super::time::Moment;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraSlot {
    Interviewee,
    Officer,
    Panorama,
    Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscSlot {
    A,
    B,
    Standby,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The interviewee's microphone.
    Left,
    /// The officers'.
    Right,
}

/// A standing alarm's identity: the same value raised twice is one alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "alarm", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Alarm {
    CameraLost {
        slot: CameraSlot,
    },
    CameraFrozen {
        slot: CameraSlot,
    },
    CameraBlack {
        slot: CameraSlot,
    },
    SoundSilent {
        channel: Channel,
    },
    /// Every sample is zero: the cable, not the room.
    SoundZero {
        channel: Channel,
    },
    SoundClipping {
        channel: Channel,
    },
    MicrophoneLost {
        channel: Channel,
    },
    DiscFailed {
        slot: DiscSlot,
    },
    DiscSlow {
        slot: DiscSlot,
    },
    DiscFull {
        slot: DiscSlot,
    },
    DiscMissing {
        slot: DiscSlot,
    },
    /// By the forecast, while there is time to lay a blank one ready.
    DiscNearlyFull {
        slot: DiscSlot,
    },
    /// The two sets of an interview do not hold the same files.
    SetsDiffer,
    SpoolFull {
        slot: DiscSlot,
    },
    MasterFailed,
    MasterSpaceLow,
    MirrorFailed,
    ClockUnsure,
    ClockStepped,
    ClimateStale,
    MediaRestarted,
    MediaFailing,
    FramesDropped,
    /// The recording cannot be guaranteed: the interview stands still (中止).
    InterviewSuspended,
    IntentUnreadable,
    /// The key that signs the evidence was unusable; a new one signs from now on.
    DeviceKeyReplaced,
    /// The device's key is out of reach; one that lives until the next start signs.
    DeviceKeyTemporary,
    /// The device's key was to be sealed in a TPM and is not.
    DeviceKeyUnsealed,
    /// A certificate that was put beside the device's key is of another one.
    CertificateRefused,
    /// An interview was closed without the time stamp that a server was to give.
    TimestampMissing,
    LinkLost,
    HelpCalled,
    TooFewOfficers,
    MinorWithoutAdult,
    FemaleMinorWithoutFemaleOfficer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingAlarm {
    #[serde(flatten)]
    pub alarm: Alarm,
    /// What the device or program said.
    pub detail: String,
    pub since: Moment,
}

impl Alarm {
    pub fn rule(self) -> RuleId {
        match self {
            Alarm::CameraLost { .. } | Alarm::ClimateStale => RuleId::R09,
            Alarm::CameraFrozen { .. }
            | Alarm::CameraBlack { .. }
            | Alarm::SoundSilent { .. }
            | Alarm::SoundZero { .. }
            | Alarm::SoundClipping { .. }
            | Alarm::MicrophoneLost { .. } => RuleId::R12,
            Alarm::DiscFailed { .. }
            | Alarm::DiscSlow { .. }
            | Alarm::DiscFull { .. }
            | Alarm::DiscMissing { .. }
            | Alarm::DiscNearlyFull { .. }
            | Alarm::SetsDiffer
            | Alarm::SpoolFull { .. }
            | Alarm::MirrorFailed
            | Alarm::LinkLost => RuleId::R17,
            Alarm::MasterFailed | Alarm::MasterSpaceLow | Alarm::MediaFailing | Alarm::InterviewSuspended => {
                RuleId::R14
            }
            Alarm::ClockUnsure | Alarm::ClockStepped => RuleId::R10,
            Alarm::MediaRestarted => RuleId::R15,
            Alarm::FramesDropped => RuleId::R03,
            Alarm::IntentUnreadable => RuleId::R36,
            Alarm::CertificateRefused
            | Alarm::DeviceKeyReplaced
            | Alarm::DeviceKeyTemporary
            | Alarm::DeviceKeyUnsealed
            | Alarm::TimestampMissing => RuleId::R29,
            Alarm::HelpCalled => RuleId::R35,
            Alarm::TooFewOfficers | Alarm::MinorWithoutAdult | Alarm::FemaleMinorWithoutFemaleOfficer => {
                RuleId::R30
            }
        }
    }
}
