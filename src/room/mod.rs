//! The appliance (审录主机): one room, its loop, and everything it stands on.
//!
//! `appliance` is the loop; `ports` are the traits through which it reaches the world; `media`, `recorder`,
//! `discs` and `surroundings` stand behind them. The room alone writes evidence. `start` puts it together.

mod alarms;
mod appliance;
pub mod approval;
mod arrival;
pub mod arriving;
mod burners;
pub mod case_discs;
mod case_paths;
mod clock_step;
mod commands;
pub mod config;
mod confirming;
mod content;
mod disc_events;
mod disc_orders;
mod discs;
mod ending;
mod events;
mod facts;
mod fanout;
mod guarantee;
pub mod handle;
mod incoming;
mod index;
pub mod keys;
pub mod labels;
mod logs;
pub mod media;
pub mod numbering;
mod open;
pub mod ports;
mod precheck;
mod publish;
mod recorded;
mod recorder;
mod recording;
mod reindex;
mod resume;
mod senses;
pub mod snapshot;
mod surroundings;
mod watch;
pub mod words;

use crate::accounts::random_hex;
use crate::evidence::directory::Place;
use crate::evidence::durable;
use crate::evidence::journal::JournalError;
use crate::evidence::now::{Now, SystemNow};
use crate::evidence::signing::KeyError;
use crate::interview::{EndAfter, Interview, InterviewKind, KindRules, Rules};
use crate::store::{Reader, StoreError};
use appliance::Appliance;
use config::RoomConfig;
use events::RoomEvent;
use handle::RoomHandle;
use incoming::Incoming;
use logs::LedgerLog;
pub use logs::{AuditError, AuditLog};
use media::{MediaHandle, MediaProgram};
use pipelines::settings::{Layout, MediaSettings};
use snapshot::MediaView;
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::watch::Sender as Publisher;

/// Fragments and chunks (design 4.2).
pub const FRAGMENT_MS: u32 = 1000;
pub const CHUNK_MS: u32 = 250;
/// Media on its way from the socket to the loop (design 3).
const MOST_QUEUED_BYTES: u64 = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    #[error("cannot make {path}: {source}. Check space and permissions / 无法创建目录,请检查磁盘和权限")]
    Directory { path: PathBuf, source: std::io::Error },
    #[error("another room runs on {path} / 该数据目录已被另一个进程占用")]
    Taken { path: PathBuf },
    #[error("log of the room")]
    Log(#[from] JournalError),
    #[error(transparent)]
    Audit(#[from] logs::AuditError),
    #[error("device keys below {path} / 设备密钥")]
    Keys { path: PathBuf, source: KeyError },
    #[error("index")]
    Store(#[from] StoreError),
    #[error("accounts")]
    Accounts(#[from] crate::accounts::AccountsError),
    #[error("clock of the machine")]
    Clock(#[source] std::io::Error),
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// A room that runs. Dropping it ends the loop; an open interview stays open on disk.
pub struct Running {
    pub handle: RoomHandle,
    pub media: MediaHandle,
    events: Sender<RoomEvent>,
    thread: Option<JoinHandle<()>>,
    /// Held for as long as the room lives: one process writes below `<data>`.
    _lock: File,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.events.send(RoomEvent::Shutdown);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Everything up and watched; recording begins by command only, or resumes by itself.
pub fn start(config: RoomConfig, media_program: MediaProgram) -> Result<Running, RoomError> {
    let config = Arc::new(config);
    let data = config.data.dir.clone();
    prepare(&config)?;
    let lock = lock(&data)?;
    let now: Arc<dyn Now> = Arc::new(SystemNow::new().map_err(RoomError::Clock)?);
    let (ledger, ledger_lines) = LedgerLog::open(&data, &config.room.id, Arc::clone(&now))?;
    let (device_keys, key_troubles) = keys::open(&data, &config.room.id, &config.signing.tpm)?;
    let audit = AuditLog::open(&data, &config.room.id, Arc::clone(&now))?;
    let incoming = open_incoming(&config, &audit);
    let index = data.join("index.sqlite");
    let (events, queue) = channel();
    let from_media = events.clone();
    let in_queue = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&in_queue);
    let media = MediaHandle::start(media_program, media_settings(&config), move |event| {
        // While the loop is held up, chunks wait in the socket, and then in the media process's own bound.
        while counted.load(Ordering::SeqCst) > MOST_QUEUED_BYTES {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        counted.fetch_add(event.payload_bytes(), Ordering::SeqCst);
        let _ = from_media.send(RoomEvent::Media(event));
    })
    .map_err(RoomError::Thread)?;
    let drives_in_use = burners::DrivesInUse::default();
    let rules = rules(&config);
    let mut appliance = Appliance {
        place: Place {
            data: data.clone(),
            mirror: config.data.mirror.clone(),
            keys: Arc::new(device_keys),
            timestamp: config.signing.timestamp.clone(),
        },
        interview: Interview::new(rules.clone()),
        rules,
        open: None,
        media_queued_bytes: in_queue,
        disc_set: None,
        disc_queue: VecDeque::new(),
        case_burn: None,
        numbering: numbering::Numbering::from_ledger(&ledger_lines),
        media: Box::new(media.clone()),
        media_view: MediaView::default(),
        discs: BTreeMap::new(),
        drives_in_use: drives_in_use.clone(),
        nearly_full: std::collections::BTreeSet::new(),
        index: index::Index::start(reindex::open_index(&data)?, events.clone()).map_err(RoomError::Thread)?,
        ledger: Arc::new(ledger),
        clock: None,
        key_troubles,
        unstamped: None,
        clock_watch: clock_step::ClockWatch::default(),
        senses: senses::Senses::unknown(
            config.microphones.iter().map(|microphone| microphone.channel),
            std::time::Instant::now(),
        ),
        well_since: None,
        unconfirmed: BTreeMap::new(),
        state_told: crate::interview::StateName::Idle,
        climate: None,
        free_bytes: surroundings::free_bytes(&data),
        waiting: VecDeque::new(),
        next_number: 0,
        epoch: random_hex::<8>()?,
        revision: 0,
        snapshots: Publisher::new(Arc::new(snapshot::Snapshot::starting(&config))),
        events: events.clone(),
        now,
        dirty: true,
        config: Arc::clone(&config),
    };
    appliance.resume_open_interview(&ledger_lines);
    appliance.tell_of_the_keys();
    appliance.raise_unstamped();
    let snapshots = appliance.snapshots.subscribe();
    if appliance.open.is_some() {
        drives_in_use.set(Some(Arc::default()));
    }
    surroundings::watch(surroundings::Machine::new(&config), events.clone()).map_err(RoomError::Thread)?;
    burners::watch(&config, drives_in_use, events.clone()).map_err(RoomError::Thread)?;
    let thread = std::thread::Builder::new()
        .name("room".into())
        .spawn(move || appliance.run(&queue))
        .map_err(RoomError::Thread)?;
    let handle = RoomHandle {
        events: events.clone(),
        snapshots,
        audit: Arc::new(audit),
        reader: Reader::new(index),
        incoming,
    };
    Ok(Running {
        handle,
        media,
        events,
        thread: Some(thread),
        _lock: lock,
    })
}

/// Makes the directories that the room writes below.
pub fn prepare(config: &RoomConfig) -> Result<(), RoomError> {
    [&config.data.dir, &config.spool_dir]
        .into_iter()
        .try_for_each(make_private)
}

/// Evidence is nobody's but the service's.
fn make_private(path: &PathBuf) -> Result<(), RoomError> {
    use std::os::unix::fs::DirBuilderExt;
    let fault = |source| RoomError::Directory {
        path: path.clone(),
        source,
    };
    let missing: Vec<&Path> = path.ancestors().take_while(|above| !above.exists()).collect();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(fault)?;
    // Their names must last before anything below them is promised.
    missing
        .iter()
        .chain([&path.as_path()])
        .try_for_each(|made| durable::create_directories(made))
        .map_err(|error| fault(error.source))
}

/// What an earlier start left there never was evidence, or has its name elsewhere: it goes, and that is said.
fn open_incoming(config: &RoomConfig, audit: &AuditLog) -> Incoming {
    let incoming = Incoming::below(&config.data.dir, precheck::bytes_per_hour(config));
    for name in incoming.clear() {
        tracing::warn!(
            name,
            "an import that was cut off was removed; it never was evidence"
        );
        if let Err(error) = audit.write("system", "incoming-removed", &name) {
            tracing::error!(%error, "audit");
        }
    }
    incoming
}

fn lock(data: &std::path::Path) -> Result<File, RoomError> {
    let path = data.join("lock");
    let file = File::create(&path).map_err(|source| RoomError::Directory {
        path: path.clone(),
        source,
    })?;
    file.try_lock().map_err(|_| RoomError::Taken {
        path: data.to_owned(),
    })?;
    Ok(file)
}

fn media_settings(config: &RoomConfig) -> MediaSettings {
    MediaSettings {
        cameras: config.cameras.clone(),
        microphones: config.microphones.clone(),
        video: config.video.clone(),
        layout: Layout::default(),
        fragment_ms: FRAGMENT_MS,
        chunk_ms: CHUNK_MS,
    }
}

/// The lawful table with the site's own numbers.
fn rules(config: &RoomConfig) -> Rules {
    let mut rules = Rules::default();
    if config.interview.end_after_left_room {
        rules.end_after = EndAfter::LeftRoom;
    }
    for kind in InterviewKind::ALL {
        let row = KindRules {
            min_officers: config.interview.min_officers,
            ..KindRules::lawful(kind)
        };
        rules.kinds.insert(kind, row);
    }
    rules
}
