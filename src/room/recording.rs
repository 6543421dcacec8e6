//! What the media process says, and what the room makes of it: parts opened, chunks passed on, a process lost.
//!
//! Chunks go to the recorder and to each disc; none of them waits for another. When no more can come the
//! interview is told at once; that recording runs it is told by `recorded`, when a fragment is durable.

use super::appliance::{Appliance, wall_time};
use super::commands::no_place;
use super::disc_orders::{DiscOrder, case_at_start};
use super::fanout::Fanout;
use super::media::MediaEvent;
use super::open::{Began, Durable, OpenInterview, Originals, Part, Then};
use super::recorder::{Recorder, Work};
use crate::evidence::directory::InterviewDirectory;
use crate::evidence::line::{Data, time_text};
use crate::evidence::names::TrackName;
use crate::evidence::writer::Writer;
use crate::interview::{Alarm, Entry, Event, InterruptionCause, Refusal, StateName};
use chrono::DateTime;
use pipelines::messages::{CameraStatus, FromMedia, MicrophoneStatus, ToMedia, Track};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// A master that stood still takes a new part only when so little waits for it.
const CAUGHT_UP_BYTES: u64 = 1 << 20;

impl Appliance {
    /// Makes the directory, its journal and the ways out; nothing is recorded yet.
    pub(super) fn open_interview(&mut self, entries: &[Entry]) -> Result<(), Refusal> {
        let directory = InterviewDirectory::create(&self.place, &self.config.room.id, Arc::clone(&self.now))
            .map_err(|error| no_place(&error.to_string()))?;
        let writer = Writer::new(&directory, self.config.segment_seconds);
        self.begin_interview(directory, writer, 0, entries, None)
    }

    /// Puts an interview's directory under this room's care, new or found open at the start.
    pub(super) fn begin_interview(
        &mut self,
        directory: InterviewDirectory,
        writer: Writer,
        last_part: u32,
        entries: &[Entry],
        opened_at: Option<String>,
    ) -> Result<(), Refusal> {
        let id = directory.id().to_string();
        let uuid = directory.uuid().to_string();
        let dir = directory.path().to_path_buf();
        let mirror = directory.mirror().cloned();
        let opened_at = opened_at.unwrap_or_else(|| time_text(self.wall()));
        let events = self.events.clone();
        let recorder = Recorder::start(directory, writer, move |recorded| {
            let _ = events.send(super::events::RoomEvent::Recorded(recorded));
        })
        .map_err(|error| no_place(&error.to_string()))?;
        self.number_set(&id, &uuid, &case_at_start(entries));
        let about = self.about(&id, &uuid, &opened_at, entries);
        self.open = Some(OpenInterview {
            id,
            uuid,
            opened_at,
            recorder,
            order: DiscOrder {
                dir,
                about,
                slots: self.slots(),
            },
            segments: Vec::new(),
            mirror,
            stall_told: false,
            disk_is_full: false,
            missed: BTreeSet::new(),
            last_part,
            told_part: last_part,
            part: Part::Wanted,
            durable: Durable::default(),
            originals: Originals::default(),
            conditions: Arc::new(Data::new()),
        });
        Ok(())
    }

    /// The interview was accepted: from here on it is shown, indexed, and recorded as soon as it can be.
    pub(super) fn on_started(&mut self) {
        if let Some(open) = &self.open {
            let announced = json!({"interview": open.id, "uuid": open.uuid});
            if let Err(error) = self.ledger.write("interview-opened", announced) {
                tracing::error!(%error, "ledger");
            }
        }
        self.index_interview(None);
        self.overlay();
        self.ask_for_part();
        self.watch_discs();
    }

    /// Asks the media process for the next part, if one is wanted and the process is there.
    pub(super) fn ask_for_part(&mut self) {
        // What went on unrecorded by approval is recorded again as soon as it can be. One that went on
        // elsewhere is held until somebody says that it is back.
        let resumes = match self.interview.state() {
            StateName::Starting
            | StateName::Recording
            | StateName::Suspended
            | StateName::Unrecorded
            | StateName::ContinuedElsewhere => true,
            StateName::Idle
            | StateName::Prechecked
            | StateName::Confidential
            | StateName::Closing
            | StateName::Closed => false,
        };
        let Some(open) = &mut self.open else { return };
        let has_caught_up = open.recorder.waiting_bytes() < CAUGHT_UP_BYTES;
        if !resumes || !has_caught_up || !self.media_view.ready || !matches!(open.part, Part::Wanted) {
            return;
        }
        let part = open.last_part + 1;
        open.part = Part::Opening {
            part,
            asked: Instant::now(),
            began: None,
        };
        open.originals = Originals::default();
        open.last_part = part;
        self.overlay();
        self.media.say(&ToMedia::OpenPart { part });
    }

    pub(super) fn on_media(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Said { message, payload } => self.on_media_said(message, payload),
            MediaEvent::Died { reason } => self.on_media_died(&reason),
        }
    }

    fn on_media_said(&mut self, message: FromMedia, payload: Vec<u8>) {
        match message {
            FromMedia::Ready { encoder } => {
                self.media_view.ready = true;
                self.media_view.encoder = encoder;
                let layout = self.media_view.layout;
                self.media.say(&ToMedia::SetLayout { layout });
                self.overlay();
                self.ask_for_part();
            }
            FromMedia::PartOpened { part, began_unix_ms } => self.on_part_opened(part, began_unix_ms),
            FromMedia::Header { part, track } => self.on_header(part, track, payload.into()),
            FromMedia::Chunk {
                part,
                track,
                starts_fragment,
            } => {
                self.on_chunk(part, track, starts_fragment, payload.into());
            }
            FromMedia::PartClosed { part } => self.on_part_closed(part),
            FromMedia::Levels { left, right } => {
                if self.interview.state() != StateName::Confidential {
                    self.media_view.left = Some(left);
                    self.media_view.right = Some(right);
                }
            }
            FromMedia::Camera { slot, status } => self.on_camera(slot, status),
            FromMedia::Microphone { channel, status } => self.on_microphone(channel, status),
            FromMedia::Began { watch } => self.on_watch(watch, true),
            FromMedia::Ended { watch } => self.on_watch(watch, false),
            FromMedia::Counted { counters } => {
                self.media_view.counters = counters;
                self.renew_conditions();
            }
            FromMedia::Alive { .. } => {}
            FromMedia::Failed { step, message } => tracing::error!(step, message, "media"),
        }
    }

    fn on_part_opened(&mut self, opened: u32, began_unix_ms: i64) {
        let now = self.wall();
        let Some(open) = &mut self.open else { return };
        if let Part::Opening { part, began, .. } = &mut open.part
            && *part == opened
        {
            let wall =
                DateTime::from_timestamp_millis(began_unix_ms).map(|t| t.with_timezone(&now.timezone()));
            let wall = wall.unwrap_or(now);
            let ago = (now - wall).to_std().unwrap_or_default();
            *began = Some(Began {
                wall,
                at: Instant::now().checked_sub(ago).unwrap_or_else(Instant::now),
            });
        }
    }

    fn on_header(&mut self, part: u32, track: Track, header: Arc<[u8]>) {
        let segment_seconds = self.config.segment_seconds;
        let Some(open) = &mut self.open else { return };
        let began = match &open.part {
            Part::Opening {
                part: wanted,
                began: Some(began),
                ..
            } if *wanted == part => *began,
            Part::Running {
                part: wanted, began, ..
            } if *wanted == part => *began,
            Part::Wanted
            | Part::Held
            | Part::Opening { .. }
            | Part::Running { .. }
            | Part::Ending { .. }
            | Part::Closing { .. } => {
                tracing::warn!(part, "a header of a part that is not wanted was left out");
                return;
            }
        };
        match track {
            Track::Composite => {
                let Some(fanout) = Fanout::begin(part, segment_seconds, Arc::clone(&header)) else {
                    return;
                };
                open.part = Part::Running { part, fanout, began };
                open.durable = Durable {
                    part,
                    ..Durable::default()
                };
            }
            Track::Original(slot) => {
                if !open.originals.begin(slot) {
                    // The camera changed its picture; its track goes on with the next part.
                    self.raise(
                        Alarm::FramesDropped,
                        &format!("original of {} ended", slot.name()),
                    );
                    return;
                }
            }
        }
        if let Some(open) = &self.open {
            let (track, started_at) = (track_name(track), began.wall);
            open.recorder.give(Work::BeginPart {
                part,
                track,
                started_at,
                header,
            });
        }
    }

    fn on_chunk(&mut self, part: u32, track: Track, starts_fragment: bool, bytes: Arc<[u8]>) {
        let Some(open) = &mut self.open else { return };
        let (present, fanout) = match &mut open.part {
            Part::Running { part, fanout, .. } => (*part, Some(fanout)),
            Part::Ending { part, fanout, .. } => (*part, fanout.as_mut()),
            // Originals are not composed first, so their key frame comes before the composite's header.
            Part::Opening { part, .. } if matches!(track, Track::Original(_)) => (*part, None),
            Part::Wanted | Part::Held | Part::Opening { .. } | Part::Closing { .. } => return,
        };
        if part != present {
            tracing::error!(part, present, "a chunk of another part was refused");
            return;
        }
        if let Track::Original(slot) = track
            && !open.originals.runs(slot)
        {
            return;
        }
        if let (Track::Composite, Some(fanout)) = (track, fanout)
            && let Some(piece) = fanout.next(starts_fragment, &bytes)
            && let Some(set) = self.disc_set.as_mut().filter(|set| set.is_of(&open.id))
        {
            set.pass_on(&piece, &bytes);
        }
        let conditions = Arc::clone(&open.conditions);
        open.recorder.give(Work::Chunk {
            part,
            track: track_name(track),
            starts_fragment,
            bytes,
            conditions,
        });
    }

    fn on_part_closed(&mut self, part: u32) {
        let Some(open) = &mut self.open else { return };
        let Part::Ending {
            part: ending,
            fanout,
            then,
            ..
        } = &open.part
        else {
            return;
        };
        if *ending != part {
            return;
        }
        let (then, began) = (*then, fanout.is_some());
        if !began && then != Then::Close {
            open.give_back(part);
        }
        open.recorder.give(Work::EndPart { part });
        open.part = match then {
            Then::Close => Part::Closing {
                waits_for: Some(part),
            },
            Then::NextPart => Part::Wanted,
            Then::Hold => Part::Held,
        };
        self.ask_for_part();
    }

    fn on_media_died(&mut self, reason: &str) {
        tracing::error!(reason, "the media process ended; it is started again");
        self.media_view.ready = false;
        self.media_view.restarts += 1;
        self.media_view.left = None;
        self.media_view.right = None;
        // What it said of devices died with it.
        self.senses.forget(Instant::now());
        for status in self.media_view.cameras.values_mut() {
            *status = CameraStatus::Connecting;
        }
        for status in self.media_view.microphones.values_mut() {
            *status = MicrophoneStatus::Connecting;
        }
        self.raise(Alarm::MediaRestarted, reason);
        self.recording_lost(InterruptionCause::MediaFailed, reason);
    }

    /// No more chunks of the present part will come: the gap begins at the last durable picture.
    pub(super) fn recording_lost(&mut self, cause: InterruptionCause, reason: &str) {
        let now = wall_time(self.wall());
        let Some(open) = &mut self.open else { return };
        let before = std::mem::replace(&mut open.part, Part::Wanted);
        let (part, then) = match before {
            Part::Running { part, .. } => (part, Then::NextPart),
            Part::Ending {
                part, fanout, then, ..
            } => {
                if fanout.is_none() && then != Then::Close {
                    open.give_back(part);
                }
                (part, then)
            }
            Part::Opening { part, .. } => {
                if open.originals.any() {
                    open.recorder.give(Work::EndPart { part });
                }
                open.give_back(part);
                return;
            }
            Part::Wanted => return,
            Part::Held => {
                open.part = Part::Held;
                return;
            }
            Part::Closing { waits_for } => {
                open.part = Part::Closing { waits_for };
                return;
            }
        };
        open.recorder.give(Work::EndPart { part });
        // A complete end that rests on what was lost is opened again by the interview; others go on to close.
        open.part = Part::Closing {
            waits_for: Some(part),
        };
        let recorded_until = open.durable_until(now);
        let event = Event::RecordingLost {
            cause,
            detail: reason.to_owned(),
            recorded_until,
        };
        self.observe(event);
        if let Some(open) = &mut self.open
            && self.interview.state() != StateName::Closing
        {
            open.part = match then {
                Then::Hold => Part::Held,
                Then::Close | Then::NextPart => Part::Wanted,
            };
        }
    }
}

fn track_name(track: Track) -> TrackName {
    match track {
        Track::Composite => TrackName::Program,
        Track::Original(slot) => TrackName::Named(slot.name().to_owned()),
    }
}
