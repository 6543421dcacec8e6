//! Promises of the accounts: who is known, what is used once, what two processes cannot lose.
//!
//! Hashes are slow on purpose, so each test makes few.

use super::tries::FREE_TRIES;
use super::*;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const SECRET: &str = "赵所长自己的口令-1";

fn place() -> (tempfile::TempDir, Approvers) {
    let dir = tempfile::tempdir().unwrap();
    Accounts::open(dir.path()).unwrap();
    let approvers = Approvers::below(dir.path());
    approvers.add("赵所长", "130009", SECRET).unwrap();
    (dir, approvers)
}

fn secret(text: &str) -> Credential {
    Credential::Secret(text.to_owned())
}

fn code(text: &str) -> Credential {
    Credential::Code(text.to_owned())
}

#[test]
fn the_first_start_makes_an_operator_whom_later_starts_know() {
    let dir = tempfile::tempdir().unwrap();
    Accounts::open(dir.path()).unwrap();
    let secret = operator_secret(dir.path()).unwrap();
    let accounts = Accounts::open(dir.path()).unwrap();
    assert!(accounts.accepts(OPERATOR, &secret));
    assert!(!accounts.accepts(OPERATOR, "wrong"));
    assert!(!accounts.accepts("admin", &secret));
    for name in ["operator-secret", "accounts.json", "accounts.lock"] {
        let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

#[test]
fn an_approver_is_proved_by_his_own_secret_and_by_nothing_else() {
    let (_dir, approvers) = place();
    let proof = approvers.prove("130009", &secret(SECRET)).unwrap();
    assert_eq!((proof.name.as_str(), proof.means), ("赵所长", Means::OwnSecret));
    let wrong = approvers
        .prove("130009", &secret("赵所长自己的口令-2"))
        .unwrap_err();
    assert!(matches!(wrong, ApproverError::Wrong));
    let unknown = approvers.prove("130010", &secret(SECRET)).unwrap_err();
    assert!(matches!(unknown, ApproverError::Unknown(_)));
    assert!(matches!(
        approvers.add("钱", "130009", "0123456789").unwrap_err(),
        ApproverError::NumberTaken(_)
    ));
    assert!(matches!(
        approvers.add("钱", "130011", "012345678").unwrap_err(),
        ApproverError::SecretUnfit
    ));
    approvers.remove("130009").unwrap();
    assert!(approvers.prove("130009", &secret(SECRET)).is_err());
}

#[test]
fn a_code_is_used_once_and_new_ones_void_the_older() {
    let (dir, approvers) = place();
    let first = approvers.new_codes("130009").unwrap();
    assert_eq!(first.len(), 10);
    assert!(
        first[0].starts_with("1-") && first[9].starts_with("10-"),
        "{first:?}"
    );
    let proof = approvers.prove("130009", &code(&first[2])).unwrap();
    assert_eq!(proof.means, Means::Code { index: 3 });
    // Another process that reads the file now finds the code struck off.
    let again = Approvers::below(dir.path()).prove("130009", &code(&first[2]));
    assert!(matches!(again.unwrap_err(), ApproverError::Wrong));
    assert_eq!(approvers.find("130009").unwrap().unwrap().codes_left, 9);
    let second = approvers.new_codes("130009").unwrap();
    assert!(second[0].starts_with("11-"), "{second:?}");
    assert!(approvers.prove("130009", &code(&first[0])).is_err());
    assert!(approvers.prove("130009", &code(&second[0])).is_ok());
}

#[test]
fn a_wrong_code_uses_none_up() {
    let (_dir, approvers) = place();
    let codes = approvers.new_codes("130009").unwrap();
    let other = if codes[0].ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{other}", &codes[0][..codes[0].len() - 1]);
    for text in [wrong.as_str(), "1-1234", "x", "", "1-1234-5678-9", "99-1234-5678"] {
        assert!(
            matches!(approvers.prove("130009", &code(text)), Err(ApproverError::Wrong)),
            "{text}"
        );
    }
    assert_eq!(approvers.list().unwrap()[0].codes_left, 10);
    assert!(approvers.prove("130009", &code(&codes[0])).is_ok());
}

#[test]
fn wrong_tries_of_one_wait_and_those_of_another_do_not() {
    let tries = Tries::default();
    for _ in 0..FREE_TRIES {
        assert!(tries.must_wait("130009").is_none());
        tries.count_wrong("130009");
    }
    assert!(tries.must_wait("130009").is_some());
    assert!(tries.must_wait("130010").is_none());
    tries.forget("130009");
    assert!(tries.must_wait("130009").is_none());
}

#[test]
fn a_file_of_version_1_is_carried_forward_with_its_operator() {
    let dir = tempfile::tempdir().unwrap();
    let old = serde_json::json!({"version": 1, "operator": hash_of("operators-secret").unwrap()});
    let path = dir.path().join("accounts.json");
    write_private(&path, old.to_string().as_bytes()).unwrap();
    let accounts = Accounts::open(dir.path()).unwrap();
    assert!(accounts.accepts(OPERATOR, "operators-secret"));
    let approvers = Approvers::below(dir.path());
    assert!(approvers.list().unwrap().is_empty());
    approvers.add("赵所长", "130009", SECRET).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"version\": 2"), "{text}");
    assert!(!text.contains(SECRET));
    let accounts = Accounts::open(dir.path()).unwrap();
    assert!(accounts.accepts(OPERATOR, "operators-secret"));
}

#[test]
fn a_damaged_file_is_an_error_and_a_newer_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("accounts.json");
    for text in [
        "",
        "{}",
        r#"{"version": 0, "operator": "x"}"#,
        r#"{"version": 2, "operator": "x", "y": 1}"#,
    ] {
        fs::write(&path, text).unwrap();
        let opened = Accounts::open(dir.path());
        assert!(matches!(opened, Err(AccountsError::Damaged { .. })), "{text}");
    }
    fs::write(&path, r#"{"version": 3, "operator": "x", "new": []}"#).unwrap();
    let opened = Accounts::open(dir.path());
    assert!(matches!(opened, Err(AccountsError::TooNew { version: 3, .. })));
}

const CHILD_PLACE: &str = "SHENLU_TEST_ACCOUNTS";

/// Not a test by itself: what the other process does.
#[test]
fn another_process_adds_approvers() {
    let Ok(data) = std::env::var(CHILD_PLACE) else {
        return;
    };
    let approvers = Approvers::below(Path::new(&data));
    for n in 0..6 {
        approvers.add("外", &format!("2{n}"), SECRET).unwrap();
    }
}

#[test]
fn two_processes_lose_none_of_each_others_changes() {
    let (dir, approvers) = place();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "accounts::tests::another_process_adds_approvers"])
        .env(CHILD_PLACE, dir.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for n in 0..6 {
        approvers.add("内", &format!("3{n}"), SECRET).unwrap();
    }
    assert!(other.wait().unwrap().success());
    assert_eq!(approvers.list().unwrap().len(), 13);
}

#[test]
fn one_code_offered_twice_at_the_same_time_counts_once() {
    let (_dir, approvers) = place();
    let codes = approvers.new_codes("130009").unwrap();
    let uses: Vec<_> = (0..3)
        .map(|_| {
            let (approvers, offered) = (approvers.clone(), code(&codes[0]));
            std::thread::spawn(move || approvers.prove("130009", &offered).is_ok())
        })
        .collect();
    let right = uses.into_iter().map(|u| u.join().unwrap());
    assert_eq!(right.filter(|is_right| *is_right).count(), 1);
}
