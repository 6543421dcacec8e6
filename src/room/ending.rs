//! The end of an interview: gate closed, last chunk durable, directory closed, discs told to finish.
//!
//! Begun by the interview's own decision only. Each step waits for the one before to be durable.

use super::appliance::Appliance;
use super::open::{Part, Then};
use super::recorder::Work;
use crate::evidence::closing::Stamping;
use crate::evidence::line::time_text;
use crate::interview::{Alarm, Event, Interview};
use serde_json::json;

impl Appliance {
    pub(super) fn end_recording(&mut self) {
        self.stop_part(Then::Close);
    }

    /// The directory is closed once, when the last part's end is durable.
    pub(super) fn on_part_ended(&mut self, ended: u32) {
        let Some(open) = &mut self.open else { return };
        if matches!(open.part, Part::Closing { waits_for: Some(part) } if part == ended) {
            open.part = Part::Closing { waits_for: None };
            self.close_interview();
        }
    }

    pub(super) fn close_interview(&mut self) {
        let facts = super::facts::closing_facts(&self.config, &self.interview.view());
        if let Some(open) = &self.open {
            open.recorder.give(Work::Close {
                facts: Box::new(facts),
            });
        }
    }

    pub(super) fn on_closed(&mut self, stamping: &Stamping) {
        self.observe(Event::Closed {});
        let closed_at = time_text(self.wall());
        self.index_interview(Some(closed_at));
        let Some(open) = self.open.take() else { return };
        self.note_unconfirmed(&open.id);
        let announced = json!({"interview": open.id, "uuid": open.uuid});
        if let Err(error) = self.ledger.write("interview-closed", announced) {
            tracing::error!(%error, "ledger");
        }
        self.note_stamping(&open.id, stamping);
        self.finish_discs(open.order);
        self.interview = Interview::new(self.rules.clone());
        self.raise_what_stands();
        self.overlay();
    }

    /// An interview that closed without its time stamp stays without: that is told in the ledger, and on the panel
    /// until another one gets its own.
    pub(super) fn note_stamping(&mut self, interview: &str, stamping: &Stamping) {
        self.unstamped = match stamping {
            Stamping::NotWanted => return,
            Stamping::Stamped(_) => None,
            Stamping::Missing(reason) => Some(format!("{interview}: {reason}")),
        };
        if let Stamping::Missing(reason) = stamping {
            let told = json!({"interview": interview, "reason": reason.to_string()});
            if let Err(error) = self.ledger.write("timestamp-missing", told) {
                tracing::error!(%error, "ledger");
            }
        }
    }

    pub(super) fn raise_unstamped(&mut self) {
        if let Some(reason) = self.unstamped.clone() {
            self.raise(Alarm::TimestampMissing, &reason);
        }
    }
}
