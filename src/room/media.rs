//! The media process as the room sees it: a child on a socket that may die, hang or babble at any time.
//!
//! One thread starts the child, reads what it says and starts it again when it ends; another asks for a
//! sign of life and kills a child that gives none. The room's loop hears everything as `MediaEvent`s and
//! speaks through `MediaHandle`, which never blocks it for longer than `WRITE_LIMIT`.

use super::ports::Media;
use pipelines::messages::{FromMedia, ToMedia, read_frame, write_frame};
use pipelines::settings::MediaSettings;
use std::io::BufReader;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A child that does not take a message in this time is as good as dead.
const WRITE_LIMIT: Duration = Duration::from_millis(500);
const PING_EVERY: Duration = Duration::from_millis(500);
/// Composing stands still for this long: the child is killed and started again (design 3).
const HUNG_AFTER: Duration = Duration::from_secs(4);
/// From start to `Ready`; trial encodes take their time on a loaded machine.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Pause before the next start when the last child lived for less than ten seconds.
const BACKOFF: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub enum MediaEvent {
    Said {
        message: FromMedia,
        payload: Vec<u8>,
    },
    /// The child is gone; another one is on its way.
    Died {
        reason: String,
    },
}

impl MediaEvent {
    pub fn payload_bytes(&self) -> u64 {
        match self {
            MediaEvent::Said { payload, .. } => payload.len() as u64,
            MediaEvent::Died { .. } => 0,
        }
    }
}

/// How the child is made.
#[derive(Clone, Debug)]
pub struct MediaProgram {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

struct Shared {
    socket: Mutex<Option<UnixStream>>,
    /// 0 while there is none.
    pid: AtomicI64,
    asked: AtomicU64,
    alive: Mutex<Option<Instant>>,
    stop: AtomicBool,
}

/// The room's end of the conversation.
#[derive(Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

impl Media for MediaHandle {
    fn say(&self, message: &ToMedia) -> bool {
        self.shared.say(message)
    }

    fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.drop_socket();
    }
}

impl MediaHandle {
    /// Starts the child and its two threads. `events` is called from them and must not block for long:
    /// while it does, chunks wait in the socket.
    pub fn start(
        program: MediaProgram,
        settings: MediaSettings,
        events: impl Fn(MediaEvent) + Send + 'static,
    ) -> std::io::Result<MediaHandle> {
        let shared = Arc::new(Shared {
            socket: Mutex::new(None),
            pid: AtomicI64::new(0),
            asked: AtomicU64::new(0),
            alive: Mutex::new(None),
            stop: AtomicBool::new(false),
        });
        let watched = Arc::clone(&shared);
        thread::Builder::new()
            .name("media-watch".into())
            .spawn(move || watch(&watched))?;
        let kept = Arc::clone(&shared);
        thread::Builder::new()
            .name("media-child".into())
            .spawn(move || keep_alive(&kept, &program, &settings, &events))?;
        Ok(MediaHandle { shared })
    }

    /// The child's process id, for tests that kill it.
    pub fn pid(&self) -> Option<i64> {
        Some(self.shared.pid.load(Ordering::SeqCst)).filter(|pid| *pid != 0)
    }
}

impl Shared {
    fn socket(&self) -> MutexGuard<'_, Option<UnixStream>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> MutexGuard<'_, Option<Instant>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, message: &ToMedia) -> bool {
        let mut socket = self.socket();
        let Some(stream) = socket.as_mut() else {
            return false;
        };
        match write_frame(stream, message, &[]) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "media does not take messages; it is ended");
                let _ = stream.shutdown(Shutdown::Both);
                *socket = None;
                false
            }
        }
    }

    fn drop_socket(&self) {
        if let Some(stream) = self.socket().take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn kill(&self) {
        let pid = self.pid.load(Ordering::SeqCst);
        if let Ok(pid) = libc::pid_t::try_from(pid)
            && pid > 0
        {
            // SAFETY: a plain system call. The child is reaped only after `pid` was set to 0, so the
            // number cannot belong to another process.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}

fn watch(shared: &Shared) {
    while !shared.stop.load(Ordering::SeqCst) {
        thread::sleep(PING_EVERY);
        let Some(last) = *shared.alive() else { continue };
        if last.elapsed() > HUNG_AFTER {
            tracing::error!("media gives no sign of life; it is killed");
            *shared.alive() = None;
            shared.kill();
            continue;
        }
        let number = shared.asked.fetch_add(1, Ordering::SeqCst);
        shared.say(&ToMedia::Ping { number });
    }
}

fn keep_alive(
    shared: &Shared,
    program: &MediaProgram,
    settings: &MediaSettings,
    events: &impl Fn(MediaEvent),
) {
    while !shared.stop.load(Ordering::SeqCst) {
        let began = Instant::now();
        let reason = match live_once(shared, program, settings, events) {
            Ok(reason) => reason,
            Err(error) => format!("cannot start the media process: {error}"),
        };
        *shared.alive() = None;
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        events(MediaEvent::Died { reason });
        if began.elapsed() < Duration::from_secs(10) {
            thread::sleep(BACKOFF);
        }
    }
}

/// One child from start to end; the reason of its end.
fn live_once(
    shared: &Shared,
    program: &MediaProgram,
    settings: &MediaSettings,
    events: &impl Fn(MediaEvent),
) -> std::io::Result<String> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_write_timeout(Some(WRITE_LIMIT))?;
    let mut child = Command::new(&program.program)
        .args(&program.arguments)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .spawn()?;
    shared.pid.store(i64::from(child.id()), Ordering::SeqCst);
    *shared.socket() = Some(ours.try_clone()?);
    shared.say(&ToMedia::Configure {
        settings: settings.clone(),
    });
    // Until it is ready, it has longer to show that it lives.
    *shared.alive() = Instant::now().checked_add(READY_WITHIN);
    let reason = listen(shared, ours, events);
    shared.drop_socket();
    let status = reap(shared, &mut child)?;
    Ok(format!("{reason}; {status}"))
}

fn listen(shared: &Shared, socket: UnixStream, events: &impl Fn(MediaEvent)) -> String {
    let mut input = BufReader::with_capacity(1 << 16, socket);
    let mut failure = None;
    loop {
        match read_frame::<FromMedia>(&mut input) {
            Ok(Some((FromMedia::Alive { .. }, _))) => *shared.alive() = Some(Instant::now()),
            Ok(Some((message, payload))) => {
                match &message {
                    FromMedia::Ready { .. } => *shared.alive() = Some(Instant::now()),
                    FromMedia::Failed { step, message } => failure = Some(format!("{step}: {message}")),
                    FromMedia::PartOpened { .. }
                    | FromMedia::Header { .. }
                    | FromMedia::Chunk { .. }
                    | FromMedia::PartClosed { .. }
                    | FromMedia::Levels { .. }
                    | FromMedia::Camera { .. }
                    | FromMedia::Microphone { .. }
                    | FromMedia::Began { .. }
                    | FromMedia::Ended { .. }
                    | FromMedia::Counted { .. }
                    | FromMedia::Alive { .. } => {}
                }
                events(MediaEvent::Said { message, payload });
            }
            Ok(None) => return failure.unwrap_or_else(|| "the media process closed its socket".into()),
            Err(error) => return failure.unwrap_or_else(|| format!("the media process was lost: {error}")),
        }
    }
}

/// Gives the child a moment to end by itself, then ends it.
fn reap(shared: &Shared, child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
    let began = Instant::now();
    loop {
        if began.elapsed() > Duration::from_millis(300) {
            child.kill()?;
        }
        if let Some(status) = child.try_wait()? {
            shared.pid.store(0, Ordering::SeqCst);
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(10));
    }
}
