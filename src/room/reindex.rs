//! The index filled from the journals, which are the truth (design 6): at a first start, after damage, after a cut.
//!
//! Runs before the loop, reads only. An index that cannot be opened is set aside, never deleted.

use crate::evidence::entries::{CHECKPOINT, FRAGMENT, OPENED};
use crate::evidence::journal::Journal;
use crate::evidence::line::Line;
use crate::store::{InterviewRow, LineRow, Store, StoreError};
use serde_json::Value;
use std::path::Path;

/// Opens the index below `data` and puts in what it does not know as closed: all of it where it is new, the rest
/// where a cut came while it was filled, or before an interview's last lines.
pub(super) fn open_index(data: &Path) -> Result<Store, StoreError> {
    let path = data.join("index.sqlite");
    let mut store = match Store::open(&path) {
        Ok(store) => store,
        Err(error @ StoreError::TooNew { .. }) => return Err(error),
        Err(error) => {
            tracing::error!(%error, "the index is damaged; it is set aside and made anew from the journals");
            set_aside(&path);
            Store::open(&path)?
        }
    };
    fill(&mut store, &data.join("interviews"));
    Ok(store)
}

fn set_aside(path: &Path) {
    let stamp = chrono::Local::now().format("%Y%m%d-%H%M%S");
    for suffix in ["", "-wal", "-shm"] {
        let from = format!("{}{suffix}", path.display());
        let _ = std::fs::rename(&from, format!("{from}.damaged-{stamp}"));
    }
}

fn fill(store: &mut Store, interviews: &Path) {
    let closed = store.closed().unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(interviews) else {
        return;
    };
    for entry in entries.flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        if closed.contains(&id) {
            continue;
        }
        let lines = Journal::read(&entry.path().join("journal.jsonl"));
        match lines {
            Ok(lines) => {
                if let Err(error) = index_journal(store, &id, &lines) {
                    tracing::error!(id, %error, "index");
                }
            }
            Err(error) => tracing::error!(id, %error, "not indexed"),
        }
    }
}

/// Of fragments and checkpoints there is one every second or two, and nobody looks for them by kind.
pub(super) fn is_indexed(line: &Line) -> bool {
    !matches!(line.kind.as_str(), FRAGMENT | CHECKPOINT)
}

/// Puts lines of one interview into the index, and its row and answers where they stand among them; what is there
/// already stays. The row comes last: an interview that is known as closed is known whole.
pub(super) fn index_journal(store: &mut Store, id: &str, lines: &[Line]) -> Result<(), StoreError> {
    for line in lines.iter().filter(|line| is_indexed(line)) {
        let data = serde_json::to_string(&line.data).unwrap_or_else(|_| "{}".into());
        let row = LineRow {
            seq: line.seq,
            at: line.at.clone(),
            kind: line.kind.clone(),
            data,
        };
        store.put_line(id, &row)?;
        if let (Some(command), Some(answer)) = (text(line, "command_id"), line.data.get("answer")) {
            store.keep_answer(&command, &answer.to_string(), &line.at)?;
        }
    }
    row_of(id, lines).map_or(Ok(()), |row| store.put_interview(&row))
}

fn text(line: &Line, key: &str) -> Option<String> {
    line.data.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn row_of(id: &str, lines: &[Line]) -> Option<InterviewRow> {
    let opened = lines.first().filter(|line| line.kind == OPENED)?;
    let started = lines.iter().find(|line| line.kind == "started");
    let closed = lines.iter().find(|line| line.kind == "closed");
    let case = started.and_then(|line| line.data.get("case"));
    let number = case
        .and_then(|case| case.get("number"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some(InterviewRow {
        id: id.to_owned(),
        uuid: text(opened, "uuid")?,
        opened_at: opened.at.clone(),
        closed_at: closed.map(|line| line.at.clone()),
        state: if closed.is_some() { "closed" } else { "open" }.to_owned(),
        kind: started
            .and_then(|line| text(line, "interview"))
            .unwrap_or_default(),
        case_number: number.to_owned(),
    })
}
