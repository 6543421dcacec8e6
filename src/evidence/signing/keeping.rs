//! Where the device's secrets lie below `<data>/keys`: sealed by a vault where the machine has one, else in two
//! plain files for the room's account only.
//!
//! Called by `keys`, once per start. Order when plain files become sealed: sealed file (temporary name, fsync,
//! rename, fsync of the directory), read back and opened by the vault, then the plain files go, one by one, each
//! with an fsync of the directory. So at any cut a whole set is there, and a start goes on where it stood.
//! What cannot be opened any more is set aside under another name, never written over; a vault that only does not
//! answer costs no file its place.

use super::KeyError;
use super::secrets::{ED25519_KEY, SM2_KEY, Secrets, ed25519_from_pem, sm2_from_pem};
use super::vault::{Vault, VaultError};
use crate::evidence::{crash_point, durable};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What a vault made of both secrets.
pub const SEALED_KEYS: &str = "device-keys.sealed";
/// Everything that is of one identity.
const ALL: [&str; 5] = [
    ED25519_KEY,
    SM2_KEY,
    SEALED_KEYS,
    super::DEVICE_PEM,
    super::DEVICE_SM2_PEM,
];

/// The secrets as a start finds them.
pub(super) enum Kept {
    Own {
        secrets: Box<Secrets>,
        /// Why those of before could not be used any more.
        replaced: Vec<KeyError>,
        /// Why they lie in plain files, although there is a vault.
        unsealed: Option<KeyError>,
    },
    /// Sealed, and not to be had now. Nothing was touched.
    OutOfReach(KeyError),
}

enum Plain {
    None,
    Whole(Box<Secrets>),
    /// One is lost or unusable; why, as far as it is known.
    Broken(Vec<KeyError>),
}

enum Sealed {
    None,
    Open(Box<Secrets>),
    Lost(KeyError),
    OutOfReach(KeyError),
}

pub(super) struct Keeping<'a> {
    pub directory: &'a Path,
    pub vault: Option<&'a dyn Vault>,
}

impl Keeping<'_> {
    pub fn open(&self) -> Result<Kept, KeyError> {
        match (self.read_plain(), self.read_sealed()) {
            (Plain::Whole(secrets), sealed) => self.with_plain(secrets, sealed),
            (Plain::None | Plain::Broken(_), Sealed::Open(secrets)) => {
                self.drop_plain(&secrets)?;
                Ok(own(secrets, None))
            }
            (Plain::None | Plain::Broken(_), Sealed::OutOfReach(reason)) => Ok(Kept::OutOfReach(reason)),
            (Plain::None, Sealed::None) => self.make(Vec::new()),
            (Plain::None, Sealed::Lost(reason)) => self.make(vec![reason]),
            (Plain::Broken(reasons), Sealed::None) => self.make(reasons),
            (Plain::Broken(mut reasons), Sealed::Lost(reason)) => {
                reasons.push(reason);
                self.make(reasons)
            }
        }
    }

    /// A whole plain set is the device's, unless a vault opens another one, which nobody could have put there.
    fn with_plain(&self, plain: Box<Secrets>, sealed: Sealed) -> Result<Kept, KeyError> {
        match sealed {
            Sealed::Open(secrets) => {
                self.drop_plain(&secrets)?;
                Ok(own(secrets, None))
            }
            Sealed::OutOfReach(reason) => Ok(own(plain, Some(reason))),
            Sealed::None | Sealed::Lost(_) => {
                let unsealed = self.seal(&plain)?;
                if unsealed.is_none() && self.vault.is_some() {
                    self.drop_plain(&plain)?;
                }
                Ok(own(plain, unsealed))
            }
        }
    }

    /// The two are one identity: where one is lost both are made anew, and what there was is kept aside.
    fn make(&self, mut replaced: Vec<KeyError>) -> Result<Kept, KeyError> {
        // A cut behind an earlier setting aside must not make the loss unheard of.
        let was_there = ALL.iter().any(|name| aside(&self.path(name), 1).exists());
        let is_there = ALL.iter().filter(|name| set_aside(&self.path(name))).count() > 0;
        crash_point::pass("keys-set-aside");
        if (is_there || was_there) && replaced.is_empty() {
            replaced.push(KeyError::Missing {
                path: self.directory.to_owned(),
            });
        }
        let secrets = Box::new(Secrets::generate());
        let unsealed = self.seal(&secrets)?;
        if unsealed.is_some() || self.vault.is_none() {
            for (name, pem) in secrets.to_pems()? {
                durable::put_secret(&self.path(name), pem.as_bytes())?;
            }
        }
        Ok(Kept::Own {
            secrets,
            replaced,
            unsealed,
        })
    }

    /// Why there is no sealed set now; none if there is one, proved to open, or no vault.
    fn seal(&self, secrets: &Secrets) -> Result<Option<KeyError>, KeyError> {
        let Some(vault) = self.vault else {
            return Ok(None);
        };
        let sealed = match vault.seal(&secrets.to_bytes()) {
            Ok(sealed) => sealed,
            Err(reason) => return Ok(Some(KeyError::NotSealed { reason })),
        };
        let path = self.path(SEALED_KEYS);
        set_aside(&path);
        durable::put_secret(&path, &sealed)?;
        crash_point::pass("keys-sealed");
        match self.read_sealed() {
            Sealed::Open(found) if found.is_same(secrets) => {
                crash_point::pass("sealed-proved");
                Ok(None)
            }
            // The next start asks again; until then the plain files are there.
            Sealed::OutOfReach(reason) => Ok(Some(reason)),
            Sealed::Lost(reason) => {
                set_aside(&path);
                Ok(Some(reason))
            }
            Sealed::Open(_) | Sealed::None => {
                set_aside(&path);
                Ok(Some(KeyError::NotProved { path }))
            }
        }
    }

    fn read_sealed(&self) -> Sealed {
        let path = self.path(SEALED_KEYS);
        let unusable = |reason: String| KeyError::Unusable {
            path: path.clone(),
            algorithm: "sealed",
            reason,
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Sealed::None,
            Err(error) => return Sealed::Lost(unusable(error.to_string())),
        };
        let Some(vault) = self.vault else {
            let reason = VaultError::Gone("no TPM may be used: [signing] tpm = \"none\"".to_owned());
            return Sealed::Lost(KeyError::Sealed { path, reason });
        };
        let opened = match vault.unseal(&bytes) {
            Ok(opened) => opened,
            Err(reason @ VaultError::Unreachable(_)) => {
                return Sealed::OutOfReach(KeyError::Sealed { path, reason });
            }
            Err(reason @ (VaultError::Gone(_) | VaultError::Foreign(_))) => {
                return Sealed::Lost(KeyError::Sealed { path, reason });
            }
        };
        match Secrets::from_bytes(&opened) {
            Ok(secrets) => Sealed::Open(Box::new(secrets)),
            Err(reason) => Sealed::Lost(unusable(reason)),
        }
    }

    fn read_plain(&self) -> Plain {
        let ed25519 = kept(&self.path(ED25519_KEY), "Ed25519", ed25519_from_pem);
        let sm2 = kept(&self.path(SM2_KEY), "SM2", sm2_from_pem);
        match (ed25519, sm2) {
            (Ok(None), Ok(None)) => Plain::None,
            (Ok(Some(ed25519)), Ok(Some(sm2))) => Plain::Whole(Box::new(Secrets { ed25519, sm2 })),
            (ed25519, sm2) => Plain::Broken([ed25519.err(), sm2.err()].into_iter().flatten().collect()),
        }
    }

    /// Plain copies of what is sealed go; a plain file that is none is kept aside. Halves of one that a cut left
    /// under a temporary name go too.
    fn drop_plain(&self, sealed: &Secrets) -> Result<(), KeyError> {
        let (ed25519, sm2) = (self.path(ED25519_KEY), self.path(SM2_KEY));
        let is_ed25519 = kept(&ed25519, "Ed25519", ed25519_from_pem)
            .is_ok_and(|key| key.is_some_and(|key| key == sealed.ed25519));
        let is_sm2 =
            kept(&sm2, "SM2", sm2_from_pem).is_ok_and(|key| key.is_some_and(|key| key == sealed.sm2));
        for (path, is_copy) in [(ed25519, is_ed25519), (sm2, is_sm2)] {
            if is_copy {
                durable::remove(&path)?;
                crash_point::pass("plain-dropped");
            } else if set_aside(&path) {
                tracing::warn!(path = %path.display(), "it is not the key that is sealed; kept aside");
            }
            durable::remove(&durable::temporary_name(&path))?;
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn own(secrets: Box<Secrets>, unsealed: Option<KeyError>) -> Kept {
    Kept::Own {
        secrets,
        replaced: Vec::new(),
        unsealed,
    }
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
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| unusable(error.to_string()))?;
    read(text).map(Some).map_err(unusable)
}

/// What was a key or its certificate may be wanted again: it is never written over. Whether something was there.
pub(super) fn set_aside(path: &Path) -> bool {
    let free = (1..).map(|n| aside(path, n)).find(|path| !path.exists());
    free.is_some_and(|free| fs::rename(path, free).is_ok())
}

pub(super) fn aside(path: &Path, n: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".before-{n}"));
    path.with_file_name(name)
}
