//! The merged disc of a case: all its closed interviews from their masters, on one disc or on as many as needed.
//!
//! Below `<interview-id>/` stands what a disc of that interview holds, with its own page, `disc.json` and sums, so each
//! folder is played and checked as any other disc is. Run by the room on a thread of its own while no interview needs
//! the drives. What is missing is named on every disc and in the ledger, never left out in silence. A case disc
//! that was cut off is begun anew on a blank one: nothing of it is the only copy.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use hardware::optical::{BLOCK_BYTES, Device, DiscFault, Medium, MediumKind, Progress, Xorriso, eject};
use serde_json::{Value, json};

use super::batch::{CLOSING_RESERVE_BYTES, blocks_for};
use super::case_folder::{Folder, below, sessions};
use super::case_pages::{self, Row};
use super::contents::{Session, SessionFile, interview_files, named_volume};
use super::events::{DiscEvent, DiscState};
use super::history::{DiscRecord, FileRecord, Standing};
use super::ledger::Ledger;
use super::plan::{About, DiscPlan, Slot};
use super::session::Bench;
use super::sums;

/// How often a drive without a blank disc is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Discs that may fail one after the other: then it is not the discs.
const FAILED_IN_A_ROW: u32 = 3;

/// A sentence about the material, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub zh: String,
    pub en: String,
}

/// One closed interview of the case.
#[derive(Clone, Debug)]
pub struct CaseInterview {
    pub dir: PathBuf,
    pub about: About,
    /// How it ended, where else there are recordings: for those who get the disc.
    pub remarks: Vec<Remark>,
}

/// Everything that a case disc is made from.
#[derive(Clone, Debug)]
pub struct CaseOrder {
    /// Of this burn, in the ledger's lines of its discs.
    pub uuid: String,
    pub case_number: String,
    pub case_name: String,
    pub unit: String,
    pub room_id: String,
    pub room_name: String,
    /// RFC 3339.
    pub made_at: String,
    /// Who ordered it.
    pub by: String,
    pub slot: Slot,
    pub device: Device,
    /// Made, and removed in the end.
    pub work_dir: PathBuf,
    pub interviews: Vec<CaseInterview>,
    /// Material of the case that is not on these discs, and why.
    pub missing: Vec<Remark>,
    pub include_tracks: bool,
    pub xorriso: Xorriso,
    /// For image files only: the size of the disc that the image stands in for.
    pub image_capacity_bytes: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct CaseBurnt {
    /// Finalised discs.
    pub discs: u32,
    /// All that is not on them, what was ordered as missing first.
    pub missing: Vec<Remark>,
    /// Why it ended before everything was burnt.
    pub failed: Option<Remark>,
}

/// What one disc gets, decided and not burnt yet.
struct Load {
    sessions: Vec<Session>,
    /// The interviews' files on it.
    evidence: Vec<FileRecord>,
}

/// A drive with a disc that takes everything.
type Blank = (Device, Medium, MediumKind);

struct CaseWorker<'a> {
    order: &'a CaseOrder,
    bench: Bench,
    folders: Vec<Folder<'a>>,
    missing: Vec<Remark>,
    /// The interviews' files on the discs so far, by their paths there.
    burnt: Vec<FileRecord>,
    predecessor: Option<String>,
    yields: Arc<AtomicBool>,
}

/// Burns, reads every byte back, and says what came of it. Blocks for as long as it takes; where it waits for a blank
/// disc it gives the drive back as soon as `yields` is set.
pub fn burn_case(
    order: &CaseOrder,
    ledger: Arc<dyn Ledger>,
    events: Sender<DiscEvent>,
    yields: Arc<AtomicBool>,
) -> CaseBurnt {
    let mut worker = CaseWorker::new(order, ledger, events, yields);
    let mut finalised = 0;
    let failed = worker.work(&mut finalised).err();
    let failed = failed.map(|fault| Remark {
        zh: format!("{}；{}", fault.message_zh(), fault.remedy_zh()),
        en: format!("{fault}; {}", fault.remedy_en()),
    });
    let kind = if failed.is_none() {
        "case-disc-finalised"
    } else {
        "case-disc-failed"
    };
    let data = json!({
        "case_number": order.case_number, "discs": finalised, "missing": said(&worker.missing),
        "failed": failed.as_ref().map(|remark| &remark.en),
    });
    let noted = worker.bench.record(kind, 0, data);
    if let Err(error) = fs::remove_dir_all(&order.work_dir) {
        tracing::warn!(%error, "the case disc's folder could not be removed");
    }
    let failed = failed.or_else(|| noted.err().map(|fault| remark(&fault)));
    CaseBurnt {
        discs: finalised,
        missing: worker.missing,
        failed,
    }
}

fn remark(fault: &DiscFault) -> Remark {
    Remark {
        zh: fault.message_zh(),
        en: fault.to_string(),
    }
}

fn said(remarks: &[Remark]) -> Vec<Value> {
    remarks
        .iter()
        .map(|remark| json!({"zh": remark.zh, "en": remark.en}))
        .collect()
}

fn of_the_house(what: &str) -> impl Fn(io::Error) -> DiscFault + '_ {
    move |error| DiscFault::io(what, &error)
}

impl<'a> CaseWorker<'a> {
    fn new(
        order: &'a CaseOrder,
        ledger: Arc<dyn Ledger>,
        events: Sender<DiscEvent>,
        yields: Arc<AtomicBool>,
    ) -> Self {
        let about = About {
            unit: order.unit.clone(),
            room_id: order.room_id.clone(),
            room_name: order.room_name.clone(),
            interview_id: format!("case-{}", order.case_number),
            uuid: order.uuid.clone(),
            case_number: order.case_number.clone(),
            case_name: order.case_name.clone(),
            kind: String::new(),
            started_at: order.made_at.clone(),
            set_in_case: None,
        };
        let plan = case_plan(order, PathBuf::new(), about);
        Self {
            order,
            bench: Bench { plan, ledger, events },
            folders: Vec::new(),
            missing: order.missing.clone(),
            burnt: Vec::new(),
            predecessor: None,
            yields,
        }
    }

    fn work(&mut self, finalised: &mut u32) -> Result<(), DiscFault> {
        fs::create_dir_all(&self.order.work_dir).map_err(of_the_house("making the case disc's folder"))?;
        self.tell(0, DiscState::Preparing);
        self.gather()?;
        let interviews: Vec<_> = self
            .order
            .interviews
            .iter()
            .map(|interview| json!({"interview": interview.about.interview_id, "uuid": interview.about.uuid}))
            .collect();
        let data = json!({
            "case_number": self.order.case_number, "by": self.order.by, "interviews": interviews,
            "missing": said(&self.missing),
        });
        self.bench.record("case-disc-begun", 0, data)?;
        let (mut number, mut failed) = (0, 0);
        while self.folders.iter().any(|folder| !folder.left.is_empty()) {
            number += 1;
            let blank = self.await_blank(number)?;
            match self.burn_disc(number, *finalised + 1, blank) {
                Ok(()) => {
                    *finalised += 1;
                    failed = 0;
                }
                Err(fault) if is_the_discs(&fault) && failed + 1 < FAILED_IN_A_ROW => failed += 1,
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Every file that belongs on a disc, as its interview's sums have it. One that is gone or changed is named and
    /// left out.
    fn gather(&mut self) -> Result<(), DiscFault> {
        for interview in &self.order.interviews {
            let plan = case_plan(self.order, interview.dir.clone(), interview.about.clone());
            let records = interview_files(&plan).map_err(|error| DiscFault::SourceUnreadable {
                path: interview.dir.display().to_string(),
                detail: error.to_string(),
            })?;
            // Segments first and in order, what closes an interview last: as on its own discs.
            let (mut left, rest): (Vec<_>, Vec<_>) = records
                .into_iter()
                .partition(|record| record.path.starts_with("part-"));
            left.extend(rest);
            left.retain(|record| {
                let found = sums::sha256_of_file(&interview.dir.join(&record.path));
                let is_good = found.is_ok_and(|digest| digest == record.sha256);
                if !is_good {
                    let id = &interview.about.interview_id;
                    self.missing.push(Remark {
                        zh: format!("{id} 的 {} 无法读取或与封存时不符", record.path),
                        en: format!("{id}: {} cannot be read or is not what was sealed", record.path),
                    });
                }
                is_good
            });
            self.folders.push(Folder {
                interview,
                plan,
                left: left.into(),
                discs: Vec::new(),
                predecessor: None,
                places: std::collections::BTreeMap::new(),
                journal: std::cell::RefCell::default(),
            });
        }
        Ok(())
    }

    /// `number` counts this burn's discs, failed ones too; `place` the sound ones.
    fn burn_disc(&mut self, number: u32, place: u32, blank: Blank) -> Result<(), DiscFault> {
        let (device, medium, kind) = blank;
        let volume = named_volume(
            &format!("case_{}", self.order.case_number),
            &format!("_{place:02}"),
        );
        let places = (self.order.device.clone(), device.clone());
        let mut disc = DiscRecord::new(number, kind, volume, places);
        disc.free_blocks = medium.free_blocks;
        let before: Vec<_> = self
            .folders
            .iter()
            .map(|folder| {
                (
                    folder.left.clone(),
                    folder.discs.clone(),
                    folder.predecessor.clone(),
                )
            })
            .collect();
        let load = self.load(&disc, place, medium.free_blocks)?;
        self.bench.record_opened(&disc, &medium)?;
        match self.write(&mut disc, &device, &load) {
            Ok(()) => {
                self.burnt.extend(load.evidence);
                self.predecessor = disc.files.get(case_pages::RECORD).map(|file| file.sha256.clone());
                Ok(())
            }
            Err(fault) => {
                self.bench.fault(number, fault.clone());
                self.bench.give_up(&mut disc, &fault);
                for (folder, (left, discs, predecessor)) in self.folders.iter_mut().zip(before) {
                    (folder.left, folder.discs, folder.predecessor) = (left, discs, predecessor);
                }
                Err(fault)
            }
        }
    }

    fn write(&self, disc: &mut DiscRecord, device: &Device, load: &Load) -> Result<(), DiscFault> {
        let log = self.order.work_dir.join("burn.log");
        for session in &load.sessions {
            let number = disc.number;
            let mut tell = |state, progress: Option<Progress>| {
                self.tell_progress(number, state, progress.map(|progress| progress.permille));
            };
            self.bench.write(disc, device, session, &log, &mut tell)?;
        }
        let data = json!({
            "volume_id": disc.volume_id, "file_count": disc.files.len(), "bytes": disc.bytes(),
            "sessions": disc.sessions, "case_number": self.order.case_number,
        });
        self.bench.record("disc-finalised", disc.number, data)?;
        disc.standing = Standing::Finalised;
        self.tell(disc.number, DiscState::Finalised);
        if let Err(fault) = eject(&self.bench.plan.xorriso, device) {
            self.bench.fault(disc.number, fault);
        }
        Ok(())
    }

    /// A drive is waited for until it has a blank disc; an image is the first of its name that is not there.
    fn await_blank(&self, number: u32) -> Result<Blank, DiscFault> {
        let mut told: Option<DiscFault> = None;
        loop {
            let device = next_device(&self.order.device);
            let found = self
                .bench
                .inspect(&device)
                .and_then(|medium| medium.require_blank(&device).map(|kind| (medium, kind)));
            let fault = match found {
                Ok((medium, kind)) => return Ok((device, medium, kind)),
                Err(fault) => fault,
            };
            // Nobody has begun yet: whoever ordered it stands there and can put a disc in.
            if number == 1 || self.yields.load(Ordering::SeqCst) {
                return Err(fault);
            }
            if told.as_ref() != Some(&fault) {
                self.bench.fault(number, fault.clone());
                self.tell(number, DiscState::WaitingForMedium);
                told = Some(fault);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// As much as the disc takes, in order; each interview's folder as a disc of its own set.
    fn load(&mut self, disc: &DiscRecord, place: u32, free_blocks: u64) -> Result<Load, DiscFault> {
        let mut budget = (free_blocks * BLOCK_BYTES).saturating_sub(CLOSING_RESERVE_BYTES);
        let (mut files, mut evidence) = (Vec::new(), Vec::new());
        for folder in &mut self.folders {
            if folder.left.is_empty() {
                continue;
            }
            let share = folder.take(&mut budget);
            if share.is_empty() {
                break;
            }
            folder.discs.push(place);
            let made = folder
                .make(disc, &share, &self.order.work_dir.join(disc.number.to_string()))
                .map_err(of_the_house("making the case disc's files"))?;
            let id = &folder.interview.about.interview_id;
            evidence.extend(share.into_iter().map(|record| below(id, record)));
            files.extend(made);
            if !folder.left.is_empty() {
                break;
            }
        }
        if evidence.is_empty() {
            let largest = self.folders.iter().find_map(|folder| folder.left.front());
            return Err(DiscFault::Full {
                device: self.order.device.address(),
                needed_blocks: blocks_for(largest.map(|record| record.size)),
                free_blocks,
            });
        }
        let made = self.own_files(disc, place, &files, &evidence);
        files.extend(made.map_err(of_the_house("making the case disc's files"))?);
        Ok(Load {
            sessions: sessions(files),
            evidence,
        })
    }

    /// Page, README, record and sums of the disc as a whole.
    fn own_files(
        &self,
        disc: &DiscRecord,
        place: u32,
        files: &[SessionFile],
        evidence: &[FileRecord],
    ) -> io::Result<Vec<SessionFile>> {
        let is_last = self.folders.iter().all(|folder| folder.left.is_empty());
        let rows: Vec<Row<'_>> = self.folders.iter().map(|folder| folder.row(place)).collect();
        let page = case_pages::Page {
            order: self.order,
            place,
            is_last,
            rows: &rows,
            missing: &self.missing,
        };
        let record = json!({
            "form": 1, "uuid": self.order.uuid, "unit": self.order.unit, "case": self.order.case_number,
            "case_name": self.order.case_name, "room": self.order.room_id, "made_at": self.order.made_at,
            "by": self.order.by, "number": place, "is_last": is_last, "volume": disc.volume_id,
            "predecessor": self.predecessor,
            "interviews": rows.iter().map(Row::record).collect::<Vec<_>>(), "missing": said(&self.missing),
        });
        let record = serde_json_canonicalizer::to_vec(&record).map_err(io::Error::other)?;
        let dir = self.order.work_dir.join(disc.number.to_string());
        let make = |path: &str, bytes: &[u8]| -> io::Result<SessionFile> {
            let source = dir.join(format!("own-{path}"));
            fs::create_dir_all(&dir)?;
            fs::write(&source, bytes)?;
            Ok(SessionFile {
                record: sums::record_of_bytes(path, bytes),
                source,
            })
        };
        let mut made = vec![
            make("README.txt", page.readme().as_bytes())?,
            make("index.html", page.index().as_bytes())?,
            make(case_pages::RECORD, &record)?,
        ];
        if is_last {
            let all = self.burnt.iter().chain(evidence);
            let (sha256, _) = sums::sums_of(all);
            made.push(make("CASE-SHA256SUMS", sha256.as_bytes())?);
        }
        let (sha256, sm3) = sums::sums_of(files.iter().chain(&made).map(|file| &file.record));
        made.push(make("SHA256SUMS", sha256.as_bytes())?);
        made.push(make("SM3SUMS", sm3.as_bytes())?);
        Ok(made)
    }

    fn tell(&self, disc_number: u32, state: DiscState) {
        self.tell_progress(disc_number, state, None);
    }

    fn tell_progress(&self, disc_number: u32, state: DiscState, progress_permille: Option<u16>) {
        self.bench.event(DiscEvent::State {
            slot: self.order.slot,
            disc_number,
            state,
            minutes_left: None,
            written_bytes: self.burnt.iter().map(|file| file.size).sum(),
            waiting_bytes: self
                .folders
                .iter()
                .flat_map(|folder| &folder.left)
                .map(|f| f.size)
                .sum(),
            batches: 0,
            progress_permille,
        });
    }
}

fn case_plan(order: &CaseOrder, interview_dir: PathBuf, about: About) -> DiscPlan {
    let spool = order.work_dir.clone();
    let mut plan = DiscPlan::new(order.slot, order.device.clone(), spool, interview_dir, about);
    plan.include_tracks = order.include_tracks;
    plan.xorriso = order.xorriso.clone();
    plan.image_capacity_bytes = order.image_capacity_bytes;
    plan
}

/// Another disc may do what this one did not.
fn is_the_discs(fault: &DiscFault) -> bool {
    fault.wants_next_disc() && !matches!(fault, DiscFault::NoMedium { .. } | DiscFault::Full { .. })
        || matches!(fault, DiscFault::Unreadable { .. } | DiscFault::ChildDied { .. })
}

fn next_device(device: &Device) -> Device {
    let is_free = |device: &Device| fs::metadata(device.path()).map_or(true, |found| found.len() == 0);
    match device {
        Device::Drive(_) => device.clone(),
        Device::Image(_) => (1..=999)
            .map(|number| device.for_disc(number))
            .find(is_free)
            .unwrap_or_else(|| device.clone()),
    }
}
