//! The interview's journal as the page on the disc needs it: followed while it grows, a batch's worth at a time.
//!
//! Owned by `worker`, whose every session asks for what is told by then. Reading starts where the last look ended,
//! so that a batch costs the lines of its own minutes and not those of twelve hours. A journal that cannot be
//! read costs the page its times, never the disc a session.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::evidence::directory::JOURNAL;
use crate::evidence::line::Line;
use crate::evidence::verify::Timeline;

/// How far the journal was followed.
#[derive(Debug, Default)]
pub(super) struct GrowingJournal {
    timeline: Timeline,
    /// Just behind the last whole line that was taken.
    offset: u64,
}

impl GrowingJournal {
    /// Takes what came since the last look, and tells all of it.
    pub(super) fn catch_up(&mut self, interview_dir: &Path) -> &Timeline {
        let path = interview_dir.join(JOURNAL);
        if let Err(error) = self.follow(&path) {
            // A line that was taken and then cut off again, as after a failed write: once more from the start.
            *self = Self::default();
            if let Err(again) = self.follow(&path) {
                tracing::warn!(%error, %again, path = %path.display(), "the page on the disc goes without the journal");
            }
        }
        &self.timeline
    }

    fn follow(&mut self, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() < self.offset {
            return Err(io::Error::other("shorter than before"));
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut added = Vec::new();
        file.read_to_end(&mut added)?;
        for raw in added.split_inclusive(|byte| *byte == b'\n') {
            // The room may be writing the last one.
            let Some(whole) = raw.strip_suffix(b"\n") else {
                break;
            };
            let line: Line = serde_json::from_slice(whole)?;
            if line.seq != self.timeline.seq() + 1 {
                return Err(io::Error::other(format!("line {} is out of its place", line.seq)));
            }
            self.timeline.take(line);
            self.offset += raw.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::line::Chain;
    use crate::evidence::now::Stamp;
    use chrono::DateTime;
    use serde_json::{Value, json};
    use std::io::Write as _;
    use std::time::{Duration, Instant};

    fn line(chain: &mut Chain, kind: &str, data: Value) -> Vec<u8> {
        let stamp = Stamp {
            at: DateTime::parse_from_rfc3339("2026-03-04T05:06:07.000+08:00").unwrap(),
            boot: "b".to_owned(),
            mono_us: 1,
        };
        let data = data.as_object().unwrap().clone();
        let line = chain.make(stamp, kind, data).unwrap();
        chain.advance(line.clone());
        line.to_bytes().unwrap()
    }

    /// A minute's segment with a fragment a second, as the writer journals it.
    fn minute(chain: &mut Chain, n: u64) -> Vec<u8> {
        let zeros = "0".repeat(64);
        let segment = format!("part-0001/seg-{:05}.mp4", n + 1);
        let opened = json!({"segment": segment, "part": 1, "track": "program", "header_length": 1000,
            "header_sha256": zeros, "header_sm3": zeros});
        let mut bytes = line(chain, "segment-opened", opened);
        for s in 0..60 {
            let fragment = json!({"segment": segment, "offset": 1000 + s * 500_000, "length": 500_000,
                "sha256": zeros, "sm3": zeros, "media_us": (n * 60 + s) * 1_000_000, "duration_us": 1_000_000,
                "frames": 25, "samples": 48_000, "clock_error_us": 150, "temperature_centi_c": 2650});
            bytes.extend(line(chain, "fragment", fragment));
        }
        let closed = json!({"segment": segment, "size": 30_001_000, "sha256": zeros, "sm3": zeros});
        bytes.extend(line(chain, "segment-closed", closed));
        bytes
    }

    #[test]
    fn half_a_line_waits_and_a_journal_that_was_cut_is_read_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(JOURNAL);
        let mut chain = Chain::default();
        let first = line(&mut chain, "opened", json!({}));
        let (second, third) = (minute(&mut chain, 0), line(&mut chain, "closing", json!({})));
        let mut growing = GrowingJournal::default();
        std::fs::write(&path, [&first[..], &second[..100]].concat()).unwrap();
        assert_eq!(growing.catch_up(dir.path()).seq(), 1);
        std::fs::write(&path, [&first[..], &second, &third].concat()).unwrap();
        let timeline = growing.catch_up(dir.path());
        assert_eq!(timeline.seq(), 64);
        assert_eq!(timeline.segments()[0].duration_us, 60_000_000);
        std::fs::write(&path, &first).unwrap();
        assert_eq!(growing.catch_up(dir.path()).seq(), 1);
    }

    #[test]
    fn a_batch_of_a_twelve_hour_interview_costs_its_own_minutes_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(JOURNAL);
        let mut chain = Chain::default();
        let mut file = File::create(&path).unwrap();
        file.write_all(&line(&mut chain, "opened", json!({}))).unwrap();
        let track = json!({"part": 1, "track": "program", "started_at": "2026-03-04T05:06:07.000+08:00"});
        file.write_all(&line(&mut chain, "track-opened", track)).unwrap();
        for n in 0..12 * 60 {
            file.write_all(&minute(&mut chain, n)).unwrap();
        }
        let mut growing = GrowingJournal::default();
        let whole = Instant::now();
        growing.catch_up(dir.path());
        let whole = whole.elapsed();
        for n in 720..725 {
            file.write_all(&minute(&mut chain, n)).unwrap();
        }
        let batch = Instant::now();
        let segments = growing.catch_up(dir.path()).segments().len();
        let batch = batch.elapsed();
        eprintln!("12 h: {whole:?} once, then {batch:?} a batch of 5 min");
        assert_eq!(segments, 725);
        assert!(
            batch < whole / 20 && batch < Duration::from_secs(1),
            "{whole:?}, {batch:?}"
        );
    }
}
