//! The slate (信号丢失画面): the calm dark picture that stands in for a camera without one.
//!
//! Owned by the composer. Says in Chinese and English whose camera is lost, since when, and what time it is,
//! so that nobody takes it for a picture. Redrawn once a second only, placed as often as needed.

use crate::overlay::text::Typeface;
use crate::picture::{Colour, Planes, Rect, Still};
use crate::settings::Slot;
use chrono::{DateTime, Local};
use std::collections::HashMap;

const GROUND: Colour = Colour {
    y: 34,
    u: 134,
    v: 122,
};

struct Drawn {
    second: i64,
    since: DateTime<Local>,
    still: Still,
}

#[derive(Default)]
pub(crate) struct Slates {
    drawn: HashMap<(Slot, usize, usize), Drawn>,
}

impl Slates {
    pub fn place(
        &mut self,
        typeface: &mut Typeface,
        slot: Slot,
        since: DateTime<Local>,
        now: DateTime<Local>,
        area: Rect,
        picture: &mut Planes<'_>,
    ) {
        let key = (slot, area.width, area.height);
        let fresh = |drawn: &Drawn| drawn.second == now.timestamp() && drawn.since == since;
        if !self.drawn.get(&key).is_some_and(fresh) {
            let still = draw(typeface, slot, since, now, area);
            self.drawn.insert(
                key,
                Drawn {
                    second: now.timestamp(),
                    since,
                    still,
                },
            );
        }
        if let Some(drawn) = self.drawn.get(&key) {
            picture.place(area.x, area.y, &drawn.still);
        }
    }

    /// Forgets the pictures of a layout that is gone.
    pub fn clear(&mut self) {
        self.drawn.clear();
    }
}

fn draw(
    typeface: &mut Typeface,
    slot: Slot,
    since: DateTime<Local>,
    now: DateTime<Local>,
    area: Rect,
) -> Still {
    let mut still = Still::new(area.width, area.height, GROUND);
    let em = (area.height / 12).clamp(8, 96) as u32;
    let small = (em * 2 / 3).max(8);
    let lines = [
        (title(slot).to_owned(), em),
        ("信号丢失  NO SIGNAL".to_owned(), em),
        (format!("自 since {}", since.format("%Y-%m-%d %H:%M:%S")), small),
        (format!("现在 now {}", now.format("%Y-%m-%d %H:%M:%S")), small),
    ];
    let masks = lines.map(|(line, em)| typeface.line(&line, em, area.width));
    let total: usize = masks.iter().map(|mask| mask.height).sum();
    let mut y = area.height.saturating_sub(total) / 2;
    let mut planes = still.planes();
    for mask in &masks {
        planes.text(area.width.saturating_sub(mask.width) / 2, y, mask);
        y += mask.height;
    }
    still
}

fn title(slot: Slot) -> &'static str {
    match slot {
        Slot::Interviewee => "被讯问人  INTERVIEWEE",
        Slot::Officer => "办案人员  OFFICER",
        Slot::Panorama => "全景  PANORAMA",
        Slot::Evidence => "物证  EVIDENCE",
    }
}
