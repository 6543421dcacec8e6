//! How the web room speaks to the loop: commands in, answers and snapshots out.
//!
//! Cheap to clone, never blocks a task, holds no state of its own.

use super::approval::ApproversWord;
use super::events::RoomEvent;
use super::incoming::Incoming;
use super::logs::AuditLog;
use super::publish::RECORDING_WITHIN;
use super::snapshot::Snapshot;
use crate::interview::{Refusal, RuleId};
use crate::store::Reader;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use utoipa::ToSchema;

/// A command waits this long for its lines to be durable; the master disk may stall for a while.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(35);
/// The loop publishes at least this often.
const ALIVE_WITHIN: Duration = Duration::from_secs(5);
const MAX_ID: usize = 128;

/// `command_id` chosen by the sender, `kind` and its fields as `interview::Command` has them.
#[derive(Clone, Debug, ToSchema)]
pub struct CommandRequest {
    pub command_id: String,
    /// `precheck`, `start-interview`, `mark`, `put-document`, `record-act`, `end-interview`, …; `burn-case-disc {case_number, burner}`, followed in
    /// the state's `case_disc`.
    pub kind: String,
    /// `continue-unrecorded`, `end-incomplete` and `confirm-incomplete` take a `credential` beside
    /// `approver: {number}`: `{"secret": …}` of the approver in the room, or `{"code": "<index>-dddd-dddd"}` that he
    /// read out over the telephone. A `confirmation` without one is refused.
    #[schema(value_type = Object)]
    pub command: Value,
    /// What the door proved; never the sender's.
    #[schema(ignore)]
    pub word: Option<ApproversWord>,
}

impl CommandRequest {
    pub fn parse(body: &[u8]) -> Result<CommandRequest, String> {
        let mut value: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        let fields = value.as_object_mut().ok_or("a JSON object is wanted")?;
        let command_id = match fields.remove("command_id") {
            Some(Value::String(id)) if (1..=MAX_ID).contains(&id.len()) => id,
            Some(_) | None => return Err(format!("command_id: 1 to {MAX_ID} characters are wanted")),
        };
        let kind = fields
            .get("kind")
            .and_then(Value::as_str)
            .ok_or("kind is missing")?
            .to_owned();
        Ok(CommandRequest {
            command_id,
            kind,
            command: value,
            word: None,
        })
    }
}

/// The command was carried out and is durable in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    pub command_id: String,
    pub interview_id: Option<String>,
    /// RFC 3339.
    pub at: String,
}

/// The 409 answer as the contract has it (design 8).
#[derive(Serialize, ToSchema)]
pub struct RefusedBody {
    pub code: String,
    /// `R-11` and the like; absent when the command could not even be read.
    pub rule: Option<String>,
    pub message_zh: String,
    pub message_en: String,
    /// Each `{person, act, document, page}` with a text in both languages.
    #[schema(value_type = Vec<Object>)]
    pub missing: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "answer", content = "with")]
pub enum Answer {
    Accepted(Accepted),
    /// A refusal as it was first given; kept as JSON so that a repeat is the same to the letter.
    Refused(Value),
}

impl Answer {
    pub fn refused(refusal: &Refusal) -> Answer {
        Answer::Refused(serde_json::to_value(refusal).unwrap_or(Value::Null))
    }

    pub fn from_kept(text: &str) -> Option<Answer> {
        let value: Value = serde_json::from_str(text).ok()?;
        let with = value.get("with")?.clone();
        match value.get("answer")?.as_str()? {
            "accepted" => serde_json::from_value(with).ok().map(Answer::Accepted),
            "refused" => Some(Answer::Refused(with)),
            _ => None,
        }
    }
}

/// A refusal of the room itself, in the contract's form.
pub(super) fn refused(code: &str, rule: Option<RuleId>, (message_zh, message_en): (String, String)) -> Value {
    json!({
        "code": code, "rule": rule, "message_zh": message_zh, "message_en": message_en, "missing": [],
    })
}

/// What the room says of a command before anybody's word is asked for.
#[derive(Debug)]
pub enum Weighed {
    /// It was answered before, or it is refused whoever approves it; that is kept.
    Answered(Answer),
    /// It would be accepted if the word that it carries were given.
    WaitsForWord,
}

/// A snapshot that grew old is no proof of anything: nobody may be told "recording" from it.
pub fn honest(seen: &Arc<Snapshot>) -> Arc<Snapshot> {
    let says_so = seen.recording || seen.still_written;
    if !says_so || seen.made.elapsed() < RECORDING_WITHIN {
        return Arc::clone(seen);
    }
    let mut old = seen.as_ref().clone();
    (old.recording, old.still_written, old.interview.recording) = (false, false, false);
    Arc::new(old)
}

#[derive(Clone)]
pub struct RoomHandle {
    pub(super) events: Sender<RoomEvent>,
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) audit: Arc<AuditLog>,
    pub(super) reader: Reader,
    /// Where mobile recorders' files come in.
    pub(super) incoming: Incoming,
}

impl RoomHandle {
    /// `None` when the room did not answer in time; the command may still be carried out.
    pub async fn command(&self, request: CommandRequest, actor: &str) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        let event = RoomEvent::Command {
            request,
            actor: actor.to_owned(),
            reply,
        };
        self.events.send(event).ok()?;
        tokio::time::timeout(ANSWER_WITHIN, answer).await.ok()?.ok()
    }

    /// Whether a command is worth an approver's word: a code is used up for good, so a repeated command and one
    /// that cannot pass are answered without. `request` carries the word that it would have.
    pub async fn weigh(&self, request: CommandRequest, actor: &str) -> Option<Weighed> {
        let (reply, answer) = oneshot::channel();
        let (free, is_free) = oneshot::channel();
        let event = RoomEvent::Weigh {
            request,
            actor: actor.to_owned(),
            reply,
            free,
        };
        self.events.send(event).ok()?;
        let weighed = async {
            tokio::select! {
                biased;
                Ok(()) = is_free => Some(Weighed::WaitsForWord),
                Ok(answer) = answer => Some(Weighed::Answered(answer)),
                else => None,
            }
        };
        tokio::time::timeout(ANSWER_WITHIN, weighed).await.ok()?
    }

    /// What the door refuses is answered, journalled and repeated like any other refusal.
    pub async fn refuse(&self, request: CommandRequest, refusal: Value, actor: &str) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        let event = RoomEvent::Refuse {
            request,
            refusal,
            actor: actor.to_owned(),
            reply,
        };
        self.events.send(event).ok()?;
        tokio::time::timeout(ANSWER_WITHIN, answer).await.ok()?.ok()
    }

    /// A file for the open interview; answered when it is durable and journalled.
    pub async fn put_file(&self, path: String, bytes: Vec<u8>, actor: &str) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        let event = RoomEvent::File {
            path,
            bytes,
            actor: actor.to_owned(),
            reply,
        };
        self.events.send(event).ok()?;
        tokio::time::timeout(ANSWER_WITHIN, answer).await.ok()?.ok()
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        honest(&self.snapshots.borrow())
    }

    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    pub fn is_alive(&self) -> bool {
        Instant::now().saturating_duration_since(self.snapshot().made) < ALIVE_WITHIN
    }

    /// Whether the line is durable. Nothing may be shown when it is not.
    pub async fn audit(&self, actor: &str, action: &str, resource: &str) -> bool {
        let log = Arc::clone(&self.audit);
        let line = (actor.to_owned(), action.to_owned(), resource.to_owned());
        let written = tokio::task::spawn_blocking(move || log.write(&line.0, &line.1, &line.2));
        match written.await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(%error, "audit");
                false
            }
            Err(_) => false,
        }
    }
}
