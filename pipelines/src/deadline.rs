//! State changes of elements and pipelines that may hang, each on its own thread with a deadline.
//!
//! Cameras and microphones change state only through here. A change that does not return is abandoned: its
//! thread and its pipeline are leaked, logged and counted, never waited for, so that no device can hold up
//! the supervisor, let alone the recording.

use gst::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// Long enough for a camera's TEARDOWN and a sound card's drain.
pub(crate) const STATE_DEADLINE: Duration = Duration::from_secs(5);

static ABANDONED: AtomicU64 = AtomicU64::new(0);

/// State changes that never returned since the process began; each keeps a thread and a pipeline.
pub fn abandoned() -> u64 {
    ABANDONED.load(Ordering::Relaxed)
}

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("{element} refused to become {state:?}")]
    Refused { element: String, state: gst::State },
    #[error("{element} did not become {state:?} within {} s", STATE_DEADLINE.as_secs())]
    Late { element: String, state: gst::State },
    #[error("no thread to change the state of {element}")]
    Thread { element: String, source: std::io::Error },
}

/// Returns when the change was made or has begun (live and asynchronous changes go on by themselves).
pub(crate) fn change_state(element: &impl IsA<gst::Element>, state: gst::State) -> Result<(), StateError> {
    let changed = element.upcast_ref::<gst::Element>().clone();
    let name = changed.name().to_string();
    let (done, answer) = mpsc::channel();
    std::thread::Builder::new()
        .name("state".into())
        .spawn(move || {
            // Nobody listens once the deadline has passed.
            let _ = done.send(changed.set_state(state).is_ok());
        })
        .map_err(|source| StateError::Thread {
            element: name.clone(),
            source,
        })?;
    match answer.recv_timeout(STATE_DEADLINE) {
        Ok(true) => Ok(()),
        Ok(false) => Err(StateError::Refused { element: name, state }),
        Err(_) => {
            let abandoned = ABANDONED.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::error!(element = %name, ?state, abandoned, "state change abandoned");
            Err(StateError::Late { element: name, state })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_state_change_that_hangs_is_abandoned_and_counted() {
        gst::init().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: `name` is a terminated string that outlives the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        // Opening a fifo that nobody writes to does not return.
        let source = gst::ElementFactory::make("filesrc")
            .property("location", &path)
            .build()
            .unwrap();
        let hung = change_state(&source, gst::State::Paused);
        assert!(matches!(hung, Err(StateError::Late { .. })), "{hung:?}");
        assert!(abandoned() >= 1);
        // Let go, so that the element can end.
        std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        change_state(&source, gst::State::Null).unwrap();
    }

    #[test]
    fn a_state_that_is_refused_is_told_at_once() {
        gst::init().unwrap();
        let source = gst::ElementFactory::make("filesrc")
            .property("location", "/nowhere/film")
            .build()
            .unwrap();
        let refused = change_state(&source, gst::State::Paused);
        assert!(matches!(refused, Err(StateError::Refused { .. })), "{refused:?}");
        change_state(&source, gst::State::Null).unwrap();
    }
}
