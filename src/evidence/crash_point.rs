//! Named points between two steps of the order in which evidence becomes durable, for the crash tests.
//!
//! A process that is told `SHENLU_CRASH_AT=<point>:<n>` kills itself where it passes that point for the n-th
//! time, as a power cut would, without a chance to tidy up. Told nothing, which is always so outside the tests,
//! a point costs one look at a flag. The points stand where a cut leaves something different on the disk.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

const TOLD_BY: &str = "SHENLU_CRASH_AT";

/// Every point of an interview, in the order of its life.
pub const POINTS: &[&str] = &[
    "directory-made",
    "line-written",
    "line-synced",
    "chunk-written",
    "chunk-synced",
    "segment-named",
    "file-written",
    "file-linked",
    "file-named",
    "torn-kept",
    "torn-cut",
    "put-written",
    "put-renamed",
    "index-next",
];

/// Points of the device's keys, passed before anything is recorded.
pub const OF_KEYS: &[&str] = &[
    "keys-set-aside",
    "secret-written",
    "secret-named",
    "keys-sealed",
    "sealed-proved",
    "plain-dropped",
];

struct Wanted {
    point: String,
    /// Passes that are left.
    left: AtomicU64,
}

/// Passes a point, or ends there.
pub fn pass(point: &'static str) {
    static WANTED: OnceLock<Option<Wanted>> = OnceLock::new();
    debug_assert!(
        POINTS.contains(&point) || OF_KEYS.contains(&point),
        "{point} is not in the list of points"
    );
    let wanted = WANTED.get_or_init(|| std::env::var(TOLD_BY).ok().as_deref().and_then(parse));
    if let Some(wanted) = wanted.as_ref().filter(|wanted| wanted.point == point)
        && wanted.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        // SAFETY: a plain system call; it ends this very process.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
}

fn parse(text: &str) -> Option<Wanted> {
    let (point, times) = text.split_once(':')?;
    Some(Wanted {
        point: point.to_owned(),
        left: AtomicU64::new(times.parse().ok().filter(|times| *times > 0)?),
    })
}
