//! Who may speak to the room: one operator for now, made at first start with a secret of his own; and the
//! approvers, whose word lets an exception pass (`approvers`).
//!
//! The operator's secret is written once to `<data>/operator-secret`, readable by the owner only, so that
//! commands on the machine itself can use it; the room keeps its argon2id hash in `<data>/accounts.json` and
//! compares against that. Sessions are opaque and live in memory. Nothing here is ever logged.

mod approvers;
mod file;
mod session;
#[cfg(test)]
mod tests;
mod tries;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use file::{AccountsFile, Locked};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub use approvers::{ApproverError, Approvers, Credential, Listed, MIN_SECRET_CHARS, Means, Proof};
pub use session::{Session, Sessions};
pub use tries::Tries;

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
    #[error("{path} is of version {version}, made by a newer shenlu; use that one")]
    TooNew { path: PathBuf, version: u32 },
    #[error("cannot lock {path}")]
    Lock { path: PathBuf, source: std::io::Error },
    #[error("no randomness from the system")]
    Random(std::io::Error),
    #[error("cannot hash a secret: {0}")]
    Hash(String),
}

#[derive(Clone, Debug)]
pub struct Accounts {
    hash: String,
}

impl Accounts {
    /// Opens the accounts below `data`, making the operator and his secret at the first start.
    pub fn open(data: &Path) -> Result<Accounts, AccountsError> {
        let file = match file::read(data)? {
            Some(file) => file,
            None => create(data)?,
        };
        Ok(Accounts { hash: file.operator })
    }

    /// Takes about 0.15 s and 64 MiB on purpose; call it where that may block.
    pub fn accepts(&self, account: &str, secret: &str) -> bool {
        is_hash_of(&self.hash, secret) && account == OPERATOR
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

/// The room and the command line may both come first; one of them does.
fn create(data: &Path) -> Result<AccountsFile, AccountsError> {
    let locked = Locked::take(data)?;
    if let Some(file) = file::read(data)? {
        return Ok(file);
    }
    let secret = random_hex::<20>()?;
    let file = AccountsFile::new(hash_of(&secret)?);
    write_private(&data.join("operator-secret"), format!("{secret}\n").as_bytes())?;
    locked.write(&file)?;
    Ok(file)
}

fn hash_of(secret: &str) -> Result<String, AccountsError> {
    let hash = |e: argon2::password_hash::Error| AccountsError::Hash(e.to_string());
    let salt: [u8; 16] = random()?;
    let salt = SaltString::encode_b64(&salt).map_err(hash)?;
    let made = argon2id()?
        .hash_password(secret.as_bytes(), &salt)
        .map_err(hash)?;
    Ok(made.to_string())
}

fn is_hash_of(hash: &str, secret: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    argon2id().is_ok_and(|a| a.verify_password(secret.as_bytes(), &hash).is_ok())
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
    options.write(true).create_new(true).mode(0o600);
    // What a process that died left of it; a link in its place leads nowhere.
    let _ = fs::remove_file(&partial);
    let mut file = options.open(&partial).map_err(write)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    give_to_owner(&file, folder).map_err(write)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(write)?;
    fs::rename(&partial, path).map_err(write)?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(write)
}

/// The command line may be root's while the room is not: what it writes stays the room's to read.
pub(crate) fn give_to_owner(file: &fs::File, folder: &Path) -> std::io::Result<()> {
    let (wanted, is) = (fs::metadata(folder)?, file.metadata()?);
    if is.uid() == wanted.uid() {
        return Ok(());
    }
    // Never what somebody linked here from elsewhere.
    if !is.is_file() || is.nlink() != 1 {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    std::os::unix::fs::fchown(file, Some(wanted.uid()), Some(wanted.gid()))
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
