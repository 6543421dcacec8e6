//! What each alarm says, and what a person can do about it.
//!
//! The text names the device; the remedy is one sentence that an officer can act on.

use super::names::{self, Name};
use super::{Words, words};
use crate::interview::alarm::{Alarm, StandingAlarm};

pub fn text(standing: &StandingAlarm) -> Words {
    let detail = &standing.detail;
    let base = base(standing.alarm);
    if detail.is_empty() {
        return base;
    }
    words(
        format!("{}（{detail}）", base.zh),
        format!("{} ({detail})", base.en),
    )
}

fn base(alarm: Alarm) -> Words {
    match alarm {
        Alarm::CameraLost { slot } => about(names::camera(slot), "摄像机信号丢失", "camera lost"),
        Alarm::CameraFrozen { slot } => about(names::camera(slot), "摄像机画面静止", "camera frozen"),
        Alarm::CameraBlack { slot } => about(names::camera(slot), "摄像机画面全黑", "camera black"),
        Alarm::SoundSilent { channel } => about(names::channel(channel), "没有声音", "channel silent"),
        Alarm::SoundZero { channel } => about(
            names::channel(channel),
            "信号全为零",
            "channel gives nothing but zeros",
        ),
        Alarm::SoundClipping { channel } => about(names::channel(channel), "声音削顶", "channel clipping"),
        Alarm::MicrophoneLost { channel } => about(names::channel(channel), "话筒丢失", "microphone lost"),
        Alarm::DiscFailed { slot } => about(names::disc(slot), "盘刻录失败", "disc failed"),
        Alarm::DiscSlow { slot } => about(names::disc(slot), "盘刻录过慢", "disc too slow"),
        Alarm::DiscFull { slot } => about(names::disc(slot), "盘已满", "disc full"),
        Alarm::DiscMissing { slot } => {
            about(names::disc(slot), "盘位没有可用光盘", "slot has no usable disc")
        }
        Alarm::DiscNearlyFull { slot } => about(names::disc(slot), "盘即将写满", "disc will soon be full"),
        Alarm::SetsDiffer => words("两套光盘内容不一致", "the two sets of discs differ"),
        Alarm::SpoolFull { slot } => about(names::disc(slot), "盘缓冲已满", "spool full"),
        Alarm::MasterFailed => words("主存储故障", "master disk failed"),
        Alarm::MasterSpaceLow => words("主存储空间不足", "master disk is running out of space"),
        Alarm::MirrorFailed => words("镜像存储故障", "mirror failed"),
        Alarm::ClockUnsure => words("时钟误差无法保证", "clock error cannot be guaranteed"),
        Alarm::ClockStepped => words("时钟发生跳变", "clock was stepped"),
        Alarm::ClimateStale => words("温湿度数据已过时", "climate reading is stale"),
        Alarm::MediaRestarted => words("录制程序已重新启动", "recording program was restarted"),
        Alarm::MediaFailing => words("录制程序无法运行", "recording program cannot run"),
        Alarm::FramesDropped => words("有画面帧丢失", "frames were dropped"),
        Alarm::InterviewSuspended => words(
            "无法保证录音录像，讯（询）问已中止",
            "recording cannot be guaranteed: the interview is suspended",
        ),
        Alarm::IntentUnreadable => words(
            "重启前的状态无法读取，未录制",
            "the state before the restart is unreadable; nothing is recorded",
        ),
        Alarm::DeviceKeyReplaced => words(
            "设备签名密钥无法使用，已更换新密钥",
            "the device's signing key was unusable and was replaced",
        ),
        Alarm::DeviceKeyTemporary => words(
            "设备签名密钥暂时无法读取，本次启动使用临时密钥签名",
            "the device's signing key is out of reach; a key of this start signs",
        ),
        Alarm::DeviceKeyUnsealed => words(
            "设备签名密钥未能封入可信芯片（TPM）",
            "the device's signing key is not sealed in the TPM",
        ),
        Alarm::CertificateRefused => words(
            "放入的设备证书与本机密钥不符，未采用",
            "the certificate put in for this device is not of its key and was not taken",
        ),
        Alarm::TimestampMissing => words(
            "已结束的录像没有取得可信时间戳",
            "an interview was closed without its time stamp",
        ),
        Alarm::LinkLost => words("与平台的连接中断", "link to the centre lost"),
        Alarm::HelpCalled => words("被讯（询）问人求助", "the interviewee calls for help"),
        Alarm::TooFewOfficers => words("在场办案人员少于规定人数", "fewer officers present than required"),
        Alarm::MinorWithoutAdult => words(
            "未成年人没有法定代理人或合适成年人在场",
            "a minor has neither guardian nor appropriate adult",
        ),
        Alarm::FemaleMinorWithoutFemaleOfficer => words(
            "女性未成年人没有女性工作人员在场",
            "a female minor has no female officer",
        ),
    }
}

fn about(name: Name, zh: &str, en: &str) -> Words {
    words(format!("{}{zh}", name.0), format!("{} {en}", name.1))
}

/// What to do, Chinese and English.
pub fn remedy(alarm: Alarm) -> Name {
    match alarm {
        Alarm::CameraLost { .. } | Alarm::CameraFrozen { .. } => (
            "检查摄像机电源和网线；录制继续进行",
            "check the camera's power and cable; recording goes on",
        ),
        Alarm::CameraBlack { .. } => ("检查镜头和照明", "check the lens and the light"),
        Alarm::SoundSilent { .. } | Alarm::SoundZero { .. } | Alarm::MicrophoneLost { .. } => {
            ("检查话筒和连线", "check the microphone and its cable")
        }
        Alarm::SoundClipping { .. } => ("调低话筒增益", "turn the microphone's gain down"),
        Alarm::DiscFailed { .. } | Alarm::DiscFull { .. } | Alarm::DiscMissing { .. } => (
            "放入空白光盘；主存储继续录制",
            "insert a blank disc; the master goes on recording",
        ),
        Alarm::DiscNearlyFull { .. } => (
            "备好空白光盘，写满后放入；录制继续进行",
            "have a blank disc ready for when it is full; recording goes on",
        ),
        Alarm::SetsDiffer => (
            "不要封存；请技术人员用 shenlu verify 核对两套光盘",
            "do not seal them; have a technician compare both sets with shenlu verify",
        ),
        Alarm::DiscSlow { .. } | Alarm::SpoolFull { .. } => (
            "无需停止；缺少的内容将由主存储补刻",
            "no need to stop; what is missing is burnt from the master",
        ),
        Alarm::MasterFailed => (
            "中止活动，联系技术人员",
            "suspend the matter and call a technician",
        ),
        Alarm::MasterSpaceLow => (
            "请技术人员扩充或更换存储",
            "ask a technician to add or change storage",
        ),
        Alarm::MirrorFailed => (
            "请技术人员检查第二块硬盘",
            "ask a technician to check the second disk",
        ),
        Alarm::ClockUnsure | Alarm::ClockStepped => (
            "请技术人员检查对时服务",
            "ask a technician to check the time service",
        ),
        Alarm::ClimateStale => ("检查温湿度传感器连线", "check the climate sensor's cable"),
        Alarm::MediaRestarted => (
            "口头说明中断原因和起止时间",
            "say aloud why and from when to when",
        ),
        Alarm::MediaFailing => (
            "中止活动；更换房间或使用移动设备",
            "suspend the matter; change room or use a mobile recorder",
        ),
        Alarm::FramesDropped => ("请技术人员检查设备负载", "ask a technician to check the load"),
        Alarm::InterviewSuspended => (
            "停止问话：排除故障，或更换房间、使用移动设备；情况紧急的报负责人批准",
            "stop the questions: mend it, change the room or use a mobile recorder; if urgent, ask the head to approve",
        ),
        Alarm::IntentUnreadable => (
            "确认房间内的活动，需要录制时按“开始”",
            "see what is going on in the room; press start if it must be recorded",
        ),
        Alarm::DeviceKeyReplaced => (
            "录制不受影响；通知管理员核对并登记新证书",
            "recording is not affected; have the administrator check and register the new certificate",
        ),
        Alarm::DeviceKeyTemporary => (
            "录制不受影响；通知管理员检查可信芯片（TPM），恢复后重新启动主机",
            "recording is not affected; have the administrator see to the TPM and start the room again",
        ),
        Alarm::DeviceKeyUnsealed => (
            "录制不受影响；通知管理员检查可信芯片（TPM）和 tpm2-tools",
            "recording is not affected; have the administrator check the TPM and tpm2-tools",
        ),
        Alarm::CertificateRefused => (
            "录制不受影响；请管理员用 device.csr 重新申请证书",
            "recording is not affected; have the administrator ask for one with device.csr",
        ),
        Alarm::TimestampMissing => (
            "录像和签名不受影响，事后不再补盖；请管理员检查时间戳服务器和网络",
            "recording and signatures are not affected, and none is added later; check the time stamp server",
        ),
        Alarm::LinkLost => (
            "录制不受影响；请检查网络",
            "recording is not affected; check the network",
        ),
        Alarm::HelpCalled => ("立即查看被讯（询）问人", "see to the interviewee at once"),
        Alarm::TooFewOfficers => (
            "补足办案人员；录制继续进行",
            "bring another officer; recording goes on",
        ),
        Alarm::MinorWithoutAdult => (
            "通知法定代理人或合适成年人到场",
            "call a guardian or appropriate adult",
        ),
        Alarm::FemaleMinorWithoutFemaleOfficer => ("安排女性工作人员到场", "bring a female officer"),
    }
}
