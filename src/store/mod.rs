//! The room's index in SQLite: what can be looked up quickly, never what is true.
//!
//! The journals are the truth; everything here but the answers of refused commands can be rebuilt from
//! them. One thread of the room writes (`Store`), readers open their own short connection (`Reader`). WAL with
//! `synchronous=full`: an answer that was given is an answer that is kept.

mod schema;

use rusqlite::{Connection, OpenFlags, OptionalExtension, named_params};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use schema::SCHEMA_VERSION;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot open the index {path}")]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("the index is of version {found}, this program knows {SCHEMA_VERSION}: update the program")]
    TooNew { found: u32 },
    #[error("cannot bring the index to version {to}")]
    Migrate { to: u32, source: rusqlite::Error },
    #[error("cannot write {what} to the index")]
    Write {
        what: &'static str,
        source: rusqlite::Error,
    },
    #[error("cannot read {what} from the index")]
    Read {
        what: &'static str,
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Somebody else holds the lock, or the disk refuses: it is worth trying again.
    pub fn may_pass(&self) -> bool {
        let source = match self {
            StoreError::Write { source, .. } | StoreError::Read { source, .. } => source,
            _ => return false,
        };
        matches!(
            source.sqlite_error_code(),
            Some(
                rusqlite::ErrorCode::DatabaseBusy
                    | rusqlite::ErrorCode::DatabaseLocked
                    | rusqlite::ErrorCode::DiskFull
                    | rusqlite::ErrorCode::SystemIoFailure
                    | rusqlite::ErrorCode::ReadOnly
            )
        )
    }
}

/// The one writer; on a thread of its own once the room runs.
pub struct Store {
    connection: Connection,
}

/// An interview as lists show it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct InterviewRow {
    pub id: String,
    pub uuid: String,
    /// RFC 3339, local offset.
    pub opened_at: String,
    pub closed_at: Option<String>,
    pub state: String,
    pub kind: String,
    pub case_number: String,
}

impl Store {
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let open = |source| StoreError::Open {
            path: path.to_owned(),
            source,
        };
        let mut connection = Connection::open(path).map_err(open)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(open)?;
        connection
            .pragma_update(None, "journal_mode", "wal")
            .map_err(open)?;
        connection
            .pragma_update(None, "synchronous", "full")
            .map_err(open)?;
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(open)?;
        schema::migrate(&mut connection)?;
        Ok(Store { connection })
    }

    /// The newest answers, `most` of them, oldest first: each command's id and its answer.
    pub fn answers(&self, most: usize) -> Result<Vec<(String, String)>, StoreError> {
        let read = |source| StoreError::Read {
            what: "answers",
            source,
        };
        let sql = "select command_id, answer from answers order by rowid desc limit :most";
        let mut statement = self.connection.prepare(sql).map_err(read)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map(named_params! {":most": most}, |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        let mut answers: Vec<(String, String)> = rows.and_then(Iterator::collect).map_err(read)?;
        answers.reverse();
        Ok(answers)
    }

    /// Interviews that are known whole.
    pub fn closed(&self) -> Result<BTreeSet<String>, StoreError> {
        let read = |source| StoreError::Read {
            what: "closed interviews",
            source,
        };
        let sql = "select id from interviews where state = 'closed'";
        let mut statement = self.connection.prepare(sql).map_err(read)?;
        let rows = statement.query_map([], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(read)
    }

    /// The answer given to `command_id`, if there was one.
    pub fn answer(&self, command_id: &str) -> Result<Option<String>, StoreError> {
        let sql = "select answer from answers where command_id = :id";
        self.connection
            .query_row(sql, named_params! {":id": command_id}, |row| row.get(0))
            .optional()
            .map_err(|source| StoreError::Read {
                what: "an answer",
                source,
            })
    }

    /// Keeps an answer; the first one stays.
    pub fn keep_answer(&mut self, command_id: &str, answer: &str, at: &str) -> Result<(), StoreError> {
        let sql = "insert into answers (command_id, answer, at) values (:id, :answer, :at)
                   on conflict (command_id) do nothing";
        self.connection
            .execute(
                sql,
                named_params! {":id": command_id, ":answer": answer, ":at": at},
            )
            .map(|_| ())
            .map_err(|source| StoreError::Write {
                what: "an answer",
                source,
            })
    }

    /// Inserts or brings up to date one interview.
    pub fn put_interview(&mut self, row: &InterviewRow) -> Result<(), StoreError> {
        let sql = "insert into interviews (id, uuid, opened_at, closed_at, state, kind, case_number)
                   values (:id, :uuid, :opened_at, :closed_at, :state, :kind, :case_number)
                   on conflict (id) do update set closed_at = :closed_at, state = :state,
                   kind = :kind, case_number = :case_number";
        self.connection
            .execute(
                sql,
                named_params! {
                    ":id": row.id, ":uuid": row.uuid, ":opened_at": row.opened_at,
                    ":closed_at": row.closed_at, ":state": row.state, ":kind": row.kind,
                    ":case_number": row.case_number,
                },
            )
            .map(|_| ())
            .map_err(|source| StoreError::Write {
                what: "an interview",
                source,
            })
    }

    /// Indexes one journal line; a line seen before is left as it is.
    pub fn put_line(&mut self, interview: &str, line: &LineRow) -> Result<(), StoreError> {
        let sql = "insert into lines (interview, seq, at, kind, data)
                   values (:interview, :seq, :at, :kind, :data) on conflict (interview, seq) do nothing";
        self.connection
            .execute(
                sql,
                named_params! {
                    ":interview": interview, ":seq": line.seq, ":at": line.at,
                    ":kind": line.kind, ":data": line.data,
                },
            )
            .map(|_| ())
            .map_err(|source| StoreError::Write {
                what: "a journal line",
                source,
            })
    }
}

/// A journal line as the index knows it; `data` is JSON text.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct LineRow {
    pub seq: u64,
    pub at: String,
    pub kind: String,
    pub data: String,
}

/// A short reader; opens, asks, closes. Blocks for the time of a query.
#[derive(Clone, Debug)]
pub struct Reader {
    path: PathBuf,
}

impl Reader {
    pub fn new(path: impl Into<PathBuf>) -> Reader {
        Reader { path: path.into() }
    }

    fn connection(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = |source| StoreError::Open {
            path: self.path.clone(),
            source,
        };
        let connection = Connection::open_with_flags(&self.path, flags).map_err(open)?;
        connection.busy_timeout(Duration::from_secs(2)).map_err(open)?;
        Ok(connection)
    }

    /// Newest first, at most `limit`.
    pub fn interviews(&self, limit: u32) -> Result<Vec<InterviewRow>, StoreError> {
        let read = |source| StoreError::Read {
            what: "interviews",
            source,
        };
        let connection = self.connection()?;
        let sql = "select id, uuid, opened_at, closed_at, state, kind, case_number
                   from interviews order by opened_at desc, id desc limit :limit";
        let mut statement = connection.prepare(sql).map_err(read)?;
        let rows = statement.query_map(named_params! {":limit": limit}, |row| {
            Ok(InterviewRow {
                id: row.get(0)?,
                uuid: row.get(1)?,
                opened_at: row.get(2)?,
                closed_at: row.get(3)?,
                state: row.get(4)?,
                kind: row.get(5)?,
                case_number: row.get(6)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(read)
    }

    /// Lines of one interview after `after`, in order, at most `limit`; all kinds but fragments.
    pub fn lines(&self, interview: &str, after: u64, limit: u32) -> Result<Vec<LineRow>, StoreError> {
        let read = |source| StoreError::Read {
            what: "journal lines",
            source,
        };
        let connection = self.connection()?;
        let sql = "select seq, at, kind, data from lines
                   where interview = :interview and seq > :after order by seq limit :limit";
        let mut statement = connection.prepare(sql).map_err(read)?;
        let parameters = named_params! {":interview": interview, ":after": after, ":limit": limit};
        let rows = statement.query_map(parameters, |row| {
            Ok(LineRow {
                seq: row.get(0)?,
                at: row.get(1)?,
                kind: row.get(2)?,
                data: row.get(3)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_to_a_command_stays_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("index.sqlite");
        let mut store = Store::open(&path).unwrap();
        store.keep_answer("c1", r#"{"n":1}"#, "t").unwrap();
        store.keep_answer("c1", r#"{"n":2}"#, "t").unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.answer("c1").unwrap().as_deref(), Some(r#"{"n":1}"#));
        assert_eq!(store.answer("c2").unwrap(), None);
    }

    #[test]
    fn a_newer_index_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("index.sqlite");
        drop(Store::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
            .unwrap();
        drop(connection);
        assert!(matches!(Store::open(&path), Err(StoreError::TooNew { .. })));
    }
}
