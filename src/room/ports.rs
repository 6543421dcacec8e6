//! What the room's loop needs of the world, as traits: media, clock, climate, drives, disk.
//!
//! The loop knows only these; `appliance` puts the real ones behind them, tests put scripted ones. Nothing
//! here may block the loop for longer than its documentation says.

use pipelines::messages::ToMedia;

/// The media process, started again by itself when it ends.
pub trait Media: Send {
    /// Whether it was taken; `false` when there is no process just now. Blocks for half a second at most.
    fn say(&self, message: &ToMedia) -> bool;
    /// Ends it for good.
    fn stop(&self);
}

/// Estimated error of the wall clock against true time.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ClockQuality {
    pub error_us: Option<u64>,
    pub synchronised: bool,
    pub source: String,
}

/// A reading of the room's climate; hundredths of a degree Celsius and of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ClimateReading {
    pub temperature_centi_c: i32,
    pub humidity_centi_pct: i32,
}

/// What the room asks of its surroundings now and then; each call answers within about a second.
pub trait Surroundings: Send {
    fn clock(&mut self) -> ClockQuality;
    /// `None` when there is no sensor or no answer.
    fn climate(&mut self) -> Option<ClimateReading>;
    /// Free bytes below the data directory.
    fn free_bytes(&mut self) -> Option<u64>;
}
