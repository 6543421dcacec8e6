//! Keys that are given to `verify` by whoever knows the device (`--key`): a folder with its two certificates, a PEM
//! file, or a key's id. They say whose signature is wanted, and prove heads that an earlier key signed.
//!
//! Read from where the caller says, never from the evidence itself.

use crate::evidence::{
    digest::Sha256Digest,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, PublicKeyError, PublicKeys},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use x509_cert::{
    Certificate,
    der::{DecodePem as _, Encode as _},
};

/// A device's certificates, read.
#[derive(Debug, Clone)]
pub struct Certified {
    pub keys: PublicKeys,
}

impl Certified {
    pub fn from_pem(device: &[u8], device_sm2: &[u8]) -> Result<Self, PublicKeyError> {
        let keys = PublicKeys::from_pem(device, device_sm2)?;
        Ok(Self { keys })
    }
}

/// A key that was lent.
#[derive(Debug, Clone)]
pub struct Lent {
    pub id: String,
    /// Absent where only its id is known: it is wanted, and proves nothing.
    pub certified: Option<Certified>,
}

/// Why a `--key` could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LentError {
    #[error("--key: {} cannot be read / 无法读取", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("--key {given}: no usable certificate / 没有可用的证书")]
    Certificate {
        given: String,
        #[source]
        source: PublicKeyError,
    },
    #[error(
        "--key {0}: neither a folder with device.pem and device-sm2.pem, nor a PEM file, nor a key's id of 64 digits / \
         既不是含有证书的目录，也不是 PEM 文件，也不是 64 位密钥编号"
    )]
    Form(String),
}

impl Lent {
    /// A folder, a PEM file or an id.
    pub fn read(given: &str) -> Result<Self, LentError> {
        let path = Path::new(given);
        if path.is_dir() {
            let pems = [read(&path.join(DEVICE_PEM))?, read(&path.join(DEVICE_SM2_PEM))?];
            return Self::certified(given, &pems[0], &pems[1]);
        }
        if path.is_file() {
            return Self::from_file(given, path);
        }
        let is_id = given.len() == 64 && given.bytes().all(|b| b.is_ascii_hexdigit());
        is_id
            .then(|| Self {
                id: given.to_ascii_lowercase(),
                certified: None,
            })
            .ok_or_else(|| LentError::Form(given.to_owned()))
    }

    /// Both certificates in one file in either order, or the other one beside it.
    fn from_file(given: &str, path: &Path) -> Result<Self, LentError> {
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let pems = certificates_in(&text);
        if let [first, second, ..] = pems.as_slice() {
            return Self::certified(given, first.as_bytes(), second.as_bytes())
                .or_else(|_| Self::certified(given, second.as_bytes(), first.as_bytes()));
        }
        let only = pems.first().ok_or_else(|| LentError::Form(given.to_owned()))?;
        let beside = |name: &str| fs::read(path.with_file_name(name));
        if let Ok(device_sm2) = beside(DEVICE_SM2_PEM)
            && let Ok(lent) = Self::certified(given, only.as_bytes(), &device_sm2)
        {
            return Ok(lent);
        }
        // Alone it names the key, as an id does.
        let certificate = Certificate::from_pem(only.as_bytes()).ok();
        let spki = certificate.and_then(|c| c.tbs_certificate.subject_public_key_info.to_der().ok());
        let id = spki.map(|spki| Sha256Digest::of(&spki).to_string());
        id.map(|id| Self { id, certified: None })
            .ok_or_else(|| LentError::Form(given.to_owned()))
    }

    fn certified(given: &str, device: &[u8], device_sm2: &[u8]) -> Result<Self, LentError> {
        let certified = Certified::from_pem(device, device_sm2).map_err(|source| LentError::Certificate {
            given: given.to_owned(),
            source,
        })?;
        Ok(Self {
            id: certified.keys.id(),
            certified: Some(certified),
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LentError> {
    fs::read(path).map_err(|source| LentError::Read {
        path: path.to_owned(),
        source,
    })
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

fn certificates_in(text: &str) -> Vec<String> {
    let bodies = text.split(BEGIN).skip(1).filter_map(|rest| rest.split_once(END));
    bodies.map(|(body, _)| format!("{BEGIN}{body}{END}\n")).collect()
}
