//! The room's own logs beside the interviews': `ledger.jsonl` (discs and what follows closing) and
//! `audit.jsonl` (people's acts on the system). Same form as an interview's journal.
//!
//! Both are durable before a call returns; several threads append at once.

use crate::disc::{Ledger, LedgerEntry, LedgerError};
use crate::evidence::journal::{Journal, JournalError};
use crate::evidence::line::{Data, Line};
use crate::evidence::now::Now;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

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

pub struct AuditLog {
    journal: Journal,
}

impl AuditLog {
    pub fn open(data: &Path, room: &str, now: Arc<dyn Now>) -> Result<Self, JournalError> {
        let path = data.join("audit.jsonl");
        let found = Journal::open_or_create(&path, || opened("audit", room), now)?;
        Ok(AuditLog {
            journal: found.journal,
        })
    }

    pub fn write(&self, actor: &str, action: &str, resource: &str) -> Result<(), JournalError> {
        let data = as_data(json!({"actor": actor, "action": action, "resource": resource}));
        self.journal.append("acted", data).map(|_| ())
    }
}
