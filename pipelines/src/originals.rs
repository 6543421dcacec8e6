//! Camera originals: the cameras' own streams, untouched, each in files of its own beside the composite.
//!
//! One thread takes what the cameras hand over and feeds a muxer per camera and part. A track begins with the
//! camera's next key frame, runs on the part's timeline, and begins anew behind a new header when the camera
//! changes its form. Its loss ends nothing: neither the camera nor the composite ever waits for it.

use crate::camera::EncodedUnit;
use crate::messages::Track;
use crate::muxer::{Cut, Delivery, Muxer, MuxerError};
use crate::settings::Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A worker this far behind loses what comes, and the track ends there.
const MAX_BYTES: usize = 64 << 20;

enum Order {
    Unit(Slot, EncodedUnit),
    Open {
        part: u32,
        origin_ns: u64,
    },
    Close {
        part: u32,
    },
    /// Units are missing behind those that were put before.
    Overflowed(Slot),
    Finished {
        slot: Slot,
        part: u32,
    },
    Failed {
        slot: Slot,
        part: u32,
    },
}

/// Told when all originals of a part were delivered.
pub(crate) type PartClosed = Box<dyn Fn(u32) + Send>;

#[derive(Clone)]
pub(crate) struct Originals {
    orders: Sender<Order>,
    waiting_bytes: Arc<AtomicUsize>,
    /// Cameras whose loss the worker has not come to yet.
    overflowed: Arc<Mutex<BTreeSet<Slot>>>,
}

impl Originals {
    pub fn start(cut: Cut, delivery: Arc<dyn Delivery>, closed: PartClosed) -> std::io::Result<Originals> {
        let (orders, received) = mpsc::channel();
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let overflowed: Arc<Mutex<BTreeSet<Slot>>> = Arc::default();
        let originals = Originals {
            orders: orders.clone(),
            waiting_bytes: waiting_bytes.clone(),
            overflowed: overflowed.clone(),
        };
        let mut worker = Worker {
            orders,
            waiting_bytes,
            overflowed,
            cut,
            delivery,
            closed,
            open: None,
            closing: None,
            tracks: BTreeMap::new(),
        };
        std::thread::Builder::new()
            .name("originals".into())
            .spawn(move || worker.run(&received))?;
        Ok(originals)
    }

    /// Never blocks.
    pub fn put(&self, slot: Slot, unit: EncodedUnit) {
        let size = unit.buffer.size();
        if self.waiting_bytes.fetch_add(size, Ordering::Relaxed) > MAX_BYTES {
            self.waiting_bytes.fetch_sub(size, Ordering::Relaxed);
            if lock(&self.overflowed).insert(slot) {
                tracing::error!(
                    slot = slot.name(),
                    "the original has a gap: the machine is too slow"
                );
                let _ = self.orders.send(Order::Overflowed(slot));
            }
            return;
        }
        let _ = self.orders.send(Order::Unit(slot, unit));
    }

    /// `origin_ns` is the clock time of the part's first picture.
    pub fn open(&self, part: u32, origin_ns: u64) {
        let _ = self.orders.send(Order::Open { part, origin_ns });
    }

    pub fn close(&self, part: u32) {
        let _ = self.orders.send(Order::Close { part });
    }
}

fn lock(overflowed: &Mutex<BTreeSet<Slot>>) -> MutexGuard<'_, BTreeSet<Slot>> {
    overflowed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a stream's header is made of; the rest of its caps may change while it goes on.
fn same_form(one: &gst::Caps, other: &gst::Caps) -> bool {
    let (Some(one), Some(other)) = (one.structure(0), other.structure(0)) else {
        return false;
    };
    one.name() == other.name()
        && one
            .get_optional::<gst::Buffer>("codec_data")
            .ok()
            .flatten()
            .map(bytes)
            == other
                .get_optional::<gst::Buffer>("codec_data")
                .ok()
                .flatten()
                .map(bytes)
        && ["width", "height"]
            .iter()
            .all(|name| one.get::<i32>(*name).ok() == other.get::<i32>(*name).ok())
        && one.get::<&str>("stream-format").ok() == other.get::<&str>("stream-format").ok()
}

fn bytes(buffer: gst::Buffer) -> Option<Vec<u8>> {
    Some(buffer.map_readable().ok()?.to_vec())
}

enum TrackState {
    Running {
        muxer: Muxer,
        caps: gst::Caps,
        last_dts_ns: u64,
    },
    /// Told the end; `Finished` follows.
    Ending { muxer: Muxer },
    /// Failed; comes back with the next part.
    Off,
}

struct Worker {
    orders: Sender<Order>,
    waiting_bytes: Arc<AtomicUsize>,
    overflowed: Arc<Mutex<BTreeSet<Slot>>>,
    cut: Cut,
    delivery: Arc<dyn Delivery>,
    closed: PartClosed,
    open: Option<(u32, u64)>,
    closing: Option<u32>,
    tracks: BTreeMap<Slot, TrackState>,
}

impl Worker {
    fn run(&mut self, received: &Receiver<Order>) {
        while let Ok(order) = received.recv() {
            match order {
                Order::Unit(slot, unit) => {
                    self.waiting_bytes
                        .fetch_sub(unit.buffer.size(), Ordering::Relaxed);
                    self.take(slot, unit);
                }
                Order::Open { part, origin_ns } => {
                    self.abandon_old();
                    self.open = Some((part, origin_ns));
                }
                Order::Close { part } => self.close(part),
                Order::Overflowed(slot) => {
                    lock(&self.overflowed).remove(&slot);
                    self.end(slot);
                }
                Order::Finished { slot, part } if self.is_of(slot, part) => {
                    self.tracks.remove(&slot);
                    self.tell_closed();
                }
                Order::Failed { slot, part } if self.is_of(slot, part) => {
                    self.tracks.insert(slot, TrackState::Off);
                    self.tell_closed();
                }
                // From a muxer that was left behind.
                Order::Finished { .. } | Order::Failed { .. } => {}
            }
        }
    }

    fn is_of(&self, slot: Slot, of_part: u32) -> bool {
        match self.tracks.get(&slot) {
            Some(TrackState::Running { muxer, .. } | TrackState::Ending { muxer }) => muxer.part == of_part,
            Some(TrackState::Off) | None => false,
        }
    }

    /// Makes room for a new part. What has not ended by now hangs, and would hang whoever ends it.
    fn abandon_old(&mut self) {
        for (slot, track) in std::mem::take(&mut self.tracks) {
            match track {
                TrackState::Running { muxer, .. } | TrackState::Ending { muxer } => {
                    tracing::error!(
                        slot = slot.name(),
                        part = muxer.part,
                        "an original was left behind"
                    );
                    std::mem::forget(muxer);
                }
                TrackState::Off => {}
            }
        }
    }

    /// The track ends here; it begins anew with the next key frame.
    fn end(&mut self, slot: Slot) {
        let track = match self.tracks.remove(&slot) {
            Some(TrackState::Running { muxer, .. }) => match muxer.end(0) {
                Ok(()) => TrackState::Ending { muxer },
                Err(_) => TrackState::Off,
            },
            Some(other @ (TrackState::Ending { .. } | TrackState::Off)) => other,
            None => return,
        };
        self.tracks.insert(slot, track);
    }

    fn take(&mut self, slot: Slot, unit: EncodedUnit) {
        let Some((part, origin_ns)) = self.open else {
            return;
        };
        let Some(at_ns) = unit.at_ns.checked_sub(origin_ns) else {
            return;
        };
        let key = !unit.buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let next = match self.tracks.remove(&slot) {
            None if key => self.begin(part, slot, &unit.caps).and_then(|muxer| {
                let last_dts_ns = push(&muxer, at_ns, 0, unit.buffer)?;
                Ok(Some(TrackState::Running {
                    muxer,
                    caps: unit.caps,
                    last_dts_ns,
                }))
            }),
            None => Ok(None),
            Some(TrackState::Running { muxer, caps, .. })
                if caps != unit.caps && !same_form(&caps, &unit.caps) =>
            {
                tracing::warn!(slot = slot.name(), caps = %unit.caps, "the original begins anew");
                muxer.end(0).map(|()| Some(TrackState::Ending { muxer }))
            }
            Some(TrackState::Running {
                muxer, last_dts_ns, ..
            }) => push(&muxer, at_ns, last_dts_ns, unit.buffer).map(|last_dts_ns| {
                Some(TrackState::Running {
                    muxer,
                    caps: unit.caps,
                    last_dts_ns,
                })
            }),
            Some(other @ (TrackState::Ending { .. } | TrackState::Off)) => Ok(Some(other)),
        };
        match next {
            Ok(Some(track)) => drop(self.tracks.insert(slot, track)),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(slot = slot.name(), %error, "the original is not kept");
                self.tracks.insert(slot, TrackState::Off);
            }
        }
    }

    fn begin(&self, part: u32, slot: Slot, caps: &gst::Caps) -> Result<Muxer, MuxerError> {
        let orders = self.orders.clone();
        let faults = Arc::new(move |_: &str, _: String| {
            let _ = orders.send(Order::Failed { slot, part });
        });
        let delivery = Arc::new(Relay {
            delivery: self.delivery.clone(),
            orders: self.orders.clone(),
            slot,
        });
        Muxer::start(
            part,
            Track::Original(slot),
            std::slice::from_ref(caps),
            self.cut,
            delivery,
            faults,
        )
    }

    fn close(&mut self, part: u32) {
        self.open = None;
        self.closing = Some(part);
        for slot in Slot::ALL {
            self.end(slot);
        }
        self.tell_closed();
    }

    fn tell_closed(&mut self) {
        let delivering = |track: &TrackState| matches!(track, TrackState::Ending { muxer } if Some(muxer.part) == self.closing);
        if let Some(part) = self.closing
            && !self.tracks.values().any(delivering)
        {
            self.closing = None;
            (self.closed)(part);
        }
    }
}

/// Hands chunks on, and the end back to the worker.
struct Relay {
    delivery: Arc<dyn Delivery>,
    orders: Sender<Order>,
    slot: Slot,
}

impl Delivery for Relay {
    fn deliver(&self, message: crate::messages::FromMedia, payload: Vec<u8>) {
        self.delivery.deliver(message, payload);
    }

    fn finished(&self, part: u32, _track: Track) {
        let slot = self.slot;
        let _ = self.orders.send(Order::Finished { slot, part });
    }
}

/// Decoding times keep their distance to the presentation and never go back.
fn push(muxer: &Muxer, at_ns: u64, last_dts_ns: u64, mut buffer: gst::Buffer) -> Result<u64, MuxerError> {
    let ahead_ns = match (buffer.pts(), buffer.dts()) {
        (Some(pts), Some(dts)) => pts.saturating_sub(dts).nseconds(),
        (_, None) | (None, _) => 0,
    };
    let dts_ns = at_ns.saturating_sub(ahead_ns).max(last_dts_ns + 1);
    let written = buffer.make_mut();
    written.set_dts(gst::ClockTime::from_nseconds(dts_ns));
    written.set_pts(gst::ClockTime::from_nseconds(at_ns.max(dts_ns)));
    written.set_duration(None);
    muxer.push(0, buffer)?;
    Ok(dts_ns)
}
