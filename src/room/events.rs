//! Everything that can happen to a room, as one type: what the loop selects on.

use super::arriving::{About, ArrivedFile, Reserved};
use super::burners::BurnerSeen;
use super::handle::{Answer, CommandRequest};
use super::media::MediaEvent;
use super::ports::{ClimateReading, ClockQuality};
use super::recorder::Recorded;
use crate::disc::{CaseBurnt, DiscEvent};
use serde_json::Value;
use tokio::sync::oneshot;

pub enum RoomEvent {
    Command {
        request: CommandRequest,
        actor: String,
        reply: oneshot::Sender<Answer>,
    },
    /// Asked before an approver's word is proved: `reply` when it is answered already, `free` when it is not.
    Weigh {
        request: CommandRequest,
        actor: String,
        reply: oneshot::Sender<Answer>,
        free: oneshot::Sender<()>,
    },
    /// Refused at the door.
    Refuse {
        request: CommandRequest,
        refusal: Value,
        actor: String,
        reply: oneshot::Sender<Answer>,
    },
    File {
        path: String,
        bytes: Vec<u8>,
        actor: String,
        reply: oneshot::Sender<Answer>,
    },
    /// Asked before a file is sent.
    Reserve {
        about: About,
        reply: oneshot::Sender<Result<Reserved, Answer>>,
    },
    /// The file is whole, and not evidence yet.
    Arrived {
        file: Box<ArrivedFile>,
        actor: String,
        reply: oneshot::Sender<Answer>,
    },
    Media(MediaEvent),
    Recorded(Recorded),
    Disc {
        interview: String,
        event: DiscEvent,
    },
    /// The merged disc of a case.
    CaseDisc(DiscEvent),
    CaseDiscEnded(CaseBurnt),
    Burner(BurnerSeen),
    Surroundings {
        clock: ClockQuality,
        climate: Option<ClimateReading>,
        free_bytes: Option<u64>,
    },
    /// The answer to a command that no journal holds is durable in the index.
    AnswerKept {
        number: u64,
    },
    /// The process is asked to end; an open interview stays open and resumes at the next start.
    Shutdown,
}
