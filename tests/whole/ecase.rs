//! The e-case file given to a room that records: by the command that officers have, onto both discs, and not a frame
//! lost for it; then the merged disc of the case from the master.

use super::house::{House, PROGRAM, is_whole};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

fn shenlu(house: &House, arguments: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(PROGRAM)
        .args(arguments)
        .arg("--config")
        .arg(&house.place.config)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code(), said)
}

fn listed(image: &Path) -> String {
    let device = format!("stdio:{}", image.display());
    let out = Command::new("xorriso")
        .args(["-indev", &device, "-find", "/"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Papers as an officer has them: a folder, a secret one, and one that a court must not get.
fn papers(house: &House) -> PathBuf {
    let folder = house.place.dir.join("papers/卷一");
    std::fs::create_dir_all(folder.join("照片")).unwrap();
    std::fs::write(folder.join("鉴定意见.pdf"), b"%PDF-1.7 words").unwrap();
    std::fs::write(folder.join("照片/1.jpg"), b"\xff\xd8\xff\xe0 picture").unwrap();
    std::fs::write(
        folder.join("监控.mp4"),
        [b"\0\0\0\x20ftypisom".as_slice(), &[7; 8 << 20]].concat(),
    )
    .unwrap();
    let above = folder.parent().unwrap().to_owned();
    std::fs::write(above.join("侦查计划.pdf"), b"%PDF-1.7 secret").unwrap();
    std::fs::write(above.join("鉴定.pdf"), b"MZ\x90\0 program").unwrap();
    above
}

#[test]
fn papers_given_while_it_records_stand_on_both_discs_and_then_on_the_cases_own() {
    let (house, id) = House::recording();
    let above = papers(&house);
    let path = |name: &str| above.join(name).to_str().unwrap().to_owned();
    let (code, said) = shenlu(&house, &["give", &path("卷一")]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 / 3"), "{said}");
    let (code, again) = shenlu(&house, &["give", &path("卷一")]);
    assert_eq!(
        (code, &again),
        (Some(0), &said),
        "the same files again are no error"
    );
    let (code, said) = shenlu(&house, &["give", "--internal", &path("侦查计划.pdf")]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = shenlu(&house, &["give", &path("鉴定.pdf")]);
    assert!(
        code == Some(1) && said.contains("可执行程序") && said.contains("program"),
        "{said}"
    );
    let taken = ["give", &path("侦查计划.pdf"), "--as", "卷一/鉴定意见.pdf"];
    let (code, said) = shenlu(&house, &taken);
    assert!(code == Some(1) && said.contains("改名"), "{said}");
    let (code, said) = shenlu(&house, &["give", &path("侦查计划.pdf"), "--as", "case.json"]);
    assert!(code == Some(1) && said.contains("case.json"), "{said}");
    let large = above.join("大.pdf");
    let sparse = std::fs::File::create(&large).unwrap();
    sparse.set_len(600 << 20).unwrap();
    let asked = Instant::now();
    let (code, said) = shenlu(&house, &["give", &path("大.pdf")]);
    assert!(code == Some(1) && said.contains("500 MiB"), "{said}");
    eprintln!("600 MiB refused within {:?}", asked.elapsed());
    let left = std::fs::read_dir(house.place.data.join("incoming")).unwrap();
    assert_eq!(left.count(), 0, "nothing of what was refused is left");
    let state = house.room.state().unwrap();
    let given = &state["interview"]["case_files"];
    assert_eq!(
        (&given["files"], &given["internal_files"]),
        (&json!(4), &json!(1)),
        "{given}"
    );
    assert_eq!(state["set_in_case"]["number"], 1, "{}", state["set_in_case"]);
    assert_eq!(state["recording"], true);
    let (code, said) = shenlu(&house, &["case-disc", "A1300002026110001", "--burner", "a"]);
    assert!(code == Some(1) && said.contains("drives-busy"), "{said}");

    house.reach(6.0);
    house.finish(&id);
    let (code, said) = shenlu(&house, &["give", &path("侦查计划.pdf")]);
    assert!(code == Some(1) && said.contains("没有正在进行的讯问"), "{said}");
    house.is_sound(&id);
    house.discs_are_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    for image in house.place.images() {
        let listing = listed(&image);
        for wanted in [
            "/case/卷一/鉴定意见.pdf",
            "/case/卷一/照片/1.jpg",
            "/case/卷一/监控.mp4",
        ] {
            assert!(listing.contains(wanted), "{wanted}: {listing}");
        }
        assert!(
            !listing.contains("internal") && !listing.contains("侦查计划"),
            "{listing}"
        );
    }
    let journal = house.journal(&id);
    let is_secret = |line: &Value| line.to_string().contains("侦查计划");
    assert!(!journal.iter().any(is_secret), "the journal goes to court");
    let given = journal.iter().filter(|line| line["kind"] == "case-file-given");
    let by: Vec<_> = given.map(|line| line["data"]["by"].clone()).collect();
    assert_eq!(by, vec![json!("operator"); 4]);
    let ledger = std::fs::read_to_string(house.place.data.join("ledger.jsonl")).unwrap();
    assert!(
        ledger.contains("侦查计划.pdf"),
        "what it was called is kept in the house"
    );

    let before = house.place.images();
    let (code, said) = shenlu(&house, &["case-disc", "A1300002026110001", "--burner", "a"]);
    assert_eq!(code, Some(0), "{said}\n{}", house.log());
    let images = house.place.images();
    let made: Vec<_> = images.iter().filter(|image| !before.contains(image)).collect();
    assert_eq!(made.len(), 1, "{images:?}");
    let listing = listed(made[0]);
    assert!(
        listing.contains(&format!("/{id}/case/卷一/鉴定意见.pdf")),
        "{listing}"
    );
    assert!(
        listing.contains(&format!("/{id}/index.html")) && !listing.contains("internal"),
        "{listing}"
    );
    let (code, said) = shenlu(&house, &["case-disc", "unknown", "--burner", "a"]);
    assert!(code == Some(1) && said.contains("nothing-of-case"), "{said}");
}
