//! What a machine may have to keep a secret by: a chip that opens it on this machine only (a TPM).
//!
//! Asked by `keeping` at each start; the room stands behind it with the device itself, of which this room knows
//! nothing. Whoever implements it must answer within seconds and must never write a secret down.

use zeroize::Zeroizing;

/// Seals secrets, and opens what it sealed.
pub trait Vault {
    /// Bytes that only this vault can open.
    fn seal(&self, secret: &[u8]) -> Result<Vec<u8>, VaultError>;
    fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError>;
}

/// Why it did not. What is told of it weighs much: `Gone` and `Foreign` cost the device its identity.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The machine has none, or none may be used.
    #[error("{0}")]
    Gone(String),
    /// Sealed by another, or by this one before it was cleared: it never opens again.
    #[error("{0}")]
    Foreign(String),
    /// Slow, busy, without its programs: another start may find it well.
    #[error("{0}")]
    Unreachable(String),
}
