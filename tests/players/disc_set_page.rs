//! The page on the disc plays an interview of three parts over two discs from `file://`: by itself, by keys and by
//! clicks; it shows the gaps, says which disc is wanted, and goes on from a picked folder.

use super::chromium::Chromium;
use super::disc_set::{self, PART_EVERY_SECONDS, PART_SECONDS, part_start};
use serde_json::{Value, json};
use shenlu::evidence::verify::{Verdict, verify};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What the page shows.
pub const SHOWN: &str = r##"(() => {
    if (!window.shenlu || !shenlu.page) return null;
    const player = shenlu.page.player;
    const current = document.querySelector('#list [aria-current="true"]');
    const card = document.getElementById("card");
    return {
        state: player.state,
        from_start_ms: player.now() - player.recording.from,
        wall: document.getElementById("wall").textContent,
        card: card.hidden ? "" : card.innerText,
        line: current && current.innerText,
        swaps: player.swaps,
        longest_hole_ms: window.longest_hole_ms,
        frames: window.frames_shown,
    };
})()"##;

/// Counts the pictures that are shown, of both elements, and the longest time in which none came while playing.
const WATCH: &str = r##"(() => {
    window.frames_shown = 0;
    window.longest_hole_ms = 0;
    let last = 0;
    for (const video of document.querySelectorAll("video")) {
        video.requestVideoFrameCallback(function again(now) {
            const player = shenlu.page.player;
            if (player.state === "playing" && !video.classList.contains("behind")) {
                if (last) window.longest_hole_ms = Math.max(window.longest_hole_ms, now - last);
                last = now;
                window.frames_shown += 1;
            } else if (player.state !== "playing") {
                last = 0;
            }
            video.requestVideoFrameCallback(again);
        });
    }
    setInterval(() => { if (shenlu.page.player.state !== "playing") last = 0; }, 20);
})()"##;

const SOON: Duration = Duration::from_secs(20);

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |shown| shown["state"] == state
}

fn opened(page: &Path) -> Chromium {
    let mut chromium = Chromium::open(page);
    chromium.until(SHOWN, SOON, is("paused"));
    chromium
}

#[test]
fn three_parts_over_two_discs_play_to_the_end_and_every_gap_is_shown() {
    let set = disc_set::shared();
    assert_eq!(set.discs.len(), 2, "{:?}", set.discs);
    let mut chromium = opened(&set.discs[0].join("index.html"));
    chromium.value(WATCH);
    chromium.press(" ", "Space");
    let gap = chromium.until(SHOWN, SOON, is("gap"));
    eprintln!("part 1: {gap}");
    for told in [
        "中断",
        "断电或系统重启",
        "22 秒",
        "口头说明：05:07:09 已作出（第 2 段）",
    ] {
        assert!(gap["card"].as_str().unwrap().contains(told), "{told}: {gap}");
    }
    assert_eq!(gap["swaps"], 3, "four segments: {gap}");
    assert!(gap["longest_hole_ms"].as_f64() < Some(500.0), "{gap}");
    assert!(gap["frames"].as_u64() > Some(PART_SECONDS * 25 / 2), "{gap}");
    // It goes on by itself, until the disc is at its end.
    let elsewhere = chromium.until(SHOWN, SOON, is("elsewhere"));
    assert!(
        elsewhere["card"].as_str().unwrap().contains("后面的光盘上"),
        "{elsewhere}"
    );
    let part_2_ms = (PART_EVERY_SECONDS * 1000) as f64;
    assert!(
        elsewhere["from_start_ms"].as_f64() > Some(part_2_ms),
        "{elsewhere}"
    );
    // Both discs lie in one folder; the second one's script tells what the first could not know.
    chromium.pick("#folder", set.discs[0].parent().unwrap());
    chromium.until(SHOWN, SOON, is("playing"));
    let second = chromium.until(SHOWN, SOON, is("gap"));
    assert!(
        second["card"].as_str().unwrap().contains("编码进程退出"),
        "{second}"
    );
    assert!(
        second["card"].as_str().unwrap().contains("口头说明：没有作出"),
        "{second}"
    );
    let end = chromium.until(SHOWN, Duration::from_secs(30), is("end"));
    eprintln!("end: {end}");
    assert!(end["card"].as_str().unwrap().contains("播放完毕"), "{end}");
}

#[test]
fn marks_lines_and_keys_lead_to_their_place() {
    let set = disc_set::shared();
    let mut chromium = opened(&set.discs[1].join("index.html"));
    // The second disc knows the first one's share, and says where it is.
    chromium.click("#drawing .mark.rights-read");
    let shown = chromium.until(SHOWN, SOON, is("elsewhere"));
    assert!(shown["card"].as_str().unwrap().contains("第 1 张光盘"), "{shown}");
    chromium.pick("#folder", &set.discs[0]);
    let near = |ms: f64| {
        move |shown: &Value| {
            shown["state"] == "paused" && (shown["from_start_ms"].as_f64().unwrap() - ms).abs() < 60.0
        }
    };
    chromium.until(SHOWN, SOON, near(1500.0));
    chromium.press("n", "KeyN");
    let evidence = chromium.until(SHOWN, SOON, near(6000.0));
    assert!(
        evidence["wall"].as_str().unwrap().ends_with("05:06:43"),
        "{evidence}"
    );
    assert!(
        evidence["line"].as_str().unwrap().contains("一九九〇年"),
        "{evidence}"
    );
    chromium.press(".", "Period");
    chromium.until(SHOWN, SOON, near(6040.0));
    chromium.press("ArrowLeft", "ArrowLeft");
    chromium.until(SHOWN, SOON, near(1040.0));
    let at = (part_start(3) - part_start(1)).num_milliseconds() as f64;
    chromium.click("#list button:nth-of-type(6)");
    let line = chromium.until(SHOWN, SOON, near(at + 1000.0));
    assert!(
        line["line"].as_str().unwrap().contains("是否与你所说的一致"),
        "{line}"
    );
    chromium.press("]", "BracketRight");
    assert_eq!(
        chromium.value("shenlu.page.player.screen().playbackRate"),
        json!(1.25)
    );
    chromium.click("#language");
    assert_eq!(
        chromium.value("document.getElementById('check').textContent"),
        "Check this disc"
    );
}

#[test]
fn a_disc_that_is_put_in_the_place_of_the_first_plays_on() {
    let copy = disc_set::shared().copied();
    let mut chromium = opened(&copy.path().join("1/index.html"));
    chromium.value("shenlu.page.player.seek(shenlu.page.recording.to - 500)");
    let wanted = |shown: &Value| shown["state"] == "elsewhere";
    chromium.until(SHOWN, SOON, wanted);
    // Not yet: it still is the first one that lies there.
    chromium.click("#card [data-act=inserted]");
    chromium.until("shenlu.page.files.inserted.size", SOON, |size| *size == 1);
    chromium.until(SHOWN, SOON, wanted);
    std::fs::rename(copy.path().join("1"), copy.path().join("taken-out")).unwrap();
    std::fs::rename(copy.path().join("2"), copy.path().join("1")).unwrap();
    chromium.click("#card [data-act=inserted]");
    chromium.until(SHOWN, SOON, is("paused"));
}

#[test]
fn other_players_find_on_each_disc_what_it_holds() {
    let set = disc_set::shared();
    let frames = |path: &str, disc: &Path| -> usize {
        let out = Command::new("ffprobe")
            .args(["-v", "error", "-count_frames", "-select_streams", "v"])
            .args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"])
            .arg(disc.join(path))
            .output()
            .unwrap();
        // A playlist is told as a programme too, with the same stream.
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        told.lines()
            .next()
            .unwrap()
            .trim_end_matches(',')
            .parse()
            .unwrap()
    };
    // Where the media clock begins anew, with a part, ffmpeg gives up some pictures of it; of the interview's own
    // playlist as many.
    let lost_at_a_join = 7;
    for (disc, playlist, segments) in [(0, "playlist.m3u8", 7), (1, "playlist-disc.m3u8", 5)] {
        let counted = frames(playlist, &set.discs[disc]);
        let there = segments * 50;
        assert!(
            (there - lost_at_a_join..=there).contains(&counted),
            "{playlist}: {counted} of {there} frames"
        );
    }
    let report = verify(&set.discs, &[]);
    assert_eq!(report.verdict, Verdict::Sound, "{:?}", report.findings);
}
