//! Trusted time (可信时间戳, RFC 3161): a server outside the room says when the manifest existed at the latest.
//!
//! `closing` asks a `TimestampServer` between the signatures and the sums; `verify` reads what it gave. The answer
//! is kept whole, as `openssl ts -verify` takes it. A stamp is worth having and never worth waiting for: no
//! interview stays open for one, and none is added later, because nothing changes behind the sums.
//!
//! Checked here: granted, the manifest's digest, the nonce, and the token's own signature by the certificate inside
//! it. Whether an authority stands behind that certificate is not: that is for `openssl ts -verify -CAfile`.

mod messages;
mod proof;
mod server;

pub use server::TimestampServer;

use super::digest::Sha256Digest;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::Decode as _;
use messages::{SHA256, TimeStampResp, TstInfo};
use serde::Serialize;

/// More than any answer of a server with its whole chain of certificates.
pub const MOST_BYTES: usize = 64 << 10;

/// What a time stamp says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// UTC, RFC 3339, as exact as the server is.
    pub at: String,
    /// Of the stamp, hexadecimal.
    pub serial: String,
    /// The name on the certificate that signed it.
    pub signer: String,
    /// Why the token's signature could not be checked here; none if it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
}

/// Why there is no time stamp, or why it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    #[error("{url:?} is no address of a time stamp server ({reason})")]
    Address { url: String, reason: String },
    #[error("the certificates of the time stamp server's authority cannot be used ({0})")]
    Authority(String),
    #[error("the time stamp server {url} did not answer in time or at all ({reason})")]
    Unreachable { url: String, reason: String },
    #[error("the time stamp server {0} failed a moment ago and is not asked again yet")]
    Resting(String),
    #[error("the time stamp server answered with HTTP status {0}")]
    Http(u16),
    #[error("the answer is no time stamp ({0})")]
    Form(String),
    #[error("the time stamp server refused (status {status}: {said})")]
    Refused { status: u8, said: String },
    #[error("the time stamp is not over a SHA-256 digest but {0}")]
    OtherHash(String),
    #[error("the time stamp is of other bytes")]
    OtherImprint,
    #[error("the time stamp answers another question: its nonce is not the one that was sent")]
    OtherNonce,
    #[error("the certificate that signed the time stamp does not lie in it")]
    NoCertificate,
    #[error("the time stamp's signature does not hold ({0})")]
    Signature(&'static str),
}

/// Reads a whole answer of a server and holds it against the digest that was to be stamped.
pub fn check(response: &[u8], digest: Sha256Digest) -> Result<Stamp, StampError> {
    let (info, stamp) = read(response)?;
    is_of(&info, digest)?;
    Ok(stamp)
}

/// The same, as the answer to a question that sent `nonce`.
fn check_answer(response: &[u8], digest: Sha256Digest, nonce: u64) -> Result<Stamp, StampError> {
    let (info, stamp) = read(response)?;
    is_of(&info, digest)?;
    if info.nonce != Some(nonce) {
        return Err(StampError::OtherNonce);
    }
    Ok(stamp)
}

fn is_of(info: &TstInfo, digest: Sha256Digest) -> Result<(), StampError> {
    if info.imprint.hash_algorithm.oid != SHA256 {
        return Err(StampError::OtherHash(info.imprint.hash_algorithm.oid.to_string()));
    }
    if info.imprint.hashed_message.as_bytes() != digest.as_bytes() {
        return Err(StampError::OtherImprint);
    }
    Ok(())
}

fn read(response: &[u8]) -> Result<(TstInfo, Stamp), StampError> {
    let form = |error: der::Error| StampError::Form(error.to_string());
    if response.len() > MOST_BYTES {
        return Err(StampError::Form(format!("{} bytes", response.len())));
    }
    let response = TimeStampResp::from_der(response).map_err(form)?;
    let token: ContentInfo = match response.token {
        Some(token) if response.status.is_granted() => token,
        Some(_) | None => return Err(response.status.refused()),
    };
    if token.content_type != messages::SIGNED_DATA {
        return Err(StampError::Form(token.content_type.to_string()));
    }
    let signed: SignedData = token.content.decode_as().map_err(form)?;
    let content = messages::content_of(&signed)?;
    let info = TstInfo::from_der(content).map_err(form)?;
    let proved = proof::prove(&signed, content)?;
    let stamp = Stamp {
        at: info.at()?,
        serial: info.serial(),
        signer: proved.signer,
        unproved: proved.unproved,
    };
    Ok((info, stamp))
}
