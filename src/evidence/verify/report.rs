//! The answer of `verify`: findings, figures, verdict; as JSON for programs and
//! as text for people, Chinese first. Findings are added in the order of the
//! checks and never taken back.

use super::codes::{Code, Severity};
use super::signatures::SELF_SIGNED;
use super::story::Story;
use crate::evidence::timestamp::Stamp;
use serde::Serialize;
use std::fmt::{self, Display, Write as _};

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: Code,
    pub rule: &'static str,
    pub severity: Severity,
    /// The file it concerns, from the directory or disc that was given.
    pub path: String,
    pub detail_zh: String,
    pub detail_en: String,
    /// Where on the part's timeline, if it is a place there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_us: Option<u64>,
}

impl Finding {
    pub fn new(code: Code, path: impl Into<String>, detail: impl Display) -> Self {
        let detail = detail.to_string();
        let with = |words: &str, colon: &str| {
            if detail.is_empty() {
                words.to_owned()
            } else {
                format!("{words}{colon}{detail}")
            }
        };
        Self {
            code,
            rule: code.rule(),
            severity: code.severity(),
            path: path.into(),
            detail_zh: with(code.zh(), "："),
            detail_en: with(code.en(), ": "),
            media_us: None,
        }
    }

    pub fn at(self, media_us: u64) -> Self {
        Self {
            media_us: Some(media_us),
            ..self
        }
    }
}

/// What was counted, from the media itself wherever it is about media.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub interview: Option<String>,
    pub uuid: Option<String>,
    pub discs: u64,
    pub files: u64,
    pub bytes: u64,
    pub journal_lines: u64,
    /// Of the recording itself.
    pub parts: u64,
    pub segments: u64,
    pub fragments: u64,
    pub frames: u64,
    pub samples: u64,
    pub duration_us: u64,
    pub compared_files: u64,
    /// Id of the device key whose signatures lie beside the evidence, and the name on its certificate.
    pub signed_by: Option<String>,
    pub signer: Option<String>,
    /// Who issued that certificate, as it says itself; `self-signed` until the centre's authority does.
    pub issuer: Option<String>,
    /// Signed heads in the journal that hold.
    pub checkpoints: u64,
    /// What the manifest's time stamp says, where one lies there and is of this manifest.
    pub timestamp: Option<Stamp>,
    #[serde(flatten)]
    pub story: Story,
}

impl Figures {
    /// Takes another subject in: its files count, the recording is that of the first.
    pub(super) fn add(&mut self, other: Figures) {
        let Figures {
            discs, files, bytes, ..
        } = other;
        let (discs, files, bytes) = (self.discs + discs, self.files + files, self.bytes + bytes);
        let first = if self.interview.is_none() {
            other
        } else {
            std::mem::take(self)
        };
        *self = Self {
            discs,
            files,
            bytes,
            ..first
        };
    }
}

/// Whether it is what it claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Sound,
    NotSound,
    Unreadable,
}

impl Verdict {
    /// 0 sound, 1 not sound, 2 could not be read (contract).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Sound => 0,
            Self::NotSound => 1,
            Self::Unreadable => 2,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Sound => "完好 / sound",
            Self::NotSound => "不完好 / NOT SOUND",
            Self::Unreadable => "无法读取 / could not be read",
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub verdict: Verdict,
    pub figures: Figures,
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn new(figures: Figures, findings: Vec<Finding>) -> Self {
        let verdict = match findings.iter().map(|finding| finding.severity).max() {
            None | Some(Severity::Note) => Verdict::Sound,
            Some(Severity::Error) => Verdict::NotSound,
            Some(Severity::Unreadable) => Verdict::Unreadable,
        };
        Self {
            verdict,
            figures,
            findings,
        }
    }

    /// The same with the demand that this key has signed: who knows the device knows its key, and only he can
    /// tell it from one that somebody else named everywhere.
    pub fn expecting_key(self, key: &str) -> Self {
        let Self {
            figures,
            mut findings,
            ..
        } = self;
        if figures.signed_by.as_deref() != Some(key) {
            let found = figures.signed_by.as_deref().unwrap_or("-");
            findings.push(Finding::new(
                Code::KeyUnexpected,
                "device.pem",
                format_args!("{found} / {key}"),
            ));
        }
        Self::new(figures, findings)
    }

    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = &self.figures;
        if let Some(interview) = &figures.interview {
            writeln!(f, "审讯 / interview   {interview}")?;
        }
        writeln!(
            f,
            "文件 / files       {} ({} bytes)",
            figures.files, figures.bytes
        )?;
        writeln!(f, "日志 / journal     {} lines", figures.journal_lines)?;
        let seconds = format!(
            "{}.{:06}",
            figures.duration_us / 1_000_000,
            figures.duration_us % 1_000_000
        );
        writeln!(
            f,
            "录像 / recording   {} parts, {} segments, {} fragments, {} frames, {seconds} s",
            figures.parts, figures.segments, figures.fragments, figures.frames
        )?;
        tell(&figures.story, f)?;
        if let (Some(key), Some(signer)) = (&figures.signed_by, &figures.signer) {
            writeln!(
                f,
                "签名 / signed by   {signer}, Ed25519 key {key}, {} checkpoints",
                figures.checkpoints
            )?;
            tell_issuer(figures.issuer.as_deref().unwrap_or_default(), f)?;
        }
        if let Some(stamp) = &figures.timestamp {
            tell_stamp(stamp, f)?;
        }
        if figures.compared_files > 0 {
            writeln!(f, "比对 / compared    {} files", figures.compared_files)?;
        }
        for finding in &self.findings {
            writeln!(f, "{}", line(finding))?;
        }
        writeln!(f, "结论 / verdict     {}", self.verdict.words())
    }
}

fn tell_issuer(issuer: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if issuer == SELF_SIGNED {
        writeln!(f, "    证书自签名 / the certificate is self-signed")
    } else {
        writeln!(
            f,
            "    证书签发者 / certificate issued by {issuer}; 证书链未在此核验 / chain not checked here: openssl verify"
        )
    }
}

/// Says too what is not checked here.
fn tell_stamp(stamp: &Stamp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Stamp {
        at,
        serial,
        signer,
        unproved,
    } = stamp;
    writeln!(f, "时间戳 / stamped    {at} by {signer}, serial {serial}")?;
    match unproved {
        None => writeln!(
            f,
            "    签名成立；签发机构未在此核验 / its signature holds; the authority was not checked: openssl ts -verify"
        ),
        Some(algorithm) => writeln!(
            f,
            "    签名未在此核验 / its signature ({algorithm}) was not checked: openssl ts -verify"
        ),
    }
}

/// Gaps, clock, what stood in: only what there is to tell.
fn tell(story: &Story, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for gap in &story.gaps {
        let seconds = gap.duration_us / 1_000_000;
        let reason = gap.reason.as_deref().unwrap_or("-");
        writeln!(
            f,
            "中断 / gap          {} → {} ({seconds} s), part {} → {}: {reason}",
            gap.from, gap.to, gap.after_part, gap.before_part
        )?;
    }
    let clock = &story.clock;
    match clock.worst_error_us {
        Some(worst_us) => {
            let ms = worst_us.div_ceil(1_000);
            write!(f, "时钟 / clock        error at most {ms} ms")?;
        }
        None => write!(f, "时钟 / clock        not witnessed")?,
    }
    if clock.worst_error_us.is_some() && clock.unknown > 0 {
        write!(
            f,
            ", not witnessed in {} of {} fragments",
            clock.unknown, clock.fragments
        )?;
    }
    for step in &clock.steps_ms {
        write!(f, ", set by {step:+} ms")?;
    }
    writeln!(f)?;
    let [left, right] = story.substituted_samples;
    if story.repeated_frames + left + right > 0 {
        writeln!(
            f,
            "替代 / stood in     {} repeated pictures, silence for {left} / {right} samples left / right",
            story.repeated_frames
        )?;
    }
    if story.adopted_us > 0 {
        let ms = story.adopted_us / 1_000;
        writeln!(f, "补登 / adopted      {ms} ms after a power cut or a crash")?;
    }
    Ok(())
}

fn line(finding: &Finding) -> String {
    let mark = match finding.severity {
        Severity::Note => "·",
        Severity::Error | Severity::Unreadable => "✗",
    };
    let mut text = format!(
        "{mark} {} [{}] {}",
        finding.code.name(),
        finding.rule,
        finding.path
    );
    if let Some(media_us) = finding.media_us {
        let _ = write!(
            text,
            " @ {}.{:03} s",
            media_us / 1_000_000,
            media_us / 1000 % 1000
        ); // a String
    }
    let _ = write!(text, "\n    {}\n    {}", finding.detail_zh, finding.detail_en);
    text
}
