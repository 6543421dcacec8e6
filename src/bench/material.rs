//! What all contenders of the CPU rows are fed: two cameras' H.264 and sound, made once, the same for all.
//!
//! Called by `cpu`. The pictures are the still room of `scene` with sensor noise, encoded as cameras do.
//! Kept in the bench folder; a file that is there whole is used again.

use super::BenchError;
use super::measure::run;
use super::scene::{HEIGHT, Scene, WIDTH};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Frames drawn; the files repeat them to `LENGTH_S`.
const DRAWN_FRAMES: usize = 500;
const REPEATS: &str = "16";
const SENSOR_NOISE: f64 = 3.0;

pub struct Material {
    /// 1920×1080, 25 frames a second, 4 Mbit/s.
    pub main: PathBuf,
    /// 1280×720, 25 frames a second, 2 Mbit/s.
    pub insert: PathBuf,
    /// Stereo, 48 kHz, 16 bit.
    pub sound: PathBuf,
}

pub fn prepare(dir: &Path) -> Result<Material, BenchError> {
    let material = Material {
        main: dir.join("camera-1080p.mp4"),
        insert: dir.join("camera-720p.mp4"),
        sound: dir.join("sound.wav"),
    };
    camera(&material.main, "1920:1080", "4000k")?;
    camera(&material.insert, "1280:720", "2000k")?;
    if !material.sound.exists() {
        println!("making {}", material.sound.display());
        let partial = dir.join("partial.wav");
        let source = "anoisesrc=r=48000:c=pink:a=0.1:seed=7:d=345,aformat=channel_layouts=stereo,tremolo=f=4";
        run(Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "lavfi", "-i", source])
            .arg(&partial))?;
        put(&partial, &material.sound)?;
    }
    Ok(material)
}

fn camera(path: &Path, size: &str, rate: &str) -> Result<(), BenchError> {
    if path.exists() {
        return Ok(());
    }
    println!("making {}", path.display());
    let (once, partial) = (
        path.with_extension("once.mp4"),
        path.with_extension("partial.mp4"),
    );
    let mut encode = Command::new("ffmpeg");
    encode
        .args(["-v", "error", "-y"])
        .args(raw_input("-"))
        .args(["-vf", &format!("scale={size}")]);
    encode.args([
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-tune",
        "zerolatency",
        "-bf",
        "0",
        "-g",
        "50",
    ]);
    encode
        .args(["-b:v", rate, "-maxrate", rate, "-bufsize", rate])
        .args(COLOUR)
        .arg(&once);
    let mut child = start(encode.stdin(Stdio::piped()))?;
    let mut scene = Scene::new();
    if let Some(mut input) = child.stdin.take() {
        for index in 0..DRAWN_FRAMES {
            let write = input.write_all(&scene.camera_frame(index, SENSOR_NOISE));
            write.map_err(|source| BenchError::Write {
                path: once.clone(),
                source,
            })?;
        }
    }
    finish(child)?;
    let mut repeat = Command::new("ffmpeg");
    repeat
        .args(["-v", "error", "-y", "-stream_loop", REPEATS, "-i"])
        .arg(&once)
        .args(["-c", "copy"])
        .arg(&partial);
    run(&mut repeat)?;
    std::fs::remove_file(&once).map_err(|source| BenchError::Write { path: once, source })?;
    put(&partial, path)
}

const COLOUR: [&str; 8] = [
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-color_range",
    "tv",
];

/// ffmpeg's input options for frames of the scene.
pub fn raw_input(from: &str) -> Vec<String> {
    let size = format!("{WIDTH}x{HEIGHT}");
    [
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", "25", "-i", from,
    ]
    .map(str::to_owned)
    .into()
}

pub fn start(command: &mut Command) -> Result<Child, BenchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| BenchError::Start { program, source })
}

pub fn finish(child: Child) -> Result<(), BenchError> {
    let output = child.wait_with_output();
    let output = output.map_err(|source| BenchError::Start {
        program: "ffmpeg".into(),
        source,
    })?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(BenchError::Failed {
        program: "ffmpeg".into(),
        output,
    })
}

/// Whole files only: a run that was broken off leaves none under the final name.
fn put(partial: &Path, path: &Path) -> Result<(), BenchError> {
    std::fs::rename(partial, path).map_err(|source| BenchError::Write {
        path: path.into(),
        source,
    })
}
