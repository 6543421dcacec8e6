//! HLS playlists over the segments, one per part and one for the interview
//! (contract): byte ranges into the files as they are, the header of each as
//! its map, wall time, a discontinuity between parts. Text from an outline;
//! pure.

use super::{
    line::time_text,
    names::TrackName,
    outline::{Outline, PartOutline, SegmentOutline},
    writer::microseconds,
};
use std::fmt::Write as _;

/// A playlist and where it stands in the interview's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playlist {
    pub path: String,
    pub text: String,
}

/// Every playlist of an interview: its own first, then one per part of every track.
pub fn playlists(outline: &Outline) -> Vec<Playlist> {
    let program: Vec<&PartOutline> = outline.parts_of(&TrackName::Program).collect();
    let whole = Playlist {
        path: "playlist.m3u8".to_owned(),
        text: text(&program, ""),
    };
    let per_part = outline
        .parts
        .iter()
        .filter(|part| part.extent().duration_us > 0)
        .map(|part| {
            let directory = part.opened.track.part_path(part.opened.part);
            Playlist {
                path: format!("{directory}/playlist.m3u8"),
                text: text(&[part], &format!("{directory}/")),
            }
        });
    std::iter::once(whole).chain(per_part).collect()
}

/// `base` is what the segments' paths lose, seen from the playlist's place.
fn text(parts: &[&PartOutline], base: &str) -> String {
    let segments = || {
        parts
            .iter()
            .flat_map(|part| &part.segments)
            .filter(|s| !s.fragments.is_empty())
    };
    let longest_us = segments()
        .map(|segment| segment.extent().duration_us)
        .max()
        .unwrap_or(0);
    let target = longest_us.div_ceil(1_000_000).max(1);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:{target}\n\
         #EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    );
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        for segment in part
            .segments
            .iter()
            .filter(|segment| !segment.fragments.is_empty())
        {
            add_segment(&mut text, part, segment, base);
        }
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

fn add_segment(text: &mut String, part: &PartOutline, segment: &SegmentOutline, base: &str) {
    let path = segment
        .opened
        .segment
        .strip_prefix(base)
        .unwrap_or(&segment.opened.segment);
    let header = segment.opened.header_length;
    let extent = segment.extent();
    if let Some(at) = part.started_at() {
        let at = time_text(at + microseconds(extent.media_us));
        let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{at}"); // writing to a String cannot fail
    }
    let (seconds, fraction) = (extent.duration_us / 1_000_000, extent.duration_us % 1_000_000);
    let rest = segment.end() - header;
    let _ = write!(
        text,
        "#EXT-X-MAP:URI=\"{path}\",BYTERANGE=\"{header}@0\"\n#EXTINF:{seconds}.{fraction:06},\n\
         #EXT-X-BYTERANGE:{rest}@{header}\n{path}\n"
    );
}
