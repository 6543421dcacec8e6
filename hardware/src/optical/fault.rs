//! What can go wrong with a drive or a disc, each with what a person can do about it.
//!
//! Made by `optical` and by `disc`, shown on the panel and written into the journal. A fault never says more
//! than was seen: "hung" means that nothing moved for so long, not that the drive is broken.

use std::path::PathBuf;

/// One fault of one drive or disc. `Display` is English; the panel takes `message_zh` and the remedies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum DiscFault {
    #[error("the burning program `{program}` could not be started: {detail}")]
    ProgramMissing { program: PathBuf, detail: String },
    #[error("{device}: there is no such drive")]
    Absent { device: String },
    #[error("{device}: found, but this service may not write to it")]
    NoPermission { device: String },
    #[error("{device}: no disc in the drive")]
    NoMedium { device: String },
    #[error("{device}: {medium} cannot be used for recording")]
    WrongMedium { device: String, medium: String },
    #[error("{device}: the disc is not blank ({sessions} sessions are on it)")]
    Used { device: String, sessions: u32 },
    #[error("{device}: the disc is closed, nothing can be added")]
    Closed { device: String },
    #[error("{device}: the disc is full ({needed_blocks} blocks needed, {free_blocks} free)")]
    Full {
        device: String,
        needed_blocks: u64,
        free_blocks: u64,
    },
    #[error("{device}: nothing moved for {seconds} s while {phase}; the burning program was ended")]
    Hung {
        device: String,
        phase: String,
        seconds: u64,
    },
    #[error("{device}: the burning program ended early ({exit}): {detail}")]
    ChildDied {
        device: String,
        exit: String,
        detail: String,
    },
    #[error("{device}: sessions on the disc differ from the ledger (expected {expected}, found {found})")]
    SessionsDiffer {
        device: String,
        expected: u32,
        found: u32,
    },
    #[error("{device}: the disc's last session was left open by an interrupted burn")]
    LastSessionOpen { device: String },
    #[error("{device}: the damaged track could not be closed: {detail}")]
    NotRecoverable { device: String, detail: String },
    #[error("{device}: `{path}` is missing on the disc after the burn")]
    FileMissing { device: String, path: String },
    #[error("{device}: `{path}` reads back differently from what was recorded")]
    ReadBackDiffers { device: String, path: String },
    #[error("{device}: reading back failed: {detail}")]
    Unreadable { device: String, detail: String },
    #[error("{device}: what the burning program printed was not understood: {detail}")]
    NotUnderstood { device: String, detail: String },
    #[error("`{path}` could not be read for burning: {detail}")]
    SourceUnreadable { path: String, detail: String },
    #[error("the room's ledger could not be written: {detail}")]
    Ledger { detail: String },
    #[error("{what}: {detail}")]
    Io { what: String, detail: String },
}

impl DiscFault {
    pub fn io(what: impl Into<String>, error: &std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            detail: error.to_string(),
        }
    }

    /// Whether another disc in the same slot is the way out (disc cases 6 and 8).
    pub fn wants_next_disc(&self) -> bool {
        match self {
            Self::Used { .. }
            | Self::Closed { .. }
            | Self::Full { .. }
            | Self::WrongMedium { .. }
            | Self::NoMedium { .. }
            | Self::NotRecoverable { .. }
            | Self::SessionsDiffer { .. }
            | Self::FileMissing { .. }
            | Self::ReadBackDiffers { .. } => true,
            Self::ProgramMissing { .. }
            | Self::Absent { .. }
            | Self::NoPermission { .. }
            | Self::Hung { .. }
            | Self::ChildDied { .. }
            | Self::LastSessionOpen { .. }
            | Self::Unreadable { .. }
            | Self::NotUnderstood { .. }
            | Self::SourceUnreadable { .. }
            | Self::Ledger { .. }
            | Self::Io { .. } => false,
        }
    }

    pub fn message_zh(&self) -> String {
        match self {
            Self::ProgramMissing { program, .. } => format!("无法启动刻录程序 {}", program.display()),
            Self::Absent { device } => format!("未找到刻录机 {device}"),
            Self::NoPermission { device } => format!("已找到刻录机 {device}，但本服务没有写入权限"),
            Self::NoMedium { device } => format!("刻录机 {device} 中没有光盘"),
            Self::WrongMedium { device, medium } => {
                format!("刻录机 {device} 中的光盘（{medium}）不能用于刻录")
            }
            Self::Used { device, sessions } => {
                format!("刻录机 {device} 中不是空白光盘（已有 {sessions} 个区段）")
            }
            Self::Closed { device } => format!("刻录机 {device} 中的光盘已封盘，不能续写"),
            Self::Full { device, .. } => format!("刻录机 {device} 中的光盘已满"),
            Self::Hung { device, seconds, .. } => {
                format!("刻录机 {device} 已 {seconds} 秒没有进展，刻录程序已被结束")
            }
            Self::ChildDied { device, .. } => format!("刻录机 {device} 的刻录程序中途退出"),
            Self::SessionsDiffer {
                device,
                expected,
                found,
            } => {
                format!("刻录机 {device} 中光盘的区段数与台账不符（应为 {expected}，实为 {found}）")
            }
            Self::LastSessionOpen { device } => format!("刻录机 {device} 中的光盘留有未完成的区段"),
            Self::NotRecoverable { device, .. } => format!("刻录机 {device} 中的光盘损坏，无法修复"),
            Self::FileMissing { device, path } => format!("刻录后在光盘上找不到文件 {path}（{device}）"),
            Self::ReadBackDiffers { device, path } => format!("回读校验不一致：{path}（{device}）"),
            Self::Unreadable { device, .. } => format!("刻录机 {device} 回读失败"),
            Self::NotUnderstood { device, .. } => format!("无法识别刻录机 {device} 的返回信息"),
            Self::SourceUnreadable { path, .. } => format!("无法读取待刻录文件 {path}"),
            Self::Ledger { .. } => "台账无法写入".to_owned(),
            Self::Io { what, .. } => format!("文件操作失败：{what}"),
        }
    }

    pub fn remedy_zh(&self) -> &'static str {
        self.remedy().0
    }

    pub fn remedy_en(&self) -> &'static str {
        self.remedy().1
    }

    fn remedy(&self) -> (&'static str, &'static str) {
        match self {
            Self::ProgramMissing { .. } => ("请安装 xorriso 后重试", "install xorriso, then try again"),
            Self::Absent { .. } => (
                "请检查刻录机的电源和数据线，或更正配置中的盘位设备",
                "check the drive's power and cable, or correct the device of this slot",
            ),
            Self::NoPermission { .. } => (
                "请将本服务的账户加入 cdrom 组（映像文件则检查目录权限）",
                "add the service's account to the group cdrom (for an image: check the folder's permissions)",
            ),
            Self::NoMedium { .. } | Self::Full { .. } => (
                "请放入空白光盘；主存储的录制不受影响",
                "insert a blank disc; the master recording goes on",
            ),
            Self::WrongMedium { .. } => (
                "请放入空白 DVD-R、DVD+R 或 BD-R 光盘",
                "insert a blank DVD-R, DVD+R or BD-R",
            ),
            Self::Used { .. } | Self::Closed { .. } => (
                "请取出并放入空白光盘；已有内容的光盘不会被改写",
                "take it out and insert a blank disc; a used disc is never written over",
            ),
            Self::Hung { .. } | Self::ChildDied { .. } | Self::LastSessionOpen { .. } => (
                "系统正在自动修复并续刻；如反复出现请更换光盘或刻录机",
                "recovery runs by itself; if it comes back change the disc or the drive",
            ),
            Self::SessionsDiffer { .. }
            | Self::NotRecoverable { .. }
            | Self::FileMissing { .. }
            | Self::ReadBackDiffers { .. } => (
                "请取出该光盘并标注作废，放入空白光盘；系统将从主存储补刻",
                "take this disc out and mark it failed, insert a blank one; it is burnt again from the master",
            ),
            Self::Unreadable { .. } | Self::NotUnderstood { .. } => (
                "请检查光盘和刻录机，必要时更换",
                "check disc and drive, change them if it comes back",
            ),
            Self::SourceUnreadable { .. } => ("请检查主存储", "check the master disk"),
            Self::Ledger { .. } | Self::Io { .. } => (
                "请检查磁盘空间和目录权限",
                "check the disk's free space and the folder's permissions",
            ),
        }
    }
}
