//! The disc-hours row: how much longer a disc lasts with capped constant quality than with fixed 4 Mbit/s,
//! and what that costs in likeness to the composed frame.
//!
//! Called by `run`. The same frames go to both encoders and then to the comparison, so nothing is stored
//! raw. Encoder and options are those of `pipelines::encoder`; whoever changes one changes the other.

use super::BenchError;
use super::material::{self, Material, finish, raw_input, start};
use super::report::{Section, Verdict};
use super::scene::{HEIGHT, MOVING_REGION, Scene, WIDTH};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const FIXED_KBPS: f64 = 4000.0;
/// Sound goes to the disc beside both.
const SOUND_KBPS: f64 = 128.0;
/// A DVD holds 4.7 GB, of which lead-ins of some sixty sessions are lost.
const DISC_BITS: f64 = 4.3e9 * 8.0;
const GOAL: f64 = 2.0;
const SSIM_GOAL: f64 = -0.002;
const MOVING_GOAL: f64 = -0.005;
const FRAME_BYTES: usize = WIDTH * HEIGHT * 3 / 2;

const ENCODER: &str = "x264enc speed-preset=veryfast tune=zerolatency threads=1 sliced-threads=false bframes=0 \
     key-int-max=25 bitrate=4000 vbv-buf-capacity=1000";
const FIXED: &str = "pass=cbr option-string=scenecut=0";
const QUALITY: &str = "pass=qual quantizer=23 ip-factor=1.0 option-string=scenecut=0:deadzone-intra=32";

/// Where the frames come from.
#[derive(Clone, Copy)]
enum Picture {
    /// Noise of this σ straight in the composed frame: the goal's measure.
    Drawn { sigma: f64 },
    /// σ 3 before a camera's own 4 Mbit/s encode, which is what a network camera delivers.
    Camera,
}

impl Picture {
    const ALL: [Picture; 4] = [
        Picture::Drawn { sigma: 0.0 },
        Picture::Drawn { sigma: 3.0 },
        Picture::Drawn { sigma: 7.0 },
        Picture::Camera,
    ];

    fn name(self) -> String {
        match self {
            Picture::Drawn { sigma } => format!("σ {sigma}"),
            Picture::Camera => "σ 3 through a camera's own 4 Mbit/s".into(),
        }
    }

    fn frames(self, material: &Material) -> Result<Frames, BenchError> {
        match self {
            Picture::Drawn { sigma } => Ok(Frames::Drawn {
                scene: Box::new(Scene::new()),
                sigma,
            }),
            Picture::Camera => {
                let mut decode = Command::new("ffmpeg");
                decode.args(["-nostdin", "-v", "error", "-i"]).arg(&material.main);
                decode
                    .args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"])
                    .stdout(Stdio::piped());
                let mut child = decode.stderr(Stdio::null()).spawn().map_err(ffmpeg_missing)?;
                let output = child.stdout.take().ok_or_else(|| lost("ffmpeg"))?;
                Ok(Frames::Decoded { child, output })
            }
        }
    }
}

enum Frames {
    Drawn { scene: Box<Scene>, sigma: f64 },
    Decoded { child: Child, output: ChildStdout },
}

impl Frames {
    fn frame(&mut self, index: usize) -> Result<Vec<u8>, BenchError> {
        match self {
            Frames::Drawn { scene, sigma } => Ok(scene.frame(index, *sigma)),
            Frames::Decoded { output, .. } => {
                let mut frame = vec![0; FRAME_BYTES];
                output.read_exact(&mut frame).map_err(|_| lost("ffmpeg"))?;
                Ok(frame)
            }
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Frames::Decoded { child, .. } = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

struct Figures {
    fixed_kbps: f64,
    quality_kbps: f64,
    /// Of quality less that of fixed: whole picture, moving region.
    ssim: f64,
    moving_ssim: f64,
}

impl Figures {
    /// Against 4 Mbit/s or what fixed rate really took, whichever is less.
    fn times_longer(&self) -> f64 {
        (self.fixed_kbps.min(FIXED_KBPS) + SOUND_KBPS) / (self.quality_kbps + SOUND_KBPS)
    }

    fn hours(kbps: f64) -> f64 {
        DISC_BITS / ((kbps + SOUND_KBPS) * 1000.0) / 3600.0
    }
}

pub fn measure(dir: &Path, frames: usize) -> Result<Section, BenchError> {
    let material = material::prepare(dir)?;
    let mut rows = Vec::new();
    let mut verdicts = Vec::new();
    for picture in Picture::ALL {
        println!("disc hours: {}, {frames} frames", picture.name());
        let figures = compare(dir, &material, picture, frames)?;
        rows.push(row(&picture.name(), &figures));
        if let Picture::Drawn { sigma: 3.0 } = picture {
            verdicts.extend(verdict(&figures));
        }
    }
    let columns = [
        "noise",
        "fixed kbit/s",
        "quality 23 kbit/s",
        "hours on a DVD, fixed",
        "quality",
        "times longer",
        "SSIM",
        "SSIM, moving",
    ];
    Ok(Section {
        title: "Hours on a disc".into(),
        columns: columns.map(str::to_owned).into(),
        rows,
        verdicts,
        notes: vec![conditions(frames)],
    })
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    vec![
        name.to_owned(),
        format!("{:.0}", figures.fixed_kbps),
        format!("{:.0}", figures.quality_kbps),
        format!("{:.1}", Figures::hours(figures.fixed_kbps)),
        format!("{:.1}", Figures::hours(figures.quality_kbps)),
        format!("{:.2}", figures.times_longer()),
        format!("{:+.4}", figures.ssim),
        format!("{:+.4}", figures.moving_ssim),
    ]
}

fn verdict(figures: &Figures) -> [Verdict; 3] {
    let of_ssim = |what: &str, figure: f64, goal: f64| Verdict {
        what: what.into(),
        figure: format!("{figure:+.4}"),
        goal: format!("≥ {goal}"),
        met: figure >= goal,
    };
    [
        Verdict {
            what: "hours on a disc against fixed 4 Mbit/s, σ 3".into(),
            figure: format!("{:.2} ×", figures.times_longer()),
            goal: format!("≥ {GOAL} ×"),
            met: figures.times_longer() >= GOAL,
        },
        of_ssim("its mean SSIM less that of fixed", figures.ssim, SSIM_GOAL),
        of_ssim("the same in the moving region", figures.moving_ssim, MOVING_GOAL),
    ]
}

fn conditions(frames: usize) -> String {
    format!(
        "A still room with two people talking, 1080p25, {frames} frames; both with x264 veryfast zero-latency, a \
         key frame each second. Fixed: constant 4 Mbit/s. Quality: crf 23 capped at 4 Mbit/s, key frames no finer \
         than the rest (`ip-factor=1`) and their coefficients rounded down (`deadzone-intra=32`): a finer key \
         frame freezes the noise of one moment, and the frames after it pay to undo that. SSIM of luma against \
         the composed frame, noise included, less that of fixed rate. With sound of 128 kbit/s; DVD of 4.3 GB \
         net. White noise in every composed frame is the goal's measure; the last row shows a camera that \
         spends a constant 4 Mbit/s on its noise: what it sends is detail to everyone after it, and quality 23 \
         keeps it at the cap."
    )
}

fn compare(dir: &Path, material: &Material, picture: Picture, frames: usize) -> Result<Figures, BenchError> {
    let outputs = [dir.join("disc-fixed.h264"), dir.join("disc-quality.h264")];
    let mut encoders = [encoder(FIXED, &outputs[0])?, encoder(QUALITY, &outputs[1])?];
    let mut inputs = [input(&mut encoders[0])?, input(&mut encoders[1])?];
    let mut source = picture.frames(material)?;
    for index in 0..frames {
        let frame = source.frame(index)?;
        for pipe in &mut inputs {
            pipe.write_all(&frame).map_err(|_| lost("gst-launch-1.0"))?;
        }
    }
    drop(inputs);
    for encoder in encoders {
        finish(encoder)?;
    }
    let seconds = frames as f64 / 25.0;
    let kbps = |path: &PathBuf| {
        let size = std::fs::metadata(path).map(|metadata| metadata.len());
        size.map(|bytes| bytes as f64 * 8.0 / 1000.0 / seconds)
            .map_err(|_| lost("gst-launch-1.0"))
    };
    let (ssim, moving_ssim) = likeness(&outputs, picture.frames(material)?, frames)?;
    Ok(Figures {
        fixed_kbps: kbps(&outputs[0])?,
        quality_kbps: kbps(&outputs[1])?,
        ssim,
        moving_ssim,
    })
}

fn encoder(rate: &str, output: &Path) -> Result<Child, BenchError> {
    let pipeline = format!(
        "fdsrc fd=0 ! rawvideoparse width={WIDTH} height={HEIGHT} format=i420 framerate=25/1 ! \
         {ENCODER} {rate} ! video/x-h264,stream-format=byte-stream ! filesink location={}",
        output.display()
    );
    let mut command = Command::new("gst-launch-1.0");
    start(
        command
            .arg("-q")
            .args(pipeline.split_whitespace())
            .stdin(Stdio::piped()),
    )
}

fn input(child: &mut Child) -> Result<ChildStdin, BenchError> {
    child.stdin.take().ok_or_else(|| lost("gst-launch-1.0"))
}

/// Mean SSIM of the second encode less that of the first: whole picture, moving region.
fn likeness(outputs: &[PathBuf; 2], mut source: Frames, frames: usize) -> Result<(f64, f64), BenchError> {
    let (x, y, w, h) = MOVING_REGION;
    let crop = format!("crop={w}:{h}:{x}:{y}");
    let filters = format!(
        "[0:v]setpts=N/25/TB,split[f1][f2];[1:v]setpts=N/25/TB,split[q1][q2];\
         [2:v]setpts=N/25/TB,split=4[r1][r2][r3][r4];\
         [f1][r1]ssim@fixed[a];[q1][r2]ssim@quality[b];\
         [f2]{crop}[f3];[r3]{crop}[r5];[f3][r5]ssim@fixedmoving[c];\
         [q2]{crop}[q3];[r4]{crop}[r6];[q3][r6]ssim@qualitymoving[d]"
    );
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "info", "-nostats"]);
    for output in outputs {
        command.args(["-r", "25", "-i"]).arg(output);
    }
    command.args(raw_input("-")).args(["-filter_complex", &filters]);
    for label in ["[a]", "[b]", "[c]", "[d]"] {
        command.args(["-map", label, "-f", "null", "-"]);
    }
    let mut child = start(command.stdin(Stdio::piped()))?;
    let mut pipe = child.stdin.take().ok_or_else(|| lost("ffmpeg"))?;
    for index in 0..frames {
        pipe.write_all(&source.frame(index)?)
            .map_err(|_| lost("ffmpeg"))?;
    }
    drop(pipe);
    let output = child.wait_with_output().map_err(ffmpeg_missing)?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let luma = |name: &str| {
        luma_ssim(&text, name).ok_or_else(|| BenchError::Output {
            program: "ffmpeg's ssim".into(),
            output: text.clone(),
        })
    };
    Ok((
        luma("quality")? - luma("fixed")?,
        luma("qualitymoving")? - luma("fixedmoving")?,
    ))
}

/// From a line like `[ssim@fixed @ 0x…] SSIM Y:0.864613 (8.68…) U:…`.
fn luma_ssim(text: &str, name: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.contains(&format!("[ssim@{name} ")) && line.contains("SSIM Y:"))?;
    line.split_once("SSIM Y:")?.1.split(' ').next()?.parse().ok()
}

fn lost(program: &str) -> BenchError {
    BenchError::Ended {
        name: program.into(),
        output: "it closed its pipe".into(),
    }
}

fn ffmpeg_missing(source: std::io::Error) -> BenchError {
    BenchError::Start {
        program: "ffmpeg".into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encoder's own room cannot be asked from here: what it sets is read in its source.
    #[test]
    fn the_recorder_encodes_as_it_is_measured_here() {
        let recorder = include_str!("../../pipelines/src/encoder/choice.rs");
        for option in QUALITY.split([' ', ':', '=']).filter(|word| word.contains('-')) {
            assert!(
                recorder.contains(option),
                "pipelines::encoder does not set {option}"
            );
        }
    }

    #[test]
    fn ssim_is_read_of_the_filter_that_was_named() {
        let text =
            "[ssim@fixed @ 0x1] SSIM Y:0.864613 (8.68) U:0.9\n[ssim@fixedmoving @ 0x2] SSIM Y:0.5 (1.0)\n";
        assert_eq!(luma_ssim(text, "fixed"), Some(0.864613));
        assert_eq!(luma_ssim(text, "fixedmoving"), Some(0.5));
        assert_eq!(luma_ssim(text, "quality"), None);
    }

    #[test]
    fn half_the_rate_is_not_quite_twice_as_long_for_the_sound() {
        let figures = Figures {
            fixed_kbps: 4200.0,
            quality_kbps: 2000.0,
            ssim: 0.0,
            moving_ssim: 0.0,
        };
        assert!((figures.times_longer() - 4128.0 / 2128.0).abs() < 1e-9);
    }
}
