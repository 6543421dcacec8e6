//! What an integrator writes by mistake, and what he is told.

use super::*;

const GOOD: &str = r#"
version = 1
[room]
id = "a1"
name = "第一讯问室"
unit = "某县公安局"
[data]
dir = "data"
[[camera]]
slot = "interviewee"
source = "rtsp://user@camera:554/stream"
[[microphone]]
channel = "left"
source = "camera:interviewee"
[[burner]]
slot = "a"
device = "stdio:discs/a-001.iso"
"#;

fn load(text: &str) -> Result<RoomConfig, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("room.toml");
    std::fs::write(&path, text).unwrap();
    RoomConfig::load(&path)
}

fn refusal(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    load(&GOOD.replace(from, to))
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn a_plain_room_is_read_with_lawful_defaults() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.interview.min_officers, 2);
    assert_eq!(config.video.fps, 25);
    assert!(config.burners[0].device.ends_with("discs/a-001.iso"));
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    let text = refusal("unit =", "unti =");
    assert!(text.contains("`unti`") && text.contains("`unit`"), "{text}");
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    let text = refusal("user@camera", "user:geheim@camera");
    assert!(
        text.contains("password_file") && !text.contains("geheim"),
        "{text}"
    );
}

#[test]
fn a_room_without_interviewee_camera_is_refused() {
    let text = refusal("slot = \"interviewee\"", "slot = \"officer\"");
    assert!(text.contains("R-09"), "{text}");
}

#[test]
fn wrong_words_are_answered_with_the_right_ones() {
    for (from, to, expected) in [
        ("channel = \"left\"", "channel = \"links\"", "left, right"),
        ("id = \"a1\"", "id = \"A 1\"", "a-z"),
        ("version = 1", "version = 2", "version 1"),
        ("stdio:discs/a-001.iso", "discs", "/dev/srN"),
        ("rtsp://user@camera:554/stream", "rtsp:///stream", "host"),
        ("camera:interviewee", "camera:officer", "no camera"),
        ("[data]", "[video]\nfps = 100\n[data]", "between 10 and 30"),
        ("[data]", "[signing]\ntpm = \"on\"\n[data]", "auto, none"),
        (
            "[data]",
            "[signing]\ntimestamp_url = \"ftp://x/\"\n[data]",
            "http://",
        ),
        (
            "[data]",
            "[signing]\ntimestamp_ca_file = \"ca.pem\"\n[data]",
            "no timestamp_url",
        ),
        (
            "[data]",
            "[signing]\ntimestamp_url = \"https://x\"\ntimestamp_ca_file = \"no\"\n[data]",
            "cannot be read",
        ),
        ("[data]", "[signing]\ntmp = \"auto\"\n[data]", "`tpm`"),
    ] {
        let text = refusal(from, to);
        assert!(text.contains(expected), "{to}: {text}");
    }
}
