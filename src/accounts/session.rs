//! Sessions: opaque cookies, in memory, gone with the process. Wrong secrets are slowed down.
//!
//! The web room asks here before anything else. A session ends by log-out, after twelve hours, or when the
//! sixteen newest ones push it out.

use super::{AccountsError, OPERATOR, Tries, random_hex};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const LIFE: Duration = Duration::from_secs(12 * 3600);
const MOST: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub account: String,
    token: String,
    began: Instant,
}

#[derive(Default)]
struct Inner {
    sessions: Vec<Session>,
}

#[derive(Default)]
pub struct Sessions {
    inner: Mutex<Inner>,
    tries: Tries,
}

impl Sessions {
    /// How long a next try has to wait, if at all.
    pub fn must_wait(&self) -> Option<Duration> {
        self.tries.must_wait(OPERATOR)
    }

    pub fn count_wrong(&self) {
        self.tries.count_wrong(OPERATOR);
    }

    /// The token of a new session.
    pub fn begin(&self, account: &str) -> Result<String, AccountsError> {
        let token = random_hex::<32>()?;
        self.tries.forget(OPERATOR);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.sessions.retain(|s| s.began.elapsed() < LIFE);
        if inner.sessions.len() >= MOST {
            inner.sessions.remove(0);
        }
        inner.sessions.push(Session {
            account: account.to_owned(),
            token: token.clone(),
            began: Instant::now(),
        });
        Ok(token)
    }

    pub fn find(&self, token: &str) -> Option<Session> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .sessions
            .iter()
            .find(|s| s.token == token && s.began.elapsed() < LIFE)
            .cloned()
    }

    pub fn end(&self, token: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.sessions.retain(|s| s.token != token);
    }
}
