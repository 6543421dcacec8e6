//! Cameras and microphones that fail in the middle: the picture and the journal show it, nothing is lost.

use super::house::{House, is_whole, patient};
use serde_json::Value;

#[test]
fn a_pulled_camera_a_stalled_one_and_a_dead_microphone_leave_the_recording_whole() {
    let (mut house, id) = House::recording_as(|_, text| patient(&text));
    house.reach(3.0);
    house.cameras[1].stop();
    house.alarm("camera-lost", true, 10);
    house.cameras[0].mute();
    house.alarm("microphone-lost", true, 15);
    house.reach(23.0);
    house.cameras[1].start_again().unwrap();
    house.cameras[0].unmute();
    house.alarm("camera-lost", false, 20);
    house.alarm("microphone-lost", false, 20);
    house.cameras[1].freeze();
    house.alarm("camera-frozen", true, 25);
    house.cameras[1].thaw();
    house.alarm("camera-frozen", false, 20);
    house.cameras[0].stall();
    house.alarm("camera-lost", true, 10);
    house.cameras[0].go_on();
    house.alarm("camera-lost", false, 20);
    house.finish(&id);

    house.is_sound(&id);
    house.discs_are_sound(&id);
    let recording = house.judge_part(&id, 1);
    is_whole(&recording);
    let without_officer = recording.frames.iter().filter(|f| f.codes[1].is_none()).count();
    assert!(
        without_officer > 15 * 25,
        "the slate stood for the officer: {without_officer} frames"
    );
    let kinds: Vec<String> = house.journal(&id).iter().filter_map(alarm_of).collect();
    for alarm in ["camera-lost", "camera-frozen", "microphone-lost"] {
        assert!(kinds.iter().any(|k| k == alarm), "{alarm} in {kinds:?}");
    }
    assert!(
        !house.interview(&id).join("part-0002").exists(),
        "one part, no interruption"
    );
}

fn alarm_of(line: &Value) -> Option<String> {
    let raised = line["kind"] == "alarm-raised";
    let alarm = &line["data"]["alarm"];
    let name = alarm.as_str().or_else(|| alarm["alarm"].as_str())?;
    raised.then(|| name.to_owned())
}
