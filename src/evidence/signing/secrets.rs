//! The device's two secrets as one thing: they are made, kept, lost and replaced together.
//!
//! Used by `keys` and `keeping`; their bytes leave this room for a vault only, and are wiped behind it.

use super::KeyError;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, spki::der::pem::LineEnding};
use rand_core::OsRng;
use zeroize::Zeroizing;

pub(super) const ED25519_KEY: &str = "ed25519.pem";
pub(super) const SM2_KEY: &str = "sm2.pem";
/// Of each secret, as a vault keeps them: Ed25519, then SM2.
const BYTES: usize = 32;

#[derive(Clone)]
pub(super) struct Secrets {
    pub ed25519: ed25519_dalek::SigningKey,
    pub sm2: sm2::SecretKey,
}

impl Secrets {
    pub fn generate() -> Self {
        Self {
            ed25519: ed25519_dalek::SigningKey::generate(&mut OsRng),
            sm2: sm2::SecretKey::random(&mut OsRng),
        }
    }

    pub fn is_same(&self, other: &Self) -> bool {
        self.ed25519.verifying_key() == other.ed25519.verifying_key()
            && self.sm2.public_key() == other.sm2.public_key()
    }

    /// For a vault.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * BYTES));
        bytes.extend_from_slice(&*Zeroizing::new(self.ed25519.to_bytes()));
        bytes.extend_from_slice(&Zeroizing::new(self.sm2.to_bytes()));
        bytes
    }

    /// From a vault; the reason, if these are no such secrets.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let whole = || format!("{} bytes where {} belong", bytes.len(), 2 * BYTES);
        let (first, second) = bytes.split_first_chunk::<BYTES>().ok_or_else(whole)?;
        if second.len() != BYTES {
            return Err(whole());
        }
        Ok(Self {
            ed25519: ed25519_dalek::SigningKey::from_bytes(first),
            sm2: sm2::SecretKey::from_slice(second).map_err(|error| error.to_string())?,
        })
    }

    /// As they stand in plain files.
    pub fn to_pems(&self) -> Result<[(&'static str, Zeroizing<String>); 2], KeyError> {
        let fault = |algorithm| {
            move |error: ed25519_dalek::pkcs8::Error| KeyError::Encode {
                algorithm,
                reason: error.to_string(),
            }
        };
        let ed25519 = self
            .ed25519
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(fault("Ed25519"))?;
        let sm2 = self.sm2.to_pkcs8_pem(LineEnding::LF).map_err(fault("SM2"))?;
        Ok([(ED25519_KEY, ed25519), (SM2_KEY, sm2)])
    }
}

pub(super) fn ed25519_from_pem(pem: &str) -> Result<ed25519_dalek::SigningKey, String> {
    ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map_err(|error| error.to_string())
}

pub(super) fn sm2_from_pem(pem: &str) -> Result<sm2::SecretKey, String> {
    sm2::SecretKey::from_pkcs8_pem(pem).map_err(|error| error.to_string())
}
