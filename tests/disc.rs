//! Discs of an interview, burnt by the real `xorriso` onto image files: the whole life, and every fault that
//! an image can show, caused for real (killed, stopped, full, used, changed). What only write-once media show
//! needs a drive model and is not here.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "disc/scene.rs"]
mod scene;
#[path = "disc/standby.rs"]
mod standby;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shenlu::disc::{DiscEvent, DiscFault, DiscState, Slot, replace_from_master, start};

use scene::*;

#[test]
fn a_whole_life_ends_with_two_equal_finalised_sets() {
    let scene = Scene::new();
    let mut slots = [scene.start(scene.plan(Slot::A)), scene.start(scene.plan(Slot::B))];
    for number in 1..=6 {
        let segment = scene.segment(number, 600_000);
        slots.iter().for_each(|slot| slot.feed(&segment));
    }
    for slot in &mut slots {
        slot.until("batch 2", |event| {
            matches!(event, DiscEvent::BatchWritten { batch: 2, .. })
        });
    }
    scene.close();
    for slot in &mut slots {
        slot.finish();
        assert!(slot.faults().is_empty(), "{:?}", slot.faults());
        let finalised = |event: &DiscEvent| {
            matches!(
                event,
                DiscEvent::State {
                    state: DiscState::Finalised,
                    ..
                }
            )
        };
        assert!(slot.seen.iter().any(finalised));
    }
    for name in ["a-001.iso", "b-001.iso"] {
        let disc = scene.extract(name);
        assert_sums_pass(&disc);
        assert_interview_files_equal(&scene.interview(), std::slice::from_ref(&disc));
        let listing = run_in(scene.path(), "7z", &["l", scene.image(name).to_str().unwrap()]);
        assert!(listing.contains("seg-00006.mp4"), "{listing}");
        let list = fs::read_to_string(disc.join("player/segments.js")).unwrap();
        assert_eq!(list.matches("seg-0000").count(), 6);
        assert_disc_json(&disc, 1, &Value::Null);
    }
    assert!(!scene.path().join("spool/a/a1-20261122-010203").exists());
    let kinds = scene.ledger.kinds("a");
    let session = ["disc-intent", "disc-committed", "disc-read-back"];
    let expected = ["disc-opened"]
        .into_iter()
        .chain(session.into_iter().cycle().take(kinds.len() - 3));
    assert_eq!(
        kinds,
        expected
            .chain(["disc-finalised", "disc-proven"])
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_burn_killed_in_the_middle_is_mended_and_nothing_committed_is_lost() {
    let scene = Scene::new();
    let mut plan = scene.plan(Slot::A);
    plan.batch.max_bytes = Some(24 * 1024 * 1024);
    plan.xorriso.program = scene.slow_program();
    let mut slot = scene.start(plan);
    slot.feed(&scene.segment(1, 30_000_000));
    signal_in_mid_burn(&scene, "a-001.iso", libc::SIGKILL);
    slot.feed(&scene.segment(2, 3_000_000));
    slot.until("recovery", |event| matches!(event, DiscEvent::Recovered { .. }));
    slot.until("the batch", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 1, .. })
    });
    scene.close();
    slot.finish();
    assert!(
        matches!(slot.faults()[..], [DiscFault::ChildDied { .. }]),
        "{:?}",
        slot.faults()
    );
    let disc = scene.extract("a-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
}

#[test]
fn a_burn_that_hangs_is_ended_and_feeding_goes_on_meanwhile() {
    let scene = Scene::new();
    let mut plan = scene.plan(Slot::A);
    plan.batch.max_bytes = Some(24 * 1024 * 1024);
    plan.xorriso.program = scene.slow_program();
    plan.xorriso.write_stall = Duration::from_secs(6);
    plan.xorriso.start_stall = Duration::from_secs(8);
    let mut slot = scene.start(plan);
    slot.feed(&scene.segment(1, 30_000_000));
    signal_in_mid_burn(&scene, "a-001.iso", libc::SIGSTOP);
    for number in 2..=4 {
        slot.feed(&scene.segment(number, 300_000));
    }
    let spooled = scene
        .path()
        .join("spool/a/a1-20261122-010203/part-0001~seg-00004.mp4");
    wait_for("the spool during the hang", || {
        fs::metadata(&spooled).is_ok_and(|meta| meta.len() == 300_000)
    });
    slot.until("hang", |event| {
        matches!(
            event,
            DiscEvent::Fault {
                fault: DiscFault::Hung { .. },
                ..
            }
        )
    });
    slot.until("the batch", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 1, .. })
    });
    scene.close();
    slot.finish();
    let disc = scene.extract("a-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
}

#[test]
fn a_write_error_in_the_middle_is_mended_on_the_same_disc() {
    let scene = Scene::new();
    let script = r#"case "$*" in *seg-*) [ -e "$once" ] || { touch "$once"; ulimit -f 4000; } ;; esac
exec xorriso "$@""#;
    let mut plan = scene.plan(Slot::A);
    plan.xorriso.program = scene.wrapper(script);
    let mut slot = scene.start(plan);
    slot.feed(&scene.segment(1, 6_000_000));
    slot.until("recovery", |event| matches!(event, DiscEvent::Recovered { .. }));
    slot.until("the batch", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 1, .. })
    });
    scene.close();
    slot.finish();
    let disc = scene.extract("a-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
}

#[test]
fn a_full_disc_is_closed_and_the_next_takes_over() {
    let scene = Scene::new();
    let mut plan = scene.plan(Slot::A);
    plan.batch.max_bytes = Some(6 * 1024 * 1024);
    plan.image_capacity_bytes = Some(24 * 1024 * 1024);
    fs::write(scene.interview().join("device.pem"), "pem").unwrap();
    let mut slot = scene.start(plan);
    for number in 1..=8 {
        slot.feed(&scene.segment(number, 3_500_000));
    }
    slot.until("relay", |event| {
        matches!(event, DiscEvent::Relayed { from: 1, to: 2, .. })
    });
    scene.close();
    slot.finish();
    let discs: Vec<_> = (1..=4)
        .map(|n| format!("a-{n:03}.iso"))
        .filter(|name| scene.image(name).exists())
        .collect();
    let discs: Vec<_> = discs.iter().map(|name| scene.extract(name)).collect();
    assert!(discs.len() >= 2);
    discs.iter().for_each(|disc| assert_sums_pass(disc));
    assert_interview_files_equal(&scene.interview(), &discs);
    // What checks the signed heads so far, under a name that leaves the interview's own to the last disc.
    assert!(discs[0].join("journal-so-far-device.pem").exists());
    assert!(discs[discs.len() - 1].join("device.pem").exists());
    assert_disc_json(
        &discs[1],
        2,
        &json!(hex(&Sha256::digest(
            fs::read(discs[0].join("disc.json")).unwrap()
        ))),
    );
    let with_sums = discs
        .iter()
        .filter(|disc| disc.join("INTERVIEW-SHA256SUMS").exists())
        .count();
    assert_eq!(with_sums, 1);
}

#[test]
fn a_used_disc_is_refused_and_a_blank_one_in_its_place_taken() {
    let scene = Scene::new();
    let image = scene.image("a-001.iso");
    fs::write(scene.path().join("old"), "old").unwrap();
    let device = format!("stdio:{}", image.display());
    let args = ["-dev", &device, "-map", "old", "/old", "-commit"];
    run_in(scene.path(), "xorriso", &args);
    let before = fs::read(&image).unwrap();
    let mut slot = scene.start(scene.plan(Slot::A));
    slot.feed(&scene.segment(1, 1_200_000));
    let fault = slot.until("refusal", |event| matches!(event, DiscEvent::Fault { .. }));
    let DiscEvent::Fault { fault, .. } = fault else {
        unreachable!()
    };
    assert!(matches!(fault, DiscFault::Used { sessions: 1, .. }), "{fault}");
    assert!(fault.message_zh().contains("不是空白光盘") && !fault.remedy_en().is_empty());
    slot.until("wait", |event| {
        matches!(
            event,
            DiscEvent::State {
                state: DiscState::WaitingForMedium,
                ..
            }
        )
    });
    assert_eq!(fs::read(&image).unwrap(), before);
    fs::remove_file(&image).unwrap();
    slot.handle.medium_changed();
    scene.close();
    slot.finish();
    assert_interview_files_equal(&scene.interview(), &[scene.extract("a-001.iso")]);
}

#[test]
fn an_absent_drive_is_told_and_waited_for() {
    let scene = Scene::new();
    let mut plan = scene.plan(Slot::B);
    plan.drive = hardware::optical::Device::Drive("/dev/sr99".into());
    let mut slot = scene.start(plan);
    slot.until("fault", |event| {
        matches!(
            event,
            DiscEvent::Fault {
                fault: DiscFault::Absent { .. },
                ..
            }
        )
    });
    slot.until("wait", |event| {
        matches!(
            event,
            DiscEvent::State {
                state: DiscState::WaitingForMedium,
                ..
            }
        )
    });
    assert!(!slot.handle.has_ended());
}

#[test]
fn what_the_spool_cannot_hold_comes_from_the_master() {
    let scene = Scene::new();
    let mut plan = scene.plan(Slot::A);
    plan.spool_limit_bytes = 500_000;
    let mut slot = scene.start(plan);
    for number in 1..=3 {
        slot.feed(&scene.segment(number, 600_000));
    }
    slot.until("missed", |event| matches!(event, DiscEvent::SpoolMissed { .. }));
    scene.close();
    slot.finish();
    assert_interview_files_equal(&scene.interview(), &[scene.extract("a-001.iso")]);
}

#[test]
fn a_restarted_room_goes_on_with_the_same_disc() {
    let scene = Scene::new();
    let mut first = scene.start(scene.plan(Slot::A));
    let segments: Vec<_> = (1..=4).map(|number| scene.segment(number, 600_000)).collect();
    segments[..2].iter().for_each(|segment| first.feed(segment));
    first.until("batch 1", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 1, .. })
    });
    let Running { handle, events, .. } = first;
    drop(handle);
    while events.recv_timeout(DEADLINE).is_ok() {}
    let mut history = scene.ledger.all();
    // As if the room had died between the burn and the line that says so.
    while history.pop_if(|line| line.kind != "disc-intent").is_some() {}
    let scene = scene.with_ledger(history.clone());
    let mut plan = scene.plan(Slot::A);
    plan.history = history;
    let mut second = scene.start(plan);
    segments
        .iter()
        .for_each(|(path, bytes)| second.done((path, bytes)));
    scene.close();
    second.finish();
    assert!(second.faults().is_empty(), "{:?}", second.faults());
    let disc = scene.extract("a-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
    assert!(!scene.image("a-002.iso").exists());
}

#[test]
fn a_disc_with_a_session_that_the_ledger_does_not_know_is_replaced() {
    let scene = Scene::new();
    let mut slot = scene.start(scene.plan(Slot::A));
    slot.feed(&scene.segment(1, 1_200_000));
    slot.until("batch 1", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 1, .. })
    });
    fs::write(scene.path().join("foreign"), "foreign").unwrap();
    let device = format!("stdio:{}", scene.image("a-001.iso").display());
    run_in(
        scene.path(),
        "xorriso",
        &["-dev", &device, "-map", "foreign", "/foreign", "-commit"],
    );
    slot.feed(&scene.segment(2, 1_200_000));
    slot.until("fault", |event| {
        matches!(
            event,
            DiscEvent::Fault {
                fault: DiscFault::SessionsDiffer { .. },
                ..
            }
        )
    });
    scene.close();
    slot.finish();
    let disc = scene.extract("a-002.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
    assert!(scene.ledger.kinds("a").contains(&"disc-failed".to_owned()));
}

#[test]
fn one_changed_byte_on_the_disc_is_found_by_the_read_back() {
    let scene = Scene::new();
    let script = r#"xorriso "$@" || exit $?
image=$(printf '%s\n' "$@" | sed -n 's/^stdio://p' | head -n 1)
[ -e "$once" ] && exit 0
at=$(grep -abo CHANGE-ME "$image" | head -n 1 | cut -d: -f1)
[ -n "$at" ] && touch "$once" && printf X | dd of="$image" bs=1 seek="$at" conv=notrunc 2>/dev/null
exit 0"#;
    let mut plan = scene.plan(Slot::A);
    plan.xorriso.program = scene.wrapper(script);
    let mut slot = scene.start(plan);
    let (path, mut bytes) = scene.segment(1, 1_200_000);
    bytes[500_000..500_009].copy_from_slice(b"CHANGE-ME");
    fs::write(scene.interview().join(&path), &bytes).unwrap();
    slot.feed(&(path, bytes));
    let fault = slot.until("fault", |event| matches!(event, DiscEvent::Fault { .. }));
    let is_named = |event: &DiscEvent| matches!(event, DiscEvent::Fault { fault: DiscFault::ReadBackDiffers { path, .. }, .. } if path.ends_with("seg-00001.mp4"));
    assert!(is_named(&fault), "{fault:?}");
    scene.close();
    slot.finish();
    let disc = scene.extract("a-002.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
}

#[test]
fn without_a_ledger_line_nothing_is_burnt() {
    let scene = Scene::new();
    *scene.ledger.refusals_left.lock().unwrap() = 1;
    let mut slot = scene.start(scene.plan(Slot::A));
    slot.until("fault", |event| {
        matches!(
            event,
            DiscEvent::Fault {
                fault: DiscFault::Ledger { .. },
                ..
            }
        )
    });
    assert_eq!(
        fs::metadata(scene.image("a-001.iso")).map_or(0, |meta| meta.len()),
        0
    );
    slot.feed(&scene.segment(1, 1_200_000));
    scene.close();
    slot.finish();
    assert_interview_files_equal(&scene.interview(), &[scene.extract("a-001.iso")]);
}

#[test]
fn a_replacement_is_burnt_whole_from_the_master() {
    let scene = Scene::new();
    scene.segment(1, 600_000);
    scene.segment(2, 600_000);
    scene.close();
    let (sender, events) = channel();
    let handle = replace_from_master(scene.plan(Slot::B), scene.ledger.clone(), sender).unwrap();
    let mut slot = Running {
        handle,
        events,
        seen: Vec::new(),
    };
    slot.until("end", |event| {
        matches!(event, DiscEvent::Ended { complete: true, .. })
    });
    let disc = scene.extract("b-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
}

const ROOM_DIR: &str = "SHENLU_TEST_ROOM_DIR";

/// Not a test of its own: the room that the next test kills.
#[test]
fn room_that_is_killed() {
    let Some(dir) = std::env::var_os(ROOM_DIR).map(PathBuf::from) else {
        return;
    };
    let scene = Scene::at(dir.clone());
    let (sender, events) = channel();
    let mut plan = scene.plan(Slot::A);
    plan.batch.max_bytes = Some(24 * 1024 * 1024);
    plan.xorriso.program = scene.slow_program();
    let handle = start(plan, Arc::new(OnDisk(dir.join("ledger.jsonl"))), sender).unwrap();
    let slot = Running {
        handle,
        events,
        seen: Vec::new(),
    };
    slot.feed(&scene.segment(1, 30_000_000));
    while slot.events.recv().is_ok() {}
}

#[test]
fn a_burn_outlives_its_room_and_is_adopted_by_the_next() {
    let scene = Scene::new();
    let ledger = scene.path().join("ledger.jsonl");
    let mut room = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "room_that_is_killed"])
        .env(ROOM_DIR, scene.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let size = || fs::metadata(scene.image("a-001.iso")).map_or(0, |meta| meta.len());
    wait_for("the burn's first 8 MiB", || size() > 8 * 1024 * 1024);
    room.kill().unwrap();
    room.wait().unwrap();
    let history = lines_on_disk(&ledger);
    assert_eq!(history.last().map(|line| line.kind.as_str()), Some("disc-intent"));
    let mut plan = scene.plan(Slot::A);
    plan.history = history;
    let (sender, events) = channel();
    let handle = start(plan, Arc::new(OnDisk(ledger.clone())), sender).unwrap();
    let mut slot = Running {
        handle,
        events,
        seen: Vec::new(),
    };
    let bytes = fs::read(scene.interview().join("part-0001/seg-00001.mp4")).unwrap();
    slot.done((&"part-0001/seg-00001.mp4".to_owned(), &bytes));
    scene.close();
    slot.finish();
    assert!(slot.faults().is_empty(), "{:?}", slot.faults());
    let kinds: Vec<_> = lines_on_disk(&ledger).into_iter().map(|line| line.kind).collect();
    let intents = kinds.iter().filter(|kind| *kind == "disc-intent").count();
    assert_eq!(
        intents, 3,
        "opening, the adopted batch, closing; nothing was burnt twice: {kinds:?}"
    );
    let disc = scene.extract("a-001.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), &[disc]);
}

#[test]
fn a_replacement_does_not_count_on_the_discs_before_it() {
    let scene = Scene::new();
    let mut first = scene.start(scene.plan(Slot::A));
    first.feed(&scene.segment(1, 600_000));
    scene.close();
    first.finish();
    let mut plan = scene.plan(Slot::A);
    plan.history = scene.ledger.all();
    let (sender, events) = channel();
    let handle = replace_from_master(plan, scene.ledger.clone(), sender).unwrap();
    let mut slot = Running {
        handle,
        events,
        seen: Vec::new(),
    };
    slot.until("end", |event| {
        matches!(event, DiscEvent::Ended { complete: true, .. })
    });
    let disc = scene.extract("a-002.iso");
    assert_sums_pass(&disc);
    assert_interview_files_equal(&scene.interview(), std::slice::from_ref(&disc));
    assert_disc_json(&disc, 1, &Value::Null);
}
