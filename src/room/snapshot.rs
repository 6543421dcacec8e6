//! What the panel is shown: the whole room at one moment, with a revision.
//!
//! Built by the loop after every step; nobody else writes it. `recording` is never an intention: it is true
//! only while fragments of this interview are becoming durable on the master disk.

use super::case_discs::CaseDiscView;
use super::numbering::SetInCase;
use super::ports::{ClimateReading, ClockQuality};
use crate::interview::{AlarmView, Interview, Rules, View};
use pipelines::messages::{CameraStatus, Counters, Level, MicrophoneStatus};
use pipelines::settings::Layout;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;
use utoipa::ToSchema;

/// `epoch` changes with every start of the room, `n` with every snapshot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Revision {
    pub epoch: String,
    pub n: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RoomInfo {
    pub id: String,
    pub name: String,
    pub unit: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Snapshot {
    pub revision: Revision,
    /// RFC 3339, local offset.
    pub at: String,
    pub room: RoomInfo,
    pub recording: bool,
    /// The interview is suspended or goes on without guarantee; what can still be seen and heard is written on.
    pub still_written: bool,
    /// Directory name of the open interview.
    pub interview_id: Option<String>,
    /// Which set of its case the open interview's discs are; counted by this room.
    pub set_in_case: Option<SetInCase>,
    /// State, phase, people, documents, acts, marks: as `interview` sees it.
    #[schema(value_type = Object)]
    pub interview: View,
    /// Closed interviews whose urgent incomplete end waits for its approver's word.
    pub confirmations_owed: Vec<String>,
    pub part: u32,
    /// Media time recorded and durable in this part, µs.
    pub durable_us: u64,
    /// Age of the last durable fragment.
    pub durable_age_ms: Option<u64>,
    pub media: MediaView,
    pub discs: BTreeMap<String, DiscView>,
    /// The merged disc of a case in hand, or how the last one ended.
    pub case_disc: Option<CaseDiscView>,
    #[schema(value_type = Object)]
    pub climate: Option<ClimateReading>,
    #[schema(value_type = Object)]
    pub clock: Option<ClockQuality>,
    pub disk: DiskView,
    /// Standing alarms: what, since when, what to do.
    #[schema(value_type = Vec<Object>)]
    pub alarms: Vec<AlarmView>,
    /// When this was made, for those in this process.
    #[serde(skip)]
    pub made: Instant,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct MediaView {
    /// The pipelines run and pictures are being encoded.
    pub ready: bool,
    pub encoder: String,
    pub restarts: u64,
    #[schema(value_type = Object)]
    pub cameras: BTreeMap<&'static str, CameraStatus>,
    #[schema(value_type = Object)]
    pub microphones: BTreeMap<&'static str, MicrophoneStatus>,
    #[schema(value_type = Object)]
    pub left: Option<Level>,
    #[schema(value_type = Object)]
    pub right: Option<Level>,
    #[schema(value_type = Object)]
    pub counters: Counters,
    #[schema(value_type = String)]
    pub layout: Layout,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct DiscView {
    pub device: String,
    pub state: String,
    pub number: u32,
    pub batches: u32,
    pub written_bytes: u64,
    pub minutes_left: Option<u32>,
    pub fault: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct DiskView {
    pub free_bytes: Option<u64>,
    /// At the configured cap of the bit rate.
    pub hours_left: Option<u64>,
}

impl Snapshot {
    /// Before the loop has said anything: nothing is known, nothing is recorded.
    pub(super) fn starting(config: &super::config::RoomConfig) -> Snapshot {
        let room = &config.room;
        Snapshot {
            revision: Revision {
                epoch: String::new(),
                n: 0,
            },
            at: String::new(),
            room: RoomInfo {
                id: room.id.clone(),
                name: room.name.clone(),
                unit: room.unit.clone(),
            },
            recording: false,
            still_written: false,
            interview_id: None,
            set_in_case: None,
            interview: Interview::new(Rules::default()).view(),
            confirmations_owed: Vec::new(),
            part: 0,
            durable_us: 0,
            durable_age_ms: None,
            media: MediaView::default(),
            discs: BTreeMap::new(),
            case_disc: None,
            climate: None,
            clock: None,
            disk: DiskView::default(),
            alarms: Vec::new(),
            made: Instant::now(),
        }
    }
}
