//! The one thread that writes an interview's evidence: media, journal lines, files, the close.
//!
//! Everything it is given is done in the order in which it came, so a journal line is never durable before
//! what it speaks of. It may wait for the disk as long as the disk likes; the loop only counts what waits
//! for it. A chunk that cannot be written is tried again until it can be or the room gives up; it is never
//! passed over.

use super::arrival::Arrival;
use crate::evidence::closing::{ClosingFacts, Stamping, close};
use crate::evidence::directory::{DirectoryError, InterviewDirectory};
use crate::evidence::durable::DurableError;
use crate::evidence::entries::Fragment;
use crate::evidence::journal::JournalError;
use crate::evidence::line::{Data, Line};
use crate::evidence::names::TrackName;
use crate::evidence::writer::{Event, Writer, WriterError};
use chrono::{DateTime, FixedOffset};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The journal's head is signed with so many fragments of the composite, about every two seconds (design 6): by
/// count, so that a disk that stood still and then takes a minute at once gets as many.
const FRAGMENTS_TO_SIGN: u32 = 2;
/// Numbers of work begin at 1.
const NOBODY_WAITS: u64 = 0;
/// Pause before the disk is asked again after it refused.
const RETRY: Duration = Duration::from_millis(200);

pub enum Work {
    BeginPart {
        part: u32,
        track: TrackName,
        started_at: DateTime<FixedOffset>,
        header: Arc<[u8]>,
    },
    Chunk {
        part: u32,
        track: TrackName,
        starts_fragment: bool,
        bytes: Arc<[u8]>,
        conditions: Arc<Data>,
    },
    EndPart {
        part: u32,
    },
    /// `number` comes back when all of them are durable.
    Lines {
        lines: Vec<(String, Data)>,
        number: u64,
    },
    /// A transcript, an attestation: `number` comes back like that of lines.
    File {
        path: String,
        bytes: Vec<u8>,
        number: u64,
    },
    /// A file that came in beside the directory, whole on this volume, and the lines that say what it is. Its bytes
    /// are not read.
    TakeIn {
        arrival: Box<Arrival>,
        lines: Vec<(String, Data)>,
        number: u64,
    },
    Close {
        facts: Box<ClosingFacts>,
    },
}

/// What became durable, in order.
#[derive(Debug)]
pub enum Recorded {
    Fragment {
        part: u32,
        track: TrackName,
        fragment: Box<Fragment>,
    },
    /// A segment is closed, or a file that came in stands in the directory: discs may take it.
    FileWhole {
        path: String,
        size: u64,
        sha256: String,
        sm3: String,
    },
    Discontinuity {
        part: u32,
        media_us: u64,
        gap_us: i64,
    },
    /// Lines for the index, and the number of the work that they came with.
    Lines {
        lines: Vec<Line>,
        number: u64,
    },
    PartEnded {
        part: u32,
    },
    /// A name used before, or one that is not for files.
    FileRefused {
        number: u64,
        reason: String,
    },
    /// These lines can never stand in this journal: it is closed, or they are too large.
    LinesRefused {
        number: u64,
        reason: String,
    },
    /// The muxer gave something that is no media; it was kept aside.
    Spoilt {
        track: Option<TrackName>,
        reason: String,
    },
    /// The disk refuses; tried again until it does not.
    Stuck {
        reason: String,
        full: bool,
    },
    Unstuck,
    Closed {
        stamping: Stamping,
    },
    NotClosed {
        reason: String,
    },
}

/// The loop's end. Dropping it ends the thread after what is queued was done.
pub struct Recorder {
    work: Sender<Work>,
    waiting_bytes: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// `writer` goes on where the directory's journal stands.
    pub fn start(
        directory: InterviewDirectory,
        writer: Writer,
        tell: impl Fn(Recorded) + Send + 'static,
    ) -> std::io::Result<Recorder> {
        let (work, queue) = channel();
        let waiting_bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&waiting_bytes);
        let scribe = Scribe {
            directory,
            writer,
            tell: Box::new(tell),
            waiting_bytes: counted,
            // The first fragment is signed at once.
            unsigned: FRAGMENTS_TO_SIGN - 1,
        };
        let builder = thread::Builder::new().name("recorder".into());
        let thread = builder.spawn(move || scribe.run(&queue))?;
        Ok(Recorder {
            work,
            waiting_bytes,
            thread,
        })
    }

    pub fn give(&self, work: Work) {
        self.waiting_bytes
            .fetch_add(size_of_work(&work), Ordering::SeqCst);
        if self.work.send(work).is_err() {
            tracing::error!("the recorder's thread is gone");
        }
    }

    /// Ends after everything that is queued is done, or when `within` has passed.
    pub fn end(self, within: Duration) {
        drop(self.work);
        let deadline = Instant::now() + within;
        while !self.thread.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Media bytes that are not on the disk yet.
    pub fn waiting_bytes(&self) -> u64 {
        self.waiting_bytes.load(Ordering::SeqCst)
    }
}

fn size_of_work(work: &Work) -> u64 {
    match work {
        Work::Chunk { bytes, .. } => bytes.len() as u64,
        Work::BeginPart { .. }
        | Work::EndPart { .. }
        | Work::Lines { .. }
        | Work::File { .. }
        | Work::TakeIn { .. }
        | Work::Close { .. } => 0,
    }
}

fn track_of(work: &Work) -> Option<TrackName> {
    match work {
        Work::BeginPart { track, .. } | Work::Chunk { track, .. } => Some(track.clone()),
        Work::EndPart { .. }
        | Work::Lines { .. }
        | Work::File { .. }
        | Work::TakeIn { .. }
        | Work::Close { .. } => None,
    }
}

struct Scribe {
    directory: InterviewDirectory,
    writer: Writer,
    tell: Box<dyn Fn(Recorded) + Send>,
    waiting_bytes: Arc<AtomicU64>,
    /// Fragments since the journal's head was last signed.
    unsigned: u32,
}

/// How a piece of work ended.
enum Done {
    Yes,
    /// It cannot succeed by being tried again.
    Never(String),
    /// The disk refused; nothing was half done.
    NotYet {
        reason: String,
        full: bool,
    },
}

impl Scribe {
    fn run(mut self, queue: &Receiver<Work>) {
        let mut stuck = false;
        for work in queue {
            let size = size_of_work(&work);
            loop {
                match self.carry_out(&work) {
                    Done::Yes => break,
                    Done::Never(reason) => {
                        let track = track_of(&work);
                        (self.tell)(Recorded::Spoilt { track, reason });
                        break;
                    }
                    Done::NotYet { reason, full } => {
                        if !stuck {
                            (self.tell)(Recorded::Stuck { reason, full });
                        }
                        stuck = true;
                        thread::sleep(RETRY);
                    }
                }
            }
            if std::mem::take(&mut stuck) {
                (self.tell)(Recorded::Unstuck);
            }
            self.waiting_bytes.fetch_sub(size, Ordering::SeqCst);
        }
    }

    fn carry_out(&mut self, work: &Work) -> Done {
        match work {
            Work::BeginPart {
                part,
                track,
                started_at,
                header,
            } => {
                let begun = self
                    .writer
                    .begin_part(*part, *started_at, track.clone(), Arc::clone(header));
                self.after_writing(begun.map(|()| Vec::new()))
            }
            Work::Chunk {
                part,
                track,
                starts_fragment,
                bytes,
                conditions,
            } => {
                self.writer.set_conditions(conditions.as_ref().clone());
                let written = self
                    .writer
                    .write_chunk(*part, track, *starts_fragment, Arc::clone(bytes));
                let is_fragment = |event: &Event| matches!(event, Event::FragmentWritten { .. });
                let has_fragment = written
                    .as_ref()
                    .is_ok_and(|events| events.iter().any(is_fragment));
                let done = self.after_writing(written);
                if has_fragment {
                    self.checkpoint(conditions);
                }
                done
            }
            Work::EndPart { part } => {
                let ended = self.writer.end_part(*part);
                let done = self.after_writing(ended);
                if matches!(done, Done::Yes) {
                    self.checkpoint(&Data::new());
                    (self.tell)(Recorded::PartEnded { part: *part });
                }
                done
            }
            Work::Lines { lines, number } => self.append(lines, *number),
            Work::File { path, bytes, number } => self.put_file(path, bytes, *number),
            Work::TakeIn {
                arrival,
                lines,
                number,
            } => self.take_in(arrival, lines, *number),
            Work::Close { facts } => {
                match close(&self.directory, facts) {
                    Ok(closed) => (self.tell)(Recorded::Closed {
                        stamping: closed.stamping,
                    }),
                    Err(error) => match error.refused_by_disk() {
                        Some(refused) => return not_yet(refused),
                        None => (self.tell)(Recorded::NotClosed { reason: said(&error) }),
                    },
                }
                Done::Yes
            }
        }
    }

    /// A head that cannot be signed now is signed with the next fragment; a chunk is never kept waiting for it.
    fn checkpoint(&mut self, conditions: &Data) {
        let clock = conditions.iter().filter(|(key, _)| key.starts_with("clock_"));
        let clock = clock.map(|(key, value)| (key.clone(), value.clone())).collect();
        match self.directory.checkpoint(clock) {
            Ok(_) => self.unsigned = 0,
            Err(error) => tracing::warn!(%error, "the journal's head was not signed"),
        }
    }

    fn after_writing(&mut self, written: Result<Vec<Event>, WriterError>) -> Done {
        match written {
            Ok(events) => {
                self.pass_on(events);
                Done::Yes
            }
            Err(error) => {
                let events = self.writer.take_events();
                self.pass_on(events);
                let reason = said(&error);
                match error {
                    WriterError::Durable(error) | WriterError::Journal(JournalError::Durable(error)) => {
                        not_yet(&error)
                    }
                    WriterError::Journal(_)
                    | WriterError::Header { .. }
                    | WriterError::Chunk { .. }
                    | WriterError::NoKeyFrame { .. }
                    | WriterError::NotOpen { .. }
                    | WriterError::StillOpen { .. }
                    | WriterError::Order { .. } => Done::Never(reason),
                }
            }
        }
    }

    fn pass_on(&self, events: Vec<Event>) {
        for event in VecDeque::from(events) {
            match event {
                Event::FragmentWritten {
                    part,
                    track,
                    fragment,
                } => {
                    (self.tell)(Recorded::Fragment {
                        part,
                        track,
                        fragment,
                    });
                }
                Event::SegmentClosed {
                    path,
                    size,
                    sha256,
                    sm3,
                } => {
                    let (sha256, sm3) = (sha256.to_string(), sm3.to_string());
                    (self.tell)(Recorded::FileWhole {
                        path,
                        size,
                        sha256,
                        sm3,
                    });
                }
                Event::Discontinuity {
                    part,
                    media_us,
                    gap_us,
                    ..
                } => {
                    (self.tell)(Recorded::Discontinuity {
                        part,
                        media_us,
                        gap_us,
                    });
                }
                Event::SegmentOpened { .. } | Event::BytesAppended { .. } => {}
            }
        }
    }

    /// A line that was appended before the disk refused is not appended again.
    fn append(&self, lines: &[(String, Data)], number: u64) -> Done {
        let mut durable = Vec::with_capacity(lines.len());
        let mut stuck = false;
        for (kind, data) in lines {
            loop {
                match self.directory.journal().append(kind, data.clone()) {
                    Ok(line) => {
                        durable.push(line);
                        break;
                    }
                    Err(JournalError::Durable(error)) => {
                        if !std::mem::replace(&mut stuck, true) {
                            (self.tell)(Recorded::Stuck {
                                reason: said(&error),
                                full: error.is_full(),
                            });
                        }
                        thread::sleep(RETRY);
                    }
                    Err(error) => {
                        (self.tell)(Recorded::LinesRefused {
                            number,
                            reason: said(&error),
                        });
                        return Done::Yes;
                    }
                }
            }
        }
        if stuck {
            (self.tell)(Recorded::Unstuck);
        }
        (self.tell)(Recorded::Lines {
            lines: durable,
            number,
        });
        Done::Yes
    }

    /// Never tried again by itself: the sender still has the file, and the recording must not wait for it.
    fn take_in(&self, arrival: &Arrival, lines: &[(String, Data)], number: u64) -> Done {
        let line = match arrival.put_in(&self.directory) {
            Ok(line) => line,
            Err(error) => return self.file_refused(&error, number),
        };
        (self.tell)(Recorded::FileWhole {
            path: arrival.path.clone(),
            size: arrival.size,
            sha256: arrival.digests.sha256.to_string(),
            sm3: arrival.digests.sm3.to_string(),
        });
        (self.tell)(Recorded::Lines {
            lines: line.into_iter().collect(),
            number: NOBODY_WAITS,
        });
        self.append(lines, number)
    }

    fn put_file(&self, path: &str, bytes: &[u8], number: u64) -> Done {
        match self.directory.put_file(path, bytes) {
            Ok(line) => {
                let lines = vec![line];
                (self.tell)(Recorded::Lines { lines, number });
                Done::Yes
            }
            Err(error) => self.file_refused(&error, number),
        }
    }

    fn file_refused(&self, error: &DirectoryError, number: u64) -> Done {
        let reason = said(error);
        (self.tell)(Recorded::FileRefused { number, reason });
        Done::Yes
    }
}

fn not_yet(error: &DurableError) -> Done {
    Done::NotYet {
        reason: said(error),
        full: error.is_full(),
    }
}

/// The whole chain of reasons, once each.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
