//! The device's secrets in a TPM: never readable below `keys`, the same at every start, given up only when the chip
//! that sealed them is gone, and whole at any cut. Real tpm2-tools, a real software TPM.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use fixtures::tpm::Tpm;
use shenlu::evidence::{
    directory::Place,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys, Opened, SEALED_KEYS, Vault as _, VaultError},
    verify::{Verdict, verify},
};
use shenlu::room::config::TpmChoice;
use shenlu::room::keys::{TpmVault, vault};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(3);
const PLAIN: [&str; 2] = ["ed25519.pem", "sm2.pem"];

fn vault_of(tpm: &Tpm) -> TpmVault {
    vault(&TpmChoice::At(tpm.tcti()), PATIENCE).unwrap()
}

fn open(keys: &Path, tpm: &Tpm) -> Opened {
    DeviceKeys::open(keys, "a1", Some(&vault_of(tpm))).unwrap()
}

/// Every file below `keys` with its bytes.
fn contents(keys: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(keys).unwrap().map(Result::unwrap);
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

fn secrets_of(keys: &Path, tpm: &Tpm) -> [Vec<u8>; 2] {
    let sealed = fs::read(keys.join(SEALED_KEYS)).unwrap();
    let both = vault_of(tpm).unseal(&sealed).unwrap();
    assert_eq!(both.len(), 64);
    [both[..32].to_vec(), both[32..].to_vec()]
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[bits >> shift & 63]))
    };
    bytes
        .as_chunks::<3>()
        .0
        .iter()
        .flat_map(|three| group(three))
        .collect()
}

/// A secret as it may stand in a file: raw, hexadecimal, in base64 at any place of a longer text (as in PKCS#8).
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let inside = |shift: usize| base64(&secret[shift..]).into_bytes();
    vec![
        secret.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        inside(0),
        inside(1),
        inside(2),
    ]
}

fn holds(bytes: &[u8], form: &[u8]) -> bool {
    let unwrapped: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    [bytes, &unwrapped]
        .iter()
        .any(|text| text.windows(form.len()).any(|part| part == form))
}

/// Names of the files in which one of the secrets can be read.
fn leaks(keys: &Path, secrets: &[Vec<u8>; 2]) -> Vec<String> {
    let forms: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let leaky = |bytes: &[u8]| forms.iter().any(|form| holds(bytes, form));
    contents(keys)
        .into_iter()
        .filter(|(_, bytes)| leaky(bytes))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn new_keys_are_sealed_and_can_be_read_in_no_file() {
    let (root, tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let keys = root.path().join("keys");
    let opened = open(&keys, &tpm);
    assert!(opened.replaced.is_empty() && opened.temporary.is_none() && opened.unsealed.is_none());
    let names: Vec<String> = contents(&keys).into_keys().collect();
    assert_eq!(names, [SEALED_KEYS, DEVICE_SM2_PEM, "device.csr", DEVICE_PEM]);
    let mode = fs::metadata(keys.join(SEALED_KEYS)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secrets = secrets_of(&keys, &tpm);
    assert_eq!(leaks(&keys, &secrets), [""; 0]);
    // The search finds what it is to find: the same keys in plain files.
    let plain = root.path().join("plain");
    DeviceKeys::open_or_create(&plain, "a1").unwrap();
    open(&plain, &tpm);
    let secrets = secrets_of(&plain, &tpm);
    fs::write(plain.join("raw"), &secrets[0]).unwrap();
    let pem = Command::new("openssl")
        .args(["pkey", "-inform", "DER"])
        .arg("-in")
        .arg(pkcs8(root.path(), &secrets[0]))
        .output()
        .unwrap();
    fs::write(plain.join("pem"), pem.stdout).unwrap();
    assert_eq!(leaks(&plain, &secrets), ["pem", "raw"]);
}

/// The file of an Ed25519 secret as PKCS#8.
fn pkcs8(root: &Path, secret: &[u8]) -> PathBuf {
    let path = root.join("pkcs8.der");
    let head = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    fs::write(&path, [&head[..], secret].concat()).unwrap();
    path
}

#[test]
fn a_restart_opens_the_same_identity_also_after_the_machine_was_off() {
    let (root, mut tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let keys = root.path().join("keys");
    let first = open(&keys, &tpm).keys;
    let files = contents(&keys);
    tpm.plug_in().unwrap();
    let began = Instant::now();
    let again = open(&keys, &tpm);
    println!("a start with a sealed key: {:?}", began.elapsed());
    assert!(again.replaced.is_empty() && again.temporary.is_none() && again.unsealed.is_none());
    assert_eq!(again.keys.public().id(), first.public().id());
    assert_eq!(again.keys.device_pem(), first.device_pem());
    assert!(first.public().are_good(b"x", &again.keys.sign(b"x")));
    assert_eq!(contents(&keys), files);
}

#[test]
fn plain_keys_are_sealed_when_a_tpm_appears_and_the_identity_stays() {
    let (root, tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let keys = root.path().join("keys");
    let before = DeviceKeys::open_or_create(&keys, "a1").unwrap().keys;
    // What a cut left of their making is as good as the file.
    fs::copy(keys.join("ed25519.pem"), keys.join("ed25519.pem.partial")).unwrap();
    let after = open(&keys, &tpm);
    assert!(after.replaced.is_empty() && after.unsealed.is_none());
    assert_eq!(after.keys.public().id(), before.public().id());
    assert_eq!(after.keys.device_sm2_pem(), before.device_sm2_pem());
    assert_eq!(leaks(&keys, &secrets_of(&keys, &tpm)), [""; 0]);
    assert!(PLAIN.iter().all(|name| !keys.join(name).exists()));
}

#[test]
fn keys_of_another_tpm_are_kept_aside_replaced_and_said_to_be() {
    let (root, mut tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let keys = root.path().join("keys");
    let before = open(&keys, &tpm).keys;
    let sealed = fs::read(keys.join(SEALED_KEYS)).unwrap();
    tpm.clear().unwrap();
    tpm.plug_in().unwrap();
    let after = open(&keys, &tpm);
    assert_eq!(after.replaced.len(), 1);
    let reason = after.replaced[0].to_string();
    assert!(
        reason.contains("did not seal it") && reason.contains("integrity"),
        "{reason}"
    );
    assert_ne!(after.keys.public().id(), before.public().id());
    for name in [SEALED_KEYS, DEVICE_PEM, DEVICE_SM2_PEM] {
        assert!(keys.join(format!("{name}.before-1")).exists(), "{name}");
    }
    assert_eq!(
        fs::read(keys.join(format!("{SEALED_KEYS}.before-1"))).unwrap(),
        sealed
    );
    let again = open(&keys, &tpm);
    assert!(again.replaced.is_empty());
    assert_eq!(again.keys.public().id(), after.keys.public().id());
}

#[test]
fn a_sealed_file_that_is_torn_or_no_longer_opened_by_order_is_replaced_too() {
    for (torn, choice) in [(true, None), (false, Some(TpmChoice::None))] {
        let (root, tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
        let keys = root.path().join("keys");
        let before = open(&keys, &tpm).keys;
        if torn {
            let sealed = fs::read(keys.join(SEALED_KEYS)).unwrap();
            fs::write(keys.join(SEALED_KEYS), &sealed[..sealed.len() / 2]).unwrap();
        }
        let vault = vault(&choice.unwrap_or(TpmChoice::At(tpm.tcti())), PATIENCE);
        let vault = vault.as_ref().map(|vault| vault as _);
        let after = DeviceKeys::open(&keys, "a1", vault).unwrap();
        assert_eq!(after.replaced.len(), 1, "{torn}");
        assert_ne!(after.keys.public().id(), before.public().id());
        assert!(keys.join(format!("{SEALED_KEYS}.before-1")).exists());
    }
}

#[test]
fn a_machine_without_a_tpm_keeps_plain_files_and_seals_nothing() {
    struct NoTpm;
    impl shenlu::evidence::signing::Vault for NoTpm {
        fn seal(&self, _: &[u8]) -> Result<Vec<u8>, VaultError> {
            Err(VaultError::Gone("none".to_owned()))
        }
        fn unseal(&self, _: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
            Err(VaultError::Gone("none".to_owned()))
        }
    }
    let root = tempfile::tempdir().unwrap();
    let keys = root.path().join("keys");
    let first = DeviceKeys::open(&keys, "a1", Some(&NoTpm)).unwrap();
    assert!(first.unsealed.is_some() && first.replaced.is_empty());
    let again = DeviceKeys::open(&keys, "a1", Some(&NoTpm)).unwrap();
    assert_eq!(again.keys.public().id(), first.keys.public().id());
    assert!(PLAIN.iter().all(|name| keys.join(name).exists()));
    // What was sealed on another day is given up: the chip is gone.
    let tpm = Tpm::start().unwrap();
    open(&keys, &tpm);
    let after = DeviceKeys::open(&keys, "a1", Some(&NoTpm)).unwrap();
    assert_eq!(after.replaced.len(), 1);
    assert!(PLAIN.iter().all(|name| keys.join(name).exists()));
}

#[test]
fn a_tpm_that_is_not_reached_costs_seconds_and_touches_no_file() {
    let (root, mut tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let keys = root.path().join("keys");
    let own = open(&keys, &tpm).keys;
    let files = contents(&keys);
    for hangs in [false, true] {
        if hangs {
            tpm.plug_in().unwrap();
            tpm.hang();
        } else {
            tpm.pull_out();
        }
        let began = Instant::now();
        let opened = open(&keys, &tpm);
        let took = began.elapsed();
        println!("a start without an answer of the TPM (hangs: {hangs}): {took:?}");
        assert!(took < PATIENCE + Duration::from_millis(500), "{took:?}");
        let reason = opened.temporary.as_ref().expect("it is out of reach").to_string();
        assert!(reason.contains("tpm2_"), "{reason}");
        assert!(opened.replaced.is_empty());
        assert_ne!(opened.keys.public().id(), own.public().id());
        assert!(opened.keys.public().are_good(b"x", &opened.keys.sign(b"x")));
        assert_eq!(contents(&keys), files, "hangs: {hangs}");
    }
    tpm.go_on();
    tpm.plug_in().unwrap();
    assert_eq!(open(&keys, &tpm).keys.public().id(), own.public().id());
}

#[test]
fn a_tpm_that_comes_late_is_waited_for() {
    let (root, tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let keys = root.path().join("keys");
    let own = open(&keys, &tpm).keys;
    tpm.hang();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(1));
            tpm.go_on();
        });
        let opened = open(&keys, &tpm);
        assert!(opened.temporary.is_none(), "{:?}", opened.temporary);
        assert_eq!(opened.keys.public().id(), own.public().id());
    });
}

#[test]
fn without_the_tools_the_keys_stay_where_they_are() {
    let (root, tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let (sealed, plain) = (root.path().join("sealed"), root.path().join("plain"));
    open(&sealed, &tpm);
    DeviceKeys::open_or_create(&plain, "a1").unwrap();
    let before = (contents(&sealed), contents(&plain));
    let empty = root.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (keys, said) in [(&sealed, "temporary"), (&plain, "unsealed")] {
        let output = child("role_start", keys, &tpm)
            .env("PATH", &empty)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains(&format!("told {said}")), "{told}");
        assert!(told.contains("tpm2-tools"), "{told}");
    }
    assert_eq!((contents(&sealed), contents(&plain)), before);
}

#[test]
fn signatures_of_sealed_keys_verify_with_openssl() {
    let (root, tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
    let place = Place {
        data: root.path().to_owned(),
        mirror: None,
        timestamp: None,
        keys: Arc::new(open(&root.path().join("keys"), &tpm).keys),
    };
    let (directory, _) = closed_interview_at(&place);
    let report = verify(&[directory.path().to_owned()], &[]);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    let script = "set -e
        openssl pkeyutl -verify -pubin -inkey <(openssl x509 -in device.pem -pubkey -noout) -rawin \
            -in manifest.json -sigfile manifest.json.ed25519
        openssl dgst -sm3 -verify <(openssl x509 -in device-sm2.pem -pubkey -noout) \
            -sigopt distid:1234567812345678 -signature manifest.json.sm2 manifest.json";
    let (good, text) = run(directory.path(), "bash", &["-c", script]);
    assert!(good, "{text}");
}

const KEYS: &str = "SHENLU_TEST_KEYS";
const TCTI: &str = "SHENLU_TEST_TCTI";

/// This very binary as a room's start.
fn child(role: &str, keys: &Path, tpm: &Tpm) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", role, "--ignored", "--nocapture"])
        .env(KEYS, keys)
        .env(TCTI, tpm.tcti());
    command
}

#[test]
#[ignore = "a role: a start, as the test wants it"]
fn role_start() {
    let keys = PathBuf::from(std::env::var_os(KEYS).expect("a role is only run by its test"));
    let choice = TpmChoice::At(std::env::var(TCTI).unwrap());
    let vault = vault(&choice, PATIENCE).unwrap();
    let opened = DeviceKeys::open(&keys, "a1", Some(&vault)).unwrap();
    for (what, reason) in [("temporary", &opened.temporary), ("unsealed", &opened.unsealed)] {
        if let Some(reason) = reason {
            println!("\ntold {what}: {reason}");
        }
    }
    println!("\ntold end");
}

/// Starts, killed where it passes a point for the n-th time; whether it was.
fn start_killed_at(keys: &Path, tpm: &Tpm, point: &str, pass: u32) -> bool {
    let output = child("role_start", keys, tpm)
        .env("SHENLU_CRASH_AT", format!("{point}:{pass}"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let was_killed = output.status.code().is_none();
    assert!(was_killed || told.contains("told end"), "{point}: {told}");
    was_killed
}

#[test]
fn a_cut_at_any_step_of_sealing_costs_no_identity_and_leaves_no_secret() {
    let tpm = Tpm::start().unwrap();
    for (point, passes) in [
        ("secret-written", 1),
        ("secret-named", 1),
        ("keys-sealed", 1),
        ("sealed-proved", 1),
        ("plain-dropped", 2),
    ] {
        for pass in 1..=passes {
            let root = tempfile::tempdir().unwrap();
            let keys = root.path().join("keys");
            let before = DeviceKeys::open_or_create(&keys, "a1").unwrap().keys;
            assert!(
                start_killed_at(&keys, &tpm, point, pass),
                "never passed {point}:{pass}"
            );
            let after = open(&keys, &tpm);
            assert!(
                after.replaced.is_empty() && after.unsealed.is_none(),
                "{point}:{pass}"
            );
            assert_eq!(after.keys.public().id(), before.public().id(), "{point}:{pass}");
            assert_eq!(leaks(&keys, &secrets_of(&keys, &tpm)), [""; 0], "{point}:{pass}");
        }
    }
}

#[test]
fn a_cut_while_lost_keys_are_replaced_hides_the_loss_from_nobody() {
    for point in [
        "keys-set-aside",
        "secret-written",
        "secret-named",
        "keys-sealed",
        "sealed-proved",
        "put-written",
        "put-renamed",
    ] {
        let (root, mut tpm) = (tempfile::tempdir().unwrap(), Tpm::start().unwrap());
        let keys = root.path().join("keys");
        let before = open(&keys, &tpm).keys;
        tpm.clear().unwrap();
        tpm.plug_in().unwrap();
        assert!(start_killed_at(&keys, &tpm, point, 1), "never passed {point}");
        let after = open(&keys, &tpm);
        assert_eq!(after.replaced.len(), 1, "{point}");
        assert_ne!(after.keys.public().id(), before.public().id(), "{point}");
        assert_eq!(leaks(&keys, &secrets_of(&keys, &tpm)), [""; 0], "{point}");
        assert!(open(&keys, &tpm).replaced.is_empty(), "{point}");
    }
}
