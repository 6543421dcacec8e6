//! Temperature and humidity of the room (温湿度), for the overlay and the journal.
//!
//! Drivers that speak a sensor's wire come with their own issue; `Simulated` stands in until then and in
//! demonstrations. Values are hundredths, because evidence holds integers only. A reading says nothing about
//! its age: the caller notes when it came and shows `--` when it is stale.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClimateReading {
    pub temperature_centi_c: i32,
    /// 0–10000.
    pub humidity_centi_pct: u32,
}

/// A slow curve around 23 °C and 45 %, the same on every run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simulated;

const TEMPERATURE_PERIOD_S: f64 = 1800.0;
const HUMIDITY_PERIOD_S: f64 = 2700.0;

impl Simulated {
    pub fn read(self, since_start: Duration) -> ClimateReading {
        let swing = |period_s: f64| (since_start.as_secs_f64() * std::f64::consts::TAU / period_s).sin();
        ClimateReading {
            temperature_centi_c: 2300 + (150.0 * swing(TEMPERATURE_PERIOD_S)).round() as i32,
            humidity_centi_pct: (4500.0 + 400.0 * swing(HUMIDITY_PERIOD_S)).round() as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulated_room_is_the_same_on_every_run_and_moves_slowly() {
        let at = |s| Simulated.read(Duration::from_secs(s));
        assert_eq!(
            at(0),
            ClimateReading {
                temperature_centi_c: 2300,
                humidity_centi_pct: 4500
            }
        );
        assert_eq!(at(450).temperature_centi_c, 2450);
        for s in 0..3600 {
            assert!((at(s + 1).temperature_centi_c - at(s).temperature_centi_c).abs() <= 1);
        }
    }
}
