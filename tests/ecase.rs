//! The e-case file, what is for the house only, and the merged disc of a case: from interviews' directories to discs,
//! burnt by the real `xorriso` onto image files, judged by `verify` and by what the program itself lists. No media
//! process, no room.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[expect(dead_code, reason = "shared with the tests of discs")]
#[path = "disc/scene.rs"]
mod scene;

mod evidence_support;

use hardware::optical::{Device, Xorriso};
use scene::{Running, Scene, assert_sums_pass, run_in, tree};
use shenlu::disc::{
    About, CaseBurnt, CaseInterview, CaseOrder, DiscEvent, DiscFault, DiscPlan, Remark, Slot, burn_case,
    replace_from_master, start,
};
use shenlu::evidence::directory::InterviewDirectory;
use shenlu::evidence::names::TrackName;
use shenlu::evidence::verify::{Code, Verdict, verify};
use shenlu::evidence::writer::Writer;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::Instant;

/// Words that nobody outside the house may read anywhere on a disc but in its list of digests.
const OF_THE_HOUSE: [&str; 4] = [
    "internal/5c8e0f.pdf",
    "messages/m-1.json",
    "attestations/p1-sign-1.json",
    "talkback",
];

/// A closed interview with everything in it that stays in the house, and files of its e-case file.
fn interview(root: &Path, give: impl FnOnce(&InterviewDirectory)) -> PathBuf {
    let directory = evidence_support::new_directory(root);
    let mut writer = Writer::new(&directory, 2);
    writer.set_conditions(evidence_support::conditions());
    for track in [TrackName::Program, TrackName::named("talkback").unwrap()] {
        evidence_support::write_part(&mut writer, 1, &track, evidence_support::media());
    }
    writer.end_part(1).unwrap();
    for path in [
        "internal/5c8e0f.pdf",
        "messages/m-1.json",
        "attestations/p1-sign-1.json",
    ] {
        directory.put_file(path, path.as_bytes()).unwrap();
    }
    directory.put_file("attestations/p1-sign-1.png", b"png").unwrap();
    give(&directory);
    shenlu::evidence::closing::close(&directory, &evidence_support::facts()).unwrap();
    directory.path().to_owned()
}

/// As the room plans it, for a closed interview.
fn plan(scene: &Scene, slot: Slot, interview: &Path) -> DiscPlan {
    let mut plan = scene.plan(slot);
    plan.about.interview_id = interview.file_name().unwrap().to_str().unwrap().to_owned();
    let first = fs::read_to_string(interview.join("journal.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    plan.about.uuid = first["data"]["uuid"].as_str().unwrap().to_owned();
    plan.interview_dir = interview.to_owned();
    plan.batch.max_bytes = Some(64 << 20);
    plan
}

fn begin(scene: &Scene, plan: DiscPlan) -> Running {
    let (sender, events) = channel();
    let handle = replace_from_master(plan, scene.ledger.clone(), sender).unwrap();
    Running {
        handle,
        events,
        seen: Vec::new(),
    }
}

fn burn(scene: &Scene, plan: DiscPlan) -> Running {
    let mut slot = begin(scene, plan);
    slot.until("end", |event| {
        matches!(event, DiscEvent::Ended { complete: true, .. })
    });
    slot
}

/// The same of hundreds of megabytes: each step has the whole deadline.
fn burn_much(scene: &Scene, plan: DiscPlan) -> Running {
    let mut slot = begin(scene, plan);
    slot.until("the large batch", |event| {
        matches!(event, DiscEvent::BatchWritten { .. })
    });
    slot.until("end", |event| {
        matches!(event, DiscEvent::Ended { complete: true, .. })
    });
    slot
}

fn listed(scene: &Scene, image: &str) -> String {
    let device = format!("stdio:{}", scene.image(image).display());
    run_in(scene.path(), "xorriso", &["-indev", &device, "-find", "/"])
}

#[test]
fn what_is_for_the_house_is_on_no_disc_and_the_set_is_whole_without_it() {
    let scene = Scene::new();
    let dir = interview(scene.path(), |directory| {
        directory.put_file("case/卷一/鉴定意见.pdf", b"%PDF-1.7").unwrap();
        directory.put_file("case/说明.txt", "说明".as_bytes()).unwrap();
    });
    for slot in [Slot::A, Slot::B] {
        let mut plan = plan(&scene, slot, &dir);
        // Even where the site wants the cameras' own tracks.
        plan.include_tracks = slot == Slot::B;
        burn(&scene, plan);
    }
    for image in ["a-001.iso", "b-001.iso"] {
        let listing = listed(&scene, image);
        for word in OF_THE_HOUSE.iter().chain(&["internal", "messages", "conference"]) {
            assert!(!listing.contains(word), "{image} has {word}: {listing}");
        }
        for wanted in ["/case/case.json", "/case/卷一/鉴定意见.pdf", "/case/说明.txt"] {
            assert!(listing.contains(wanted), "{image} lacks {wanted}: {listing}");
        }
        let report = verify(&[scene.image(image)], std::slice::from_ref(&dir));
        assert_eq!(report.verdict, Verdict::Sound, "{report}");
    }
    let disc = scene.extract("a-001.iso");
    assert_sums_pass(&disc);
    let manifest = fs::read_to_string(disc.join("manifest.json")).unwrap();
    for word in OF_THE_HOUSE {
        assert!(manifest.contains(word), "its digest is on record: {word}");
    }
    assert!(!tree(&disc).contains("journal-so-far.jsonl"));
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(disc.join("case/case.json")).unwrap()).unwrap();
    assert_eq!(record["set_in_case"], 2);
    let readme = fs::read_to_string(disc.join("README.txt")).unwrap();
    assert!(
        readme.contains("本案在本室第 2 套") && readme.contains("set 2 of this case"),
        "{readme}"
    );
}

#[test]
fn a_paper_of_the_e_case_file_that_is_missing_or_changed_on_a_disc_is_found() {
    let scene = Scene::new();
    let dir = interview(scene.path(), |directory| {
        directory.put_file("case/a.txt", b"the very words").unwrap();
        directory.put_file("case/b.txt", b"others").unwrap();
    });
    burn(&scene, plan(&scene, Slot::A, &dir));
    let disc = scene.extract("a-001.iso");
    for folder in [disc.clone(), disc.join("case")] {
        run_in(scene.path(), "chmod", &["u+w", folder.to_str().unwrap()]);
    }
    fs::remove_file(disc.join("case/b.txt")).unwrap();
    fs::remove_file(disc.join("case/a.txt")).unwrap();
    fs::write(disc.join("case/a.txt"), b"the very wards").unwrap();
    fs::write(disc.join("case/c.txt"), b"slipped in").unwrap();
    let report = verify(&[disc], &[]);
    let found = |code: Code, path: &str| {
        report
            .findings
            .iter()
            .any(|finding| finding.code == code && finding.path.ends_with(path))
    };
    assert!(found(Code::FileMissing, "case/b.txt"), "{report}");
    assert!(found(Code::FileChanged, "case/a.txt"), "{report}");
    assert!(found(Code::FileExtra, "case/c.txt"), "{report}");
}

/// Names as long as a folder with so many of them holds; and ten in each folder as long as a name may be.
fn name(n: u32) -> String {
    let (folder, length) = match n % 1000 {
        0..10 => ("长", 56),
        _ => ("案卷材料一览", 29),
    };
    format!("case/{folder}{:02}/{n:04}{}.pdf", n / 1000, "名".repeat(length))
}

#[test]
fn two_thousand_papers_and_a_large_one_stand_on_both_discs() {
    let scene = Scene::new();
    let large = vec![0x5a_u8; 300 << 20];
    let dir = interview(scene.path(), |directory| {
        let began = Instant::now();
        for n in 1..2000 {
            directory
                .put_file(&name(n), format!("%PDF-1.7 {n}").as_bytes())
                .unwrap();
        }
        directory.put_file("case/大.mp4", &large).unwrap();
        eprintln!("2000 papers put in within {:?}", began.elapsed());
    });
    let began = Instant::now();
    let slots = [Slot::A, Slot::B].map(|slot| burn_much(&scene, plan(&scene, slot, &dir)));
    eprintln!("both sets burnt and read back within {:?}", began.elapsed());
    for slot in &slots {
        assert!(slot.faults().is_empty(), "{:?}", slot.faults());
    }
    let began = Instant::now();
    let images = ["a-001.iso", "b-001.iso"].map(|name| scene.image(name));
    let report = verify(&images, std::slice::from_ref(&dir));
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    eprintln!("verified against the master within {:?}", began.elapsed());
    // Windows reads the other tree: its names are not cut either.
    let joliet = run_in(scene.path(), "7z", &["l", "-slt", images[0].to_str().unwrap()]);
    for n in [1, 999, 1999] {
        assert!(joliet.contains(&name(n)), "{n} is cut");
    }
}

#[test]
fn what_is_given_during_the_recording_is_burnt_with_the_next_batch() {
    let scene = Scene::new();
    let mut plan = scene.plan(Slot::A);
    plan.batch.max_bytes = Some(1 << 20);
    let (sender, events) = channel();
    let mut slot = Running {
        handle: start(plan, scene.ledger.clone(), sender).unwrap(),
        events,
        seen: Vec::new(),
    };
    fs::create_dir_all(scene.interview().join("case")).unwrap();
    fs::create_dir_all(scene.interview().join("internal")).unwrap();
    let given = [
        ("case/a.mp4", vec![7_u8; 2 << 20]),
        ("internal/b.pdf", vec![8; 2 << 20]),
    ];
    for (path, bytes) in &given {
        fs::write(scene.interview().join(path), bytes).unwrap();
        slot.done((&(*path).to_owned(), bytes));
    }
    let segment = scene.segment(1, 1_200_000);
    slot.feed(&segment);
    slot.until("the paper and the segment", |event| {
        matches!(event, DiscEvent::BatchWritten { batch: 2, .. })
    });
    scene.close();
    slot.finish();
    assert!(slot.faults().is_empty(), "{:?}", slot.faults());
    let lines = scene.ledger.all();
    let batch = lines
        .iter()
        .find(|line| line.kind == "disc-intent" && line.data["purpose"] == "batch")
        .unwrap();
    assert_eq!(batch.data["files"][0]["path"], "case/a.mp4");
    let disc = scene.extract("a-001.iso");
    assert_sums_pass(&disc);
    assert_eq!(fs::read(disc.join("case/a.mp4")).unwrap(), given[0].1);
    assert!(!disc.join("internal").exists());
}

fn case_order(scene: &Scene, interviews: &[&Path], capacity: Option<u64>) -> CaseOrder {
    let interviews = interviews.iter().enumerate().map(|(n, dir)| CaseInterview {
        dir: (*dir).to_owned(),
        about: About {
            set_in_case: u32::try_from(n + 1).ok(),
            ..plan(scene, Slot::A, dir).about
        },
        remarks: vec![Remark {
            zh: "未完成签捺结束".into(),
            en: "ended <early>".into(),
        }],
    });
    CaseOrder {
        uuid: "6f1c2a52-1b1f-4b53-9a57-1d8f2f1f0009".into(),
        case_number: "A130000202611001".into(),
        case_name: "测试案".into(),
        unit: "某某县公安局".into(),
        room_id: "a1".into(),
        room_name: "第一讯问室".into(),
        made_at: "2026-11-24T01:02:03.000+08:00".into(),
        by: "operator".into(),
        slot: Slot::A,
        device: Device::parse(&format!("stdio:{}", scene.image("case-001.iso").display())).unwrap(),
        work_dir: scene.path().join("case-work"),
        interviews: interviews.collect(),
        missing: vec![Remark {
            zh: "a1-20261124-000000 尚未封存".into(),
            en: "a1-20261124-000000 is not closed yet".into(),
        }],
        include_tracks: false,
        xorriso: Xorriso::default(),
        image_capacity_bytes: capacity,
    }
}

fn burn_it(scene: &Scene, order: &CaseOrder) -> (CaseBurnt, Vec<DiscEvent>) {
    let (sender, events) = channel();
    let burnt = burn_case(
        order,
        scene.ledger.clone(),
        sender,
        Arc::new(AtomicBool::new(false)),
    );
    (burnt, events.try_iter().collect())
}

/// The whole tree of an image, writable by the test that removes it.
fn extracted(scene: &Scene, image: &str) -> PathBuf {
    let disc = scene.extract(image);
    run_in(scene.path(), "chmod", &["-R", "u+w", disc.to_str().unwrap()]);
    disc
}

fn assert_case_sums_pass(disc: &Path) {
    run_in(disc, "sha256sum", &["--strict", "--quiet", "-c", "SHA256SUMS"]);
    run_in(
        disc,
        "cksum",
        &["--strict", "--quiet", "-a", "sm3", "-c", "SM3SUMS"],
    );
    let listed = fs::read_to_string(disc.join("SHA256SUMS"))
        .unwrap()
        .lines()
        .count();
    assert_eq!(listed, tree(disc).len() - 2, "every file but the sums themselves");
}

/// Two closed interviews of a case, in rooms of their own because the tests' clock stands still.
fn two_interviews(scene: &Scene) -> [PathBuf; 2] {
    let first = interview(&scene.path().join("one"), |directory| {
        directory.put_file("case/卷一/鉴定意见.pdf", b"%PDF-1.7").unwrap();
    });
    let second = interview(&scene.path().join("two"), |_| {});
    let renamed = second.with_file_name(first.file_name().unwrap().to_str().unwrap().to_owned() + "-2");
    // The id within stays: what is judged is told apart by its folder here.
    fs::rename(&second, &renamed).unwrap();
    [first, renamed]
}

#[test]
fn all_interviews_of_a_case_stand_on_one_disc_each_as_whole_as_on_its_own() {
    let scene = Scene::new();
    let [first, second] = two_interviews(&scene);
    let (burnt, events) = burn_it(&scene, &case_order(&scene, &[&first, &second], None));
    assert!(burnt.failed.is_none(), "{burnt:?} {events:#?}");
    assert_eq!((burnt.discs, burnt.missing.len()), (1, 1), "{burnt:?}");
    let listing = listed(&scene, "case-001.iso");
    for word in OF_THE_HOUSE.iter().chain(&["internal", "messages"]) {
        assert!(!listing.contains(word), "{word}: {listing}");
    }
    let disc = extracted(&scene, "case-001.iso");
    assert_case_sums_pass(&disc);
    let page = fs::read_to_string(disc.join("index.html")).unwrap();
    for dir in [&first, &second] {
        let id = dir.file_name().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("href=\"{id}/index.html\"")), "{page}");
        assert!(disc.join(id).join("index.html").is_file());
        assert_sums_pass(&disc.join(id));
    }
    for words in [
        "尚未封存",
        "is not closed yet",
        "未完成签捺结束",
        "ended &lt;early&gt;",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let readme = fs::read_to_string(disc.join("README.txt")).unwrap();
    assert!(readme.contains("尚未封存") && !readme.contains('@'), "{readme}");
    let folder = disc.join(first.file_name().unwrap());
    let report = verify(&[folder], std::slice::from_ref(&first));
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    run_in(
        &disc,
        "sha256sum",
        &["--strict", "--quiet", "-c", "CASE-SHA256SUMS"],
    );
    assert!(!scene.path().join("case-work").exists());
    let kinds = scene.ledger.kinds("a");
    assert_eq!(
        kinds,
        [
            "case-disc-begun",
            "disc-opened",
            "disc-intent",
            "disc-committed",
            "disc-read-back",
            "disc-finalised",
            "case-disc-finalised"
        ]
    );
}

#[test]
fn a_case_that_is_larger_than_a_disc_goes_on_with_the_next() {
    let scene = Scene::new();
    let first = interview(&scene.path().join("one"), |directory| {
        for n in 0..6 {
            let bytes = vec![n; 3 << 20];
            directory.put_file(&format!("case/{n}.mp4"), &bytes).unwrap();
        }
    });
    let (burnt, events) = burn_it(&scene, &case_order(&scene, &[&first], Some(24 << 20)));
    assert!(
        burnt.failed.is_none() && burnt.discs >= 2,
        "{burnt:?} {events:#?}"
    );
    let id = first.file_name().unwrap();
    let discs: Vec<PathBuf> = (1..=burnt.discs)
        .map(|n| extracted(&scene, &format!("case-{n:03}.iso")))
        .collect();
    discs.iter().for_each(|disc| assert_case_sums_pass(disc));
    let folders: Vec<PathBuf> = discs.iter().map(|disc| disc.join(id)).collect();
    let report = verify(&folders, std::slice::from_ref(&first));
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    let page = fs::read_to_string(discs[0].join("index.html")).unwrap();
    assert!(page.contains("未完，续见下一张"), "{page}");
}

#[test]
fn a_file_that_is_not_what_was_sealed_is_named_and_the_rest_is_burnt() {
    let scene = Scene::new();
    let [first, second] = two_interviews(&scene);
    let hurt = first.join("case/卷一/鉴定意见.pdf");
    fs::remove_file(&hurt).unwrap();
    fs::write(&hurt, b"%PDF-9.9").unwrap();
    let (burnt, events) = burn_it(&scene, &case_order(&scene, &[&first, &second], None));
    assert!(burnt.failed.is_none(), "{burnt:?} {events:#?}");
    let named = burnt
        .missing
        .iter()
        .any(|remark| remark.zh.contains("鉴定意见.pdf"));
    assert!(named && burnt.missing.len() == 2, "{burnt:?}");
    let disc = extracted(&scene, "case-001.iso");
    assert_case_sums_pass(&disc);
    let page = fs::read_to_string(disc.join("index.html")).unwrap();
    assert!(page.contains("鉴定意见.pdf"), "{page}");
    let end = scene.ledger.all().pop().unwrap();
    assert!(
        end.data["missing"].to_string().contains("鉴定意见.pdf"),
        "{end:?}"
    );
}

#[test]
fn a_case_disc_that_is_not_read_back_as_it_was_is_burnt_again_on_the_next() {
    let scene = Scene::new();
    let script = r#"xorriso "$@" || exit $?
image=$(printf '%s\n' "$@" | sed -n 's/^stdio://p' | head -n 1)
[ -e "$once" ] && exit 0
at=$(grep -abo CHANGE-ME "$image" | head -n 1 | cut -d: -f1)
[ -n "$at" ] && touch "$once" && printf X | dd of="$image" bs=1 seek="$at" conv=notrunc 2>/dev/null
exit 0"#;
    let dir = interview(scene.path(), |directory| {
        directory.put_file("case/a.txt", b"CHANGE-ME").unwrap();
    });
    let mut order = case_order(&scene, &[&dir], None);
    order.xorriso.program = scene.wrapper(script);
    let (burnt, events) = burn_it(&scene, &order);
    assert!(
        burnt.failed.is_none() && burnt.discs == 1,
        "{burnt:?} {events:#?}"
    );
    let differs = |event: &DiscEvent| {
        matches!(
            event,
            DiscEvent::Fault {
                fault: DiscFault::ReadBackDiffers { .. },
                ..
            }
        )
    };
    assert!(events.iter().any(differs), "{events:#?}");
    let disc = extracted(&scene, "case-002.iso");
    assert_case_sums_pass(&disc);
    assert!(scene.ledger.kinds("a").contains(&"disc-failed".to_owned()));
}
