//! The composer: one picture per tick out of whatever the cameras have, on its own thread, by the clock.
//!
//! For tick `k` it takes each camera's frame from its shelf once the inputs' latency has passed, makes one
//! copy of the main picture into a pooled buffer, scales inserts and blends the overlay there, and hands the
//! buffer on. The number of frames is arithmetic: a thread that was late composes the missing ticks at once.
//! It never waits for a camera, a socket or an encoder; commands take effect between two ticks.

mod layout;
mod luma;
mod scaler;
mod slate;
mod stage;

use crate::messages::{FromMedia, OverlayText, Watch};
use crate::overlay::text::{TextError, Typeface};
use crate::settings::{Layout, Slot, VideoSettings};
use crate::shelf::Shelf;
use crate::timeline::{INPUT_LATENCY_NS, Timeline};
use stage::Stage;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender, TryRecvError};
use std::time::Duration;

/// Later than this somebody must know (`Watch::Late`).
const LATE_NS: u64 = 250_000_000;
/// Later than this the process was stopped; the missing pictures are a gap, to be journalled as one.
const STOPPED_NS: u64 = 5_000_000_000;

#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error(transparent)]
    Text(#[from] TextError),
    #[error("{width}×{height} is not a picture that can be composed")]
    Picture {
        width: u32,
        height: u32,
        source: gst::glib::BoolError,
    },
    #[error("no pool of picture buffers")]
    Pool(#[source] gst::glib::BoolError),
    #[error("no buffer for a picture")]
    Buffer(#[source] gst::FlowError),
    #[error("a picture buffer cannot be written")]
    Map,
    #[error("the process stood still for {0} s")]
    Stopped(u64),
    #[error("no thread for the composer")]
    Thread(#[source] std::io::Error),
}

pub(crate) enum Command {
    SetLayout(Layout),
    SetOverlay(OverlayText),
    Ping(u64),
}

#[derive(Default)]
pub(crate) struct ComposerCounts {
    pub composed: AtomicU64,
    pub repeated: AtomicU64,
}

/// Called with each picture and its number, in order; must not block.
pub(crate) type PictureOutput = Box<dyn FnMut(u64, gst::Buffer) + Send>;

pub(crate) struct Composer {
    commands: Sender<Command>,
    counts: Arc<ComposerCounts>,
}

impl Composer {
    /// `events` gets `Began`, `Ended`, `Alive`, and `Failed` when the composer has ended by a fault.
    pub fn start(
        timeline: Timeline,
        video: &VideoSettings,
        layout: Layout,
        shelves: BTreeMap<Slot, Arc<Shelf>>,
        events: Sender<FromMedia>,
        output: PictureOutput,
    ) -> Result<Composer, ComposeError> {
        let counts = Arc::new(ComposerCounts::default());
        let stage = Stage::new(
            video,
            layout,
            shelves,
            events.clone(),
            counts.clone(),
            Typeface::find()?,
        )?;
        let (commands, orders) = mpsc::channel();
        let work = Work {
            timeline,
            stage,
            orders,
            events: events.clone(),
            output,
            counts: counts.clone(),
        };
        let run = move || {
            if let Err(error) = work.run() {
                tracing::error!(%error, "the composer ends");
                let _ = events.send(FromMedia::Failed {
                    step: "compose".into(),
                    message: error.to_string(),
                });
            }
        };
        std::thread::Builder::new()
            .name("composer".into())
            .spawn(run)
            .map_err(ComposeError::Thread)?;
        Ok(Composer { commands, counts })
    }

    /// Takes effect between two ticks; a composer that has ended told so by `Failed`.
    pub fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    pub fn counts(&self) -> &ComposerCounts {
        &self.counts
    }
}

struct Work {
    timeline: Timeline,
    stage: Stage,
    orders: mpsc::Receiver<Command>,
    events: Sender<FromMedia>,
    output: PictureOutput,
    counts: Arc<ComposerCounts>,
}

impl Work {
    /// Ends when the `Composer` was dropped.
    fn run(mut self) -> Result<(), ComposeError> {
        let period_ns = 1_000_000_000 / self.timeline.fps;
        let mut late = false;
        for frame in 0.. {
            let tick_ns = self.timeline.epoch_ns + self.timeline.frame_offset_ns(frame);
            let behind_ns = self.wait_until(tick_ns + INPUT_LATENCY_NS);
            if behind_ns > STOPPED_NS {
                return Err(ComposeError::Stopped(behind_ns / 1_000_000_000));
            }
            late = self.tell_late(late, behind_ns, period_ns);
            if !self.obey() {
                return Ok(());
            }
            let seen = self.timeline.wall_time(tick_ns).into();
            let buffer = self.stage.compose(tick_ns, period_ns, seen)?;
            (self.output)(frame, buffer);
            self.counts.composed.store(frame + 1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Nanoseconds by which `due_ns` has passed.
    fn wait_until(&self, due_ns: u64) -> u64 {
        loop {
            let now_ns = self.timeline.now_ns();
            match due_ns.checked_sub(now_ns) {
                Some(left_ns) if left_ns > 0 => std::thread::sleep(Duration::from_nanos(left_ns)),
                Some(_) | None => return now_ns - due_ns,
            }
        }
    }

    fn tell_late(&self, late: bool, behind_ns: u64, frame_ns: u64) -> bool {
        let now_late = if late {
            behind_ns > frame_ns
        } else {
            behind_ns > LATE_NS
        };
        if now_late != late {
            tracing::warn!(behind_ms = behind_ns / 1_000_000, now_late, "composing");
            let watch = Watch::Late;
            let event = if now_late {
                FromMedia::Began { watch }
            } else {
                FromMedia::Ended { watch }
            };
            let _ = self.events.send(event);
        }
        now_late
    }

    /// False when nobody wants pictures any more.
    fn obey(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(Command::SetLayout(layout)) => self.stage.set_layout(layout),
                Ok(Command::SetOverlay(text)) => self.stage.set_overlay(text),
                Ok(Command::Ping(number)) => {
                    let _ = self.events.send(FromMedia::Alive { number });
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }
}
