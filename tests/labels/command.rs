//! `shenlu label` on real interviews and real images: what the ledger knows comes out on paper.

use crate::paper::{Print, program};
use crate::room::{Interview, Room};
use serde_json::json;
use shenlu::disc::Slot;
use shenlu::disc::labels::{Burnt, CaseNumber, LabelError, Standing, Wanted, of_interview, of_path};
use std::path::{Path, PathBuf};
use std::process::Command;

const CASE: &str = "A1304280000202611001";

/// Exit code and all that was said.
fn label(paths: &[&Path], more: &[&str], out: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_shenlu"))
        .arg("label")
        .args(paths)
        .args(more)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn printed(room: &Room, paths: &[&Path], more: &[&str]) -> (Print, String) {
    let out = room.path().join("label.pdf");
    let (code, said) = label(paths, more, &out);
    assert_eq!(code, Some(0), "{said}");
    (Print::of_bytes(std::fs::read(out).unwrap()), said)
}

fn sha256_of(path: &Path) -> String {
    let text = program("sha256sum", &[path.to_str().unwrap()]);
    String::from_utf8(text).unwrap()[..64].to_owned()
}

#[test]
fn an_interviews_labels_carry_what_ledger_and_manifest_know() {
    let room = Room::new();
    let interview = room.interview(CASE, &[Slot::A, Slot::B], &[]);
    let facts = of_interview(&interview.path, Wanted::default()).unwrap();
    assert_eq!(facts.id, interview.id);
    assert_eq!(facts.case_number, CaseNumber::Case(CASE.into()));
    assert_eq!(
        (facts.kind.as_str(), facts.unit.as_str()),
        ("讯问", "示范县公安局")
    );
    // Six seconds of recording, by the journal.
    assert_eq!(facts.from, "2026-03-04T05:06:37.000+08:00");
    assert_eq!(facts.until.as_deref(), Some("2026-03-04T05:06:43.000+08:00"));
    let makers: Vec<&str> = facts.makers.iter().map(|maker| maker.name.as_str()).collect();
    assert_eq!(makers, ["李卫国", "古丽巴哈尔·阿不都克里木"]);
    let told: Vec<_> = facts
        .discs
        .iter()
        .map(|disc| {
            (
                disc.slot,
                disc.set,
                disc.number,
                disc.of,
                disc.standing,
                disc.burnt,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Slot::A, Some(1), 1, Some(1), Standing::Original, Burnt::Live),
            (Slot::B, Some(2), 1, Some(1), Standing::Copy, Burnt::Live),
        ]
    );

    let (print, said) = printed(&room, &[&interview.path], &[]);
    assert!(said.contains("a 1 正本"), "{said}");
    assert_eq!(print.pages(), 2);
    let digest = sha256_of(&interview.path.join("manifest.json"));
    let wanted = format!("SHENLU1 {} a 1 manifest.json:{digest}", interview.id);
    assert_eq!(print.codes(1), [wanted]);
    let text = print.text();
    assert!(
        !text.contains("孙某某") && !text.contains("周律师"),
        "who was questioned stays off: {text}"
    );
    let again = printed(&room, &[&interview.path], &[]).0;
    assert!(print.bytes == again.bytes, "another process makes the same bytes");
}

#[test]
fn the_live_burn_is_the_original_also_when_it_lay_in_the_second_slot() {
    let room = Room::new();
    let interview = room.interview(CASE, &[Slot::B], &[Slot::A]);
    let facts = of_interview(&interview.path, Wanted::default()).unwrap();
    let told: Vec<_> = facts
        .discs
        .iter()
        .map(|d| (d.slot, d.standing, d.burnt))
        .collect();
    assert_eq!(
        told,
        [
            (Slot::A, Standing::Copy, Burnt::FromMaster),
            (Slot::B, Standing::Original, Burnt::Live),
        ]
    );
    let out = room.path().join("refused.pdf");
    let (code, said) = label(&[&interview.path], &["--original", "a"], &out);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("R-17") && said.contains("同步刻录"), "{said}");
    assert!(!out.exists());
    let (print, _) = printed(&room, &[&interview.path], &["--slot", "b", "--form", "sleeve"]);
    assert_eq!(print.pages(), 1);
    assert!(print.text().contains("正本"));
}

#[test]
fn sets_are_numbered_on_through_a_case() {
    let room = Room::new();
    let first = room.interview(CASE, &[Slot::A, Slot::B], &[]);
    let other = room.interview("ANOTHER", &[Slot::A], &[]);
    let second = room.interview(CASE, &[Slot::A], &[Slot::B]);
    let sets = |interview: &Interview| -> Vec<Option<u32>> {
        let facts = of_interview(&interview.path, Wanted::default()).unwrap();
        facts.discs.iter().map(|disc| disc.set).collect()
    };
    assert_eq!(sets(&first), [Some(1), Some(2)]);
    assert_eq!(sets(&other), [Some(1)]);
    assert_eq!(sets(&second), [Some(3), Some(4)]);
    let (register, _) = printed(&room, &[&first.path, &second.path], &["--form", "register"]);
    let text = register.text();
    for wanted in [first.id.as_str(), second.id.as_str(), "第1套", "第4套"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn a_disc_alone_gives_its_label_once_the_original_is_named() {
    let room = Room::new();
    let interview = room.interview(CASE, &[Slot::A], &[]);
    let image = room.image(&interview, Slot::A);
    let refused = of_path(&image, Wanted::default()).unwrap_err();
    assert!(matches!(refused, LabelError::WhichOriginal), "{refused}");

    let (print, _) = printed(&room, &[&image], &["--original", "b"]);
    let digest = sha256_of(&interview.path.join("manifest.json"));
    let wanted = format!("SHENLU1 {} a 1 manifest.json:{digest}", interview.id);
    assert_eq!(print.codes(1), [wanted]);
    let text = print.text();
    for wanted in ["副本", "李卫国", "古丽巴哈尔·阿不都克里木", CASE, "第1/1张"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }

    let tree = mounted(&room, &image);
    let (again, _) = printed(&room, &[&tree], &["--original", "b"]);
    assert!(
        print.bytes == again.bytes,
        "a mounted disc and its image are the same"
    );
}

fn mounted(room: &Room, image: &Path) -> PathBuf {
    let tree = room.path().join("mounted");
    let device = format!("stdio:{}", image.display());
    let target = tree.to_str().unwrap();
    let args = [
        "-no_rc", "-indev", &device, "-osirrox", "on", "-extract", "/", target,
    ];
    program("xorriso", &args);
    program("chmod", &["-R", "u+w", target]);
    tree
}

#[test]
fn a_relayed_disc_alone_says_that_the_rest_follows() {
    let room = Room::new();
    let interview = room.interview(CASE, &[Slot::A], &[]);
    let tree = mounted(&room, &room.image(&interview, Slot::A));
    for of_the_last in ["manifest.json", "INTERVIEW-SHA256SUMS"] {
        std::fs::remove_file(tree.join(of_the_last)).unwrap();
    }
    let started = json!({"kind": "started", "data": {"participants": [
        {"id": "p2", "name": "李卫国", "role": "officer", "number": "031245"},
        {"id": "p1", "name": "王某某", "role": "interviewee", "number": ""}]}});
    let joined = json!({"kind": "joined", "data": {"participant":
        {"id": "p3", "name": "赵敏", "role": "recorder", "number": "031388"}}});
    std::fs::write(
        tree.join("journal-so-far.jsonl"),
        format!("{started}\n{joined}\n"),
    )
    .unwrap();
    let (print, _) = printed(&room, &[&tree], &["--original", "a"]);
    let text = print.text();
    for wanted in ["李卫国", "赵敏", "后续见下一张", "正本"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let digest = sha256_of(&tree.join("disc.json"));
    assert_eq!(
        print.codes(1),
        [format!("SHENLU1 {} a 1 disc.json:{digest}", interview.id)]
    );
}

#[test]
fn what_is_not_finalised_or_not_ours_has_no_label_and_says_what_to_do() {
    let room = Room::new();
    let interview = room.interview(CASE, &[], &[]);
    let out = room.path().join("none.pdf");
    let refused = |paths: &[&Path], more: &[&str], wanted: &str| {
        let (code, said) = label(paths, more, &out);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(wanted), "{wanted}: {said}");
        assert!(!out.exists());
    };
    refused(&[&interview.path], &[], "没有已封盘的光盘");
    refused(&[&interview.path], &["--form", "mug"], "mug");
    refused(&[&interview.path], &["--slot", "c"], "盘位");
    refused(&[room.path()], &[], "不是录像目录");
    refused(&[&room.path().join("nowhere")], &[], "无法读取");
    std::fs::remove_file(interview.path.join("SHA256SUMS")).unwrap();
    refused(&[&interview.path], &[], "尚未结束");
}

#[test]
fn a_disc_that_failed_has_no_label() {
    let room = Room::new();
    let interview = room.interview(CASE, &[Slot::A, Slot::B], &[]);
    let failed = json!({"interview": interview.uuid, "slot": "a", "disc": 1});
    room.write("disc-failed", failed);
    let facts = of_interview(&interview.path, Wanted::default()).unwrap();
    let told: Vec<_> = facts.discs.iter().map(|d| (d.slot, d.standing)).collect();
    assert_eq!(told, [(Slot::B, Standing::Original)]);
}

#[test]
fn while_a_live_set_is_being_finalised_none_after_it_is_proposed() {
    let room = Room::new();
    let interview = room.interview(CASE, &[Slot::B], &[]);
    assert!(of_interview(&interview.path, Wanted::default()).is_ok());
    let opened = json!({"interview": interview.uuid, "slot": "a", "disc": 1, "volume_id": "V", "medium": "DVD+R",
        "kind": "dvd-plus-r", "free_blocks": 1000, "replacement": false});
    room.write_before_closing("disc-opened", &opened);
    let refused = of_interview(&interview.path, Wanted::default()).unwrap_err();
    assert!(matches!(refused, LabelError::StillBurning(Slot::A)), "{refused}");
    let named = Wanted {
        original: Some(Slot::B),
        ..Wanted::default()
    };
    assert_eq!(of_interview(&interview.path, named).unwrap().discs.len(), 1);
}
