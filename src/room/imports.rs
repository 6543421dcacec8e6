//! A mobile recorder's file becomes evidence: the loop's side, and the one call by which the door hands it on.
//!
//! Decided first, then put in its place and journalled by the recorder's thread, and only then taken in by the
//! interview: what says that a recording is there must never be ahead of the file. The file itself came in through
//! `incoming`; here nobody reads it.

use super::appliance::{Appliance, Waiting};
use super::arrival::Arrival;
use super::commands::{journal_lines, no_interview};
use super::events::RoomEvent;
use super::handle::{Accepted, Answer, RoomHandle, refused};
use super::incoming::{Arrived, IncomingError, Receiving, place_of, stands_already};
use super::recorder::Work;
use crate::evidence::digest::{Digests, Sha256Digest};
use crate::evidence::line::time_text;
use crate::interview::{Import, InterruptionId, RuleId, Sha256Hex, WallTime};
use std::path::PathBuf;
use tokio::sync::oneshot;

/// What the sender says of his file.
#[derive(Clone, Debug)]
pub struct About {
    pub name: String,
    pub interruption: u32,
    pub device: String,
    /// RFC 3339.
    pub from: String,
    pub until: String,
}

/// Where the file will stand, if nothing comes between.
#[derive(Clone, Debug)]
pub struct Reserved {
    interview: String,
    /// The interview's directory.
    dir: PathBuf,
    import: Import,
}

/// What the loop is asked to take in.
pub struct ImportRequest {
    reserved: Reserved,
    from: PathBuf,
    size: u64,
    digests: Digests,
    /// The same file stands in its place already and has its line.
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
        let begun = self.incoming.begin(announced, &reserved.dir);
        begun.map_err(|error| not_received(&error))
    }

    /// The file is whole: answered when it is evidence. Reads what stands in its place, if anything does, so it
    /// needs a thread that may block.
    pub fn take_in(&self, reserved: Reserved, receiving: Receiving) -> Result<Arriving, Answer> {
        let arrived = receiving.finish().map_err(|error| not_received(&error))?;
        let place = reserved.dir.join(&reserved.import.path);
        let in_place = stands_already(&place, &arrived).map_err(|error| not_received(&error))?;
        Ok(Arriving {
            reserved,
            arrived,
            in_place,
        })
    }

    pub async fn import(&self, arriving: Arriving, actor: &str) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        let (from, size, digests) = arriving.arrived.hand_over();
        let request = ImportRequest {
            reserved: arriving.reserved,
            from,
            size,
            digests,
            in_place: arriving.in_place,
        };
        let event = RoomEvent::Import {
            request: Box::new(request),
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

/// A file that is whole and waits for the loop.
pub struct Arriving {
    reserved: Reserved,
    arrived: Arrived,
    in_place: bool,
}

pub fn not_received(error: &IncomingError) -> Answer {
    tracing::warn!(%error, "import");
    let said = error.said();
    let said = (said.zh.to_owned(), said.en.to_owned());
    Answer::Refused(refused("not-imported", Some(RuleId::R14), said))
}

impl Appliance {
    pub(super) fn on_reserve(&self, about: &About) -> Result<Reserved, Answer> {
        let import = described(about)?;
        let Some(open) = &self.open else {
            return Err(Answer::Refused(no_interview()));
        };
        let judged = self.interview.import(self.moment(), import.clone());
        judged.map_err(|refusal| Answer::refused(&refusal))?;
        Ok(Reserved {
            interview: open.id.clone(),
            dir: open.order.dir.clone(),
            import,
        })
    }

    pub(super) fn on_import(&mut self, request: ImportRequest, actor: &str, reply: oneshot::Sender<Answer>) {
        let number = self.number();
        let at = time_text(self.wall());
        let import = Import {
            sha256: hex(request.digests.sha256),
            size: request.size,
            ..request.reserved.import
        };
        let decided = self.interview.import(self.moment(), import.clone());
        let open = self
            .open
            .as_ref()
            .filter(|open| open.id == request.reserved.interview);
        let (open, entries) = match (open, decided) {
            (Some(open), Ok(entries)) => (open, entries),
            (Some(_), Err(refusal)) => return drop_import(&request.from, reply, Answer::refused(&refusal)),
            (None, _) => return drop_import(&request.from, reply, Answer::Refused(no_interview())),
        };
        tracing::info!(actor, path = import.path, bytes = import.size, "import");
        open.recorder.give(Work::Import {
            arrival: Box::new(Arrival {
                from: request.from,
                path: import.path,
                size: request.size,
                digests: request.digests,
                in_place: request.in_place,
            }),
            lines: journal_lines(&entries),
            number,
        });
        let accepted = Accepted {
            command_id: format!("import-{number}"),
            interview_id: Some(open.id.clone()),
            at,
        };
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

/// Refused after all: it never was evidence.
fn drop_import(from: &std::path::Path, reply: oneshot::Sender<Answer>, answer: Answer) {
    // Gigabytes take their time to go, and the loop has none.
    let from = from.to_owned();
    let gone = std::thread::Builder::new()
        .name("incoming".into())
        .spawn(move || std::fs::remove_file(from));
    if let Err(error) = gone {
        tracing::warn!(%error, "a refused import lies there until the next start");
    }
    let _ = reply.send(answer);
}

fn described(about: &About) -> Result<Import, Answer> {
    let path = place_of(about.interruption, &about.name).map_err(|error| not_received(&error))?;
    let unfit = || not_received(&IncomingError::Times);
    Ok(Import {
        interruption: InterruptionId(about.interruption),
        path,
        sha256: hex(Sha256Digest::ZERO), // both are known when the file is whole
        size: 0,
        device: about.device.clone(),
        from: time(&about.from).ok_or_else(unfit)?,
        until: time(&about.until).ok_or_else(unfit)?,
    })
}

/// In an address a `+` that nobody escaped has become a space.
fn time(text: &str) -> Option<WallTime> {
    WallTime::parse(text).or_else(|| WallTime::parse(&text.replace(' ', "+")))
}

fn hex(digest: Sha256Digest) -> Sha256Hex {
    Sha256Hex::from(<[u8; 32]>::from(digest))
}
