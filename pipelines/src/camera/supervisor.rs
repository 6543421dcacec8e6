//! The supervisor of one camera: builds its pipeline, watches it, ends it, and tries again for ever.
//!
//! Runs on its own thread and is the only reader of its pipeline's bus. Everything that can hang has a
//! deadline. Tells each change of status once.

use super::feed::{Feed, Look, Still};
use super::rtsp::{Over, RtspCamera};
use super::{Board, BuildError, CameraOutputs, Lost, fault, file, rtsp, test, v4l2};
use crate::deadline::change_state;
use crate::messages::{CameraFault, CameraStatus, FromMedia};
use crate::settings::{CameraSettings, CameraSource, Slot, VideoSettings};
use crate::timeline::Timeline;
use gst::prelude::*;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

const LOOK_EVERY: gst::ClockTime = gst::ClockTime::from_mseconds(100);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Cameras lock users out after a handful of wrong passwords.
const WAIT_AFTER_REFUSAL: Duration = Duration::from_secs(30);

pub(super) struct Supervisor {
    settings: CameraSettings,
    video: VideoSettings,
    timeline: Timeline,
    outputs: Arc<CameraOutputs>,
    board: Arc<Board>,
    asked: Receiver<()>,
}

/// How an attempt ended.
enum End {
    Asked,
    Lost { lost: Lost, frames: u64 },
}

impl Supervisor {
    pub(super) fn new(
        settings: CameraSettings,
        video: VideoSettings,
        timeline: Timeline,
        outputs: CameraOutputs,
        board: Arc<Board>,
        asked: Receiver<()>,
    ) -> Self {
        Supervisor {
            settings,
            video,
            timeline,
            outputs: Arc::new(outputs),
            board,
            asked,
        }
    }

    pub(super) fn run(self) {
        let mut wait = FIRST_WAIT;
        let mut fruitless = 0u32;
        loop {
            let (lost, frames) = match self.attempt(fruitless) {
                End::Asked => return,
                End::Lost { lost, frames } => (lost, frames),
            };
            // A transport that worked is tried again first.
            if frames > 0 {
                wait = FIRST_WAIT;
            } else {
                fruitless = fruitless.wrapping_add(1);
            }
            let refused = lost.cause == CameraFault::Unauthorized;
            self.tell(CameraStatus::Lost {
                cause: lost.cause,
                reason: lost.reason,
            });
            match self
                .asked
                .recv_timeout(if refused { WAIT_AFTER_REFUSAL } else { wait })
            {
                Err(RecvTimeoutError::Timeout) => wait = (wait * 2).min(LONGEST_WAIT),
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn attempt(&self, fruitless: u32) -> End {
        let feed = Feed::new(self.outputs.clone(), self.timeline.clone(), self.still());
        let pipeline = gst::Pipeline::with_name(&format!("camera-{}", self.settings.slot.name()));
        pipeline.use_clock(Some(&self.timeline.clock));
        let end = match self.build(&pipeline, &feed, fruitless) {
            Ok(()) => self.watch(&pipeline, &feed),
            Err(error) => Some(fault::of_build(&error)),
        };
        feed.close();
        if let Some(lost) = &end {
            // Without the elements' properties: among them is the password.
            let details = gst::DebugGraphDetails::MEDIA_TYPE
                | gst::DebugGraphDetails::CAPS_DETAILS
                | gst::DebugGraphDetails::STATES;
            pipeline.debug_to_dot_file_with_ts(details, format!("{}-{:?}", pipeline.name(), lost.cause));
        }
        if let Err(error) = change_state(&pipeline, gst::State::Null) {
            tracing::error!(slot = self.settings.slot.name(), %error, "camera's pipeline did not end");
        }
        match end {
            None => End::Asked,
            Some(lost) => End::Lost {
                lost,
                frames: feed.frames(),
            },
        }
    }

    fn still(&self) -> Still {
        match (&self.settings.source, self.settings.slot) {
            (CameraSource::Test { .. }, _) => Still::Ignored,
            (_, Slot::Evidence) => Still::Told,
            (_, Slot::Interviewee | Slot::Officer | Slot::Panorama) => Still::Hidden,
        }
    }

    fn build(&self, pipeline: &gst::Pipeline, feed: &Arc<Feed>, fruitless: u32) -> Result<(), BuildError> {
        let slot = self.settings.slot;
        match &self.settings.source {
            CameraSource::Rtsp {
                url,
                user,
                password,
                transport,
            } => {
                let camera = RtspCamera {
                    slot,
                    url,
                    user: user.as_deref(),
                    password: password.as_ref(),
                    over: Over::of_attempt(*transport, fruitless),
                };
                rtsp::build(&camera, pipeline, feed)
            }
            CameraSource::V4l2 { device } => v4l2::build(slot, device, &self.video, pipeline, feed),
            CameraSource::File { path } => file::build(slot, path, pipeline, feed),
            CameraSource::Test { pattern } => test::build(slot, pattern, &self.video, pipeline, feed),
        }
    }

    /// Until it is lost, or `None` when it was asked to stop.
    fn watch(&self, pipeline: &gst::Pipeline, feed: &Feed) -> Option<Lost> {
        let failed = |reason: String| Lost {
            cause: CameraFault::Failed,
            reason,
        };
        let Some(bus) = pipeline.bus() else {
            return Some(failed("the pipeline has no bus".into()));
        };
        let repeats = matches!(self.settings.source, CameraSource::File { .. });
        let first = if repeats {
            gst::State::Paused
        } else {
            gst::State::Playing
        };
        if let Err(error) = change_state(pipeline, first) {
            let told = bus.pop_filtered(&[gst::MessageType::Error]);
            let lost = told.and_then(|message| self.heard(pipeline, feed, &message));
            return Some(lost.unwrap_or_else(|| failed(error.to_string())));
        }
        let mut begun = !repeats;
        loop {
            if !matches!(self.asked.try_recv(), Err(TryRecvError::Empty)) {
                return None;
            }
            if let Some(message) = bus.timed_pop(LOOK_EVERY) {
                if !begun && matches!(message.view(), gst::MessageView::AsyncDone(_)) {
                    begun = true;
                    if let Err(reason) = begin_again(pipeline, gst::SeekFlags::FLUSH) {
                        return Some(failed(reason));
                    }
                    if let Err(error) = change_state(pipeline, gst::State::Playing) {
                        return Some(failed(error.to_string()));
                    }
                }
                if let Some(lost) = self.heard(pipeline, feed, &message) {
                    return Some(lost);
                }
            }
            if let Some(lost) = self.judge(feed) {
                return Some(lost);
            }
        }
    }

    fn heard(&self, pipeline: &gst::Pipeline, feed: &Feed, message: &gst::Message) -> Option<Lost> {
        match message.view() {
            gst::MessageView::Error(error) => {
                let detail = error
                    .debug()
                    .map(|detail| fault::shown(&self.settings.source, &detail));
                tracing::warn!(slot = self.settings.slot.name(), error = %error.error(), ?detail, "camera");
                Some(
                    feed.refusal()
                        .unwrap_or_else(|| fault::of_error(&self.settings.source, &error.error())),
                )
            }
            gst::MessageView::Eos(_) => Some(Lost {
                cause: CameraFault::Ended,
                reason: "the stream ended".into(),
            }),
            gst::MessageView::SegmentDone(_) => {
                begin_again(pipeline, gst::SeekFlags::empty())
                    .err()
                    .map(|reason| Lost {
                        cause: CameraFault::Failed,
                        reason,
                    })
            }
            gst::MessageView::Latency(_) => {
                // Refused only while the pipeline changes state, which asks again by itself.
                let _ = pipeline.recalculate_latency();
                None
            }
            _ => None,
        }
    }

    fn judge(&self, feed: &Feed) -> Option<Lost> {
        if let Some(lost) = feed.refusal() {
            return Some(lost);
        }
        match feed.look() {
            Look::Waiting => None,
            Look::Live { width, height, codec } => {
                self.tell(CameraStatus::Live { width, height, codec });
                None
            }
            Look::Standing(Lost { cause, reason }) => {
                self.tell(CameraStatus::Lost { cause, reason });
                None
            }
            Look::Dead(lost) => Some(lost),
        }
    }

    fn tell(&self, status: CameraStatus) {
        let mut known = self.board.status.lock().unwrap_or_else(PoisonError::into_inner);
        let same = match (&*known, &status) {
            (CameraStatus::Lost { cause: a, .. }, CameraStatus::Lost { cause: b, .. }) => a == b,
            (a, b) => a == b,
        };
        if same {
            return;
        }
        tracing::info!(slot = self.settings.slot.name(), ?status, "camera");
        *known = status.clone();
        // Nobody listens when the process ends.
        let _ = self.outputs.events.send(FromMedia::Camera {
            slot: self.settings.slot,
            status,
        });
    }
}

/// Plays a file from its beginning; without a flush the running time goes on.
fn begin_again(pipeline: &gst::Pipeline, flush: gst::SeekFlags) -> Result<(), String> {
    let (set, whole) = (gst::SeekType::Set, pipeline.query_duration::<gst::ClockTime>());
    pipeline
        .seek(
            1.0,
            flush | gst::SeekFlags::SEGMENT,
            set,
            gst::ClockTime::ZERO,
            set,
            whole,
        )
        .map_err(|_| "the file cannot be played again and again; convert it to MP4 with an index".to_owned())
}
