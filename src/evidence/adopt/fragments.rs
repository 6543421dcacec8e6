//! Fragments out of chunks that lie beyond the journal: which chunks are one, and the line that each gets.
//!
//! Called by adoption only, for whole chunks. What was known of clock and climate went with the cut.

use crate::evidence::{
    digest::Digests,
    durable::{DurableError, Step as _},
    entries::Fragment,
    line::Data,
    mp4::{Break, Continuity, Header, PlacedChunk},
    writer::starts_with_key_frame,
};
use std::{fs::File, os::unix::fs::FileExt as _, path::Path};

/// Chunks by fragment: each begins with a key frame.
pub(super) fn fragments_of<'a>(
    chunks: &'a [PlacedChunk],
    header: &'a Header,
) -> impl Iterator<Item = &'a [PlacedChunk]> {
    chunks.chunk_by(move |_, next| !starts_with_key_frame(header, &next.chunk))
}

pub(super) fn adopted_fragment(
    (segment, file, root): (&str, &File, &Path),
    chunks: &[PlacedChunk],
    timeline: &mut Continuity,
) -> Result<Fragment, DurableError> {
    let before = timeline.extent();
    let breaks: Vec<Break> = chunks
        .iter()
        .flat_map(|placed| timeline.accept(&placed.chunk))
        .collect();
    let extent = timeline.extent().since(&before);
    let offset = chunks.first().map_or(0, |first| first.offset);
    let length = chunks.iter().map(|placed| placed.length).sum::<u64>();
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, offset)
        .step("read", &root.join(segment))?;
    let Digests { sha256, sm3 } = Digests::of(&bytes);
    Ok(Fragment {
        segment: segment.to_owned(),
        offset,
        length,
        sha256,
        sm3,
        media_us: extent.media_us,
        duration_us: extent.duration_us,
        frames: extent.frames,
        samples: extent.samples,
        break_us: breaks.first().map(Break::gap_us),
        adopted: true,
        conditions: Data::new(),
    })
}
