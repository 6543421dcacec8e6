//! What is shown: the snapshot of this moment, and the row of the interview in the index.

use super::appliance::Appliance;
use super::numbering::SetInCase;
use super::open::{OpenInterview, Part};
use super::precheck::bytes_per_hour;
use super::snapshot::{DiskView, Revision, RoomInfo, Snapshot};
use crate::evidence::line::time_text;
use crate::interview::StateName;
use crate::store::InterviewRow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Fragments become durable each second; older than this, nobody may be told "recording".
pub(super) const RECORDING_WITHIN: Duration = Duration::from_secs(3);

impl Appliance {
    pub(super) fn publish(&mut self) {
        self.revision += 1;
        self.dirty = false;
        let snapshot = Arc::new(self.look());
        self.snapshots.send_replace(snapshot);
    }

    /// The first snapshot must exist before the loop does; see `start`.
    pub(super) fn look(&self) -> Snapshot {
        let mut view = self.interview.view();
        let durable = self.open.as_ref().map(|open| open.durable).unwrap_or_default();
        let age = durable.at.map(|at| at.elapsed());
        let fresh = age.is_some_and(|age| age < RECORDING_WITHIN);
        view.recording &= fresh;
        let room = &self.config.room;
        Snapshot {
            revision: Revision {
                epoch: self.epoch.clone(),
                n: self.revision,
            },
            at: time_text(self.wall()),
            room: RoomInfo {
                id: room.id.clone(),
                name: room.name.clone(),
                unit: room.unit.clone(),
            },
            recording: view.recording,
            still_written: fresh && is_without_guarantee(view.state) && self.is_being_written(),
            interview_id: self.open.as_ref().map(|open| open.id.clone()),
            set_in_case: self.set_of_open(),
            confirmations_owed: self.unconfirmed.keys().cloned().collect(),
            part: self.open.as_ref().map_or(0, |open| open.last_part),
            durable_us: durable.until_us,
            durable_age_ms: age.and_then(|age| u64::try_from(age.as_millis()).ok()),
            media: self.media_view.clone(),
            discs: self.discs.clone(),
            case_disc: self.case_burn.as_ref().map(|burn| burn.view.clone()),
            climate: self.climate.map(|c| c.value),
            clock: self.clock.clone(),
            disk: DiskView {
                free_bytes: self.free_bytes,
                hours_left: self
                    .free_bytes
                    .map(|free| free / bytes_per_hour(&self.config).max(1)),
            },
            alarms: view.alarms.clone(),
            interview: view,
            made: Instant::now(),
        }
    }

    fn set_of_open(&self) -> Option<SetInCase> {
        let open = self.open.as_ref()?;
        self.numbering.on_discs(&open.uuid).cloned()
    }

    /// A backlog that is written down is no proof that anything comes.
    fn is_being_written(&self) -> bool {
        let part = self.open.as_ref().map(|open| &open.part);
        matches!(part, Some(Part::Running { .. } | Part::Ending { .. }))
    }

    pub(super) fn index_interview(&mut self, closed_at: Option<String>) {
        let Some(open) = &self.open else { return };
        let row = self.row(open, closed_at);
        self.index.interview(row);
    }

    fn row(&self, open: &OpenInterview, closed_at: Option<String>) -> InterviewRow {
        let view = self.interview.view();
        let word = |value: Result<serde_json::Value, serde_json::Error>| {
            value
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        InterviewRow {
            id: open.id.clone(),
            uuid: open.uuid.clone(),
            opened_at: open.opened_at.clone(),
            state: if closed_at.is_some() { "closed" } else { "open" }.to_owned(),
            closed_at,
            kind: word(serde_json::to_value(view.interview)),
            case_number: view.case.number,
        }
    }
}

fn is_without_guarantee(state: StateName) -> bool {
    match state {
        StateName::Suspended | StateName::Unrecorded | StateName::ContinuedElsewhere => true,
        StateName::Idle
        | StateName::Prechecked
        | StateName::Confidential
        | StateName::Starting
        | StateName::Recording
        | StateName::Closing
        | StateName::Closed => false,
    }
}
