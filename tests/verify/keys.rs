//! Keys that are lent: folders, PEM files, ids, several at once; and an interview over which the key changed.

use crate::evidence_support::*;
use crate::scene::*;
use shenlu::evidence::{
    adopt::{Recovered, recover},
    closing::close,
    signing::DeviceKeys,
    verify::{Code, Lent, Question, Report, Verdict, answer},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn check_with(path: &Path, keys: &[&Path]) -> Report {
    let read = |key: &&Path| Lent::read(key.to_str().unwrap()).unwrap();
    answer(&Question {
        paths: vec![path.to_owned()],
        keys: keys.iter().map(read).collect(),
        ..Question::default()
    })
}

/// A closed interview whose device lost its key on the way; the folder of the earlier one.
fn interview_of_two_keys(root: &Path) -> (PathBuf, PathBuf) {
    let directory = new_directory(root);
    directory.checkpoint(conditions()).unwrap();
    let (id, path) = (directory.id().clone(), directory.path().to_owned());
    drop(directory);
    let earlier = root.join("earlier");
    copy_tree(&root.join("keys"), &earlier);
    fs::write(root.join("keys/ed25519.pem"), "gone").unwrap();
    let Recovered::Open(adopted) = recover(&place(root), &id, TestClock::new()).unwrap() else {
        panic!("it is open");
    };
    adopted.directory.checkpoint(conditions()).unwrap();
    close(&adopted.directory, &facts()).unwrap();
    (path, earlier)
}

#[test]
fn heads_that_an_earlier_key_signed_are_proved_when_its_certificate_is_lent() {
    let root = tempfile::tempdir().unwrap();
    let (path, earlier) = interview_of_two_keys(root.path());
    let now = root.path().join("keys");
    assert_eq!(codes(&check_with(&path, &[&now])), [Code::CheckpointUnproved]);
    let report = check_with(&path, &[&now, &earlier]);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    let signature = report.figures.signature.as_ref().unwrap();
    assert_eq!((signature.heads, signature.heads_proved), (2, 2));
    let before = Lent::read(earlier.to_str().unwrap()).unwrap().id;
    assert_eq!(signature.earlier_keys, std::slice::from_ref(&before));
    assert!(report.to_string().contains(&before));
    // The earlier key alone did not sign the manifest.
    let report = check_with(&path, &[&earlier]);
    assert_eq!(codes(&report), [Code::KeyUnexpected], "{report}");
}

#[test]
fn the_earlier_certificates_are_kept_in_the_interview_and_can_be_lent_from_there() {
    let root = tempfile::tempdir().unwrap();
    let (path, earlier) = interview_of_two_keys(root.path());
    let id = Lent::read(earlier.to_str().unwrap()).unwrap().id;
    let kept = path.join(format!("attachments/device-{}", &id[..16]));
    for name in ["device.pem", "device-sm2.pem"] {
        assert_eq!(
            fs::read(kept.join(name)).unwrap(),
            fs::read(earlier.join(name)).unwrap()
        );
    }
    let report = check_with(&path, &[&root.path().join("keys"), &kept]);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    // A recovery that comes again finds nothing to do.
    assert_eq!(fs::read_dir(path.join("attachments")).unwrap().count(), 1);
}

#[test]
fn a_key_is_given_as_a_folder_a_pem_file_a_bundle_or_an_id() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let own = root.path().join("keys");
    let id = keys(root.path()).public().id();
    let pem = |name: &str| fs::read_to_string(own.join(name)).unwrap();
    let (device, device_sm2) = (pem("device.pem"), pem("device-sm2.pem"));
    let bundle = root.path().join("bundle.pem");
    let reversed = root.path().join("reversed.pem");
    let alone = root.path().join("alone.pem");
    fs::write(&bundle, format!("room a1\n{device}{device_sm2}")).unwrap();
    fs::write(&reversed, format!("{device_sm2}{device}")).unwrap();
    fs::write(&alone, &device).unwrap();
    for (given, proves) in [
        (own.clone(), true),
        (own.join("device.pem"), true),
        (bundle, true),
        (reversed, true),
        (alone, false),
        (PathBuf::from(&id), false),
        (PathBuf::from(id.to_uppercase()), false),
    ] {
        let lent = Lent::read(given.to_str().unwrap()).unwrap();
        assert_eq!(
            (lent.id.as_str(), lent.certified.is_some()),
            (id.as_str(), proves)
        );
        let report = check_with(directory.path(), &[&given]);
        assert_eq!(report.verdict, Verdict::Sound, "{report}");
        assert!(report.to_string().contains("matches"), "{report}");
    }
}

#[test]
fn a_key_that_names_nothing_is_refused() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("empty.pem"), "").unwrap();
    fs::write(root.path().join("device.pem"), "nonsense").unwrap();
    fs::write(root.path().join("device-sm2.pem"), "nonsense").unwrap();
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    for bad in [
        path(""),
        path("empty.pem"),
        path("absent"),
        "abc".to_owned(),
        "g".repeat(64),
    ] {
        assert!(Lent::read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn one_of_several_keys_must_have_signed() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let other = |n: &str| {
        let dir = root.path().join(n);
        DeviceKeys::open_or_create(&dir, "b1").unwrap();
        dir
    };
    let (one, two) = (other("one"), other("two"));
    let report = check_with(directory.path(), &[&one, &two]);
    assert_eq!(codes(&report), [Code::KeyUnexpected], "{report}");
    assert!(report.to_string().contains("does not match"));
    let own = root.path().join("keys");
    assert_eq!(
        check_with(directory.path(), &[&one, &own]).verdict,
        Verdict::Sound
    );
}
