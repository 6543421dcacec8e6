//! A room on paper: an interview, its journal, a recording that can fail, and the next useful thing.
//!
//! Keeps the journal as the room would, knows apart from the interview whether anything is on air, and
//! checks the promises after each move.

use serde_json::json;
use shenlu::interview::{
    ActStatus, Command, Ending, Entry, Event, Given, Interview, InterviewKind, Mark, MarkKind, MediaTime,
    Missing, Moment, PartNumber, Rules, StateName, Statement, View, WallTime,
};

use crate::orders::{any_command, command, digest, precheck, put, start};
use crate::promises::*;

#[derive(Debug, Clone)]
pub enum Move {
    /// The most useful thing that could be done now.
    Advance,
    /// Any command of the list, useful or not.
    Try(usize, usize),
    /// Change a page of the transcript, or its length.
    Correct {
        page: usize,
        pages: usize,
    },
    RecordingLost {
        seconds_ago: u64,
    },
    PartBegan,
    /// Power is lost while the last `unwritten` entries of a step were not durable.
    Crash {
        unwritten: usize,
        seconds_ago: u64,
    },
    Closed,
    Alarm(usize),
    /// A mobile recorder's file, decided, put in its place, then admitted.
    Import(usize),
    /// A file for the e-case file, in the same way.
    Give(usize),
}

pub struct World {
    pub interview: Interview,
    pub journal: Vec<Entry>,
    wall_ms: i64,
    media_us: u64,
    part: u32,
    on_air: bool,
    salt: u64,
    pub closed_complete: bool,
}

impl World {
    pub fn new() -> Self {
        Self {
            interview: Interview::new(Rules::default()),
            journal: Vec::new(),
            wall_ms: 1_790_000_000_000,
            media_us: 0,
            part: 0,
            on_air: false,
            salt: 100,
            closed_complete: false,
        }
    }

    fn now(&mut self) -> Moment {
        self.wall_ms += 1_000;
        self.media_us += 1_000_000;
        self.moment(0)
    }

    fn moment(&self, seconds_ago: u64) -> Moment {
        let wall = WallTime::new(self.wall_ms - seconds_ago as i64 * 1000, 480);
        if !self.on_air {
            return Moment::off_air(wall);
        }
        let media = self.media_us.saturating_sub(seconds_ago * 1_000_000);
        Moment::on_air(wall, PartNumber(self.part), MediaTime(media))
    }

    fn step(&mut self, command: Command) -> bool {
        let (before, was) = (self.interview.clone(), self.interview.view());
        let at = self.now();
        match self.interview.step(at, command.clone()) {
            Ok(entries) => {
                assert!(!entries.is_empty(), "{command:?} was accepted without an entry");
                self.journal.extend(entries);
            }
            Err(refusal) => {
                assert_eq!(
                    self.interview, before,
                    "a refusal changed the interview: {refusal:?}"
                );
                assert!(!refusal.message_zh.is_empty() && !refusal.message_en.is_empty());
                return false;
            }
        }
        let state = self.interview.state();
        if was.recording && !self.interview.view().recording {
            assert_eq!(state, StateName::Closing, "{command:?} stopped the recording");
        }
        if let Command::PutDocument { pages, .. } = command {
            assert_changed_pages_are_void(&was, &self.interview.view(), &pages);
        }
        true
    }

    fn observe(&mut self, event: Event) {
        let at = self.now();
        self.journal.extend(self.interview.observe(at, event));
    }

    pub fn play(&mut self, next: &Move) {
        match next {
            Move::Advance => self.advance(),
            Move::Try(choice, n) => {
                let command = any_command(*choice, *n, &self.interview.view());
                self.step(command);
            }
            Move::Correct { page, pages } => self.correct(*page, *pages),
            Move::RecordingLost { seconds_ago } => self.lose("media-failed", *seconds_ago),
            Move::PartBegan => self.part_began(),
            Move::Crash {
                unwritten,
                seconds_ago,
            } => self.crash(*unwritten, *seconds_ago),
            Move::Closed => self.observe(Event::Closed {}),
            Move::Alarm(n) => self.alarm(*n),
            Move::Import(n) => self.import(*n),
            Move::Give(n) => self.give(*n),
        }
        self.check();
    }

    fn lose(&mut self, cause: &str, seconds_ago: u64) {
        let recorded_until = self.moment(seconds_ago);
        self.on_air = false;
        let event = json!({ "event": "recording-lost", "cause": cause, "detail": "",
            "recorded_until": recorded_until });
        self.observe(serde_json::from_value(event).unwrap());
    }

    fn part_began(&mut self) {
        if self.interview.state() == StateName::Recording {
            return;
        }
        self.part += 1;
        self.media_us = 0;
        self.on_air = true;
        self.observe(Event::PartBegan {
            part: PartNumber(self.part),
        });
    }

    /// The entries of the last moment may be half written; whole ones before it are durable.
    fn crash(&mut self, unwritten: usize, seconds_ago: u64) {
        let last = self.journal.last().map(|entry| entry.at);
        for _ in 0..unwritten {
            if self.journal.last().map(|entry| entry.at) == last {
                self.journal.pop();
            }
        }
        self.interview = Interview::replay(Rules::default(), &self.journal).unwrap();
        self.lose("power-loss", seconds_ago);
    }

    fn alarm(&mut self, n: usize) {
        let alarm = json!({ "alarm": "camera-lost", "slot": (["officer", "panorama"][n % 2]) });
        let alarm = serde_json::from_value(alarm).unwrap();
        self.observe(match n % 3 {
            0 => Event::AlarmCleared { alarm },
            _ => Event::AlarmRaised {
                alarm,
                detail: format!("{}", n % 2),
            },
        });
    }

    fn import(&mut self, n: usize) {
        let import = json!({ "interruption": n % 2 + 1, "path": format!("attachments/elsewhere-1/{n}.mp4"),
            "sha256": digest(3), "size": 1 << 30, "device": "DSJ-01",
            "from": { "unix_ms": 1, "offset_min": 480 }, "until": { "unix_ms": 2, "offset_min": 480 } });
        let at = self.now();
        let before = self.interview.clone();
        let decided = self.interview.import(at, serde_json::from_value(import).unwrap());
        assert_eq!(self.interview, before, "deciding changes nothing");
        if let Ok(entries) = decided {
            self.interview.admit(&entries).unwrap();
            self.journal.extend(entries);
        }
    }

    fn give(&mut self, n: usize) {
        let file = json!({ "path": format!("case/{n}.pdf"), "file_kind": "pdf", "internal": false, "size": n,
            "sha256": digest(n as u64), "by": "operator" });
        let (at, before) = (self.now(), self.interview.clone());
        let given = self
            .interview
            .give_case_file(at, serde_json::from_value(file).unwrap());
        assert_eq!(self.interview, before, "deciding changes nothing");
        if let Ok(Given::New(entries)) = given {
            self.interview.admit(&entries).unwrap();
            self.journal.extend(entries);
        }
    }

    fn correct(&mut self, page: usize, pages: usize) {
        let view = self.interview.view();
        let known = view.documents.first();
        let mut digests: Vec<String> = known
            .map(|d| d.pages.iter().map(|p| p.as_str().to_string()).collect())
            .unwrap_or_default();
        digests.truncate(pages.max(1));
        while digests.len() < pages.max(1) {
            self.salt += 1;
            digests.push(digest(self.salt));
        }
        self.salt += 1;
        let index = page % digests.len();
        digests[index] = digest(self.salt);
        let revision = known.map_or(1, |d| d.revision + 1);
        self.step(put(digests, revision));
    }

    fn advance(&mut self) {
        match self.interview.state() {
            StateName::Idle => drop(self.step(precheck())),
            StateName::Prechecked => drop(self.step(start("interrogation")) || self.step(precheck())),
            StateName::Confidential => drop(self.step(command(json!({ "kind": "end-confidential" })))),
            StateName::Starting
            | StateName::Suspended
            | StateName::Unrecorded
            | StateName::ContinuedElsewhere => self.part_began(),
            StateName::Closing => self.observe(Event::Closed {}),
            StateName::Closed => {}
            StateName::Recording => self.advance_recording(),
        }
    }

    fn advance_recording(&mut self) {
        let Err(refusal) = self
            .interview
            .clone()
            .step(self.moment(0), command(json!({ "kind": "end-interview" })))
        else {
            assert!(self.step(command(json!({ "kind": "end-interview" }))));
            return;
        };
        for missing in refusal.missing {
            if self.settle(&missing) {
                return;
            }
        }
    }

    /// Does one missing thing; false where something else must come first.
    fn settle(&mut self, missing: &Missing) -> bool {
        let next = match missing.act {
            step @ ("announced" | "rights-read" | "identity-established") => {
                json!({ "kind": "mark", "mark": step })
            }
            "statement" => {
                let owed = self.interview.view().statements_owed;
                json!({ "kind": "statement-made", "interruption": owed[0].interruption })
            }
            "end-interval" => {
                let open = self
                    .interview
                    .view()
                    .intervals
                    .into_iter()
                    .find(|i| i.to.is_none())
                    .unwrap();
                json!({ "kind": "end-interval", "interval": open.id })
            }
            "transcript" => return self.step(put(vec![digest(1), digest(2)], 1)),
            "review" => json!({ "kind": "begin-review" }),
            act @ ("check" | "sign" | "fingerprint") => return self.act(missing, act),
            other => panic!("no way to settle {other}"),
        };
        self.step(command(next))
    }

    fn act(&mut self, missing: &Missing, act: &str) -> bool {
        let view = self.interview.view();
        let (who, page) = (missing.person.clone().unwrap(), missing.page.unwrap());
        let there = view.participants.iter().find(|a| a.person.id == who).unwrap();
        if !there.present() {
            return self.step(command(
                json!({ "kind": "join-participant", "participant": there.person }),
            ));
        }
        let sha = &view.documents[0].pages[page.0 as usize - 1];
        self.step(command(
            json!({ "kind": "record-act", "document": missing.document, "page": page, "person": who,
            "page_sha256": sha, "act": act,
            "outcome": { "result": "done", "method": "electronic", "evidence": digest(5) } }),
        ))
    }

    fn check(&mut self) {
        let view = self.interview.view();
        let replayed = Interview::replay(Rules::default(), &self.journal).unwrap();
        assert_eq!(
            replayed, self.interview,
            "the journal does not give the interview back"
        );
        assert!(!view.recording || self.on_air, "it says recording and it is not");
        assert_acts_attest_their_pages(&view);
        assert_no_act_was_lost(&view, &self.journal);
        assert_nothing_stands_in_a_gap(&view);
        assert_an_end_elsewhere_has_its_recording(&view);
        if matches!(view.state, StateName::Closing | StateName::Closed) {
            self.assert_nothing_is_open(&view);
        }
    }

    fn assert_nothing_is_open(&mut self, view: &View) {
        let complete = matches!(view.ending, Some(Ending::Complete));
        for act in view.documents.iter().flat_map(|d| &d.acts) {
            match act.status {
                ActStatus::Open => panic!("ended with {act:?} open"),
                ActStatus::NotObtained => assert!(!complete, "a complete end without {act:?}"),
                ActStatus::Recorded { .. } => {}
            }
        }
        assert!(view.statements_owed.is_empty(), "ended with a statement owed");
        for gap in view.interruptions.iter().filter(|_| complete) {
            assert!(
                matches!(gap.statement, Statement::Made { .. }),
                "ended without a word about {gap:?}"
            );
        }
        if complete && view.interview == Some(InterviewKind::Interrogation) {
            for step in [
                MarkKind::Announced,
                MarkKind::RightsRead,
                MarkKind::IdentityEstablished,
            ] {
                let seen = |m: &&Mark| m.mark == step && !in_a_gap(view, &m.at);
                assert!(
                    view.marks.iter().any(|m| seen(&m)),
                    "ended without {step:?} on the recording"
                );
            }
        }
        assert!(view.intervals.iter().all(|i| i.to.is_some()) || !complete);
        self.closed_complete |= complete && view.state == StateName::Closed && !view.documents.is_empty();
    }
}
