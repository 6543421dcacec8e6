//! What people ask of the room: each command once, each answer kept.
//!
//! An accepted command is answered when its lines are durable in the journal; a repeat of its id gets the
//! same answer, also after a restart. Early ends and other refusals of a running interview stand in its
//! journal too: that somebody tried is evidence.

use super::appliance::{Appliance, Waiting};
use super::approval;
use super::case_discs::BURN_CASE_DISC;
use super::disc_orders::BURN_DISCS;
use super::handle::{Accepted, Answer, CommandRequest, refused};
use super::index::Kept;
use super::open::{Part, Then};
use super::precheck::{Seen, precheck};
use super::recorder::Work;
use super::words;
use crate::evidence::line::{Data, time_text};
use crate::interview::{Command, Entry, Fact, Refusal, RuleId, StateName};
use pipelines::messages::ToMedia;
use serde_json::{Value, json};
use tokio::sync::oneshot;

impl Appliance {
    pub(super) fn on_command(
        &mut self,
        request: CommandRequest,
        actor: &str,
        reply: oneshot::Sender<Answer>,
    ) {
        let Some(reply) = self.unless_answered(&request.command_id, reply) else {
            return;
        };
        if self.confirms_later(&request) {
            let answer = self.on_confirm(&request, actor);
            return self.answer_outside(&request, answer, reply);
        }
        if request.kind == BURN_DISCS {
            let answer = self.on_burn_discs(&request);
            return self.answer_outside(&request, answer, reply);
        }
        let (answer, entries) = self.decide(&request, actor);
        self.record_answer(&request, actor, answer, entries, reply);
    }

    /// Gives the reply back for a command that is new; a repeated one gets its answer, or waits for it.
    fn unless_answered(
        &mut self,
        command_id: &str,
        reply: oneshot::Sender<Answer>,
    ) -> Option<oneshot::Sender<Answer>> {
        if let Some(waiting) = self.waiting.iter_mut().find(|w| w.command_id == command_id) {
            waiting.replies.push(reply);
            return None;
        }
        if let Some(kept) = self.index.answer(command_id) {
            if let Some(answer) = Answer::from_kept(kept) {
                let _ = reply.send(answer);
            }
            return None;
        }
        Some(reply)
    }

    /// Decided as if the word were given, and nothing done: what is refused anyway costs no code.
    pub(super) fn on_weigh(
        &mut self,
        request: &CommandRequest,
        actor: &str,
        reply: oneshot::Sender<Answer>,
        free: oneshot::Sender<()>,
    ) {
        let Some(reply) = self.unless_answered(&request.command_id, reply) else {
            return;
        };
        if self.confirms_later(request) {
            return match self.judge_confirmation(request) {
                Ok(_) => drop(free.send(())),
                Err(answer) => self.answer_outside(request, answer, reply),
            };
        }
        // The journal takes its last line now: the word would be struck off and could stand nowhere.
        if let Some(open) = &self.open
            && matches!(open.part, Part::Closing { waits_for: None })
        {
            let said = (words::IS_CLOSING.zh.to_owned(), words::IS_CLOSING.en.to_owned());
            let _ = reply.send(Answer::Refused(refused("closing", Some(RuleId::R11), said)));
            return;
        }
        let judged = self.understand(request).and_then(|command| {
            let judged = self.interview.clone().step(self.moment(), command);
            judged.map_err(|refusal| Answer::refused(&refusal))
        });
        match judged {
            Ok(_) => {
                let _ = free.send(());
            }
            Err(answer) => self.record_answer(request, actor, answer, Vec::new(), reply),
        }
    }

    pub(super) fn on_refuse(
        &mut self,
        request: &CommandRequest,
        refusal: Value,
        actor: &str,
        reply: oneshot::Sender<Answer>,
    ) {
        let Some(reply) = self.unless_answered(&request.command_id, reply) else {
            return;
        };
        if self.confirms_later(request) {
            return self.answer_outside(request, Answer::Refused(refusal), reply);
        }
        self.record_answer(request, actor, Answer::Refused(refusal), Vec::new(), reply);
    }

    /// A transcript or an attestation enters the interview's directory; refused when none is open.
    pub(super) fn on_file(
        &mut self,
        path: String,
        bytes: Vec<u8>,
        actor: &str,
        reply: oneshot::Sender<Answer>,
    ) {
        let at = time_text(self.wall());
        let number = self.number();
        let takes = !matches!(self.interview.state(), StateName::Closing | StateName::Closed);
        let Some(open) = self.open.as_ref().filter(|_| takes) else {
            let _ = reply.send(Answer::Refused(no_interview()));
            return;
        };
        tracing::info!(actor, path, bytes = bytes.len(), "file");
        let accepted = Accepted {
            command_id: format!("file-{number}"),
            interview_id: Some(open.id.clone()),
            at,
        };
        open.recorder.give(Work::File { path, bytes, number });
        let (command_id, answer) = (accepted.command_id.clone(), Answer::Accepted(accepted));
        self.waiting.push_back(Waiting {
            number,
            command_id,
            answer,
            is_kept: false,
            admits: Vec::new(),
            replies: vec![reply],
        });
    }

    fn decide(&mut self, request: &CommandRequest, actor: &str) -> (Answer, Vec<Entry>) {
        if request.kind == "resume" {
            return (self.on_resume(request), Vec::new());
        }
        if request.kind == BURN_CASE_DISC {
            return (self.on_burn_case(request, actor), Vec::new());
        }
        let command = match self.understand(request) {
            Ok(command) => command,
            Err(answer) => return (answer, Vec::new()),
        };
        let mut next = self.interview.clone();
        let entries = match next.step(self.moment(), command) {
            Ok(entries) => entries,
            Err(refusal) => return (Answer::refused(&refusal), Vec::new()),
        };
        if entries.iter().any(|e| matches!(e.fact, Fact::Started(_)))
            && let Err(refusal) = self.open_interview(&entries)
        {
            return (Answer::refused(&refusal), Vec::new());
        }
        self.interview = next;
        let accepted = Accepted {
            command_id: request.command_id.clone(),
            interview_id: self.open.as_ref().map(|open| open.id.clone()),
            at: time_text(self.wall()),
        };
        (Answer::Accepted(accepted), entries)
    }

    /// One press after a cut that was too long to go on unasked (design 5).
    fn on_resume(&mut self, request: &CommandRequest) -> Answer {
        if !self.resume() {
            let said = (
                words::NOTHING_TO_RESUME.zh.to_owned(),
                words::NOTHING_TO_RESUME.en.to_owned(),
            );
            return Answer::Refused(refused("nothing-to-resume", Some(RuleId::R14), said));
        }
        Answer::Accepted(Accepted {
            command_id: request.command_id.clone(),
            interview_id: self.open.as_ref().map(|open| open.id.clone()),
            at: time_text(self.wall()),
        })
    }

    /// No journal holds this answer, so the index must before it is given.
    fn answer_outside(&mut self, request: &CommandRequest, answer: Answer, reply: oneshot::Sender<Answer>) {
        let number = self.number();
        let waiting = kept_command(number, request, answer, reply);
        let kept = self.as_kept(&waiting);
        self.waiting.push_back(waiting);
        self.index.keep(kept, Some(number));
    }

    /// The room itself fills in what the pre-check found and what an approver proved; nobody can send that.
    pub(super) fn understand(&self, request: &CommandRequest) -> Result<Command, Answer> {
        if request.kind == "precheck" {
            let results = precheck(&Seen {
                config: &self.config,
                media: &self.media_view,
                discs: &self.discs,
                clock: self.clock.as_ref(),
                climate: self.climate.map(|c| c.value),
                free_bytes: self.free_bytes,
            });
            return Ok(Command::Precheck { results });
        }
        let mut command = approval::put_in(request);
        if let (Value::Object(fields), "confirm-incomplete") = (&mut command, request.kind.as_str()) {
            fields.remove("interview"); // says to whom it is spoken, not what
        }
        serde_json::from_value(command)
            .map_err(|error| Answer::Refused(refused("malformed", None, words::MALFORMED.with(error))))
    }

    fn record_answer(
        &mut self,
        request: &CommandRequest,
        actor: &str,
        answer: Answer,
        entries: Vec<Entry>,
        reply: oneshot::Sender<Answer>,
    ) {
        let number = self.number();
        match &self.open {
            Some(open) => {
                let mut lines = journal_lines(&entries);
                lines.push(("answered".to_owned(), answered(request, actor, &answer)));
                open.recorder.give(Work::Lines { lines, number });
                self.waiting
                    .push_back(kept_command(number, request, answer, reply));
            }
            None => {
                self.note_in_ledger(&entries);
                self.answer_outside(request, answer, reply);
            }
        }
        self.carry_out(&entries);
    }

    /// Of what happens between interviews only the occupancy is kept.
    fn note_in_ledger(&self, entries: &[Entry]) {
        for entry in entries {
            let kind = match &entry.fact {
                Fact::ConfidentialBegan {} => "confidential-began",
                Fact::ConfidentialEnded {} => "confidential-ended",
                _ => continue,
            };
            if let Err(error) = self.ledger.write(kind, json!({})) {
                tracing::error!(%error, "ledger");
            }
        }
    }

    /// A file that could not be put in: whoever sent it must know.
    pub(super) fn refuse_waiting(&mut self, number: u64, reason: &str) {
        if let Some(place) = self.waiting.iter().position(|w| w.number == number)
            && let Some(mut waiting) = self.waiting.remove(place)
        {
            waiting.answer = Answer::Refused(not_taken(reason));
            self.answer(waiting);
        }
    }

    fn as_kept(&self, waiting: &Waiting) -> Kept {
        Kept {
            command_id: waiting.command_id.clone(),
            answer: serde_json::to_string(&waiting.answer).unwrap_or_default(),
            at: time_text(self.wall()),
        }
    }

    /// The index holds it, so it may be given.
    pub(super) fn answer_kept(&mut self, number: u64) {
        if let Some(place) = self.waiting.iter().position(|w| w.number == number)
            && let Some(waiting) = self.waiting.remove(place)
        {
            self.answer(waiting);
        }
    }

    /// Keeps the answer and gives it.
    pub(super) fn answer(&mut self, waiting: Waiting) {
        if matches!(waiting.answer, Answer::Accepted(_))
            && let Err(error) = self.interview.admit(&waiting.admits)
        {
            tracing::error!(%error, "journalled, and not taken in");
        }
        if waiting.is_kept {
            let kept = self.as_kept(&waiting);
            self.index.keep(kept, None);
        }
        for reply in waiting.replies {
            let _ = reply.send(waiting.answer.clone());
        }
    }

    fn carry_out(&mut self, entries: &[Entry]) {
        for entry in entries {
            match &entry.fact {
                Fact::Started(_) => self.on_started(),
                Fact::LayoutSwitched { layout } => self.switch_layout(*layout),
                Fact::Closing {} | Fact::ClosingIncomplete { .. } => self.end_recording(),
                // Nobody who matters is in the room any more.
                Fact::ContinuedElsewhere { .. } => self.stop_part(Then::Hold),
                Fact::ContinuedUnrecorded { .. } => self.overlay(),
                Fact::ConfidentialBegan {} => self.hide_everything(),
                Fact::CaseBound { case, .. } => {
                    if let Some((id, uuid)) = self.open.as_ref().map(|o| (o.id.clone(), o.uuid.clone())) {
                        self.number_set(&id, &uuid, case);
                    }
                    self.overlay();
                }
                Fact::IntervalBegan { .. } | Fact::IntervalEnded { .. } | Fact::Joined { .. } => {
                    self.overlay()
                }
                _ => {}
            }
        }
    }

    fn switch_layout(&mut self, layout: crate::interview::Layout) {
        use crate::interview::Layout as Asked;
        use pipelines::settings::Layout;
        let layout = match layout {
            Asked::Interview => Layout::Interview,
            Asked::InterviewRoom => Layout::InterviewRoom,
            Asked::Evidence => Layout::Evidence,
            Asked::SideBySide => Layout::SideBySide,
            Asked::Quad => Layout::Quad,
        };
        self.media_view.layout = layout;
        self.media.say(&ToMedia::SetLayout { layout });
    }

    /// what was heard last must not stand on a screen while a lawyer talks with the client.
    fn hide_everything(&mut self) {
        self.media_view.left = None;
        self.media_view.right = None;
    }
}

/// A command whose answer is given once it is durable, and the same for ever.
fn kept_command(
    number: u64,
    request: &CommandRequest,
    answer: Answer,
    reply: oneshot::Sender<Answer>,
) -> Waiting {
    Waiting {
        number,
        command_id: request.command_id.clone(),
        answer,
        is_kept: true,
        admits: Vec::new(),
        replies: vec![reply],
    }
}

/// Entries as journal lines.
pub(super) fn journal_lines(entries: &[Entry]) -> Vec<(String, Data)> {
    entries
        .iter()
        .map(|entry| (entry.kind().to_owned(), as_data(entry.data())))
        .collect()
}

fn as_data(value: Value) -> Data {
    match value {
        Value::Object(data) => data,
        other => Data::from_iter([("value".to_owned(), other)]),
    }
}

/// The answer stands in the journal as it was given, so that a repeat gets the same one even when the index
/// was lost.
fn answered(request: &CommandRequest, actor: &str, answer: &Answer) -> Data {
    as_data(json!({
        "command_id": request.command_id, "command": request.kind, "actor": actor,
        "accepted": matches!(answer, Answer::Accepted(_)), "answer": answer,
    }))
}

/// The interview could not begin because its evidence has no place to stand.
pub(super) fn no_place(detail: &str) -> Refusal {
    let (message_zh, message_en) = words::NO_PLACE.with(detail);
    Refusal {
        code: "no-place-for-evidence",
        rule: RuleId::R14,
        message_zh,
        message_en,
        missing: Vec::new(),
    }
}

pub(super) fn no_interview() -> Value {
    let said = (
        words::NO_INTERVIEW.zh.to_owned(),
        words::NO_INTERVIEW.en.to_owned(),
    );
    refused("no-interview", Some(RuleId::R11), said)
}

pub(super) fn not_taken(reason: &str) -> Value {
    refused("not-taken", Some(RuleId::R03), words::FILE_NOT_TAKEN.with(reason))
}
