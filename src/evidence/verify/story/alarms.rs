//! What was wrong in the room while the interview ran: every alarm from its raising to its end.
//!
//! Made by `Story::of` from the interview's lines; an alarm that stood at the start is told from the start on.

use super::fields::{Moment, list, moment, moment_of, text, text_in};
use crate::evidence::line::Line;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmTold {
    /// `camera-lost` and the like.
    pub alarm: String,
    /// The slot or channel that it is about, where it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    pub from: Moment,
    /// Absent: it still stood at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
}

impl AlarmTold {
    fn begun(value: &Value, detail: String, from: Moment) -> Self {
        let about = [text_in(value, "slot"), text_in(value, "channel")].concat();
        Self {
            alarm: text_in(value, "alarm"),
            about,
            detail,
            from,
            to: None,
        }
    }

    fn key(&self) -> (String, String) {
        (self.alarm.clone(), self.about.clone())
    }
}

/// Alarms in the order in which they were raised, and where those lie that stand.
#[derive(Default)]
struct Board {
    told: Vec<AlarmTold>,
    standing: BTreeMap<(String, String), usize>,
}

impl Board {
    /// Raised again while it stands, it is one alarm.
    fn raise(&mut self, raised: AlarmTold) {
        let place = self.standing.entry(raised.key()).or_insert(self.told.len());
        match self.told.get_mut(*place) {
            Some(standing) => standing.detail = raised.detail,
            None => self.told.push(raised),
        }
    }

    fn clear(&mut self, cleared: AlarmTold) {
        let place = self.standing.remove(&cleared.key());
        if let Some(standing) = place.and_then(|place| self.told.get_mut(place)) {
            standing.to = Some(cleared.from);
        }
    }
}

pub fn alarms(lines: &[Line]) -> Vec<AlarmTold> {
    let mut board = Board::default();
    for line in lines {
        let value = line.data.get("alarm").unwrap_or(&Value::Null);
        match line.kind.as_str() {
            "started" => {
                for standing in list(&line.data, "alarms") {
                    let since = standing.get("since").and_then(moment);
                    let from = since.unwrap_or_else(|| moment_of(line));
                    board.raise(AlarmTold::begun(standing, text_in(standing, "detail"), from));
                }
            }
            "alarm-raised" => {
                let detail = text(&line.data, "detail");
                board.raise(AlarmTold::begun(value, detail, moment_of(line)));
            }
            "alarm-cleared" => board.clear(AlarmTold::begun(value, String::new(), moment_of(line))),
            _ => {} // no alarm
        }
    }
    board.told
}
