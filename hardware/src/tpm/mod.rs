//! The machine's TPM 2.0: keeps a short secret so that it can be had on this machine only.
//!
//! Handed a secret by the room at its start; answers within the patience it was given. Works through Debian's
//! tpm2-tools, one short child per step, so that a chip that hangs costs a start some seconds and nothing else.
//! A secret goes through pipes only: never into an argument, a file, the environment or a log.
//! A sealed secret is the two structures of the TPM (TPM2B_PUBLIC, TPM2B_PRIVATE) one behind the other: worth
//! nothing on any other machine. It is tied to no state of the machine's software, so updates do not lose it.

mod child;

use child::Tools;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
pub use zeroize::Zeroizing;

/// The kernel's TPM behind its resource manager.
const DEVICE: &str = "/dev/tpmrm0";
/// Between two questions to a TPM that did not answer.
const PAUSE: Duration = Duration::from_millis(200);
/// A primary key that is the same whenever it is made from the same seed: elliptic, for RSA takes seconds.
const PRIMARY: [&str; 4] = ["-C", "o", "-G", "ecc256"];
/// Not under the lock that wrong passwords trip: the secret has none.
const ATTRIBUTES: &str = "fixedtpm|fixedparent|userwithauth|noda";

/// Why a secret was not sealed or unsealed.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
    #[error("this machine has no TPM ({DEVICE})")]
    Absent,
    #[error("{program} cannot be started ({reason}); install the package tpm2-tools")]
    ToolMissing { program: &'static str, reason: String },
    #[error("no place for what a TPM is handed")]
    Scratch(#[source] std::io::Error),
    #[error("{program} got no answer in time")]
    Silent { program: &'static str },
    #[error("{program}: {said}")]
    Failed { program: &'static str, said: String },
    #[error("this TPM did not seal it, or was cleared since ({said})")]
    Foreign { said: String },
    #[error("these bytes were never sealed by a TPM")]
    NotSealed,
}

impl TpmError {
    /// Whether asking again may help.
    fn may_pass(&self) -> bool {
        match self {
            TpmError::Absent | TpmError::Silent { .. } | TpmError::Failed { .. } => true,
            TpmError::ToolMissing { .. }
            | TpmError::Scratch(_)
            | TpmError::Foreign { .. }
            | TpmError::NotSealed => false,
        }
    }
}

/// A TPM, and until when this start waits for it.
#[derive(Debug)]
pub struct Tpm {
    tools: Tools,
    /// A device that has to be there, where the machine's own TPM is meant.
    device: Option<PathBuf>,
    ends: Instant,
}

impl Tpm {
    /// The machine's own.
    pub fn of_machine(patience: Duration) -> Tpm {
        Tpm {
            device: Some(DEVICE.into()),
            ..Tpm::at(&format!("device:{DEVICE}"), patience)
        }
    }

    /// By the tools' name for it (TCTI), such as `swtpm:host=127.0.0.1,port=2321`.
    pub fn at(tcti: &str, patience: Duration) -> Tpm {
        let ends = Instant::now() + patience;
        Tpm {
            tools: Tools::new(tcti, ends),
            device: None,
            ends,
        }
    }

    /// Seals at most 128 bytes. Asked once: a secret that is not sealed now can be sealed another day.
    pub fn seal(&self, secret: &[u8]) -> Result<Vec<u8>, TpmError> {
        self.is_there()?;
        let scratch = scratch()?;
        let [primary, public, private] = ["primary", "public", "private"].map(|name| path(&scratch, name));
        self.make_primary(&primary)?;
        let args = [
            "-C", &primary, "-i", "-", "-a", ATTRIBUTES, "-u", &public, "-r", &private,
        ];
        self.tools.run("tpm2_create", &args, secret)?;
        self.tools.flush()?;
        let read = |path: &str| fs::read(path).map_err(TpmError::Scratch);
        let sealed = [read(&public)?, read(&private)?].concat();
        parts(&sealed).map(|_| ()).ok_or(TpmError::NotSealed)?;
        Ok(sealed)
    }

    /// Asks until it is answered or the patience is over.
    pub fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let parts = parts(sealed).ok_or(TpmError::NotSealed)?;
        loop {
            match self.unseal_once(parts) {
                Err(fault) if fault.may_pass() && Instant::now() + PAUSE < self.ends => thread::sleep(PAUSE),
                answer => return answer,
            }
        }
    }

    fn unseal_once(&self, (public, private): (&[u8], &[u8])) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        self.is_there()?;
        let scratch = scratch()?;
        let [primary, object] = ["primary", "object"].map(|name| path(&scratch, name));
        let [public_path, private_path] = ["public", "private"].map(|name| path(&scratch, name));
        fs::write(&public_path, public).map_err(TpmError::Scratch)?;
        fs::write(&private_path, private).map_err(TpmError::Scratch)?;
        self.make_primary(&primary)?;
        let load = [
            "-C",
            &primary,
            "-u",
            &public_path,
            "-r",
            &private_path,
            "-c",
            &object,
        ];
        self.tools.run("tpm2_load", &load, &[])?;
        self.tools.flush()?;
        let secret = self.tools.run("tpm2_unseal", &["-c", &object], &[])?;
        self.tools.flush()?;
        Ok(secret)
    }

    fn make_primary(&self, primary: &str) -> Result<(), TpmError> {
        self.tools.flush()?;
        let args = [&PRIMARY[..], &["-c", primary, "-Q"]].concat();
        self.tools.run("tpm2_createprimary", &args, &[])?;
        self.tools.flush()
    }

    fn is_there(&self) -> Result<(), TpmError> {
        match &self.device {
            Some(device) if !device.exists() => Err(TpmError::Absent),
            Some(_) | None => Ok(()),
        }
    }
}

/// For the TPM's own handles, which the tools hand on in files; they are no secrets. In memory where there is a
/// place for it, so that a full disk does not cost the device its identity.
fn scratch() -> Result<TempDir, TpmError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("shenlu-tpm-");
    builder
        .tempdir_in("/dev/shm")
        .or_else(|_| builder.tempdir())
        .map_err(TpmError::Scratch)
}

fn path(scratch: &TempDir, name: &str) -> String {
    let path: &Path = scratch.path();
    path.join(name).display().to_string()
}

/// Public and private structure; each begins with its length in two bytes.
fn parts(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = |bytes: &[u8]| {
        let (length, _) = bytes.split_first_chunk::<2>()?;
        Some(usize::from(u16::from_be_bytes(*length)) + 2)
    };
    let (public, private) = sealed.split_at_checked(length(sealed)?)?;
    (length(private)? == private.len() && public.len() > 2 && private.len() > 2).then_some((public, private))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_structures_are_told_apart_by_their_lengths() {
        assert_eq!(
            parts(&[0, 1, 7, 0, 2, 8, 9]),
            Some((&[0, 1, 7][..], &[0, 2, 8, 9][..]))
        );
        for bad in [
            &[][..],
            &[0],
            &[0, 1, 7],
            &[0, 1, 7, 0, 2, 8],
            &[0, 0, 0, 1, 8],
            &[0, 1, 7, 0, 1, 8, 9],
        ] {
            assert_eq!(parts(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_tpm_that_nobody_answers_for_costs_no_more_than_the_patience() {
        let began = Instant::now();
        let tpm = Tpm::at("swtpm:host=127.0.0.1,port=1", Duration::from_secs(1));
        let fault = tpm.unseal(&[0, 1, 7, 0, 1, 8]).unwrap_err();
        assert!(matches!(fault, TpmError::Failed { .. }), "{fault}");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}
