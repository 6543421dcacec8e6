//! The answer of `verify`: findings, figures, verdict, differences; as JSON for
//! programs, and what `print` makes a text for people of. Findings are added in
//! the order of the checks and never taken back.

use super::codes::{Code, Severity};
use super::copies::Difference;
use super::signatures::SignatureTold;
use super::story::Story;
use super::words::{Detail, details::KEYS, say};
use crate::evidence::timestamp::Stamp;
use serde::Serialize;

/// The form of the report as JSON; fields may be added without a new one.
pub const FORM: u32 = 1;

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
    /// What to do about it.
    pub remedy_zh: &'static str,
    pub remedy_en: &'static str,
    /// Where on the part's timeline, if it is a place there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_us: Option<u64>,
}

impl Finding {
    pub fn new(code: Code, path: impl Into<String>, detail: impl Into<Detail>) -> Self {
        let detail = detail.into();
        let with = |words: &str, colon: &str, detail: &str| {
            if detail.is_empty() {
                words.to_owned()
            } else {
                format!("{words}{colon}{detail}")
            }
        };
        let (remedy_zh, remedy_en) = code.remedy();
        Self {
            code,
            rule: code.rule(),
            severity: code.severity(),
            path: path.into(),
            detail_zh: with(code.zh(), "：", &detail.zh),
            detail_en: with(code.en(), ": ", &detail.en),
            remedy_zh,
            remedy_en,
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
    pub signature: Option<SignatureTold>,
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
}

/// One thing that was given to be checked or compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Given {
    pub path: String,
    /// The slot and number of a disc; absent for an interview's directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disc: Option<(String, u64)>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub form: u32,
    pub verdict: Verdict,
    pub checked: Vec<Given>,
    pub against: Vec<Given>,
    pub figures: Figures,
    pub differences: Vec<Difference>,
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn new(figures: Figures, findings: Vec<Finding>) -> Self {
        Self {
            form: FORM,
            verdict: verdict(&findings),
            checked: Vec::new(),
            against: Vec::new(),
            figures,
            differences: Vec::new(),
            findings,
        }
    }

    /// The same with the demand that this key has signed: who knows the device knows its key, and only he can
    /// tell it from one that somebody else named everywhere.
    pub fn expecting_key(self, key: &str) -> Self {
        self.expecting_keys(&[key.to_owned()])
    }

    /// The same with several keys, of which one must have signed: a device's earlier keys are its own too. None
    /// demands nothing.
    pub fn expecting_keys(mut self, keys: &[String]) -> Self {
        if keys.is_empty() {
            return self;
        }
        let signed_by = self.figures.signed_by.as_deref();
        let is_expected = signed_by.is_some_and(|found| keys.iter().any(|key| key == found));
        if !is_expected {
            let detail = say(KEYS, &[&signed_by.unwrap_or("-"), &keys.join(", ")]);
            self.findings
                .push(Finding::new(Code::KeyUnexpected, "device.pem", detail));
        }
        if let Some(signature) = &mut self.figures.signature {
            signature.is_expected = Some(is_expected);
        }
        self.verdict = verdict(&self.findings);
        self
    }

    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.severity).max() {
        None | Some(Severity::Note) => Verdict::Sound,
        Some(Severity::Error) => Verdict::NotSound,
        Some(Severity::Unreadable) => Verdict::Unreadable,
    }
}
