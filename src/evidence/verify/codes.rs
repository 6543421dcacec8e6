//! Everything that `verify` and `check` can find, with its name, rule, weight
//! and words in both languages: what it means, what to do. Names are part of the interface: tests, the
//! review report and other programs know findings by them.

use super::words::Pair;
use serde::{Serialize, Serializer};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; the evidence is sound all the same.
    Note,
    /// The evidence is not sound.
    Error,
    /// Nothing can be said because it could not be read.
    Unreadable,
}

macro_rules! codes {
    ($($code:ident $name:literal $rule:literal $severity:ident $zh:literal $en:literal
        => $remedy_zh:literal $remedy_en:literal;)*) => {
        /// What was found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($code,)* }

        impl Code {
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            pub fn rule(self) -> &'static str {
                match self { $(Self::$code => $rule,)* }
            }

            pub fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            pub fn zh(self) -> &'static str {
                match self { $(Self::$code => $zh,)* }
            }

            pub fn en(self) -> &'static str {
                match self { $(Self::$code => $en,)* }
            }

            /// What to do about it.
            pub fn remedy(self) -> Pair {
                match self { $(Self::$code => ($remedy_zh, $remedy_en),)* }
            }
        }
    };
}

codes! {
    Unreadable "unreadable" "R-29" Unreadable
        "无法读取"
        "cannot be read"
        => "复制到完好的介质，或换一台驱动器后重试；仍读不出的，使用另一份"
        "copy it to a good medium or try another drive; if it stays unreadable, use another copy";
    NotEvidence "not-evidence" "R-29" Unreadable
        "既不是审讯目录，也不是录像光盘"
        "neither an interview's directory nor a disc of one"
        => "指定含有 journal.jsonl 的审讯目录、光盘、光盘映像或光驱"
        "name an interview's directory with its journal.jsonl, a disc, its image or a drive";
    JournalMissing "journal-missing" "R-29" Error
        "缺少记录日志"
        "the journal is missing"
        => "从另一份（光盘、副本、归档）取得日志再核验"
        "verify another copy (disc, archive) that has the journal";
    JournalLine "journal-line" "R-29" Error
        "记录日志被改动或链条断裂"
        "the journal was changed or its chain is broken"
        => "这一份日志不可采信；以 --against 与另一份比对，并查明何人经手"
        "do not rely on this copy's journal; compare with another by --against, and ask who had it";
    JournalTorn "journal-torn" "R-29" Error
        "记录日志最后一行不完整"
        "the journal's last line is torn"
        => "断电所致的，重启设备将自动处理；已封存的，取另一份比对"
        "a power cut's trace is mended when the room restarts; if it was closed, compare with another copy";
    JournalContradiction "journal-contradiction" "R-03" Error
        "记录日志前后矛盾"
        "the journal contradicts itself"
        => "以 --against 与另一份比对，由技术人员查明矛盾的来由"
        "compare with another copy by --against and have a technician find how it came about";
    GapMissing "gap-missing" "R-15" Error
        "两段录像之间没有中断记录"
        "between two parts no interruption is on record"
        => "两段之间的时间没有记录，须查明并书面说明"
        "find out what happened between the two parts and explain it in writing";
    InterviewOpen "interview-open" "R-11" Error
        "审讯录像尚未结束"
        "the interview is still open"
        => "结束审讯后再核验；设备已关机的，重启后自动接续"
        "verify again after the interview has ended; a room that was off takes it up again at its start";
    InterviewUnfinished "closing-unfinished" "R-11" Error
        "审讯已结束但封存文件未写完，重启设备将自动补齐"
        "the interview ended but its closing is not complete; a restart of the room completes it"
        => "重启设备，封存文件自动补齐后再核验"
        "restart the room, which completes the closing, and verify again";
    EndedAbnormally "ended-abnormally" "R-11" Error
        "审讯未正常结束"
        "the interview did not end in the regular way"
        => "查看“结束”一节的原因和批准人，核对笔录是否注明未完成签捺"
        "see reason and approver under “The end”, and that the transcript says so";
    SegmentDamaged "segment-damaged" "R-03" Error
        "录像片段结构损坏"
        "a segment's structure is damaged"
        => "以 --against 与另一份比对，取完好的一份"
        "compare with another copy by --against and use the one that is whole";
    SegmentUncovered "segment-uncovered" "R-03" Error
        "录像片段中有未登记的内容"
        "a segment has bytes that no line of the journal covers"
        => "以 --against 与另一份比对；多出或缺少的内容不属于原始录像"
        "compare with another copy by --against; what is more or less is not of the recording";
    HeaderChanged "header-changed" "R-03" Error
        "录像片段的头部与登记不符"
        "a segment's header is not the one on record"
        => "以 --against 与另一份比对，取与日志一致的一份"
        "compare with another copy by --against and use the one that agrees with the journal";
    FragmentChanged "fragment-changed" "R-03" Error
        "录像内容与登记的摘要不符"
        "a fragment does not have the digest on record"
        => "该处画面或声音不可采信；以 --against 与另一份比对，取与日志一致的一份"
        "do not rely on picture or sound there; compare by --against and use the copy that agrees with the journal";
    FragmentCount "fragment-count" "R-03" Error
        "录像的帧数、样本数或时长与登记不符"
        "a fragment's frames, samples or times are not those on record"
        => "以 --against 与另一份比对；两份相同的，由技术人员查明"
        "compare with another copy by --against; if both are alike, have a technician look into it";
    TimelineBreak "timeline-break" "R-03" Error
        "时间轴不连续"
        "the timeline is not continuous"
        => "该处时间不连续，须查明是否有剪接"
        "time is not continuous there: find out whether something was cut";
    KeyFrameMissing "key-frame-missing" "R-03" Error
        "录像片段不以关键帧开始"
        "a fragment does not begin with a key frame"
        => "以 --against 与另一份比对，由技术人员查明"
        "compare with another copy by --against and have a technician look into it";
    FileChanged "file-changed" "R-29" Error
        "文件内容被改动"
        "a file was changed"
        => "该文件不可采信；以 --against 与另一份比对，取与登记一致的一份"
        "do not rely on this file; compare by --against and use the copy that agrees with the record";
    FileMissing "file-missing" "R-03" Error
        "缺少文件"
        "a file is missing"
        => "从另一份取得该文件；各份均缺的，查明去向"
        "take the file from another copy; if all lack it, find out where it went";
    FileExtra "file-extra" "R-29" Error
        "多出未登记的文件"
        "a file stands here that is not on record"
        => "该文件不是本次审讯的内容，查明何人放入"
        "the file is not part of this interview: find out who put it there";
    ManifestMissing "manifest-missing" "R-29" Error
        "缺少清单"
        "the manifest is missing"
        => "从另一份取得清单再核验"
        "verify a copy that has the manifest";
    ManifestChanged "manifest-changed" "R-29" Error
        "清单与记录日志不符"
        "the manifest does not follow from the journal"
        => "清单不可采信；以 --against 与另一份比对"
        "do not rely on the manifest; compare with another copy by --against";
    SignatureMissing "signature-missing" "R-29" Error
        "缺少设备签名或证书"
        "a signature or a certificate of the device is missing"
        => "从另一份取得签名和证书；未封存的，用 --key 提供设备证书"
        "take signatures and certificates from another copy; while it is open, lend the device's by --key";
    SignatureWrong "signature-wrong" "R-29" Error
        "清单的签名不成立：清单在签名之后被改动，或由他人签署"
        "the manifest's signature does not hold: it was changed after signing, or someone else signed"
        => "这一份不可采信；核对设备证书，以 --against 与另一份比对"
        "do not rely on this copy; check the device's certificate and compare by --against";
    KeyUnusable "key-unusable" "R-29" Error
        "设备证书无法使用"
        "the device's certificate cannot be used"
        => "从另一份取得证书，或用 --key 提供设备证书"
        "take the certificate from another copy, or lend the device's by --key";
    KeyForeign "key-foreign" "R-29" Error
        "签名密钥不是日志登记的设备密钥"
        "the key that signed is not the one that the journal names"
        => "向设备管理单位核对其证书；不是该设备签署的，不可采信"
        "ask who runs the device for its certificate; what another key signed is not to be relied on";
    KeyUnexpected "key-unexpected" "R-29" Error
        "签名密钥不是要求的设备密钥"
        "the key that signed is not the one that was asked for"
        => "核对 --key 所给的证书是否为该设备的；确属该设备而不一致的，不可采信"
        "check that --key names this device; if it does, do not rely on this copy";
    CheckpointWrong "checkpoint-wrong" "R-29" Error
        "日志中的签名点不成立"
        "a signed head in the journal does not hold"
        => "日志在签名之后被改动，或由他人签署；不可采信，以 --against 与另一份比对"
        "the journal was changed after signing, or someone else signed; compare with another copy by --against";
    CheckpointMissing "checkpoint-missing" "R-29" Error
        "日志中缺少签名点"
        "signed heads are missing in the journal"
        => "查明这一段为何没有签名；断电补登的见“补登与隔离保存”"
        "find out why this stretch was not signed; what was adopted after a cut is listed above";
    CheckpointUnproved "checkpoint-unproved" "R-29" Error
        "日志中途更换过设备密钥，此前的签名点须用原证书核验"
        "the device's key was changed on the way; signed heads before it need the old certificate"
        => "用 --key 另外提供此前的设备证书（见 attachments/ 或设备密钥目录）再核验"
        "lend the earlier certificate too by another --key (see attachments/, or the device's key folder)";
    TimestampForeign "timestamp-foreign" "R-29" Error
        "时间戳不属于该清单"
        "the time stamp is of another manifest"
        => "以 --against 与另一份比对；清单或时间戳被调换"
        "compare with another copy by --against: manifest or stamp was swapped";
    TimestampWrong "timestamp-wrong" "R-29" Error
        "时间戳无法读取或不成立"
        "the time stamp cannot be read or does not hold"
        => "以 openssl ts -verify 复核，并与另一份比对"
        "check it with openssl ts -verify, and compare with another copy";
    PlaylistChanged "playlist-changed" "R-29" Error
        "播放列表与记录日志不符"
        "a playlist does not follow from the journal"
        => "不影响录像本身；播放次序以日志为准"
        "the recording itself is not concerned; its order is the journal's";
    SumsMissing "sums-missing" "R-29" Error
        "缺少校验和文件"
        "the sums are missing"
        => "从另一份取得校验和文件"
        "take the sums from another copy";
    SumsForm "sums-form" "R-29" Error
        "校验和文件格式不正确"
        "the sums are not well formed"
        => "从另一份取得校验和文件"
        "take the sums from another copy";
    DiscRecord "disc-record" "R-17" Error
        "光盘登记信息被改动"
        "disc.json was changed"
        => "核对光盘标签和交接登记，以 --against 与另一套比对"
        "check label and register of the disc, and compare with the other set by --against";
    DiscForeign "disc-foreign" "R-17" Error
        "光盘属于另一次审讯"
        "a disc belongs to another interview"
        => "取本次审讯的光盘再核验"
        "verify with the discs of this interview only";
    DiscOpen "disc-open" "R-17" Error
        "光盘尚未封盘"
        "the disc is not finalised"
        => "在刻录它的设备上封盘后再核验"
        "have the room that burnt it finalise it, and verify again";
    SetIncomplete "set-incomplete" "R-17" Error
        "本套光盘不齐，无法证明录像完整"
        "discs of the set are missing; the whole cannot be proved"
        => "凑齐本套全部光盘，一并核验"
        "bring all discs of the set and verify them together";
    Predecessor "predecessor" "R-17" Error
        "光盘与上一张不相接"
        "the disc does not follow the one before"
        => "核对各盘编号和交接登记，确认没有调换"
        "check the discs' numbers and the register: one may have been swapped";
    AgainstChanged "against-changed" "R-17" Error
        "两处文件内容不同"
        "a file differs between the two"
        => "见“各份之间的差异”：以与签名一致的一份为准"
        "see “Differences between copies”: the one that agrees with the signature is right";
    AgainstMissing "against-missing" "R-17" Error
        "对照方缺少文件"
        "a file is missing in what it was compared with"
        => "见“各份之间的差异”"
        "see “Differences between copies”";
    AgainstExtra "against-extra" "R-17" Error
        "对照方多出文件"
        "what it was compared with has a file more"
        => "见“各份之间的差异”"
        "see “Differences between copies”";
    Adopted "adopted" "R-15" Note
        "断电或故障后补登的录像"
        "recording that was adopted after a power cut or a crash"
        => "无需处理；该处录像完整，断电时尚未登记"
        "nothing; the recording is whole there, the cut came before its line";
    Quarantined "quarantined" "R-15" Note
        "断电或故障留下的残缺数据已单独保存"
        "torn data of a power cut or a crash is kept aside"
        => "无需处理；残缺数据不能播放，仅供查验"
        "nothing; torn data cannot be played and is kept for examination";
    NotOnDisc "not-on-disc" "R-17" Note
        "按规定不刻入光盘的文件未随盘核验"
        "files that stay off the discs were not checked here"
        => "需要时在审讯目录或归档中核验"
        "verify the interview's directory or the archive where they matter";
    Stillborn "stillborn" "R-29" Note
        "空目录：断电时尚未录下任何内容"
        "an empty directory: the cut came before anything was recorded"
        => "无需处理"
        "nothing";
    LeftOver "left-over" "R-29" Error
        "有未写完的文件"
        "a file was left incomplete by a crash; a restart of the room takes care of it"
        => "重启设备后再核验"
        "restart the room and verify again";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
