//! The index's schema and its migrations, forward only.
//!
//! `user_version` counts the migrations that ran; each runs in its own transaction. A migration that was
//! released is never edited.

use super::StoreError;
use rusqlite::Connection;

const MIGRATIONS: &[&str] = &["
create table interviews (
    id text primary key check (length(id) between 1 and 64),
    uuid text not null unique,
    opened_at text not null,
    closed_at text,
    state text not null,
    kind text not null,
    case_number text not null
) strict;
create table lines (
    interview text not null,
    seq integer not null check (seq > 0),
    at text not null,
    kind text not null,
    data text not null check (json_valid(data)),
    primary key (interview, seq)
) strict, without rowid;
create table answers (
    command_id text primary key check (length(command_id) between 1 and 128),
    answer text not null check (json_valid(answer)),
    at text not null
) strict;
"];

/// The version this program writes.
pub const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|source| StoreError::Read {
            what: "the schema version",
            source,
        })?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::TooNew { found });
    }
    for (done, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let to = done as u32 + 1;
        apply(connection, sql, to).map_err(|source| StoreError::Migrate { to, source })?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, sql: &str, to: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", to)?;
    transaction.commit()
}
