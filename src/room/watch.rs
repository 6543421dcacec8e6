//! Deadlines and holds: parts that do not open or close, a master that takes nothing, a cut that was long.
//!
//! Looked at ten times a second by the loop. Also the one way by which the interview hears of the world.

use super::appliance::Appliance;
use super::commands::journal_lines;
use super::guarantee::DURABLE_WITHIN;
use super::open::Part;
use super::recorder::Work;
use crate::evidence::mirror::{Mirror, MirrorState};
use crate::interview::{Alarm, Event, Fact, InterruptionCause};
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
                let part = *part;
                open.last_part = part - 1;
                open.part = Part::Wanted;
                self.media.say(&ToMedia::ClosePart { part });
                self.ask_for_part();
            }
            Part::Ending { asked, part, .. } if asked.elapsed() > CLOSE_WITHIN => {
                tracing::error!(
                    part,
                    "the media process did not close the part; what came is closed"
                );
                let reason = "its end was not delivered in time";
                self.recording_lost(InterruptionCause::MediaFailed, reason);
            }
            Part::Running { part, .. } if open.recorder.waiting_bytes() > MOST_WAITING_BYTES => {
                let part = *part;
                self.media.say(&ToMedia::ClosePart { part });
                self.raise(Alarm::MasterFailed, "64 MiB wait for the master disk");
                self.recording_lost(InterruptionCause::MasterFailed, "the master disk takes nothing");
            }
            Part::Running { began, .. }
                if !open.stall_told
                    && open.recorder.waiting_bytes() > 0
                    && open.silent_for(began.at) > DURABLE_WITHIN =>
            {
                open.stall_told = true;
                self.raise(Alarm::MasterFailed, "nothing became durable for 4 s");
            }
            Part::Wanted => self.ask_for_part(),
            Part::Held
            | Part::Opening { .. }
            | Part::Ending { .. }
            | Part::Running { .. }
            | Part::Closing { .. } => {}
        }
        self.watch_mirror();
    }

    /// A second disk that failed costs nothing, but somebody must know.
    fn watch_mirror(&mut self) {
        let state = self
            .open
            .as_ref()
            .and_then(|open| open.mirror.as_ref())
            .map(Mirror::state);
        if let Some(MirrorState::Failed { reason }) = state {
            self.raise(Alarm::MirrorFailed, &reason);
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
