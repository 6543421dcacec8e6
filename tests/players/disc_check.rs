//! The page's own check of the discs: it calls a good set good, and names a flipped byte, a missing file, a file
//! too many, and a manifest that was written anew with its lists.

use super::chromium::Chromium;
use super::disc_set;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const JUDGED: &str = r##"(() => {
    const report = window.shenlu && shenlu.page && shenlu.page.report;
    if (!report || !report.judgement) return null;
    return {
        verdict: report.judgement.verdict,
        items: report.judgement.items.map((item) => [item.name, item.state, item.text]),
        wrong: report.judgement.rows.filter((row) => row.outcome !== "good").map((row) => [row.path, row.outcome]),
        first_row: document.querySelector("#report tbody tr").innerText,
        figures: document.querySelector("#report .figures").textContent,
    };
})()"##;

/// Picks the folder for the check, in the page of its first disc.
fn judged(folder: &Path, page: &Path) -> Value {
    let mut chromium = Chromium::open(&page.join("index.html"));
    let there = |value: &Value| value == true;
    chromium.until("!!(window.shenlu && shenlu.page)", Duration::from_secs(20), there);
    chromium.click("#check");
    chromium.value("shenlu.page.picking = 'check'");
    chromium.pick("#folder", folder);
    chromium.until(JUDGED, Duration::from_secs(60), |value| !value.is_null())
}

fn state(told: &Value, item: &str) -> Vec<String> {
    let items = told["items"].as_array().unwrap().iter();
    let of = items.filter(|known| known[0] == item);
    of.map(|known| known[1].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_good_set_is_called_good_by_lists_manifest_and_both_signatures() {
    let set = disc_set::shared();
    let copy = set.copied();
    let told = judged(copy.path(), &copy.path().join("1"));
    eprintln!("{}", told["figures"]);
    assert_eq!(told["verdict"], "good", "{told}");
    for item in [
        "item-sums",
        "item-record",
        "item-order",
        "item-interview",
        "item-manifest",
        "item-ed25519",
        "item-sm2",
    ] {
        let states = state(&told, item);
        assert!(
            !states.is_empty() && states.iter().all(|state| state == "good"),
            "{item}: {told}"
        );
    }
    // One disc alone is judged by what it holds.
    let first = judged(&copy.path().join("1"), &copy.path().join("1"));
    assert_eq!(first["verdict"], "good", "{first}");
    assert_eq!(state(&first, "item-ed25519"), ["info"], "{first}");
}

#[test]
fn a_flipped_byte_a_missing_file_and_one_too_many_are_named() {
    let copy = disc_set::shared().copied();
    let flipped = copy.path().join("1/part-0001/seg-00002.mp4");
    let mut bytes = fs::read(&flipped).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&flipped, bytes).unwrap();
    fs::remove_file(copy.path().join("2/part-0003/seg-00001.mp4")).unwrap();
    fs::write(copy.path().join("2/part-0003/seg-00009.mp4"), "x").unwrap();
    let told = judged(copy.path(), &copy.path().join("1"));
    assert_eq!(told["verdict"], "bad");
    let wrong = told["wrong"].to_string();
    for (path, outcome) in [
        ("part-0001/seg-00002.mp4", "changed"),
        ("part-0003/seg-00001.mp4", "missing"),
        ("part-0003/seg-00009.mp4", "extra"),
    ] {
        assert!(
            wrong.contains(&format!("[\"{path}\",\"{outcome}\"]")),
            "{path}: {told}"
        );
    }
    assert_eq!(told["wrong"].as_array().unwrap().len(), 3, "{told}");
    assert!(
        told["first_row"].as_str().unwrap().contains("✖")
            || told["first_row"].as_str().unwrap().contains("内容不符")
    );
    assert_eq!(state(&told, "item-manifest")[0], "bad", "{told}");
}

#[test]
fn a_manifest_that_was_forged_with_all_its_lists_has_no_valid_signature() {
    let copy = disc_set::shared().copied();
    let disc = copy.path().join("2");
    let manifest = fs::read_to_string(disc.join("manifest.json")).unwrap();
    fs::write(
        disc.join("manifest.json"),
        manifest.replace("示范案件", "另一案件"),
    )
    .unwrap();
    for list in ["INTERVIEW-SHA256SUMS", "SHA256SUMS", "SM3SUMS"] {
        list_anew(&disc, list);
    }
    let told = judged(copy.path(), &copy.path().join("1"));
    assert_eq!(
        told["wrong"].as_array().unwrap().len(),
        0,
        "the lists agree: {told}"
    );
    assert_eq!(told["verdict"], "bad");
    assert_eq!(
        (state(&told, "item-ed25519"), state(&told, "item-sm2")),
        (vec!["bad".to_owned()], vec!["bad".to_owned()]),
        "{told}"
    );
}

/// Writes the digests of what changed into a list, as a forger would.
fn list_anew(disc: &Path, list: &str) {
    let text = fs::read_to_string(disc.join(list)).unwrap();
    let lines = text.lines().map(|line| {
        let path = ["manifest.json", "INTERVIEW-SHA256SUMS"]
            .into_iter()
            .find(|path| line.ends_with(&format!("  {path}")) || line.starts_with(&format!("SM3 ({path})")));
        match path {
            Some(path) if list == "SM3SUMS" => format!("SM3 ({path}) = {}", digest(disc, path, "-sm3")),
            Some(path) => format!("{}  {path}", digest(disc, path, "-sha256")),
            None => line.to_owned(),
        }
    });
    fs::write(disc.join(list), lines.map(|line| line + "\n").collect::<String>()).unwrap();
}

fn digest(disc: &Path, path: &str, algorithm: &str) -> String {
    let out = Command::new("openssl")
        .args(["dgst", algorithm, "-r", path])
        .current_dir(disc)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout)
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}
