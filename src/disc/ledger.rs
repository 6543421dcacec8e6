//! The room's ledger (台账) as this module needs it: append a line, durable before it returns.
//!
//! `room` implements the trait over `<data>/ledger.jsonl`; a failing ledger stops burning (no intent, no
//! burn) but never the recording. Kinds written: `disc-opened`, `disc-intent`, `disc-committed`,
//! `disc-read-back`, `disc-recovered`, `disc-finalised`, `disc-failed`; each with `interview` (UUID), `slot`
//! and `disc` (the slot's count of discs, failed ones included).

use serde_json::Value;

#[derive(Debug, thiserror::Error)]
#[error("ledger line `{kind}` could not be made durable: {detail}")]
pub struct LedgerError {
    pub kind: String,
    pub detail: String,
}

/// Appends must be durable before they return; several slots append at once.
pub trait Ledger: Send + Sync {
    fn append(&self, kind: &str, data: Value) -> Result<(), LedgerError>;
}
