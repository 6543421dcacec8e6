//! Everything that `verify` and `check` can find, with its name, rule, weight
//! and words in both languages. Names are part of the interface: tests, the
//! review report and other programs know findings by them.

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
    ($($code:ident $name:literal $rule:literal $severity:ident $zh:literal $en:literal;)*) => {
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
        }
    };
}

codes! {
    Unreadable "unreadable" "R-29" Unreadable "无法读取" "cannot be read";
    NotEvidence "not-evidence" "R-29" Unreadable
        "既不是审讯目录，也不是录像光盘" "neither an interview's directory nor a disc of one";
    JournalMissing "journal-missing" "R-29" Error "缺少记录日志" "the journal is missing";
    JournalLine "journal-line" "R-29" Error
        "记录日志被改动或链条断裂" "the journal was changed or its chain is broken";
    JournalTorn "journal-torn" "R-29" Error
        "记录日志最后一行不完整" "the journal's last line is torn";
    JournalContradiction "journal-contradiction" "R-03" Error
        "记录日志前后矛盾" "the journal contradicts itself";
    GapMissing "gap-missing" "R-15" Error
        "两段录像之间没有中断记录" "between two parts no interruption is on record";
    InterviewOpen "interview-open" "R-11" Error "审讯录像尚未结束" "the interview is still open";
    InterviewUnfinished "closing-unfinished" "R-11" Error
        "审讯已结束但封存文件未写完，重启设备将自动补齐"
        "the interview ended but its closing is not complete; a restart of the room completes it";
    EndedAbnormally "ended-abnormally" "R-11" Error
        "审讯未正常结束" "the interview did not end in the regular way";
    SegmentDamaged "segment-damaged" "R-03" Error
        "录像片段结构损坏" "a segment's structure is damaged";
    SegmentUncovered "segment-uncovered" "R-03" Error
        "录像片段中有未登记的内容" "a segment has bytes that no line of the journal covers";
    HeaderChanged "header-changed" "R-03" Error
        "录像片段的头部与登记不符" "a segment's header is not the one on record";
    FragmentChanged "fragment-changed" "R-03" Error
        "录像内容与登记的摘要不符" "a fragment does not have the digest on record";
    FragmentCount "fragment-count" "R-03" Error
        "录像的帧数、样本数或时长与登记不符"
        "a fragment's frames, samples or times are not those on record";
    TimelineBreak "timeline-break" "R-03" Error "时间轴不连续" "the timeline is not continuous";
    KeyFrameMissing "key-frame-missing" "R-03" Error
        "录像片段不以关键帧开始" "a fragment does not begin with a key frame";
    FileChanged "file-changed" "R-29" Error "文件内容被改动" "a file was changed";
    FileMissing "file-missing" "R-03" Error "缺少文件" "a file is missing";
    FileExtra "file-extra" "R-29" Error "多出未登记的文件" "a file stands here that is not on record";
    ManifestMissing "manifest-missing" "R-29" Error "缺少清单" "the manifest is missing";
    ManifestChanged "manifest-changed" "R-29" Error
        "清单与记录日志不符" "the manifest does not follow from the journal";
    SignatureMissing "signature-missing" "R-29" Error
        "缺少设备签名或证书" "a signature or a certificate of the device is missing";
    SignatureWrong "signature-wrong" "R-29" Error
        "清单的签名不成立：清单在签名之后被改动，或由他人签署"
        "the manifest's signature does not hold: it was changed after signing, or someone else signed";
    KeyUnusable "key-unusable" "R-29" Error "设备证书无法使用" "the device's certificate cannot be used";
    KeyForeign "key-foreign" "R-29" Error
        "签名密钥不是日志登记的设备密钥" "the key that signed is not the one that the journal names";
    KeyUnexpected "key-unexpected" "R-29" Error
        "签名密钥不是要求的设备密钥" "the key that signed is not the one that was asked for";
    CheckpointWrong "checkpoint-wrong" "R-29" Error
        "日志中的签名点不成立" "a signed head in the journal does not hold";
    CheckpointMissing "checkpoint-missing" "R-29" Error
        "日志中缺少签名点" "signed heads are missing in the journal";
    CheckpointUnproved "checkpoint-unproved" "R-29" Error
        "日志中途更换过设备密钥，此前的签名点须用原证书核验"
        "the device's key was changed on the way; signed heads before it need the old certificate";
    TimestampForeign "timestamp-foreign" "R-29" Error
        "时间戳不属于该清单" "the time stamp is of another manifest";
    TimestampWrong "timestamp-wrong" "R-29" Error
        "时间戳无法读取或不成立" "the time stamp cannot be read or does not hold";
    PlaylistChanged "playlist-changed" "R-29" Error
        "播放列表与记录日志不符" "a playlist does not follow from the journal";
    SumsMissing "sums-missing" "R-29" Error "缺少校验和文件" "the sums are missing";
    SumsForm "sums-form" "R-29" Error "校验和文件格式不正确" "the sums are not well formed";
    DiscRecord "disc-record" "R-17" Error "光盘登记信息被改动" "disc.json was changed";
    DiscForeign "disc-foreign" "R-17" Error
        "光盘属于另一次审讯" "a disc belongs to another interview";
    DiscOpen "disc-open" "R-17" Error "光盘尚未封盘" "the disc is not finalised";
    SetIncomplete "set-incomplete" "R-17" Error
        "本套光盘不齐，无法证明录像完整" "discs of the set are missing; the whole cannot be proved";
    Predecessor "predecessor" "R-17" Error
        "光盘与上一张不相接" "the disc does not follow the one before";
    AgainstChanged "against-changed" "R-17" Error
        "两处文件内容不同" "a file differs between the two";
    AgainstMissing "against-missing" "R-17" Error
        "对照方缺少文件" "a file is missing in what it was compared with";
    AgainstExtra "against-extra" "R-17" Error
        "对照方多出文件" "what it was compared with has a file more";
    Adopted "adopted" "R-15" Note
        "断电或故障后补登的录像" "recording that was adopted after a power cut or a crash";
    Quarantined "quarantined" "R-15" Note
        "断电或故障留下的残缺数据已单独保存" "torn data of a power cut or a crash is kept aside";
    NotOnDisc "not-on-disc" "R-17" Note
        "按规定不刻入光盘的文件未随盘核验" "files that stay off the discs were not checked here";
    Stillborn "stillborn" "R-29" Note
        "空目录：断电时尚未录下任何内容" "an empty directory: the cut came before anything was recorded";
    LeftOver "left-over" "R-29" Error
        "有未写完的文件" "a file was left incomplete by a crash; a restart of the room takes care of it";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
