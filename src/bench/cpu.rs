//! The CPU rows: our media process beside ffmpeg and stock GStreamer doing the same, and beyond decoding and
//! encoding alone.
//!
//! Called by `run`. Contenders take turns, in the other direction every second round, so that a machine that
//! slows down slows all of them; ratios are taken within a round, medians over the rounds.

use super::BenchError;
use super::contenders::Contender;
use super::material::{self, Material};
use super::measure::{CpuTime, SETTLE, cpu_time, median, run};
use super::null_room::NullRoom;
use super::report::{Section, Verdict};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const RATIO_GOAL: f64 = 0.92;
const BEYOND_GOAL_PERCENT: f64 = 3.0;
/// Below this share of the frames due, the run was not in real time.
const WHOLE: f64 = 0.97;
const ATTEMPTS: u32 = 3;
/// Threads that are named in the profile.
const PROFILED_THREADS: usize = 8;

struct Run {
    contender: Contender,
    cpu: CpuTime,
}

pub fn measure(dir: &Path, rounds: u32, seconds: u32) -> Result<Section, BenchError> {
    let material = material::prepare(dir)?;
    let mut all = Vec::new();
    for round in 0..rounds {
        let mut order = Contender::ALL.to_vec();
        if round % 2 == 1 {
            order.reverse();
        }
        let mut runs = Vec::new();
        for contender in order {
            println!(
                "round {} of {rounds}: {}, {seconds} s",
                round + 1,
                contender.name()
            );
            let cpu = whole(contender, &material, dir, seconds)?;
            println!("  {:.2} CPU seconds", cpu.seconds);
            runs.push(Run { contender, cpu });
        }
        all.push(runs);
    }
    Ok(section(&all, seconds))
}

/// A run that was not in real time is thrown away and made again: something else took the machine.
fn whole(contender: Contender, material: &Material, dir: &Path, seconds: u32) -> Result<CpuTime, BenchError> {
    let mut attempts = 1;
    loop {
        match one(contender, material, dir, seconds) {
            Err(error @ BenchError::NotWhole { .. }) if attempts < ATTEMPTS => {
                attempts += 1;
                println!("  again: {error}");
            }
            result => return result,
        }
    }
}

fn one(contender: Contender, material: &Material, dir: &Path, seconds: u32) -> Result<CpuTime, BenchError> {
    let window = Duration::from_secs(u64::from(seconds));
    let output = contender.output(dir);
    let cpu = match contender.command(material, &output) {
        None => {
            let mut room = NullRoom::open(material, &output)?;
            match cpu_time(contender.name(), &mut room.child, window) {
                Ok(cpu) => room.close().map(|()| cpu)?,
                Err(error) => {
                    room.end();
                    return Err(error);
                }
            }
        }
        Some(mut command) => {
            let mut child = spawn(&mut command)?;
            let cpu = cpu_time(contender.name(), &mut child, window);
            interrupt(child);
            cpu?
        }
    };
    judge(contender, &output, seconds)?;
    Ok(cpu)
}

fn spawn(command: &mut Command) -> Result<Child, BenchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|source| BenchError::Start { program, source })
}

/// Lets the contender finish its file, as an operator would.
fn interrupt(mut child: Child) {
    if let Ok(pid) = libc::pid_t::try_from(child.id()) {
        // SAFETY: a plain system call on a child that was not reaped yet.
        unsafe { libc::kill(pid, libc::SIGINT) };
    }
    let _ = child.wait();
}

/// Counts the frames in the output: a contender that fell behind did less work.
fn judge(contender: Contender, output: &Path, seconds: u32) -> Result<(), BenchError> {
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-select_streams", "v", "-count_packets"]);
    probe
        .args(["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"])
        .arg(output);
    let answer = run(&mut probe)?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let digits = text.trim().trim_end_matches(',');
    let frames: u64 = digits.parse().map_err(|_| BenchError::Output {
        program: "ffprobe".into(),
        output: text.clone(),
    })?;
    let seconds_run = seconds + u32::try_from(SETTLE.as_secs()).unwrap_or(0);
    // A second for starting up.
    let due = f64::from(25 * (seconds_run - 1));
    if (frames as f64) < due * WHOLE {
        return Err(BenchError::NotWhole {
            name: contender.name().into(),
            frames,
            seconds: seconds_run,
        });
    }
    Ok(())
}

fn seconds_of(runs: &[Run], contender: Contender) -> f64 {
    runs.iter()
        .find(|run| run.contender == contender)
        .map_or(f64::NAN, |run| run.cpu.seconds)
}

/// Median over the rounds of what `figure` makes of one round.
fn over_rounds(all: &[Vec<Run>], figure: impl Fn(&[Run]) -> f64) -> f64 {
    median(all.iter().map(|runs| figure(runs)).collect())
}

/// What a contender takes beyond the same library decoding and encoding alone, in percent of a core.
fn beyond(all: &[Vec<Run>], contender: Contender, seconds: u32) -> f64 {
    let alone = match contender {
        Contender::Ffmpeg | Contender::FfmpegAlone => Contender::FfmpegAlone,
        Contender::Ours | Contender::Stock | Contender::GstreamerAlone => Contender::GstreamerAlone,
    };
    let more = |runs: &[Run]| seconds_of(runs, contender) - seconds_of(runs, alone);
    over_rounds(all, more) / f64::from(seconds) * 100.0
}

fn section(all: &[Vec<Run>], seconds: u32) -> Section {
    let to_ffmpeg = |contender| {
        over_rounds(all, |runs| {
            seconds_of(runs, contender) / seconds_of(runs, Contender::Ffmpeg)
        })
    };
    let rows = Contender::ALL.map(|contender| {
        let cpu = over_rounds(all, |runs| seconds_of(runs, contender));
        vec![
            contender.name().to_owned(),
            format!("{cpu:.2}"),
            format!("{:.1} %", cpu / f64::from(seconds) * 100.0),
            format!("{:.3}", to_ffmpeg(contender)),
            format!("{:+.1} %", beyond(all, contender, seconds)),
        ]
    });
    let (ratio, more) = (to_ffmpeg(Contender::Ours), beyond(all, Contender::Ours, seconds));
    Section {
        title: "CPU of the media process".into(),
        columns: [
            "contender",
            "CPU s",
            "of a core",
            "against ffmpeg",
            "beyond its library alone",
        ]
        .map(str::to_owned)
        .into(),
        rows: rows.into(),
        verdicts: vec![
            Verdict {
                what: "CPU against ffmpeg".into(),
                figure: format!("{ratio:.3}"),
                goal: format!("≤ {RATIO_GOAL}"),
                met: ratio <= RATIO_GOAL,
            },
            Verdict {
                what: "CPU beyond decoding and encoding alone, of a core".into(),
                figure: format!("{more:.1} %"),
                goal: format!("≤ {BEYOND_GOAL_PERCENT} %"),
                met: more <= BEYOND_GOAL_PERCENT,
            },
        ],
        notes: vec![conditions(all.len(), seconds), profile(all, seconds)],
    }
}

fn conditions(rounds: usize, seconds: u32) -> String {
    format!(
        "User and system time of the whole process over {seconds} s in real time after {} s to settle; medians \
         of {rounds} rounds, ratios within a round. In: H.264 1080p25 at 4 Mbit/s and 720p25 at 2 Mbit/s. Out: \
         1080p25, x264 veryfast zero-latency 4 Mbit/s, AAC 128 kbit/s, fragmented MP4. One thread per codec for \
         all. Each output was counted: all frames are there.",
        SETTLE.as_secs()
    )
}

/// Where the time goes, by the names of threads (measured in the same runs): ours, and decoding and encoding
/// alone, so that what a codec costs more inside ours is seen beside what we add.
fn profile(all: &[Vec<Run>], seconds: u32) -> String {
    let threads = |contender| {
        let last = all.iter().flatten().rfind(|run| run.contender == contender);
        last.map(|run| run.cpu.by_thread.as_slice()).unwrap_or_default()
    };
    let ours = threads(Contender::Ours);
    let is_codec = |name: &str| CODEC_THREADS.iter().any(|codec| name.starts_with(codec));
    let own: f64 = ours
        .iter()
        .filter(|(name, _)| !is_codec(name))
        .map(|(_, used)| used)
        .sum();
    format!(
        "By thread, of a core, last round. Ours: {}; of it neither decoding nor encoding: {:.1} %. Decoding and \
         encoding alone, GStreamer: {}.",
        listed(ours, seconds),
        own / f64::from(seconds) * 100.0,
        listed(threads(Contender::GstreamerAlone), seconds),
    )
}

/// Threads of the media process that decode or encode.
const CODEC_THREADS: [&str; 3] = ["picture-input", "camera-demux", "sound-input"];

fn listed(threads: &[(String, f64)], seconds: u32) -> String {
    let percent = |used: f64| used / f64::from(seconds) * 100.0;
    let mut text = String::new();
    for (name, used) in threads.iter().take(PROFILED_THREADS) {
        text.push_str(&format!("`{name}` {:.1} %, ", percent(*used)));
    }
    let rest: f64 = threads.iter().skip(PROFILED_THREADS).map(|(_, used)| used).sum();
    text + &format!("others {:.1} %", percent(rest))
}
