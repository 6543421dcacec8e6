//! What a report says of an interview in which much happened, in both languages and as JSON; and that nothing in
//! the evidence can make it say something else.

use crate::evidence_support::*;
use crate::scene::*;
use serde_json::{Value, json};
use shenlu::evidence::{
    closing::close,
    directory::InterviewDirectory,
    line::Data,
    names::TrackName,
    verify::{Language, Report, Verdict},
    writer::Writer,
};
use shenlu::interview::{
    Act, ActKey, Alarm, Approver, CameraSlot, CaseRef, Channel, Confirmation, DiscSlot, DocumentId, EndAfter,
    Entry, Fact, IncompleteReason, InterruptionCause, InterruptionId, InterviewKind, KindRules, Layout,
    MediaTime, Moment, PageNumber, PartNumber, Participant, ParticipantId, Role, Started, UnrecordedGround,
    VoidReason, VoidedKey, WallTime,
};

fn at(second: i64) -> Moment {
    Moment::off_air(WallTime::new(1_772_571_967_000 + second * 1000, 480))
}

fn on_air(part: u32, second: u64) -> Moment {
    let wall = at(i64::from(part) * 30 + second as i64).wall;
    Moment::on_air(wall, PartNumber(part), MediaTime(second * 1_000_000))
}

fn tell(directory: &InterviewDirectory, at: Moment, fact: Fact) {
    let entry = Entry { at, fact };
    let data = entry.data().as_object().unwrap().clone();
    directory.journal().append(entry.kind(), data).unwrap();
}

fn person(id: &str) -> ParticipantId {
    ParticipantId::try_from(id.to_owned()).unwrap()
}

fn started() -> Fact {
    let participant = Participant {
        id: person("p1"),
        name: "张三".to_owned(),
        role: Role::Interviewee,
        organisation: String::new(),
        number: String::new(),
        sex: None,
        minor: false,
    };
    Fact::Started(Box::new(Started {
        interview: InterviewKind::Interrogation,
        case: CaseRef {
            number: "A1301".to_owned(),
            name: "某案".to_owned(),
            incident_number: "J77".to_owned(),
        },
        participants: vec![participant],
        rules: KindRules::lawful(InterviewKind::Interrogation),
        end_after: EndAfter::Fingerprint,
        layout: Layout::Interview,
        prechecked: at(0),
        precheck: Vec::new(),
        overrides: Vec::new(),
        alarms: Vec::new(),
    }))
}

fn act() -> ActKey {
    ActKey {
        document: DocumentId::try_from("transcript".to_owned()).unwrap(),
        page: PageNumber(2),
        person: person("p1"),
        act: Act::Sign,
    }
}

fn approver() -> Approver {
    Approver {
        name: "赵所长".to_owned(),
        number: "130009".to_owned(),
    }
}

/// One part with conditions that differ fragment by fragment.
fn record(directory: &InterviewDirectory, writer: &mut Writer, part: u32, of_second: impl Fn(u64) -> Value) {
    let start = wall() + chrono::TimeDelta::seconds(i64::from(part) * 30);
    let track = TrackName::Program;
    writer
        .begin_part(part, start, track.clone(), media().header.clone())
        .unwrap();
    for (n, (starts, bytes)) in media().chunks.iter().enumerate() {
        // What is set when the next fragment starts stands in the line of the one before.
        let conditions: Data = of_second(n as u64 / 4).as_object().unwrap().clone();
        writer.set_conditions(conditions);
        writer.write_chunk(part, &track, *starts, bytes.clone()).unwrap();
    }
    writer.end_part(part).unwrap();
    directory.checkpoint(conditions()).unwrap();
}

/// Interrupted by a power cut, continued unrecorded by approval, explained aloud; a camera and the clock failed.
fn eventful(root: &std::path::Path, ended: &str) -> InterviewDirectory {
    let directory = new_directory(root);
    let mut writer = Writer::new(&directory, 2);
    tell(&directory, at(0), started());
    record(&directory, &mut writer, 1, |second| {
        json!({"clock_error_us": 150 + second, "clock_source": "chrony",
            "repeated": if second < 3 { 7 } else { 12 }, "substituted_left": second * 10, "substituted_right": 0})
    });
    let alarm = Alarm::CameraLost {
        slot: CameraSlot::Officer,
    };
    let detail = "no signal".to_owned();
    tell(&directory, on_air(1, 2), Fact::AlarmRaised { alarm, detail });
    tell(&directory, on_air(1, 4), Fact::AlarmCleared { alarm });
    let interruption = InterruptionId(1);
    tell(
        &directory,
        at(40),
        Fact::Interrupted {
            interruption,
            cause: InterruptionCause::PowerLoss,
            detail: "the room was started again".to_owned(),
            recorded_until: on_air(1, 6),
            voided: vec![act()],
        },
    );
    tell(
        &directory,
        at(45),
        Fact::ContinuedUnrecorded {
            interruption,
            ground: UnrecordedGround::Urgent,
            reason: "嫌疑人即将转院".to_owned(),
            approver: approver(),
            confirmation: Confirmation::TelephoneCode,
        },
    );
    record(
        &directory,
        &mut writer,
        2,
        |second| json!({"clock_error_us": if second < 3 { 1_200_000 } else { 900_000 }}),
    );
    tell(
        &directory,
        on_air(2, 0),
        Fact::Resumed {
            interruption,
            part: PartNumber(2),
        },
    );
    tell(&directory, on_air(2, 2), Fact::StatementMade { interruption });
    tell(&directory, on_air(2, 3), Fact::ClockStepped { by_ms: -1500 });
    let voided = VoidedKey {
        act: act(),
        because: VoidReason::PageChanged,
    };
    tell(
        &directory,
        on_air(2, 4),
        Fact::DocumentPut {
            document: act().document,
            document_kind: shenlu::interview::DocumentKind::Transcript,
            title: "讯问笔录".to_owned(),
            pages: Vec::new(),
            revision: 2,
            voided: vec![voided],
        },
    );
    let mut facts = facts();
    facts.ended = ended.to_owned();
    facts.interview = json!({"room_name": "第一讯问室", "unit": "示范县公安局"});
    close(&directory, &facts).unwrap();
    directory
}

fn says(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
}

#[test]
fn the_report_tells_in_chinese_what_happened() {
    let root = tempfile::tempdir().unwrap();
    let report = check(eventful(root.path(), "complete").path());
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    let text = report.text(&[Language::Chinese]);
    says(
        &text,
        &[
            "一、结论",
            "完好：录像、日志",
            "案件：A1301，某案",
            "警情编号：J77",
            "类别：讯问",
            "房间：a1，第一讯问室",
            "单位：示范县公安局",
            "录像起止：2026-03-04 05:06:37.000 +08:00 至 2026-03-04 05:07:13.000 +08:00",
            "录像 0:00:12.000（共 300 帧），中断 0:00:24.000",
            "CN=shenlu a1",
            "最差 1200.000 ms",
            "时间来源：chrony 对时服务（0:00:06.000）",
            "最长一段在第 2 段 0:00:00.000 起",
            "-1500 毫秒",
            "第 1 段与第 2 段之间：2026-03-04 05:06:43.000 +08:00 至 2026-03-04 05:07:07.000 +08:00，0:00:24.000",
            "原因：断电或系统重启：the room was started again",
            "口头说明（R-15）：已作出，",
            "批准人 赵所长（130009），依据：情况紧急，理由：嫌疑人即将转院，以电话一次性验证码确认",
            "重复画面 5 帧",
            "左声道以静音替代 40 个样本",
            "transcript 第 2 页，张三 (p1)，签字：因发生在中断期间作废",
            "因该页内容更改作废",
            "摄像机信号丢失，办案人员，no signal：",
            "正常结束",
            "没有提供对照",
        ],
    );
    assert!(!text.contains("Verdict"), "{text}");
}

#[test]
fn the_report_tells_in_english_what_happened() {
    let root = tempfile::tempdir().unwrap();
    let report = check(eventful(root.path(), "complete").path());
    let text = report.text(&[Language::English]);
    says(
        &text,
        &[
            "1. Verdict",
            "Sound: recording, journal",
            "kind: interrogation",
            "0:00:12.000 recorded (300 frames), 0:00:24.000 of gaps",
            "worst 1200.000 ms",
            "source: chrony (0:00:06.000)",
            "longest in part 2 from 0:00:00.000",
            "by -1500 ms",
            "reason: power was lost or the system restarted: the room was started again",
            "statement (R-15): made, ",
            "ground: the matter was urgent",
            "5 pictures repeated",
            "transcript page 2, 张三 (p1), signature: voided, it fell into a gap",
            "camera lost, officer, no signal: ",
            "Regular: everything owed",
        ],
    );
    assert!(!text.contains("结论"), "{text}");
    let both = report.to_string();
    assert!(both.find("结论") < both.find("Verdict"), "Chinese comes first");
}

#[test]
fn the_json_has_the_same_and_its_form() {
    let root = tempfile::tempdir().unwrap();
    let report = check(eventful(root.path(), "complete").path());
    let value: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!((&value["form"], &value["verdict"]), (&json!(1), &json!("sound")));
    let figures = &value["figures"];
    assert_eq!(figures["matter"]["case_number"], "A1301");
    assert_eq!(figures["gaps"][0]["cause"], "power-loss");
    assert_eq!(
        figures["gaps"][0]["reason"],
        "power-loss: the room was started again"
    );
    assert_eq!(figures["gaps"][0]["statement"]["state"], "made");
    assert_eq!(figures["gaps"][0]["unrecorded"]["approver"]["number"], "130009");
    let clock = &figures["clock"];
    assert_eq!(
        (&clock["best_error_us"], &clock["worst_error_us"]),
        (&json!(151), &json!(1_200_000))
    );
    assert_eq!(
        (&clock["steps_ms"][0], &clock["steps"][0]["part"]),
        (&json!(-1500), &json!(2))
    );
    assert_eq!(figures["drops"][0]["part"], 1);
    assert_eq!(figures["repeated_frames"], 5);
    assert_eq!(figures["substituted_samples"], json!([40, 0]));
    assert_eq!(figures["voided"].as_array().unwrap().len(), 2);
    assert_eq!(figures["alarms"][0]["alarm"], "camera-lost");
    assert_eq!(figures["alarms"][0]["to"]["media_us"], 4_000_000);
    assert_eq!(figures["signature"]["manifest_holds"], true);
    assert_eq!(value["differences"], json!([]));
}

#[test]
fn the_place_of_a_drop_is_named_by_part_and_media_time() {
    let root = tempfile::tempdir().unwrap();
    let report = check(eventful(root.path(), "complete").path());
    let drops = &report.figures.story.drops;
    assert_eq!(drops.len(), 1, "{report}");
    let repeated: Vec<(u64, u64)> = drops[0]
        .places
        .iter()
        .filter(|place| place.repeated_frames > 0)
        .map(|place| (place.media_us, place.repeated_frames))
        .collect();
    assert_eq!(repeated, [(2_000_000, 5)], "{report}");
}

#[test]
fn an_incomplete_end_is_told_with_reason_approver_and_what_was_not_obtained() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    tell(&directory, at(0), started());
    record(&directory, &mut writer, 1, |_| json!({}));
    tell(
        &directory,
        on_air(1, 5),
        Fact::ClosingIncomplete {
            reason: IncompleteReason::Illness,
            text: "突发疾病送医".to_owned(),
            approver: approver(),
            confirmation: None,
            not_obtained: vec![act()],
            statements_not_obtained: vec![InterruptionId(3)],
        },
    );
    let mut facts = facts();
    facts.ended = "incomplete".to_owned();
    close(&directory, &facts).unwrap();
    let report = check(directory.path());
    assert_eq!(report.verdict, Verdict::NotSound);
    says(
        &report.to_string(),
        &[
            "不完好：审讯未正常结束（见“结束”）；除此之外未发现改动",
            "原因：突发疾病；说明：突发疾病送医",
            "批准人 赵所长（130009），尚未确认",
            "未取得：transcript 第 2 页，张三 (p1)，签字",
            "未作出的口头说明 1 项",
            "Incomplete end, ",
            "error unknown: for 0:00:06.000 of recording",
        ],
    );
}

#[test]
fn every_finding_says_what_it_means_and_what_to_do_in_both_languages() {
    let fixture = fixture();
    flip(&fixture.interview.join(SEGMENT), 9000);
    let report = check(&fixture.interview);
    says(
        &report.to_string(),
        &[
            "✗ fragment-changed [R-03] part-0001/seg-00002.mp4 @ 第 1 段 0:00:02.000",
            "录像内容与登记的摘要不符",
            "处理：该处画面或声音不可采信",
            "FAULT fragment-changed [R-03] part-0001/seg-00002.mp4 @ part 1 0:00:02.000",
            "to do: do not rely on picture or sound there",
        ],
    );
    let has_both = |report: &Report| {
        let all = |f: &shenlu::evidence::verify::Finding| {
            !f.remedy_zh.is_empty() && !f.remedy_en.is_empty() && f.detail_zh != f.detail_en
        };
        report.findings.iter().all(all)
    };
    assert!(has_both(&report));
}

#[test]
fn a_hostile_text_in_the_journal_cannot_write_lines_of_the_report() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    let mut writer = Writer::new(&directory, 2);
    record(&directory, &mut writer, 1, |_| json!({}));
    let alarm = Alarm::MasterFailed;
    let detail = "x\n一、结论\n  完好\u{1b}[2J\u{202e}{0}{1}".to_owned();
    tell(&directory, on_air(1, 1), Fact::AlarmRaised { alarm, detail });
    close(&directory, &facts()).unwrap();
    let text = check(directory.path()).to_string();
    assert_eq!(text.matches("\n一、结论\n").count(), 1, "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("{0}{1}"), "{text}");
}

/// A word for each that the interview may write; a new one fails to compile here.
fn alarms() -> Vec<Alarm> {
    let (camera, channel, disc) = (CameraSlot::Officer, Channel::Left, DiscSlot::Standby);
    let all = vec![
        Alarm::CameraLost { slot: camera },
        Alarm::CameraFrozen { slot: camera },
        Alarm::CameraBlack { slot: camera },
        Alarm::SoundSilent { channel },
        Alarm::SoundZero { channel },
        Alarm::SoundClipping { channel },
        Alarm::MicrophoneLost { channel },
        Alarm::DiscFailed { slot: disc },
        Alarm::DiscSlow { slot: disc },
        Alarm::DiscFull { slot: disc },
        Alarm::DiscMissing { slot: disc },
        Alarm::DiscNearlyFull { slot: disc },
        Alarm::SetsDiffer,
        Alarm::SpoolFull { slot: disc },
        Alarm::MasterFailed,
        Alarm::MasterSpaceLow,
        Alarm::MirrorFailed,
        Alarm::ClockUnsure,
        Alarm::ClockStepped,
        Alarm::ClimateStale,
        Alarm::MediaRestarted,
        Alarm::MediaFailing,
        Alarm::FramesDropped,
        Alarm::InterviewSuspended,
        Alarm::IntentUnreadable,
        Alarm::DeviceKeyReplaced,
        Alarm::DeviceKeyTemporary,
        Alarm::DeviceKeyUnsealed,
        Alarm::CertificateRefused,
        Alarm::TimestampMissing,
        Alarm::LinkLost,
        Alarm::HelpCalled,
        Alarm::TooFewOfficers,
        Alarm::MinorWithoutAdult,
        Alarm::FemaleMinorWithoutFemaleOfficer,
    ];
    for alarm in &all {
        match alarm {
            Alarm::CameraLost { .. }
            | Alarm::CameraFrozen { .. }
            | Alarm::CameraBlack { .. }
            | Alarm::SoundSilent { .. }
            | Alarm::SoundZero { .. }
            | Alarm::SoundClipping { .. }
            | Alarm::MicrophoneLost { .. }
            | Alarm::DiscFailed { .. }
            | Alarm::DiscSlow { .. }
            | Alarm::DiscFull { .. }
            | Alarm::DiscMissing { .. }
            | Alarm::DiscNearlyFull { .. }
            | Alarm::SetsDiffer
            | Alarm::SpoolFull { .. }
            | Alarm::MasterFailed
            | Alarm::MasterSpaceLow
            | Alarm::MirrorFailed
            | Alarm::ClockUnsure
            | Alarm::ClockStepped
            | Alarm::ClimateStale
            | Alarm::MediaRestarted
            | Alarm::MediaFailing
            | Alarm::FramesDropped
            | Alarm::InterviewSuspended
            | Alarm::IntentUnreadable
            | Alarm::DeviceKeyReplaced
            | Alarm::DeviceKeyTemporary
            | Alarm::DeviceKeyUnsealed
            | Alarm::CertificateRefused
            | Alarm::TimestampMissing
            | Alarm::LinkLost
            | Alarm::HelpCalled
            | Alarm::TooFewOfficers
            | Alarm::MinorWithoutAdult
            | Alarm::FemaleMinorWithoutFemaleOfficer => {}
        }
    }
    all
}

#[test]
fn every_alarm_of_the_room_has_its_words_in_the_report() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    for alarm in alarms() {
        let detail = String::new();
        tell(&directory, at(1), Fact::AlarmRaised { alarm, detail });
    }
    let report = check(directory.path());
    assert_eq!(report.figures.story.alarms.len(), alarms().len());
    for language in [Language::Chinese, Language::English] {
        let text = report.text(&[language]);
        for alarm in &report.figures.story.alarms {
            // The journal's own word is what is printed where the table has none.
            assert!(
                !text.contains(&format!("  {}", alarm.alarm)),
                "{}: {text}",
                alarm.alarm
            );
        }
    }
}
