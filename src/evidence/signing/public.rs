//! What anyone may know of a device: its two public keys, read out of the certificates beside the evidence.
//!
//! Used by `verify`, which trusts nothing else, and by the manifest, which names the keys. Pure.

use super::{SM2_ID, Signatures};
use crate::evidence::digest::Sha256Digest;
use der::asn1::UintRef;
use der::{Decode as _, DecodePem as _, Encode as _, Sequence};
use ed25519_dalek::Verifier as _;
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use serde::Serialize;
use x509_cert::Certificate;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Why a certificate could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    #[error("{file} is no certificate ({reason})")]
    Certificate { file: &'static str, reason: String },
    #[error("{file} holds no {algorithm} key ({reason})")]
    Key {
        file: &'static str,
        algorithm: &'static str,
        reason: String,
    },
    #[error("{file} is not signed by its own key")]
    SelfSignature { file: &'static str },
}

/// A key as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedKey {
    pub algorithm: &'static str,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub key_id: String,
    /// The SubjectPublicKeyInfo in DER, hexadecimal.
    pub spki: String,
}

/// Both keys of a device.
#[derive(Debug, Clone)]
pub struct PublicKeys {
    ed25519: ed25519_dalek::VerifyingKey,
    sm2: sm2::dsa::VerifyingKey,
    spki: [Vec<u8>; 2],
    /// The name on `device.pem`.
    pub subject: String,
    /// Who issued it, as it says itself; none if it is signed by its own key.
    pub issuer: Option<String>,
}

impl PublicKeys {
    /// From `device.pem` and `device-sm2.pem`: each signed by its own key, or issued by an authority, whose chain
    /// may stand behind it. Whether that authority is to be trusted is not asked here; the key counts.
    pub fn from_pem(device: &[u8], device_sm2: &[u8]) -> Result<Self, PublicKeyError> {
        let first = read(super::DEVICE_PEM, device)?;
        let second = read(super::DEVICE_SM2_PEM, device_sm2)?;
        let spki = [
            spki(super::DEVICE_PEM, &first)?,
            spki(super::DEVICE_SM2_PEM, &second)?,
        ];
        let key = |file, algorithm, reason: String| PublicKeyError::Key {
            file,
            algorithm,
            reason,
        };
        let ed25519 = ed25519_dalek::VerifyingKey::from_public_key_der(&spki[0])
            .map_err(|error| key(super::DEVICE_PEM, "Ed25519", error.to_string()))?;
        let sm2 = sm2::PublicKey::from_public_key_der(&spki[1])
            .map_err(|error| key(super::DEVICE_SM2_PEM, "SM2", error.to_string()))?;
        let sm2 = sm2::dsa::VerifyingKey::new(SM2_ID, sm2)
            .map_err(|error| key(super::DEVICE_SM2_PEM, "SM2", error.to_string()))?;
        let keys = Self {
            ed25519,
            sm2,
            spki,
            subject: first.tbs_certificate.subject.to_string(),
            issuer: issuer(&first),
        };
        keys.check_own(super::DEVICE_PEM, &first, Self::is_ed25519)?;
        keys.check_own(super::DEVICE_SM2_PEM, &second, Self::is_sm2)?;
        Ok(keys)
    }

    fn check_own(
        &self,
        file: &'static str,
        certificate: &Certificate,
        holds: impl Fn(&Self, &[u8], &[u8]) -> bool,
    ) -> Result<(), PublicKeyError> {
        if issuer(certificate).is_some() {
            return Ok(());
        }
        let signed = certificate.tbs_certificate.to_der().unwrap_or_default();
        if holds(self, &signed, certificate.signature.raw_bytes()) {
            Ok(())
        } else {
            Err(PublicKeyError::SelfSignature { file })
        }
    }

    /// By which the device is known: SHA-256 of the Ed25519 key's SubjectPublicKeyInfo.
    pub fn id(&self) -> String {
        Sha256Digest::of(&self.spki[0]).to_string()
    }

    pub fn is_same_key(&self, other: &Self) -> bool {
        self.spki == other.spki
    }

    pub fn named(&self) -> Vec<NamedKey> {
        let name = |algorithm, spki: &Vec<u8>| NamedKey {
            algorithm,
            key_id: Sha256Digest::of(spki).to_string(),
            spki: hex(spki),
        };
        vec![name("ed25519", &self.spki[0]), name("sm2", &self.spki[1])]
    }

    pub fn is_ed25519(&self, bytes: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.ed25519.verify_strict(bytes, &signature).is_ok())
    }

    /// `signature` in DER.
    pub fn is_sm2(&self, bytes: &[u8], signature: &[u8]) -> bool {
        sm2_from_der(signature).is_some_and(|signature| self.sm2.verify(bytes, &signature).is_ok())
    }

    /// Both.
    pub fn are_good(&self, bytes: &[u8], signatures: &Signatures) -> bool {
        self.is_ed25519(bytes, &signatures.ed25519) && self.is_sm2(bytes, &signatures.sm2)
    }
}

fn read(file: &'static str, pem: &[u8]) -> Result<Certificate, PublicKeyError> {
    Certificate::from_pem(first_of(pem)).map_err(|error| PublicKeyError::Certificate {
        file,
        reason: error.to_string(),
    })
}

/// The device's own certificate: the first, whatever stands before and behind it.
fn first_of(pem: &[u8]) -> &[u8] {
    let find = |mark: &[u8]| pem.windows(mark.len()).position(|window| window == mark);
    let end = find(END).map(|at| at + END.len());
    match (find(BEGIN), end) {
        (Some(begin), Some(end)) => pem.get(begin..end).unwrap_or(pem),
        _ => pem,
    }
}

fn issuer(certificate: &Certificate) -> Option<String> {
    let known = &certificate.tbs_certificate;
    (known.issuer != known.subject).then(|| known.issuer.to_string())
}

/// The name on a certificate that its own key signed; none on one that an authority issued.
pub(super) fn own_name(file: &'static str, pem: &[u8]) -> Option<String> {
    let certificate = read(file, pem).ok()?;
    let is_own = issuer(&certificate).is_none();
    is_own.then(|| certificate.tbs_certificate.subject.to_string())
}

fn spki(file: &'static str, certificate: &Certificate) -> Result<Vec<u8>, PublicKeyError> {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    info.to_der().map_err(|error| PublicKeyError::Certificate {
        file,
        reason: error.to_string(),
    })
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of lower-case hexadecimal; `None` for anything else.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// r and s of an SM2 signature, as DER has them.
#[derive(Sequence)]
struct Pair<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

pub(super) fn sm2_der(signature: &sm2::dsa::Signature) -> Vec<u8> {
    let bytes = signature.to_bytes();
    let (r, s) = bytes.split_at(32);
    let pair = || {
        Pair {
            r: UintRef::new(r)?,
            s: UintRef::new(s)?,
        }
        .to_der()
    };
    // Two integers of 32 bytes always have a form in DER.
    pair().unwrap_or_default()
}

fn sm2_from_der(der: &[u8]) -> Option<sm2::dsa::Signature> {
    let pair = Pair::from_der(der).ok()?;
    let mut bytes = [0; 64];
    for (number, place) in [pair.r, pair.s].iter().zip(bytes.chunks_exact_mut(32)) {
        let number = number.as_bytes();
        place
            .get_mut(32usize.checked_sub(number.len())?..)?
            .copy_from_slice(number);
    }
    sm2::dsa::Signature::from_slice(&bytes).ok()
}
