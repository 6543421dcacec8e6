//! `accounts.json` on disk: its form, how it is read, and how it is changed without losing another's change.
//!
//! The room and the command line change it, each under the lock of `accounts.lock`: read, change, write whole,
//! rename. Reading needs no lock, since a rename shows the old file or the new one. A file of version 1 (an
//! operator, nobody else) is carried forward by the first change. Holds hashes only; never logged.

use super::{AccountsError, write_private};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountsFile {
    version: u32,
    pub operator: String,
    #[serde(default)]
    pub approvers: Vec<ApproverRecord>,
}

/// Who may approve an exception (办案部门负责人).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproverRecord {
    pub name: String,
    /// Police number; one account each.
    pub number: String,
    /// argon2id.
    pub secret: String,
    pub codes: Vec<CodeRecord>,
    /// Indices run on over all that were ever given out, so that one names one code for ever.
    pub next_code: u32,
}

/// A one-time code for the telephone that was not used yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeRecord {
    pub index: u32,
    /// argon2id.
    pub code: String,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl AccountsFile {
    pub fn new(operator: String) -> Self {
        Self {
            version: VERSION,
            operator,
            approvers: Vec::new(),
        }
    }
}

pub(super) fn path(data: &Path) -> PathBuf {
    data.join("accounts.json")
}

/// `None` when there is no such file yet.
pub(super) fn read(data: &Path) -> Result<Option<AccountsFile>, AccountsError> {
    let path = path(data);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path).map(Some),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AccountsError::Read { path, source }),
    }
}

fn parse(text: &str, path: &Path) -> Result<AccountsFile, AccountsError> {
    let path = || path.to_owned();
    let damaged = |_| AccountsError::Damaged { path: path() };
    let VersionOnly { version } = serde_json::from_str(text).map_err(damaged)?;
    if version > VERSION {
        return Err(AccountsError::TooNew {
            path: path(),
            version,
        });
    }
    let mut file: AccountsFile = serde_json::from_str(text).map_err(damaged)?;
    if version == 0 || (version == 1 && !file.approvers.is_empty()) {
        return Err(AccountsError::Damaged { path: path() });
    }
    file.version = VERSION;
    Ok(file)
}

/// Held while accounts are changed; the other process waits.
pub(super) struct Locked {
    data: PathBuf,
    /// The lock goes with the handle.
    _file: File,
}

impl Locked {
    pub fn take(data: &Path) -> Result<Locked, AccountsError> {
        let path = data.join("accounts.lock");
        let lock = |source| AccountsError::Lock {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        // Root's command line works in the service's folder: a link there must not lead it anywhere else.
        options.custom_flags(libc::O_NOFOLLOW);
        let file = options.open(&path).map_err(lock)?;
        super::give_to_owner(&file, data).map_err(lock)?;
        file.lock().map_err(lock)?;
        Ok(Locked {
            data: data.to_owned(),
            _file: file,
        })
    }

    /// The file as it is now; it must be there.
    pub fn read(&self) -> Result<AccountsFile, AccountsError> {
        read(&self.data)?.ok_or_else(|| AccountsError::Read {
            path: path(&self.data),
            source: ErrorKind::NotFound.into(),
        })
    }

    /// Durable when it returns.
    pub fn write(&self, file: &AccountsFile) -> Result<(), AccountsError> {
        let text = serde_json::to_string_pretty(file).map_err(|e| AccountsError::Hash(e.to_string()))?;
        write_private(&path(&self.data), text.as_bytes())
    }
}
