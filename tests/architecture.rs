//! The house keeps its walls: which room may know which, where GStreamer and SQL are named, what lies at
//! the top of the repository, and how every file opens.
//!
//! Reads the sources as text, so a wrong edge is named with its file, even when it compiles. A room that
//! is not in the table fails: whoever adds one says here what it may know.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "architecture/source.rs"]
mod source;

use source::{Source, names_from_crate, names_from_super, sources, starts, uses_crate};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A room of `src/` or a crate of ours, and all that it may know of ours.
const MAY_KNOW: &[(&str, &[&str])] = &[
    // Pure, or nearly: they know nobody.
    ("interview", &[]),
    ("evidence", &[]),
    ("pipelines", &[]),
    ("hardware", &[]),
    ("fixtures", &[]),
    // What is kept, and who may.
    ("store", &["interview", "evidence"]),
    ("accounts", &["store"]),
    ("disc", &["evidence", "hardware"]),
    // The loop knows all that it drives.
    (
        "room",
        &[
            "interview",
            "evidence",
            "disc",
            "store",
            "accounts",
            "pipelines",
            "hardware",
        ],
    ),
    // Handles and snapshots only; `interview` gives it the words of commands and refusals.
    ("web", &["interview", "room", "store", "accounts"]),
    // Wiring, by hand and for show.
    ("bench", &["pipelines", "fixtures"]),
    (
        "demo",
        &[
            "interview",
            "evidence",
            "disc",
            "store",
            "accounts",
            "room",
            "web",
            "hardware",
            "pipelines",
            "fixtures",
        ],
    ),
];

/// They wire, so they may know every room; nothing may know them.
const WIRING: &[&str] = &["src/main.rs", "src/roles.rs", "src/lib.rs"];

const CRATES: &[&str] = &["pipelines", "hardware", "fixtures"];

const TOP_LEVEL: &str = ".ci .config .git .gitattributes .gitignore CHANGELOG.md Cargo.lock Cargo.toml LICENSE \
    README.md clippy.toml deploy fixtures hardware pipelines run rustfmt.toml src target tests";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `src/disc/plan.rs` → disc; `hardware/src/lib.rs` → hardware; `src/main.rs` → none.
fn room_of(path: &Path) -> Option<String> {
    if WIRING.iter().any(|wiring| path == Path::new(wiring)) {
        return None;
    }
    let mut parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    match parts.next()?.as_str() {
        "src" => parts.next().map(|name| name.trim_end_matches(".rs").to_owned()),
        "tests" => None,
        other => Some(other.to_owned()),
    }
}

/// How many modules the file lies below the top of its crate.
fn depth(path: &Path) -> usize {
    let below_src = path.iter().skip_while(|part| *part != "src").count() - 1;
    if path.file_name().is_some_and(|name| name == "mod.rs") {
        below_src - 1
    } else {
        below_src
    }
}

fn all_sources() -> Vec<Source> {
    ["src", "pipelines", "hardware", "fixtures", "tests"]
        .iter()
        .flat_map(|folder| sources(root(), folder))
        .collect()
}

fn allowed(room: &str) -> &'static [&'static str] {
    let row = MAY_KNOW.iter().find(|(name, _)| *name == room);
    row.unwrap_or_else(|| panic!("room `{room}` is not in the table: say in MAY_KNOW what it may know"))
        .1
}

/// The rooms and crates of ours that a file names.
fn known(source: &Source, room: &str) -> BTreeSet<String> {
    let crates = CRATES
        .iter()
        .filter(|name| uses_crate(&source.code, name))
        .map(|name| (*name).to_owned());
    if CRATES.contains(&room) {
        return crates.filter(|name| name != room).collect();
    }
    let is_room = |name: &String| MAY_KNOW.iter().any(|(room, _)| room == name);
    let by_super = names_from_super(&source.code, depth(&source.path))
        .into_iter()
        .filter(is_room);
    let neighbours = names_from_crate(&source.code).into_iter().chain(by_super);
    crates.chain(neighbours.filter(|name| name != room)).collect()
}

fn report(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn no_room_knows_one_that_it_must_not() {
    let mut findings = Vec::new();
    for source in all_sources() {
        let Some(room) = room_of(&source.path) else {
            continue;
        };
        let may_know = allowed(&room);
        for other in known(&source, &room) {
            if !may_know.contains(&other.as_str()) {
                findings.push(format!(
                    "{}: `{room}` must not know `{other}`",
                    source.path.display()
                ));
            }
        }
    }
    report(&findings);
}

#[test]
fn crates_depend_on_each_other_only_as_the_table_says() {
    for (manifest, room) in CRATES
        .iter()
        .map(|name| (root().join(name).join("Cargo.toml"), *name))
    {
        let text = fs::read_to_string(&manifest).expect("manifest");
        for other in CRATES.iter().filter(|other| **other != room) {
            // Tests may use the simulated parts.
            let in_tests_only = *other == "fixtures";
            let dependencies = section(&text, "[dependencies]");
            assert!(
                !names_dependency(dependencies, other),
                "{room} must not depend on {other}"
            );
            let dev = section(&text, "[dev-dependencies]");
            assert!(
                in_tests_only || !names_dependency(dev, other),
                "{room}'s tests must not depend on {other}"
            );
        }
    }
}

fn section<'a>(manifest: &'a str, heading: &str) -> &'a str {
    let Some(begin) = manifest.find(heading).map(|at| at + heading.len()) else {
        return "";
    };
    let rest = &manifest[begin..];
    &rest[..rest.find("\n[").unwrap_or(rest.len())]
}

fn names_dependency(section: &str, name: &str) -> bool {
    section
        .lines()
        .any(|line| line.split(['=', '.', ' ']).next() == Some(name))
}

/// The drive model is linked by tests alone, and the preloaded library by nobody: it holds its own `open`.
#[test]
fn the_drive_model_is_for_tests() {
    for manifest in [
        "Cargo.toml",
        "hardware/Cargo.toml",
        "pipelines/Cargo.toml",
        "fixtures/Cargo.toml",
    ] {
        let text = fs::read_to_string(root().join(manifest)).expect("manifest");
        let dependencies = section(&text, "[dependencies]");
        for name in ["drive-model", "drive-preload"] {
            assert!(
                !names_dependency(dependencies, name),
                "{manifest} must not depend on {name}"
            );
        }
    }
    let names_preload = |source: &Source| uses_crate(&source.code, "drive_preload");
    assert!(
        !all_sources().iter().any(names_preload),
        "the preloaded library is linked"
    );
}

#[test]
fn gstreamer_is_named_only_in_pipelines_and_fixtures() {
    let mut findings = Vec::new();
    for source in all_sources() {
        let room = room_of(&source.path);
        if room
            .as_deref()
            .is_some_and(|room| room == "pipelines" || room == "fixtures")
        {
            continue;
        }
        let named = ["gst::", "gst_", "gstreamer"]
            .iter()
            .any(|word| !starts(&source.code, word).is_empty());
        if named {
            findings.push(format!("{}: names GStreamer", source.path.display()));
        }
    }
    for manifest in ["Cargo.toml", "hardware/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).expect("manifest");
        for heading in ["[dependencies]", "[dev-dependencies]"] {
            if section(&text, heading)
                .lines()
                .any(|line| line.starts_with("gst"))
            {
                findings.push(format!("{manifest}: {heading} names GStreamer"));
            }
        }
    }
    report(&findings);
}

#[test]
fn sql_stands_only_in_store() {
    const BEGINNINGS: &[&str] = &[
        "select ",
        "insert into ",
        "insert or ",
        "update ",
        "delete from ",
        "create table",
        "create index",
        "pragma ",
    ];
    let mut findings = Vec::new();
    for source in all_sources() {
        // This file holds the words that it looks for.
        if room_of(&source.path).is_none_or(|room| room == "store") {
            continue;
        }
        let is_sql = |text: &String| {
            let text = text.trim_start().to_ascii_lowercase();
            BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
        };
        if source.strings.iter().any(is_sql) || uses_crate(&source.code, "rusqlite") {
            findings.push(format!(
                "{}: speaks SQL, which belongs in `store`",
                source.path.display()
            ));
        }
    }
    report(&findings);
}

#[test]
fn every_file_opens_with_what_it_is() {
    let silent = all_sources()
        .into_iter()
        .filter(|source| !source.first_line.starts_with("//! "));
    report(
        &silent
            .map(|source| format!("{}: does not open with `//!`", source.path.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_outside_tests_can_panic_on_purpose() {
    const WORDS: &[&str] = &["todo!", "unimplemented!", "dbg!", "panic!"];
    let mut findings = Vec::new();
    for source in all_sources() {
        // Fixtures are parts of tests; a broken one should stop them.
        if room_of(&source.path).is_none_or(|room| room == "fixtures") {
            continue;
        }
        let calls = [".unwrap()", ".expect("]
            .iter()
            .filter(|call| source.code.contains(**call));
        let macros = WORDS.iter().filter(|word| !starts(&source.code, word).is_empty());
        findings.extend(
            calls
                .chain(macros)
                .map(|word| format!("{}: {word}", source.path.display())),
        );
    }
    report(&findings);
}

#[test]
fn nothing_unknown_lies_at_the_top() {
    let entries = fs::read_dir(root()).expect("the root is a folder");
    let names = entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned());
    let strange: Vec<_> = names
        .filter(|name| !TOP_LEVEL.split(' ').any(|agreed| agreed == name))
        .collect();
    report(
        &strange
            .iter()
            .map(|name| format!("{name}: not agreed; it belongs into a folder"))
            .collect::<Vec<_>>(),
    );
}
