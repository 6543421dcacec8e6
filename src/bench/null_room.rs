//! A room that only listens: drives one media process like the real room does, and keeps what it sends.
//!
//! Called by `cpu`. The process under measurement is the same `shenlu media` that records interviews; its
//! chunks are written to one file, so that the run can be judged. Must never share its CPU time.

use super::BenchError;
use super::material::Material;
use pipelines::messages::{FromMedia, OverlayText, ToMedia, read_frame, write_frame};
use pipelines::settings::{
    CameraSettings, CameraSource, Channel, EncoderChoice, Layout, MediaSettings, MicrophoneSettings,
    MicrophoneSource, Rate, Slot, VideoSettings,
};
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

const READY_WITHIN: Duration = Duration::from_secs(30);
const CLOSED_WITHIN: Duration = Duration::from_secs(10);

pub struct NullRoom {
    pub child: Child,
    socket: UnixStream,
    heard: Receiver<Heard>,
    listener: JoinHandle<()>,
}

enum Heard {
    Ready,
    PartClosed,
    Broken(String),
}

/// Two cameras from files, constant 4 Mbit/s: what the other contenders do. Their sound is read from a file;
/// `speech` is made before the measurement and then copied block by block, which costs about the same. All
/// encode two channels of it as AAC at 128 kbit/s, each with the encoder it usually takes.
fn settings(material: &Material) -> MediaSettings {
    let camera = |slot, path: &Path| CameraSettings {
        slot,
        source: CameraSource::File {
            path: path.to_owned(),
        },
        keep_original: false,
    };
    let microphone = |channel| MicrophoneSettings {
        channel,
        source: MicrophoneSource::Test {
            signal: "speech".into(),
        },
    };
    MediaSettings {
        cameras: vec![
            camera(Slot::Interviewee, &material.main),
            camera(Slot::Officer, &material.insert),
        ],
        microphones: vec![microphone(Channel::Left), microphone(Channel::Right)],
        video: VideoSettings {
            width: 1920,
            height: 1080,
            fps: 25,
            encoder: EncoderChoice::X264,
            rate: Rate::Constant,
            quality: 23,
            max_kbps: 4000,
        },
        layout: Layout::Interview,
        fragment_ms: 1000,
        chunk_ms: 250,
    }
}

impl NullRoom {
    /// Starts the media process and opens a part, whose media goes to `output`.
    pub fn open(material: &Material, output: &Path) -> Result<NullRoom, BenchError> {
        let started = |source| BenchError::Start {
            program: "shenlu media".into(),
            source,
        };
        let (ours, theirs) = UnixStream::pair().map_err(started)?;
        let child = Command::new(std::env::current_exe().map_err(started)?)
            .arg("media")
            .env("SHENLU_LOG", "warn")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .spawn()
            .map_err(started)?;
        let file = File::create(output).map_err(|source| BenchError::Write {
            path: output.into(),
            source,
        })?;
        let reader = ours.try_clone().map_err(started)?;
        let (tell, heard) = channel();
        let listener = std::thread::spawn(move || listen(reader, file, &tell));
        let mut room = NullRoom {
            child,
            socket: ours,
            heard,
            listener,
        };
        room.begin(material)?;
        Ok(room)
    }

    fn begin(&mut self, material: &Material) -> Result<(), BenchError> {
        self.say(&ToMedia::Configure {
            settings: settings(material),
        })?;
        self.wait_for_ready()?;
        let overlay = OverlayText {
            temperature_centi_c: Some(2650),
            humidity_centi_pct: Some(4500),
            case_number: "A1301020100002026110001".into(),
            room: "第一讯问室".into(),
            part: 1,
            state: String::new(),
        };
        self.say(&ToMedia::SetOverlay { overlay })?;
        self.say(&ToMedia::OpenPart { part: 1 })
    }

    /// Closes the part and ends the process.
    pub fn close(mut self) -> Result<(), BenchError> {
        self.say(&ToMedia::ClosePart { part: 1 })?;
        let closed = self.heard.recv_timeout(CLOSED_WITHIN);
        self.end();
        match closed {
            Ok(Heard::PartClosed) => Ok(()),
            Ok(Heard::Ready) => Err(BenchError::Media("became ready twice".into())),
            Ok(Heard::Broken(reason)) => Err(BenchError::Media(reason)),
            Err(_) => Err(BenchError::Media("did not close its part in time".into())),
        }
    }

    fn wait_for_ready(&mut self) -> Result<(), BenchError> {
        match self.heard.recv_timeout(READY_WITHIN) {
            Ok(Heard::Ready) => Ok(()),
            Ok(Heard::PartClosed) => Err(BenchError::Media("closed a part that was not open".into())),
            Ok(Heard::Broken(reason)) => Err(BenchError::Media(reason)),
            Err(RecvTimeoutError::Timeout) => Err(BenchError::Media("was not ready in time".into())),
            Err(RecvTimeoutError::Disconnected) => Err(BenchError::Media("ended at once".into())),
        }
    }

    fn say(&mut self, message: &ToMedia) -> Result<(), BenchError> {
        write_frame(&mut self.socket, message, &[]).map_err(|error| BenchError::Media(error.to_string()))
    }

    /// The end of the socket is the end of the process; a hanging one is killed.
    pub fn end(mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let _ = self.listener.join();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(mut socket: UnixStream, mut file: File, tell: &Sender<Heard>) {
    loop {
        let heard = match read_frame::<FromMedia>(&mut socket) {
            Ok(Some((FromMedia::Header { .. } | FromMedia::Chunk { .. }, payload))) => {
                match file.write_all(&payload) {
                    Ok(()) => continue,
                    Err(error) => Heard::Broken(error.to_string()),
                }
            }
            Ok(Some((FromMedia::Ready { .. }, _))) => Heard::Ready,
            Ok(Some((FromMedia::PartClosed { .. }, _))) => Heard::PartClosed,
            Ok(Some((FromMedia::Failed { step, message }, _))) => Heard::Broken(format!("{step}: {message}")),
            Ok(Some(_)) => continue,
            Ok(None) => return,
            Err(error) => Heard::Broken(error.to_string()),
        };
        if tell.send(heard).is_err() {
            return;
        }
    }
}
