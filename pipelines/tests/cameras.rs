//! Cameras against real RTSP servers that fail on demand: what the shelf shows and what is told.
//!
//! Pictures are small and tests run one at a time, so that a busy machine is not taken for a bad camera.
//! Nothing is slept for: each wait is for a status or a frame, with a deadline.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the functions around a test may fail it too"
)]

use fixtures::camera::{AuthMethod, CameraScript, Credentials, VideoCodec};
use fixtures::picture::Code;
use gst_video::prelude::*;
use pipelines::camera::{Camera, CameraOutputs, EncodedUnit};
use pipelines::messages::{CameraFault, CameraStatus, FromMedia};
use pipelines::settings::{
    CameraSettings, CameraSource, EncoderChoice, Rate, Secret, Slot, Transport, VideoSettings,
};
use pipelines::shelf::{Frame, Shelf, Taken};
use pipelines::timeline::Timeline;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    gst::init().unwrap();
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn script() -> CameraScript {
    CameraScript {
        width: 640,
        height: 360,
        bitrate_kbps: 1_000,
        sound: None,
        ..CameraScript::default()
    }
}

fn video() -> VideoSettings {
    VideoSettings {
        width: 640,
        height: 360,
        fps: 25,
        encoder: EncoderChoice::Auto,
        rate: Rate::Quality,
        quality: 23,
        max_kbps: 4_000,
    }
}

fn rtsp(url: String, transport: Transport) -> CameraSource {
    CameraSource::Rtsp {
        url,
        user: None,
        password: None,
        transport,
    }
}

/// A camera of ours and what it tells.
struct Rig {
    camera: Camera,
    shelf: Arc<Shelf>,
    events: Receiver<FromMedia>,
    timeline: Timeline,
    told: Vec<CameraStatus>,
}

impl Rig {
    fn start(source: CameraSource) -> Rig {
        Rig::start_with(source, None)
    }

    fn start_with(source: CameraSource, original: Option<Box<dyn Fn(EncodedUnit) + Send + Sync>>) -> Rig {
        let settings = CameraSettings {
            slot: Slot::Officer,
            source,
            keep_original: original.is_some(),
        };
        let shelf = Arc::new(Shelf::new(16));
        let (sender, events) = mpsc::channel();
        let timeline = Timeline::begin(25);
        let outputs = CameraOutputs {
            shelf: shelf.clone(),
            sound: None,
            original,
            events: sender,
        };
        let camera = Camera::start(settings, &video(), timeline.clone(), outputs).unwrap();
        Rig {
            camera,
            shelf,
            events,
            timeline,
            told: Vec::new(),
        }
    }

    /// Waits for a status that was not told before.
    fn until(&mut self, what: &str, seconds: u64, wanted: impl Fn(&CameraStatus) -> bool) -> CameraStatus {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(FromMedia::Camera {
                    slot: Slot::Officer,
                    status,
                }) => {
                    self.told.push(status.clone());
                    if wanted(&status) {
                        return status;
                    }
                }
                Ok(other) => panic!("told {other:?}"),
                Err(_) => panic!("not {what} within {seconds} s; told {:?}", self.told),
            }
        }
    }

    fn until_live(&mut self, seconds: u64) -> CameraStatus {
        self.until("live", seconds, |status| {
            matches!(status, CameraStatus::Live { .. })
        })
    }

    fn until_lost(&mut self, fault: CameraFault, seconds: u64) -> String {
        let lost =
            |status: &CameraStatus| matches!(status, CameraStatus::Lost { cause, .. } if *cause == fault);
        match self.until(&format!("{fault:?}"), seconds, lost) {
            CameraStatus::Lost { reason, .. } => reason,
            other => panic!("{other:?}"),
        }
    }

    /// The next frames as a composer would take them.
    fn frames(&self, count: usize) -> Vec<Frame> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut frames = Vec::new();
        while frames.len() < count {
            assert!(Instant::now() < deadline, "{} of {count} frames", frames.len());
            match self.shelf.take(u64::MAX, 0) {
                Taken::New(frame) => frames.push(frame),
                Taken::Again(_) | Taken::Nothing => std::thread::park_timeout(Duration::from_millis(5)),
            }
        }
        frames
    }

    fn shows_nothing(&self) -> bool {
        matches!(self.shelf.take(u64::MAX, 0), Taken::Nothing)
    }

    /// How long after it was drawn a frame stands on the clock, in ms.
    fn age_ms(&self, frame: &Frame) -> i64 {
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_millis() as i64;
        let stood_ms = wall - (self.timeline.now_ns() as i64 - frame.at_ns as i64) / 1_000_000;
        stood_ms - code(frame).wall_ms as i64
    }
}

fn code(frame: &Frame) -> Code {
    let map = gst_video::VideoFrameRef::from_buffer_ref_readable(&frame.buffer, &frame.info).unwrap();
    let (width, height) = (map.width() as usize, map.height() as usize);
    let stride = map.plane_stride()[0] as usize;
    let rows = map.plane_data(0).unwrap().chunks(stride).take(height);
    let luma: Vec<u8> = rows.flat_map(|row| row[..width].to_vec()).collect();
    Code::read(&luma, width, height, &fixtures::picture::CODE).expect("no code in the picture")
}

fn live(width: u32, height: u32, codec: &str) -> CameraStatus {
    CameraStatus::Live {
        width,
        height,
        codec: codec.into(),
    }
}

fn brings_pictures(script: CameraScript, transport: Transport, codec: &str) {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), transport));
    assert_eq!(rig.until_live(10), live(640, 360, codec));
    let frames = rig.frames(50);
    let numbers: Vec<u32> = frames.iter().map(|frame| code(frame).frame).collect();
    assert!(numbers.windows(2).all(|n| n[0] < n[1]), "{numbers:?}");
    let mut ages_ms: Vec<i64> = frames.iter().map(|frame| rig.age_ms(frame)).collect();
    ages_ms.sort_unstable();
    println!(
        "{codec} {transport:?}: frames stand {}..{} ms after drawing",
        ages_ms[0], ages_ms[49]
    );
    assert!((-5..150).contains(&ages_ms[25]), "{ages_ms:?}");
    assert!(
        frames
            .iter()
            .all(|f| f.info.colorimetry().matrix() == gst_video::VideoColorMatrix::Bt709)
    );
    let shelf = rig.shelf.clone();
    rig.camera.stop();
    assert!(
        matches!(shelf.take(u64::MAX, 0), Taken::Nothing),
        "an ended camera leaves nothing to be shown"
    );
}

#[test]
fn h264_over_tcp_brings_pictures() {
    brings_pictures(script(), Transport::Tcp, "H.264");
}

#[test]
fn h264_over_udp_brings_pictures() {
    brings_pictures(script(), Transport::Udp, "H.264");
}

#[test]
fn h265_brings_pictures() {
    brings_pictures(
        CameraScript {
            codec: VideoCodec::H265,
            ..script()
        },
        Transport::Auto,
        "H.265",
    );
}

fn locked() -> CameraScript {
    let credentials = Credentials {
        user: "room".into(),
        password: "correct".into(),
        method: AuthMethod::Digest,
    };
    CameraScript {
        credentials: Some(credentials),
        ..script()
    }
}

fn rtsp_as(url: String, user: &str, password: &str) -> CameraSource {
    let (user, password) = (Some(user.into()), Some(Secret(password.into())));
    CameraSource::Rtsp {
        url,
        user,
        password,
        transport: Transport::Auto,
    }
}

#[test]
fn the_right_password_opens_a_camera() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(locked()).unwrap();
    let mut rig = Rig::start(rtsp_as(fixture.url(), "room", "correct"));
    rig.until_live(10);
    rig.camera.stop();
}

#[test]
fn a_wrong_password_is_said_as_such_and_never_shown() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(locked()).unwrap();
    let mut rig = Rig::start(rtsp_as(fixture.url(), "room", "mistyped"));
    let reason = rig.until_lost(CameraFault::Unauthorized, 10);
    assert!(
        reason.contains("wrong user or password") && !reason.contains("mistyped"),
        "{reason}"
    );
    rig.camera.stop();
}

#[test]
fn a_missing_password_is_asked_for() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(locked()).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Auto));
    let reason = rig.until_lost(CameraFault::Unauthorized, 10);
    assert!(reason.contains("wants a user and a password"), "{reason}");
    rig.camera.stop();
}

#[test]
fn a_wrong_path_is_told_from_a_dead_camera() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script()).unwrap();
    let mut rig = Rig::start(rtsp(format!("{}/nothing", fixture.url()), Transport::Auto));
    rig.until_lost(CameraFault::NotFound, 10);
    rig.camera.stop();
}

#[test]
fn an_absent_camera_is_shown_once_it_appears() {
    let _alone = alone();
    let mut fixture = fixtures::camera::Camera::start(script()).unwrap();
    fixture.stop();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Auto));
    rig.until_lost(CameraFault::Unreachable, 10);
    assert!(rig.shows_nothing());
    fixture.start_again().unwrap();
    rig.until_live(10);
    rig.camera.stop();
}

#[test]
fn a_camera_whose_plug_is_pulled_returns_by_itself() {
    let _alone = alone();
    let mut fixture = fixtures::camera::Camera::start(script()).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Tcp));
    rig.until_live(10);
    fixture.stop();
    rig.until("lost", 3, |status| matches!(status, CameraStatus::Lost { .. }));
    assert!(rig.shows_nothing());
    fixture.start_again().unwrap();
    rig.until_live(10);
    rig.frames(5);
    rig.camera.stop();
}

#[test]
fn a_camera_that_stops_sending_is_stalled_within_two_seconds_and_returns() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script()).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Tcp));
    rig.until_live(10);
    fixture.stall();
    rig.until_lost(CameraFault::Stalled, 2);
    assert!(rig.shows_nothing());
    fixture.go_on();
    rig.until_live(15);
    rig.camera.stop();
}

#[test]
fn a_stalled_pipeline_is_made_anew() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script()).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Udp));
    rig.until_live(10);
    fixture.stall();
    rig.until_lost(CameraFault::Stalled, 2);
    // Made anew after 4 s, it gets no answer from a camera that has nothing to send.
    rig.until("lost for another reason", 15, |status| {
        matches!(status, CameraStatus::Lost { .. })
    });
    fixture.go_on();
    rig.until_live(15);
    rig.camera.stop();
}

#[test]
fn a_frozen_camera_is_not_shown_until_its_picture_moves() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script()).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Tcp));
    rig.until_live(10);
    fixture.freeze();
    rig.until_lost(CameraFault::Frozen, 14);
    assert!(rig.shows_nothing());
    fixture.thaw();
    rig.until_live(5);
    rig.camera.stop();
}

#[test]
fn mjpeg_over_rtsp_is_refused_by_name_with_the_remedy() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(CameraScript {
        codec: VideoCodec::Mjpeg,
        ..script()
    })
    .unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Auto));
    let reason = rig.until_lost(CameraFault::UnsupportedCodec, 10);
    assert!(
        reason.contains("MJPEG") && reason.contains("set its video encoding to H.264"),
        "{reason}"
    );
    rig.camera.stop();
}

#[test]
fn a_change_of_resolution_is_followed() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script()).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Tcp));
    rig.until_live(10);
    fixture.change_resolution(320, 240);
    assert_eq!(rig.until_live(10), live(320, 240, "H.264"));
    let frame = rig.frames(1).remove(0);
    assert_eq!((frame.info.width(), frame.info.height()), (320, 240));
    rig.camera.stop();
}

#[test]
fn the_end_of_a_stream_is_not_the_end_of_a_camera() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script()).unwrap();
    let mut rig = Rig::start(rtsp(fixture.url(), Transport::Tcp));
    rig.until_live(10);
    fixture.end();
    rig.until("lost", 6, |status| matches!(status, CameraStatus::Lost { .. }));
    rig.until_live(15);
    rig.camera.stop();
}

#[test]
fn a_host_that_accepts_and_never_answers_is_unreachable_and_can_be_stopped() {
    let _alone = alone();
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/live", mute.local_addr().unwrap());
    let mut rig = Rig::start(rtsp(url, Transport::Auto));
    rig.until_lost(CameraFault::Unreachable, 12);
    let asked = Instant::now();
    rig.camera.stop();
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
}

#[test]
fn the_original_stream_comes_whole_and_ready_for_a_file() {
    let _alone = alone();
    let fixture = fixtures::camera::Camera::start(script()).unwrap();
    let (sender, units) = mpsc::channel();
    let original = Box::new(move |unit| sender.send(unit).unwrap_or_default());
    let mut rig = Rig::start_with(rtsp(fixture.url(), Transport::Tcp), Some(original));
    rig.until_live(10);
    let units: Vec<EncodedUnit> = (0..60)
        .map(|_| units.recv_timeout(Duration::from_secs(5)).unwrap())
        .collect();
    let caps = units[0].caps.structure(0).unwrap();
    assert_eq!(
        (caps.get("stream-format"), caps.get("alignment")),
        (Ok("avc"), Ok("au"))
    );
    assert!(caps.has_field("codec_data"));
    assert!(units.windows(2).all(|pair| pair[0].at_ns < pair[1].at_ns));
    let keys = units
        .iter()
        .filter(|u| !u.buffer.flags().contains(gst::BufferFlags::DELTA_UNIT))
        .count();
    assert!((2..=4).contains(&keys), "{keys} key frames in 60 units");
    rig.camera.stop();
}

#[test]
fn a_file_is_played_again_and_again_without_a_gap() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("film.mp4");
    let film = "videotestsrc num-buffers=30 pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1 \
                ! x264enc tune=zerolatency key-int-max=10 ! mp4mux ! filesink";
    let pipeline = gst::parse::launch(&format!("{film} location={}", path.display())).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    bus.timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Eos])
        .unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    let mut rig = Rig::start(CameraSource::File { path });
    assert_eq!(rig.until_live(10), live(320, 240, "H.264"));
    let frames = rig.frames(250);
    let steps_ms: Vec<u64> = frames
        .windows(2)
        .map(|f| (f[1].at_ns - f[0].at_ns) / 1_000_000)
        .collect();
    assert!(steps_ms.iter().all(|ms| (39..=41).contains(ms)), "{steps_ms:?}");
    rig.camera.stop();
}

#[test]
fn a_file_that_is_not_there_and_one_that_is_no_film_are_told_apart() {
    let _alone = alone();
    let mut absent = Rig::start(CameraSource::File {
        path: "/nowhere/film.mp4".into(),
    });
    assert!(
        absent
            .until_lost(CameraFault::NotFound, 5)
            .contains("/nowhere/film.mp4")
    );
    let mut text = Rig::start(CameraSource::File {
        path: concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into(),
    });
    text.until_lost(CameraFault::UnsupportedCodec, 5);
}

#[test]
fn a_device_that_is_not_there_is_not_found() {
    let _alone = alone();
    let mut rig = Rig::start(CameraSource::V4l2 {
        device: "/dev/video99".into(),
    });
    assert!(rig.until_lost(CameraFault::NotFound, 5).contains("/dev/video99"));
}

#[test]
fn a_test_pattern_stands_still_without_being_lost() {
    let _alone = alone();
    let mut rig = Rig::start(CameraSource::Test {
        pattern: "smpte".into(),
    });
    assert_eq!(rig.until_live(5), live(640, 360, "raw"));
    let quiet = rig.events.recv_timeout(Duration::from_secs(12));
    assert!(quiet.is_err(), "{quiet:?}");
    let mut wrong = Rig::start(CameraSource::Test {
        pattern: "nonsense".into(),
    });
    assert!(wrong.until_lost(CameraFault::NotFound, 5).contains("nonsense"));
}
