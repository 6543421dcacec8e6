//! A file that arrives while an interview is open becomes evidence: a mobile recorder's, or one for the e-case
//! file. The loop's side, and the calls by which the door hands it on.
//!
//! Decided first, then put in its place and journalled by the recorder's thread, and only then taken in by the
//! interview: what says that a file is there must never be ahead of it. The file itself came in through `incoming`;
//! here nobody reads it. Only an open interview has a directory and a journal that can say who gave what, so nothing
//! is taken before the start: what is given right after it belongs to the interview from its opening.

use super::appliance::{Appliance, Waiting};
use super::arrival::Arrival;
use super::case_paths::{CASE_FOLDER, internal_path, plain_path};
use super::commands::{journal_lines, no_interview};
use super::content;
use super::events::RoomEvent;
use super::handle::{Accepted, Answer, RoomHandle, refused};
use super::incoming::{Arrived, Demands, IncomingError, Receiving, place_of, stands_already};
use super::recorder::Work;
use crate::evidence::digest::{Digests, Sha256Digest};
use crate::evidence::line::time_text;
use crate::interview::{
    CaseFile, CaseFileKind, Entry, Given, Import, InterruptionId, MAX_CASE_BYTES, Moment, RuleId, Sha256Hex,
    WallTime,
};
use chrono::{DateTime, FixedOffset};
use serde_json::json;
use std::path::{Path, PathBuf};
use tokio::sync::oneshot;

/// What the sender says of his file.
#[derive(Clone, Debug)]
pub enum About {
    Recording(RecordingAbout),
    CaseFile(CaseFileAbout),
}

/// Of a mobile recorder's file.
#[derive(Clone, Debug)]
pub struct RecordingAbout {
    pub name: String,
    pub interruption: u32,
    pub device: String,
    /// RFC 3339.
    pub from: String,
    pub until: String,
}

/// Of a file for the e-case file.
#[derive(Clone, Debug)]
pub struct CaseFileAbout {
    /// Folders and name, below `case/`.
    pub path: String,
    /// For the house only: no disc carries it.
    pub internal: bool,
    pub announced_bytes: Option<u64>,
}

/// What a file will be, as far as it is known before it is there.
#[derive(Clone, Debug)]
enum Subject {
    Recording(Import),
    /// By what name it was given; composed, checked.
    CaseFile {
        name: String,
        internal: bool,
    },
}

/// Where the file will stand, if nothing comes between.
#[derive(Clone, Debug)]
pub struct Reserved {
    interview: String,
    /// The interview's directory.
    dir: PathBuf,
    subject: Subject,
    demands: Demands,
}

/// What the loop is asked to take in.
pub struct ArrivedFile {
    reserved: Reserved,
    from: PathBuf,
    size: u64,
    digests: Digests,
    kind: CaseFileKind,
    /// The same file stands in its place already and has its line.
    in_place: bool,
}

/// A file that is whole and waits for the loop.
pub struct Arriving {
    reserved: Reserved,
    arrived: Arrived,
    in_place: bool,
}

impl RoomHandle {
    /// Whether the open interview takes such a file: asked before gigabytes are sent for nothing.
    pub async fn reserve(&self, about: About) -> Option<Result<Reserved, Answer>> {
        let (reply, reserved) = oneshot::channel();
        let event = RoomEvent::Reserve { about, reply };
        self.events.send(event).ok()?;
        tokio::time::timeout(super::handle::ANSWER_WITHIN, reserved)
            .await
            .ok()?
            .ok()
    }

    /// Room for it on the disk.
    pub fn receive(&self, reserved: &Reserved, announced: Option<u64>) -> Result<Receiving, Answer> {
        let begun = self.incoming.begin(announced, &reserved.dir, reserved.demands);
        begun.map_err(|error| reserved.subject.not_received(&error))
    }

    /// The file is whole: answered when it is evidence. Reads what stands in its place, if anything does, so it
    /// needs a thread that may block.
    pub fn take_in(&self, reserved: Reserved, receiving: Receiving) -> Result<Arriving, Answer> {
        let not_received = |error| reserved.subject.not_received(&error);
        let arrived = receiving.finish().map_err(not_received)?;
        let path = reserved.subject.path(arrived.digests.sha256, arrived.kind);
        let in_place = stands_already(&reserved.dir.join(path), &arrived).map_err(not_received)?;
        Ok(Arriving {
            reserved,
            arrived,
            in_place,
        })
    }

    pub async fn take(&self, arriving: Arriving, actor: &str) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        let kind = arriving.arrived.kind;
        let (from, size, digests) = arriving.arrived.hand_over();
        let file = ArrivedFile {
            reserved: arriving.reserved,
            from,
            size,
            digests,
            kind,
            in_place: arriving.in_place,
        };
        let event = RoomEvent::Arrived {
            file: Box::new(file),
            actor: actor.to_owned(),
            reply,
        };
        self.events.send(event).ok()?;
        tokio::time::timeout(super::handle::ANSWER_WITHIN, answer)
            .await
            .ok()?
            .ok()
    }
}

impl Reserved {
    pub fn not_received(&self, error: &IncomingError) -> Answer {
        self.subject.not_received(error)
    }
}

impl Subject {
    fn of(about: &About) -> Result<Subject, Answer> {
        match about {
            About::Recording(about) => described(about).map(Subject::Recording),
            About::CaseFile(about) => case_file(about),
        }
    }

    /// From the interview's directory.
    fn path(&self, sha256: Sha256Digest, kind: CaseFileKind) -> String {
        match self {
            Subject::Recording(import) => import.path.clone(),
            Subject::CaseFile { internal: true, .. } => internal_path(sha256, kind),
            Subject::CaseFile { name, .. } => format!("{CASE_FOLDER}{name}"),
        }
    }

    fn not_received(&self, error: &IncomingError) -> Answer {
        match (self, error) {
            (Subject::Recording(_), _) => not_received("not-imported", RuleId::R14, error),
            (Subject::CaseFile { .. }, IncomingError::Taken) => {
                not_received("case-file-name-taken", RuleId::R24, error)
            }
            (Subject::CaseFile { .. }, _) => not_received("not-given", RuleId::R24, error),
        }
    }
}

fn not_received(code: &str, rule: RuleId, error: &IncomingError) -> Answer {
    tracing::warn!(%error, code, "a file that arrived");
    let said = error.said();
    let said = (said.zh.to_owned(), said.en.to_owned());
    Answer::Refused(refused(code, Some(rule), said))
}

fn described(about: &RecordingAbout) -> Result<Import, Answer> {
    let unfit = |error| not_received("not-imported", RuleId::R14, &error);
    let path = place_of(about.interruption, &about.name).map_err(unfit)?;
    let time = |text: &str| time(text).ok_or_else(|| unfit(IncomingError::Times));
    Ok(Import {
        interruption: InterruptionId(about.interruption),
        path,
        sha256: hex(Sha256Digest::ZERO), // both are known when the file is whole
        size: 0,
        device: about.device.clone(),
        from: time(&about.from)?,
        until: time(&about.until)?,
    })
}

fn case_file(about: &CaseFileAbout) -> Result<Subject, Answer> {
    let unfit = |error| not_received("not-given", RuleId::R24, &error);
    let name = plain_path(&about.path).map_err(|fault| unfit(IncomingError::Path(fault)))?;
    content::judge_name(&name).map_err(|found| unfit(IncomingError::Unfit(found)))?;
    let internal = about.internal;
    Ok(Subject::CaseFile { name, internal })
}

/// In an address a `+` that nobody escaped has become a space.
fn time(text: &str) -> Option<WallTime> {
    WallTime::parse(text).or_else(|| WallTime::parse(&text.replace(' ', "+")))
}

fn hex(digest: Sha256Digest) -> Sha256Hex {
    Sha256Hex::from(<[u8; 32]>::from(digest))
}

/// What the interview makes of a file that is there.
enum Judged {
    New { path: String, entries: Vec<Entry> },
    Before { path: String, at: Moment },
}

impl Appliance {
    pub(super) fn on_reserve(&self, about: &About) -> Result<Reserved, Answer> {
        let subject = Subject::of(about)?;
        let Some(open) = &self.open else {
            return Err(Answer::Refused(no_interview()));
        };
        let judged = match (&subject, about) {
            (Subject::CaseFile { internal, .. }, About::CaseFile(about)) => {
                let unknown = internal_path(Sha256Digest::ZERO, CaseFileKind::Other);
                let path = subject.path(Sha256Digest::ZERO, CaseFileKind::Other);
                let path = if *internal { unknown } else { path };
                self.interview.takes_case_file(&path, about.announced_bytes)
            }
            (Subject::Recording(import), _) => {
                let judged = self.interview.import(self.moment(), import.clone());
                judged.map(|_| ())
            }
            (Subject::CaseFile { .. }, About::Recording(_)) => Ok(()),
        };
        judged.map_err(|refusal| Answer::refused(&refusal))?;
        let demands = match subject {
            Subject::Recording(_) => Demands::None,
            Subject::CaseFile { .. } => Demands::CaseFile {
                most_bytes: MAX_CASE_BYTES,
            },
        };
        Ok(Reserved {
            interview: open.id.clone(),
            dir: open.order.dir.clone(),
            subject,
            demands,
        })
    }

    pub(super) fn on_arrived(&mut self, file: ArrivedFile, actor: &str, reply: oneshot::Sender<Answer>) {
        let is_open = |open: &&super::open::OpenInterview| open.id == file.reserved.interview;
        if self.open.as_ref().filter(is_open).is_none() {
            return drop_arrived(&file.from, reply, Answer::Refused(no_interview()));
        }
        let at = self.moment();
        match self.judge(&file, at, actor) {
            Err(refused) => drop_arrived(&file.from, reply, refused),
            Ok(Judged::Before { path, at }) => {
                let accepted = self.accepted(&file, &path, at);
                drop_arrived(&file.from, reply, Answer::Accepted(accepted));
            }
            Ok(Judged::New { path, entries }) => {
                tracing::info!(actor, path, bytes = file.size, "a file arrived");
                let accepted = self.accepted(&file, &path, at);
                self.put_in(file, path, entries, accepted, reply);
            }
        }
    }

    fn judge(&self, file: &ArrivedFile, at: Moment, actor: &str) -> Result<Judged, Answer> {
        let sha256 = hex(file.digests.sha256);
        let path = file.reserved.subject.path(file.digests.sha256, file.kind);
        let judged = match &file.reserved.subject {
            Subject::Recording(import) => {
                let import = Import {
                    sha256,
                    size: file.size,
                    ..import.clone()
                };
                self.interview.import(at, import).map(Given::New)
            }
            Subject::CaseFile { internal, .. } => {
                let given = CaseFile {
                    path: path.clone(),
                    file_kind: file.kind,
                    internal: *internal,
                    size: file.size,
                    sha256,
                    by: actor.to_owned(),
                };
                self.interview.give_case_file(at, given)
            }
        };
        let given = judged.map_err(|refusal| Answer::refused(&refusal))?;
        self.note_internal_name(file, &path, actor)?;
        Ok(match given {
            Given::New(entries) => Judged::New { path, entries },
            Given::Before(at) => Judged::Before { path, at },
        })
    }

    /// The journal goes to court on the discs, so the name of an internal paper stands in the ledger alone; first the
    /// name, then the paper.
    fn note_internal_name(&self, file: &ArrivedFile, path: &str, actor: &str) -> Result<(), Answer> {
        let Subject::CaseFile { name, internal: true } = &file.reserved.subject else {
            return Ok(());
        };
        let line = json!({
            "interview": file.reserved.interview, "path": path, "name": name, "by": actor,
            "sha256": file.digests.sha256.to_string(), "sm3": file.digests.sm3.to_string(),
        });
        self.ledger.write("internal-paper-named", line).map_err(|error| {
            tracing::error!(%error, "ledger");
            Answer::Refused(super::commands::not_taken(&error.to_string()))
        })
    }

    /// The same file again gets the same answer, to the letter.
    fn accepted(&self, file: &ArrivedFile, path: &str, at: Moment) -> Accepted {
        let digest = file.digests.sha256.to_string();
        Accepted {
            command_id: format!("{path}@{}", digest.get(..16).unwrap_or(&digest)),
            interview_id: Some(file.reserved.interview.clone()),
            at: wall_text(at.wall).unwrap_or_else(|| time_text(self.wall())),
        }
    }

    fn put_in(
        &mut self,
        file: ArrivedFile,
        path: String,
        entries: Vec<Entry>,
        accepted: Accepted,
        reply: oneshot::Sender<Answer>,
    ) {
        let number = self.number();
        let Some(open) = &self.open else { return };
        open.recorder.give(Work::TakeIn {
            arrival: Box::new(Arrival {
                from: file.from,
                path,
                size: file.size,
                digests: file.digests,
                in_place: file.in_place,
            }),
            lines: journal_lines(&entries),
            number,
        });
        self.waiting.push_back(Waiting {
            number,
            command_id: accepted.command_id.clone(),
            answer: Answer::Accepted(accepted),
            is_kept: false,
            admits: entries,
            replies: vec![reply],
        });
    }
}

fn wall_text(wall: WallTime) -> Option<String> {
    let offset = FixedOffset::east_opt(wall.offset_min.checked_mul(60)?)?;
    let at = DateTime::from_timestamp_millis(wall.unix_ms)?;
    Some(time_text(at.with_timezone(&offset)))
}

/// It never was evidence, or stands in its place already.
fn drop_arrived(from: &Path, reply: oneshot::Sender<Answer>, answer: Answer) {
    // Gigabytes take their time to go, and the loop has none.
    let from = from.to_owned();
    let gone = std::thread::Builder::new()
        .name("incoming".into())
        .spawn(move || std::fs::remove_file(from));
    if let Err(error) = gone {
        tracing::warn!(%error, "a file that was not taken lies there until the next start");
    }
    let _ = reply.send(answer);
}
