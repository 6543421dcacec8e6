//! `burn-case-disc`: the merged disc of a case from this room's masters, ordered, watched, reported.
//!
//! One at a time, and only while no interview needs the drives; what it found missing is told with its end. Journals
//! are read and discs burnt on a thread of their own: the loop only hears of it. An interview that is opened meanwhile
//! records as ever, and gets the drives when the disc in hand is done.

use super::appliance::Appliance;
use super::config::RoomConfig;
use super::disc_events::word;
use super::disc_orders::about_of;
use super::discs::slot_of;
use super::events::RoomEvent;
use super::handle::{Accepted, Answer, CommandRequest, refused};
use super::resume::entries;
use super::words::{self, Said};
use crate::disc::{self, CaseBurnt, CaseInterview, CaseOrder, DiscEvent, Ledger, Remark, Slot};
use crate::evidence::journal::Journal;
use crate::evidence::line::{Line, time_text};
use crate::interview::{Entry, Fact, OtherRecorder, RuleId};
use hardware::optical::{Device, Xorriso};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use utoipa::ToSchema;

pub(super) const BURN_CASE_DISC: &str = "burn-case-disc";

/// How the case disc in hand stands, or how the last one ended.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct CaseDiscView {
    pub command_id: String,
    pub case_number: String,
    pub device: String,
    /// Of this burn, from 1.
    pub disc: u32,
    pub state: String,
    pub progress_permille: Option<u16>,
    pub fault: Option<String>,
    /// Nothing more happens.
    pub ended: bool,
    /// Every file that was there is on the discs; what was not is named in `missing`.
    pub burnt: bool,
    pub discs: u32,
    /// Chinese and English.
    pub missing: Vec<String>,
}

/// The order in hand.
pub(super) struct CaseBurn {
    pub view: CaseDiscView,
    /// Where it waits for a disc it gives way.
    yields: Arc<AtomicBool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(rename = "kind")]
    _kind: String,
    case_number: String,
    /// A slot of this room, or the drive's own name.
    burner: String,
}

/// An interview of the case as the ledger has it.
struct Wanted {
    id: String,
    uuid: String,
    set: u32,
    is_open: bool,
}

/// All that the thread needs to know.
struct Job {
    config: Arc<RoomConfig>,
    interviews: PathBuf,
    wanted: Vec<Wanted>,
    order: CaseOrder,
}

impl Appliance {
    pub(super) fn is_burning_case(&self) -> bool {
        self.case_burn.as_ref().is_some_and(|burn| !burn.view.ended)
    }

    pub(super) fn on_burn_case(&mut self, request: &CommandRequest, actor: &str) -> Answer {
        let order: Order = match serde_json::from_value(request.command.clone()) {
            Ok(order) => order,
            Err(error) => {
                return Answer::Refused(refused("malformed", None, words::MALFORMED.with(error)));
            }
        };
        match self.begin_case_disc(&order, request, actor) {
            Ok(()) => Answer::Accepted(Accepted {
                command_id: request.command_id.clone(),
                interview_id: None,
                at: time_text(self.wall()),
            }),
            Err((code, said)) => {
                let said = said.with(&order.case_number);
                Answer::Refused(refused(code, Some(RuleId::R22), said))
            }
        }
    }

    fn begin_case_disc(
        &mut self,
        order: &Order,
        request: &CommandRequest,
        actor: &str,
    ) -> Result<(), (&'static str, Said)> {
        let needs_drives = self.open.is_some() || self.disc_set.is_some() || !self.disc_queue.is_empty();
        if needs_drives || self.is_burning_case() {
            return Err(("drives-busy", words::CASE_DRIVES_BUSY));
        }
        let (slot, device) = self
            .drive_of(&order.burner)
            .ok_or(("no-such-drive", words::CASE_NO_DRIVE))?;
        let wanted: Vec<Wanted> = self
            .numbering
            .of_case(order.case_number.trim())
            .into_iter()
            .map(|(id, uuid, set)| {
                let is_open = !self.is_closed(&self.place.interviews().join(&id));
                Wanted {
                    id,
                    uuid,
                    set,
                    is_open,
                }
            })
            .collect();
        if wanted.iter().all(|wanted| wanted.is_open) {
            return Err(("nothing-of-case", words::CASE_NOTHING));
        }
        let job = Job {
            config: Arc::clone(&self.config),
            interviews: self.place.interviews(),
            wanted,
            order: self.case_order(order.case_number.trim(), slot, device, actor),
        };
        let yields = Arc::new(AtomicBool::new(false));
        let view = CaseDiscView {
            command_id: request.command_id.clone(),
            case_number: job.order.case_number.clone(),
            device: job.order.device.address(),
            state: "preparing".to_owned(),
            ..CaseDiscView::default()
        };
        self.start_case_burn(job, Arc::clone(&yields))
            .map_err(|_| ("no-thread", words::CASE_NO_THREAD))?;
        self.drives_in_use.set(Some(Arc::default()));
        self.case_burn = Some(CaseBurn { view, yields });
        Ok(())
    }

    fn start_case_burn(&self, job: Job, yields: Arc<AtomicBool>) -> std::io::Result<()> {
        let (ledger, events): (Arc<dyn Ledger>, _) = (self.ledger.clone(), self.events.clone());
        let told = forward(self.events.clone())?;
        std::thread::Builder::new()
            .name("case-disc".into())
            .spawn(move || {
                let order = job.gathered();
                let burnt = disc::burn_case(&order, ledger, told, yields);
                let _ = events.send(RoomEvent::CaseDiscEnded(burnt));
            })?;
        Ok(())
    }

    /// Image files only as configured: no order may name a file of its own.
    fn drive_of(&self, burner: &str) -> Option<(Slot, Device)> {
        let is_meant = |b: &&super::config::Burner| b.slot.name() == burner || b.device == burner;
        if let Some(configured) = self.config.burners.iter().find(is_meant) {
            let slot = slot_of(configured.slot);
            return Some((slot, Device::parse(&configured.device).ok()?));
        }
        match Device::parse(burner).ok()? {
            drive @ Device::Drive(_) => Some((Slot::Standby, drive)),
            Device::Image(_) => None,
        }
    }

    fn case_order(&self, case_number: &str, slot: Slot, device: Device, actor: &str) -> CaseOrder {
        let room = &self.config.room;
        let mut xorriso = Xorriso::default();
        if let Some(stall) = self
            .config
            .disc
            .stall_seconds
            .map(|s| Duration::from_secs(u64::from(s)))
        {
            xorriso.start_stall = stall;
            xorriso.write_stall = stall;
            xorriso.close_stall = stall;
        }
        let uuid = uuid::Uuid::new_v4().to_string();
        CaseOrder {
            work_dir: work_dir(&self.config, &uuid),
            uuid,
            case_number: case_number.to_owned(),
            case_name: String::new(),
            unit: room.unit.clone(),
            room_id: room.id.clone(),
            room_name: room.name.clone(),
            made_at: time_text(self.wall()),
            by: actor.to_owned(),
            slot,
            device,
            interviews: Vec::new(),
            missing: Vec::new(),
            include_tracks: self.config.disc.tracks,
            xorriso,
            image_capacity_bytes: None,
        }
    }

    /// One that a cut ended is said to be, and its folder goes: it is ordered anew, nothing of it is the only copy.
    pub(super) fn note_cut_case_discs(&self, ledger: &[Line]) {
        let text = |line: &Line, key: &str| line.data.get(key).and_then(Value::as_str).map(str::to_owned);
        let ended: BTreeSet<_> = ledger
            .iter()
            .filter(|line| matches!(line.kind.as_str(), "case-disc-finalised" | "case-disc-failed"))
            .filter_map(|line| text(line, "interview"))
            .collect();
        for begun in ledger.iter().filter(|line| line.kind == "case-disc-begun") {
            let Some(uuid) = text(begun, "interview").filter(|uuid| !ended.contains(uuid)) else {
                continue;
            };
            let told = json!({
                "interview": uuid, "slot": text(begun, "slot"), "disc": 0,
                "case_number": text(begun, "case_number"), "failed": "the room was started again",
            });
            if let Err(error) = self.ledger.write("case-disc-failed", told) {
                tracing::error!(%error, "ledger");
            }
            if let Err(error) = std::fs::remove_dir_all(work_dir(&self.config, &uuid)) {
                tracing::warn!(%error, "the case disc's folder could not be removed");
            }
        }
    }

    /// Whoever opens an interview needs the drives more.
    pub(super) fn ask_for_drives(&self) {
        if let Some(burn) = &self.case_burn {
            burn.yields.store(true, Ordering::SeqCst);
        }
    }

    pub(super) fn on_case_disc(&mut self, event: DiscEvent) {
        let Some(burn) = &mut self.case_burn else { return };
        match event {
            DiscEvent::State {
                disc_number,
                state,
                progress_permille,
                ..
            } => {
                burn.view.disc = disc_number;
                burn.view.state = word(state);
                burn.view.progress_permille = progress_permille;
            }
            DiscEvent::Fault { fault, .. } => {
                let (zh, remedy) = (fault.message_zh(), fault.remedy_zh());
                burn.view.fault = Some(format!("{zh}；{remedy} · {fault}; {}", fault.remedy_en()));
            }
            DiscEvent::Recovered { .. }
            | DiscEvent::SpoolMissed { .. }
            | DiscEvent::BatchWritten { .. }
            | DiscEvent::Relayed { .. }
            | DiscEvent::DriveTaken { .. }
            | DiscEvent::Disproven { .. }
            | DiscEvent::Finalised { .. }
            | DiscEvent::Ended { .. } => {}
        }
    }

    pub(super) fn on_case_disc_ended(&mut self, burnt: CaseBurnt) {
        let Some(burn) = &mut self.case_burn else { return };
        let both = |remark: &Remark| format!("{} {}", remark.zh, remark.en);
        burn.view.ended = true;
        burn.view.burnt = burnt.failed.is_none();
        burn.view.discs = burnt.discs;
        burn.view.progress_permille = None;
        burn.view.missing = burnt.missing.iter().map(both).collect();
        burn.view.state = if burnt.failed.is_none() {
            "finalised"
        } else {
            "failed"
        }
        .to_owned();
        burn.view.fault = burnt.failed.as_ref().map(both).or(burn.view.fault.take());
        self.watch_discs();
    }
}

fn work_dir(config: &RoomConfig, uuid: &str) -> PathBuf {
    config.spool_dir.join(format!("case-{uuid}"))
}

/// The burn's events go into the loop's queue.
fn forward(events: Sender<RoomEvent>) -> std::io::Result<Sender<DiscEvent>> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("case-disc-events".into())
        .spawn(move || {
            for event in receiver {
                if events.send(RoomEvent::CaseDisc(event)).is_err() {
                    return;
                }
            }
        })?;
    Ok(sender)
}

impl Job {
    /// Reads the journals: which interviews there are to burn, and what is missing of the case.
    fn gathered(mut self) -> CaseOrder {
        for wanted in &self.wanted {
            let dir = self.interviews.join(&wanted.id);
            if wanted.is_open {
                let said = if dir.exists() {
                    words::CASE_OPEN
                } else {
                    words::CASE_GONE
                };
                self.order.missing.push(remark(said, &wanted.id));
                continue;
            }
            match self.interview(wanted, &dir) {
                Ok((interview, elsewhere)) => {
                    if self.order.case_name.is_empty() {
                        self.order.case_name = interview.about.case_name.clone();
                    }
                    self.order.interviews.push(interview);
                    self.order.missing.extend(elsewhere);
                }
                Err(error) => {
                    tracing::error!(id = wanted.id, error, "not on the case disc");
                    self.order
                        .missing
                        .push(remark(words::CASE_UNREADABLE, &wanted.id));
                }
            }
        }
        self.order
    }

    fn interview(&self, wanted: &Wanted, dir: &Path) -> Result<(CaseInterview, Vec<Remark>), String> {
        let lines = Journal::read(&dir.join("journal.jsonl")).map_err(|error| error.to_string())?;
        let entries = entries(&lines).map_err(|error| error.to_string())?;
        let opened_at = lines.first().map(|line| line.at.clone()).unwrap_or_default();
        let set = Some(wanted.set);
        let mut about = about_of(
            &self.config.room,
            set,
            (&wanted.id, &wanted.uuid),
            &opened_at,
            &entries,
        );
        if let Some(bound) = entries.iter().rev().find_map(bound) {
            about.case_number = super::numbering::key_of(bound).to_owned();
            about.case_name = bound.name.clone();
        }
        let remarks = entries.iter().filter_map(|entry| how_it_ended(&wanted.id, entry));
        let interview = CaseInterview {
            dir: dir.to_owned(),
            about,
            remarks: remarks.collect(),
        };
        let elsewhere = entries.iter().filter_map(|entry| elsewhere(&wanted.id, entry));
        Ok((interview, elsewhere.collect()))
    }
}

fn bound(entry: &Entry) -> Option<&crate::interview::CaseRef> {
    match &entry.fact {
        Fact::CaseBound { case, .. } => Some(case),
        _ => None,
    }
}

fn remark(said: Said, detail: impl std::fmt::Display) -> Remark {
    let (zh, en) = said.with(detail);
    Remark { zh, en }
}

fn how_it_ended(id: &str, entry: &Entry) -> Option<Remark> {
    match &entry.fact {
        Fact::ClosingIncomplete { .. } => Some(remark(words::CASE_INCOMPLETE, id)),
        Fact::ContinuedUnrecorded { .. } => Some(remark(words::CASE_UNRECORDED, id)),
        _ => None,
    }
}

/// Recordings of the matter that another room or device holds: they are not here.
fn elsewhere(id: &str, entry: &Entry) -> Option<Remark> {
    let Fact::RecordingLinked {
        recorder,
        interview_id,
        ..
    } = &entry.fact
    else {
        return None;
    };
    let (OtherRecorder::Room(place) | OtherRecorder::Device(place)) = recorder;
    Some(remark(
        words::CASE_ELSEWHERE,
        format!("{id} → {place} {interview_id}"),
    ))
}
