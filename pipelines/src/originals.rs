//! Camera originals: the cameras' own streams, untouched, each in files of its own beside the composite.
//!
//! One thread takes what the cameras hand over and feeds a muxer per camera and part. A track begins with the
//! camera's next key frame, runs on the part's timeline, and begins anew behind a new header when the camera
//! changes its form. Its loss ends nothing: neither the camera nor the composite ever waits for it.

use crate::camera::EncodedUnit;
use crate::messages::Track;
use crate::muxer::{Cut, Delivery, Muxer, MuxerError};
use crate::settings::Slot;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};

/// A worker this far behind drops what comes.
const MAX_BYTES: usize = 64 << 20;

enum Order {
    Unit(Slot, EncodedUnit),
    Open { part: u32, origin_ns: u64 },
    Close { part: u32 },
    Finished { slot: Slot },
    Failed { slot: Slot },
}

/// Told when all originals of a part were delivered.
pub(crate) type PartClosed = Box<dyn Fn(u32) + Send>;

#[derive(Clone)]
pub(crate) struct Originals {
    orders: Sender<Order>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Originals {
    pub fn start(cut: Cut, delivery: Arc<dyn Delivery>, closed: PartClosed) -> std::io::Result<Originals> {
        let (orders, received) = mpsc::channel();
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let originals = Originals {
            orders: orders.clone(),
            waiting_bytes: waiting_bytes.clone(),
        };
        let mut worker = Worker {
            orders,
            waiting_bytes,
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
                    self.tracks.retain(|_, track| !matches!(track, TrackState::Off));
                    self.open = Some((part, origin_ns));
                }
                Order::Close { part } => self.close(part),
                Order::Finished { slot } => {
                    self.tracks.remove(&slot);
                    self.tell_closed();
                }
                Order::Failed { slot } => {
                    self.tracks.insert(slot, TrackState::Off);
                    self.tell_closed();
                }
            }
        }
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
            Some(TrackState::Running { muxer, caps, .. }) if caps != unit.caps => {
                tracing::warn!(slot = slot.name(), caps = %unit.caps, "the original begins anew");
                muxer.end(0).map(|()| Some(TrackState::Ending { muxer }))
            }
            Some(TrackState::Running {
                muxer,
                caps,
                last_dts_ns,
            }) => push(&muxer, at_ns, last_dts_ns, unit.buffer).map(|last_dts_ns| {
                Some(TrackState::Running {
                    muxer,
                    caps,
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
            let _ = orders.send(Order::Failed { slot });
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
        for (slot, track) in std::mem::take(&mut self.tracks) {
            let track = match track {
                TrackState::Running { muxer, .. } => match muxer.end(0) {
                    Ok(()) => TrackState::Ending { muxer },
                    Err(_) => TrackState::Off,
                },
                other @ (TrackState::Ending { .. } | TrackState::Off) => other,
            };
            self.tracks.insert(slot, track);
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

    fn finished(&self, _part: u32, _track: Track) {
        let _ = self.orders.send(Order::Finished { slot: self.slot });
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
