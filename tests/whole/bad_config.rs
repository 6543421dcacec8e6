//! A configuration that cannot be meant: refused at once, at the key, in both languages, with what to write.

use super::house::PROGRAM;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const GOOD: &str = r#"
version = 1
[room]
id = "a1"
name = "第一讯问室"
unit = "示范县公安局"
[data]
dir = "data"
[spool]
dir = "spool"
[web]
listen = "127.0.0.1:0"
[[camera]]
slot = "interviewee"
source = "test:smpte"
[[microphone]]
channel = "left"
source = "test:speech"
"#;

/// What the room said before it gave up; it must give up with 2 and without a panic.
fn refusal(dir: &Path, text: &str) -> String {
    let path = dir.join("room.toml");
    std::fs::write(&path, text).unwrap();
    ended(&path)
}

fn ended(config: &Path) -> String {
    let mut room = Command::new(PROGRAM)
        .args(["room", "--config"])
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while room.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let in_time = room.try_wait().unwrap().is_some();
    let _ = room.kill();
    let out = room.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        in_time && out.status.code() == Some(2),
        "{:?}: {said}",
        out.status
    );
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn is_in_both_languages(said: &str) -> bool {
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    said.chars().any(chinese) && said.chars().any(|c| c.is_ascii_alphabetic())
}

#[test]
fn a_mistake_in_the_configuration_is_named_with_what_to_write_instead() {
    let dir = tempfile::tempdir().unwrap();
    for (from, to, expected) in [
        ("unit =", "unti =", "did you mean `unit`"),
        ("[spool]", "[spol]", "did you mean `spool`"),
        (
            "dir = \"data\"",
            "dir = \"data\"\nmin_free_huors = 2",
            "did you mean `min_free_hours`",
        ),
        ("[spool]", "[video]\nfps = 100\n[spool]", "between 10 and 30"),
        ("[spool]", "[video]\nwidth = \"wide\"\n[spool]", "line 10"),
        ("127.0.0.1:0", "here", "address:port"),
        ("test:smpte", "rtsp://user:geheim@10.0.0.1/s", "password_file"),
        ("test:smpte", "http://10.0.0.1/s", "rtsp://user@host/stream"),
        (
            "slot = \"interviewee\"",
            "slot = \"interviewee\"\npassword_file = \"none\"",
            "cannot be read",
        ),
        ("version = 1", "version = ", "malformed"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let said = refusal(dir.path(), &GOOD.replacen(from, to, 1));
        assert!(
            said.contains(expected) && is_in_both_languages(&said),
            "{to}: {said}"
        );
        assert!(!said.contains("geheim"), "{said}");
    }
    assert!(!dir.path().join("data").exists(), "nothing was begun");
}

#[test]
fn a_configuration_or_a_data_directory_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nowhere.toml");
    let said = ended(&missing);
    assert!(
        said.contains("nowhere.toml") && is_in_both_languages(&said),
        "{said}"
    );

    std::fs::write(dir.path().join("file"), "not a directory").unwrap();
    // Nobody may make anything below /sys, not even root.
    for data in ["file", "file/data", "/sys/shenlu"] {
        let said = refusal(dir.path(), &GOOD.replacen("\"data\"", &format!("{data:?}"), 1));
        assert!(said.contains(data), "{data}: {said}");
        assert!(
            said.contains("permissions") && is_in_both_languages(&said),
            "{data}: {said}"
        );
    }
    assert_eq!(
        std::fs::read(dir.path().join("file")).unwrap(),
        b"not a directory"
    );
}
