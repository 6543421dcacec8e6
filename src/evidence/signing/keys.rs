//! The device's keys as the room signs with them, and their certificates.
//!
//! Opened once per start by the room. Keys that cannot be had never keep a room from recording: those that are lost
//! are set aside and made anew, those that are only out of reach are stood in for until the next start, and the
//! caller is told either way, so that somebody hears of it. Secrets are never logged, shown, or copied elsewhere.

use super::certificate::{ED25519, SM2_SM3, self_signed};
use super::keeping::{Keeping, Kept, aside};
use super::public::{PublicKeyError, PublicKeys, sm2_der};
use super::secrets::Secrets;
use super::vault::{Vault, VaultError};
use super::{SM2_ID, Signatures};
use crate::evidence::durable::{self, DurableError, Step as _};
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

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
    #[error("{path} cannot be opened: {reason}")]
    Sealed { path: PathBuf, reason: VaultError },
    #[error("the keys are not sealed and lie in plain files: {reason}")]
    NotSealed { reason: VaultError },
    #[error("{path} did not give the keys back that were sealed; they lie in plain files")]
    NotProved { path: PathBuf },
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
    /// Why the device's own keys are out of reach; these live only as long as the process.
    pub temporary: Option<KeyError>,
    /// Why the keys lie in plain files, although there is a vault.
    pub unsealed: Option<KeyError>,
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceKeys({})", self.public.id())
    }
}

impl DeviceKeys {
    /// The keys below `directory`, made there at first start, in plain files.
    pub fn open_or_create(directory: &Path, room: &str) -> Result<Opened, KeyError> {
        Self::open(directory, room, None)
    }

    /// The keys below `directory`, made there at first start, sealed where there is a vault. `room` becomes the
    /// name on the certificates. Blocks for as long as the vault lets it wait.
    pub fn open(directory: &Path, room: &str, vault: Option<&dyn Vault>) -> Result<Opened, KeyError> {
        durable::create_directories(directory)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).step("protect", directory)?;
        match (Keeping { directory, vault }).open()? {
            Kept::Own {
                secrets,
                mut replaced,
                unsealed,
            } => {
                replaced.extend(unheard_loss(directory).filter(|_| replaced.is_empty()));
                Ok(Opened {
                    keys: Self::with_certificates(directory, room, *secrets)?,
                    replaced,
                    temporary: None,
                    unsealed,
                })
            }
            Kept::OutOfReach(reason) => Ok(Opened {
                keys: Self::ephemeral(room)?,
                replaced: Vec::new(),
                temporary: Some(reason),
                unsealed: None,
            }),
        }
    }

    /// Keys that live only as long as the process: for a room that can keep none, and for tests.
    pub fn ephemeral(room: &str) -> Result<Self, KeyError> {
        let (ed25519, sm2, pems) = certified(room, Secrets::generate())?;
        Self::put_together(ed25519, sm2, pems)
    }

    /// Certificates stand beside the keys; those of other keys are made again.
    fn with_certificates(directory: &Path, room: &str, secrets: Secrets) -> Result<Self, KeyError> {
        let (device, device_sm2) = (
            directory.join(super::DEVICE_PEM),
            directory.join(super::DEVICE_SM2_PEM),
        );
        let (ed25519, sm2, fresh) = certified(room, secrets)?;
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

/// New keys are there without certificates, which come last: a cut hid from everybody that they are new.
fn unheard_loss(directory: &Path) -> Option<KeyError> {
    let certificate = directory.join(super::DEVICE_PEM);
    let is_unheard = !certificate.exists() && aside(&certificate, 1).exists();
    is_unheard.then(|| KeyError::Missing {
        path: directory.to_owned(),
    })
}

type Certified = (ed25519_dalek::SigningKey, sm2::dsa::SigningKey, (String, String));

fn certified(room: &str, secrets: Secrets) -> Result<Certified, KeyError> {
    let Secrets { ed25519, sm2 } = secrets;
    let fault = |algorithm: &'static str| move |reason: String| KeyError::Encode { algorithm, reason };
    let spki = ed25519
        .verifying_key()
        .to_public_key_der()
        .map_err(|error| fault("Ed25519")(error.to_string()))?;
    let device = self_signed(room, ED25519, spki.as_bytes(), |bytes| {
        ed25519.sign(bytes).to_bytes().to_vec()
    })
    .map_err(|error| fault("Ed25519")(error.to_string()))?;
    let signer = sm2::dsa::SigningKey::new(SM2_ID, &sm2).map_err(|error| fault("SM2")(error.to_string()))?;
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
