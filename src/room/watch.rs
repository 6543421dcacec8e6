//! Deadlines and holds: parts that do not open or close, a master that takes nothing, a cut that was long.
//!
//! Looked at ten times a second by the loop. Also the one way by which the interview hears of the world.

use super::appliance::Appliance;
use super::commands::journal_lines;
use super::open::Part;
use super::recorder::Work;
use super::words;
use crate::interview::{Alarm, Event, Fact, InterruptionCause, StateName};
use pipelines::messages::ToMedia;
use std::time::Duration;

/// Chunks that wait for the master beyond this are more than a stall (design 3).
const MOST_WAITING_BYTES: u64 = 64 << 20;
/// From "open part" to its header.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// From "close part" to its last chunk; afterwards what came is what there is.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

impl Appliance {
    /// Deadlines of the present part, and the load on the master.
    pub(super) fn watch_recording(&mut self) {
        let Some(open) = &mut self.open else { return };
        match &open.part {
            Part::Opening { asked, part, .. } if asked.elapsed() > OPEN_WITHIN => {
                tracing::error!(part, "the media process did not open the part; it is asked again");
                open.last_part = *part - 1;
                open.part = Part::Wanted;
                self.ask_for_part();
            }
            Part::Ending { asked, part, .. } if asked.elapsed() > CLOSE_WITHIN => {
                tracing::error!(
                    part,
                    "the media process did not close the part; what came is closed"
                );
                let part = *part;
                open.part = Part::Closing;
                open.recorder.give(Work::EndPart { part });
            }
            Part::Running { part, .. } if open.recorder.waiting_bytes() > MOST_WAITING_BYTES => {
                let part = *part;
                self.media.say(&ToMedia::ClosePart { part });
                self.raise(Alarm::MasterFailed, "64 MiB wait for the master disk");
                self.recording_lost(InterruptionCause::MasterFailed, "the master disk takes nothing");
            }
            Part::Wanted => self.ask_when_master_has_caught_up(),
            Part::Held
            | Part::Opening { .. }
            | Part::Ending { .. }
            | Part::Running { .. }
            | Part::Closing => {}
        }
    }

    /// Loud, and not recording: somebody must look before it goes on.
    pub(super) fn hold(&mut self, since: &str) {
        if let Some(open) = &mut self.open {
            open.part = Part::Held;
        }
        self.raise(Alarm::MediaFailing, &words::WAITS_FOR_RESUME.both_with(since));
    }

    /// The one press after a long cut; whether there was anything to resume.
    pub(super) fn resume(&mut self) -> bool {
        let held = self.open.as_mut().filter(|open| matches!(open.part, Part::Held));
        let Some(open) = held else { return false };
        open.part = Part::Wanted;
        self.clear(Alarm::MediaFailing);
        self.ask_for_part();
        true
    }

    fn ask_when_master_has_caught_up(&mut self) {
        let resumes = match self.interview.state() {
            StateName::Starting | StateName::Recording | StateName::Suspended => true,
            StateName::Idle
            | StateName::Prechecked
            | StateName::Confidential
            | StateName::Unrecorded
            | StateName::ContinuedElsewhere
            | StateName::Closing
            | StateName::Closed => false,
        };
        let has_room = self
            .open
            .as_ref()
            .is_some_and(|open| open.recorder.waiting_bytes() < 1 << 20);
        if resumes && has_room {
            self.ask_for_part();
        }
    }

    /// Tells the interview what happened and journals what it makes of it.
    pub(super) fn observe(&mut self, event: Event) {
        let moment = self.moment();
        let mut entries = self.interview.observe(moment, event);
        // The evidence writes its own last line when it closes.
        entries.retain(|entry| !matches!(entry.fact, Fact::Closed {}));
        if entries.is_empty() {
            return;
        }
        let number = self.number();
        if let Some(open) = &self.open {
            open.recorder.give(Work::Lines {
                lines: journal_lines(&entries),
                number,
            });
        }
    }
}
