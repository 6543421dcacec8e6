//! The children that are killed, and how they are run: each tells line by line what became durable, until it ends
//! by itself or at the point it was told of.

use super::evidence_support::*;
use shenlu::evidence::{
    adopt::{Recovered, find_unfinished, recover},
    closing::close,
    directory::{InterviewDirectory, Place},
    names::{InterviewId, TrackName},
    now::{Now, SystemNow},
    writer::Writer,
};
use std::{
    fs,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

const DATA: &str = "SHENLU_TEST_DATA";
const MIRROR: &str = "SHENLU_TEST_MIRROR";
const MEDIA: &str = "SHENLU_TEST_MEDIA";
const CRASH_AT: &str = "SHENLU_CRASH_AT";
/// Chunks of a part that the recorder is given; about two seconds.
const CHUNKS: usize = 9;

pub fn clock() -> Arc<dyn Now> {
    Arc::new(SystemNow::new().unwrap())
}

fn tell(text: &str) {
    // A line of its own, whatever the test harness wrote before it.
    print!("\ntold {text}\n");
    std::io::stdout().flush().unwrap();
}

/// Where a child works, as its test told it.
fn told_place() -> Place {
    let data = PathBuf::from(std::env::var_os(DATA).expect("a role is only run by its test"));
    Place {
        mirror: std::env::var_os(MIRROR).map(PathBuf::from),
        ..place(&data)
    }
}

/// The interview that a cut left open, or a new one.
fn take_up(place: &Place) -> (InterviewDirectory, Writer, u32) {
    let unfinished = find_unfinished(&place.interviews()).unwrap();
    let taken_up = unfinished
        .iter()
        .find_map(|id| match recover(place, id, clock()).unwrap() {
            Recovered::Open(adopted) => Some(adopted),
            Recovered::Closed(_) | Recovered::Stillborn => None,
        });
    match taken_up {
        Some(adopted) => {
            let (writer, part) = (adopted.writer(1), adopted.outline.last_part() + 1);
            (adopted.directory, writer, part)
        }
        None => {
            let directory = InterviewDirectory::create(place, "a1", clock()).unwrap();
            let writer = Writer::new(&directory, 1);
            (directory, writer, 1)
        }
    }
}

#[test]
#[ignore = "a role: the child that is killed"]
fn role_recorder() {
    let media = cut(&fs::read(std::env::var_os(MEDIA).unwrap()).unwrap());
    let (directory, mut writer, part) = take_up(&told_place());
    tell(&format!("interview {}", directory.id()));
    let track = TrackName::Program;
    writer
        .begin_part(part, clock().now().at, track.clone(), media.header.clone())
        .unwrap();
    for (n, (starts, bytes)) in media.chunks.iter().take(CHUNKS).enumerate() {
        tell(&format!("next {part} {n}"));
        writer.write_chunk(part, &track, *starts, bytes.clone()).unwrap();
        tell(&format!("chunk {part} {n}"));
        if n == 3 {
            let path = format!("documents/page-{part}-{}.txt", std::process::id());
            directory.put_file(&path, path.as_bytes()).unwrap();
            tell(&format!("file {path}"));
        }
        if n % 4 == 3 {
            directory.checkpoint(conditions()).unwrap();
        }
    }
    tell("end");
}

#[test]
#[ignore = "a role: the child that is killed while it closes"]
fn role_closer() {
    let place = told_place();
    for id in find_unfinished(&place.interviews()).unwrap() {
        if let Recovered::Open(adopted) = recover(&place, &id, clock()).unwrap() {
            close(&adopted.directory, &facts()).unwrap();
        }
    }
    tell("end");
}

/// What the child told before it was killed.
#[derive(Default)]
pub struct Told {
    pub interview: Option<InterviewId>,
    /// Part and number of the last chunk said to be durable.
    pub durable: Option<(u32, usize)>,
    /// The one that was on its way.
    pub next: Option<(u32, usize)>,
    pub files: Vec<String>,
    pub ended: bool,
}

/// A child that is to be killed.
pub struct Role<'a> {
    pub name: &'static str,
    pub data: &'a Path,
    pub mirror: Option<&'a Path>,
    pub media: &'a Path,
}

impl Role<'_> {
    /// Killed where it passes the point for the `pass`-th time, if it does.
    pub fn run(&self, point: &str, pass: u64) -> Told {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                &format!("roles::{}", self.name),
                "--ignored",
                "--nocapture",
            ])
            .env(DATA, self.data)
            .env(MEDIA, self.media)
            .env(CRASH_AT, format!("{point}:{pass}"));
        if let Some(mirror) = self.mirror {
            command.env(MIRROR, mirror);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut told = Told::default();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            told.hear(&line.unwrap());
        }
        let status = child.wait().unwrap();
        let was_killed = status.code().is_none();
        assert!(
            was_killed || told.ended,
            "{} at {point}:{pass} ended with {status}",
            self.name
        );
        told
    }

    /// To its end.
    pub fn run_whole(&self) -> Told {
        self.run("directory-made", u64::MAX)
    }
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let numbers = |words: &[&str]| (words[0].parse().unwrap(), words[1].parse().unwrap());
        match words.as_slice() {
            ["told", "interview", id] => self.interview = Some(id.parse().unwrap()),
            ["told", "next", rest @ ..] => self.next = Some(numbers(rest)),
            ["told", "chunk", rest @ ..] => self.durable = Some(numbers(rest)),
            ["told", "file", path] => self.files.push((*path).to_owned()),
            ["told", "end"] => self.ended = true,
            _ => {}
        }
    }
}
