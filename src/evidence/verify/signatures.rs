//! Who vouches for an interview: the manifest's two signatures, its time stamp, the certificates, and the signed
//! heads in the journal. Everything else here can be made anew by whoever recomputes the digests; this cannot.
//!
//! Trusts the certificates that lie beside the evidence as far as the journal names their key;
//! whether that key is the device's own, only who knows the device can say (`Figures::signed_by`).

use super::{codes::Code, files::Shelf, report::Figures, report::Finding, timestamp};
use crate::evidence::{
    directory::JOURNAL,
    manifest::MANIFEST,
    outline::{Outline, SignedHead},
    signing::{
        DEVICE_PEM, DEVICE_SM2_PEM, MANIFEST_ED25519, MANIFEST_SM2, PublicKeys, checkpoint_text, from_hex,
    },
};
use uuid::Uuid;

/// A stretch of recording longer than this without a signed head was not signed as it came: one is due with every
/// second fragment, and what is adopted after a cut comes without.
const UNSIGNED_US: u64 = 15_000_000;

/// The issuer of a certificate that no authority issued.
pub const SELF_SIGNED: &str = "self-signed";

/// Checks both signatures of the manifest and every checkpoint; the device's keys where they can be read.
pub fn check(
    outline: &Outline,
    shelf: &Shelf<'_>,
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) -> Option<PublicKeys> {
    timestamp::check(shelf, figures, findings);
    let keys = read_keys(shelf, findings)?;
    if outline.device_key.as_ref() != Some(&keys.id()) {
        let named = outline.device_key.as_deref().unwrap_or_default();
        findings.push(Finding::new(
            Code::KeyForeign,
            DEVICE_PEM,
            format_args!("{} / {named}", keys.id()),
        ));
    }
    if check_manifest(&keys, shelf, findings) {
        figures.signed_by = Some(keys.id());
        figures.signer = Some(keys.subject.clone());
        figures.issuer = Some(keys.issuer.clone().unwrap_or_else(|| SELF_SIGNED.to_owned()));
    }
    let uuid = outline.opened.as_ref().map(|opened| opened.uuid);
    if let Some(uuid) = uuid {
        check_checkpoints(&keys, uuid, outline, figures, findings);
    }
    Some(keys)
}

fn read_keys(shelf: &Shelf<'_>, findings: &mut Vec<Finding>) -> Option<PublicKeys> {
    let mut read = |name: &str| {
        let bytes = shelf.read(name, findings);
        if bytes.is_none() {
            findings.push(Finding::new(Code::SignatureMissing, name, ""));
        }
        bytes
    };
    let (device, device_sm2) = (read(DEVICE_PEM), read(DEVICE_SM2_PEM));
    PublicKeys::from_pem(&device?, &device_sm2?)
        .map_err(|error| findings.push(Finding::new(Code::KeyUnusable, DEVICE_PEM, error)))
        .ok()
}

/// Whether a signature over bytes holds.
type Way = fn(&PublicKeys, &[u8], &[u8]) -> bool;

/// Whether both signatures hold.
fn check_manifest(keys: &PublicKeys, shelf: &Shelf<'_>, findings: &mut Vec<Finding>) -> bool {
    let Some(manifest) = shelf.read(MANIFEST, findings) else {
        return false; // told where the manifest is looked at
    };
    let ways: [(&str, Way); 2] = [
        (MANIFEST_ED25519, PublicKeys::is_ed25519),
        (MANIFEST_SM2, PublicKeys::is_sm2),
    ];
    let before = findings.len();
    for (name, holds) in ways {
        match shelf.read(name, findings) {
            Some(signature) if holds(keys, &manifest, &signature) => {}
            Some(_) => findings.push(Finding::new(Code::SignatureWrong, name, "")),
            None => findings.push(Finding::new(Code::SignatureMissing, name, "")),
        }
    }
    findings.len() == before
}

fn check_checkpoints(
    keys: &PublicKeys,
    uuid: Uuid,
    outline: &Outline,
    figures: &mut Figures,
    findings: &mut Vec<Finding>,
) {
    let own = keys.id();
    for head in &outline.checkpoints {
        let is_ours = head.device_key.as_ref() == Some(&own);
        if is_ours && is_signed(keys, uuid, head) {
            figures.checkpoints += 1;
        } else if is_ours {
            let line = format_args!("line {}", head.line).to_string();
            findings.push(Finding::new(Code::CheckpointWrong, JOURNAL, line));
        } else {
            let line = format_args!("line {}", head.line).to_string();
            findings.push(Finding::new(Code::CheckpointUnproved, JOURNAL, line));
        }
    }
    if outline.longest_unsigned_us > UNSIGNED_US {
        let detail = format!("{} s", outline.longest_unsigned_us / 1_000_000);
        findings.push(Finding::new(Code::CheckpointMissing, JOURNAL, detail));
    }
}

/// The signed head is the very line before, and both signatures are good.
fn is_signed(keys: &PublicKeys, uuid: Uuid, head: &SignedHead) -> bool {
    let checkpoint = &head.checkpoint;
    let text = checkpoint_text(uuid, checkpoint.seq, checkpoint.hash);
    let good = |hex: &str, holds: Way| from_hex(hex).is_some_and(|signature| holds(keys, &text, &signature));
    checkpoint.seq.checked_add(1) == Some(head.line)
        && checkpoint.hash == head.prev
        && good(&checkpoint.ed25519, PublicKeys::is_ed25519)
        && good(&checkpoint.sm2, PublicKeys::is_sm2)
}
