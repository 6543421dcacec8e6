//! The scene of the disc tests: an interview directory that grows, its ledger, the discs beside it, and what
//! must hold of a disc in the end.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hardware::optical::Device;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shenlu::disc::{
    About, DiscEvent, DiscFault, DiscHandle, DiscPlan, Feed, Ledger, LedgerEntry, LedgerError, Slot, start,
};
use sm3::Sm3;

pub const DEADLINE: Duration = Duration::from_secs(90);

#[derive(Default)]
pub struct Lines {
    lines: Mutex<Vec<LedgerEntry>>,
    pub refusals_left: Mutex<u32>,
    /// Something that happens when a line of this kind was written, once.
    pub then: Mutex<Option<Deed>>,
}

type Deed = (&'static str, Box<dyn FnOnce() + Send>);

impl Ledger for Lines {
    fn append(&self, kind: &str, data: Value) -> Result<(), LedgerError> {
        let mut refusals = self.refusals_left.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(LedgerError {
                kind: kind.to_owned(),
                detail: "no space".to_owned(),
            });
        }
        self.lines.lock().unwrap().push(LedgerEntry {
            kind: kind.to_owned(),
            data,
        });
        if let Some((_, deed)) = self.then.lock().unwrap().take_if(|(at, _)| *at == kind) {
            deed();
        }
        Ok(())
    }
}

impl Lines {
    pub fn all(&self) -> Vec<LedgerEntry> {
        self.lines.lock().unwrap().clone()
    }

    pub fn kinds(&self, slot: &str) -> Vec<String> {
        self.all()
            .into_iter()
            .filter(|line| line.data["slot"] == slot)
            .map(|line| line.kind)
            .collect()
    }

    fn with(lines: Vec<LedgerEntry>) -> Arc<Self> {
        Arc::new(Self {
            lines: Mutex::new(lines),
            ..Self::default()
        })
    }
}

/// An interview directory that grows, and the discs beside it.
pub struct Scene {
    /// Keeps the folder; `None` where another process does.
    #[expect(dead_code, reason = "held for its drop")]
    owned: Option<tempfile::TempDir>,
    dir: PathBuf,
    pub ledger: Arc<Lines>,
}

pub struct Running {
    pub handle: DiscHandle,
    pub events: Receiver<DiscEvent>,
    pub seen: Vec<DiscEvent>,
}

impl Scene {
    pub fn new() -> Self {
        let owned = tempfile::tempdir().unwrap();
        let scene = Self::at(owned.path().to_owned());
        Self {
            owned: Some(owned),
            ..scene
        }
    }

    pub fn at(dir: PathBuf) -> Self {
        fs::create_dir_all(dir.join("interview/part-0001")).unwrap();
        fs::create_dir_all(dir.join("discs")).unwrap();
        Self {
            owned: None,
            dir,
            ledger: Arc::default(),
        }
    }

    pub fn with_ledger(mut self, lines: Vec<LedgerEntry>) -> Self {
        self.ledger = Lines::with(lines);
        self
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    pub fn interview(&self) -> PathBuf {
        self.path().join("interview")
    }

    pub fn image(&self, name: &str) -> PathBuf {
        self.path().join("discs").join(name)
    }

    pub fn plan(&self, slot: Slot) -> DiscPlan {
        let about = About {
            unit: "某某县公安局".into(),
            room_id: "a1".into(),
            room_name: "第一讯问室".into(),
            interview_id: "a1-20261122-010203".into(),
            uuid: "6f1c2a52-1b1f-4b53-9a57-1d8f2f1f0001".into(),
            case_number: "A130000202611001".into(),
            case_name: "测试案".into(),
            kind: "讯问".into(),
            started_at: "2026-11-22T01:02:03.000+08:00".into(),
            set_in_case: Some(2),
        };
        let drive = Device::Image(self.image(&format!("{}-001.iso", slot.as_str())));
        let spool = self.path().join("spool").join(slot.as_str());
        let mut plan = DiscPlan::new(slot, drive, spool, self.interview(), about);
        plan.batch.max_bytes = Some(1024 * 1024);
        plan
    }

    pub fn start(&self, plan: DiscPlan) -> Running {
        let (sender, events) = channel();
        let handle = start(plan, self.ledger.clone(), sender).unwrap();
        Running {
            handle,
            events,
            seen: Vec::new(),
        }
    }

    /// Writes a segment to the master; its bytes come from its number.
    pub fn segment(&self, number: u32, size: usize) -> (String, Vec<u8>) {
        let mut state = u64::from(number) + 1;
        let bytes: Vec<u8> = (0..size)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u8
            })
            .collect();
        let path = format!("part-0001/seg-{number:05}.mp4");
        fs::write(self.interview().join(&path), &bytes).unwrap();
        (path, bytes)
    }

    /// Everything that stands in a closed interview directory, sums last.
    pub fn close(&self) {
        let dir = self.interview();
        fs::create_dir_all(dir.join("transcript")).unwrap();
        fs::create_dir_all(dir.join("attestations")).unwrap();
        fs::write(dir.join("journal.jsonl"), "{\"seq\":1}\n").unwrap();
        fs::write(dir.join("playlist.m3u8"), "#EXTM3U\n").unwrap();
        fs::write(dir.join("transcript/笔录 '1'.pdf"), "pdf").unwrap();
        fs::write(dir.join("attestations/p1-sign-1.png"), "").unwrap();
        fs::write(dir.join("attestations/p1-sign-1.json"), "{}").unwrap();
        fs::write(dir.join("manifest.json"), "{}").unwrap();
        let files = tree(&dir);
        let digest = |path: &str| hex(&Sha256::digest(fs::read(dir.join(path)).unwrap()));
        let sm3 = |path: &str| hex(&Sm3::digest(fs::read(dir.join(path)).unwrap()));
        let sha256_lines: String = files
            .iter()
            .map(|path| format!("{}  {path}\n", digest(path)))
            .collect();
        let sm3_lines: String = files
            .iter()
            .map(|path| format!("SM3 ({path}) = {}\n", sm3(path)))
            .collect();
        fs::write(dir.join("SM3SUMS"), sm3_lines).unwrap();
        fs::write(dir.join("SHA256SUMS"), sha256_lines).unwrap();
    }

    pub fn extract(&self, image: &str) -> PathBuf {
        self.extract_from(&format!("stdio:{}", self.image(image).display()), image)
    }

    /// Everything on the disc in this drive, below a folder of this name.
    pub fn extract_from(&self, device: &str, name: &str) -> PathBuf {
        let target = self.path().join("out").join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let args = ["-indev", device, "-osirrox", "on:auto_chmod_on", "-extract", "/"];
        let done = Command::new("xorriso").args(args).arg(&target).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        for folder in [
            target.clone(),
            target.join("part-0001"),
            target.join("transcript"),
        ] {
            if folder.exists() {
                fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        target
    }

    /// Burns at about 8 MB/s, so that there is a middle to be cut in.
    pub fn slow_program(&self) -> PathBuf {
        self.wrapper(r#"exec xorriso -no_rc -speed 8000k "$@""#)
    }

    /// A program that behaves as `xorriso` but for what `script` does with a committing call (`"$@"`).
    pub fn wrapper(&self, script: &str) -> PathBuf {
        let program = self.path().join("xorriso-wrapper");
        let mark = self.path().join("done-once");
        let text = format!(
            "#!/bin/sh\ncase \" $* \" in *' -commit '*|*' -commit') ;; *) exec xorriso \"$@\";; esac\nonce={}\n{script}\n",
            mark.display()
        );
        let draft = program.with_extension("draft");
        fs::write(&draft, text).unwrap();
        // Copied by a child: a file that this process wrote may still be open in a child that another test
        // is just starting, and cannot be executed then.
        let args = ["-m", "755", draft.to_str().unwrap(), program.to_str().unwrap()];
        run_in(self.path(), "install", &args);
        program
    }
}

impl Running {
    pub fn feed(&self, (path, bytes): &(String, Vec<u8>)) {
        for piece in bytes.chunks(200_000) {
            self.handle.feed(Feed::Bytes {
                path: path.clone(),
                bytes: piece.into(),
            });
        }
        self.done((path, bytes));
    }

    pub fn done(&self, (path, bytes): (&String, &Vec<u8>)) {
        self.handle.feed(Feed::FileDone {
            path: path.clone(),
            size: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
            sm3: hex(&Sm3::digest(bytes)),
        });
    }

    /// Waits until an event is as wanted; shows all that came when it does not.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&DiscEvent) -> bool) -> DiscEvent {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) => {
                    self.seen.push(event.clone());
                    if wanted(&event) {
                        return event;
                    }
                }
                Err(_) => panic!("no {what}; seen: {:#?}", self.seen),
            }
        }
    }

    pub fn finish(&mut self) {
        self.handle.feed(Feed::Finish);
        let ended = self.until("end", |event| matches!(event, DiscEvent::Ended { .. }));
        assert_eq!(
            ended,
            DiscEvent::Ended {
                slot: self.handle.slot(),
                complete: true
            },
            "{:#?}",
            self.seen
        );
    }

    pub fn faults(&self) -> Vec<DiscFault> {
        let fault = |event: &'_ DiscEvent| match event {
            DiscEvent::Fault { fault, .. } => Some(fault.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(fault).collect()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn tree(root: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}

pub fn run_in(dir: &Path, program: &str, args: &[&str]) -> String {
    let done = Command::new(program)
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(done.status.success(), "{program} {args:?}: {text}");
    text
}

pub fn wait_for(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !reached() {
        assert!(Instant::now() < deadline, "not reached: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Files that stand on every disc beside the interview's.
pub fn is_discs_own(path: &str) -> bool {
    let own = [
        "README.txt",
        "index.html",
        "disc.json",
        "SHA256SUMS",
        "SM3SUMS",
        "INTERVIEW-SHA256SUMS",
    ];
    own.contains(&path)
        || path.starts_with("player/")
        || path == "case/case.json"
        || path.starts_with("journal-so-far")
}

pub fn assert_interview_files_equal(master: &Path, discs: &[PathBuf]) {
    let mut on_discs = BTreeSet::new();
    for disc in discs {
        for path in tree(disc).into_iter().filter(|path| !is_discs_own(path)) {
            assert_eq!(
                fs::read(disc.join(&path)).unwrap(),
                fs::read(master.join(&path)).unwrap(),
                "{path}"
            );
            on_discs.insert(path);
        }
    }
    let mut wanted = tree(master);
    wanted.retain(|path| {
        !matches!(
            path.as_str(),
            "SHA256SUMS" | "SM3SUMS" | "attestations/p1-sign-1.json"
        )
    });
    assert_eq!(on_discs, wanted);
}

pub fn assert_sums_pass(disc: &Path) {
    run_in(disc, "sha256sum", &["--strict", "-c", "SHA256SUMS"]);
    run_in(disc, "cksum", &["--strict", "-a", "sm3", "-c", "SM3SUMS"]);
    let listed = fs::read_to_string(disc.join("SHA256SUMS"))
        .unwrap()
        .lines()
        .count();
    assert_eq!(
        listed,
        tree(disc).len() - 3,
        "every file but disc.json and the sums"
    );
}

/// Process and image size at the moment when a batch's child is announced.
pub fn batch_child(ledger: &Lines) -> i32 {
    let mut pid = 0;
    wait_for("the batch's intent", || {
        let lines = ledger.all();
        let intent = lines
            .iter()
            .find(|line| line.kind == "disc-intent" && line.data["purpose"] == "batch");
        pid = intent.map_or(0, |line| line.data["child"]["pid"].as_i64().unwrap());
        pid != 0
    });
    i32::try_from(pid).unwrap()
}

pub fn signal_in_mid_burn(scene: &Scene, image: &str, signal: i32) {
    let pid = batch_child(&scene.ledger);
    let size = || fs::metadata(scene.image(image)).map_or(0, |meta| meta.len());
    wait_for("the burn's first 8 MiB", || size() > 8 * 1024 * 1024);
    // SAFETY: the process is the burn that this test's own worker announced.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

pub fn assert_disc_json(disc: &Path, number: u32, predecessor: &Value) {
    let text = fs::read(disc.join("disc.json")).unwrap();
    let mut object: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(serde_json_canonicalizer::to_vec(&object).unwrap(), text);
    let digest = object.as_object_mut().unwrap().remove("sha256").unwrap();
    assert_eq!(
        digest,
        hex(&Sha256::digest(
            serde_json_canonicalizer::to_vec(&object).unwrap()
        ))
    );
    assert_eq!(
        (&object["number"], &object["predecessor"]),
        (&json!(number), predecessor)
    );
}

/// A ledger on disk, as the room has one: what it holds survives this process.
pub struct OnDisk(pub PathBuf);

impl Ledger for OnDisk {
    fn append(&self, kind: &str, data: Value) -> Result<(), LedgerError> {
        let line = format!("{}\n", json!({ "kind": kind, "data": data }));
        let written = fs::File::options()
            .create(true)
            .append(true)
            .open(&self.0)
            .and_then(|mut file| {
                file.write_all(line.as_bytes())?;
                file.sync_data()
            });
        written.map_err(|error| LedgerError {
            kind: kind.to_owned(),
            detail: error.to_string(),
        })
    }
}

pub fn lines_on_disk(path: &Path) -> Vec<LedgerEntry> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let entry = |line: &str| serde_json::from_str::<Value>(line).ok();
    let entries = text.lines().filter_map(entry);
    entries
        .map(|e| LedgerEntry {
            kind: e["kind"].as_str().unwrap().into(),
            data: e["data"].clone(),
        })
        .collect()
}
