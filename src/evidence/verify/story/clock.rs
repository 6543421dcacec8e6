//! How good the clock was over the whole interview: the error that its witness admitted with every fragment, and
//! every time that it was set.
//!
//! Made by `Story::of`, a fragment after another. The figures weigh by the time that they held for.

use super::fields::{Moment, moment_of};
use crate::evidence::{entries::Fragment, line::Line};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

const CLOCK_STEPPED: &str = "clock-stepped";
/// An error above this is one that the rules do not allow.
pub const LIMIT_US: u64 = 1_000_000;

/// The clock's error as its witness admitted it, fragment by fragment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClockTold {
    pub fragments: u64,
    /// Fragments without a figure: the clock was not witnessed then.
    pub unknown: u64,
    pub best_error_us: Option<u64>,
    pub median_error_us: Option<u64>,
    pub worst_error_us: Option<u64>,
    /// Recording of which the error is known, and of which it is not.
    pub witnessed_us: u64,
    pub unknown_us: u64,
    /// Recording under a clock that was worse than one second, and the longest stretch of it.
    pub above_limit_us: u64,
    pub longest_above_limit: Option<Stretch>,
    /// Who was the witness, and for how long.
    pub sources: Vec<SourceTold>,
    /// By how many milliseconds the wall clock was set on the way.
    pub steps_ms: Vec<i64>,
    pub steps: Vec<StepTold>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stretch {
    pub part: u32,
    pub media_us: u64,
    pub duration_us: u64,
    pub worst_error_us: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceTold {
    pub source: String,
    pub duration_us: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTold {
    pub by_ms: i64,
    #[serde(flatten)]
    pub moment: Moment,
}

/// The clock while fragments are gone through.
#[derive(Default)]
pub struct ClockWatch {
    told: ClockTold,
    /// Error and for how long, of every fragment that has one.
    errors: Vec<(u64, u64)>,
    sources: BTreeMap<String, u64>,
    above: Option<Stretch>,
}

impl ClockWatch {
    pub fn take(&mut self, part: u32, fragment: &Fragment) {
        let duration_us = fragment.duration_us;
        if fragment.adopted {
            // What the room knew at the time was lost with the cut.
            self.told.unknown_us = self.told.unknown_us.saturating_add(duration_us);
            return self.end_stretch();
        }
        self.told.fragments += 1;
        let figure = fragment.conditions.get("clock_error_us").and_then(Value::as_u64);
        let Some(error_us) = figure else {
            self.told.unknown += 1;
            self.told.unknown_us = self.told.unknown_us.saturating_add(duration_us);
            return self.end_stretch();
        };
        self.errors.push((error_us, duration_us));
        self.told.witnessed_us = self.told.witnessed_us.saturating_add(duration_us);
        if let Some(source) = fragment.conditions.get("clock_source").and_then(Value::as_str) {
            let held = self.sources.entry(source.to_owned()).or_default();
            *held = held.saturating_add(duration_us);
        }
        self.watch_limit(part, fragment, error_us);
    }

    fn watch_limit(&mut self, part: u32, fragment: &Fragment, error_us: u64) {
        if error_us <= LIMIT_US {
            return self.end_stretch();
        }
        self.told.above_limit_us = self.told.above_limit_us.saturating_add(fragment.duration_us);
        match &mut self.above {
            Some(stretch) if stretch.part == part => {
                stretch.duration_us = stretch.duration_us.saturating_add(fragment.duration_us);
                stretch.worst_error_us = stretch.worst_error_us.max(error_us);
            }
            Some(_) | None => {
                self.end_stretch();
                self.above = Some(Stretch {
                    part,
                    media_us: fragment.media_us,
                    duration_us: fragment.duration_us,
                    worst_error_us: error_us,
                });
            }
        }
    }

    fn end_stretch(&mut self) {
        let longest = self.told.longest_above_limit.as_ref();
        if let Some(stretch) = self.above.take()
            && longest.is_none_or(|longest| longest.duration_us < stretch.duration_us)
        {
            self.told.longest_above_limit = Some(stretch);
        }
    }

    pub fn finish(mut self, lines: &[Line]) -> ClockTold {
        self.end_stretch();
        self.errors.sort_unstable();
        let mut told = self.told;
        told.best_error_us = self.errors.first().map(|(error, _)| *error);
        told.worst_error_us = self.errors.last().map(|(error, _)| *error);
        told.median_error_us = median(&self.errors);
        told.sources = self
            .sources
            .into_iter()
            .map(|(source, duration_us)| SourceTold { source, duration_us })
            .collect();
        told.steps = lines.iter().filter_map(step).collect();
        told.steps_ms = told.steps.iter().map(|step| step.by_ms).collect();
        told
    }
}

/// The error that held or was undercut for half of the time; `errors` ascending.
fn median(errors: &[(u64, u64)]) -> Option<u64> {
    let total: u128 = errors.iter().map(|(_, held)| u128::from(*held)).sum();
    let mut so_far = 0;
    let half = errors.iter().find(|(_, held)| {
        so_far += u128::from(*held);
        so_far * 2 >= total
    });
    half.map(|(error, _)| *error)
}

fn step(line: &Line) -> Option<StepTold> {
    let by_ms = line.data.get("by_ms").and_then(Value::as_i64);
    let is_step = line.kind == CLOCK_STEPPED;
    is_step.then_some(()).and(by_ms).map(|by_ms| StepTold {
        by_ms,
        moment: moment_of(line),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_weighs_by_the_time_that_an_error_held_for() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[(5, 1)]), Some(5));
        assert_eq!(median(&[(1, 1), (2, 1), (900, 8)]), Some(900));
        assert_eq!(median(&[(1, u64::MAX), (2, u64::MAX)]), Some(1));
    }
}
