//! What one pipeline of a camera hands on, and what is known of it: the only way from streaming threads to
//! the shelves.
//!
//! Each attempt at a camera has its own feed. Once closed it passes nothing more, so that a pipeline that had
//! to be abandoned can never show an old frame as live. Looked at ten times a second by the supervisor.

use super::watch::{Stillness, luma_digest};
use super::{CameraOutputs, EncodedUnit, Lost};
use crate::messages::CameraFault;
use crate::shelf::Frame;
use crate::timeline::Timeline;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const STALLED_AFTER_NS: u64 = 1_000_000_000;
const DEAD_AFTER_NS: u64 = 4_000_000_000;
/// For the first frame: a connection, a key frame, and UDP given up on.
const FIRST_FRAME_NS: u64 = 8_000_000_000;
/// Once a stream comes: cameras are set to key frames up to ten seconds apart, and more.
const FIRST_DECODED_NS: u64 = 20_000_000_000;
/// Time stamps further from the clock than this are never shown: the composer would find the frame stale, or
/// wait for it.
const BEHIND_NS: i64 = 1_000_000_000;
const AHEAD_NS: i64 = 500_000_000;
const OFF_AFTER_NS: u64 = 2_000_000_000;

/// What the supervisor sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing came yet, and there is still time.
    Waiting,
    Live {
        width: u32,
        height: u32,
        codec: String,
    },
    /// The slate stands in; the pipeline may yet come back by itself.
    Standing(Lost),
    /// The pipeline has to be made anew.
    Dead(Lost),
}

/// What a picture that stands still means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Still {
    /// Test patterns may stand still.
    Ignored,
    /// An object on the table does stand still, and a camera without noise shows it so: told, and shown on.
    Told,
    /// The camera hangs; the slate says so.
    Hidden,
}

#[derive(Default)]
struct Seen {
    closed: bool,
    ended: bool,
    frames: u64,
    arrived_ns: u64,
    /// When the last encoded unit came, decoded or not.
    encoded_ns: Option<u64>,
    /// Since when time stamps are off.
    off_since_ns: Option<u64>,
    /// By how much the last time stamp was ahead of the clock.
    ahead_ns: i64,
    format: Option<(gst::Caps, gst_video::VideoInfo)>,
    /// Set when the picture's chain stands.
    codec: Option<String>,
    /// A picture that was offered and cannot be taken.
    unsupported: Option<String>,
    all_offered: bool,
    stillness: Stillness,
}

pub(crate) struct Feed {
    outputs: Arc<CameraOutputs>,
    timeline: Timeline,
    started_ns: u64,
    still: Still,
    seen: Mutex<Seen>,
}

impl Feed {
    pub(crate) fn new(outputs: Arc<CameraOutputs>, timeline: Timeline, still: Still) -> Arc<Feed> {
        let started_ns = timeline.now_ns();
        Arc::new(Feed {
            outputs,
            timeline,
            started_ns,
            still,
            seen: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A decoded frame. `told` is whether the stream itself states its colours.
    pub(crate) fn picture(&self, at_ns: u64, sample: &gst::Sample, told: bool) {
        let (Some(caps), Some(buffer)) = (sample.caps(), sample.buffer_owned()) else {
            return;
        };
        let mut seen = self.lock();
        if seen.closed {
            return;
        }
        let known = seen
            .format
            .as_ref()
            .filter(|(known, _)| known.as_ptr() == caps.as_ptr());
        let info = match known {
            Some((_, info)) => info.clone(),
            None => {
                let Some(info) = describe(caps, told, self.timeline.fps) else {
                    return;
                };
                seen.format = Some((caps.to_owned(), info.clone()));
                info
            }
        };
        seen.frames += 1;
        seen.arrived(at_ns, self.timeline.now_ns());
        let was_frozen = seen.stillness.frozen();
        if self.still != Still::Ignored
            && seen.stillness.see(at_ns, || luma_digest(&buffer, &info))
            && self.still == Still::Hidden
        {
            if !was_frozen {
                self.outputs.shelf.clear();
            }
            return;
        }
        self.outputs.shelf.put(Frame::new(at_ns, buffer, info));
    }

    pub(crate) fn sound(&self, at_ns: u64, samples: &[i16]) {
        if self.lock().closed {
            return;
        }
        if let Some(shelf) = &self.outputs.sound {
            shelf.put(at_ns, samples);
        }
    }

    pub(crate) fn wants_sound(&self) -> bool {
        self.outputs.sound.is_some()
    }

    pub(crate) fn wants_original(&self) -> bool {
        self.outputs.original.is_some()
    }

    pub(crate) fn original(&self, unit: EncodedUnit) {
        if self.lock().closed {
            return;
        }
        if let Some(take) = &self.outputs.original {
            take(unit);
        }
    }

    /// Something came that may become a picture.
    pub(crate) fn encoded(&self) {
        self.lock().encoded_ns = Some(self.timeline.now_ns());
    }

    /// The stream ended; that is never passed on.
    pub(crate) fn ended(&self) {
        self.lock().ended = true;
    }

    pub(crate) fn picture_found(&self, codec: &str) {
        self.lock().codec = Some(codec.to_owned());
    }

    pub(crate) fn has_picture(&self) -> bool {
        self.lock().codec.is_some()
    }

    pub(crate) fn picture_unsupported(&self, codec: &str) {
        self.lock().unsupported = Some(codec.to_owned());
    }

    pub(crate) fn all_offered(&self) {
        self.lock().all_offered = true;
    }

    pub(crate) fn frames(&self) -> u64 {
        self.lock().frames
    }

    /// Why there will be no picture, when the reason is the codec: it says more than what fails because of it.
    pub(crate) fn refusal(&self) -> Option<Lost> {
        let seen = self.lock();
        let codec = seen.unsupported.as_ref().filter(|_| seen.codec.is_none())?;
        let reason = format!("the camera sends {codec}; set its video encoding to H.264 or H.265");
        Some(Lost {
            cause: CameraFault::UnsupportedCodec,
            reason,
        })
    }

    /// How it stands now. Clears the shelf when frames stay away, so that the slate shows.
    pub(crate) fn look(&self) -> Look {
        let seen = self.lock();
        let now_ns = self.timeline.now_ns();
        if seen.ended {
            return dead(CameraFault::Ended, "the camera ended the stream".into());
        }
        if seen.frames == 0 {
            return self.look_for_first(&seen, now_ns);
        }
        let quiet_ns = now_ns.saturating_sub(seen.arrived_ns);
        if quiet_ns > DEAD_AFTER_NS {
            return dead(CameraFault::Stalled, "connected, but no picture for 4 s".into());
        }
        if quiet_ns > STALLED_AFTER_NS {
            self.outputs.shelf.clear();
            let reason = "connected, but no picture for 1 s".into();
            return Look::Standing(Lost {
                cause: CameraFault::Stalled,
                reason,
            });
        }
        if seen
            .off_since_ns
            .is_some_and(|since_ns| now_ns.saturating_sub(since_ns) > OFF_AFTER_NS)
        {
            let off_s = seen.ahead_ns as f64 / 1e9;
            return dead(
                CameraFault::Stalled,
                format!("its time stamps are off by {off_s:+.1} s"),
            );
        }
        if let Some(why) = self.outputs.shelf.refused() {
            return Look::Standing(Lost {
                cause: CameraFault::UnsupportedCodec,
                reason: format!("its picture cannot be shown: {why}; set it to 4:2:0, 8 bit, progressive"),
            });
        }
        if seen.stillness.frozen() {
            let reason = "every picture is the same to the last pixel since 10 s".into();
            return Look::Standing(Lost {
                cause: CameraFault::Frozen,
                reason,
            });
        }
        match (&seen.format, &seen.codec) {
            (Some((_, info)), codec) => Look::Live {
                width: info.width(),
                height: info.height(),
                codec: codec.clone().unwrap_or_default(),
            },
            (None, _) => Look::Waiting,
        }
    }

    fn look_for_first(&self, seen: &Seen, now_ns: u64) -> Look {
        if seen.all_offered && seen.codec.is_none() && seen.unsupported.is_none() {
            return dead(
                CameraFault::UnsupportedCodec,
                "the stream has no picture in it".into(),
            );
        }
        let comes = seen
            .encoded_ns
            .is_some_and(|last_ns| now_ns.saturating_sub(last_ns) < DEAD_AFTER_NS);
        let patience_ns = if comes { FIRST_DECODED_NS } else { FIRST_FRAME_NS };
        if now_ns.saturating_sub(self.started_ns) < patience_ns {
            return Look::Waiting;
        }
        if comes {
            return dead(
                CameraFault::Stalled,
                "the stream comes, but no picture in it can be decoded; set a key frame every second".into(),
            );
        }
        if seen.codec.is_some() {
            dead(
                CameraFault::Stalled,
                "connected, but no picture came within 8 s".into(),
            )
        } else {
            dead(CameraFault::Unreachable, "no answer within 8 s".into())
        }
    }

    /// Nothing passes any more, and nothing old remains.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.outputs.shelf.clear();
    }
}

fn dead(cause: CameraFault, reason: String) -> Look {
    Look::Dead(Lost { cause, reason })
}

impl Seen {
    fn arrived(&mut self, at_ns: u64, now_ns: u64) {
        self.arrived_ns = now_ns;
        self.ahead_ns = at_ns.wrapping_sub(now_ns).cast_signed();
        if (-BEHIND_NS..=AHEAD_NS).contains(&self.ahead_ns) {
            self.off_since_ns = None;
        } else {
            self.off_since_ns.get_or_insert(now_ns);
        }
    }
}

/// Streams that do not state their colours are taken as BT.709: a default by picture size would make an
/// insert differ from the main picture, and the composer convert for nothing. Rate and interlacing are stated
/// as the program's, since a converter takes no others and the composer has its own cadence.
fn describe(caps: &gst::CapsRef, told: bool, fps: u64) -> Option<gst_video::VideoInfo> {
    let mut caps = caps.to_owned();
    let stated = caps.make_mut();
    stated.set("framerate", gst::Fraction::new(i32::try_from(fps).ok()?, 1));
    stated.set("interlace-mode", "progressive");
    if !told {
        stated.set("colorimetry", "bt709");
        stated.set("chroma-site", "mpeg2");
    }
    gst_video::VideoInfo::from_caps(&caps).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_are_off_since_the_first_wrong_one_and_right_again_with_the_first_right_one() {
        let second_ns = 1_000_000_000;
        let mut seen = Seen::default();
        seen.arrived(100 * second_ns - second_ns / 5, 100 * second_ns);
        assert_eq!(seen.off_since_ns, None);
        seen.arrived(98 * second_ns, 101 * second_ns);
        seen.arrived(99 * second_ns, 102 * second_ns);
        assert_eq!(seen.off_since_ns, Some(101 * second_ns));
        assert_eq!(seen.ahead_ns, -3_000_000_000);
        seen.arrived(103 * second_ns, 103 * second_ns);
        assert_eq!(seen.off_since_ns, None);
        seen.arrived(105 * second_ns, 104 * second_ns);
        assert_eq!(seen.off_since_ns, Some(104 * second_ns));
    }

    #[test]
    fn a_streams_rate_and_interlacing_are_replaced_by_the_programs() {
        gst::init().unwrap();
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, 720, 576)
            .fps(gst::Fraction::new(50, 3))
            .interlace_mode(gst_video::VideoInterlaceMode::Interleaved)
            .build()
            .unwrap();
        let described = describe(&info.to_caps().unwrap(), false, 25).unwrap();
        assert_eq!(described.fps(), gst::Fraction::new(25, 1));
        assert_eq!(
            described.interlace_mode(),
            gst_video::VideoInterlaceMode::Progressive
        );
    }
}
