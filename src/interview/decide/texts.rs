//! Limits of what people may write, so that a journal line stays readable and bounded.

use crate::interview::people::Approver;
use crate::interview::words::refusals::Why;

pub const MAX_NAME_CHARS: usize = 200;
pub const MAX_TEXT_CHARS: usize = 2_000;
pub const MAX_PEOPLE: usize = 40;
pub const MAX_DOCUMENTS: usize = 50;
pub const MAX_PAGES: usize = 300;
pub const MAX_MARKS: usize = 20_000;

pub fn limited(field: &'static str, text: &str, max_chars: usize) -> Result<(), Why> {
    if text.chars().count() > max_chars {
        Err(Why::TextTooLong { field, max_chars })
    } else {
        Ok(())
    }
}

pub fn required(field: &'static str, text: &str, max_chars: usize) -> Result<(), Why> {
    if text.trim().is_empty() {
        Err(Why::TextMissing { field })
    } else {
        limited(field, text, max_chars)
    }
}

pub fn few(field: &'static str, count: usize, max: usize) -> Result<(), Why> {
    if count > max {
        Err(Why::TooMany { field, max })
    } else {
        Ok(())
    }
}

pub fn named(approver: &Approver) -> Result<(), Why> {
    required("approver.name", &approver.name, MAX_NAME_CHARS)?;
    required("approver.number", &approver.number, MAX_NAME_CHARS)
}
