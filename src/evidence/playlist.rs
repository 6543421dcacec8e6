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
use chrono::{DateTime, FixedOffset};
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

/// A segment as a playlist needs it.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    /// As seen from the playlist's place.
    pub path: &'a str,
    /// Wall time of its first picture.
    pub at: Option<DateTime<FixedOffset>>,
    pub header_length: u64,
    /// Where its last fragment ends.
    pub end: u64,
    pub duration_us: u64,
}

/// A playlist of some segments only, for instance those of one disc; each run is of one part.
pub fn of_runs(runs: &[Vec<Piece<'_>>]) -> String {
    let longest_us = runs.iter().flatten().map(|piece| piece.duration_us).max();
    let mut text = heading(longest_us.unwrap_or(0));
    for (n, run) in runs.iter().enumerate() {
        if n > 0 {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        run.iter().for_each(|piece| add_piece(&mut text, piece));
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

fn heading(longest_us: u64) -> String {
    let target = longest_us.div_ceil(1_000_000).max(1);
    format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:{target}\n\
         #EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    )
}

/// `base` is what the segments' paths lose, seen from the playlist's place.
fn text(parts: &[&PartOutline], base: &str) -> String {
    let runs: Vec<_> = parts.iter().map(|part| run(part, base)).collect();
    of_runs(&runs)
}

fn run<'a>(part: &'a PartOutline, base: &str) -> Vec<Piece<'a>> {
    let recorded = part.segments.iter().filter(|s| !s.fragments.is_empty());
    recorded.map(|segment| piece(part, segment, base)).collect()
}

fn piece<'a>(part: &PartOutline, segment: &'a SegmentOutline, base: &str) -> Piece<'a> {
    let path = segment.opened.segment.as_str();
    let extent = segment.extent();
    Piece {
        path: path.strip_prefix(base).unwrap_or(path),
        at: part
            .started_at()
            .map(|started| started + microseconds(extent.media_us)),
        header_length: segment.opened.header_length,
        end: segment.end(),
        duration_us: extent.duration_us,
    }
}

fn add_piece(text: &mut String, piece: &Piece<'_>) {
    let Piece {
        path, header_length, ..
    } = piece;
    if let Some(at) = piece.at {
        let at = time_text(at);
        let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{at}"); // writing to a String cannot fail
    }
    let (seconds, fraction) = (piece.duration_us / 1_000_000, piece.duration_us % 1_000_000);
    let rest = piece.end.saturating_sub(*header_length);
    let _ = write!(
        text,
        "#EXT-X-MAP:URI=\"{path}\",BYTERANGE=\"{header_length}@0\"\n#EXTINF:{seconds}.{fraction:06},\n\
         #EXT-X-BYTERANGE:{rest}@{header_length}\n{path}\n"
    );
}
