//! What is kept of an interview, and the proof that it is whole: journal, media, files, manifest, sums,
//! and `verify`. The room owns an open interview and writes it through here; nobody else writes evidence.
//! This room knows no picture, no device and no rule of an interview: it takes bytes and facts.
//!
//! # The way of an interview
//! `directory::InterviewDirectory::create` → `writer::Writer` for the media, `Journal::append` for events,
//! `put_file` for everything else → `closing::close`. After a cut `adopt::recover` takes it up again.
//!
//! # Durability invariants
//! `check` verifies them read-only; the crash tests kill the writer at the points of `crash_point`.
//!
//! 1. **An interview exists when its first line does.** mkdir, fsync of the parent, certificates, journal created,
//!    fsync of the directory, line 1 (`opened`), fsync. A directory without a line held nothing.
//! 2. **A line is durable before anyone is told.** Write at the end, fsync, then the answer. A line that
//!    failed is cut off before the next; so at most the last line can be torn, and it was told to nobody.
//! 3. **A chunk is durable before it counts.** Chunk bytes, fsync; for a new segment header and first chunk in
//!    one write, fsync of the file, fsync of its directory. Discs, mirror and upload hear of it afterwards.
//! 4. **A fragment's line comes after its bytes.** When the next fragment starts, or the part ends:
//!    `segment-opened` (once), `fragment`, fsync. So the journal never tells of bytes that are not there, and
//!    the disk has at most the fragment under way, which recovery adopts.
//! 5. **Segments and parts only grow at the end.** `segment-closed` before the next segment's first byte,
//!    `track-closed` before the next part; after it no byte of them changes. Before a next part of the
//!    recording stands a `gap`.
//! 6. **A file is whole or absent.** Temporary name, fsync, link to its name (which must be free), fsync of the
//!    directory, then its `file-added` line. A file without a line is adopted, a `.partial` one set aside. A large
//!    one comes in outside the interview's directory, is synced there, and gets its name by a link.
//! 7. **Nothing is deleted.** Torn bytes: copy in `quarantine/`, fsync, `quarantined` line, fsync, then the cut.
//! 8. **The end is one line.** `closed`, fsync; no line can follow. Playlists, certificates, manifest, its
//!    signatures, `SM3SUMS`, `SHA256SUMS` follow from the directory and the device's keys, each by temporary
//!    name, fsync, rename, fsync of the directory; a crash in between is completed at start.
//!    A time stamp comes between signatures and sums or never: it is asked for once, and kept if a crash follows.
//! 9. **After `SHA256SUMS` is durable nothing in the directory changes.**
//! 10. **The mirror follows, never leads**: it gets bytes that are durable here, and its failure costs nothing. A copy
//!     that has its `SHA256SUMS` is whole; one that lacks them behind a closed interview is completed at start.
//! 11. **What a process that died left in memory counts once it is synced.** The next one sees it and cannot tell;
//!     so before it builds on a journal, a segment, a file, a directory or a key that it found, it syncs that and
//!     its name. The crash tests throw away what was not synced, at once and one start later.
//! 12. **What is durable becomes signed.** A `checkpoint` line signs the line before it; one follows every second
//!     fragment or so, so nobody without the keys can make up, cut or re-order what stands before it.
//! 12. **A device's identity is whole at any cut.** Sealed keys are durable and proved to open before the plain
//!     files go; what cannot be opened any more is set aside, never written over (`signing::keeping`).

pub mod adopt;
pub mod catch_up;
pub mod check;
pub mod closing;
pub mod crash_point;
pub mod digest;
pub mod directory;
pub mod durable;
pub mod entries;
pub mod journal;
pub mod line;
pub mod manifest;
pub mod mirror;
pub mod mp4;
pub mod names;
pub mod now;
mod open_track;
pub mod outline;
pub mod playlist;
mod segment;
pub mod signing;
pub mod sums;
pub mod timestamp;
pub mod verify;
pub mod writer;
