//! Discs laid out as the contract says, from a closed interview: trees and images of a set.

use crate::evidence_support::*;
use crate::scene::*;
use serde_json::json;
use shenlu::evidence::{digest::Sha256Digest, line::canonical};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Lays an interview out on `count` discs and gives their trees.
pub fn burn(interview: &Path, root: &Path, slot: &str, count: usize) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(interview, &mut paths);
    let relative = |path: &PathBuf| path.strip_prefix(interview).unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = paths.iter().map(relative).collect();
    names.retain(|name| !name.starts_with("tracks/") && !name.ends_with("SUMS"));
    // Segments first and in order, the rest on the last disc.
    names.sort_by_key(|name| (!name.ends_with(".mp4"), name.clone()));
    let per_disc = names.len().div_ceil(count);
    let uuid = uuid_of(interview);
    let mut discs: Vec<PathBuf> = Vec::new();
    for (n, share) in names.chunks(per_disc).enumerate() {
        let disc = root.join(format!("{slot}-{:03}", n + 1));
        for name in share {
            fs::create_dir_all(disc.join(name).parent().unwrap()).unwrap();
            fs::copy(interview.join(name), disc.join(name)).unwrap();
        }
        fs::write(disc.join("index.html"), "<html>").unwrap();
        let is_last = n + 1 == count;
        let (from, to) = if is_last {
            ("SHA256SUMS", "INTERVIEW-SHA256SUMS")
        } else {
            ("journal.jsonl", "journal-so-far.jsonl")
        };
        fs::copy(interview.join(from), disc.join(to)).unwrap();
        write_sums(&disc);
        let predecessor = discs.last().map(|before| record(before)["sha256"].clone());
        let interview = interview.file_name().unwrap().to_str().unwrap();
        let fields = json!({"form": 1, "interview": interview, "uuid": uuid, "room": "a1", "slot": slot,
            "number": n + 1, "predecessor": predecessor});
        write_record(&disc, fields);
        discs.push(disc);
    }
    discs
}

pub fn write_sums(disc: &Path) {
    let listing = "find . -type f ! -name '*SUMS' -printf '%P\\n' -o -name 'INTERVIEW-*' -printf '%P\\n'";
    let listing = format!("{listing} | LC_ALL=C sort");
    for (program, name) in [
        ("sha256sum", "SHA256SUMS"),
        ("cksum -a sm3 --untagged", "SM3SUMS"),
    ] {
        let script =
            format!("({listing}) | grep -v disc.json | xargs {program} > ../sums && mv ../sums {name}");
        let (good, text) = run(disc, "sh", &["-c", &script]);
        assert!(good, "{text}");
    }
}

pub fn record(disc: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(disc.join("disc.json")).unwrap()).unwrap()
}

pub fn write_record(disc: &Path, mut fields: serde_json::Value) {
    fields.as_object_mut().unwrap().remove("sha256");
    fields["sha256"] = json!(Sha256Digest::of(&canonical(&fields).unwrap()));
    fs::write(disc.join("disc.json"), canonical(&fields).unwrap()).unwrap();
}

pub fn rewrite_record(disc: &Path, change: impl Fn(&mut serde_json::Value)) {
    let mut fields = record(disc);
    change(&mut fields);
    write_record(disc, fields);
}

pub fn foreign_record(disc: &Path) {
    rewrite_record(disc, |record| {
        record["uuid"] = json!("00000000-0000-4000-8000-000000000000")
    });
}

pub fn make_image(disc: &Path) -> PathBuf {
    let image = disc.with_extension("iso");
    let (tree, target) = (disc.to_str().unwrap(), format!("stdio:{}", image.display()));
    let args = [
        "-no_rc", "-outdev", &target, "-joliet", "on", "-map", tree, "/", "-commit",
    ];
    let (good, text) = run(disc, "xorriso", &args);
    assert!(good, "{text}");
    image
}
