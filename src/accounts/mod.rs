//! Who may speak to the room. For now one operator, made at first start with a secret of his own.
//!
//! The secret is written once to `<data>/operator-secret`, readable by the owner only, so that commands on
//! the machine itself can use it; the room keeps its argon2id hash in `<data>/accounts.json` and compares
//! against that. Sessions are opaque and live in memory. Nothing here is ever logged.

mod session;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub use session::{Session, Sessions};

/// The account's name until people have accounts.
pub const OPERATOR: &str = "operator";

#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} is damaged; restore it, or remove it together with operator-secret to make a new operator"
    )]
    Damaged { path: PathBuf },
    #[error("no randomness from the system")]
    Random(std::io::Error),
    #[error("cannot hash a secret: {0}")]
    Hash(String),
}

#[derive(Clone, Debug)]
pub struct Accounts {
    hash: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    operator: String,
}

impl Accounts {
    /// Opens the accounts below `data`, making the operator and his secret at the first start.
    pub fn open(data: &Path) -> Result<Accounts, AccountsError> {
        let path = data.join("accounts.json");
        match fs::read_to_string(&path) {
            Ok(text) => {
                let file: File =
                    serde_json::from_str(&text).map_err(|_| AccountsError::Damaged { path: path.clone() })?;
                Ok(Accounts { hash: file.operator })
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => create(data, &path),
            Err(source) => Err(AccountsError::Read { path, source }),
        }
    }

    /// Takes about 0.15 s and 64 MiB on purpose; call it where that may block.
    pub fn accepts(&self, account: &str, secret: &str) -> bool {
        let Ok(hash) = PasswordHash::new(&self.hash) else {
            return false;
        };
        let right = argon2id().is_ok_and(|a| a.verify_password(secret.as_bytes(), &hash).is_ok());
        right && account == OPERATOR
    }
}

/// The secret that commands on this machine use.
pub fn operator_secret(data: &Path) -> Result<String, AccountsError> {
    let path = data.join("operator-secret");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim_end().to_owned()),
        Err(source) => Err(AccountsError::Read { path, source }),
    }
}

fn create(data: &Path, path: &Path) -> Result<Accounts, AccountsError> {
    let secret = random_hex::<20>()?;
    let salt: [u8; 16] = random()?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| AccountsError::Hash(e.to_string()))?;
    let hash = argon2id()
        .and_then(|a| {
            a.hash_password(secret.as_bytes(), &salt)
                .map_err(|e| AccountsError::Hash(e.to_string()))
        })?
        .to_string();
    write_private(&data.join("operator-secret"), format!("{secret}\n").as_bytes())?;
    let file = File {
        version: 1,
        operator: hash.clone(),
    };
    let text = serde_json::to_string_pretty(&file).map_err(|e| AccountsError::Hash(e.to_string()))?;
    write_private(path, text.as_bytes())?;
    Ok(Accounts { hash })
}

fn argon2id() -> Result<Argon2<'static>, AccountsError> {
    let params = Params::new(64 * 1024, 3, 1, None).map_err(|e| AccountsError::Hash(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Owner-only from its first byte on, durable, and whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), AccountsError> {
    let write = |source| AccountsError::Write {
        path: path.to_owned(),
        source,
    };
    let partial = path.with_extension("partial");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&partial).map_err(write)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(write)?;
    fs::rename(&partial, path).map_err(write)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(write)
}

fn random<const N: usize>() -> Result<[u8; N], AccountsError> {
    use std::io::Read;
    let mut bytes = [0u8; N];
    let mut source = fs::File::open("/dev/urandom").map_err(AccountsError::Random)?;
    source.read_exact(&mut bytes).map_err(AccountsError::Random)?;
    Ok(bytes)
}

/// `2 × N` characters of lower-case hex.
pub fn random_hex<const N: usize>() -> Result<String, AccountsError> {
    Ok(random::<N>()?.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_first_start_makes_an_operator_whom_later_starts_know() {
        let dir = tempfile::tempdir().unwrap();
        Accounts::open(dir.path()).unwrap();
        let secret = operator_secret(dir.path()).unwrap();
        let accounts = Accounts::open(dir.path()).unwrap();
        assert!(accounts.accepts(OPERATOR, &secret));
        assert!(!accounts.accepts(OPERATOR, "wrong"));
        assert!(!accounts.accepts("admin", &secret));
        for name in ["operator-secret", "accounts.json"] {
            let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
    }
}
