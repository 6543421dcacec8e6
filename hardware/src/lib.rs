//! The room's devices: optical drives, climate sensor, clock, TPM.
//!
//! This crate finds devices, says what is wrong with them in words an operator can act on, and drives them.
//! It knows nothing of interviews and nothing of GStreamer: it is handed files, digests and deadlines.
//! Nothing here may block longer than the deadline it was given, because a stuck device must cost a disc or
//! a reading, never the recording.

pub mod climate;
pub mod clock;
pub mod optical;
pub mod tpm;
