//! The programme from cameras to chunks, with real pipelines, judged by decoding what comes out.
//!
//! Small pictures, test cameras; each test runs a whole media process in a thread. They take turns, since
//! they run by the clock.

#![allow(clippy::expect_used)]

mod room;

use fixtures::camera::CameraScript;
use fixtures::picture::Code;
use gst::prelude::*;
use pipelines::messages::{CameraStatus, FromMedia, ToMedia, Track};
use pipelines::settings::{CameraSettings, CameraSource, Channel, Layout, Slot, Transport};
use room::{Room, camera, microphone, settings};
use std::cell::Cell;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

static TURN: Mutex<()> = Mutex::new(());
const VIDEO: u32 = 1;
const AUDIO: u32 = 2;

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn two_cameras() -> Room {
    Room::start(settings(
        vec![camera(Slot::Interviewee, "smpte"), camera(Slot::Officer, "white")],
        vec![
            microphone(Channel::Left, "beep"),
            microphone(Channel::Right, "tone"),
        ],
    ))
}

fn mean(luma: &[u8], x: usize, y: usize, width: usize, height: usize) -> u64 {
    let rows = luma.chunks(640).skip(y).take(height);
    let sum: u64 = rows
        .flat_map(|row| &row[x..x + width])
        .map(|pixel| u64::from(*pixel))
        .sum();
    sum / (width * height) as u64
}

#[test]
fn a_part_is_whole_and_its_fragments_are_one_second_each() {
    let _turn = turn();
    let mut room = two_cameras();
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 26);
    room.close_part(1);
    let part = room.part(1, Track::Composite);
    room.end().expect("the media process failed");
    part.assert_continuous(VIDEO);
    part.assert_continuous(AUDIO);
    let fragments = part.fragments(VIDEO);
    let (last, whole) = fragments.split_last().expect("no fragment");
    assert!(
        whole.len() >= 6 && whole.iter().all(|frames| *frames == 25),
        "{fragments:?}"
    );
    assert!((1..=25).contains(last), "{fragments:?}");
    let frames: u64 = fragments.iter().sum();
    assert_eq!(part.runs(VIDEO)[0].begin, 0);
    assert!(part.runs(AUDIO)[0].begin < 1024);
    assert_eq!(part.luma().len() as u64, frames);
    let sound: u64 = part.runs(AUDIO).iter().map(|run| run.samples * 1024).sum();
    assert!(
        sound.abs_diff(frames * 1920) <= 2048,
        "{sound} samples for {frames} frames"
    );
}

#[test]
fn two_successive_parts_share_nothing() {
    let _turn = turn();
    let mut room = Room::start(settings(
        vec![camera(Slot::Interviewee, "black")],
        vec![microphone(Channel::Left, "silence")],
    ));
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 6);
    room.close_part(1);
    room.say(&ToMedia::SetLayout {
        layout: Layout::SideBySide,
    });
    room.say(&ToMedia::OpenPart { part: 2 });
    room.wait_chunks(2, 6);
    room.close_part(2);
    let (first, second) = (room.part(1, Track::Composite), room.part(2, Track::Composite));
    room.end().expect("the media process failed");
    for part in [&first, &second] {
        part.assert_continuous(VIDEO);
        assert_eq!(part.runs(VIDEO)[0].begin, 0);
        assert!(part.chunks[0].0, "a part begins with a fragment");
    }
    assert!(
        first
            .luma()
            .iter()
            .all(|luma| mean(luma, 400, 100, 200, 100) < 20),
        "the whole part is black"
    );
}

#[test]
fn the_layout_changes_between_two_frames_without_a_gap() {
    let _turn = turn();
    let mut room = Room::start(settings(
        vec![camera(Slot::Interviewee, "black"), camera(Slot::Officer, "white")],
        vec![],
    ));
    room.wait("both cameras", 10, |m| {
        matches!(
            m,
            FromMedia::Camera {
                slot: Slot::Officer,
                ..
            }
        )
    });
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 6);
    room.say(&ToMedia::SetLayout {
        layout: Layout::SideBySide,
    });
    room.wait_chunks(1, 14);
    room.close_part(1);
    let part = room.part(1, Track::Composite);
    room.end().expect("the media process failed");
    part.assert_continuous(VIDEO);
    let luma = part.luma();
    // Right of the middle: black in the first layout, the officer's white in the second.
    let right: Vec<bool> = luma
        .iter()
        .map(|luma| mean(luma, 340, 150, 100, 60) > 120)
        .collect();
    let changes = right.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(
        (right[0], changes, right[right.len() - 1]),
        (false, 1, true),
        "{right:?}"
    );
    // The insert: white, bordered, at the lower right.
    assert!(mean(&luma[0], 500, 270, 100, 60) > 200);
    assert!(mean(&luma[0], 300, 100, 100, 60) < 20);
}

fn film(path: &Path, form: &str, encoder: &str) -> CameraSettings {
    let film = format!(
        "videotestsrc num-buffers=60 pattern=snow ! video/x-raw,width=240,height=136,{form} \
         ! x264enc speed-preset=ultrafast key-int-max=10 {encoder} ! mp4mux ! filesink location={}",
        path.display()
    );
    let pipeline = gst::parse::launch(&film).expect("no film");
    pipeline.set_state(gst::State::Playing).expect("no film");
    let bus = pipeline.bus().expect("no bus");
    bus.timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Eos])
        .expect("the film does not end");
    pipeline.set_state(gst::State::Null).expect("no film");
    CameraSettings {
        slot: Slot::Officer,
        source: CameraSource::File {
            path: path.to_owned(),
        },
        keep_original: false,
    }
}

#[test]
fn an_insert_of_another_rate_or_interlaced_is_shown() {
    let _turn = turn();
    gst::init().expect("no GStreamer");
    let dir = tempfile::tempdir().expect("no directory");
    for (nth, (form, encoder)) in [
        ("framerate=15/1", ""),
        ("framerate=30/1", ""),
        ("framerate=25/1,interlace-mode=interleaved", "interlaced=true"),
    ]
    .into_iter()
    .enumerate()
    {
        let officer = film(&dir.path().join(format!("{nth}.mp4")), form, encoder);
        let mut room = Room::start(settings(
            vec![camera(Slot::Interviewee, "black"), officer],
            vec![],
        ));
        room.wait("the officer's camera", 10, |m| {
            matches!(
                m,
                FromMedia::Camera {
                    slot: Slot::Officer,
                    status: CameraStatus::Live { .. }
                }
            )
        });
        room.say(&ToMedia::OpenPart { part: 1 });
        room.wait_chunks(1, 8);
        room.close_part(1);
        let part = room.part(1, Track::Composite);
        room.end().expect("the media process failed");
        let shown: Vec<u64> = part
            .luma()
            .iter()
            .map(|luma| mean(luma, 480, 265, 120, 70))
            .collect();
        assert!(shown.iter().all(|luma| *luma > 80), "{form}: {shown:?}");
    }
}

#[test]
fn a_part_begins_with_the_picture_seen_when_it_was_opened() {
    let _turn = turn();
    gst::init().expect("no GStreamer");
    let script = CameraScript {
        width: 640,
        height: 360,
        sound: None,
        ..CameraScript::default()
    };
    let fixture = fixtures::camera::Camera::start(script).expect("no camera");
    let interviewee = CameraSettings {
        slot: Slot::Interviewee,
        source: CameraSource::Rtsp {
            url: fixture.url(),
            user: None,
            password: None,
            transport: Transport::Tcp,
        },
        keep_original: false,
    };
    let mut room = Room::start(settings(vec![interviewee], vec![]));
    room.wait("the camera", 10, |m| {
        matches!(
            m,
            FromMedia::Camera {
                status: CameraStatus::Live { .. },
                ..
            }
        )
    });
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 4);
    room.close_part(1);
    let opened_ms = Cell::new(0);
    room.wait("opened", 1, |m| {
        let FromMedia::PartOpened { began_unix_ms, .. } = m else {
            return false;
        };
        opened_ms.set(*began_unix_ms);
        true
    });
    let part = room.part(1, Track::Composite);
    room.end().expect("the media process failed");
    let first = part.luma().swap_remove(0);
    let code = Code::read(&first, 640, 360, &fixtures::picture::CODE).expect("no code in the picture");
    let later_ms = opened_ms.get() - code.wall_ms as i64;
    println!("the part is said to begin {later_ms} ms after its first picture was drawn");
    assert!((-60..200).contains(&later_ms), "{later_ms} ms");
}

#[test]
fn an_absent_camera_is_a_slate_with_text() {
    let _turn = turn();
    let mut room = Room::start(settings(vec![], vec![]));
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 5);
    room.close_part(1);
    let part = room.part(1, Track::Composite);
    room.end().expect("the media process failed");
    let luma = part.luma();
    let frame = luma.last().expect("no frame");
    let ground = mean(frame, 20, 120, 60, 120);
    assert!((25..45).contains(&ground), "calm and dark: {ground}");
    let bright = frame
        .chunks(640)
        .skip(100)
        .take(160)
        .flatten()
        .filter(|pixel| **pixel > 180)
        .count();
    assert!(bright > 500, "text in the middle: {bright} bright pixels");
}

#[test]
fn the_overlay_shows_the_clock_and_the_case_and_changes_with_them() {
    let _turn = turn();
    let mut room = Room::start(settings(vec![camera(Slot::Interviewee, "white")], vec![]));
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 6);
    room.overlay("A2026-0001", 1);
    room.wait_chunks(1, 14);
    room.close_part(1);
    let luma = room.part(1, Track::Composite).luma();
    room.end().expect("the media process failed");
    let (first, last) = (&luma[0], &luma[luma.len() - 1]);
    // A darkened box with white text stands at the top left; the white picture is untouched elsewhere.
    assert!(mean(first, 16, 14, 180, 14) < 180);
    assert!(mean(first, 300, 150, 100, 60) > 225);
    let differs = |x: usize, y: usize, width: usize, height: usize| {
        let rows = (y..y + height).flat_map(|y| (x..x + width).map(move |x| y * 640 + x));
        rows.filter(|at| first[*at].abs_diff(last[*at]) > 60).count()
    };
    assert!(differs(13, 13, 260, 18) > 5, "the clock goes on");
    assert!(differs(13, 328, 120, 16) > 200, "the case number appears");
    assert!(differs(300, 100, 200, 150) == 0, "nothing else changes");
}

#[test]
fn without_any_microphone_chunks_come_as_ever() {
    let _turn = turn();
    let mut room = Room::start(settings(
        vec![camera(Slot::Interviewee, "smpte")],
        vec![microphone(Channel::Left, "zeros")],
    ));
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait("AllZero", 10, |m| matches!(m, FromMedia::Began { .. }));
    room.close_part(1);
    let part = room.part(1, Track::Composite);
    room.end().expect("the media process failed");
    part.assert_continuous(AUDIO);
    let frames: u64 = part.fragments(VIDEO).iter().sum();
    assert!(frames >= 50, "{frames}");
}

/// The beep begins with each whole second of the same clock that the picture shows.
#[test]
fn sound_stands_at_its_time_within_five_milliseconds() {
    let _turn = turn();
    let mut room = two_cameras();
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 18);
    room.close_part(1);
    let part = room.part(1, Track::Composite);
    room.end().expect("the media process failed");
    let clock: Vec<Vec<u8>> = part
        .luma()
        .iter()
        .map(|luma| {
            luma.chunks(640)
                .skip(12)
                .take(22)
                .flat_map(|row| row[12..300].to_vec())
                .collect()
        })
        .collect();
    // The frame at which the clock's text changes is the first of its second.
    let distance = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > 60).count();
    let changes: Vec<usize> = (1..clock.len())
        .filter(|i| distance(&clock[*i], &clock[i - 1]) > 10)
        .collect();
    assert!(changes.len() >= 3, "{changes:?}");
    let raw = part.decode(&["-map", "0:a", "-af", "pan=mono|c0=c0", "-f", "s16le"]);
    let sound: Vec<i16> = raw
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect();
    let offset = part.runs(AUDIO)[0].begin as i64;
    let loudest = sound.iter().map(|s| s.unsigned_abs()).max().expect("no sound");
    let loud: Vec<i64> = (0..sound.len())
        .filter(|i| sound[*i].unsigned_abs() > loudest / 2)
        .map(|i| i as i64 + offset)
        .collect();
    let onsets: Vec<i64> = loud
        .iter()
        .enumerate()
        .filter(|(i, at)| *i == 0 || **at - loud[i - 1] > 24_000)
        .map(|(_, at)| *at)
        .collect();
    assert!(onsets.len() >= 3, "{onsets:?}");
    println!("changes {changes:?} onsets {onsets:?}");
    for change in &changes {
        let near = onsets
            .iter()
            .map(|onset| onset - *change as i64 * 1_920)
            .min_by_key(|away| away.abs());
        // The second began within the 40 ms before that frame.
        let away_ms = near.expect("no onset") as f64 / 48.0;
        assert!(
            (-45.0..=5.0).contains(&away_ms),
            "the beep is {away_ms} ms from the frame {change}"
        );
    }
}

#[test]
fn a_ping_is_answered_by_the_composer_and_the_sockets_end_ends_it() {
    let _turn = turn();
    let mut room = Room::start(settings(vec![], vec![]));
    room.say(&ToMedia::Ping { number: 7 });
    room.wait("Alive", 5, |m| matches!(m, FromMedia::Alive { number: 7 }));
    room.wait(
        "Counted",
        5,
        |m| matches!(m, FromMedia::Counted { counters } if counters.encoded > 0),
    );
    room.end().expect("the media process failed");
}

#[test]
fn a_cameras_original_is_kept_untouched_beside_the_composite() {
    let _turn = turn();
    let directory = tempfile::tempdir().expect("no directory");
    let path = directory.path().join("camera.mp4");
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4"])
        .args([
            "-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "0", "-pix_fmt", "yuv420p",
        ])
        .arg(&path)
        .status();
    assert!(made.expect("no ffmpeg").success());
    let mut kept = camera(Slot::Interviewee, "smpte");
    kept.source = pipelines::settings::CameraSource::File { path };
    kept.keep_original = true;
    let mut room = Room::start(settings(vec![kept], vec![]));
    room.wait("the camera", 10, |m| {
        matches!(
            m,
            FromMedia::Camera {
                status: pipelines::messages::CameraStatus::Live { .. },
                ..
            }
        )
    });
    room.say(&ToMedia::OpenPart { part: 1 });
    room.wait_chunks(1, 22);
    room.close_part(1);
    let (composite, original) = (
        room.part(1, Track::Composite),
        room.part(1, Track::Original(Slot::Interviewee)),
    );
    room.end().expect("the media process failed");
    composite.assert_continuous(VIDEO);
    original.assert_continuous(VIDEO);
    let frames: u64 = original.fragments(VIDEO).iter().sum();
    assert!(frames >= 75, "{frames} frames of the original");
    let raw = original.decode(&["-f", "rawvideo", "-pix_fmt", "yuv420p"]);
    assert_eq!(raw.len() as u64, frames * 320 * 180 * 3 / 2);
}
