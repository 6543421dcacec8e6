//! The device's keys as the room signs with them, and their certificates.
//!
//! Opened once per start by the room. Keys that cannot be had never keep a room from recording: those that are lost
//! are set aside and made anew, those that are only out of reach are stood in for until the next start, and the
//! caller is told either way, so that somebody hears of it. Secrets are never logged, shown, or copied elsewhere.

use super::certificate::{ED25519, SM2_SM3, request, self_signed};
use super::keeping::{Keeping, Kept, aside, set_aside};
use super::public::{PublicKeyError, PublicKeys, own_name, sm2_der};
use super::secrets::Secrets;
use super::vault::{Vault, VaultError};
use super::{SM2_ID, Signatures};
use crate::evidence::durable::{self, DurableError, Step as _};
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use std::fs;
use std::io::ErrorKind;
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
    #[error(
        "{path} is no certificate of this device's key ({reason}); it was set aside, a self-signed one stands in"
    )]
    Certificate { path: PathBuf, reason: String },
}

/// The request that an authority answers with a certificate to put in the place of `device.pem`.
const DEVICE_CSR: &str = "device.csr";

/// Signs for this device.
pub struct DeviceKeys {
    ed25519: ed25519_dalek::SigningKey,
    sm2: sm2::dsa::SigningKey,
    device_pem: String,
    device_sm2_pem: String,
    public: PublicKeys,
    is_temporary: bool,
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
    /// Why certificates that were put beside the keys were not taken.
    pub refused: Vec<KeyError>,
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
        let kept = (Keeping { directory, vault }).open()?;
        // Made by a process that died, their names may be in memory only; signed with they must last.
        if let Err(error) = durable::sync_directory(directory) {
            tracing::warn!(%error, "the device's keys may not outlast a power cut");
        }
        match kept {
            Kept::Own {
                secrets,
                mut replaced,
                unsealed,
            } => {
                replaced.extend(unheard_loss(directory).filter(|_| replaced.is_empty()));
                let (keys, refused) = Self::with_certificates(directory, room, *secrets)?;
                Ok(Opened {
                    keys,
                    replaced,
                    temporary: None,
                    unsealed,
                    refused,
                })
            }
            Kept::OutOfReach(reason) => Ok(Opened {
                keys: Self::ephemeral(room)?,
                replaced: Vec::new(),
                temporary: Some(reason),
                unsealed: None,
                refused: Vec::new(),
            }),
        }
    }

    /// Keys that live only as long as the process: for a room that can keep none, and for tests.
    pub fn ephemeral(room: &str) -> Result<Self, KeyError> {
        let (ed25519, sm2, pems) = certified(room, Secrets::generate())?;
        Ok(Self {
            is_temporary: true,
            ..Self::put_together(ed25519, sm2, pems)?
        })
    }

    /// Certificates stand beside the keys. One of an authority is taken when it is of our key; what is none of ours
    /// is kept aside, and why comes back.
    fn with_certificates(
        directory: &Path,
        room: &str,
        secrets: Secrets,
    ) -> Result<(Self, Vec<KeyError>), KeyError> {
        let (ed25519, sm2, own) = certified(room, secrets)?;
        let (mut pems, mut refused) = (own.clone(), Vec::new());
        for (name, pem) in [
            (super::DEVICE_PEM, &mut pems.0),
            (super::DEVICE_SM2_PEM, &mut pems.1),
        ] {
            let path = directory.join(name);
            match kept_certificate(name, &path, &own)? {
                Certificate::Kept(found) => *pem = found,
                Certificate::None => durable::put(&path, pem.as_bytes())?,
                Certificate::Refused(reason) => {
                    refused.push(KeyError::Certificate {
                        path: path.clone(),
                        reason,
                    });
                    set_aside(&path);
                    durable::put(&path, pem.as_bytes())?;
                }
            }
        }
        let keys = Self::put_together(ed25519, sm2, pems)?;
        let (request, path) = (keys.request(room)?, directory.join(DEVICE_CSR));
        if !fs::read(&path).is_ok_and(|found| found == request.as_bytes()) {
            durable::put(&path, request.as_bytes())?;
        }
        Ok((keys, refused))
    }

    /// PEM: asks an authority for a certificate of the Ed25519 key.
    pub fn request(&self, room: &str) -> Result<String, KeyError> {
        let fault = |reason: String| KeyError::Encode {
            algorithm: "Ed25519",
            reason,
        };
        let spki = self.ed25519.verifying_key().to_public_key_der();
        let spki = spki.map_err(|error| fault(error.to_string()))?;
        let sign = |bytes: &[u8]| self.ed25519.sign(bytes).to_bytes().to_vec();
        request(room, ED25519, spki.as_bytes(), sign).map_err(|error| fault(error.to_string()))
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
            is_temporary: false,
        })
    }

    /// They end with the process: what the device's own keys began must not be ended by them.
    pub fn is_temporary(&self) -> bool {
        self.is_temporary
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
    let (first, last) = (
        directory.join(super::DEVICE_PEM),
        directory.join(super::DEVICE_SM2_PEM),
    );
    let is_unheard = !last.exists() && aside(&first, 1).exists() && aside(&last, 1).exists();
    is_unheard.then(|| KeyError::Missing {
        path: directory.to_owned(),
    })
}

/// What lies in a certificate's place.
enum Certificate {
    Kept(String),
    None,
    Refused(String),
}

/// `own` are the self-signed ones that would stand there. One of ours under the name of before is as none.
fn kept_certificate(
    name: &'static str,
    path: &Path,
    own: &(String, String),
) -> Result<Certificate, KeyError> {
    let found = match fs::read(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Certificate::None),
        Err(error) => return Ok(Certificate::Refused(error.to_string())),
    };
    let ours = PublicKeys::from_pem(own.0.as_bytes(), own.1.as_bytes())?;
    let (own_pem, pair) = if name == super::DEVICE_PEM {
        (&own.0, PublicKeys::from_pem(&found, own.1.as_bytes()))
    } else {
        (&own.1, PublicKeys::from_pem(own.0.as_bytes(), &found))
    };
    let Ok(text) = String::from_utf8(found) else {
        return Ok(Certificate::Refused("not a text".to_owned()));
    };
    let found_name = own_name(name, text.as_bytes());
    Ok(match pair {
        Err(error) => Certificate::Refused(error.to_string()),
        Ok(pair) if !pair.is_same_key(&ours) => Certificate::Refused("it is of another key".to_owned()),
        Ok(_) if found_name.is_some() && found_name != own_name(name, own_pem.as_bytes()) => {
            Certificate::None
        }
        Ok(_) => Certificate::Kept(text),
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
