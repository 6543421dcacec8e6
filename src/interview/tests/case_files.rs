//! The e-case file as those meet it who give papers to an interview: until its close, within its limits, each name
//! for one file.

use super::*;

fn paper(path: &str, content: u64, size: u64) -> CaseFile {
    CaseFile {
        path: path.into(),
        file_kind: CaseFileKind::Pdf,
        internal: path.starts_with("internal/"),
        size,
        sha256: Sha256Hex::try_from(digest(content)).unwrap(),
        by: "operator".into(),
    }
}

fn give(room: &mut Room, file: CaseFile) -> Result<Given, &'static str> {
    let at = room.tick();
    let before = room.interview.clone();
    let given = room.interview.give_case_file(at, file);
    assert_eq!(room.interview, before, "deciding changes nothing");
    if let Ok(Given::New(entries)) = &given {
        room.interview.admit(entries).unwrap();
    }
    given.map_err(|refusal| {
        assert_eq!(refusal.rule, RuleId::R24);
        assert!(!refusal.message_zh.contains("不能执行此操作"), "{refusal:?}");
        refusal.code
    })
}

#[test]
fn the_same_file_again_is_told_when_it_was_given_and_another_is_refused() {
    let mut room = interrogation();
    let Ok(Given::New(entries)) = give(&mut room, paper("case/卷/A.pdf", 1, 10)) else {
        panic!()
    };
    assert_eq!(
        give(&mut room, paper("case/卷/A.pdf", 1, 10)),
        Ok(Given::Before(entries[0].at))
    );
    for clash in ["case/卷/A.pdf", "case/卷/a.PDF", "case/卷", "case/卷/a.pdf/b.pdf"] {
        assert_eq!(
            give(&mut room, paper(clash, 2, 10)),
            Err("case-file-name-taken"),
            "{clash}"
        );
    }
    let line = Entry::from_line(entries[0].kind(), &entries[0].data());
    assert_eq!(line.unwrap().as_ref(), Some(&entries[0]), "a restart finds it");
    let other = room.interview.takes_case_file("case/卷/A.pdf", Some(11));
    assert_eq!(
        other.unwrap_err().code,
        "case-file-name-taken",
        "before it is sent"
    );
    room.interview.takes_case_file("case/卷/A.pdf", Some(10)).unwrap();
    assert!(give(&mut room, paper("case/卷/AB.pdf", 2, 10)).is_ok());
    assert!(give(&mut room, paper("internal/0a.pdf", 3, 5)).is_ok());
    let shown = room.interview.view().case_files;
    assert_eq!((shown.files, shown.bytes, shown.internal_files), (3, 25, 1));
}

#[test]
fn the_limits_are_told_before_a_file_is_sent() {
    let mut room = interrogation();
    give(&mut room, paper("case/large.mp4", 1, MAX_CASE_BYTES - 10)).unwrap();
    let asked = |room: &Room, bytes| room.interview.takes_case_file("case/x.pdf", bytes);
    let refusal = asked(&room, Some(11)).unwrap_err();
    assert_eq!(refusal.code, "case-files-too-large");
    assert!(refusal.message_zh.contains("500 MiB"), "{}", refusal.message_zh);
    asked(&room, Some(10)).unwrap();
    asked(&room, None).unwrap();
    assert_eq!(
        give(&mut room, paper("case/x.pdf", 2, 11)),
        Err("case-files-too-large")
    );
    for n in 1..MAX_CASE_FILES as u64 {
        give(&mut room, paper(&format!("case/{n}.pdf"), n, 0)).unwrap();
    }
    assert_eq!(asked(&room, Some(0)).unwrap_err().code, "case-files-too-many");
    assert_eq!(room.interview.view().case_files.files_left, 0);
}

#[test]
fn a_folder_holds_any_number_of_plain_names_and_some_long_ones() {
    let mut room = interrogation();
    let named = |folder: &str, n: u64, length: usize| format!("case/{folder}/{n:04}{}", "名".repeat(length));
    for n in 0..200 {
        give(&mut room, paper(&named("平", n, 30), n, 0)).unwrap();
    }
    let longest = (0..200).take_while(|n| give(&mut room, paper(&named("平", 1000 + n, 60), *n, 0)).is_ok());
    assert_eq!(longest.count(), 14);
    let next = named("平", 2000, 60);
    assert_eq!(
        give(&mut room, paper(&next, 1, 0)),
        Err("case-file-names-too-long")
    );
    assert!(
        room.interview.takes_case_file(&next, None).is_err(),
        "before it is sent"
    );
    give(&mut room, paper(&named("又", 1, 60), 1, 0)).unwrap();
}

#[test]
fn files_come_while_it_stands_still_and_not_once_it_is_sealed() {
    let room = Room::with(Rules::default());
    assert_eq!(
        room.interview
            .takes_case_file("case/a.pdf", None)
            .unwrap_err()
            .code,
        "wrong-state"
    );
    let mut room = interrogation();
    let until = room.at;
    room.lost(until);
    assert_eq!(room.interview.state(), StateName::Suspended);
    give(&mut room, paper("case/a.pdf", 1, 1)).unwrap();
    room.done(
        json!({ "kind": "end-incomplete", "reason": "illness", "text": "急病", "approver": approver(),
        "confirmation": "own-credential" }),
    );
    assert_eq!(give(&mut room, paper("case/b.pdf", 2, 1)), Err("case-file-late"));
    assert_eq!(give(&mut room, paper("case/a.pdf", 1, 1)), Err("case-file-late"));
}
