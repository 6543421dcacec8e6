//! Whether somebody set the wall clock: seen by the monotonic clock, which nobody can set.
//!
//! The loop looks once a second. The media's timeline runs on the monotonic clock and does not bend; only wall
//! times in picture and journal jump, and that must stand in the journal. A clock that is disciplined slowly
//! is not stepped. Pure.

use crate::evidence::now::Stamp;

/// More within a second is no slewing (500 ppm at most) and no thread held up between two readings.
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
    /// Wall clock less monotonic clock at the last look.
    apart_ms: Option<i64>,
    quiet_looks: u32,
}

impl ClockWatch {
    pub fn look(&mut self, stamp: &Stamp) -> ClockLook {
        let apart_ms = stamp.at.timestamp_millis() - (stamp.mono_us / 1000).cast_signed();
        let by_ms = self
            .apart_ms
            .replace(apart_ms)
            .map_or(0, |before| apart_ms - before);
        if by_ms.abs() >= STEP_MS {
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
    fn steps_are_told_once_each_way_and_slewing_is_not() {
        let mut watch = ClockWatch::default();
        assert_eq!(watch.look(&stamp(0, 50_000)), ClockLook::Steady);
        // 500 ppm for an hour: 1.8 s in all, never at once.
        let drift = (1..3_600).map(|s| watch.look(&stamp(s * 1_000 + s / 2, 50_000 + s as u64 * 1_000)));
        assert!(
            drift
                .into_iter()
                .all(|look| !matches!(look, ClockLook::Stepped { .. }))
        );
        let hour = 3_600_000;
        let forwards = watch.look(&stamp(3_601_800 + hour, 50_000 + hour as u64));
        assert_eq!(forwards, ClockLook::Stepped { by_ms: hour + 1 });
        let back = watch.look(&stamp(3_602_800, 50_000 + 1_000 + hour as u64));
        assert_eq!(back, ClockLook::Stepped { by_ms: -hour });
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
