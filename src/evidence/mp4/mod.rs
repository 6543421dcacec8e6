//! A strict reader of fragmented MP4: what the writer asks of every chunk, and
//! what `verify` reads the timeline out of. It believes no length, allocates
//! nothing on the file's word, and refuses what it does not know. It never
//! looks at pictures or sound, only at where they stand and how many there are.

mod boxes;
mod chunk;
mod continuity;
mod header;
mod scan;

pub use boxes::{FourCc, Mp4Error};
pub use chunk::{Chunk, Run, parse_chunk};
pub use continuity::{Break, Continuity, Extent};
pub use header::{Header, TrackHeader, TrackKind, parse_header};
pub use scan::{PlacedChunk, ReadAt, Scan, scan_chunks, scan_header};
