//! shenlu's media: every line that names GStreamer.
//!
//! Runs inside `shenlu media`, a child of the room, and knows nothing of interviews, evidence or devices.
//! The way of a frame: `camera` (one pipeline each) → `shelf` → `composer` (clock-driven, with `overlay`)
//! → `encoder` → `muxer` (one per part, behind a gate) → `messages` → the room.

pub mod camera;
mod composer;
pub mod deadline;
mod encoder;
mod gate;
mod level;
pub mod messages;
pub mod microphone;
pub mod mixer;
mod muxer;
mod originals;
mod outbox;
mod overlay;
mod parts;
mod picture;
mod pipeline;
pub mod process;
mod programme;
pub mod settings;
pub mod shelf;
mod shrink;
pub mod sound;
mod sound_encoder;
pub mod timeline;
