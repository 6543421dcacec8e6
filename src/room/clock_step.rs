//! Whether somebody set the wall clock: seen by the monotonic clock, which nobody can set.
//!
//! The loop looks once a second. The media's timeline runs on the monotonic clock and does not bend; only wall
//! times in picture and journal jump, and that must stand in the journal. A clock that is disciplined slowly
//! is not stepped: the kernel slews both clocks alike, so small steps cannot hide among it, and add up. Pure.

use crate::evidence::now::Stamp;

/// Less may be a thread held up between two readings.
const STEP_MS: i64 = 300;
/// So many looks after a step the alarm is over.
const QUIET_LOOKS: u32 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClockLook {
    Steady,
    /// Set forwards by so much, or back.
    Stepped {
        by_ms: i64,
    },
    /// Steady for a minute after a step.
    Settled,
}

#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    /// Wall clock less monotonic clock at the first look or the last step.
    apart_ms: Option<i64>,
    quiet_looks: u32,
}

impl ClockWatch {
    pub fn look(&mut self, stamp: &Stamp) -> ClockLook {
        let apart_ms = stamp.at.timestamp_millis() - (stamp.mono_us / 1000).cast_signed();
        let by_ms = apart_ms - *self.apart_ms.get_or_insert(apart_ms);
        if by_ms.abs() >= STEP_MS {
            self.apart_ms = Some(apart_ms);
            self.quiet_looks = 0;
            return ClockLook::Stepped { by_ms };
        }
        self.quiet_looks = self.quiet_looks.saturating_add(1);
        if self.quiet_looks == QUIET_LOOKS {
            ClockLook::Settled
        } else {
            ClockLook::Steady
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    fn stamp(wall_ms: i64, mono_ms: u64) -> Stamp {
        let start = DateTime::parse_from_rfc3339("2026-03-04T05:06:07.000+08:00").unwrap();
        Stamp {
            at: start + TimeDelta::milliseconds(wall_ms),
            boot: String::new(),
            mono_us: mono_ms * 1000,
        }
    }

    #[test]
    fn steps_are_told_once_each_way_and_small_ones_add_up() {
        let mut watch = ClockWatch::default();
        let (hour_ms, second_ms) = (3_600_000, 1_000);
        assert_eq!(watch.look(&stamp(0, 50_000)), ClockLook::Steady);
        assert_eq!(watch.look(&stamp(second_ms + 3, 51_000)), ClockLook::Steady);
        let forwards = watch.look(&stamp(2 * second_ms + hour_ms, 52_000));
        assert_eq!(forwards, ClockLook::Stepped { by_ms: hour_ms });
        assert_eq!(
            watch.look(&stamp(3 * second_ms + hour_ms, 53_000)),
            ClockLook::Steady
        );
        let back = watch.look(&stamp(4 * second_ms, 54_000));
        assert_eq!(back, ClockLook::Stepped { by_ms: -hour_ms });
        let crept =
            (1..=4).map(|n| watch.look(&stamp((4 + n) * second_ms + n * 100, 54_000 + n as u64 * 1_000)));
        let crept: Vec<_> = crept.filter(|look| *look != ClockLook::Steady).collect();
        assert_eq!(crept, [ClockLook::Stepped { by_ms: 300 }]);
    }

    #[test]
    fn a_minute_after_a_step_it_is_over() {
        let mut watch = ClockWatch::default();
        watch.look(&stamp(0, 0));
        watch.look(&stamp(61_000, 1_000));
        let looks: Vec<_> = (2..70)
            .map(|s| watch.look(&stamp(60_000 + s * 1_000, s as u64 * 1_000)))
            .collect();
        assert_eq!(
            looks.iter().filter(|look| **look == ClockLook::Settled).count(),
            1
        );
        assert_eq!(
            looks.iter().position(|look| *look == ClockLook::Settled),
            Some(59)
        );
    }
}
