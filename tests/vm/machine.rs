//! The virtual machine as the host has it: plain qemu, a volume and a folder of discs that outlive it, a plug.
//!
//! qemu emulates (nested KVM hangs on many hosts), at the lowest priority. What the guest wrote to its volume or
//! to a disc is in the host's page cache when the guest hears that it is written: killing qemu loses what a
//! pulled plug loses, and nothing else. No qemu outlives the test: it is killed on drop, and when the test dies.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::said::{Errand, Said};

const MEMORY_MIB: &str = "512";
const VOLUME_MIB: &str = "512";

/// Kernel and first file system, made once for a run of the test.
pub struct Image {
    kernel: PathBuf,
    initrd: PathBuf,
}

/// What a machine leaves behind: the room's volume, and `plates/`, where the discs lie.
pub struct House {
    pub dir: PathBuf,
}

pub struct Machine {
    qemu: Child,
    lines: Receiver<String>,
    console: PathBuf,
    heard: Vec<String>,
}

impl Image {
    /// The kernel is cached below `target/`; this very binary is the guest's program.
    pub fn build(into: &Path) -> Self {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vm");
        let agent = into.join("agent.cpio");
        build(&["base".as_ref(), cache.as_ref()]);
        let this = std::env::current_exe().unwrap();
        build(&["agent".as_ref(), this.as_ref(), agent.as_ref()]);
        let initrd = into.join("initrd");
        let mut whole = File::create(&initrd).unwrap();
        // Archives stand one behind the other; the kernel unpacks them all.
        for part in [cache.join("base.cpio"), agent] {
            std::io::copy(&mut File::open(part).unwrap(), &mut whole).unwrap();
        }
        Self {
            kernel: cache.join("vmlinuz"),
            initrd,
        }
    }
}

fn build(args: &[&std::ffi::OsStr]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vm/build.sh");
    let done = Command::new(script)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

impl House {
    pub fn new(dir: PathBuf) -> Self {
        fs::create_dir_all(dir.join("plates")).unwrap();
        let volume = dir.join("room.ext4");
        build(&["disk".as_ref(), volume.as_ref(), VOLUME_MIB.as_ref()]);
        Self { dir }
    }

    pub fn boot(&self, image: &Image, errand: Errand) -> Machine {
        let console = self.dir.join("console.log");
        let mut command = Command::new("qemu-system-x86_64");
        command.args([
            "-machine", "q35", "-accel", "tcg", "-cpu", "qemu64", "-m", MEMORY_MIB,
        ]);
        command.args(["-nodefaults", "-display", "none", "-no-reboot"]);
        command
            .arg("-kernel")
            .arg(&image.kernel)
            .arg("-initrd")
            .arg(&image.initrd);
        let line = format!("console=ttyS0 quiet panic=-1 errand={}", errand.name());
        command.args(["-append", &line]);
        command.arg("-serial").arg(format!("file:{}", console.display()));
        command.args(["-serial", "stdio"]);
        let volume = self.dir.join("room.ext4");
        // `unsafe` waits for no flush: the host does not fail here, so its page cache is the platter.
        command.arg("-drive");
        command.arg(format!(
            "file={},format=raw,if=virtio,cache=unsafe",
            volume.display()
        ));
        let plates = self.dir.join("plates");
        command.arg("-fsdev");
        command.arg(format!(
            "local,id=plates,path={},security_model=none",
            plates.display()
        ));
        command.args(["-device", "virtio-9p-pci,fsdev=plates,mount_tag=plates"]);
        Machine::start(command, console)
    }
}

impl Machine {
    fn start(mut command: Command, console: PathBuf) -> Self {
        // SAFETY: two plain system calls that touch no memory.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                libc::setpriority(libc::PRIO_PROCESS, 0, 19);
                Ok(())
            });
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut qemu = command
            .spawn()
            .expect("qemu-system-x86_64; ./deploy/test.sh --vm installs it");
        let output = BufReader::new(qemu.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self {
            qemu,
            lines,
            console,
            heard: Vec::new(),
        }
    }

    /// The guest's next word before the deadline; `None` when time is over. A guest that failed fails the test.
    pub fn next(&mut self, until: Instant) -> Option<Said> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let said = Said::parse(&line);
                    assert!(
                        said.is_some() || !line.starts_with("agent ended") || line.contains("ended: 0"),
                        "the guest's program failed\n{}",
                        self.transcript()
                    );
                    self.heard.push(line);
                    if said.is_some() {
                        return said;
                    }
                }
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => panic!("the machine went down\n{}", self.transcript()),
            }
        }
    }

    pub fn pull_the_plug(mut self) {
        self.qemu.kill().unwrap();
        self.qemu.wait().unwrap();
    }

    /// Waits for the machine to go down by itself.
    pub fn wait_off(mut self, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        while self.qemu.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it stays up\n{}", self.transcript());
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn transcript(&self) -> String {
        let mut console = String::new();
        let read = File::open(&self.console).and_then(|mut file| file.read_to_string(&mut console));
        let console = read.map_or_else(|error| error.to_string(), |_| console);
        let from = self.heard.len().saturating_sub(120);
        format!("{}\nconsole:\n{console}", self.heard[from..].join("\n"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
