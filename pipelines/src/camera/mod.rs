//! A camera (摄像机): its own pipeline, its own supervisor thread, its own failure domain.
//!
//! Started by the media process for every configured slot. Decoded frames go to its `Shelf`, its sound to a
//! `SoundShelf`, its untouched stream to `original`. It connects, loses and finds again by itself; whoever
//! holds it only looks at its status. It must never wait for, or be waited for by, the recording.

mod decode;
mod fault;
mod feed;
mod file;
mod rtsp;
mod supervisor;
mod test;
mod v4l2;
mod watch;

use crate::deadline::StateError;
use crate::messages::{CameraFault, CameraStatus, FromMedia};
use crate::parts::PartError;
use crate::settings::{CameraSettings, Slot, VideoSettings};
use crate::shelf::Shelf;
use crate::sound::SoundShelf;
use crate::timeline::Timeline;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A pipeline that hangs is abandoned after 5 s; the supervisor needs a little more.
const STOP_WITHIN: Duration = Duration::from_secs(6);

/// One access unit of the camera's own stream, as the camera sent it: H.264 `avc` or H.265 `hvc1`. New caps
/// come with a new resolution. `at_ns` is clock time, as for frames, and follows presentation order.
#[derive(Clone, Debug)]
pub struct EncodedUnit {
    pub at_ns: u64,
    pub caps: gst::Caps,
    pub buffer: gst::Buffer,
}

/// Where everything of a camera goes. `original` is called on the streaming thread and must not block.
pub struct CameraOutputs {
    pub shelf: Arc<Shelf>,
    /// `None` leaves the camera's sound unasked for.
    pub sound: Option<Arc<SoundShelf>>,
    /// Only RTSP and files have a stream to keep.
    pub original: Option<Box<dyn Fn(EncodedUnit) + Send + Sync>>,
    /// Told each change of status, never the same twice in a row.
    pub events: Sender<FromMedia>,
}

#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    #[error("no thread for camera {slot:?}")]
    Thread { slot: Slot, source: std::io::Error },
}

/// Why the pipeline of an attempt could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error(transparent)]
    Part(#[from] PartError),
    #[error("a stream could not be linked")]
    Link(#[source] gst::PadLinkError),
    #[error("{path} could not be opened ({source}); check the name, and that the service may read it")]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{path} is neither MP4, Matroska nor AVI; convert it")]
    Container { path: PathBuf },
    #[error("{device} offers neither raw pictures nor MJPEG; use another camera")]
    NoForm { device: PathBuf },
    #[error("there is no test pattern {pattern}; `gst-inspect-1.0 videotestsrc` lists them")]
    Pattern { pattern: String },
    #[error(transparent)]
    State(StateError),
}

/// The slate's reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) cause: CameraFault,
    pub(crate) reason: String,
}

fn parts_name(role: &str, slot: Slot) -> String {
    format!("camera-{role}-{}", slot.name())
}

/// Status as the supervisor last told it.
struct Board {
    slot: Slot,
    status: Mutex<CameraStatus>,
}

pub struct Camera {
    board: Arc<Board>,
    stop: Sender<()>,
    stopped: Receiver<()>,
}

impl Camera {
    /// Returns at once, connected or not. `video` is the program's form, for sources that can choose.
    pub fn start(
        settings: CameraSettings,
        video: &VideoSettings,
        timeline: Timeline,
        outputs: CameraOutputs,
    ) -> Result<Camera, CameraError> {
        let slot = settings.slot;
        let board = Arc::new(Board {
            slot,
            status: Mutex::new(CameraStatus::Connecting),
        });
        let (stop, asked) = mpsc::channel();
        let (done, stopped) = mpsc::channel();
        let supervisor =
            supervisor::Supervisor::new(settings, video.clone(), timeline, outputs, board.clone(), asked);
        std::thread::Builder::new()
            .name(format!("camera-{}", slot.name()))
            .spawn(move || {
                supervisor.run();
                drop(done);
            })
            .map_err(|source| CameraError::Thread { slot, source })?;
        Ok(Camera { board, stop, stopped })
    }

    pub fn slot(&self) -> Slot {
        self.board.slot
    }

    pub fn status(&self) -> CameraStatus {
        self.board
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Ends the camera; returns within 6 s whatever it does. Dropping a camera ends it without waiting.
    pub fn stop(self) {
        drop(self.stop);
        if let Err(mpsc::RecvTimeoutError::Timeout) = self.stopped.recv_timeout(STOP_WITHIN) {
            tracing::error!(
                slot = self.board.slot.name(),
                "camera did not stop in time, left behind"
            );
        }
    }
}
