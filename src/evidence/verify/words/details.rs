//! What is said behind a finding's own words: which record does not agree, how much there is, where. Chinese and
//! English beside each other; `{0}` is a figure or a name.
//!
//! One row for each thing that is said, so that both languages always say the same.

use super::{Detail, Pair, say};
use crate::evidence::{line::LineFault, outline::OutlineFault};
use std::fmt::Display;

pub const NOT_IN_JOURNAL: Pair = ("与日志登记的摘要不符", "not the digests in the journal");
pub const NOT_IN_MANIFEST: Pair = ("与清单登记的摘要不符", "not the digests in the manifest");
pub const NOT_IN_SUMS: Pair = ("与 {0} 中的摘要不符", "not the digest in {0}");
pub const NAMED_BY_JOURNAL: Pair = ("日志中有登记", "named by the journal");
pub const NAMED_BY_MANIFEST: Pair = ("清单中有登记", "named by the manifest");
pub const NAMED_BY_SUMS: Pair = ("{0} 中有登记", "named by {0}");
pub const JOURNAL_KNOWS_NOT: Pair = ("日志中没有登记", "the journal does not know it");
pub const MANIFEST_KNOWS_NOT: Pair = ("清单中没有登记", "the manifest does not know it");
pub const SUMS_KNOW_NOT: Pair = ("{0} 中没有登记", "{0} does not name it");
pub const CUT_OUT: Pair = ("取自 {0}，位置 {1}，{2} 字节", "{0} at {1}: {2} bytes");
pub const PLAYLIST: Pair = ("播放列表", "a playlist");
pub const SEGMENT: Pair = ("录像片段", "a segment of the recording");
pub const COVERED: Pair = ("实有 {0} 字节，登记 {1} 字节", "{0} bytes, {1} on record");
pub const NOT_AS_CLOSED: Pair = (
    "与 `segment-closed` 行的摘要不符",
    "not the digests of its `segment-closed` line",
);
pub const NOT_AS_OPENED: Pair = (
    "与 `segment-opened` 行的摘要不符",
    "not the digests of its `segment-opened` line",
);
pub const OTHER_HEADER: Pair = ("与本段开头的头部不同", "another header than the part began with");
pub const BYTES_AT: Pair = ("{0} 字节，位置 {1}", "{0} bytes at {1}");
pub const FAULT_AT: Pair = ("位置 {1}：{0}", "{0} at {1}");
pub const BREAK: Pair = (
    "轨道 {0}：应为 {2}，实为 {1}（相差 {3} 微秒），第 {4} 段",
    "track {0}: tick {1} where {2} belongs ({3} us), part {4}",
);
pub const NO_CHUNKS: Pair = ("位置 {0} 没有完整的数据块", "no whole chunks at {0}");
pub const COUNTED: Pair = (
    "实有 {0} 帧 {1} 样本，自 {2} 微秒起 {3} 微秒；登记 {4} 帧 {5} 样本，自 {6} 微秒起 {7} 微秒",
    "found {0} frames, {1} samples, from {2} us for {3} us; on record {4} frames, {5} samples, from {6} us for {7} us",
);
pub const MICROSECONDS: Pair = ("{0} 微秒", "{0} us");
pub const SECONDS: Pair = ("{0} 秒", "{0} s");
pub const LINE: Pair = ("第 {0} 行", "line {0}");
pub const LINES: Pair = ("第 {0} 行至第 {1} 行，共 {2} 处", "lines {0} to {1}, {2} of them");
pub const LINE_FAULT: Pair = ("第 {0} 行：{1}", "line {0}: {1}");
pub const STILL_OPEN: Pair = ("最后一行不是 `closed`；{0}", "its last line is not `closed`; {0}");
pub const PROVED_UNTIL: Pair = (
    "截至 {0}（第 {1} 行）的日志由设备签名证明，其后 {2} 行尚未签名",
    "signed by the device and proved up to {0} (line {1}), {2} lines behind it are not signed yet",
);
pub const PROVED_NOTHING: Pair = ("日志没有一处能由签名证明", "no signature proves any of it");
pub const NO_SUMS_YET: Pair = ("还没有 SHA256SUMS", "it has no SHA256SUMS yet");
pub const DISC_ORDER: Pair = ("第 {0} 张盘，此处应为第 {1} 张", "disc {0} where {1} belongs");
pub const NO_LAST_DISC: Pair = ("缺少本套最后一张盘", "the set's last disc is not here");
pub const NO_LAST_DISC_PROVED: Pair = ("缺少本套最后一张盘；{0}", "the set's last disc is not here; {0}");
pub const DIFFERS_IN_SET: Pair = (
    "{0} 与本套前一张盘不同",
    "{0} differs from an earlier disc of the set",
);
pub const FILES: Pair = ("{0} 个文件", "{0} files");
pub const KEYS: Pair = ("实为 {0}，应为 {1}", "{0} / {1}");
pub const OF_KEY: Pair = ("密钥 {0}，{1}", "key {0}, {1}");
pub const CERTIFICATE_TO_LEND: Pair = (
    "此处没有可用证书，签名点无从核验",
    "no usable certificate lies here, so signed heads cannot be checked",
);

/// What is wrong with a line of the journal.
pub fn line_fault(number: u64, fault: &LineFault) -> Detail {
    let zh = match fault {
        LineFault::TooLong => "过长".to_owned(),
        LineFault::NotALine(reason) => format!("不是日志行（{reason}）"),
        LineFault::NotCanonical | LineFault::NotCanonicalisable => "不是 RFC 8785 规范格式".to_owned(),
        LineFault::Number(text) => format!("{text} 不是 2^53 以内的整数"),
        LineFault::Time(text) => format!("{text:?} 不是带毫秒的 RFC 3339 时间"),
        LineFault::Sequence { expected, found } => format!("序号为 {found}，应为 {expected}"),
        LineFault::Previous => "与上一行的摘要不衔接".to_owned(),
        LineFault::Hash => "内容与其 SHA-256 不符".to_owned(),
        LineFault::Sm3 => "内容与其 SM3 不符".to_owned(),
        LineFault::Order => "同一次开机内单调时钟倒退".to_owned(),
        LineFault::Opened => "第一行不是 `opened`，或 `opened` 出现在别处".to_owned(),
    };
    let en = say(LINE_FAULT, &[&number, fault]).en;
    Detail {
        zh: say(LINE_FAULT, &[&number, &zh]).zh,
        en,
    }
}

/// Where a journal contradicts itself.
pub fn outline_fault(fault: &OutlineFault) -> Detail {
    use OutlineFault as Fault;
    let at = |seq: &u64, text: String| format!("第 {seq} 行：{text}");
    let zh = match fault {
        Fault::Data { seq, kind, reason } => at(seq, format!("{kind} 的数据无法读取（{reason}）")),
        Fault::UnknownSegment { seq, segment } => at(seq, format!("{segment} 未经登记")),
        Fault::SegmentClosed { seq, segment } => at(seq, format!("{segment} 早已结束")),
        Fault::SegmentOrder {
            seq,
            segment,
            expected,
        } => at(seq, format!("{segment}，此处应为 {expected}")),
        Fault::FragmentOffset {
            seq,
            segment,
            expected,
            found,
        } => at(seq, format!("{segment} 的内容始于 {found}，应始于 {expected}")),
        Fault::SegmentSize {
            seq,
            segment,
            expected,
            found,
        } => at(
            seq,
            format!("{segment} 登记为 {found} 字节，其内容止于 {expected}"),
        ),
        Fault::PartOrder { seq, part, track } => at(seq, format!("{track} 的第 {part} 段次序不对")),
        Fault::PartTotals { seq, part, track } => at(seq, format!("{track} 第 {part} 段的合计与其内容不符")),
        Fault::GapMissing { seq, part } => at(seq, format!("第 {part} 段之前没有中断记录")),
    };
    let en = (fault as &dyn Display).to_string();
    Detail { zh, en }
}
