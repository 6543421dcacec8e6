//! The device's signatures: OpenSSL alone can check them, nobody without the keys can make them, and a key that
//! was lost is replaced and said to be. Real OpenSSL, real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use shenlu::evidence::{
    adopt::{Recovered, recover},
    closing::finish,
    digest::Digests,
    journal::Journal,
    line::{Chain, Line},
    now::Stamp,
    signing::{
        DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys, MANIFEST_ED25519, MANIFEST_SM2, PublicKeys,
        is_key_or_signature,
    },
    sums::{Files, KnownFile, SHA256SUMS, SM3SUMS, list_files, sha256sums, sm3sums},
    verify::{Code, Report, Verdict, verify},
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

fn check(path: &Path) -> Report {
    verify(&[path.to_owned()], &[])
}

fn found(report: &Report, code: Code) -> bool {
    report.findings.iter().any(|finding| finding.code == code)
}

#[test]
fn openssl_alone_verifies_both_signatures_and_both_certificates() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let commands = "set -e
        openssl x509 -in device.pem -pubkey -noout > \"$TMP/device.pub\"
        openssl pkeyutl -verify -pubin -inkey \"$TMP/device.pub\" -rawin -in manifest.json -sigfile manifest.json.ed25519
        openssl x509 -in device-sm2.pem -pubkey -noout > \"$TMP/device-sm2.pub\"
        openssl dgst -sm3 -verify \"$TMP/device-sm2.pub\" -sigopt distid:1234567812345678 \
            -signature manifest.json.sm2 manifest.json
        openssl verify -CAfile device.pem device.pem
        openssl verify -vfyopt distid:1234567812345678 -CAfile device-sm2.pem device-sm2.pem";
    let script = format!("TMP={:?}\n{commands}", root.path());
    let (good, text) = run(directory.path(), "bash", &["-c", &script]);
    assert!(good, "{text}");
    let (good, text) = run(
        directory.path(),
        "bash",
        &["-c", &script.replace("in manifest.json ", "in journal.jsonl ")],
    );
    assert!(!good, "another file passes as the manifest: {text}");
}

#[test]
fn openssl_alone_verifies_a_checkpoint_from_its_line() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let script = format!(
        "set -e; cd {:?}
        line=$(grep -m1 '\"kind\":\"checkpoint\"' journal.jsonl)
        field() {{ jq -r \".data.$1\" <<<\"$line\"; }}
        uuid=$(head -n1 journal.jsonl | jq -r .data.uuid)
        printf 'shenlu checkpoint 1\\n%s\\n%s\\n%s\\n' \"$uuid\" \"$(field seq)\" \"$(field hash)\" > ../text
        field ed25519 | perl -ne 'chomp; print pack(\"H*\", $_)' > ../signature
        openssl x509 -in device.pem -pubkey -noout > ../device.pub
        openssl pkeyutl -verify -pubin -inkey ../device.pub -rawin -in ../text -sigfile ../signature",
        directory.path()
    );
    let (good, text) = run(root.path(), "bash", &["-c", &script]);
    assert!(good, "{text}");
}

#[test]
fn a_sound_interview_says_who_signed_it_and_how_often() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let report = check(directory.path());
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    let id = keys(root.path()).public().id();
    assert_eq!(report.figures.signed_by.as_deref(), Some(id.as_str()));
    assert_eq!(report.figures.checkpoints, 2);
    assert!(report.to_string().contains("CN=shenlu a1"), "{report}");
    assert_eq!(report.clone().expecting_key(&id).verdict, Verdict::Sound);
    let other = DeviceKeys::ephemeral("a1").unwrap().public().id();
    let report = report.expecting_key(&other);
    assert!(found(&report, Code::KeyUnexpected), "{report}");
}

/// Somebody who can recompute everything but has not the device's keys.
struct Forger {
    _root: tempfile::TempDir,
    interview: PathBuf,
    keys: DeviceKeys,
    originals: BTreeMap<&'static str, Vec<u8>>,
}

const SIGNED: [&str; 4] = [DEVICE_PEM, DEVICE_SM2_PEM, MANIFEST_ED25519, MANIFEST_SM2];

impl Forger {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (directory, _) = closed_interview(root.path());
        let interview = directory.path().to_owned();
        let originals = SIGNED.map(|name| (name, fs::read(interview.join(name)).unwrap()));
        Forger {
            _root: root,
            interview,
            keys: DeviceKeys::ephemeral("a1").unwrap(),
            originals: originals.into(),
        }
    }

    /// Changes the journal and computes its chain anew.
    fn rewrite_journal(&self, change: impl Fn(Line) -> Option<Line>) {
        let path = self.interview.join("journal.jsonl");
        let mut chain = Chain::default();
        let mut bytes = Vec::new();
        for line in Journal::read(&path).unwrap().into_iter().filter_map(change) {
            let stamp = Stamp {
                at: line.at().unwrap(),
                boot: line.boot.clone(),
                mono_us: line.mono_us,
            };
            let again = chain.make(stamp, &line.kind, line.data).unwrap();
            bytes.extend(again.to_bytes().unwrap());
            chain.advance(again);
        }
        fs::write(path, bytes).unwrap();
    }

    /// Manifest, signatures and sums made anew, with the forger's keys.
    fn close_again(&self) {
        for name in SIGNED.iter().chain(&[SHA256SUMS]) {
            fs::remove_file(self.interview.join(name)).unwrap();
        }
        finish(&self.interview, &self.keys, None, None).unwrap();
    }

    fn put_back(&self, names: &[&str]) {
        for name in names {
            fs::write(self.interview.join(name), &self.originals[name]).unwrap();
        }
    }

    fn sum_up(&self) {
        let mut files = Files::new();
        for name in list_files(&self.interview).unwrap() {
            let bytes = fs::read(self.interview.join(&name)).unwrap();
            let known = KnownFile {
                size: bytes.len() as u64,
                digests: Digests::of(&bytes),
            };
            files.insert(name, known);
        }
        files.retain(|name, _| !matches!(name.as_str(), SHA256SUMS | SM3SUMS));
        fs::write(self.interview.join(SM3SUMS), sm3sums(&files)).unwrap();
        fs::write(self.interview.join(SHA256SUMS), sha256sums(&files)).unwrap();
    }

    fn caught(&self, code: Code) {
        let report = check(&self.interview);
        assert_eq!(report.verdict, Verdict::NotSound, "{report}");
        assert!(found(&report, code), "no {code:?}:\n{report}");
    }
}

/// A lawful change of the facts: the case number in the closing line.
fn another_case(mut line: Line) -> Option<Line> {
    if line.kind == "closed" {
        line.data["interview"]["case_number"] = "B9999".into();
    }
    Some(line)
}

#[test]
fn a_changed_fact_with_everything_recomputed_and_the_old_signatures_is_found() {
    let forger = Forger::new();
    forger.rewrite_journal(another_case);
    forger.close_again();
    forger.put_back(&SIGNED);
    forger.sum_up();
    forger.caught(Code::SignatureWrong);
}

#[test]
fn a_changed_line_before_a_checkpoint_is_found_by_the_checkpoint() {
    let forger = Forger::new();
    forger.rewrite_journal(|mut line| {
        if line.kind == "fragment" {
            line.data.insert("repeated".into(), 7.into());
        }
        Some(line)
    });
    forger.close_again();
    forger.put_back(&SIGNED);
    forger.sum_up();
    forger.caught(Code::CheckpointWrong);
}

#[test]
fn a_forger_who_signs_with_his_own_key_is_found_by_the_first_line() {
    let forger = Forger::new();
    forger.close_again();
    forger.caught(Code::KeyForeign);
}

#[test]
fn a_forger_who_names_his_own_key_in_the_journal_has_no_checkpoints() {
    let forger = Forger::new();
    let id = forger.keys.public().id();
    forger.rewrite_journal(|mut line| {
        if line.kind == "opened" {
            line.data.insert("device_key".into(), id.clone().into());
        }
        Some(line)
    });
    forger.close_again();
    forger.caught(Code::CheckpointWrong);
}

#[test]
fn a_forger_who_signs_everything_anew_is_known_by_his_key_only() {
    let forger = Forger::new();
    let device =
        PublicKeys::from_pem(&forger.originals[DEVICE_PEM], &forger.originals[DEVICE_SM2_PEM]).unwrap();
    let id = forger.keys.public().id();
    forger.rewrite_journal(|mut line| {
        if line.kind == "opened" {
            line.data.insert("device_key".into(), id.clone().into());
        }
        (line.kind != "checkpoint").then_some(line)
    });
    forger.close_again();
    let report = check(&forger.interview);
    assert_eq!(report.figures.signed_by, Some(id.clone()), "{report}");
    let report = report.expecting_key(&device.id());
    assert!(found(&report, Code::KeyUnexpected), "{report}");
}

#[test]
fn signatures_that_are_left_out_are_missed() {
    for name in SIGNED {
        let forger = Forger::new();
        fs::remove_file(forger.interview.join(name)).unwrap();
        forger.sum_up();
        forger.caught(Code::SignatureMissing);
    }
}

#[test]
fn certificates_swapped_for_others_are_found() {
    let forger = Forger::new();
    fs::write(forger.interview.join(DEVICE_PEM), forger.keys.device_pem()).unwrap();
    fs::write(
        forger.interview.join(DEVICE_SM2_PEM),
        forger.keys.device_sm2_pem(),
    )
    .unwrap();
    forger.sum_up();
    forger.caught(Code::SignatureWrong);
}

#[test]
fn a_closing_cut_behind_its_signatures_is_completed_and_sound() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    for left in [vec![], vec![DEVICE_PEM], SIGNED.to_vec()] {
        for name in SIGNED.iter().filter(|name| !left.contains(name)) {
            let _ = fs::remove_file(directory.path().join(name));
        }
        for name in [SHA256SUMS, SM3SUMS, "manifest.json"] {
            let _ = fs::remove_file(directory.path().join(name));
        }
        let recovered = recover(&place(root.path()), directory.id(), TestClock::new()).unwrap();
        assert!(matches!(recovered, Recovered::Closed(_)));
        let report = check(directory.path());
        assert_eq!(report.verdict, Verdict::Sound, "{left:?}: {report}");
    }
}

#[test]
fn keys_are_for_the_owner_only_and_the_same_at_every_start() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("keys");
    let first = DeviceKeys::open_or_create(&dir, "a1").unwrap();
    let again = DeviceKeys::open_or_create(&dir, "a1").unwrap();
    assert_eq!(first.keys.public().id(), again.keys.public().id());
    assert_eq!(first.keys.device_pem(), again.keys.device_pem());
    assert_eq!(first.keys.device_sm2_pem(), again.keys.device_sm2_pem());
    assert!(first.replaced.is_empty() && again.replaced.is_empty());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(
        (mode(&dir.join("ed25519.pem")), mode(&dir.join("sm2.pem"))),
        (0o600, 0o600)
    );
}

#[test]
fn a_key_that_cannot_be_read_is_kept_aside_replaced_and_said_to_be() {
    for (lost, algorithm) in [("ed25519.pem", "Ed25519"), ("sm2.pem", "SM2")] {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("keys");
        let before = DeviceKeys::open_or_create(&dir, "a1").unwrap().keys;
        fs::write(dir.join(lost), "-----BEGIN PRIVATE KEY-----\nAAAA\n").unwrap();
        let after = DeviceKeys::open_or_create(&dir, "a1").unwrap();
        assert_eq!(after.replaced.len(), 1);
        assert!(
            after.replaced[0].to_string().contains(algorithm),
            "{:?}",
            after.replaced
        );
        // Both are one identity; nothing of the old one is written over.
        for name in ["ed25519.pem", "sm2.pem", DEVICE_PEM, DEVICE_SM2_PEM] {
            assert!(dir.join(format!("{name}.before-1")).exists(), "{name}");
        }
        assert_ne!(after.keys.public().id(), before.public().id());
        assert!(after.keys.public().are_good(b"x", &after.keys.sign(b"x")));
        assert!(
            DeviceKeys::open_or_create(&dir, "a1")
                .unwrap()
                .replaced
                .is_empty()
        );
    }
}

#[test]
fn a_key_that_is_gone_is_missed_and_one_that_cannot_be_opened_does_not_stop_the_start() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("keys");
    DeviceKeys::open_or_create(&dir, "a1").unwrap();
    fs::remove_file(dir.join("ed25519.pem")).unwrap();
    assert_eq!(DeviceKeys::open_or_create(&dir, "a1").unwrap().replaced.len(), 1);
    fs::remove_file(dir.join("sm2.pem")).unwrap();
    fs::create_dir(dir.join("sm2.pem")).unwrap();
    assert_eq!(DeviceKeys::open_or_create(&dir, "a1").unwrap().replaced.len(), 1);
}

#[test]
fn a_closing_that_was_signed_before_the_key_was_lost_keeps_its_signatures() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let signature = fs::read(directory.path().join(MANIFEST_ED25519)).unwrap();
    fs::remove_file(directory.path().join(SHA256SUMS)).unwrap();
    fs::write(root.path().join("keys/ed25519.pem"), "gone").unwrap();
    let recovered = recover(&place(root.path()), directory.id(), TestClock::new()).unwrap();
    assert!(matches!(recovered, Recovered::Closed(_)));
    assert_eq!(
        fs::read(directory.path().join(MANIFEST_ED25519)).unwrap(),
        signature
    );
    let report = check(directory.path());
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
}

#[test]
fn an_interview_begun_under_a_lost_key_goes_on_under_the_new_one_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let directory = new_directory(root.path());
    directory.checkpoint(conditions()).unwrap();
    let (id, path) = (directory.id().clone(), directory.path().to_owned());
    drop(directory);
    fs::write(root.path().join("keys/ed25519.pem"), "gone").unwrap();
    let Recovered::Open(adopted) = recover(&place(root.path()), &id, TestClock::new()).unwrap() else {
        panic!("it is open");
    };
    adopted.directory.checkpoint(conditions()).unwrap();
    shenlu::evidence::closing::close(&adopted.directory, &facts()).unwrap();
    let report = check(&path);
    // What the old key signed cannot be proved with what lies here, and verify does not pretend.
    assert_eq!(report.verdict, Verdict::NotSound, "{report}");
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::CheckpointUnproved], "{report}");
    assert_eq!(report.figures.checkpoints, 1);
}

#[test]
fn only_keys_and_signatures_stand_outside_the_manifest() {
    let root = tempfile::tempdir().unwrap();
    let (directory, closed) = closed_interview(root.path());
    let manifest = fs::read_to_string(directory.path().join("manifest.json")).unwrap();
    for name in closed.files.keys() {
        let named = manifest.contains(&format!("\"path\":\"{name}\""));
        assert_eq!(
            named,
            !is_key_or_signature(name) && name != "manifest.json",
            "{name}"
        );
    }
    let id = keys(root.path()).public().id();
    assert!(manifest.contains(&format!("\"key_id\":\"{id}\"")), "{manifest}");
}
