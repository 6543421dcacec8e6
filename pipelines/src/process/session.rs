//! The media process while it runs: orders and events in, one after the other, and the stalls looked for.
//!
//! `serve` starts it on its own thread and ends with it. It owns the programme, opens and closes parts, and
//! says `PartClosed` only when every track of the part was handed to the outbox. It never waits for anything
//! but its own events.

use super::stalls::Stalls;
use super::{Event, ServeError, describe};
use crate::composer::Command;
use crate::gate::{Closed, GateError};
use crate::messages::{FromMedia, ToMedia};
use crate::outbox::Outbox;
use crate::programme::Programme;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, UNIX_EPOCH};

const READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Woken later than this, the process itself stood still, and what seems to stand still may not.
const LATE: Duration = Duration::from_secs(1);
/// A muxer hands over what it has within milliseconds of being told the end.
const DRAIN: Duration = Duration::from_secs(3);

/// Which part is on its way out, and what of it is still to come.
struct Closing {
    part: u32,
    composite: bool,
    originals: bool,
    /// When its last picture and sound had passed the gate.
    since: Instant,
}

enum Flow {
    Goes,
    Ends,
}

pub(super) struct Session {
    programme: Programme,
    outbox: Outbox,
    happened: Receiver<Event>,
    stalls: Stalls,
    began: Instant,
    said_ready: bool,
    /// A part asked for before it could be opened.
    wanted: Option<u32>,
    closing: Option<Closing>,
}

impl Session {
    pub fn new(
        programme: Programme,
        outbox: Outbox,
        happened: Receiver<Event>,
        chunks: Arc<AtomicU64>,
        fps: u64,
    ) -> Session {
        let now = Instant::now();
        let stalls = Stalls::new(chunks, fps, now);
        Session {
            programme,
            outbox,
            happened,
            stalls,
            began: now,
            said_ready: false,
            wanted: None,
            closing: None,
        }
    }

    pub fn run(&mut self) -> Result<(), ServeError> {
        let mut next_count = Instant::now() + COUNT_EVERY;
        loop {
            // Until it is ready it looks often; then only orders and the count wake it.
            let wait = match self.said_ready {
                true => next_count.saturating_duration_since(Instant::now()),
                false => LOOK_EVERY,
            };
            match self.happened.recv_timeout(wait) {
                Ok(event) => match self.happen(event)? {
                    Flow::Goes => {}
                    Flow::Ends => return Ok(()),
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            self.get_ready()?;
            let now = Instant::now();
            if now >= next_count {
                let late = now.duration_since(next_count);
                next_count = if late > LATE { now } else { next_count } + COUNT_EVERY;
                self.count(late)?;
            }
        }
    }

    fn count(&mut self, late: Duration) -> Result<(), ServeError> {
        let counters = self.programme.counters();
        self.outbox.say(FromMedia::Counted { counters }, Vec::new());
        if late > LATE {
            tracing::warn!(late_ms = late.as_millis(), "the process was held up");
            return Ok(());
        }
        self.stalls.look(&counters, self.programme.busy())?;
        self.hurry()
    }

    /// A muxer that was told the end and hangs must not keep the next part waiting.
    fn hurry(&mut self) -> Result<(), ServeError> {
        let busy = self.programme.busy();
        let Some(closing) = self.closing.as_mut() else {
            return Ok(());
        };
        if busy {
            closing.since = Instant::now();
        }
        if closing.since.elapsed() < DRAIN {
            return Ok(());
        }
        let part = closing.part;
        if closing.composite {
            let message = format!("part {part} does not end since {} s", DRAIN.as_secs());
            return Err(ServeError::Failed {
                step: "mux".into(),
                message,
            });
        }
        tracing::warn!(part, "an original does not end and is left behind");
        self.finish(part, |closing| closing.originals = false)
    }

    fn happen(&mut self, event: Event) -> Result<Flow, ServeError> {
        match event {
            Event::Told(message) => self.obey(message)?,
            Event::SocketEnded => return Ok(Flow::Ends),
            Event::Failed { step, message } => return Err(ServeError::Failed { step, message }),
            Event::CompositeFinished { part } => {
                self.programme.forget(part);
                self.finish(part, |closing| closing.composite = false)?;
            }
            Event::OriginalsFinished { part } => {
                self.finish(part, |closing| closing.originals = false)?;
            }
        }
        Ok(Flow::Goes)
    }

    fn obey(&mut self, message: ToMedia) -> Result<(), ServeError> {
        match message {
            ToMedia::Configure { .. } => {
                let message = "configured twice: start a new media process instead".to_owned();
                return Err(ServeError::Failed {
                    step: "configure".into(),
                    message,
                });
            }
            ToMedia::OpenPart { part } => {
                self.wanted = Some(part);
                self.open_wanted()?;
            }
            ToMedia::ClosePart { part } => self.close(part)?,
            ToMedia::SetLayout { layout } => self.programme.tell(Command::SetLayout(layout)),
            ToMedia::SetOverlay { overlay } => self.programme.tell(Command::SetOverlay(overlay)),
            ToMedia::Ping { number } => self.programme.tell(Command::Ping(number)),
        }
        Ok(())
    }

    fn get_ready(&mut self) -> Result<(), ServeError> {
        if self.said_ready {
            return Ok(());
        }
        if self.programme.ready() {
            self.said_ready = true;
            let encoder = self.programme.encoder().to_owned();
            self.outbox.say(FromMedia::Ready { encoder }, Vec::new());
            return self.open_wanted();
        }
        if self.began.elapsed() > READY_WITHIN {
            let message = format!(
                "no picture or no sound was encoded within {} s",
                READY_WITHIN.as_secs()
            );
            return Err(ServeError::Failed {
                step: "start".into(),
                message,
            });
        }
        Ok(())
    }

    /// Waits for the encoders' first output, and for the last part to be delivered.
    fn open_wanted(&mut self) -> Result<(), ServeError> {
        if !self.said_ready || self.closing.is_some() {
            return Ok(());
        }
        let Some(part) = self.wanted.take() else {
            return Ok(());
        };
        self.stalls.expect_chunks();
        let failed = |error: GateError| ServeError::Failed {
            step: format!("open part {part}"),
            message: describe(&error),
        };
        let began = self.programme.open(part).map_err(failed)?;
        let since_1970 = began.duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_unix_ms = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        self.outbox
            .say(FromMedia::PartOpened { part, began_unix_ms }, Vec::new());
        Ok(())
    }

    fn close(&mut self, part: u32) -> Result<(), ServeError> {
        if self.wanted == Some(part) {
            self.wanted = None;
            self.outbox.say(FromMedia::PartClosed { part }, Vec::new());
            return Ok(());
        }
        let (closed, originals) = self.programme.close(part);
        match closed {
            Closed::Finishing => {
                self.closing = Some(Closing {
                    part,
                    composite: true,
                    originals,
                    since: Instant::now(),
                })
            }
            Closed::Empty => {
                self.programme.forget(part);
                self.closing = Some(Closing {
                    part,
                    composite: false,
                    originals,
                    since: Instant::now(),
                });
                self.finish(part, |_| {})?;
            }
            Closed::NotOpen => tracing::warn!(part, "asked to close a part that is not open"),
        }
        Ok(())
    }

    /// Notes what of the part has come to its end, and tells the room when that was all.
    fn finish(&mut self, part: u32, note: impl FnOnce(&mut Closing)) -> Result<(), ServeError> {
        let Some(closing) = self.closing.as_mut().filter(|closing| closing.part == part) else {
            return Ok(());
        };
        note(closing);
        if closing.composite || closing.originals {
            return Ok(());
        }
        self.closing = None;
        self.outbox.say(FromMedia::PartClosed { part }, Vec::new());
        self.open_wanted()
    }
}
