//! The second copy of an interview on another device: same bytes, same paths,
//! written by a thread of its own behind a bounded queue. It can fall behind,
//! fail or hang without costing the master anything; what it could not take is
//! reported, never fatal. A mirror that failed stays failed for its interview:
//! a copy with holes must not look like a copy.

use super::{
    durable::{self, DurableError, Step as _},
    sums::{SHA256SUMS, list_files},
};
use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// How the copy stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MirrorState {
    /// `behind_bytes` wait to be written.
    Working { behind_bytes: u64 },
    /// The copy ends here; the master goes on.
    Failed { reason: String },
}

/// Handle to the mirror's thread; the thread ends with the last handle.
#[derive(Clone)]
pub struct Mirror {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<MirrorState>,
    changed: Condvar,
    limit_bytes: u64,
}

enum Job {
    Write {
        path: String,
        offset: u64,
        bytes: Arc<[u8]>,
    },
    Put {
        path: String,
        bytes: Arc<[u8]>,
    },
    Level {
        master: PathBuf,
    },
    Copy {
        path: String,
        master: PathBuf,
    },
}

/// What a job without bytes of its own counts, so that the mirror is not level before it is done.
const WAITING: u64 = 1;
/// Of a large file between two other jobs: the recording comes first.
const COPY_BYTES: usize = 4 << 20;

impl Job {
    fn is_sums(&self) -> bool {
        matches!(self, Self::Put { path, .. } if path == SHA256SUMS)
    }

    fn size(&self) -> u64 {
        match self {
            Self::Write { bytes, .. } | Self::Put { bytes, .. } => bytes.len() as u64,
            Self::Level { .. } | Self::Copy { .. } => WAITING, // costs no memory
        }
    }
}

impl Mirror {
    /// `root` becomes the copy of the interview's directory. At most `limit_bytes` wait.
    pub fn start(root: PathBuf, limit_bytes: u64) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let state = Mutex::new(MirrorState::Working { behind_bytes: 0 });
        let shared = Arc::new(Shared {
            state,
            changed: Condvar::new(),
            limit_bytes,
        });
        let of_thread = shared.clone();
        thread::Builder::new()
            .name("mirror".into())
            .spawn(move || work(&root, &waiting, &of_thread))?;
        Ok(Self { jobs, shared })
    }

    /// Queues bytes for a place in a file; never blocks.
    pub fn write_at(&self, path: &str, offset: u64, bytes: Arc<[u8]>) {
        self.queue(Job::Write {
            path: path.to_owned(),
            offset,
            bytes,
        });
    }

    /// Queues a whole file; never blocks.
    pub fn put(&self, path: &str, bytes: Arc<[u8]>) {
        self.queue(Job::Put {
            path: path.to_owned(),
            bytes,
        });
    }

    /// After a restart: copies what the mirror lacks of `master`, before anything queued later.
    pub fn level(&self, master: &Path) {
        self.queue(Job::Level {
            master: master.to_owned(),
        });
    }

    /// Copies a large file of `master` bit by bit, whenever nothing else waits; never blocks.
    pub fn copy(&self, path: &str, master: &Path) {
        self.queue(Job::Copy {
            path: path.to_owned(),
            master: master.to_owned(),
        });
    }

    fn queue(&self, job: Job) {
        let mut state = self.shared.lock();
        let MirrorState::Working { behind_bytes } = &mut *state else {
            return;
        };
        *behind_bytes += job.size();
        let is_too_slow = *behind_bytes > self.shared.limit_bytes;
        if is_too_slow || self.jobs.send(job).is_err() {
            *state = MirrorState::Failed {
                reason: "the second disk is too slow or hangs".to_owned(),
            };
            self.shared.changed.notify_all();
        }
    }

    pub fn state(&self) -> MirrorState {
        self.shared.lock().clone()
    }

    /// Waits until nothing is queued, the copy failed, or the deadline passed.
    pub fn wait_until_level(&self, deadline: Duration) -> MirrorState {
        let until = Instant::now() + deadline;
        let mut state = self.shared.lock();
        while matches!(*state, MirrorState::Working { behind_bytes: 1.. }) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.clone()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, MirrorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn work(root: &Path, waiting: &Receiver<Job>, shared: &Shared) {
    let mut copies: VecDeque<Copying> = VecDeque::new();
    loop {
        let next = if copies.is_empty() {
            let Ok(job) = waiting.recv() else { return };
            Some(job)
        } else {
            waiting.try_recv().ok()
        };
        if matches!(shared.state_now(), MirrorState::Failed { .. }) {
            copies.clear();
            continue;
        }
        match next {
            Some(Job::Copy { path, master }) => match Copying::begin(root, &path, &master) {
                Ok(copying) => copies.push_back(copying),
                Err(error) => shared.done(Err(error), WAITING),
            },
            Some(job) => {
                // The sums say that a copy is whole: nothing of it may still be on its way.
                while job.is_sums() && !copies.is_empty() {
                    copy_on(&mut copies, shared);
                }
                if matches!(shared.state_now(), MirrorState::Working { .. }) {
                    shared.done(carry_out(root, &job), job.size());
                }
            }
            None => copy_on(&mut copies, shared),
        }
    }
}

/// The next bit of the first large file.
fn copy_on(copies: &mut VecDeque<Copying>, shared: &Shared) {
    let Some(copying) = copies.front_mut() else { return };
    let step = copying.step();
    if matches!(step, Ok(false)) {
        return;
    }
    copies.pop_front();
    shared.done(step.map(|_| ()), WAITING);
}

/// A large file on its way; it has its name when it is whole.
struct Copying {
    from: File,
    to: File,
    partial: PathBuf,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Copying {
    fn begin(root: &Path, path: &str, master: &Path) -> Result<Copying, DurableError> {
        let (from, path) = (master.join(path), root.join(path));
        durable::create_directories(durable::parent_of(&path))?;
        let partial = durable::temporary_name(&path);
        Ok(Copying {
            from: File::open(&from).step("open", &from)?,
            to: File::create(&partial).step("create", &partial)?,
            partial,
            path,
            buffer: vec![0; COPY_BYTES],
        })
    }

    /// Whether it is whole now.
    fn step(&mut self) -> Result<bool, DurableError> {
        let count = self.from.read(&mut self.buffer).step("copy to", &self.partial)?;
        let bytes = self.buffer.get(..count).unwrap_or_default();
        self.to
            .write_all(bytes)
            .and_then(|()| self.to.sync_data())
            .step("copy to", &self.partial)?;
        if count > 0 {
            return Ok(false);
        }
        fs::rename(&self.partial, &self.path).step("put in place", &self.path)?;
        durable::sync_directory(durable::parent_of(&self.path))?;
        Ok(true)
    }
}

impl Shared {
    /// A job ended, and what it counted is no longer behind.
    fn done(&self, result: Result<(), DurableError>, size: u64) {
        let mut state = self.lock();
        match (result, &mut *state) {
            (Ok(()), MirrorState::Working { behind_bytes }) => *behind_bytes -= size,
            (Ok(()), MirrorState::Failed { .. }) => {}
            (Err(error), _) => {
                let reason = format!("{error}: {}", error.source);
                tracing::warn!(%reason, "the mirror failed; the master goes on");
                *state = MirrorState::Failed { reason };
            }
        }
        self.changed.notify_all();
    }

    fn state_now(&self) -> MirrorState {
        self.lock().clone()
    }
}

fn carry_out(root: &Path, job: &Job) -> Result<(), DurableError> {
    match job {
        Job::Level { master } => level(root, master),
        Job::Copy { .. } => Ok(()), // begun by `work`, which goes on with it
        Job::Put { path, bytes } => durable::put(&root.join(path), bytes),
        Job::Write { path, offset, bytes } => {
            let path = root.join(path);
            durable::create_directories(durable::parent_of(&path))?;
            let is_new = !path.exists();
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .step("open", &path)?;
            file.write_all_at(bytes, *offset)
                .and_then(|()| file.sync_data())
                .step("write", &path)?;
            if is_new {
                durable::sync_directory(durable::parent_of(&path))
            } else {
                Ok(())
            }
        }
    }
}

/// Size tells enough: both sides only ever grow by the same bytes, and what the
/// master cut off is longer here. What a process that died left here in memory is synced.
fn level(root: &Path, master: &Path) -> Result<(), DurableError> {
    let names = list_files(master).step("list", master)?;
    // The sums say that a copy is whole: whoever knows puts them.
    for name in names.into_iter().filter(|name| name != SHA256SUMS) {
        let (from, to) = (master.join(&name), root.join(&name));
        let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
        if size(&from) != size(&to) {
            durable::put_copy(&to, &from)?;
            continue;
        }
        durable::create_directories(durable::parent_of(&to))?;
        File::open(&to)
            .and_then(|file| file.sync_all())
            .step("sync", &to)?;
        durable::sync_directory(durable::parent_of(&to))?;
    }
    Ok(())
}
