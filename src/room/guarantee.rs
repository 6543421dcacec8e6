//! Suspension (中止) and its end: the moment when the recording can no longer be guaranteed, and again.
//!
//! Looked at ten times a second by the loop. A suspended interview is still written as far as it can be (other
//! cameras, sound, the slate): only what is *said* of it changes, at once and loudly. When the cause is gone the
//! recording resumes as the next part with a statement owed, by itself.

use super::appliance::{Appliance, wall_time};
use super::disc_events::word;
use super::open::{OpenInterview, Part, Then};
use crate::disc::DiscState;
use crate::interview::{Alarm, Event, InterruptionCause, MediaTime, Moment, PartNumber, StateName};
use pipelines::messages::ToMedia;
use std::time::{Duration, Instant};

/// A fragment a second becomes durable; after this long it is more than a busy moment.
pub(super) const DURABLE_WITHIN: Duration = Duration::from_secs(4);
/// What is burnt comes from closed segments of the master, and what waits for it lies in memory: a disc carries
/// an interview over a moment of the disk, not over its death.
const DISC_CARRIES: Duration = Duration::from_secs(60);
/// Everything has to be well for so long before the interview goes on.
const SETTLED: Duration = Duration::from_secs(1);

/// Why the recording cannot be guaranteed, and since when.
pub(super) struct Loss {
    cause: InterruptionCause,
    detail: &'static str,
    since: Instant,
}

impl Appliance {
    pub(super) fn watch_guarantee(&mut self) {
        match self.interview.state() {
            StateName::Recording => {
                let grace = Duration::from_secs(u64::from(self.config.interview.suspend_after_seconds));
                if let Some(loss) = self.loss(grace) {
                    self.suspend(&loss);
                }
            }
            StateName::Suspended | StateName::Unrecorded | StateName::ContinuedElsewhere => {
                self.watch_mending()
            }
            StateName::Idle
            | StateName::Prechecked
            | StateName::Confidential
            | StateName::Starting
            | StateName::Closing
            | StateName::Closed => {}
        }
        self.tell_of_stage();
    }

    /// The alarm stands as long as the suspension, and the picture never says what is over.
    fn tell_of_stage(&mut self) {
        let state = self.interview.state();
        if std::mem::replace(&mut self.state_told, state) == state {
            return;
        }
        if state == StateName::Suspended {
            self.raise(Alarm::InterviewSuspended, "");
        } else {
            self.clear(Alarm::InterviewSuspended);
        }
        self.overlay();
    }

    /// What is gone for longer than `grace`; the disk has its own measure.
    fn loss(&self, grace: Duration) -> Option<Loss> {
        let gone_for = |since: Option<Instant>| since.filter(|since| since.elapsed() >= grace);
        if let Some(since) = gone_for(self.senses.picture_gone()) {
            return Some(Loss {
                cause: InterruptionCause::PictureLost,
                detail: "the interviewee cannot be seen",
                since,
            });
        }
        if let Some(since) = gone_for(self.senses.sound_gone()) {
            return Some(Loss {
                cause: InterruptionCause::SoundLost,
                detail: "nothing can be heard",
                since,
            });
        }
        self.disk_loss()
    }

    /// Neither the disk nor a disc can be guaranteed, or nothing comes that they could take.
    fn disk_loss(&self) -> Option<Loss> {
        let open = self.open.as_ref()?;
        let Part::Running { began, .. } = &open.part else {
            return None;
        };
        let silent = open.silent_for(began.at);
        let waits = open.recorder.waiting_bytes() > 0;
        if silent <= DURABLE_WITHIN || (waits && silent <= DISC_CARRIES && self.a_disc_carries()) {
            return None;
        }
        let (cause, detail) = match (waits, open.disk_is_full) {
            (false, _) => (InterruptionCause::MediaFailed, "nothing comes to be recorded"),
            (true, true) => (InterruptionCause::NoSpace, "the master disk is full"),
            (true, false) => (InterruptionCause::MasterFailed, "the master disk takes nothing"),
        };
        Some(Loss {
            cause,
            detail,
            since: Instant::now().checked_sub(silent)?,
        })
    }

    /// Whether a drive of this interview works and its spool takes what comes.
    fn a_disc_carries(&self) -> bool {
        let Some(open) = &self.open else { return false };
        let is_mine = self.disc_set.as_ref().is_some_and(|set| set.is_of(&open.id));
        let works = [DiscState::Writing, DiscState::Burning, DiscState::ReadingBack].map(word);
        is_mine
            && self.discs.iter().any(|(slot, view)| {
                works.contains(&view.state) && view.fault.is_none() && !open.missed.contains(slot)
            })
    }

    fn suspend(&mut self, loss: &Loss) {
        let Some(open) = &self.open else { return };
        let recorded_until = match loss.cause {
            InterruptionCause::MasterFailed | InterruptionCause::NoSpace | InterruptionCause::MediaFailed => {
                open.durable_until(wall_time(self.wall()))
            }
            // A picture that was gone before this part began is gone from its beginning.
            _ => {
                let since = match &open.part {
                    Part::Running { began, .. } => loss.since.max(began.at),
                    Part::Wanted
                    | Part::Held
                    | Part::Opening { .. }
                    | Part::Ending { .. }
                    | Part::Closing { .. } => loss.since,
                };
                self.moment_of(open, since)
            }
        };
        tracing::error!(cause = ?loss.cause, loss.detail, "the interview is suspended");
        self.observe(Event::RecordingLost {
            cause: loss.cause,
            detail: loss.detail.to_owned(),
            recorded_until,
        });
    }

    /// A moment that has passed, by the wall and by the recording.
    fn moment_of(&self, open: &OpenInterview, at: Instant) -> Moment {
        let ago = at.elapsed();
        let wall = wall_time(self.wall() - ago);
        match open.position() {
            Some((part, media_us)) => {
                let ago_us = u64::try_from(ago.as_micros()).unwrap_or(u64::MAX);
                let media_us = MediaTime(media_us.saturating_sub(ago_us));
                Moment::on_air(wall, PartNumber(part), media_us)
            }
            None => Moment::off_air(wall),
        }
    }

    /// Once all is well again the recording goes on as the next part: the one that is written already where the
    /// interview has not heard of it, else a new one.
    fn watch_mending(&mut self) {
        if self.loss(Duration::ZERO).is_some() {
            self.well_since = None;
            return;
        }
        if self.well_since.get_or_insert_with(Instant::now).elapsed() < SETTLED {
            return;
        }
        let Some(open) = &mut self.open else { return };
        let Part::Running { part, .. } = open.part else {
            return;
        };
        if open.durable.at.is_none() {
            return;
        }
        if open.told_part < part {
            self.tell_of_part(part);
        } else {
            self.stop_part(Then::NextPart);
        }
    }

    /// The interview hears that a part is being recorded.
    pub(super) fn tell_of_part(&mut self, part: u32) {
        if let Some(open) = &mut self.open {
            open.told_part = part;
        }
        self.well_since = None;
        self.observe(Event::PartBegan {
            part: PartNumber(part),
        });
        self.clear(Alarm::MediaRestarted);
    }

    /// Whether the first durable picture of a part is enough to go on: not while the cause still stands.
    pub(super) fn may_go_on(&self) -> bool {
        match self.interview.state() {
            StateName::Suspended | StateName::Unrecorded | StateName::ContinuedElsewhere => {
                self.loss(Duration::ZERO).is_none()
            }
            StateName::Idle
            | StateName::Prechecked
            | StateName::Confidential
            | StateName::Starting
            | StateName::Recording
            | StateName::Closing
            | StateName::Closed => true,
        }
    }

    /// Ends the running part gracefully, and then does what is asked.
    pub(super) fn stop_part(&mut self, then: Then) {
        let Some(open) = &mut self.open else { return };
        let asked = Instant::now();
        open.part = match std::mem::replace(&mut open.part, Part::Wanted) {
            Part::Running { part, fanout, .. } => {
                self.media.say(&ToMedia::ClosePart { part });
                Part::Ending {
                    part,
                    fanout: Some(fanout),
                    asked,
                    then,
                }
            }
            Part::Opening { part, .. } => {
                self.media.say(&ToMedia::ClosePart { part });
                Part::Ending {
                    part,
                    fanout: None,
                    asked,
                    then,
                }
            }
            Part::Ending {
                part, fanout, asked, ..
            } => Part::Ending {
                part,
                fanout,
                asked,
                then,
            },
            idle @ (Part::Wanted | Part::Held) => match then {
                Then::Close => {
                    open.part = Part::Closing { waits_for: None };
                    return self.close_interview();
                }
                Then::Hold => Part::Held,
                Then::NextPart => idle,
            },
            Part::Closing { waits_for } => Part::Closing { waits_for },
        };
    }
}
