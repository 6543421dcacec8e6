//! An open interview's recording: from the first chunk to the closed directory.
//!
//! Hears the media process and the recorder, moves the part from wanted to ended, and keeps the interview
//! truthful: it is told "part began" only when a fragment is durable, and "lost" as soon as no more can
//! come. Chunks go to the recorder and to each disc; none of them waits for another.

use super::appliance::{Appliance, wall_time};
use super::commands::{journal_lines, no_place};
use super::fanout::Fanout;
use super::media::MediaEvent;
use super::recorder::{Recorded, Recorder, Work};
use crate::disc::{About, DiscHandle, Feed};
use crate::evidence::directory::InterviewDirectory;
use crate::evidence::line::{Data, time_text};
use crate::evidence::names::TrackName;
use crate::evidence::writer::Writer;
use crate::interview::{
    Alarm, Entry, Event, Fact, InterruptionCause, Interview, MediaTime, Moment, PartNumber, Refusal,
    StateName,
};
use crate::store::LineRow;
use chrono::{DateTime, FixedOffset, TimeDelta};
use pipelines::messages::{FromMedia, ToMedia, Track};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Chunks that wait for the master beyond this are more than a stall (design 3).
const MOST_WAITING_BYTES: u64 = 64 << 20;
/// From "open part" to its header.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// From "close part" to its last chunk; afterwards what came is what there is.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct OpenInterview {
    pub id: String,
    pub uuid: String,
    pub opened_at: String,
    pub recorder: Recorder,
    pub discs: Vec<DiscHandle>,
    pub part: Part,
    /// The part last begun, 0 before the first.
    pub last_part: u32,
    pub durable: Durable,
    pub conditions: Arc<Data>,
}

/// What a replacement of one of its discs is burnt from.
pub(super) struct ClosedInterview {
    pub dir: PathBuf,
    pub about: About,
    /// Slots that were burnt anew already.
    pub replaced: BTreeSet<&'static str>,
}

/// Where the recording of the present part stands.
pub(super) enum Part {
    /// The media process is asked as soon as it is ready.
    Wanted,
    /// The power was away too long to go on unasked: one press (`resume`) makes it wanted.
    Held,
    Opening {
        part: u32,
        asked: Instant,
    },
    Running {
        part: u32,
        fanout: Fanout,
        began: Instant,
    },
    /// The gate is closing; the interview ends when all is durable.
    Ending {
        part: u32,
        fanout: Option<Fanout>,
        asked: Instant,
    },
    /// Nothing more comes; the recorder was told to close.
    Closing,
}

/// What is known to be on the master disk of the present part.
#[derive(Clone, Copy, Default)]
pub(super) struct Durable {
    pub part: u32,
    pub until_us: u64,
    pub at: Option<Instant>,
    pub wall: Option<DateTime<FixedOffset>>,
}

impl OpenInterview {
    /// Part and media time of this moment, while one runs.
    pub fn position(&self) -> Option<(u32, u64)> {
        match &self.part {
            Part::Running { part, began, .. } => Some((
                *part,
                u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            )),
            Part::Wanted | Part::Held | Part::Opening { .. } | Part::Ending { .. } | Part::Closing => None,
        }
    }
}

impl Appliance {
    /// Makes the directory, its journal and the ways out; nothing is recorded yet.
    pub(super) fn open_interview(&mut self, entries: &[Entry]) -> Result<(), Refusal> {
        let directory =
            InterviewDirectory::create(&self.place, &self.config.room.id, "none", Arc::clone(&self.now))
                .map_err(|error| no_place(&error.to_string()))?;
        let writer = Writer::new(&directory, self.config.segment_seconds);
        self.begin_interview(directory, writer, 0, entries)
    }

    /// Puts an interview's directory under this room's care, new or found open at the start.
    pub(super) fn begin_interview(
        &mut self,
        directory: InterviewDirectory,
        writer: Writer,
        last_part: u32,
        entries: &[Entry],
    ) -> Result<(), Refusal> {
        let id = directory.id().to_string();
        let uuid = directory.uuid().to_string();
        let dir = directory.path().to_path_buf();
        let opened_at = time_text(self.wall());
        let events = self.events.clone();
        let recorder = Recorder::start(directory, writer, move |recorded| {
            let _ = events.send(super::events::RoomEvent::Recorded(recorded));
        })
        .map_err(|error| no_place(&error.to_string()))?;
        let announced = json!({"interview": id, "uuid": uuid});
        if let Err(error) = self.ledger.write("interview-opened", announced) {
            tracing::error!(%error, "ledger");
        }
        let about = self.about(&id, &uuid, &opened_at, entries);
        let discs = self.start_discs(&dir, &about);
        self.closed = Some(ClosedInterview {
            dir,
            about,
            replaced: BTreeSet::new(),
        });
        let open = OpenInterview {
            id,
            uuid,
            opened_at,
            recorder,
            discs,
            last_part,
            part: Part::Wanted,
            durable: Durable::default(),
            conditions: Arc::new(Data::new()),
        };
        self.open = Some(open);
        self.index_interview(None);
        self.ask_for_part();
        Ok(())
    }

    /// Asks the media process for the next part, if one is wanted and the process is there.
    pub(super) fn ask_for_part(&mut self) {
        if !self.media_view.ready {
            return;
        }
        let Some(open) = &mut self.open else { return };
        if !matches!(open.part, Part::Wanted) {
            return;
        }
        let part = open.last_part + 1;
        open.part = Part::Opening {
            part,
            asked: Instant::now(),
        };
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

    fn on_header(&mut self, part: u32, track: Track, header: Arc<[u8]>) {
        let now = self.wall();
        let segment_seconds = self.config.segment_seconds;
        let Some(open) = &mut self.open else { return };
        let lag = Duration::from_millis(u64::from(crate::room::CHUNK_MS)) + INPUT_LAG;
        let started_at = now - TimeDelta::from_std(lag).unwrap_or_default();
        let header_copy = Arc::clone(&header);
        let name = track_name(track);
        match (track, &open.part) {
            (Track::Composite, Part::Opening { part: wanted, .. }) if *wanted == part => {
                let Some(fanout) = Fanout::begin(part, segment_seconds, header_copy) else {
                    return;
                };
                let began = Instant::now().checked_sub(lag).unwrap_or_else(Instant::now);
                open.part = Part::Running { part, fanout, began };
                open.durable = Durable {
                    part,
                    ..Durable::default()
                };
            }
            (Track::Original(_), Part::Opening { part: wanted, .. } | Part::Running { part: wanted, .. })
                if *wanted == part => {}
            (Track::Composite | Track::Original(_), _) => {
                tracing::warn!(part, "a header of a part that is not wanted was left out");
                return;
            }
        }
        open.recorder.give(Work::BeginPart {
            part,
            track: name,
            started_at,
            header,
        });
    }

    fn on_chunk(&mut self, part: u32, track: Track, starts_fragment: bool, bytes: Arc<[u8]>) {
        let Some(open) = &mut self.open else { return };
        let (present, fanout) = match &mut open.part {
            Part::Running { part, fanout, .. } => (*part, Some(fanout)),
            Part::Ending { part, fanout, .. } => (*part, fanout.as_mut()),
            Part::Wanted | Part::Held | Part::Opening { .. } | Part::Closing => return,
        };
        if part != present {
            tracing::error!(part, present, "a chunk of another part was refused");
            return;
        }
        if let (Track::Composite, Some(fanout)) = (track, fanout) {
            fanout.feed(&open.discs, starts_fragment, &bytes);
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
        if matches!(&open.part, Part::Ending { part: ending, .. } if *ending == part) {
            open.part = Part::Closing;
            open.recorder.give(Work::EndPart { part });
        }
    }

    fn on_media_died(&mut self, reason: &str) {
        tracing::error!(reason, "the media process ended; it is started again");
        self.media_view.ready = false;
        self.media_view.restarts += 1;
        self.media_view.left = None;
        self.media_view.right = None;
        self.raise(Alarm::MediaRestarted, reason);
        self.recording_lost(InterruptionCause::MediaFailed, reason);
    }

    /// No more chunks of the present part will come: the gap begins at the last durable picture.
    pub(super) fn recording_lost(&mut self, cause: InterruptionCause, reason: &str) {
        let now = self.wall();
        let Some(open) = &mut self.open else { return };
        let before = std::mem::replace(&mut open.part, Part::Wanted);
        let part = match before {
            Part::Running { part, .. } => part,
            Part::Ending { part, .. } => {
                open.part = Part::Closing;
                open.recorder.give(Work::EndPart { part });
                return;
            }
            Part::Opening { .. } => {
                // Nothing of it came, so its number is free.
                open.last_part -= 1;
                return;
            }
            Part::Wanted => return,
            Part::Held => {
                open.part = Part::Held;
                return;
            }
            Part::Closing => {
                open.part = Part::Closing;
                return;
            }
        };
        open.recorder.give(Work::EndPart { part });
        let until = wall_time(open.durable.wall.unwrap_or(now));
        let media_us = MediaTime(open.durable.until_us);
        let recorded_until = Moment::on_air(until, PartNumber(part), media_us);
        let event = Event::RecordingLost {
            cause,
            detail: reason.to_owned(),
            recorded_until,
        };
        self.observe(event);
    }

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
            Recorded::SegmentClosed {
                path,
                size,
                sha256,
                sm3,
            } => {
                let Some(open) = &self.open else { return };
                for disc in &open.discs {
                    disc.feed(Feed::FileDone {
                        path: path.clone(),
                        size,
                        sha256: sha256.clone(),
                        sm3: sm3.clone(),
                    });
                }
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
            Recorded::PartEnded => self.on_part_ended(),
            Recorded::FileRefused { number, reason } => self.refuse_file(number, &reason),
            Recorded::Spoilt { reason } => self.on_spoilt(&reason),
            Recorded::Stuck { reason, full } => {
                let alarm = if full {
                    Alarm::MasterSpaceLow
                } else {
                    Alarm::MasterFailed
                };
                self.raise(alarm, &reason);
            }
            Recorded::Unstuck => self.clear(Alarm::MasterFailed),
            Recorded::Closed => self.on_closed(),
            Recorded::NotClosed { reason } => self.raise(Alarm::MasterFailed, &reason),
        }
    }

    fn on_durable(&mut self, part: u32, until_us: u64) {
        let wall = self.wall();
        let Some(open) = &mut self.open else { return };
        let is_first = open.durable.at.is_none();
        if open.durable.part != part {
            return;
        }
        open.durable = Durable {
            part,
            until_us,
            at: Some(Instant::now()),
            wall: Some(wall),
        };
        if is_first && matches!(open.part, Part::Running { .. }) {
            self.observe(Event::PartBegan {
                part: PartNumber(part),
            });
            self.clear(Alarm::MediaRestarted);
        }
    }

    fn on_lines(&mut self, lines: Vec<crate::evidence::line::Line>, number: u64) {
        if let Some(open) = &self.open {
            for line in &lines {
                let data = serde_json::to_string(&line.data).unwrap_or_else(|_| "{}".into());
                let row = LineRow {
                    seq: line.seq,
                    at: line.at.clone(),
                    kind: line.kind.clone(),
                    data,
                };
                if let Err(error) = self.store.put_line(&open.id, &row) {
                    tracing::error!(%error, "index");
                }
            }
        }
        if let Some(place) = self.waiting.iter().position(|w| w.number == number)
            && let Some(waiting) = self.waiting.remove(place)
        {
            self.answer(waiting);
        }
    }

    /// The muxer's output could not be kept: the part is over, the next one begins at once.
    fn on_spoilt(&mut self, reason: &str) {
        tracing::error!(reason, "recorder");
        if let Some(open) = &self.open
            && let Part::Running { part, .. } = &open.part
        {
            let part = *part;
            self.media.say(&ToMedia::ClosePart { part });
            self.recording_lost(InterruptionCause::MediaFailed, reason);
            self.ask_for_part();
        }
    }

    pub(super) fn end_recording(&mut self) {
        let Some(open) = &mut self.open else { return };
        match std::mem::replace(&mut open.part, Part::Closing) {
            Part::Running { part, fanout, .. } => {
                open.part = Part::Ending {
                    part,
                    fanout: Some(fanout),
                    asked: Instant::now(),
                };
                self.media.say(&ToMedia::ClosePart { part });
            }
            Part::Opening { part, .. } => {
                open.part = Part::Ending {
                    part,
                    fanout: None,
                    asked: Instant::now(),
                };
                self.media.say(&ToMedia::ClosePart { part });
            }
            Part::Wanted | Part::Held | Part::Closing => self.close_interview(),
            Part::Ending { part, fanout, asked } => open.part = Part::Ending { part, fanout, asked },
        }
    }

    fn on_part_ended(&mut self) {
        if self
            .open
            .as_ref()
            .is_some_and(|open| matches!(open.part, Part::Closing))
        {
            self.close_interview();
        }
    }

    fn close_interview(&mut self) {
        let facts = super::facts::closing_facts(&self.config, &self.interview.view());
        if let Some(open) = &self.open {
            open.recorder.give(Work::Close {
                facts: Box::new(facts),
            });
        }
    }

    fn on_closed(&mut self) {
        self.observe(Event::Closed {});
        let closed_at = time_text(self.wall());
        self.index_interview(Some(closed_at));
        let Some(mut open) = self.open.take() else { return };
        let announced = json!({"interview": open.id, "uuid": open.uuid});
        if let Err(error) = self.ledger.write("interview-closed", announced) {
            tracing::error!(%error, "ledger");
        }
        for disc in &open.discs {
            disc.feed(Feed::Finish);
        }
        self.finishing.append(&mut open.discs);
        self.interview = Interview::new(self.rules.clone());
        self.raise_what_stands();
        self.overlay();
    }

    /// Deadlines of the present part, and the load on the master.
    pub(super) fn watch_recording(&mut self) {
        let Some(open) = &mut self.open else { return };
        match &open.part {
            Part::Opening { asked, part } if asked.elapsed() > OPEN_WITHIN => {
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
        self.raise(
            Alarm::MediaFailing,
            &format!("等待按“继续录制” waits for `resume`: {since}"),
        );
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

/// Frames reach the composer this long after they were seen.
const INPUT_LAG: Duration = Duration::from_nanos(pipelines::timeline::INPUT_LATENCY_NS);

fn track_name(track: Track) -> TrackName {
    match track {
        Track::Composite => TrackName::Program,
        Track::Original(slot) => TrackName::Named(slot.name().to_owned()),
    }
}
