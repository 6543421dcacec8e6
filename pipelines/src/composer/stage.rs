//! What stands in the picture: the cameras at their places, slates for those that are lost, the overlay.
//!
//! The composer's thread owns it and asks for one picture per tick. Everything that lasts longer than a tick
//! is here: layout, scalers, slates, since when a camera is lost, and the watch for black pictures.

use super::layout::{self, Place, Role};
use super::luma;
use super::scaler::Scaler;
use super::slate::Slates;
use super::{ComposeError, ComposerCounts};
use crate::messages::{FromMedia, OverlayText, Watch};
use crate::overlay::Overlay;
use crate::overlay::text::Typeface;
use crate::picture::{BLACK, LIGHT, Planes, Rect};
use crate::settings::{Layout, Slot, VideoSettings};
use crate::shelf::{Frame, Shelf, Taken};
use chrono::{DateTime, Local};
use gst::prelude::*;
use gst_video::{VideoFrame, VideoInfo};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

/// A frame older than this is not shown as if it were live.
const STALE_NS: u64 = 1_000_000_000;
const BLACK_LUMA: u64 = 24;
const BLACK_SECONDS: u32 = 5;

/// Pictures that the pool makes at once; more when the encoder holds them. It goes round all it has: few
/// are still in the cache.
const POOL_BUFFERS: u32 = 2;

/// One camera as the composer sees it.
struct Seat {
    shelf: Arc<Shelf>,
    scaler: Scaler,
    /// Since when there is no picture.
    lost_since: Option<DateTime<Local>>,
    black_seconds: u32,
    /// Its frames come and cannot be shown.
    refused: bool,
}

pub(super) struct Stage {
    info: VideoInfo,
    pool: gst_video::VideoBufferPool,
    places: Vec<Place>,
    seats: BTreeMap<Slot, Seat>,
    began: Option<DateTime<Local>>,
    slates: Slates,
    overlay: Overlay,
    typeface: Typeface,
    events: Sender<FromMedia>,
    counts: Arc<ComposerCounts>,
    ticks: u64,
    fps: u64,
}

impl Stage {
    pub fn new(
        video: &VideoSettings,
        layout: Layout,
        shelves: BTreeMap<Slot, Arc<Shelf>>,
        events: Sender<FromMedia>,
        counts: Arc<ComposerCounts>,
        typeface: Typeface,
    ) -> Result<Stage, ComposeError> {
        let info = crate::encoder::picture_info(video).map_err(|source| ComposeError::Picture {
            width: video.width,
            height: video.height,
            source,
        })?;
        let pool = pool(&info).map_err(ComposeError::Pool)?;
        let seat = |shelf| Seat {
            shelf,
            scaler: Scaler::default(),
            lost_since: None,
            black_seconds: 0,
            refused: false,
        };
        let seats = shelves
            .into_iter()
            .map(|(slot, shelf)| (slot, seat(shelf)))
            .collect();
        let overlay = Overlay::new(video.width as usize, video.height as usize);
        let mut stage = Stage {
            info,
            pool,
            places: Vec::new(),
            seats,
            began: None,
            slates: Slates::default(),
            overlay,
            typeface,
            events,
            counts,
            ticks: 0,
            fps: u64::from(video.fps),
        };
        stage.set_layout(layout);
        Ok(stage)
    }

    pub fn set_layout(&mut self, layout: Layout) {
        let configured: Vec<Slot> = self.seats.keys().copied().collect();
        let (width, height) = (self.info.width() as usize, self.info.height() as usize);
        self.places = layout::places(layout, width, height, &configured);
        self.slates.clear();
        // What is not shown need not be made small.
        for seat in self.seats.values() {
            seat.shelf.want(None);
        }
        // Whether a frame can be shown depends on its place.
        for seat in self.seats.values_mut().filter(|seat| seat.refused) {
            seat.refused = false;
            seat.shelf.refuse(None);
        }
    }

    pub fn set_overlay(&mut self, text: OverlayText) {
        self.overlay.set(text);
    }

    /// The picture of the tick at `tick_ns`, seen at the local time `seen`.
    pub fn compose(
        &mut self,
        tick_ns: u64,
        period_ns: u64,
        seen: DateTime<Local>,
    ) -> Result<gst::Buffer, ComposeError> {
        self.began.get_or_insert(seen);
        self.ticks += 1;
        let frames = self.take(tick_ns, period_ns, seen);
        let buffer = self.pool.acquire_buffer(None).map_err(ComposeError::Buffer)?;
        let mut picture =
            VideoFrame::from_buffer_writable(buffer, &self.info).map_err(|_| ComposeError::Map)?;
        for place in self.places.clone() {
            self.place(place, frames.get(&place.slot), seen, &mut picture)?;
        }
        let mut planes = Planes::of(&mut picture).ok_or(ComposeError::Map)?;
        self.overlay.draw(&mut self.typeface, seen, &mut planes);
        Ok(picture.into_buffer())
    }

    /// Every camera's frame, also of those not shown, so that none goes stale on its shelf.
    fn take(&mut self, tick_ns: u64, period_ns: u64, seen: DateTime<Local>) -> BTreeMap<Slot, Frame> {
        let look = self.ticks.is_multiple_of(self.fps);
        let mut frames = BTreeMap::new();
        for (slot, seat) in &mut self.seats {
            let (frame, again) = match seat.shelf.take(tick_ns, period_ns) {
                Taken::New(frame) => (Some(frame), false),
                Taken::Again(frame) => (Some(frame), true),
                Taken::Nothing => (None, false),
            };
            let Some(frame) = frame.filter(|frame| frame.at_ns + STALE_NS >= tick_ns) else {
                seat.lost_since.get_or_insert(seen);
                note_black(*slot, seat, 0, &self.events);
                continue;
            };
            if !seat.refused {
                seat.lost_since = None;
            }
            if again && self.places.iter().any(|place| place.slot == *slot) {
                self.counts.repeated.fetch_add(1, Ordering::Relaxed);
            }
            if look {
                watch_black(*slot, seat, &frame, &self.events);
            }
            frames.insert(*slot, frame);
        }
        frames
    }

    fn place(
        &mut self,
        place: Place,
        frame: Option<&Frame>,
        seen: DateTime<Local>,
        picture: &mut VideoFrame<gst_video::video_frame::Writable>,
    ) -> Result<(), ComposeError> {
        let shown = match frame {
            Some(frame) => self.place_frame(place, frame, seen, picture)?,
            None => None,
        };
        let mut planes = Planes::of(picture).ok_or(ComposeError::Map)?;
        let rect = match shown {
            Some(rect) => rect,
            None => {
                let lost = self.seats.get(&place.slot).and_then(|seat| seat.lost_since);
                let since = lost.or(self.began).unwrap_or(seen);
                self.slates.place(
                    &mut self.typeface,
                    place.slot,
                    since,
                    seen,
                    place.area,
                    &mut planes,
                );
                place.area
            }
        };
        if place.role == Role::Insert {
            planes.border(rect, LIGHT);
        }
        Ok(())
    }

    /// `None` when the frame is of a kind that cannot be shown.
    fn place_frame(
        &mut self,
        place: Place,
        frame: &Frame,
        seen: DateTime<Local>,
        picture: &mut VideoFrame<gst_video::video_frame::Writable>,
    ) -> Result<Option<Rect>, ComposeError> {
        let Some(seat) = self.seats.get_mut(&place.slot) else {
            return Ok(None);
        };
        let par = frame.info.par();
        let (numer, denom) = (
            u64::try_from(par.numer()).unwrap_or(1),
            u64::try_from(par.denom()).unwrap_or(1),
        );
        let (width, height) = (
            u64::from(frame.info.width()) * numer.max(1),
            u64::from(frame.info.height()) * denom.max(1),
        );
        let rect = layout::fit(place.area, place.role, width, height);
        if place.role == Role::Main && rect != place.area {
            let mut planes = Planes::of(picture).ok_or(ComposeError::Map)?;
            planes.fill_around(place.area, rect, BLACK);
        }
        let placed = match &frame.small {
            Some(small) if (small.width, small.height) == (rect.width, rect.height) => {
                let mut planes = Planes::of(picture).ok_or(ComposeError::Map)?;
                planes.place(rect.x, rect.y, small);
                Ok(())
            }
            // After a change of layout for as long as older frames are on the shelf, and where the camera's
            // side cannot make it small.
            Some(_) | None => {
                let size = (rect.width, rect.height);
                let own = (frame.info.width() as usize, frame.info.height() as usize);
                seat.shelf.want((size != own).then_some(size));
                seat.scaler.place(&frame.buffer, &frame.info, rect, picture)
            }
        };
        match placed {
            Ok(()) => {
                if std::mem::take(&mut seat.refused) {
                    seat.shelf.refuse(None);
                    seat.lost_since = None;
                }
                Ok(Some(rect))
            }
            Err(error) => {
                seat.refused = true;
                seat.shelf.refuse(Some(error.to_string()));
                seat.lost_since.get_or_insert(seen);
                if self.ticks.is_multiple_of(self.fps) {
                    tracing::warn!(slot = place.slot.name(), %error, "a camera's frame cannot be shown");
                }
                Ok(None)
            }
        }
    }
}

fn pool(info: &VideoInfo) -> Result<gst_video::VideoBufferPool, gst::glib::BoolError> {
    let pool = gst_video::VideoBufferPool::new();
    let mut config = pool.config();
    config.set_params(Some(&info.to_caps()?), info.size() as u32, POOL_BUFFERS, 0);
    config.add_option(gst_video::BUFFER_POOL_OPTION_VIDEO_META);
    pool.set_config(config)?;
    pool.set_active(true)?;
    Ok(pool)
}

/// Looks at one picture in a second, at some 2,000 of its pixels.
fn watch_black(slot: Slot, seat: &mut Seat, frame: &Frame, events: &Sender<FromMedia>) {
    let Some(luma) = luma::mean(frame) else { return };
    let seconds = if luma < BLACK_LUMA {
        seat.black_seconds.saturating_add(1)
    } else {
        0
    };
    note_black(slot, seat, seconds, events);
}

/// Tells when it begins and ends; a camera that is lost is black no more.
fn note_black(slot: Slot, seat: &mut Seat, seconds: u32, events: &Sender<FromMedia>) {
    let was = seat.black_seconds >= BLACK_SECONDS;
    seat.black_seconds = seconds;
    let is = seat.black_seconds >= BLACK_SECONDS;
    if is != was {
        let watch = Watch::Black { slot };
        let _ = events.send(if is {
            FromMedia::Began { watch }
        } else {
            FromMedia::Ended { watch }
        });
    }
}
