//! Times as an interview sees them: the wall's, the recording's, and a moment that holds both.
//!
//! Every step is told its moment from outside: nothing here ever reads a clock. `WallTime` and
//! `MediaTime` are different types because mixing them up is how timelines drift apart.

use serde::{Deserialize, Serialize};

/// Local wall time as the room's clock said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WallTime {
    pub unix_ms: i64,
    pub offset_min: i32,
}

/// Time since the start of a part, in µs of the recording's own timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaTime(pub u64);

/// A part (段) of the recording, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartNumber(pub u32);

/// A place in the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediaPosition {
    pub part: PartNumber,
    pub media_us: MediaTime,
}

/// When something happened: by the wall always, by the recording while one runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    pub wall: WallTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaPosition>,
}

impl WallTime {
    pub fn new(unix_ms: i64, offset_min: i32) -> Self {
        Self { unix_ms, offset_min }
    }

    /// RFC 3339, as another recorder's clock had it.
    pub fn parse(text: &str) -> Option<Self> {
        let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        let offset_min = at.offset().local_minus_utc() / 60;
        Some(Self::new(at.timestamp_millis(), offset_min))
    }

    /// `YYYY-MM-DD HH:MM:SS` in the local offset, as it is read aloud and shown.
    pub fn display(&self) -> String {
        let local_s = self
            .unix_ms
            .saturating_add(i64::from(self.offset_min) * 60_000)
            .div_euclid(1000);
        let (days, second_of_day) = (local_s.div_euclid(86_400), local_s.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

impl Moment {
    pub fn on_air(wall: WallTime, part: PartNumber, media_us: MediaTime) -> Self {
        Self {
            wall,
            media: Some(MediaPosition { part, media_us }),
        }
    }

    pub fn off_air(wall: WallTime) -> Self {
        Self { wall, media: None }
    }

    /// Whether this lies at or after `other`: by the recording where both have a place in it, because
    /// the wall clock may have been set in between.
    pub fn not_before(&self, other: &Moment) -> bool {
        match (self.media, other.media) {
            (Some(own), Some(its)) => (own.part, own.media_us) >= (its.part, its.media_us),
            _ => self.wall.unix_ms >= other.wall.unix_ms,
        }
    }
}

/// Proleptic Gregorian date of a day counted from 1970-01-01, by 400-year eras that start in March.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_shown_with_its_offset_over_leap_days_and_years() {
        assert_eq!(WallTime::new(0, 480).display(), "1970-01-01 08:00:00");
        assert_eq!(
            WallTime::new(1_709_164_800_000, 0).display(),
            "2024-02-29 00:00:00"
        );
        assert_eq!(
            WallTime::new(1_735_660_799_999, 480).display(),
            "2024-12-31 23:59:59"
        );
        assert_eq!(WallTime::new(-1, 0).display(), "1969-12-31 23:59:59");
    }
}
