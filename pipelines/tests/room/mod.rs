//! A room for tests: the other end of the media process' socket, which keeps everything that it hears.
//!
//! Waits on what was heard, with a deadline, and shows the last of it when that passes. Knows enough of MP4 to
//! count samples and follow decode times.

use pipelines::messages::{FromMedia, OverlayText, ToMedia, Track, read_frame, write_frame};
use pipelines::process::{ServeError, serve_in_thread};
use pipelines::settings::*;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

type Heard = (Mutex<Vec<(FromMedia, Vec<u8>)>>, Condvar);

pub struct Room {
    socket: UnixStream,
    heard: Arc<Heard>,
    media: Option<JoinHandle<Result<(), ServeError>>>,
}

pub fn settings(cameras: Vec<CameraSettings>, microphones: Vec<MicrophoneSettings>) -> MediaSettings {
    MediaSettings {
        cameras,
        microphones,
        video: VideoSettings {
            width: 640,
            height: 360,
            fps: 25,
            encoder: EncoderChoice::X264,
            rate: Rate::Quality,
            quality: 23,
            max_kbps: 2_000,
        },
        layout: Layout::Interview,
        fragment_ms: 1_000,
        chunk_ms: 250,
    }
}

pub fn camera(slot: Slot, pattern: &str) -> CameraSettings {
    CameraSettings {
        slot,
        source: CameraSource::Test {
            pattern: pattern.into(),
        },
        keep_original: false,
    }
}

pub fn microphone(channel: Channel, signal: &str) -> MicrophoneSettings {
    MicrophoneSettings {
        channel,
        source: MicrophoneSource::Test {
            signal: signal.into(),
        },
    }
}

impl Room {
    pub fn start(settings: MediaSettings) -> Room {
        let (socket, media) = serve_in_thread().expect("no media process");
        let heard: Arc<Heard> = Arc::default();
        let (mut reader, ears) = (socket.try_clone().expect("no socket"), heard.clone());
        std::thread::spawn(move || {
            while let Ok(Some(frame)) = read_frame::<FromMedia>(&mut reader) {
                ears.0.lock().expect("poisoned").push(frame);
                ears.1.notify_all();
            }
        });
        let mut room = Room {
            socket,
            heard,
            media: Some(media),
        };
        room.say(&ToMedia::Configure { settings });
        room.wait("Ready", 20, |m| matches!(m, FromMedia::Ready { .. }));
        room
    }

    pub fn say(&mut self, message: &ToMedia) {
        write_frame(&mut self.socket, message, &[]).expect("the media process is gone");
    }

    pub fn overlay(&mut self, case_number: &str, part: u32) {
        let overlay = OverlayText {
            case_number: case_number.into(),
            part,
            ..Default::default()
        };
        self.say(&ToMedia::SetOverlay { overlay });
    }

    /// Until a message is heard that is as wanted.
    pub fn wait(&self, what: &str, seconds: u64, wanted: impl Fn(&FromMedia) -> bool) {
        self.wait_all(what, seconds, |heard| {
            heard.iter().any(|(message, _)| wanted(message))
        });
    }

    pub fn wait_all(&self, what: &str, seconds: u64, wanted: impl Fn(&[(FromMedia, Vec<u8>)]) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let mut heard = self.heard.0.lock().expect("poisoned");
        while !wanted(&heard) {
            let left = deadline.saturating_duration_since(Instant::now());
            let last = heard
                .iter()
                .rev()
                .take(12)
                .map(|(message, _)| message)
                .collect::<Vec<_>>();
            assert!(!left.is_zero(), "{what} was not heard; last: {last:?}");
            heard = self.heard.1.wait_timeout(heard, left).expect("poisoned").0;
        }
    }

    /// Until so many chunks of this part and track were heard.
    pub fn wait_chunks(&self, part: u32, count: usize) {
        self.wait_all("chunks", 30, |heard| {
            chunks_of(heard, part, Track::Composite).count() >= count
        });
    }

    pub fn close_part(&mut self, part: u32) {
        self.say(&ToMedia::ClosePart { part });
        self.wait(
            "PartClosed",
            10,
            |m| matches!(m, FromMedia::PartClosed { part: p } if *p == part),
        );
    }

    pub fn part(&self, part: u32, track: Track) -> Part {
        let heard = self.heard.0.lock().expect("poisoned");
        let headers: Vec<Vec<u8>> = heard
            .iter()
            .filter(
                |(m, _)| matches!(m, FromMedia::Header { part: p, track: t } if (*p, *t) == (part, track)),
            )
            .map(|(_, bytes)| bytes.clone())
            .collect();
        assert_eq!(headers.len(), 1, "one header for part {part}");
        let chunks = chunks_of(&heard, part, track)
            .map(|(starts, bytes)| (starts, bytes.to_vec()))
            .collect();
        Part {
            header: headers.concat(),
            chunks,
        }
    }

    pub fn end(mut self) -> Result<(), ServeError> {
        self.socket.shutdown(std::net::Shutdown::Both).expect("no socket");
        self.media
            .take()
            .expect("ended twice")
            .join()
            .expect("the media process panicked")
    }
}

fn chunks_of(heard: &[(FromMedia, Vec<u8>)], part: u32, track: Track) -> impl Iterator<Item = (bool, &[u8])> {
    heard.iter().filter_map(move |(message, bytes)| match message {
        FromMedia::Chunk {
            part: p,
            track: t,
            starts_fragment,
        } if (*p, *t) == (part, track) => Some((*starts_fragment, bytes.as_slice())),
        _ => None,
    })
}

pub struct Part {
    pub header: Vec<u8>,
    pub chunks: Vec<(bool, Vec<u8>)>,
}

/// One track's run of samples in a chunk, in the track's own units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub track: u32,
    pub begin: u64,
    pub duration: u64,
    pub samples: u64,
}

impl Part {
    pub fn file(&self) -> Vec<u8> {
        let mut file = self.header.clone();
        self.chunks
            .iter()
            .for_each(|(_, bytes)| file.extend_from_slice(bytes));
        file
    }

    pub fn runs(&self, track: u32) -> Vec<Run> {
        self.chunks
            .iter()
            .flat_map(|(_, bytes)| runs(bytes))
            .filter(|run| run.track == track)
            .collect()
    }

    /// Samples of each fragment.
    pub fn fragments(&self, track: u32) -> Vec<u64> {
        let mut fragments = Vec::new();
        for (starts, bytes) in &self.chunks {
            if *starts {
                fragments.push(0);
            }
            let samples: u64 = runs(bytes)
                .iter()
                .filter(|r| r.track == track)
                .map(|r| r.samples)
                .sum();
            *fragments.last_mut().expect("a part begins with a fragment") += samples;
        }
        fragments
    }

    pub fn assert_continuous(&self, track: u32) {
        let runs = self.runs(track);
        for pair in runs.windows(2) {
            assert_eq!(pair[0].begin + pair[0].duration, pair[1].begin, "{pair:?}");
        }
    }

    /// Decodes with ffmpeg; `arguments` choose what comes out.
    pub fn decode(&self, arguments: &[&str]) -> Vec<u8> {
        let directory = tempfile::tempdir().expect("no directory");
        let path = directory.path().join("part.mp4");
        std::fs::write(&path, self.file()).expect("no file");
        let output = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(&path)
            .args(arguments)
            .arg("-")
            .output()
            .expect("no ffmpeg");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "ffmpeg: {said}");
        output.stdout
    }

    /// Luma of every frame, 640 × 360.
    pub fn luma(&self) -> Vec<Vec<u8>> {
        let raw = self.decode(&["-map", "0:v", "-f", "rawvideo", "-pix_fmt", "yuv420p"]);
        raw.chunks(640 * 360 * 3 / 2)
            .map(|frame| frame[..640 * 360].to_vec())
            .collect()
    }
}

fn boxes(mut bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut found = Vec::new();
    while bytes.len() >= 8 {
        let length = u32::from_be_bytes(bytes[..4].try_into().expect("four bytes")) as usize;
        found.push((&bytes[4..8], &bytes[8..length]));
        bytes = &bytes[length..];
    }
    found
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn runs(chunk: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    for (_, moof) in boxes(chunk).into_iter().filter(|(kind, _)| *kind == b"moof") {
        for (_, traf) in boxes(moof).into_iter().filter(|(kind, _)| *kind == b"traf") {
            runs.push(run(traf));
        }
    }
    runs
}

fn run(traf: &[u8]) -> Run {
    let mut run = Run {
        track: 0,
        begin: 0,
        duration: 0,
        samples: 0,
    };
    let mut default_duration = 0;
    for (kind, body) in boxes(traf) {
        match kind {
            b"tfhd" => {
                let flags = word(body, 0) & 0xff_ffff;
                run.track = word(body, 4);
                let before = [(0x1, 8), (0x2, 4)]
                    .iter()
                    .filter(|(f, _)| flags & f != 0)
                    .map(|(_, n)| n);
                if flags & 0x8 != 0 {
                    default_duration = u64::from(word(body, 8 + before.sum::<usize>()));
                }
            }
            b"tfdt" if body[0] == 1 => {
                run.begin = u64::from(word(body, 4)) << 32 | u64::from(word(body, 8));
            }
            b"tfdt" => run.begin = u64::from(word(body, 4)),
            b"trun" => {
                let flags = word(body, 0) & 0xff_ffff;
                let count = u64::from(word(body, 4));
                let mut at = 8 + [0x1, 0x4].iter().filter(|f| flags & **f != 0).count() * 4;
                let fields = [0x100, 0x200, 0x400, 0x800]
                    .iter()
                    .filter(|f| flags & **f != 0)
                    .count()
                    * 4;
                for _ in 0..count {
                    let own = flags & 0x100 != 0;
                    run.duration += if own {
                        u64::from(word(body, at))
                    } else {
                        default_duration
                    };
                    at += fields;
                }
                run.samples += count;
            }
            _ => {}
        }
    }
    run
}
