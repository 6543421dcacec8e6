//! The index as the loop holds it: what is to be written goes to a thread of its own, answers are remembered here.
//!
//! SQLite may be locked or slow; the recording must not even notice (design 3). Everything in it but the answers
//! given while no interview was open stands in journals too, so nothing waits for it but those answers. The thread
//! tries again for as long as somebody else holds the lock or the disk refuses.

use super::events::RoomEvent;
use super::reindex::{index_journal, is_indexed};
use crate::evidence::line::Line;
use crate::store::{InterviewRow, Store, StoreError};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Commands whose answers are remembered, newest first: some weeks of a busy room.
pub(super) const REMEMBERED: usize = 50_000;
const RETRY: Duration = Duration::from_millis(200);
/// What is queued when the service is told to end.
const END_WITHIN: Duration = Duration::from_secs(5);

enum Job {
    Lines { interview: String, lines: Vec<Line> },
    Interview(Box<InterviewRow>),
    Answer { answer: Kept, number: Option<u64> },
}

/// An answer as it is kept.
pub(super) struct Kept {
    pub command_id: String,
    /// JSON text of `Answer`.
    pub answer: String,
    /// RFC 3339.
    pub at: String,
}

pub(super) struct Index {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    answers: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Index {
    /// Takes the store over; what it knows of answers is remembered from here on.
    pub fn start(store: Store, events: Sender<RoomEvent>) -> std::io::Result<Index> {
        let known = store.answers(REMEMBERED).unwrap_or_else(|error| {
            tracing::error!(%error, "answers of before cannot be read");
            Vec::new()
        });
        let (jobs, queue) = channel();
        let thread = thread::Builder::new()
            .name("index".into())
            .spawn(move || write(store, &queue, &events))?;
        let mut index = Index {
            jobs: Some(jobs),
            thread: Some(thread),
            answers: HashMap::new(),
            order: VecDeque::new(),
        };
        for (command_id, answer) in known {
            index.remember(command_id, answer);
        }
        Ok(index)
    }

    /// The answer that was given to this command, as JSON text.
    pub fn answer(&self, command_id: &str) -> Option<&str> {
        self.answers.get(command_id).map(String::as_str)
    }

    /// Keeps an answer; the first one stays. `number` comes back as `AnswerKept` when it is durable.
    pub fn keep(&mut self, answer: Kept, number: Option<u64>) {
        if self.remember(answer.command_id.clone(), answer.answer.clone()) || number.is_some() {
            self.give(Job::Answer { answer, number });
        }
    }

    /// Lines of an interview's journal, with the answers that stand in them.
    pub fn journal(&mut self, interview: &str, lines: &[Line]) {
        let text = |line: &Line| {
            Some((
                line.data.get("command_id")?.as_str()?.to_owned(),
                answer_in(line)?,
            ))
        };
        for (command_id, answer) in lines.iter().filter_map(text) {
            self.remember(command_id, answer);
        }
        self.give(Job::Lines {
            interview: interview.to_owned(),
            lines: lines.iter().filter(|line| is_indexed(line)).cloned().collect(),
        });
    }

    pub fn interview(&self, row: InterviewRow) {
        self.give(Job::Interview(Box::new(row)));
    }

    fn remember(&mut self, command_id: String, answer: String) -> bool {
        if self.answers.contains_key(&command_id) {
            return false;
        }
        self.answers.insert(command_id.clone(), answer);
        self.order.push_back(command_id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        true
    }

    fn give(&self, job: Job) {
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(job).is_err()) {
            tracing::error!("the index's thread is gone");
        }
    }
}

fn answer_in(line: &Line) -> Option<String> {
    line.data.get("answer").map(Value::to_string)
}

impl Drop for Index {
    fn drop(&mut self) {
        self.jobs = None;
        let deadline = Instant::now() + END_WITHIN;
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn write(mut store: Store, queue: &Receiver<Job>, events: &Sender<RoomEvent>) {
    for job in queue {
        let mut said = false;
        while let Err(error) = carry_out(&mut store, &job) {
            if !std::mem::replace(&mut said, true) {
                tracing::error!(%error, "index");
            }
            if !error.may_pass() {
                break;
            }
            thread::sleep(RETRY);
        }
        if let Job::Answer {
            number: Some(number), ..
        } = job
        {
            let _ = events.send(RoomEvent::AnswerKept { number });
        }
    }
}

fn carry_out(store: &mut Store, job: &Job) -> Result<(), StoreError> {
    match job {
        Job::Lines { interview, lines } => index_journal(store, interview, lines),
        Job::Interview(row) => store.put_interview(row),
        Job::Answer { answer, .. } => store.keep_answer(&answer.command_id, &answer.answer, &answer.at),
    }
}
