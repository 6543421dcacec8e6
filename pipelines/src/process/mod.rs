//! The media process: the room's orders in, chunks and events out, over one Unix socket.
//!
//! `shenlu media` calls `die_with_parent` and `serve`, and exits when `serve` returns. The socket's end is the
//! process' end: there is nothing to save here, the room has every chunk. What cannot go on is told as
//! `Failed` and ends the process, so that the room begins anew within seconds; stalls are found by counting
//! what was composed, encoded and muxed, never by asking whether things are well.

mod session;
mod stalls;

use crate::messages::{FromMedia, ToMedia, Track, read_frame};
use crate::muxer::Delivery;
use crate::outbox::{Outbox, Said};
use crate::pipeline::Faults;
use crate::programme::{Outlets, Programme, ProgrammeError};
use crate::settings::MediaSettings;
use session::Session;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

const LAST_WORDS: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("GStreamer does not start: install gstreamer1.0-plugins-base, -good, -bad, -ugly and -libav")]
    GStreamer(#[source] gst::glib::Error),
    #[error("the fragmented MP4 muxer cannot be registered")]
    Muxer(#[source] gst::glib::BoolError),
    #[error("the room's first message could not be read")]
    Read(#[source] io::Error),
    #[error("the room must configure first")]
    NotConfigured,
    #[error("the socket cannot be used from several threads")]
    Socket(#[source] io::Error),
    #[error("no thread for {what}")]
    Thread { what: &'static str, source: io::Error },
    #[error("the settings cannot be used: {0}")]
    Settings(&'static str),
    #[error("the programme does not start")]
    Start(#[from] ProgrammeError),
    #[error("{step}: {message}")]
    Failed { step: String, message: String },
}

/// Has the kernel kill this process when the thread that started it ends. Call before anything else, and only
/// where the parent started it from a thread that lives as long as itself.
pub fn die_with_parent() {
    // SAFETY: prctl with this option takes a signal number and touches no memory.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Runs until the socket ends or something cannot go on.
pub fn serve(socket: UnixStream) -> Result<(), ServeError> {
    gst::init().map_err(ServeError::GStreamer)?;
    gstfmp4::plugin_register_static().map_err(ServeError::Muxer)?;
    let mut reader = socket.try_clone().map_err(ServeError::Socket)?;
    let outbox = Outbox::start(socket).map_err(|source| ServeError::Thread {
        what: "the outbox",
        source,
    })?;
    let settings = match read_frame::<ToMedia>(&mut reader).map_err(ServeError::Read)? {
        Some((ToMedia::Configure { settings }, _)) => settings,
        Some(_) => return Err(last_words(&outbox, "configure", ServeError::NotConfigured)),
        None => return Ok(()),
    };
    check(&settings).map_err(|error| last_words(&outbox, "configure", error))?;
    let (happens, happened) = mpsc::channel();
    let chunks = Arc::new(AtomicU64::new(0));
    let outlets = outlets(&outbox, &happens, chunks.clone())?;
    let programme = Programme::start(&settings, outlets)
        .map_err(|error| last_words(&outbox, "start", ServeError::Start(error)))?;
    listen(reader, happens)?;
    let fps = u64::from(settings.video.fps);
    let mut session = Session::new(programme, outbox.clone(), happened, chunks, fps);
    session.run().map_err(|failed| {
        let failed = last_words(&outbox, "run", failed);
        // What failed may hang, and ending it in order takes seconds; the process ends now.
        std::mem::forget(session);
        failed
    })
}

/// The media process as a thread, with the room's end of its socket: for tests and measurements. Panics and
/// hangs of a media process are not contained here.
pub fn serve_in_thread() -> io::Result<(UnixStream, JoinHandle<Result<(), ServeError>>)> {
    let (room, media) = UnixStream::pair()?;
    let thread = std::thread::Builder::new()
        .name("media".into())
        .spawn(move || serve(media))?;
    Ok((room, thread))
}

fn last_words(outbox: &Outbox, step: &str, error: ServeError) -> ServeError {
    tracing::error!(step, %error, "the media process ends");
    let (step, message) = match &error {
        ServeError::Failed { step, message } => (step.clone(), message.clone()),
        other => (step.to_owned(), describe(other)),
    };
    outbox.say(FromMedia::Failed { step, message }, Vec::new());
    outbox.finish(LAST_WORDS);
    error
}

/// An error with its causes, for a peer that gets only text.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

fn check(settings: &MediaSettings) -> Result<(), ServeError> {
    let video = &settings.video;
    let even = video.width.is_multiple_of(2) && video.height.is_multiple_of(2);
    if !even || !(320..=3840).contains(&video.width) || !(180..=2160).contains(&video.height) {
        return Err(ServeError::Settings(
            "the picture must be even, from 320×180 to 3840×2160",
        ));
    }
    if !(10..=30).contains(&video.fps) {
        return Err(ServeError::Settings(
            "the picture rate must be from 10 to 30 per second",
        ));
    }
    if !(10..=40).contains(&video.quality) || !(100..=50_000).contains(&video.max_kbps) {
        return Err(ServeError::Settings(
            "quality must be from 10 to 40, max_kbps from 100 to 50000",
        ));
    }
    if !(200..=2_000).contains(&settings.fragment_ms)
        || !(40..=settings.fragment_ms).contains(&settings.chunk_ms)
        || !(settings.fragment_ms * video.fps).is_multiple_of(1_000)
    {
        return Err(ServeError::Settings(
            "fragment_ms must hold whole pictures, and chunk_ms be shorter",
        ));
    }
    let mut slots: Vec<_> = settings.cameras.iter().map(|camera| camera.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    if slots.len() != settings.cameras.len() {
        return Err(ServeError::Settings("a camera slot is named twice"));
    }
    Ok(())
}

enum Event {
    Told(ToMedia),
    SocketEnded,
    Failed { step: String, message: String },
    CompositeFinished { part: u32 },
    OriginalsFinished { part: u32 },
}

/// Hands the muxers' output to the room.
struct Post {
    outbox: Outbox,
    happens: Sender<Event>,
    chunks: Arc<AtomicU64>,
}

impl Delivery for Post {
    fn deliver(&self, message: FromMedia, payload: Vec<u8>) {
        if matches!(
            message,
            FromMedia::Chunk {
                track: Track::Composite,
                ..
            }
        ) {
            self.chunks.fetch_add(1, Ordering::Relaxed);
        }
        say(&self.outbox, &self.happens, message, payload);
    }

    fn finished(&self, part: u32, track: Track) {
        match track {
            Track::Composite => drop(self.happens.send(Event::CompositeFinished { part })),
            Track::Original(_) => {}
        }
    }
}

fn say(outbox: &Outbox, happens: &Sender<Event>, message: FromMedia, payload: Vec<u8>) {
    match outbox.say(message, payload) {
        Said::Queued | Said::Unheard => {}
        Said::Overflowed => {
            let message = "the room has not taken 64 MiB".to_owned();
            let _ = happens.send(Event::Failed {
                step: "deliver".into(),
                message,
            });
        }
    }
}

fn outlets(outbox: &Outbox, happens: &Sender<Event>, chunks: Arc<AtomicU64>) -> Result<Outlets, ServeError> {
    let (events, told) = mpsc::channel();
    let (forward, failing) = (outbox.clone(), happens.clone());
    let tell = move || {
        for event in told {
            match event {
                FromMedia::Failed { step, message } => {
                    let _ = failing.send(Event::Failed { step, message });
                }
                other => say(&forward, &failing, other, Vec::new()),
            }
        }
    };
    std::thread::Builder::new()
        .name("events".into())
        .spawn(tell)
        .map_err(|source| ServeError::Thread {
            what: "events",
            source,
        })?;
    let (faulty, closing) = (happens.clone(), happens.clone());
    let faults: Faults = Arc::new(move |step: &str, message: String| {
        let _ = faulty.send(Event::Failed {
            step: step.to_owned(),
            message,
        });
    });
    let delivery = Arc::new(Post {
        outbox: outbox.clone(),
        happens: happens.clone(),
        chunks,
    });
    let originals_closed = Box::new(move |part| drop(closing.send(Event::OriginalsFinished { part })));
    Ok(Outlets {
        events,
        delivery,
        faults,
        originals_closed,
    })
}

fn listen(mut reader: UnixStream, happens: Sender<Event>) -> Result<(), ServeError> {
    let hear = move || {
        loop {
            let event = match read_frame::<ToMedia>(&mut reader) {
                Ok(Some((message, _))) => Event::Told(message),
                Ok(None) => Event::SocketEnded,
                Err(error) => {
                    tracing::warn!(%error, "the room cannot be understood");
                    Event::SocketEnded
                }
            };
            let ended = matches!(event, Event::SocketEnded);
            if happens.send(event).is_err() || ended {
                return;
            }
        }
    };
    let spawned = std::thread::Builder::new().name("orders".into()).spawn(hear);
    spawned.map(drop).map_err(|source| ServeError::Thread {
        what: "orders",
        source,
    })
}
