//! What became durable, and what that means: recording is shown, segments go to the discs, answers are given.
//!
//! The interview hears "part began" here and nowhere else: from the first fragment on the master disk.

use super::appliance::Appliance;
use super::open::{Durable, Part};
use super::recorder::Recorded;
use crate::disc::Feed;
use crate::evidence::crash_point;
use crate::evidence::names::TrackName;
use crate::interview::{Alarm, InterruptionCause};
use pipelines::messages::ToMedia;
use std::time::Instant;

impl Appliance {
    pub(super) fn on_recorded(&mut self, recorded: Recorded) {
        match recorded {
            Recorded::Fragment {
                part,
                track,
                fragment,
            } => {
                if matches!(track, TrackName::Program) {
                    self.on_durable(part, fragment.media_us + fragment.duration_us);
                }
            }
            // A disc takes what came in with its next batch, from the master, as it takes a closed segment.
            Recorded::FileWhole {
                path,
                size,
                sha256,
                sm3,
            } => {
                let done = Feed::FileDone {
                    path,
                    size,
                    sha256,
                    sm3,
                };
                self.on_segment(done);
            }
            Recorded::Discontinuity {
                part,
                media_us,
                gap_us,
            } => {
                self.raise(
                    Alarm::FramesDropped,
                    &format!("part {part} at {media_us} µs: {gap_us} µs"),
                );
            }
            Recorded::Lines { lines, number } => self.on_lines(lines, number),
            Recorded::PartEnded { part } => self.on_part_ended(part),
            Recorded::LinesRefused { number, reason } => self.refuse_waiting(number, &reason),
            Recorded::FileRefused { number, reason } => self.refuse_waiting(number, &reason),
            Recorded::Spoilt { track, reason } => self.on_spoilt(track, &reason),
            Recorded::Stuck { reason, full } => {
                if let Some(open) = &mut self.open {
                    open.disk_is_full = full;
                }
                let alarm = if full {
                    Alarm::MasterSpaceLow
                } else {
                    Alarm::MasterFailed
                };
                self.raise(alarm, &reason);
            }
            Recorded::Unstuck => self.clear(Alarm::MasterFailed),
            Recorded::Closed { stamping } => self.on_closed(&stamping),
            Recorded::NotClosed { reason } => self.raise(Alarm::MasterFailed, &reason),
        }
    }

    /// Of the media only the composite's segments go onto the discs by themselves; originals follow at the close.
    fn on_segment(&mut self, done: Feed) {
        let Some(open) = &mut self.open else { return };
        let is_original = matches!(&done, Feed::FileDone { path, .. } if path.starts_with("tracks/"));
        if is_original && !self.config.disc.tracks {
            return;
        }
        if let Some(set) = self.disc_set.as_ref().filter(|set| set.is_of(&open.id)) {
            set.feed(&done);
        }
        open.segments.push(done);
    }

    fn on_durable(&mut self, part: u32, until_us: u64) {
        let wall = self.wall();
        let Some(open) = &mut self.open else { return };
        let is_first = open.durable.at.is_none();
        if open.durable.part != part {
            return;
        }
        let was_stalled = std::mem::take(&mut open.stall_told);
        open.durable = Durable {
            part,
            until_us,
            at: Some(Instant::now()),
            wall: Some(wall),
        };
        open.disk_is_full = false;
        if is_first && matches!(open.part, Part::Running { .. }) {
            // While the cause of a suspension stands, a part is written and nobody is told "recording".
            if self.may_go_on() {
                self.tell_of_part(part);
            }
        }
        if was_stalled {
            self.clear(Alarm::MasterFailed);
        }
    }

    fn on_lines(&mut self, lines: Vec<crate::evidence::line::Line>, number: u64) {
        crash_point::pass("index-next");
        if let Some(open) = &self.open {
            self.index.journal(&open.id, &lines);
        }
        if let Some(place) = self.waiting.iter().position(|w| w.number == number)
            && let Some(waiting) = self.waiting.remove(place)
        {
            self.answer(waiting);
        }
    }

    /// The muxer's output could not be kept: the part is over, the next one begins at once.
    fn on_spoilt(&mut self, track: Option<TrackName>, reason: &str) {
        tracing::error!(reason, "recorder");
        if let Some(TrackName::Named(name)) = &track {
            if let Some(open) = &mut self.open {
                open.originals.end(name);
            }
            return self.raise(Alarm::FramesDropped, &format!("original of {name}: {reason}"));
        }
        if let Some(open) = &self.open
            && let Part::Running { part, .. } = &open.part
        {
            let part = *part;
            self.media.say(&ToMedia::ClosePart { part });
            self.recording_lost(InterruptionCause::MediaFailed, reason);
            self.ask_for_part();
        }
    }
}
