//! What holds for every sequence of commands, faults, crashes and restarts of an interview.
//!
//! A world drives the state machine with random and with useful moves, keeps the journal as the room
//! would, crashes by replaying a prefix of it, and checks the promises after each move: nothing open at
//! the end, no entry lost, a changed page void, nobody able to pause.

use proptest::prelude::*;
use serde_json::{Value, json};
use shenlu::interview::{
    ActStatus, Command, Entry, Event, Fact, Interview, MediaTime, Missing, Moment, PartNumber, Rules,
    StateName, View, WallTime,
};

#[derive(Debug, Clone)]
enum Move {
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
}

struct World {
    interview: Interview,
    journal: Vec<Entry>,
    wall_ms: i64,
    media_us: u64,
    part: u32,
    on_air: bool,
    salt: u64,
    closed_complete: bool,
}

fn digest(seed: u64) -> String {
    format!("{seed:064x}")
}

fn command(value: Value) -> Command {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn person(id: &str, role: &str) -> Value {
    json!({ "id": id, "name": id, "role": role, "number": id })
}

fn precheck() -> Command {
    let item = |item: &str| json!({ "item": item, "passed": true, "figure": "ok" });
    let items = ["interviewee-picture", "sound", "master-space", "clock"];
    command(json!({ "kind": "precheck", "results": items.map(item) }))
}

fn start(kind: &str) -> Command {
    let people = [
        person("suspect", "interviewee"),
        person("o1", "officer"),
        person("o2", "officer"),
    ];
    command(json!({ "kind": "start-interview", "interview": kind, "participants": people }))
}

/// Commands that a confused or malicious panel could send at any time.
fn any_command(choice: usize, n: usize, view: &View) -> Command {
    let people = ["suspect", "o1", "o2", "interpreter", "guardian", "nobody"];
    let who = people[n % people.len()];
    let act = ["check", "sign", "fingerprint"][n % 3];
    let pages = view
        .documents
        .first()
        .map(|d| d.pages.clone())
        .unwrap_or_default();
    let sha = pages
        .get(n % 3)
        .map_or_else(|| digest(9), |page| page.as_str().to_string());
    let done = json!({ "result": "done", "method": "electronic", "evidence": digest(7) });
    let outcome = match n % 4 {
        0 => json!({ "result": "refused", "reason": "拒绝", "officers_note": "已记录" }),
        1 => json!({ "result": "unable", "reason": "injured", "replaced_by": "fingerprint" }),
        _ => done,
    };
    let approver = json!({ "name": "head", "number": "h1" });
    let reason = ["illness", "violence", "removal", "other", "continued-elsewhere"][n % 5];
    command(match choice % 20 {
        0 => return precheck(),
        1 => return start(["interrogation", "safety-check", "mediation"][n % 3]),
        2 => json!({ "kind": "begin-confidential" }),
        3 => json!({ "kind": "end-confidential" }),
        4 => json!({ "kind": "bind-case", "case": { "number": "A1" } }),
        5 => json!({ "kind": "join-participant", "participant": person("interpreter", "interpreter") }),
        6 => json!({ "kind": "leave-participant", "person": who }),
        7 => json!({ "kind": "mark", "mark": (["help", "rest", "rights-read"][n % 3]) }),
        8 => json!({ "kind": "begin-interval", "interval": "break" }),
        9 => json!({ "kind": "end-interval", "interval": n % 3 + 1 }),
        10 => json!({ "kind": "switch-layout", "layout": "evidence" }),
        11 => json!({ "kind": "begin-review" }),
        12 => json!({ "kind": "resume-questioning", "reason": "one more question" }),
        13 | 14 => {
            json!({ "kind": "record-act", "document": "transcript", "page": n % 3 + 1, "page_sha256": sha,
            "person": who, "act": act, "outcome": outcome })
        }
        15 => json!({ "kind": "statement-made", "interruption": n % 3 + 1 }),
        16 => json!({ "kind": "continue-elsewhere", "place": "a2" }),
        17 => json!({ "kind": "continue-unrecorded", "ground": "urgent", "reason": "r", "approver": approver,
            "confirmation": "centre", "interviewee_told": true }),
        18 => json!({ "kind": "end-interview" }),
        _ if n % 7 == 0 => {
            json!({ "kind": "end-incomplete", "reason": reason, "text": "t", "approver": approver })
        }
        _ => json!({ "kind": "join-participant", "participant": person(who, "guardian") }),
    })
}

impl World {
    fn new() -> Self {
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

    fn play(&mut self, next: &Move) {
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
        if matches!(view.state, StateName::Closing | StateName::Closed) {
            self.assert_nothing_is_open(&view);
        }
    }

    fn assert_nothing_is_open(&mut self, view: &View) {
        let complete = matches!(view.ending, Some(shenlu::interview::Ending::Complete));
        for act in view.documents.iter().flat_map(|d| &d.acts) {
            match act.status {
                ActStatus::Open => panic!("ended with {act:?} open"),
                ActStatus::NotObtained => assert!(!complete, "a complete end without {act:?}"),
                ActStatus::Recorded { .. } => {}
            }
        }
        assert!(view.statements_owed.is_empty(), "ended with a statement owed");
        assert!(view.intervals.iter().all(|i| i.to.is_some()) || !complete);
        self.closed_complete |= complete && view.state == StateName::Closed && !view.documents.is_empty();
    }
}

fn put(pages: Vec<String>, revision: u32) -> Command {
    command(
        json!({ "kind": "put-document", "document": "transcript", "document_kind": "transcript",
        "title": "讯问笔录", "pages": pages, "revision": revision }),
    )
}

fn assert_changed_pages_are_void(was: &View, now: &View, pages: &[shenlu::interview::Sha256Hex]) {
    let (Some(was), Some(now)) = (was.documents.first(), now.documents.first()) else {
        return;
    };
    for act in &was.acts {
        let ActStatus::Recorded { page_sha256, at, .. } = &act.status else {
            continue;
        };
        if pages.get(act.page.0 as usize - 1) == Some(page_sha256) {
            continue;
        }
        let kept = now
            .voided
            .iter()
            .any(|v| v.person == act.person && v.act == act.act && v.at == *at);
        assert!(kept, "{act:?} lost its page and is not kept as void");
        let again = now
            .acts
            .iter()
            .find(|a| a.page == act.page && a.person == act.person && a.act == act.act);
        assert!(
            again.is_none_or(|a| a.status == ActStatus::Open),
            "{again:?} stands on a changed page"
        );
    }
}

fn assert_acts_attest_their_pages(view: &View) {
    for document in &view.documents {
        for act in &document.acts {
            if let ActStatus::Recorded { page_sha256, .. } = &act.status {
                assert_eq!(
                    Some(page_sha256),
                    document.pages.get(act.page.0 as usize - 1),
                    "{act:?}"
                );
            }
        }
    }
}

fn assert_no_act_was_lost(view: &View, journal: &[Entry]) {
    let told = journal
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::ActRecorded { .. }))
        .count();
    let recorded = |d: &shenlu::interview::DocumentView| {
        let standing = d
            .acts
            .iter()
            .filter(|a| matches!(a.status, ActStatus::Recorded { .. }))
            .count();
        standing + d.voided.len()
    };
    assert_eq!(told, view.documents.iter().map(recorded).sum::<usize>());
}

fn assert_integers_only(value: &Value) {
    match value {
        Value::Number(number) => {
            let safe = number.as_i64().is_some_and(|n| n.unsigned_abs() < 1 << 53);
            assert!(safe, "{number} cannot stand in a journal");
        }
        Value::Array(items) => items.iter().for_each(assert_integers_only),
        Value::Object(fields) => fields.values().for_each(assert_integers_only),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        24 => Just(Move::Advance),
        8 => (0..20_usize, 0..40_usize).prop_map(|(choice, n)| Move::Try(choice, n)),
        2 => (0..3_usize, 1..4_usize).prop_map(|(page, pages)| Move::Correct { page, pages }),
        1 => (0..30_u64).prop_map(|seconds_ago| Move::RecordingLost { seconds_ago }),
        1 => Just(Move::PartBegan),
        1 => (0..3_usize, 0..10_u64).prop_map(|(unwritten, seconds_ago)| Move::Crash { unwritten, seconds_ago }),
        1 => Just(Move::Closed),
        1 => (0..6_usize).prop_map(Move::Alarm),
    ];
    prop::collection::vec(one, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_faults_and_crashes_ends_with_an_act_open(moves in moves()) {
        let mut world = World::new();
        for next in &moves {
            let told = world.journal.clone();
            world.play(next);
            if !matches!(next, Move::Crash { .. }) {
                prop_assert!(world.journal.starts_with(&told), "an entry was lost or moved");
            }
        }
    }

    #[test]
    fn every_journal_line_reads_back_as_the_entry_it_was(moves in moves()) {
        let mut world = World::new();
        moves.iter().for_each(|next| world.play(next));
        for entry in &world.journal {
            let data = entry.data();
            assert_integers_only(&data);
            let read = Entry::from_line(entry.kind(), &data).unwrap();
            prop_assert_eq!(read.as_ref(), Some(entry));
        }
    }

    /// Every prefix is a place where power can be lost: it must give an interview that can go on.
    #[test]
    fn every_prefix_of_a_journal_can_be_resumed(moves in moves(), cut in 0..400_usize) {
        let mut world = World::new();
        moves.iter().for_each(|next| world.play(next));
        world.journal.truncate(cut);
        world.interview = Interview::replay(Rules::default(), &world.journal).unwrap();
        world.play(&Move::Crash { unwritten: 0, seconds_ago: 1 });
        for _ in 0..80 {
            world.play(&Move::Advance);
        }
        prop_assert_eq!(world.interview.state(), StateName::Closed);
    }
}

/// Without this the promises above could hold because nothing ever ends.
#[test]
fn an_interview_with_faults_on_the_way_reaches_its_complete_end() {
    let mut world = World::new();
    for round in 0..60 {
        if round % 9 == 8 {
            world.play(&Move::RecordingLost { seconds_ago: 2 });
        }
        world.play(&Move::Advance);
    }
    assert!(
        world.closed_complete,
        "stands at {:#?}",
        world.interview.view().owed
    );
}

#[test]
fn no_command_is_named_for_pausing_skipping_or_deleting() {
    for name in [
        "pause",
        "pause-interview",
        "skip",
        "delete",
        "delete-page",
        "cancel",
        "stop-recording",
    ] {
        assert!(serde_json::from_value::<Command>(json!({ "kind": name })).is_err());
    }
}
