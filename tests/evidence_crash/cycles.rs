//! Killed, cut, looked at, taken up again: a hundred times on one interview, and by option more on one `<data>`.

use super::{
    dice::Dice,
    evidence_support::*,
    interview::{invariants_hold, is_closed, is_sound},
    loss::{Ledger, distribution},
    roles::{Role, Told},
    volume::{Cut, Volume},
};
use shenlu::evidence::{crash_point::POINTS, names::InterviewId};
use std::{collections::BTreeMap, fs, path::Path};

/// Not on a recorder's way: those of the closing, and of a room's index.
const OF_CLOSING: [&str; 3] = ["put-written", "put-renamed", "index-next"];
/// Recovery reads every part again, so an interview must not grow for ever.
const KILLS_OF_AN_INTERVIEW: usize = 100;
/// A chunk that was on its way, and no more.
const MOST_LOST_MS: u64 = 280;

fn cycles() -> usize {
    std::env::var("SHENLU_CRASH_CYCLES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100)
}

#[test]
fn a_recorder_killed_at_every_point_loses_nothing_that_was_told() {
    Cycles::of(&Volume::plain(), 7).run();
}

#[test]
fn a_recorder_whose_disk_forgets_loses_nothing_that_was_told() {
    if let Some(volume) = Volume::forgetful() {
        Cycles::of(&volume, 11).run();
    }
}

/// Children that record on one `<data>`, and what they were given and told.
pub struct Cycles<'a> {
    volume: &'a Volume,
    media: Media,
    media_file: tempfile::NamedTempFile,
    dice: Dice,
    ledger: Ledger,
    files: Vec<(InterviewId, String)>,
    killed: BTreeMap<&'static str, u32>,
    kills: usize,
}

impl<'a> Cycles<'a> {
    pub fn of(volume: &'a Volume, seed: u64) -> Self {
        let media_file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&media_file, make_mp4(4)).unwrap();
        Self {
            volume,
            media: cut(&fs::read(&media_file).unwrap()),
            media_file,
            dice: Dice(seed),
            ledger: Ledger::default(),
            files: Vec::new(),
            killed: BTreeMap::new(),
            kills: 0,
        }
    }

    fn run(mut self) {
        let mut torn_journal = false;
        for run in 0..cycles() * 3 {
            torn_journal = self.cycle(run, torn_journal);
            if self.kills == cycles() {
                break;
            }
        }
        assert_eq!(self.kills, cycles(), "killed at: {:?}", self.killed);
        println!("killed at: {:?}", self.killed);
        self.every_point_was_met();
        println!("{}", distribution(self.all_is_there()));
    }

    /// One child's life and end. Whether it left a torn journal.
    fn cycle(&mut self, run: usize, torn_journal: bool) -> bool {
        let (point, pass) = self.dice.point(torn_journal);
        let told = self.role("role_recorder").run(point, pass);
        let mut torn = false;
        if !told.ended {
            self.kills += 1;
            *self.killed.entry(point).or_default() += 1;
            torn = self.volume.cut_at(point, &told, &self.media, &mut self.dice);
        }
        self.remember(told);
        invariants_hold(self.volume.path(), &format!("run {run} to {point}:{pass}"));
        if self.kills.is_multiple_of(KILLS_OF_AN_INTERVIEW) && self.kills < cycles() {
            self.role("role_closer").run_whole();
            torn = false;
        }
        torn
    }

    /// One child's life, without any cut. Whether it was killed.
    pub fn record(&mut self, point: &str, pass: u64) -> bool {
        let told = self.role("role_recorder").run(point, pass);
        let was_killed = !told.ended;
        self.remember(told);
        was_killed
    }

    fn role(&self, name: &'static str) -> Role<'_> {
        Role {
            name,
            data: self.volume.path(),
            mirror: None,
            media: self.media_file.path(),
        }
    }

    fn remember(&mut self, told: Told) {
        let Some(id) = told.interview else {
            return;
        };
        if let Some((part, chunk)) = told.durable {
            self.ledger.durable(&id, part, chunk + 1);
        }
        if let Some((part, chunk)) = told.next {
            self.ledger.given(&id, part, chunk + 1, !told.ended);
        }
        self.files
            .extend(told.files.into_iter().map(|path| (id.clone(), path)));
    }

    fn every_point_was_met(&self) {
        let never: Vec<&&str> = POINTS
            .iter()
            .filter(|point| !OF_CLOSING.contains(point) && !self.killed.contains_key(**point))
            .collect();
        assert!(never.is_empty(), "never killed at {never:?}");
    }

    /// Closes what is open and looks at every byte; what each kill cost, in ms of media.
    pub fn all_is_there(&self) -> Vec<u64> {
        let data = self.volume.path();
        let ids = self.ledger.interviews();
        for id in &ids {
            is_closed(data, id);
        }
        self.volume.cut(Cut::Everything); // closed is closed
        invariants_hold(data, "the end");
        let mut lost = Vec::new();
        for id in &ids {
            let path = data.join("interviews").join(id.as_str());
            lost.extend(
                self.ledger
                    .compare(id, &is_sound(&path, id.as_str()), &self.media),
            );
        }
        self.files_are_there(data);
        assert!(lost.iter().all(|ms| *ms <= MOST_LOST_MS), "{lost:?}");
        lost
    }

    fn files_are_there(&self, data: &Path) {
        for (id, path) in &self.files {
            let kept = fs::read(data.join("interviews").join(id.as_str()).join(path));
            assert_eq!(kept.unwrap(), path.as_bytes());
        }
    }
}
