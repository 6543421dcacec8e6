//! Cameras that are not ours: VLC as the RTSP server of both, by UDP only, as `--camera` names them.

use super::house::PROGRAM;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than the demonstration takes with all its checks, so that it never begins anew.
const CLIP_SECONDS: &str = "120";

#[test]
fn the_demo_holds_every_check_with_two_foreign_cameras() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let cameras = [
        (
            "interviewee",
            ForeignCamera::start(&clip(dir.path(), "testsrc2", 440), dir.path()),
        ),
        (
            "officer",
            ForeignCamera::start(&clip(dir.path(), "smptehdbars", 880), dir.path()),
        ),
    ];
    let mut demo = Command::new(PROGRAM);
    demo.args([
        "demo",
        "--seconds",
        "20",
        "--size",
        "640x360",
        "--segment-seconds",
        "6",
        "--dir",
    ]);
    demo.arg(dir.path().join("demo"));
    for (slot, camera) in &cameras {
        demo.arg("--camera").arg(format!("{slot}={}", camera.url()));
    }
    let out = demo.output().unwrap();
    let log = std::fs::read_to_string(dir.path().join("demo/room.log")).unwrap_or_default();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(
        out.status.success(),
        "{said}\n{}\n{log}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(
        !said.contains("generated voice"),
        "the cameras' own sound was recorded: {said}"
    );
}

/// H.264 without B-frames and AAC, as cameras send them; noise, for a still picture would be taken as frozen.
fn clip(dir: &Path, pattern: &str, tone_hz: u32) -> PathBuf {
    let clip = dir.join(format!("{pattern}.mp4"));
    let picture = format!("{pattern}=size=640x360:rate=25,noise=alls=6:allf=t");
    let sound = format!("sine=frequency={tone_hz}:sample_rate=48000");
    let made = Command::new("ffmpeg")
        .args([
            "-v", "error", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound,
        ])
        .args([
            "-t",
            CLIP_SECONDS,
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
        ])
        .args(["-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "1"])
        .arg(&clip)
        .status()
        .unwrap();
    assert!(made.success());
    clip
}

struct ForeignCamera {
    vlc: Child,
    port: u16,
}

impl ForeignCamera {
    /// Plays the clip to whoever asks. VLC refuses to run as root, so then it runs as nobody.
    fn start(clip: &Path, home: &Path) -> ForeignCamera {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new("cvlc");
        // SAFETY: a plain system call without arguments.
        if unsafe { libc::geteuid() } == 0 {
            command.uid(65534).gid(65534);
        }
        let vlc = command
            .args(["-I", "dummy", "-q", "--sout-keep", "--sout"])
            .arg(format!("#rtp{{sdp=rtsp://127.0.0.1:{port}/cam}}"))
            .arg(clip)
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "VLC does not listen on {port}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        ForeignCamera { vlc, port }
    }

    fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/cam", self.port)
    }
}

impl Drop for ForeignCamera {
    fn drop(&mut self) {
        let _ = self.vlc.kill();
        let _ = self.vlc.wait();
    }
}
