//! Every word on a label, and every refusal of one: Chinese, and English beside it.
//!
//! `sheet` takes them from here and hands them to the templates, which hold none of their own.

use serde::Serialize;

use super::super::plan::Slot;
use super::error::LabelError;

/// One phrase in both languages.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Said {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

macro_rules! words {
    ($($name:ident = $zh:literal, $en:literal;)*) => {
        $(pub(super) const $name: Said = Said { zh: $zh, en: $en };)*
    };
}

words! {
    RECORDING = "执法办案同步录音录像光盘", "Synchronous recording of case work";
    UNIT = "制作单位", "Unit";
    MAKER = "制作人", "Made by";
    TIME = "制作时间", "Recorded";
    CASE_NAME = "案件名称", "Case";
    CASE_NUMBER = "案件编号", "Case no.";
    INCIDENT_NUMBER = "警情编号", "Incident no.";
    KIND = "类别", "Kind";
    ROOM = "房间", "Room";
    INTERVIEW = "录像编号", "Interview";
    VOLUME = "卷标", "Volume";
    MEDIUM = "介质", "Medium";
    SLOT = "盘位", "Slot";
    SEAL = "封条编号", "Seal no.";
    SEALED_BY = "密封人", "Sealed by";
    SEALED_AT = "密封时间", "Sealed at";
    FINALISED = "封盘时间", "Finalised";
    HAND_OVER_BY = "移交期限", "Hand over by";
    BURNT = "刻录", "Burnt";
    LIVE = "同步刻录", "live";
    FROM_MASTER = "由主存储刻录", "from the master";
    ORIGINAL = "正本", "ORIGINAL";
    COPY = "副本", "COPY";
    DIGEST = "摘要", "SHA-256";
    // The register.
    REGISTER = "同步录音录像光盘移交保管登记表", "Register of discs handed over to custody";
    ROW = "序号", "No.";
    STANDING = "正/副本", "Orig./copy";
    DISC = "套、张", "Set, disc";
    VOLUME_AND_MEDIUM = "卷标、介质", "Volume, medium";
    HANDED_OVER_AT = "移交时间", "Handed over at";
    HANDED_OVER_BY = "办案人员签名", "Officer's signature";
    RECEIVED_BY = "保管人员签名", "Custodian's signature";
    CODE = "校验码", "Code";
    NOTE = "备注", "Notes";
    DUTY = "办案人员应当在刻录完成后 24 小时内将光盘移交保管人员；保管人员登记入册，并与办案人员共同签名。保管人员不得由办案人员担任。",
        "Officers hand the discs over to the custodian within 24 hours of burning; both sign. No officer of the case is its custodian. (R-16, R-17)";
}

pub(super) fn set(number: u32) -> (String, String) {
    (format!("第 {number} 套"), format!("set {number}"))
}

pub(super) fn disc(number: u32, of: Option<u32>) -> (String, String) {
    match of {
        Some(of) => (format!("第 {number}/{of} 张"), format!("disc {number} of {of}")),
        None => (format!("第 {number} 张"), format!("disc {number}")),
    }
}

/// Between two moments.
pub(super) const UNTIL: &str = " 至 ";
/// A relayed disc that is read alone does not know the end.
pub(super) const UNTIL_LATER: &str = " 起（后续见下一张）";
/// Between two people.
pub(super) const AND: &str = "、";

/// ` in slot a`, or nothing.
pub(super) fn in_slot(slot: Option<Slot>) -> Said {
    match slot {
        None => Said { zh: "", en: "" },
        Some(Slot::A) => Said {
            zh: "盘位 A ",
            en: " in slot A",
        },
        Some(Slot::B) => Said {
            zh: "盘位 B ",
            en: " in slot B",
        },
        Some(Slot::Standby) => Said {
            zh: "备用盘位",
            en: " in the standby slot",
        },
    }
}

/// `𬳽 (U+2CCFD), …`: the code point too, since where this is read it may not be shown either.
pub(super) fn named(characters: &[char]) -> String {
    let each = characters
        .iter()
        .map(|c| format!("{c} (U+{:04X})", u32::from(*c)));
    each.collect::<Vec<_>>().join(", ")
}

pub(super) fn error_zh(error: &LabelError) -> String {
    match error {
        LabelError::UnknownForm(form) => {
            format!(
                "没有 `{form}` 这种标签，可选 disc（盘面）、sleeve（盒贴）、paper-sleeve（封套）、register（登记表）"
            )
        }
        LabelError::UnknownSlot(slot) => format!("没有 `{slot}` 这个盘位，可选 a、b、standby"),
        LabelError::Open(path) => format!("{} 尚未结束或尚未封盘，封盘后才能打印标签", path.display()),
        LabelError::NotOurs(path) => {
            format!("{} 不是录像目录，也不是本系统的光盘，请核对路径", path.display())
        }
        LabelError::Unreadable { path, detail } => {
            format!("{} 无法读取，请检查权限和介质：{detail}", path.display())
        }
        LabelError::NoDisc { interview, slot } => {
            let slot = in_slot(*slot).zh;
            format!("{interview} {slot}没有已封盘的光盘，请等待封盘和回读校验完成")
        }
        LabelError::NotLive { chosen, live } => format!(
            "盘位 {} 的光盘不是同步刻录，盘位 {} 有同步刻录的光盘，应以其为正本 (R-17)",
            chosen.as_str().to_uppercase(),
            live.as_str().to_uppercase()
        ),
        LabelError::NoOriginal(slot) => {
            format!(
                "盘位 {} 没有已封盘的光盘，不能作为正本",
                slot.as_str().to_uppercase()
            )
        }
        LabelError::StillBurning(slot) => format!(
            "盘位 {} 的同步刻录光盘尚未封盘：请等待封盘，或用 --original 指明正本所在盘位",
            slot.as_str().to_uppercase()
        ),
        LabelError::WhichOriginal => "仅凭光盘不能判断是否正本，请用 --original 指明正本所在盘位".to_owned(),
        LabelError::NoFont { family } => {
            format!("缺少字体 {family}，请安装：apt install fonts-noto-cjk fontconfig")
        }
        LabelError::NoGlyph(characters) => format!(
            "本机没有能显示 {} 的字体，请安装（如 apt install fonts-hanazono），或手写标签",
            named(characters)
        ),
        LabelError::TooLong { field } => format!("“{field}”过长，本标签放不下，请改用盒贴或登记表"),
        LabelError::Code => "校验码内容过长，无法生成".to_owned(),
        LabelError::Typesetting(detail) => format!("标签排版失败，请联系技术人员：{detail}"),
    }
}
