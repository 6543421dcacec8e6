//! The room's own logs beside the interviews': `ledger.jsonl` (discs and what follows closing) and
//! `audit.jsonl` (people's acts on the system). Same form as an interview's journal.
//!
//! Both are durable before a call returns; several threads append at once.

use crate::accounts::give_to_owner;
use crate::disc::{Ledger, LedgerEntry, LedgerError};
use crate::evidence::journal::{Journal, JournalError};
use crate::evidence::line::{Data, Line};
use crate::evidence::now::Now;
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

fn opened(log: &str, room: &str) -> Data {
    as_data(json!({"form": 1, "log": log, "room": room, "uuid": uuid::Uuid::new_v4().to_string()}))
}

fn as_data(value: Value) -> Data {
    match value {
        Value::Object(data) => data,
        other => Data::from_iter([("value".to_owned(), other)]),
    }
}

pub struct LedgerLog {
    journal: Journal,
}

impl LedgerLog {
    /// Opens or begins `<data>/ledger.jsonl`; also its lines so far.
    pub fn open(data: &Path, room: &str, now: Arc<dyn Now>) -> Result<(Self, Vec<Line>), JournalError> {
        let path = data.join("ledger.jsonl");
        let found = Journal::open_or_create(&path, || opened("ledger", room), now)?;
        Ok((
            LedgerLog {
                journal: found.journal,
            },
            found.lines,
        ))
    }

    pub fn write(&self, kind: &str, data: Value) -> Result<(), JournalError> {
        self.journal.append(kind, as_data(data)).map(|_| ())
    }
}

impl Ledger for LedgerLog {
    fn append(&self, kind: &str, data: Value) -> Result<(), LedgerError> {
        self.write(kind, data).map_err(|error| LedgerError {
            kind: kind.to_owned(),
            detail: error.to_string(),
        })
    }
}

/// Ledger lines as the discs' workers read their history.
pub fn disc_history(lines: &[Line]) -> Vec<LedgerEntry> {
    lines
        .iter()
        .filter(|line| line.kind.starts_with("disc-"))
        .map(|line| LedgerEntry {
            kind: line.kind.clone(),
            data: Value::Object(line.data.clone()),
        })
        .collect()
}

/// The command line audits too, while the room runs or not: each line is added under a lock of its own, and a log
/// that another process has continued is read again first.
pub struct AuditLog {
    path: PathBuf,
    room: String,
    now: Arc<dyn Now>,
    /// The directory that it stands in: no file more, which a full disk might refuse.
    lock: File,
    journal: Mutex<Journal>,
}

impl AuditLog {
    pub fn open(data: &Path, room: &str, now: Arc<dyn Now>) -> Result<Self, AuditError> {
        let lock = File::open(data).map_err(AuditError::Lock)?;
        let held = Held::take(&lock)?;
        let path = data.join("audit.jsonl");
        let found = Journal::open_or_create(&path, || opened("audit", room), Arc::clone(&now))?;
        drop(held);
        let file = File::open(&path).map_err(AuditError::Lock)?;
        give_to_owner(&file, data).map_err(AuditError::Lock)?;
        Ok(AuditLog {
            path,
            room: room.to_owned(),
            now,
            lock,
            journal: Mutex::new(found.journal),
        })
    }

    /// Durable when it returns.
    pub fn write(&self, actor: &str, action: &str, resource: &str) -> Result<(), AuditError> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let _held = Held::take(&self.lock)?;
        if !journal.is_as_on_disk() {
            let opened = || opened("audit", &self.room);
            *journal = Journal::open_or_create(&self.path, opened, Arc::clone(&self.now))?.journal;
        }
        let data = as_data(json!({"actor": actor, "action": action, "resource": resource}));
        journal.append("acted", data)?;
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("audit log")]
    Journal(#[from] JournalError),
    #[error("cannot lock the audit log")]
    Lock(#[source] std::io::Error),
}

/// The lock of the audit log, until it is dropped.
struct Held<'a>(&'a File);

impl<'a> Held<'a> {
    fn take(lock: &'a File) -> Result<Self, AuditError> {
        lock.lock().map_err(AuditError::Lock)?;
        Ok(Held(lock))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::now::SystemNow;

    #[test]
    fn two_that_audit_at_once_write_one_chain() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let now: Arc<dyn Now> = Arc::new(SystemNow::new().unwrap());
            AuditLog::open(dir.path(), "a1", now).unwrap()
        };
        let (room, desk) = (open(), open());
        std::thread::scope(|scope| {
            for log in [&room, &desk] {
                scope.spawn(move || {
                    for n in 0..20 {
                        log.write("somebody", "did", &n.to_string()).unwrap();
                    }
                });
            }
        });
        let lines = Journal::read(&dir.path().join("audit.jsonl")).unwrap();
        assert_eq!(lines.len(), 41);
    }
}
