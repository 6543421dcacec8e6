//! A headless Chromium, spoken to over its debugging pipe: pages opened, looked at, clicked in.
//!
//! Every test has a browser and a profile of its own. Nothing is fetched from a network.

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Sandbox and GPU are not there for root in a container; the rest keeps it from looking for the Internet.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,800",
];

pub struct Chromium {
    child: Child,
    told: File,
    heard: BufReader<File>,
    asked: u64,
    /// Of the page that is open.
    session: String,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// With this file open in its only page.
    pub fn open(page: &Path) -> Chromium {
        let profile = tempfile::tempdir().unwrap();
        let (child, told, heard) = spawn(profile.path());
        let mut chromium = Chromium {
            child,
            told,
            heard: BufReader::new(heard),
            asked: 0,
            session: String::new(),
            _profile: profile,
        };
        let url = format!("file://{}", page.display());
        let target = chromium.ask("Target.createTarget", json!({"url": url}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = chromium.ask("Target.attachToTarget", attach);
        chromium.session = attached["sessionId"].as_str().unwrap().to_owned();
        chromium
    }

    /// What an expression is worth in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let fields = json!({"expression": expression, "returnByValue": true});
        let told = self.ask("Runtime.evaluate", fields);
        assert!(told["exceptionDetails"].is_null(), "{expression}: {told}");
        told["result"]["value"].clone()
    }

    /// Asks again until the value is as wanted.
    pub fn until(&mut self, expression: &str, within: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let value = self.value(expression);
            if wanted(&value) {
                return value;
            }
            assert!(began.elapsed() < within, "{expression} was last {value}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A click as a hand makes it, in the middle of the first element that the selector finds.
    pub fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const r = document.querySelector({selector:?}).getBoundingClientRect(); \
             return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let fields =
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", fields);
        }
    }

    /// What a person picks in the file dialog of an input: a folder where it takes folders.
    pub fn pick(&mut self, selector: &str, path: &Path) {
        let element = format!("document.querySelector({selector:?})");
        let found = self.ask("Runtime.evaluate", json!({"expression": element}));
        let object = &found["result"]["objectId"];
        self.ask(
            "DOM.setFileInputFiles",
            json!({"objectId": object, "files": [path]}),
        );
    }

    /// A key as a hand presses it; `key` and `code` as the page hears them.
    pub fn press(&mut self, key: &str, code: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.ask(
                "Input.dispatchKeyEvent",
                json!({"type": kind, "key": key, "code": code}),
            );
        }
    }

    /// Messages end with a zero byte; events that come between are left out.
    fn ask(&mut self, method: &str, fields: Value) -> Value {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": fields});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.told.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut answer = Vec::new();
            self.heard.read_until(0, &mut answer).unwrap();
            assert!(answer.pop() == Some(0), "chromium ended while asked {method}");
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == self.asked {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The debugging pipe is Chromium's descriptors 3 (it reads) and 4 (it writes).
fn spawn(profile: &Path) -> (Child, File, File) {
    let (its_ear, told) = std::io::pipe().unwrap();
    let (heard, its_mouth) = std::io::pipe().unwrap();
    let (ear, mouth) = (its_ear.as_raw_fd(), its_mouth.as_raw_fd());
    let mut command = Command::new("chromium");
    command
        .args(FLAGS)
        .arg("--remote-debugging-pipe")
        .arg(format!("--user-data-dir={}", profile.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // SAFETY: between fork and exec only dup calls, on descriptors that live until after the spawn. They are
    // first moved out of the way of 3 and 4.
    unsafe {
        command.pre_exec(move || {
            let ear = libc::fcntl(ear, libc::F_DUPFD_CLOEXEC, 10);
            let mouth = libc::fcntl(mouth, libc::F_DUPFD_CLOEXEC, 10);
            match (libc::dup2(ear, 3), libc::dup2(mouth, 4)) {
                (3, 4) => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    let child = command
        .spawn()
        .expect("chromium, as deploy/packages.sh installs it");
    let file = |fd: std::os::fd::OwnedFd| File::from(fd);
    (child, file(told.into()), file(heard.into()))
}
