//! The QR code of a label: its text, and its dark modules as runs that the template draws as one path.
//!
//! Drawn as vectors, so that it is as sharp as the printer. Error correction M: a quarter of the text again, for
//! scratches on a disc that is used.

use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;

use super::error::LabelError;
use super::facts::{DiscFacts, InterviewFacts};

/// Raised when the text's form changes.
const VERSION: &str = "SHENLU1";

/// Dark modules beside each other in a row: column, row, how many.
type Run = [i32; 3];

#[derive(Debug, Serialize)]
pub(super) struct Code {
    /// Modules along one edge, without the quiet zone of four that the template keeps free.
    modules: i32,
    runs: Vec<Run>,
}

/// `SHENLU1 a1-20261122-010203 b 1 manifest.json:<64 hex digits>`
pub(super) fn text(interview: &InterviewFacts, disc: &DiscFacts) -> String {
    let (slot, digest) = (disc.slot.as_str(), &disc.digest);
    let DiscFacts { number, .. } = disc;
    format!(
        "{VERSION} {} {slot} {number} {}:{}",
        interview.id, digest.file, digest.sha256
    )
}

pub(super) fn of(text: &str) -> Result<Code, LabelError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| LabelError::Code)?;
    let modules = code.size();
    let runs = (0..modules).flat_map(|row| runs_of(&code, row)).collect();
    Ok(Code { modules, runs })
}

fn runs_of(code: &QrCode, row: i32) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in (0..code.size()).filter(|column| code.get_module(*column, row)) {
        match runs.last_mut() {
            Some([start, _, length]) if *start + *length == column => *length += 1,
            Some(_) | None => runs.push([column, row, 1]),
        }
    }
    runs
}
