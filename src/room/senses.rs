//! Whether the interviewee can be seen and heard: since when not, by camera and microphone.
//!
//! Pure: filled from what the media process says, asked by `guarantee`. Until a device was seen to live it counts
//! as gone; what only a watch can find (a still, black or zero signal) was gone before the watch could say so.

use pipelines::messages::{CameraFault, CameraStatus, MicrophoneStatus};
use pipelines::settings::Channel;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// No picture came for so long before a camera is said to have stalled (pipelines, `camera::feed`).
const STALL_TAKES: Duration = Duration::from_secs(1);
/// A still picture is told from a living one in so long (pipelines, `camera::watch`).
const FREEZE_TAKES: Duration = Duration::from_secs(10);
/// A black one (pipelines, `composer::stage`).
const BLACK_TAKES: Duration = Duration::from_secs(5);
/// Nothing but zeros (pipelines, `level`).
const ZERO_TAKES: Duration = Duration::from_secs(3);

/// The interviewee's camera and every microphone that the room has.
#[derive(Debug)]
pub(super) struct Senses {
    unseen: Option<Instant>,
    black: Option<Instant>,
    ears: BTreeMap<&'static str, Ear>,
}

#[derive(Debug)]
struct Ear {
    lost: Option<Instant>,
    zero: Option<Instant>,
}

impl Senses {
    /// Nothing was seen or heard yet.
    pub fn unknown(channels: impl IntoIterator<Item = Channel>, now: Instant) -> Senses {
        let deaf = |channel: Channel| {
            let ear = Ear {
                lost: Some(now),
                zero: None,
            };
            (channel.name(), ear)
        };
        Senses {
            unseen: Some(now),
            black: None,
            ears: channels.into_iter().map(deaf).collect(),
        }
    }

    /// The media process is gone, and all that it said with it.
    pub fn forget(&mut self, now: Instant) {
        self.unseen.get_or_insert(now);
        self.black = None;
        for ear in self.ears.values_mut() {
            ear.lost.get_or_insert(now);
            ear.zero = None;
        }
    }

    /// What is said of the interviewee's camera.
    pub fn camera(&mut self, status: &CameraStatus, now: Instant) {
        match status {
            CameraStatus::Live { .. } => self.unseen = None,
            CameraStatus::Connecting => {}
            CameraStatus::Lost { cause, .. } => {
                let takes = match cause {
                    CameraFault::Frozen => FREEZE_TAKES,
                    CameraFault::Stalled => STALL_TAKES,
                    CameraFault::Unreachable
                    | CameraFault::Unauthorized
                    | CameraFault::UnsupportedCodec
                    | CameraFault::Ended
                    | CameraFault::NotFound
                    | CameraFault::Failed => Duration::ZERO,
                };
                self.unseen.get_or_insert(before(now, takes));
            }
        }
    }

    pub fn black(&mut self, is: bool, now: Instant) {
        self.black = is.then(|| before(now, BLACK_TAKES));
    }

    pub fn microphone(&mut self, channel: Channel, status: &MicrophoneStatus, now: Instant) {
        let Some(ear) = self.ears.get_mut(channel.name()) else {
            return;
        };
        match status {
            MicrophoneStatus::Live => ear.lost = None,
            MicrophoneStatus::Connecting => {}
            MicrophoneStatus::Lost { .. } => {
                ear.lost.get_or_insert(now);
            }
        }
    }

    pub fn zero(&mut self, channel: Channel, is: bool, now: Instant) {
        if let Some(ear) = self.ears.get_mut(channel.name()) {
            ear.zero = is.then(|| before(now, ZERO_TAKES));
        }
    }

    /// Since when nobody could see the interviewee.
    pub fn picture_gone(&self) -> Option<Instant> {
        earlier(self.unseen, self.black)
    }

    /// Since when nothing in the room could be heard: one microphone that lives hears everybody.
    pub fn sound_gone(&self) -> Option<Instant> {
        let gone = self.ears.values().map(|ear| earlier(ear.lost, ear.zero));
        gone.reduce(|all, one| Some(all?.max(one?))).flatten()
    }
}

fn before(now: Instant, by: Duration) -> Instant {
    now.checked_sub(by).unwrap_or(now)
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> (Senses, Instant) {
        let now = Instant::now();
        let mut senses = Senses::unknown([Channel::Left, Channel::Right], now);
        let live = CameraStatus::Live {
            width: 640,
            height: 360,
            codec: "H.264".into(),
        };
        senses.camera(&live, now);
        senses.microphone(Channel::Left, &MicrophoneStatus::Live, now);
        senses.microphone(Channel::Right, &MicrophoneStatus::Live, now);
        (senses, now)
    }

    fn lost(cause: CameraFault) -> CameraStatus {
        CameraStatus::Lost {
            cause,
            reason: String::new(),
        }
    }

    #[test]
    fn what_was_never_seen_counts_as_gone() {
        let now = Instant::now();
        let senses = Senses::unknown([Channel::Left], now);
        assert_eq!(
            (senses.picture_gone(), senses.sound_gone()),
            (Some(now), Some(now))
        );
    }

    #[test]
    fn one_microphone_that_lives_hears_the_room() {
        let (mut senses, now) = both();
        let dead = MicrophoneStatus::Lost {
            reason: String::new(),
        };
        senses.microphone(Channel::Left, &dead, now);
        assert_eq!(senses.sound_gone(), None);
        let later = now + Duration::from_secs(9);
        senses.zero(Channel::Right, true, later);
        assert_eq!(
            senses.sound_gone(),
            Some(later - ZERO_TAKES),
            "gone with the last one"
        );
        senses.zero(Channel::Right, false, later);
        assert_eq!(senses.sound_gone(), None);
    }

    #[test]
    fn a_still_picture_was_gone_before_it_could_be_told_from_a_living_one() {
        let (mut senses, now) = both();
        let later = now + Duration::from_secs(20);
        senses.camera(&lost(CameraFault::Frozen), later);
        assert_eq!(senses.picture_gone(), Some(later - FREEZE_TAKES));
        senses.camera(&lost(CameraFault::Stalled), later + Duration::from_secs(1));
        assert_eq!(
            senses.picture_gone(),
            Some(later - FREEZE_TAKES),
            "gone all the while"
        );
    }

    #[test]
    fn a_new_media_process_has_to_show_everything_again() {
        let (mut senses, now) = both();
        senses.black(true, now + Duration::from_secs(6));
        senses.forget(now);
        assert_eq!(
            (senses.picture_gone(), senses.sound_gone()),
            (Some(now), Some(now))
        );
    }
}
