//! The room's loop: what happened → what it means → journal → effects.
//!
//! One thread, one queue. It decides by asking the interview, hands lines to the recorder and carries out
//! effects; it never touches a disk, a drive or a camera itself and waits for none. `commands` holds what
//! people ask, `recording` what media and evidence say, `alarms` what is wrong, `publish` what is shown.

use super::burners::DrivesInUse;
use super::case_discs::CaseBurn;
use super::clock_step::ClockWatch;
use super::config::RoomConfig;
use super::disc_orders::DiscOrder;
use super::discs::DiscSet;
use super::events::RoomEvent;
use super::handle::Answer;
use super::index::Index;
use super::keys::KeyTrouble;
use super::logs::LedgerLog;
use super::numbering::Numbering;
use super::open::{OpenInterview, Part};
use super::ports::{ClimateReading, ClockQuality, Media};
use super::recorder::Work;
use super::senses::Senses;
use super::snapshot::{DiscView, MediaView, Snapshot};
use crate::disc::Slot;
use crate::evidence::directory::Place;
use crate::evidence::now::Now;
use crate::interview::{Entry, Interview, MediaTime, Moment, PartNumber, Rules, StateName, WallTime};
use chrono::{DateTime, FixedOffset};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

const TICK: Duration = Duration::from_millis(100);
/// What is queued for the disk when the service is told to end.
const END_WITHIN: Duration = Duration::from_secs(5);

/// A command whose lines are on their way to the disk.
pub(super) struct Waiting {
    pub number: u64,
    pub command_id: String,
    pub answer: Answer,
    /// Commands are answered the same for ever; a file has its own name instead.
    pub is_kept: bool,
    /// What the interview takes in only now that it is durable.
    pub admits: Vec<Entry>,
    pub replies: Vec<oneshot::Sender<Answer>>,
}

/// A reading and when it was taken.
#[derive(Clone, Copy)]
pub(super) struct Dated<T> {
    pub value: T,
    pub at: Instant,
}

pub struct Appliance {
    pub(super) config: Arc<RoomConfig>,
    pub(super) place: Place,
    pub(super) rules: Rules,
    pub(super) interview: Interview,
    pub(super) open: Option<OpenInterview>,
    /// The interview whose discs lie in the drives, and those that wait for them.
    pub(super) disc_set: Option<DiscSet>,
    pub(super) disc_queue: VecDeque<DiscOrder>,
    /// The merged disc of a case in hand, or how the last one ended.
    pub(super) case_burn: Option<CaseBurn>,
    /// Which set of its case each interview's discs are.
    pub(super) numbering: Numbering,
    pub(super) media: Box<dyn Media>,
    /// Payload bytes between the socket and this loop.
    pub(super) media_queued_bytes: Arc<AtomicU64>,
    pub(super) media_view: MediaView,
    pub(super) discs: BTreeMap<String, DiscView>,
    /// Which drives only the discs' workers may touch.
    pub(super) drives_in_use: DrivesInUse,
    /// Slots of which it was told that their disc will soon be full.
    pub(super) nearly_full: BTreeSet<Slot>,
    pub(super) index: Index,
    pub(super) ledger: Arc<LedgerLog>,
    pub(super) clock: Option<ClockQuality>,
    /// What was wrong with the device's keys at this start.
    pub(super) key_troubles: Vec<KeyTrouble>,
    /// Which interview last closed without its time stamp, and why.
    pub(super) unstamped: Option<String>,
    pub(super) clock_watch: ClockWatch,
    pub(super) senses: Senses,
    /// Since when nothing stands against going on after a suspension.
    pub(super) well_since: Option<Instant>,
    /// Closed interviews whose urgent incomplete end waits for its approver's word, by id.
    pub(super) unconfirmed: BTreeMap<String, Interview>,
    /// The state that picture and alarms last spoke of.
    pub(super) state_told: StateName,
    pub(super) climate: Option<Dated<ClimateReading>>,
    pub(super) free_bytes: Option<u64>,
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) next_number: u64,
    pub(super) epoch: String,
    pub(super) revision: u64,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) events: Sender<RoomEvent>,
    pub(super) now: Arc<dyn Now>,
    pub(super) dirty: bool,
}

impl Appliance {
    /// Runs until `Shutdown`. Publishes after each round of events, at most ten times a second.
    pub fn run(mut self, queue: &Receiver<RoomEvent>) {
        self.publish();
        let mut published = Instant::now();
        loop {
            match queue.recv_timeout(TICK) {
                Ok(RoomEvent::Shutdown) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if published.elapsed() >= TICK {
                self.tick();
                if self.dirty || published.elapsed() >= Duration::from_secs(1) {
                    self.publish();
                }
                published = Instant::now();
            }
        }
        self.end();
    }

    /// What came so far becomes durable; an open interview stays open and goes on at the next start.
    fn end(mut self) {
        self.media.stop();
        if let Some(open) = self.open.take() {
            if let Part::Running { part, .. } | Part::Ending { part, .. } = open.part {
                open.recorder.give(Work::EndPart { part });
            }
            open.recorder.end(END_WITHIN);
        }
    }

    fn take(&mut self, event: RoomEvent) {
        self.dirty = true;
        match event {
            RoomEvent::Command {
                request,
                actor,
                reply,
            } => self.on_command(request, &actor, reply),
            RoomEvent::Weigh {
                request,
                actor,
                reply,
                free,
            } => self.on_weigh(&request, &actor, reply, free),
            RoomEvent::Refuse {
                request,
                refusal,
                actor,
                reply,
            } => self.on_refuse(&request, refusal, &actor, reply),
            RoomEvent::File {
                path,
                bytes,
                actor,
                reply,
            } => self.on_file(path, bytes, &actor, reply),
            RoomEvent::Reserve { about, reply } => {
                let _ = reply.send(self.on_reserve(&about));
            }
            RoomEvent::Arrived { file, actor, reply } => self.on_arrived(*file, &actor, reply),
            RoomEvent::Media(event) => {
                self.media_queued_bytes
                    .fetch_sub(event.payload_bytes(), Ordering::SeqCst);
                self.on_media(event);
            }
            RoomEvent::Recorded(recorded) => self.on_recorded(recorded),
            RoomEvent::Disc { interview, event } => self.on_disc(&interview, event),
            RoomEvent::CaseDisc(event) => self.on_case_disc(event),
            RoomEvent::CaseDiscEnded(burnt) => self.on_case_disc_ended(burnt),
            RoomEvent::Burner(seen) => self.on_burner(seen),
            RoomEvent::Surroundings {
                clock,
                climate,
                free_bytes,
            } => {
                self.on_surroundings(clock, climate, free_bytes);
            }
            RoomEvent::AnswerKept { number } => self.answer_kept(number),
            RoomEvent::Shutdown => {}
        }
    }

    fn tick(&mut self) {
        self.watch_recording();
        self.watch_guarantee();
        self.watch_surroundings();
        self.watch_discs();
    }

    /// Wall time with its offset, to the millisecond.
    pub(super) fn wall(&self) -> DateTime<FixedOffset> {
        self.now.now().at
    }

    /// Now, by the wall and, while a part runs, by the recording.
    pub(super) fn moment(&self) -> Moment {
        let wall = wall_time(self.wall());
        match self.open.as_ref().and_then(OpenInterview::position) {
            Some((part, media_us)) => Moment::on_air(wall, PartNumber(part), MediaTime(media_us)),
            None => Moment::off_air(wall),
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}

pub(super) fn wall_time(at: DateTime<FixedOffset>) -> WallTime {
    WallTime::new(at.timestamp_millis(), at.offset().local_minus_utc() / 60)
}
