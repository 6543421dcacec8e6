//! The overlay (叠加信息): clock and climate at the top left, case, room, part and state at the bottom left.
//!
//! Owned by the composer, which asks for it at every tick. Text is rasterised when it changes, that is once a
//! second, and blended only where it stands. Never waits for anything: what it does not know shows `--`.

pub(crate) mod text;

use crate::messages::OverlayText;
use crate::picture::{Mask, Planes};
use chrono::{DateTime, Local};
use text::Typeface;

/// Parts of the picture's height that a Chinese character of the clock and of the case line take.
const CLOCK_EM: usize = 27;
const CASE_EM: usize = 36;

pub(crate) struct Overlay {
    width: usize,
    height: usize,
    text: OverlayText,
    /// The second and the text that the masks show.
    second: Option<i64>,
    clock: Mask,
    case: Mask,
}

impl Overlay {
    pub fn new(width: usize, height: usize) -> Overlay {
        let text = OverlayText::default();
        Overlay {
            width,
            height,
            text,
            second: None,
            clock: Mask::default(),
            case: Mask::default(),
        }
    }

    pub fn set(&mut self, text: OverlayText) {
        if self.text != text {
            self.text = text;
            self.second = None;
        }
    }

    /// `seen` is the local time at which the picture was seen.
    pub fn draw(&mut self, typeface: &mut Typeface, seen: DateTime<Local>, picture: &mut Planes<'_>) {
        if self.second != Some(seen.timestamp()) {
            self.second = Some(seen.timestamp());
            let em = |part: usize| (self.height / part).max(8) as u32;
            // The insert stands in the lower right third.
            let widest = self.width * 2 / 3;
            self.clock = typeface.line(&clock_line(seen, &self.text), em(CLOCK_EM), widest);
            let case = case_line(&self.text);
            self.case = if case.is_empty() {
                Mask::default()
            } else {
                typeface.line(&case, em(CASE_EM), widest)
            };
        }
        let margin = self.width / 48;
        picture.text(margin, margin, &self.clock);
        let bottom = self.height.saturating_sub(margin + self.case.height);
        picture.text(margin, bottom, &self.case);
    }
}

fn clock_line(seen: DateTime<Local>, text: &OverlayText) -> String {
    let temperature = text.temperature_centi_c.map_or("--".to_owned(), |centi| {
        let tenths = rounded_tenth(centi);
        let sign = if tenths < 0 { "-" } else { "" };
        format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
    });
    let humidity = text.humidity_centi_pct.map_or("--".to_owned(), |centi| {
        ((f64::from(centi) / 100.0).round() as i64).to_string()
    });
    format!("{}  {temperature}℃ {humidity}%", seen.format("%Y-%m-%d %H:%M:%S"))
}

fn rounded_tenth(centi: i32) -> i64 {
    (f64::from(centi) / 10.0).round() as i64
}

fn case_line(text: &OverlayText) -> String {
    let part = if text.part == 0 {
        String::new()
    } else {
        format!("第{}段", text.part)
    };
    let pieces = [
        text.case_number.as_str(),
        text.room.as_str(),
        &part,
        text.state.as_str(),
    ];
    pieces
        .into_iter()
        .filter(|piece| !piece.is_empty())
        .collect::<Vec<_>>()
        .join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn climate_is_rounded_and_unknown_climate_is_two_dashes() {
        let seen = Local
            .with_ymd_and_hms(2026, 3, 4, 15, 6, 7)
            .single()
            .expect("no such time");
        let with = |temperature_centi_c, humidity_centi_pct| {
            clock_line(
                seen,
                &OverlayText {
                    temperature_centi_c,
                    humidity_centi_pct,
                    ..Default::default()
                },
            )
        };
        assert_eq!(with(Some(2_654), Some(4_549)), "2026-03-04 15:06:07  26.5℃ 45%");
        assert_eq!(with(Some(-50), None), "2026-03-04 15:06:07  -0.5℃ --%");
        assert_eq!(with(None, None), "2026-03-04 15:06:07  --℃ --%");
    }

    #[test]
    fn the_case_line_leaves_out_what_is_not_known() {
        let text = OverlayText {
            case_number: "A123".into(),
            part: 2,
            ..Default::default()
        };
        assert_eq!(case_line(&text), "A123  第2段");
        assert_eq!(case_line(&OverlayText::default()), "");
    }

    #[test]
    fn chinese_text_has_ink_and_long_text_is_cut() {
        let mut typeface = Typeface::find().expect("no typeface");
        let mask = typeface.line("第一讯问室", 24, 1_000);
        let (narrow, wide) = (typeface.line("一一一", 24, 1_000), mask.width);
        assert!(wide > 110 && narrow.width < wide);
        assert!(typeface.line(&"讯问".repeat(100), 24, 300).width <= 302);
    }
}
