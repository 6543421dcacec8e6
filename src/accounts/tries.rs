//! Wrong secrets are slowed down: some tries are free, then each waits.
//!
//! The login has one of its own, the approvers another, so that neither can lock the other out. Counted by
//! name; callers count unknown names together, so it stays as small as the accounts are few. In memory only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After this many wrong secrets in a row the next try waits.
pub(super) const FREE_TRIES: u32 = 5;
const WAIT: Duration = Duration::from_secs(30);

struct Wrong {
    tries: u32,
    last: Instant,
}

#[derive(Default)]
pub struct Tries {
    wrong: Mutex<HashMap<String, Wrong>>,
}

impl Tries {
    /// How long a next try has to wait, if at all.
    pub fn must_wait(&self, who: &str) -> Option<Duration> {
        let wrong = self.lock();
        let counted = wrong.get(who).filter(|wrong| wrong.tries >= FREE_TRIES)?;
        WAIT.checked_sub(counted.last.elapsed())
    }

    pub fn count_wrong(&self, who: &str) {
        let mut wrong = self.lock();
        let tries = wrong.get(who).map_or(0, |wrong| wrong.tries).saturating_add(1);
        let last = Instant::now();
        wrong.insert(who.to_owned(), Wrong { tries, last });
    }

    /// After a right one.
    pub fn forget(&self, who: &str) {
        self.lock().remove(who);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Wrong>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
