//! Trusted time: a stamp that plain OpenSSL verifies, a closing that no server can hold up or spoil, and a verify
//! that finds a stamp of something else. Real `openssl ts`, real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail like tests

mod evidence_support;

use evidence_support::*;
use fixtures::timestamp::{Behaviour, Keys, TimestampServer};
use shenlu::evidence::{
    adopt::{Recovered, recover},
    closing::{ClosedInterview, Stamping},
    directory::{InterviewDirectory, Place},
    signing::MANIFEST_TSR,
    sums::{SHA256SUMS, SM3SUMS},
    timestamp::{StampError, TimestampServer as Asked},
    verify::{Code, Report, Verdict, verify},
};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// The bound of the closing, and what the rest of it may take on a busy machine.
const WITHIN: Duration = Duration::from_millis(5_000 + 1_500);

fn place_with(root: &Path, url: &str) -> Place {
    Place {
        timestamp: Some(Arc::new(Asked::new(url, None).unwrap())),
        ..place(root)
    }
}

fn close_with(root: &Path, server: &TimestampServer) -> (InterviewDirectory, ClosedInterview) {
    closed_interview_at(&place_with(root, &server.url()))
}

fn check(path: &Path) -> Report {
    verify(&[path.to_owned()], &[])
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

fn openssl_verifies(directory: &Path, server: &TimestampServer) -> (bool, String) {
    let authority = server.authority().display().to_string();
    let command = [
        "ts",
        "-verify",
        "-in",
        "manifest.json.tsr",
        "-data",
        "manifest.json",
        "-CAfile",
        &authority,
    ];
    run(directory, "openssl", &command)
}

#[test]
fn a_stamp_verifies_with_plain_openssl_and_stands_in_the_sums() {
    for keys in [Keys::Rsa, Keys::Elliptic] {
        let (root, server) = (
            tempfile::tempdir().unwrap(),
            TimestampServer::start(keys).unwrap(),
        );
        let (directory, closed) = close_with(root.path(), &server);
        let Stamping::Stamped(stamp) = &closed.stamping else {
            panic!("{keys:?}: {:?}", closed.stamping);
        };
        assert_eq!(server.asked(), 1);
        let (good, text) = openssl_verifies(directory.path(), &server);
        assert!(good && text.contains("Verification: OK"), "{keys:?}: {text}");
        for (command, sums) in [("sha256sum", SHA256SUMS), ("cksum", SM3SUMS)] {
            let algorithm: &[&str] = if command == "cksum" { &["-a", "sm3"] } else { &[] };
            let (good, text) = run(directory.path(), command, &[algorithm, &["-c", sums]].concat());
            assert!(good && text.contains("manifest.json.tsr: OK"), "{text}");
        }
        let report = check(directory.path());
        assert_eq!(report.verdict, Verdict::Sound, "{report}");
        assert_eq!(report.figures.timestamp.as_ref(), Some(stamp));
        assert_eq!(stamp.unproved, None);
        assert!(stamp.signer.contains("CN=Stamps"), "{stamp:?}");
        assert!(
            stamp.at.ends_with('Z') && stamp.serial.starts_with("0400a"),
            "{stamp:?}"
        );
        assert!(report.to_string().contains(&stamp.at), "{report}");
    }
}

#[test]
fn a_room_without_a_server_closes_without_a_stamp_and_misses_none() {
    let root = tempfile::tempdir().unwrap();
    let (directory, closed) = closed_interview(root.path());
    assert!(matches!(closed.stamping, Stamping::NotWanted));
    assert!(!directory.path().join(MANIFEST_TSR).exists());
    assert_eq!(check(directory.path()).verdict, Verdict::Sound);
}

/// Closes without a stamp, in time, sound; the reason.
fn closes_without(root: &Path, url: &str) -> StampError {
    let began = Instant::now();
    let (directory, closed) = closed_interview_at(&place_with(root, url));
    let took = began.elapsed();
    assert!(took < WITHIN, "{took:?}");
    assert!(!directory.path().join(MANIFEST_TSR).exists());
    assert!(!closed.files.contains_key(MANIFEST_TSR));
    let report = check(directory.path());
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    let Stamping::Missing(reason) = closed.stamping else {
        panic!("{:?}", closed.stamping);
    };
    println!("closed after {took:?}: {reason}");
    reason
}

#[test]
fn a_server_that_is_down_costs_the_closing_a_moment() {
    let root = tempfile::tempdir().unwrap();
    let port = {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        taken.local_addr().unwrap().port()
    };
    let reason = closes_without(root.path(), &format!("http://127.0.0.1:{port}/"));
    assert!(matches!(reason, StampError::Unreachable { .. }), "{reason}");
}

#[test]
fn whatever_a_server_does_the_interview_closes_in_time_and_says_why() {
    let server = TimestampServer::start(Keys::Elliptic).unwrap();
    // The first stamp ever given is of another interview.
    let root = tempfile::tempdir().unwrap();
    close_with(root.path(), &server);
    type Expected = fn(&StampError) -> bool;
    let cases: [(Behaviour, Expected); 10] = [
        (Behaviour::Hangs, |e| matches!(e, StampError::Unreachable { .. })),
        (Behaviour::Trickles, |e| {
            matches!(e, StampError::Unreachable { .. })
        }),
        (Behaviour::Floods, |e| matches!(e, StampError::Unreachable { .. })),
        (Behaviour::Garbage, |e| matches!(e, StampError::Form(_))),
        (Behaviour::Fails, |e| matches!(e, StampError::Http(500))),
        (
            Behaviour::Refuses,
            |e| matches!(e, StampError::Refused { status: 2, said } if said == "not today"),
        ),
        (Behaviour::StampsAnother, |e| {
            matches!(e, StampError::OtherImprint)
        }),
        (Behaviour::Replays, |e| matches!(e, StampError::OtherImprint)),
        (Behaviour::HidesCertificate, |e| {
            matches!(e, StampError::NoCertificate)
        }),
        (Behaviour::Damages, |e| {
            matches!(e, StampError::Signature(_) | StampError::Form(_))
        }),
    ];
    for (behaviour, is_expected) in cases {
        server.behave(behaviour);
        let root = tempfile::tempdir().unwrap();
        let asked = server.asked();
        let reason = closes_without(root.path(), &server.url());
        assert!(is_expected(&reason), "{behaviour:?}: {reason}");
        assert_eq!(
            server.asked() - asked,
            2,
            "{behaviour:?}: it is asked once more, and no oftener"
        );
    }
}

#[test]
fn an_old_answer_about_the_same_manifest_is_refused_by_its_nonce() {
    let (root, server) = (
        tempfile::tempdir().unwrap(),
        TimestampServer::start(Keys::Elliptic).unwrap(),
    );
    server.behave(Behaviour::Replays);
    let place = place_with(root.path(), &server.url());
    let (directory, closed) = closed_interview_at(&place);
    assert!(
        matches!(closed.stamping, Stamping::Stamped(_)),
        "the first is its own"
    );
    // The same closing once more, its stamp lost: the server gives the old one.
    for name in [SHA256SUMS, SM3SUMS, MANIFEST_TSR] {
        fs::remove_file(directory.path().join(name)).unwrap();
    }
    let Recovered::Closed(closed) = recover(&place, directory.id(), TestClock::new()).unwrap() else {
        panic!("it was closed");
    };
    assert!(
        matches!(closed.stamping, Stamping::Missing(StampError::OtherNonce)),
        "{:?}",
        closed.stamping
    );
    assert_eq!(check(directory.path()).verdict, Verdict::Sound);
}

#[test]
fn a_closing_that_is_completed_keeps_its_stamp_and_drops_half_of_one() {
    let (root, server) = (
        tempfile::tempdir().unwrap(),
        TimestampServer::start(Keys::Elliptic).unwrap(),
    );
    let (directory, _) = close_with(root.path(), &server);
    let stamp = fs::read(directory.path().join(MANIFEST_TSR)).unwrap();
    // Cut behind the stamp; no server is needed any more, and none configured.
    fs::remove_file(directory.path().join(SHA256SUMS)).unwrap();
    let Recovered::Closed(closed) = recover(&place(root.path()), directory.id(), TestClock::new()).unwrap()
    else {
        panic!("it was closed");
    };
    assert!(matches!(closed.stamping, Stamping::Stamped(_)));
    assert_eq!(fs::read(directory.path().join(MANIFEST_TSR)).unwrap(), stamp);
    assert_eq!(check(directory.path()).verdict, Verdict::Sound);
    // Cut inside the stamp, and the server gone.
    fs::remove_file(directory.path().join(SHA256SUMS)).unwrap();
    fs::write(directory.path().join(MANIFEST_TSR), &stamp[..stamp.len() / 2]).unwrap();
    fs::write(directory.path().join("manifest.json.tsr.partial"), b"half").unwrap();
    let place = place_with(root.path(), "http://127.0.0.1:1/");
    let Recovered::Closed(closed) = recover(&place, directory.id(), TestClock::new()).unwrap() else {
        panic!("it was closed");
    };
    assert!(matches!(closed.stamping, Stamping::Missing(_)));
    let report = check(directory.path());
    assert_eq!(report.verdict, Verdict::Sound, "{report}");
    // Closed is closed: a server that is back changes nothing.
    let sums = fs::read(directory.path().join(SHA256SUMS)).unwrap();
    let keys = keys(root.path());
    let again = Asked::new(&server.url(), None).unwrap();
    shenlu::evidence::closing::finish(directory.path(), &keys, Some(&again), None).unwrap();
    assert_eq!(fs::read(directory.path().join(SHA256SUMS)).unwrap(), sums);
    assert!(!directory.path().join(MANIFEST_TSR).exists());
}

#[test]
fn several_closings_that_a_start_completes_do_not_wait_one_after_another() {
    let (root, server) = (
        tempfile::tempdir().unwrap(),
        TimestampServer::start(Keys::Elliptic).unwrap(),
    );
    server.behave(Behaviour::Hangs);
    let place = place_with(root.path(), &server.url());
    let began = Instant::now();
    for _ in 0..3 {
        let (_, closed) = closed_interview_at(&place);
        assert!(matches!(closed.stamping, Stamping::Missing(_)));
    }
    assert!(began.elapsed() < WITHIN, "{:?}", began.elapsed());
}

#[test]
fn a_stamp_of_another_interview_is_found_and_so_is_a_changed_manifest() {
    let server = TimestampServer::start(Keys::Elliptic).unwrap();
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (own, _) = close_with(first.path(), &server);
    let (other, _) = close_with(second.path(), &server);
    fs::copy(other.path().join(MANIFEST_TSR), own.path().join(MANIFEST_TSR)).unwrap();
    let report = check(own.path());
    assert_eq!(report.verdict, Verdict::NotSound);
    assert!(codes(&report).contains(&Code::TimestampForeign), "{report}");
    let manifest = fs::read_to_string(other.path().join("manifest.json")).unwrap();
    fs::write(
        other.path().join("manifest.json"),
        manifest.replace("A1301", "A1302"),
    )
    .unwrap();
    let report = check(other.path());
    assert!(codes(&report).contains(&Code::TimestampForeign), "{report}");
    let (good, text) = openssl_verifies(other.path(), &server);
    assert!(!good, "{text}");
}

#[test]
fn a_stamp_that_is_damaged_or_signed_by_somebody_else_is_found_at_every_byte_that_counts() {
    let (root, server) = (
        tempfile::tempdir().unwrap(),
        TimestampServer::start(Keys::Elliptic).unwrap(),
    );
    let (directory, closed) = close_with(root.path(), &server);
    let Stamping::Stamped(said) = closed.stamping else {
        panic!("{:?}", closed.stamping);
    };
    let place = directory.path().join(MANIFEST_TSR);
    let stamp = fs::read(&place).unwrap();
    let month: String = said.at[..7].replace('-', "");
    let at = stamp
        .windows(6)
        .position(|bytes| bytes == month.as_bytes())
        .unwrap();
    for damage in [at + 3, stamp.len() - 1, 1, stamp.len() / 3] {
        let mut damaged = stamp.clone();
        damaged[damage] ^= 1;
        fs::write(&place, &damaged).unwrap();
        let found = codes(&check(directory.path()));
        // The sums find every byte; the stamp itself where it is signed or read.
        assert!(found.contains(&Code::FileChanged), "{damage}: {found:?}");
        if damage == at + 3 || damage == stamp.len() - 1 || damage == 1 {
            assert!(found.contains(&Code::TimestampWrong), "{damage}: {found:?}");
        }
    }
    fs::write(&place, [stamp.as_slice(), b"x"].concat()).unwrap();
    assert!(codes(&check(directory.path())).contains(&Code::TimestampWrong));
}

#[test]
fn by_https_the_server_is_believed_only_under_the_authority_that_is_named() {
    let server = TimestampServer::start(Keys::Elliptic).unwrap();
    let (url, authority) = encrypted(server.port());
    let root = tempfile::tempdir().unwrap();
    let trusted = Asked::new(&url, Some(authority.as_bytes())).unwrap();
    let good = Place {
        timestamp: Some(Arc::new(trusted)),
        ..place(root.path())
    };
    let (directory, closed) = closed_interview_at(&good);
    assert!(
        matches!(closed.stamping, Stamping::Stamped(_)),
        "{:?}",
        closed.stamping
    );
    assert!(openssl_verifies(directory.path(), &server).0);
    // The public authorities do not know it.
    let other = tempfile::tempdir().unwrap();
    let reason = closes_without(other.path(), &url);
    assert!(reason.to_string().contains("certificate"), "{reason}");
}

/// The same server behind TLS: its address, and the certificate that it shows.
fn encrypted(port: u16) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("https://localhost:{}/tsa", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut outside = rustls::StreamOwned::new(tls, stream);
            let mut question = vec![0; 4096];
            // One read holds a question; a caller that does not trust us sends none.
            let Ok(length) = outside.read(&mut question) else {
                continue;
            };
            let mut rest = Vec::new();
            if !question[..length].ends_with(&[1, 1, 0xff]) {
                rest = vec![0; 4096];
                let more = outside.read(&mut rest).unwrap_or(0);
                rest.truncate(more);
            }
            let mut inside = TcpStream::connect(("127.0.0.1", port)).unwrap();
            inside.write_all(&question[..length]).unwrap();
            inside.write_all(&rest).unwrap();
            let mut answer = Vec::new();
            inside.read_to_end(&mut answer).unwrap();
            let _ = outside.write_all(&answer);
            outside.conn.send_close_notify();
            let _ = outside.flush();
        }
    });
    (url, made.cert.pem())
}
