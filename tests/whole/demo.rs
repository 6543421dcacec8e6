//! The demonstration itself, with its own cameras and with foreign ones.

use super::house::PROGRAM;
use std::process::Command;

#[test]
fn the_demo_ends_with_every_check_held() {
    let dir = tempfile::tempdir().unwrap();
    let out = Command::new(PROGRAM)
        .args([
            "demo",
            "--seconds",
            "20",
            "--size",
            "640x360",
            "--segment-seconds",
            "6",
            "--dir",
        ])
        .arg(dir.path().join("demo"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    let log = std::fs::read_to_string(dir.path().join("demo/room.log")).unwrap_or_default();
    assert!(
        out.status.success(),
        "{said}\n{}\n{log}",
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn a_directory_that_holds_something_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("something"), "kept").unwrap();
    let out = Command::new(PROGRAM)
        .args(["demo", "--dir"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(
        said.contains("空目录") && said.contains("empty directory"),
        "{said}"
    );
    assert_eq!(std::fs::read(dir.path().join("something")).unwrap(), b"kept");
}
