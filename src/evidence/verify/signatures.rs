//! Who vouches for an interview: the manifest's two signatures, its time stamp, the certificates, and the signed
//! heads in the journal. Everything else here can be made anew by whoever recomputes the digests; this cannot.
//!
//! Trusts the certificates that lie beside the evidence, and those that were lent, as far as the journal names
//! their key; whether that key is the device's own, only who knows the device can say (`Figures::signed_by`).

use super::{
    codes::Code,
    files::Shelf,
    heads::{Head, Judged, judge, longest_unsigned, proved_until, tell_of},
    journal::ReadJournal,
    lent::{Certified, Lent},
    report::{Figures, Finding},
    story::Moment,
    timestamp,
    words::{
        details::{CERTIFICATE_TO_LEND, KEYS},
        say,
    },
};
use crate::evidence::{
    manifest::MANIFEST,
    outline::Outline,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, MANIFEST_ED25519, MANIFEST_SM2, PublicKeys},
};
use serde::Serialize;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Who signed, and how much it proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureTold {
    /// Id of the device's key, and the names on its certificate.
    pub key: String,
    pub subject: String,
    pub issuer: String,
    /// Whether it is one of those that were asked for; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_expected: Option<bool>,
    /// Both signatures of the manifest hold.
    pub manifest_holds: bool,
    pub heads: u64,
    pub heads_proved: u64,
    /// Keys that signed before, proved with a certificate that was lent.
    pub earlier_keys: Vec<String>,
    /// How far the heads prove the journal; absent where the manifest proves all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved_until: Option<ProvedUntil>,
}

/// The issuer of a certificate that no authority issued.
pub const SELF_SIGNED: &str = "self-signed";

/// The last line that a signature proves, and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvedUntil {
    pub line: u64,
    pub lines_behind: u64,
    /// Recording behind it.
    pub unsigned_us: u64,
    #[serde(flatten)]
    pub moment: Moment,
}

/// The keys that can prove something: those beside the evidence and those that were lent.
pub struct Ring<'a>(BTreeMap<String, &'a PublicKeys>);

impl<'a> Ring<'a> {
    pub fn of(own: Option<&'a Certified>, lent: &'a [Lent]) -> Self {
        let lent = lent.iter().filter_map(|lent| lent.certified.as_ref());
        let keys = lent.chain(own).map(|certified| &certified.keys);
        Self(keys.map(|keys| (keys.id(), keys)).collect())
    }

    pub fn get(&self, id: &str) -> Option<&'a PublicKeys> {
        self.0.get(id).copied()
    }
}

/// Checks both signatures of a closed interview's manifest and every signed head; the device's keys where they
/// can be read.
pub fn check(
    (outline, journal): (&Outline, &ReadJournal),
    shelf: &Shelf<'_>,
    lent: &[Lent],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> Option<PublicKeys> {
    timestamp::check(shelf, figures, findings);
    let places = [DEVICE_PEM, DEVICE_SM2_PEM].map(|name| shelf.files.get(name).cloned());
    let own = read_certificates(&places, true, findings);
    if let Some(own) = &own {
        check_named(own, outline, findings);
    }
    let manifest_holds = own
        .as_ref()
        .is_some_and(|own| check_manifest(&own.keys, shelf, findings));
    if let Some(own) = own.as_ref().filter(|_| manifest_holds) {
        figures.signed_by = Some(own.keys.id());
        figures.signer = Some(own.keys.subject.clone());
        figures.issuer = Some(own.keys.issuer.clone().unwrap_or_else(|| SELF_SIGNED.to_owned()));
    }
    let ring = Ring::of(own.as_ref(), lent);
    if own.is_some() || ring.0.len() > own.iter().len() {
        let judged = check_heads(&ring, outline, findings);
        figures.checkpoints = judged.proved;
        figures.signature = own
            .as_ref()
            .map(|own| told(own, outline, &judged, manifest_holds));
        if !manifest_holds && let Some(signature) = &mut figures.signature {
            signature.proved_until = proved_until(journal, outline, &judged);
        }
    }
    own.map(|own| own.keys)
}

/// Checks the signed heads of an interview that has no manifest yet: it is open, or its set's last disc is not
/// here. The certificates lie at `places`, or were lent.
pub fn check_open(
    (outline, journal): (&Outline, &ReadJournal),
    places: &[Option<PathBuf>; 2],
    lent: &[Lent],
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) {
    let named = outline.device_key.as_deref().unwrap_or_default();
    let lent_own = lent.iter().find(|lent| lent.id == named);
    let lent_own = lent_own.and_then(|lent| lent.certified.clone());
    let own = read_certificates(places, lent_own.is_none(), findings).or(lent_own);
    let Some(own) = own else { return };
    let before = findings.len();
    check_named(&own, outline, findings);
    let judged = check_heads(&Ring::of(Some(&own), lent), outline, findings);
    figures.checkpoints = judged.proved;
    let is_wrong = |finding: &Finding| matches!(finding.code, Code::KeyForeign | Code::CheckpointWrong);
    if judged.proved > 0 && !findings.iter().skip(before).any(is_wrong) {
        figures.signed_by = Some(own.keys.id());
        figures.signer = Some(own.keys.subject.clone());
    }
    let mut signature = told(&own, outline, &judged, false);
    signature.proved_until = proved_until(journal, outline, &judged);
    figures.signature = Some(signature);
}

/// What lies there; where something is `wanted`, that it is missing is a finding.
fn read_certificates(
    places: &[Option<PathBuf>; 2],
    wanted: bool,
    findings: &mut Vec<Finding>,
) -> Option<Certified> {
    let mut read = |name: &str, place: &Option<PathBuf>| {
        let bytes = place.as_ref().map(fs::read);
        match bytes {
            Some(Ok(bytes)) => return Some(bytes),
            Some(Err(error)) => findings.push(Finding::new(Code::Unreadable, name, error)),
            None if wanted => {
                let detail = say(CERTIFICATE_TO_LEND, &[]);
                findings.push(Finding::new(Code::SignatureMissing, name, detail));
            }
            None => {}
        }
        None
    };
    let (device, device_sm2) = (read(DEVICE_PEM, &places[0]), read(DEVICE_SM2_PEM, &places[1]));
    Certified::from_pem(&device?, &device_sm2?)
        .map_err(|error| findings.push(Finding::new(Code::KeyUnusable, DEVICE_PEM, error)))
        .ok()
}

/// The journal names this key.
fn check_named(own: &Certified, outline: &Outline, findings: &mut Vec<Finding>) {
    let id = own.keys.id();
    if outline.device_key.as_ref() != Some(&id) {
        let named = outline.device_key.as_deref().unwrap_or_default();
        findings.push(Finding::new(
            Code::KeyForeign,
            DEVICE_PEM,
            say(KEYS, &[&id, &named]),
        ));
    }
}

/// Whether a signature over bytes holds.
pub(super) type Way = fn(&PublicKeys, &[u8], &[u8]) -> bool;

/// The manifest's two signatures, and how each is checked.
pub(super) const WAYS: [(&str, Way); 2] = [
    (MANIFEST_ED25519, PublicKeys::is_ed25519),
    (MANIFEST_SM2, PublicKeys::is_sm2),
];

/// Whether both signatures hold.
fn check_manifest(keys: &PublicKeys, shelf: &Shelf<'_>, findings: &mut Vec<Finding>) -> bool {
    let Some(manifest) = shelf.read(MANIFEST, findings) else {
        return false; // told where the manifest is looked at
    };
    let before = findings.len();
    for (name, holds) in WAYS {
        match shelf.read(name, findings) {
            Some(signature) if holds(keys, &manifest, &signature) => {}
            Some(_) => findings.push(Finding::new(Code::SignatureWrong, name, "")),
            None => findings.push(Finding::new(Code::SignatureMissing, name, "")),
        }
    }
    findings.len() == before
}

fn check_heads(ring: &Ring<'_>, outline: &Outline, findings: &mut Vec<Finding>) -> Judged {
    let judged = judge(ring, outline);
    findings.extend(tell_of(&judged, outline));
    findings.extend(longest_unsigned(outline));
    judged
}

fn told(own: &Certified, outline: &Outline, judged: &Judged, manifest_holds: bool) -> SignatureTold {
    let id = own.keys.id();
    let proved = outline.checkpoints.iter().zip(&judged.heads);
    let proved = proved.filter(|(_, judged)| **judged == Head::Proved);
    let mut earlier_keys: Vec<String> = proved
        .filter_map(|(head, _)| head.device_key.clone())
        .filter(|key| *key != id)
        .collect();
    earlier_keys.dedup();
    SignatureTold {
        key: id,
        subject: own.keys.subject.clone(),
        issuer: own
            .keys
            .issuer
            .clone()
            .unwrap_or_else(|| own.keys.subject.clone()),
        is_expected: None,
        manifest_holds,
        heads: judged.heads.len() as u64,
        heads_proved: judged.proved,
        earlier_keys,
        proved_until: None,
    }
}
