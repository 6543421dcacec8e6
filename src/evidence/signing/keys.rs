//! The device's secret keys: made at first start, kept below `<data>/keys` for the room's account only.
//!
//! Opened once per start by the room. A key file that cannot be read never keeps a room from recording: both keys
//! are set aside under other names, new ones are made, and the caller is told, so that somebody hears of it.
//! Secrets are never logged, shown, or copied elsewhere.

use super::certificate::{ED25519, SM2_SM3, self_signed};
use super::public::{PublicKeyError, PublicKeys, sm2_der};
use super::{SM2_ID, Signatures};
use crate::evidence::durable::{self, DurableError, Step as _};
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey, EncodePublicKey as _, spki::der::pem};
use rand_core::OsRng;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

const ED25519_KEY: &str = "ed25519.pem";
const SM2_KEY: &str = "sm2.pem";

/// Why the keys could not be made or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Durable(#[from] DurableError),
    #[error("a new {algorithm} key cannot be written down: {reason}")]
    Encode { algorithm: &'static str, reason: String },
    #[error("the key's own certificate cannot be read again")]
    Public(#[from] PublicKeyError),
    #[error("{path} holds keys or certificates of a device, but not all of them")]
    Missing { path: PathBuf },
    #[error("{path} is no {algorithm} key ({reason})")]
    Unusable {
        path: PathBuf,
        algorithm: &'static str,
        reason: String,
    },
}

/// Signs for this device.
pub struct DeviceKeys {
    ed25519: ed25519_dalek::SigningKey,
    sm2: sm2::dsa::SigningKey,
    device_pem: String,
    device_sm2_pem: String,
    public: PublicKeys,
}

/// The keys as they were found.
pub struct Opened {
    pub keys: DeviceKeys,
    /// Why the keys of before could not be used any more; they were set aside and new ones made.
    pub replaced: Vec<KeyError>,
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceKeys({})", self.public.id())
    }
}

impl DeviceKeys {
    /// The keys below `directory`, made there at first start. `room` becomes the name on the certificates.
    pub fn open_or_create(directory: &Path, room: &str) -> Result<Opened, KeyError> {
        durable::create_directories(directory)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).step("protect", directory)?;
        let (ed25519_path, sm2_path) = (directory.join(ED25519_KEY), directory.join(SM2_KEY));
        let ed25519 = kept(&ed25519_path, "Ed25519", |pem| {
            ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map_err(|error| error.to_string())
        });
        let sm2 = kept(&sm2_path, "SM2", |pem| {
            sm2::SecretKey::from_pkcs8_pem(pem).map_err(|error| error.to_string())
        });
        if let (Ok(Some(ed25519)), Ok(Some(sm2))) = (&ed25519, &sm2) {
            // Made by a process that died, their names may be in memory only; signed with they must last.
            if let Err(error) = durable::sync_directory(directory) {
                tracing::warn!(%error, "the device's keys may not outlast a power cut");
            }
            let keys = Self::with_certificates(directory, room, ed25519.clone(), sm2)?;
            return Ok(Opened {
                keys,
                replaced: Vec::new(),
            });
        }
        // The two are one identity: where one is lost both are made anew, and what there was is kept aside.
        let mut replaced: Vec<KeyError> = [ed25519.map(drop).err(), sm2.map(drop).err()]
            .into_iter()
            .flatten()
            .collect();
        let was_there = [ED25519_KEY, SM2_KEY, super::DEVICE_PEM, super::DEVICE_SM2_PEM]
            .into_iter()
            .filter(|name| set_aside(&directory.join(name)))
            .count();
        if was_there > 0 && replaced.is_empty() {
            replaced.push(KeyError::Missing {
                path: directory.to_owned(),
            });
        }
        let ed25519 = made(&ed25519_path, "Ed25519", || {
            ed25519_dalek::SigningKey::generate(&mut OsRng)
        })?;
        let sm2 = made(&sm2_path, "SM2", || sm2::SecretKey::random(&mut OsRng))?;
        let keys = Self::with_certificates(directory, room, ed25519, &sm2)?;
        Ok(Opened { keys, replaced })
    }

    /// Keys that live only as long as the process: for a room that can keep none, and for tests.
    pub fn ephemeral(room: &str) -> Result<Self, KeyError> {
        let ed25519 = ed25519_dalek::SigningKey::generate(&mut OsRng);
        let sm2 = sm2::SecretKey::random(&mut OsRng);
        let (ed25519, sm2, pems) = certified(room, ed25519, &sm2)?;
        Self::put_together(ed25519, sm2, pems)
    }

    /// Certificates stand beside the keys; those of other keys are made again.
    fn with_certificates(
        directory: &Path,
        room: &str,
        ed25519: ed25519_dalek::SigningKey,
        sm2: &sm2::SecretKey,
    ) -> Result<Self, KeyError> {
        let (device, device_sm2) = (
            directory.join(super::DEVICE_PEM),
            directory.join(super::DEVICE_SM2_PEM),
        );
        let (ed25519, sm2, fresh) = certified(room, ed25519, sm2)?;
        let own = PublicKeys::from_pem(fresh.0.as_bytes(), fresh.1.as_bytes())?;
        if let (Ok(first), Ok(second)) = (fs::read_to_string(&device), fs::read_to_string(&device_sm2)) {
            let kept = PublicKeys::from_pem(first.as_bytes(), second.as_bytes());
            if kept.is_ok_and(|kept| kept.is_same_key(&own)) {
                return Self::put_together(ed25519, sm2, (first, second));
            }
        }
        durable::put(&device, fresh.0.as_bytes())?;
        durable::put(&device_sm2, fresh.1.as_bytes())?;
        Self::put_together(ed25519, sm2, fresh)
    }

    fn put_together(
        ed25519: ed25519_dalek::SigningKey,
        sm2: sm2::dsa::SigningKey,
        (device_pem, device_sm2_pem): (String, String),
    ) -> Result<Self, KeyError> {
        let public = PublicKeys::from_pem(device_pem.as_bytes(), device_sm2_pem.as_bytes())?;
        Ok(Self {
            ed25519,
            sm2,
            device_pem,
            device_sm2_pem,
            public,
        })
    }

    /// Signs `bytes`; about a millisecond.
    pub fn sign(&self, bytes: &[u8]) -> Signatures {
        Signatures {
            ed25519: self.ed25519.sign(bytes).to_bytes(),
            sm2: sm2_der(&self.sm2.sign(bytes)),
        }
    }

    pub fn public(&self) -> &PublicKeys {
        &self.public
    }

    /// `device.pem`.
    pub fn device_pem(&self) -> &str {
        &self.device_pem
    }

    /// `device-sm2.pem`.
    pub fn device_sm2_pem(&self) -> &str {
        &self.device_sm2_pem
    }
}

type Certified = (ed25519_dalek::SigningKey, sm2::dsa::SigningKey, (String, String));

fn certified(
    room: &str,
    ed25519: ed25519_dalek::SigningKey,
    sm2: &sm2::SecretKey,
) -> Result<Certified, KeyError> {
    let fault = |algorithm: &'static str| move |reason: String| KeyError::Encode { algorithm, reason };
    let spki = ed25519
        .verifying_key()
        .to_public_key_der()
        .map_err(|error| fault("Ed25519")(error.to_string()))?;
    let device = self_signed(room, ED25519, spki.as_bytes(), |bytes| {
        ed25519.sign(bytes).to_bytes().to_vec()
    })
    .map_err(|error| fault("Ed25519")(error.to_string()))?;
    let signer = sm2::dsa::SigningKey::new(SM2_ID, sm2).map_err(|error| fault("SM2")(error.to_string()))?;
    let spki = sm2
        .public_key()
        .to_public_key_der()
        .map_err(|error| fault("SM2")(error.to_string()))?;
    let device_sm2 = self_signed(room, SM2_SM3, spki.as_bytes(), |bytes| {
        sm2_der(&signer.sign(bytes))
    })
    .map_err(|error| fault("SM2")(error.to_string()))?;
    Ok((ed25519, signer, (device, device_sm2)))
}

/// The key in a file; `None` when there is none.
fn kept<K>(
    path: &Path,
    algorithm: &'static str,
    read: impl FnOnce(&str) -> Result<K, String>,
) -> Result<Option<K>, KeyError> {
    let unusable = |reason: String| KeyError::Unusable {
        path: path.to_owned(),
        algorithm,
        reason,
    };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| unusable(error.to_string()))?;
    read(text).map(Some).map_err(unusable)
}

/// What was a key or its certificate may be wanted again: it is never written over. Whether something was there.
fn set_aside(path: &Path) -> bool {
    let name = |n: u32| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".before-{n}"));
        path.with_file_name(name)
    };
    let free = (1..).map(name).find(|path| !path.exists());
    free.is_some_and(|free| fs::rename(path, free).is_ok())
}

/// Makes a key and keeps it.
fn made<K: EncodePrivateKey>(
    path: &Path,
    algorithm: &'static str,
    make: impl FnOnce() -> K,
) -> Result<K, KeyError> {
    let key = make();
    let pem = key
        .to_pkcs8_pem(pem::LineEnding::LF)
        .map_err(|error| KeyError::Encode {
            algorithm,
            reason: error.to_string(),
        })?;
    durable::put_secret(path, pem.as_bytes())?;
    Ok(key)
}
