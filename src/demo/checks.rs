//! What the demonstration holds against its recording: by decoding it, by reading the discs back with
//! foreign programs, by `shenlu verify` as anyone would run it.
//!
//! A check that cannot be made has failed. Figures stand beside every verdict.

use super::officer::Recorded;
use super::place::Place;
use super::room_child::RoomChild;
use super::{DemoArguments, LEFT_BEEP_HZ, RIGHT_BEEP_HZ, say};
use fixtures::judge::{Look, Recording, probe_segments};
use fixtures::picture::Rect;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub struct Check {
    pub what: String,
    pub passed: bool,
    pub figure: String,
}

fn check(what: &str, passed: bool, figure: impl Into<String>) -> Check {
    Check {
        what: what.to_owned(),
        passed,
        figure: figure.into(),
    }
}

/// Sound may stand this far from picture (design 10).
const AV_LIMIT_MS: f64 = 40.0;

pub fn all(
    arguments: &DemoArguments,
    room: &RoomChild,
    place: &Place,
    interview: &Recorded,
    simulated: bool,
    program: &Path,
) -> Vec<Check> {
    say("检查 checking");
    let mut checks = vec![early_end(interview)];
    let segments = segments(&interview.dir);
    checks.extend(each_segment_plays(&segments));
    checks.extend(timeline(arguments, interview, &segments, simulated));
    checks.extend(discs_finalised(room, place));
    checks.push(verified(program, &interview.dir, &[]));
    checks.extend(signed(&interview.dir));
    for image in place.images() {
        checks.push(verified(program, &image, &[&interview.dir]));
        checks.extend(foreign_programs(&image));
    }
    if let [a, b] = place.images().as_slice() {
        checks.push(verified(program, a, &[b]));
    }
    checks
}

fn early_end(interview: &Recorded) -> Check {
    let refusal = &interview.early_end;
    let missing = refusal["missing"].as_array().map_or(0, Vec::len);
    let passed = refusal["rule"] == "R-11" && missing > 0;
    check(
        "过早结束被拒绝 early end refused",
        passed,
        format!("{}, {missing} missing", refusal["rule"]),
    )
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir.join("part-0001"))
        .map(|entries| entries.flatten().map(|e| e.path()).collect())
        .unwrap_or_default();
    found.retain(|path| path.extension().is_some_and(|e| e == "mp4"));
    found.sort();
    found
}

fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    Command::new(program).args(arguments).output().ok()
}

fn each_segment_plays(segments: &[PathBuf]) -> Vec<Check> {
    let mut bad = Vec::new();
    for segment in segments {
        let path = segment.to_string_lossy();
        let out = run(
            "ffmpeg",
            &["-v", "error", "-nostdin", "-i", &path, "-f", "null", "-"],
        );
        let clean = out.is_some_and(|o| o.status.success() && o.stderr.is_empty());
        if !clean {
            bad.push(path.into_owned());
        }
    }
    let passed = bad.is_empty() && !segments.is_empty();
    vec![check(
        "每个片段单独可播放 each segment plays alone",
        passed,
        format!("{} segments {bad:?}", segments.len()),
    )]
}

/// Frames, cadence, pictures, sound: read out of the recording itself.
fn timeline(
    arguments: &DemoArguments,
    interview: &Recorded,
    segments: &[PathBuf],
    simulated: bool,
) -> Vec<Check> {
    let look = Look {
        pictures: vec![Rect::FULL, officer_insert()],
        places: vec![clock_place(), climate_place()],
    };
    let recording = match probe_segments(segments, &look) {
        Ok(recording) => recording,
        Err(error) => return vec![check("解码 decoding", false, error.to_string())],
    };
    let frames = recording.frames.len();
    let sound_s = recording.hearing.duration_us() as f64 / 1e6;
    let gaps = recording.gaps(25);
    let mut checks = vec![
        check(
            "时长 length",
            frames as f64 >= f64::from(arguments.seconds - 1) * 25.0,
            format!("{frames} frames"),
        ),
        check(
            "帧节拍无缺口 cadence without a gap",
            gaps.is_empty(),
            format!("{} gaps", gaps.len()),
        ),
        check(
            "声音与画面同长 sound as long as picture",
            (sound_s - frames as f64 / 25.0).abs() < 0.1,
            format!("{sound_s:.2} s / {:.2} s", frames as f64 / 25.0),
        ),
        burnt_in(&recording),
    ];
    if simulated {
        checks.extend(against_the_cameras(&recording, interview));
    }
    checks
}

/// The text's box is darker than what is around it and has white in it, on every frame.
fn burnt_in(recording: &Recording) -> Check {
    let without = recording
        .frames
        .iter()
        .filter(|f| f.place_luma.iter().any(|luma| *luma < 12.0))
        .count();
    check(
        "时间与温湿度在画面中 clock and climate in the picture",
        without == 0,
        format!("{without} frames without"),
    )
}

fn against_the_cameras(recording: &Recording, interview: &Recorded) -> Vec<Check> {
    let aside = |pts_us: i64| {
        let (from, to) = interview.side_by_side;
        (pts_us as f64) > (from - 2.0) * 1e6 && (pts_us as f64) < (to + 2.0) * 1e6
    };
    let full: Vec<_> = recording.frames.iter().filter(|f| !aside(f.pts_us)).collect();
    let read = |picture: usize, camera: u8| {
        full.iter()
            .filter(|f| {
                f.codes
                    .get(picture)
                    .copied()
                    .flatten()
                    .is_some_and(|c| c.camera == camera)
            })
            .count()
    };
    let (main, insert) = (read(0, 1), read(1, 2));
    let walls: Vec<i64> = recording
        .codes(0)
        .filter(|c| c.camera == 1)
        .map(|c| c.wall_ms as i64)
        .collect();
    let spans = walls.first().zip(walls.last()).map_or(0, |(a, b)| b - a);
    let seen = recording
        .frames
        .iter()
        .filter_map(|f| Some((f.pts_us, f.codes.first().copied().flatten()?)));
    let pts: Vec<i64> = seen
        .filter(|(_, c)| c.camera == 1)
        .map(|(pts, _)| pts / 1000)
        .collect();
    let media = pts.first().zip(pts.last()).map_or(0, |(a, b)| b - a);
    let late_left = recording.sound_late_ms(0, 0, LEFT_BEEP_HZ);
    let late_right = recording.sound_late_ms(1, 1, RIGHT_BEEP_HZ);
    let holds = |late: &[f64]| beyond(late) == 0;
    let enough = |n: usize| n * 100 >= full.len() * 97;
    vec![
        check(
            "主画面为被讯问人 main picture is the interviewee",
            enough(main),
            format!("{main} / {}", full.len()),
        ),
        check(
            "画中画为办案人员 insert is the officer",
            enough(insert),
            format!("{insert} / {}", full.len()),
        ),
        check(
            "录像时间与真实时间一致 recorded time is true time",
            (spans - media).abs() <= 80 && media > 0,
            format!("{media} ms recorded, {spans} ms of the cameras' clock"),
        ),
        check(
            "声画同步 sound against picture ≤ 40 ms",
            !late_left.is_empty() && holds(&late_left) && holds(&late_right),
            format!("left {}, right {}", spread(&late_left), spread(&late_right)),
        ),
    ]
}

/// Seconds whose beep stands too far from its flash.
fn beyond(late_ms: &[f64]) -> usize {
    late_ms.iter().filter(|ms| ms.abs() > AV_LIMIT_MS).count()
}

/// Least, median and greatest lateness of the sound; negative is early.
fn spread(late_ms: &[f64]) -> String {
    let mut sorted = late_ms.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(least), Some(median), Some(most)) => {
            let beyond = beyond(&sorted);
            format!(
                "{least:+.1}/{median:+.1}/{most:+.1} ms in {} s, {beyond} beyond",
                sorted.len()
            )
        }
        _ => "--".to_owned(),
    }
}

fn discs_finalised(room: &RoomChild, place: &Place) -> Vec<Check> {
    let state = room.state().unwrap_or_default();
    let check_one = |(slot, device): &(String, String)| {
        let word = state["discs"][slot]["state"].as_str().unwrap_or("--").to_owned();
        check(
            &format!("光盘 {} 已封盘 disc finalised", slot.to_uppercase()),
            ["finalised", "proving", "proven"].contains(&word.as_str()),
            format!("{word} {device}"),
        )
    };
    place.burners.iter().map(check_one).collect()
}

fn verified(program: &Path, path: &Path, against: &[&Path]) -> Check {
    let mut command = Command::new(program);
    command.arg("verify").arg(path);
    for other in against {
        command.arg("--against").arg(other);
    }
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let others: Vec<String> = against
        .iter()
        .filter_map(|p| p.file_name())
        .map(|n| n.to_string_lossy().into_owned())
        .collect();
    let what = format!("verify {name} {}", others.join(" "));
    match command.output() {
        Ok(out) => {
            let said = String::from_utf8_lossy(&out.stdout);
            // Title, heading, and the verdict in one sentence.
            let verdict = said.lines().filter(|line| !line.is_empty()).nth(2);
            check(
                &what,
                out.status.success(),
                format!(
                    "exit {:?} {}",
                    out.status.code(),
                    verdict.unwrap_or_default().trim()
                ),
            )
        }
        Err(error) => check(&what, false, error.to_string()),
    }
}

/// OpenSSL and the files beside the manifest, nothing else.
fn signed(dir: &Path) -> [Check; 2] {
    let with_openssl = |script: &str| {
        let out = Command::new("bash")
            .args(["-c", script])
            .current_dir(dir)
            .output();
        let passed = out.as_ref().is_ok_and(|out| out.status.success());
        let said = out.map(|out| {
            String::from_utf8_lossy(&[out.stdout, out.stderr].concat())
                .trim()
                .to_owned()
        });
        (passed, said.unwrap_or_else(|error| error.to_string()))
    };
    let (ed25519, said_ed25519) = with_openssl(
        "openssl pkeyutl -verify -pubin -inkey <(openssl x509 -in device.pem -pubkey -noout) -rawin \
         -in manifest.json -sigfile manifest.json.ed25519",
    );
    let (sm2, said_sm2) = with_openssl(
        "openssl dgst -sm3 -verify <(openssl x509 -in device-sm2.pem -pubkey -noout) \
         -sigopt distid:1234567812345678 -signature manifest.json.sm2 manifest.json",
    );
    [
        check("OpenSSL: Ed25519", ed25519, said_ed25519),
        check("OpenSSL: SM2", sm2, said_sm2),
    ]
}

/// xorriso takes the disc out, coreutils checks the sums, 7z lists it.
fn foreign_programs(image: &Path) -> Vec<Check> {
    let name = image
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let Ok(out) = tempfile::tempdir() else {
        return vec![check("tempdir", false, "")];
    };
    let drive = format!("stdio:{}", image.display());
    let target = out.path().to_string_lossy().into_owned();
    let extracted = run(
        "xorriso",
        &["-indev", &drive, "-osirrox", "on", "-extract", "/", &target],
    );
    let sums = Command::new("sha256sum")
        .args(["--quiet", "--strict", "-c", "SHA256SUMS"])
        .current_dir(out.path())
        .output();
    let listed = run("7z", &["l", &image.to_string_lossy()]);
    let text = |out: Option<&Output>| {
        out.map(|o| {
            String::from_utf8_lossy(&o.stderr)
                .lines()
                .next_back()
                .unwrap_or_default()
                .to_owned()
        })
        .unwrap_or_default()
    };
    let segment_listed = listed
        .as_ref()
        .is_some_and(|o| String::from_utf8_lossy(&o.stdout).contains("seg-00001.mp4"));
    let sums_hold = sums.as_ref().is_ok_and(|o| o.status.success());
    vec![
        check(
            &format!("{name}: xorriso 读出 read"),
            extracted.as_ref().is_some_and(|o| o.status.success()),
            text(extracted.as_ref()),
        ),
        check(
            &format!("{name}: sha256sum -c SHA256SUMS"),
            sums_hold,
            text(sums.as_ref().ok()),
        ),
        check(&format!("{name}: 7z"), segment_listed, ""),
    ]
}

/// Where the officer's picture stands in the default layout, as fractions of the picture.
fn officer_insert() -> Rect {
    let margin = 1.0 / 48.0;
    Rect {
        x: 0.75 - margin,
        y: 0.75 - margin * 16.0 / 9.0,
        width: 0.25,
        height: 0.25,
    }
}

/// Inside the clock's line, upper left.
fn clock_place() -> Rect {
    Rect {
        x: 0.02,
        y: 0.02,
        width: 0.15,
        height: 0.03,
    }
}

fn climate_place() -> Rect {
    Rect {
        x: 0.2,
        y: 0.02,
        width: 0.05,
        height: 0.03,
    }
}
