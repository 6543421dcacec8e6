//! Measures the media process: two recorded cameras composed, encoded and muxed, for a room that only reads.
//!
//! `compose MAIN INSERT SECONDS [OUTPUT]` prints user and system seconds of the whole process between the
//! part's opening and its closing, and per second. The files are what `file:` cameras take; OUTPUT gets the
//! part as one file, to be looked at.

use pipelines::messages::{FromMedia, OverlayText, ToMedia, read_frame, write_frame};
use pipelines::process::serve_in_thread;
use pipelines::settings::*;
use std::io::Write;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [main, insert, seconds, output @ ..] = arguments.as_slice() else {
        return Err("usage: compose MAIN INSERT SECONDS [OUTPUT]".into());
    };
    let seconds: u64 = seconds.parse()?;
    let (mut socket, media) = serve_in_thread()?;
    write_frame(
        &mut socket,
        &ToMedia::Configure {
            settings: settings(main, insert),
        },
        &[],
    )?;
    let overlay = OverlayText {
        temperature_centi_c: Some(2_650),
        humidity_centi_pct: Some(4_500),
        case_number: "A1301012026110001".into(),
        room: "第一讯问室".into(),
        part: 1,
        state: String::new(),
    };
    write_frame(&mut socket, &ToMedia::SetOverlay { overlay }, &[])?;
    let mut file = output.first().map(std::fs::File::create).transpose()?;
    let (mut began, mut closing, mut bytes) = (None, false, 0);
    while let Some((message, payload)) = read_frame::<FromMedia>(&mut socket)? {
        bytes += payload.len();
        if let Some(file) = &mut file {
            file.write_all(&payload)?;
        }
        match message {
            FromMedia::Ready { encoder } => {
                println!("encoder {encoder}");
                write_frame(&mut socket, &ToMedia::OpenPart { part: 1 }, &[])?;
                began = Some((Instant::now(), cpu_seconds()));
            }
            FromMedia::Counted { counters } => {
                let over = began.is_some_and(|(at, _)| at.elapsed() >= Duration::from_secs(seconds));
                if over && !closing {
                    closing = true;
                    report(began, bytes);
                    println!("{counters:?}");
                    write_frame(&mut socket, &ToMedia::ClosePart { part: 1 }, &[])?;
                }
            }
            FromMedia::PartClosed { .. } => break,
            FromMedia::Failed { step, message } => return Err(format!("{step}: {message}").into()),
            FromMedia::Began { watch } => println!("began {watch:?}"),
            FromMedia::Ended { watch } => println!("ended {watch:?}"),
            FromMedia::Camera { slot, status } => println!("{} {status:?}", slot.name()),
            FromMedia::PartOpened { .. }
            | FromMedia::Header { .. }
            | FromMedia::Chunk { .. }
            | FromMedia::Levels { .. }
            | FromMedia::Microphone { .. }
            | FromMedia::Alive { .. } => {}
        }
    }
    socket.shutdown(std::net::Shutdown::Both)?;
    if media.join().is_err() {
        return Err("the media process panicked".into());
    }
    Ok(())
}

fn report(began: Option<(Instant, f64)>, bytes: usize) {
    let Some((at, cpu)) = began else { return };
    let (elapsed, used) = (at.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let kbps = bytes as f64 * 8.0 / 1_000.0 / elapsed;
    println!(
        "{used:.2} CPU seconds in {elapsed:.2} s: {:.3} of a core, {kbps:.0} kbit/s",
        used / elapsed
    );
}

fn settings(main: &str, insert: &str) -> MediaSettings {
    let camera = |slot, path: &str| CameraSettings {
        slot,
        source: CameraSource::File { path: path.into() },
        keep_original: false,
    };
    let microphone = |channel, signal: &str| MicrophoneSettings {
        channel,
        source: MicrophoneSource::Test {
            signal: signal.into(),
        },
    };
    MediaSettings {
        cameras: vec![camera(Slot::Interviewee, main), camera(Slot::Officer, insert)],
        microphones: vec![
            microphone(Channel::Left, "speech"),
            microphone(Channel::Right, "silence"),
        ],
        video: VideoSettings {
            width: 1920,
            height: 1080,
            fps: 25,
            encoder: EncoderChoice::X264,
            rate: Rate::Constant,
            quality: 23,
            max_kbps: 4_000,
        },
        layout: Layout::Interview,
        fragment_ms: 1_000,
        chunk_ms: 250,
    }
}

/// User and system time of this process.
fn cpu_seconds() -> f64 {
    // SAFETY: rusage is plain numbers, for which zero is valid, and getrusage fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
