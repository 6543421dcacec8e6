//! The room as a child of the demonstration: started, spoken to, ended.
//!
//! What it logs goes to `room.log` beside its configuration.

use super::place::Place;
use super::{DemoError, say};
use crate::web::client::{Client, ClientError, Reply};
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub struct RoomChild {
    pub child: Child,
    pub client: Client,
}

impl RoomChild {
    pub fn start(program: &Path, place: &Place) -> Result<RoomChild, DemoError> {
        Self::start_within(program, place, &[])
    }

    /// With more in its environment.
    pub fn start_within(
        program: &Path,
        place: &Place,
        environment: &[(&str, PathBuf)],
    ) -> Result<RoomChild, DemoError> {
        let log_path = place.dir.join("room.log");
        let log = File::create(&log_path).map_err(|source| DemoError::Write {
            path: log_path,
            source,
        })?;
        let failed = |e: std::io::Error| DemoError::Room(e.to_string());
        let mut child = Command::new(program)
            .args(["room", "--config"])
            .arg(&place.config)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        let began = Instant::now();
        loop {
            match Client::sign_in(place.port, &place.data, &place.cert()) {
                Ok(client) => return Ok(RoomChild { child, client }),
                Err(error) if began.elapsed() > Duration::from_secs(30) => {
                    let _ = child.kill();
                    return Err(error.into());
                }
                Err(_) => {}
            }
            if let Ok(Some(status)) = child.try_wait() {
                let log = std::fs::read_to_string(place.dir.join("room.log")).unwrap_or_default();
                return Err(DemoError::Room(format!("{status}\n{log}")));
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    pub fn state(&self) -> Result<Value, ClientError> {
        Ok(self.client.get("/api/v1/state")?.body)
    }

    pub fn ask(&self, kind: &str, fields: Value) -> Result<Reply, ClientError> {
        let id = crate::accounts::random_hex::<16>()?;
        self.client.command(&id, kind, fields)
    }

    /// A command that must be accepted.
    pub fn must(&self, step: &'static str, kind: &str, fields: Value) -> Result<(), DemoError> {
        let reply = self.ask(kind, fields)?;
        match reply.status {
            200 => Ok(()),
            _ => Err(DemoError::Step {
                step,
                said: reply.body.to_string(),
            }),
        }
    }

    /// Waits until the state is as wanted, at most `within`; shows the last state if it never is.
    pub fn until(
        &self,
        step: &'static str,
        within: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, DemoError> {
        let began = Instant::now();
        let mut shown = Instant::now();
        loop {
            let state = self.state()?;
            if wanted(&state) {
                return Ok(state);
            }
            if began.elapsed() > within {
                return Err(DemoError::Step {
                    step,
                    said: brief(&state).to_string(),
                });
            }
            if shown.elapsed() > Duration::from_secs(10) {
                say(&progress(&state));
                shown = Instant::now();
            }
            thread::sleep(Duration::from_millis(150));
        }
    }

    /// Until it ends, for instance by Ctrl-C, which reaches it too.
    pub fn wait(mut self) {
        let _ = self.child.wait();
    }
}

impl Drop for RoomChild {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait()
            && let Ok(pid) = libc::pid_t::try_from(self.child.id())
        {
            // SAFETY: a plain system call; the child was not reaped yet, so the number is still its own.
            unsafe { libc::kill(pid, libc::SIGTERM) };
            let began = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < Duration::from_secs(10) {
                thread::sleep(Duration::from_millis(50));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn brief(state: &Value) -> Value {
    json!({
        "state": state["interview"]["state"], "alarms": state["alarms"], "discs": state["discs"],
        "media": {"ready": state["media"]["ready"], "cameras": state["media"]["cameras"]},
        "precheck": state["interview"]["precheck"],
    })
}

fn progress(state: &Value) -> String {
    let seconds = state["durable_us"].as_u64().unwrap_or(0) / 1_000_000;
    let mib = |slot: &str| state["discs"][slot]["written_bytes"].as_u64().unwrap_or(0) >> 20;
    let word = |slot: &str| state["discs"][slot]["state"].as_str().unwrap_or("--").to_owned();
    format!(
        "  {} {:02}:{:02}  A: {} {} MiB  B: {} {} MiB",
        state["interview"]["state"].as_str().unwrap_or("--"),
        seconds / 60,
        seconds % 60,
        word("a"),
        mib("a"),
        word("b"),
        mib("b")
    )
}
