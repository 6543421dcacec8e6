//! `shenlu demo`: a whole interview without hands, and every check at its end (design 1).
//!
//! Runs the real room as a child and drives it through its API, as an operator would; only the cameras are
//! simulated, unless others are given. Nothing here is known to the room. Exit 0 only if every check held.

mod checks;
pub mod officer;
pub mod place;
pub mod room_child;

use clap::Args;
use fixtures::camera::{Camera, CameraError, CameraScript, Sound, SoundCodec};
use fixtures::picture::Scene;
use std::path::{Path, PathBuf};

pub use checks::Check;

#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// How long to record.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(5..=86_400))]
    pub seconds: u32,
    /// Where everything goes; must be new or empty.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// A camera instead of the simulated ones, `interviewee=rtsp://…`; may be repeated.
    #[arg(long, value_name = "SLOT=SOURCE")]
    pub camera: Vec<String>,
    /// A microphone, `left=alsa:hw:1`; by default the cameras' own sound.
    #[arg(long, value_name = "CHANNEL=SOURCE")]
    pub microphone: Vec<String>,
    /// A drive, `a=/dev/sr0`; by default image files below DIR/discs.
    #[arg(long, value_name = "SLOT=DEVICE")]
    pub burner: Vec<String>,
    /// Picture size; 1920×1080 by default.
    #[arg(long, default_value = "1920x1080")]
    pub size: String,
    /// Seconds of a segment.
    #[arg(long, default_value_t = 60)]
    pub segment_seconds: u32,
    /// Keep the cameras' own streams beside the composite.
    #[arg(long)]
    pub keep_original: bool,
    /// More of `room.toml`, as TOML tables.
    #[arg(long, default_value = "", hide = true)]
    pub extra: String,
    /// Port of the room's page, 0 for any.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Keep the room open afterwards, until Ctrl-C.
    #[arg(long)]
    pub stay: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{zh}\n{en}")]
    Argument { zh: String, en: String },
    #[error("a simulated camera does not start")]
    Camera(#[from] CameraError),
    #[error("cannot write below {path}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("the room does not start: {0}")]
    Room(String),
    #[error("the room's interface")]
    Client(#[from] crate::web::client::ClientError),
    #[error("{step}: {said}")]
    Step { step: &'static str, said: String },
}

/// Runs the demonstration with `program` as the room; whether every check held.
pub fn run(arguments: &DemoArguments, program: &Path) -> Result<bool, DemoError> {
    let dir = place::empty_directory(arguments.dir.as_deref())?;
    let cameras = if arguments.camera.is_empty() {
        simulated(arguments)?
    } else {
        Vec::new()
    };
    let place = place::Place::prepare(dir, arguments, &cameras)?;
    say(&format!("目录 directory: {}", place.dir.display()));
    let room = room_child::RoomChild::start(program, &place)?;
    say(&format!("主机 room: https://127.0.0.1:{}/", place.port));
    let interview = officer::whole_interview(arguments, &room, &place)?;
    let checks = checks::all(arguments, &room, &place, &interview, !cameras.is_empty(), program);
    let passed = checks.iter().all(|check| check.passed);
    report(&checks, &place, &interview);
    if arguments.stay {
        stay(room, &place);
    }
    Ok(passed)
}

pub(crate) fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

pub fn simulated(arguments: &DemoArguments) -> Result<Vec<Camera>, DemoError> {
    say("启动模拟摄像机 starting simulated cameras");
    let cameras = scripts(arguments)?.into_iter().map(Camera::start);
    Ok(cameras.collect::<Result<_, _>>()?)
}

/// Interviewee in full, officer smaller, both with sound whose beeps differ.
pub fn scripts(arguments: &DemoArguments) -> Result<[CameraScript; 2], DemoError> {
    let (width, height) = place::size(&arguments.size)?;
    let small = width <= 1280;
    let interviewee = CameraScript {
        camera: 1,
        width,
        height,
        sound: Some(Sound {
            codec: SoundCodec::Aac,
            beep_hz: LEFT_BEEP_HZ,
        }),
        scene: Scene::InterviewRoom,
        ..CameraScript::default()
    };
    let officer = CameraScript {
        camera: 2,
        width: if small { width } else { 1280 },
        height: if small { height } else { 720 },
        bitrate_kbps: 2000,
        sound: Some(Sound {
            codec: SoundCodec::Aac,
            beep_hz: RIGHT_BEEP_HZ,
        }),
        scene: Scene::Officer,
        seed: 2,
        ..CameraScript::default()
    };
    Ok([interviewee, officer])
}

/// Beeps of the two cameras, far enough apart to be told from each other.
pub const LEFT_BEEP_HZ: f64 = 1000.0;
pub const RIGHT_BEEP_HZ: f64 = 1600.0;

fn report(checks: &[Check], place: &place::Place, interview: &officer::Recorded) {
    say("");
    for check in checks {
        let sign = if check.passed { "✓" } else { "✗" };
        say(&format!("{sign} {} — {}", check.what, check.figure));
    }
    let passed = checks.iter().filter(|check| check.passed).count();
    say(&format!("\n{passed} / {} 项检查通过 checks held", checks.len()));
    say(&format!("笔录与录像 interview: {}", interview.dir.display()));
    for disc in place.images() {
        say(&format!("光盘 disc: {}", disc.display()));
    }
}

fn stay(room: room_child::RoomChild, place: &place::Place) {
    say(&format!(
        "\n主机继续运行 the room stays open: https://127.0.0.1:{}/\n账号 account: operator  口令 secret: {}\n按 Ctrl-C 结束 Ctrl-C ends it",
        place.port,
        place.data.join("operator-secret").display()
    ));
    room.wait();
}
