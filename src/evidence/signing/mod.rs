//! The device's signatures: Ed25519 for everybody, SM2 for those whose rules ask for it, each over the same
//! bytes. `keys` signs, `keeping` knows where the `secrets` lie, `vault` is what may seal them; `public` is what
//! anyone may know, `certificate` the form in which it travels.
//!
//! `closing` signs the manifest, the room's recorder a checkpoint of the journal every two seconds; `verify`
//! checks both with what lies beside the evidence. Everything here can be checked with OpenSSL alone
//! (design 6). No secret ever leaves `keys` and `keeping`, but for a vault.

mod certificate;
mod keeping;
mod keys;
mod public;
mod secrets;
mod vault;

pub use keeping::SEALED_KEYS;
pub use keys::{DeviceKeys, KeyError, Opened};
pub use public::{NamedKey, PublicKeyError, PublicKeys, from_hex, hex};
pub use vault::{Vault, VaultError};

use super::digest::Sha256Digest;
use uuid::Uuid;

/// The manifest's signatures, and the certificates to check them with, beside it.
pub const MANIFEST_ED25519: &str = "manifest.json.ed25519";
pub const MANIFEST_SM2: &str = "manifest.json.sm2";
pub const DEVICE_PEM: &str = "device.pem";
pub const DEVICE_SM2_PEM: &str = "device-sm2.pem";
/// A time stamp of the manifest (RFC 3161), where a server is configured.
pub const MANIFEST_TSR: &str = "manifest.json.tsr";

/// The signer's identity that SM2 mixes in, unless agreed otherwise (GB/T 35276).
pub(super) const SM2_ID: &str = "1234567812345678";

/// Both signatures over the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// As RFC 8032 has them.
    pub ed25519: [u8; 64],
    /// DER: a sequence of two integers.
    pub sm2: Vec<u8>,
}

/// What a checkpoint signs: which interview, how far, and the digest of everything up to there. Plain text, so
/// that a checker can type it.
pub fn checkpoint_text(uuid: Uuid, seq: u64, hash: Sha256Digest) -> Vec<u8> {
    format!("shenlu checkpoint 1\n{uuid}\n{seq}\n{hash}\n").into_bytes()
}

/// True for what covers the manifest and so cannot be named by it.
pub fn is_key_or_signature(path: &str) -> bool {
    matches!(
        path,
        MANIFEST_ED25519 | MANIFEST_SM2 | MANIFEST_TSR | DEVICE_PEM | DEVICE_SM2_PEM
    )
}
