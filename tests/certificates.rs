//! A certificate from an authority in the place of the self-signed one: asked for with the device's own request,
//! taken when it is of the device's key, carried by the evidence, told by verify. Real OpenSSL as the authority.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use shenlu::evidence::{
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys},
    verify::{Verdict, verify},
};
use std::{fs, path::Path};

/// An authority in `root/ca`, with an intermediate one that issues.
fn make_authority(root: &Path) {
    let script = "set -e; mkdir ca; cd ca
        printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\n' > ca.ext
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem \
            -days 3650 -subj '/O=Province/CN=Root'
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout county.key -out county.csr \
            -subj '/O=County/CN=Evidence CA'
        openssl x509 -req -in county.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3650 \
            -extfile ca.ext -out county.pem";
    let (good, text) = run(root, "bash", &["-c", script]);
    assert!(good, "{text}");
}

fn issue(root: &Path, keys: &str) {
    let script = format!(
        "set -e
        openssl req -verify -noout -in {keys}/device.csr
        openssl x509 -req -in {keys}/device.csr -CA ca/county.pem -CAkey ca/county.key -CAcreateserial \
            -days 3650 -out issued.pem"
    );
    let (good, text) = run(root, "bash", &["-c", &script]);
    assert!(good, "{text}");
}

fn issued_with_chain(root: &Path) -> Vec<u8> {
    [
        fs::read(root.join("issued.pem")).unwrap(),
        fs::read(root.join("ca/county.pem")).unwrap(),
    ]
    .concat()
}

#[test]
fn a_certificate_that_an_authority_issued_to_the_request_is_taken_carried_and_told() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("keys");
    let before = DeviceKeys::open_or_create(&dir, "a1").unwrap().keys;
    make_authority(root.path());
    issue(root.path(), "keys");
    let chain = issued_with_chain(root.path());
    fs::write(dir.join(DEVICE_PEM), &chain).unwrap();
    let after = DeviceKeys::open_or_create(&dir, "a1").unwrap();
    assert!(after.refused.is_empty() && after.replaced.is_empty());
    assert_eq!(after.keys.public().id(), before.public().id());
    assert_eq!(after.keys.device_pem().as_bytes(), chain);

    let (directory, _) = closed_interview(root.path());
    assert_eq!(fs::read(directory.path().join(DEVICE_PEM)).unwrap(), chain);
    let authority = root.path().join("ca/root.pem");
    let script = format!(
        "set -e
        openssl verify -CAfile {authority:?} -untrusted device.pem device.pem
        openssl pkeyutl -verify -pubin -inkey <(openssl x509 -in device.pem -pubkey -noout) -rawin \
            -in manifest.json -sigfile manifest.json.ed25519"
    );
    let (good, text) = run(directory.path(), "bash", &["-c", &script]);
    assert!(good, "{text}");
    let report = verify(&[directory.path().to_owned()], &[]);
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    let issuer = report.figures.issuer.clone().unwrap();
    assert!(issuer.contains("CN=Evidence CA"), "{issuer}");
    assert!(report.to_string().contains("issuer: CN=Evidence CA"));
    let again = DeviceKeys::open_or_create(&dir, "a1").unwrap();
    assert_eq!(again.keys.device_pem().as_bytes(), chain, "it stays");
}

#[test]
fn a_self_signed_certificate_is_told_as_such() {
    let root = tempfile::tempdir().unwrap();
    let (directory, _) = closed_interview(root.path());
    let report = verify(&[directory.path().to_owned()], &[]);
    assert_eq!(report.figures.issuer.as_deref(), Some("self-signed"));
    assert!(report.to_string().contains("self-signed"), "{report}");
}

#[test]
fn a_certificate_of_another_key_or_none_at_all_is_set_aside_and_told() {
    let root = tempfile::tempdir().unwrap();
    make_authority(root.path());
    DeviceKeys::open_or_create(&root.path().join("other"), "a1").unwrap();
    issue(root.path(), "other");
    let foreign = issued_with_chain(root.path());
    for (n, (name, put)) in [
        (DEVICE_PEM, foreign.as_slice()),
        (DEVICE_PEM, b"no certificate"),
        (DEVICE_PEM, b""),
        (DEVICE_PEM, b"\xff\xfe"),
        (DEVICE_SM2_PEM, foreign.as_slice()),
    ]
    .into_iter()
    .enumerate()
    {
        let dir = root.path().join(format!("keys-{n}"));
        let before = DeviceKeys::open_or_create(&dir, "a1").unwrap().keys;
        fs::write(dir.join(name), put).unwrap();
        let after = DeviceKeys::open_or_create(&dir, "a1").unwrap();
        assert_eq!(after.refused.len(), 1, "{n}");
        assert!(after.refused[0].to_string().contains(name), "{:?}", after.refused);
        assert!(after.replaced.is_empty());
        assert_eq!(after.keys.public().id(), before.public().id(), "{n}");
        assert_eq!(after.keys.device_pem(), before.device_pem(), "{n}");
        assert_eq!(fs::read(dir.join(format!("{name}.before-1"))).unwrap(), put);
        assert!(after.keys.public().are_good(b"x", &after.keys.sign(b"x")));
        let again = DeviceKeys::open_or_create(&dir, "a1").unwrap();
        assert!(again.refused.is_empty(), "told once");
    }
}

#[test]
fn a_certificate_signed_by_nobody_under_its_own_name_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("keys");
    let keys = DeviceKeys::open_or_create(&dir, "a1").unwrap().keys;
    let script = "openssl x509 -in keys/device.pem -outform DER -out own.der
        size=$(stat -c %s own.der); printf '\\x00' | dd of=own.der bs=1 seek=$((size - 1)) conv=notrunc status=none
        openssl x509 -inform DER -in own.der -out keys/device.pem";
    let (good, text) = run(root.path(), "bash", &["-c", script]);
    assert!(good, "{text}");
    if fs::read_to_string(dir.join(DEVICE_PEM)).unwrap() == keys.device_pem() {
        return; // the last byte of the signature was zero before: nothing was changed
    }
    let after = DeviceKeys::open_or_create(&dir, "a1").unwrap();
    assert_eq!(after.refused.len(), 1);
    assert_eq!(after.keys.device_pem(), keys.device_pem());
}

#[test]
fn a_room_under_another_name_renews_what_it_signed_itself_and_leaves_the_authoritys() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("keys");
    let before = DeviceKeys::open_or_create(&dir, "a1").unwrap().keys;
    let after = DeviceKeys::open_or_create(&dir, "b2").unwrap();
    assert!(after.refused.is_empty() && after.replaced.is_empty());
    assert_eq!(after.keys.public().id(), before.public().id());
    assert_eq!(after.keys.public().subject, "CN=shenlu b2");
    let (_, text) = run(
        root.path(),
        "openssl",
        &["x509", "-in", "keys/device-sm2.pem", "-noout", "-subject"],
    );
    assert!(text.contains("shenlu b2"), "{text}");
    make_authority(root.path());
    issue(root.path(), "keys");
    fs::write(dir.join(DEVICE_PEM), issued_with_chain(root.path())).unwrap();
    let third = DeviceKeys::open_or_create(&dir, "c3").unwrap();
    assert!(third.refused.is_empty());
    assert_eq!(
        third.keys.public().subject,
        "CN=shenlu b2",
        "only the authority can change its own"
    );
}
