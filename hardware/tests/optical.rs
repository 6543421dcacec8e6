//! Drives and discs with the real `xorriso` on image files: what is found, what is refused, what recovery
//! makes of a cut burn.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hardware::optical::{
    Adopted, Adoption, Base, Burn, ChildId, Closing, Device, DiscFault, Found, Mapping, MediumKind,
    MediumState, Xorriso, adopt, burn, discover, inspect, list_files, read_files, recover,
};

struct Bench {
    dir: tempfile::TempDir,
    device: Device,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let device = Device::Image(dir.path().join("a-001.iso"));
        Self { dir, device }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Mapping {
        let source = self.dir.path().join(name);
        fs::write(&source, bytes).unwrap();
        Mapping {
            source,
            target: format!("/{name}"),
        }
    }

    fn burn(
        &self,
        mappings: &[Mapping],
        gate: &mut dyn FnMut(ChildId) -> Result<(), DiscFault>,
    ) -> Result<(), DiscFault> {
        let order = Burn {
            device: &self.device,
            kind: MediumKind::Overwritable,
            volume_id: "TEST",
            mappings,
            closing: Closing::KeepOpen,
            base: Base::Newest,
            log: &self.dir.path().join("burn.log"),
        };
        burn(&Xorriso::default(), &order, gate, &mut |_| {}).map(|_| ())
    }
}

/// Runs with the rights of nobody where the tests run as root; the thread ends with it.
fn as_nobody<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: changes the file-system identity of this thread only; without privilege it does nothing.
            unsafe { libc::setfsuid(65534) };
            body()
        });
        thread.join().unwrap()
    })
}

#[test]
fn a_drive_that_may_not_be_used_is_told_from_one_that_is_not_there() {
    let bench = Bench::new();
    fs::set_permissions(bench.dir.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let fault = as_nobody(|| inspect(&Xorriso::default(), &bench.device)).unwrap_err();
    fs::set_permissions(bench.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(fault, DiscFault::NoPermission { .. }), "{fault}");
    assert!(fault.remedy_zh().contains("cdrom") && fault.remedy_en().contains("cdrom"));
    let absent = [
        Device::Drive("/dev/sr99".into()),
        Device::Image("/nowhere/a-001.iso".into()),
    ];
    for device in &absent {
        let fault = inspect(&Xorriso::default(), device).unwrap_err();
        assert!(matches!(fault, DiscFault::Absent { .. }), "{fault}");
    }
    let found = discover(&Xorriso::default(), &absent);
    assert_eq!(
        found
            .iter()
            .filter(|found| matches!(found, Found::Absent { .. }))
            .count(),
        2,
        "{found:?}"
    );
}

#[test]
fn a_missing_burning_program_is_said_with_its_remedy() {
    let xorriso = Xorriso {
        program: "/nowhere/xorriso".into(),
        ..Xorriso::default()
    };
    let fault = inspect(&xorriso, &Bench::new().device).unwrap_err();
    assert!(matches!(fault, DiscFault::ProgramMissing { .. }), "{fault}");
    assert!(fault.remedy_en().contains("xorriso"));
}

#[test]
fn foreign_content_is_a_used_disc() {
    let bench = Bench::new();
    let noise: Vec<u8> = (0..3_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    fs::write(bench.device.path(), noise).unwrap();
    let medium = inspect(&Xorriso::default(), &bench.device).unwrap();
    assert_eq!(medium.state, MediumState::Closed);
    assert!(matches!(
        medium.require_blank(&bench.device),
        Err(DiscFault::Used { .. })
    ));
}

#[test]
fn files_are_listed_and_read_back_as_they_were_burnt() {
    let bench = Bench::new();
    let big = vec![7u8; 3_000_001];
    let files = [
        bench.file("big.bin", &big),
        bench.file("empty", b""),
        bench.file("笔录 '1'.txt", b"text"),
    ];
    bench.burn(&files, &mut |_| Ok(())).unwrap();
    let xorriso = Xorriso::default();
    let listed = list_files(&xorriso, &bench.device).unwrap();
    let wanted: Vec<_> = files
        .iter()
        .map(|file| (file.target.clone(), listed[&file.target].size))
        .collect();
    let mut read = vec![Vec::new(); 3];
    read_files(&xorriso, &bench.device, &wanted, &mut |index, bytes| {
        read[index].extend_from_slice(bytes)
    })
    .unwrap();
    assert_eq!(read, [big, Vec::new(), b"text".to_vec()]);
    let missing = [("/not-there".to_owned(), 5)];
    assert!(read_files(&xorriso, &bench.device, &missing, &mut |_, _| {}).is_err());
}

#[test]
fn nothing_is_burnt_when_the_gate_stays_shut() {
    let bench = Bench::new();
    let file = [bench.file("a", b"a")];
    let refusal = DiscFault::Ledger {
        detail: "full".into(),
    };
    let mut child = None;
    let fault = bench.burn(&file, &mut |id| {
        child = Some(id);
        Err(refusal.clone())
    });
    assert_eq!(fault, Err(refusal));
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.is_some_and(ChildId::is_alive) {
        assert!(Instant::now() < deadline, "the child is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!bench.device.path().exists());
}

#[test]
fn a_burn_of_an_earlier_process_is_awaited_and_a_stuck_one_ended() {
    let bench = Bench::new();
    let log = bench.dir.path().join("burn.log");
    fs::write(&log, "").unwrap();
    let patient = Xorriso {
        start_stall: Duration::from_millis(300),
        ..Xorriso::default()
    };
    let wait_for = |seconds: &str, xorriso: &Xorriso| {
        let mut child = Command::new("sleep").arg(seconds).spawn().unwrap();
        let id = ChildId::of(child.id()).unwrap();
        let adopted = adopt(
            xorriso,
            &Adoption {
                child: id,
                device: &bench.device,
                log: &log,
            },
        );
        child.wait().unwrap();
        (adopted, id)
    };
    assert_eq!(wait_for("0.1", &Xorriso::default()).0, Adopted::Ended);
    let (adopted, id) = wait_for("60", &patient);
    assert_eq!(adopted, Adopted::Killed);
    assert_eq!(
        adopt(
            &patient,
            &Adoption {
                child: id,
                device: &bench.device,
                log: &log
            }
        ),
        Adopted::Gone
    );
}

#[test]
fn recovery_refuses_a_disc_that_is_not_the_one_it_knew() {
    let bench = Bench::new();
    let xorriso = Xorriso::default();
    bench.burn(&[bench.file("a", b"a")], &mut |_| Ok(())).unwrap();
    let known = inspect(&xorriso, &bench.device).unwrap().sessions;
    assert_eq!(
        recover(&xorriso, &bench.device, &known).unwrap().medium.sessions,
        known
    );
    fs::remove_file(bench.device.path()).unwrap();
    let fault = recover(&xorriso, &bench.device, &known).unwrap_err();
    assert_eq!(
        fault,
        DiscFault::SessionsDiffer {
            device: bench.device.address(),
            expected: 1,
            found: 0
        }
    );
}

#[test]
fn a_source_that_is_gone_is_a_failed_burn_that_leaves_the_disc_as_it_was() {
    let bench = Bench::new();
    bench.burn(&[bench.file("a", b"a")], &mut |_| Ok(())).unwrap();
    let before = fs::read(bench.device.path()).unwrap();
    let gone = Mapping {
        source: Path::new("/nowhere/file").into(),
        target: "/gone".into(),
    };
    let fault = bench.burn(&[gone], &mut |_| Ok(())).unwrap_err();
    assert!(
        matches!(&fault, DiscFault::ChildDied { detail, .. } if detail.contains("/nowhere/file")),
        "{fault}"
    );
    assert_eq!(fs::read(bench.device.path()).unwrap(), before);
}

/// Speaks `xorriso`'s words for a DVD-R with one good session and a damaged next track, which one forced
/// closing mends unless `refuses`. Every call is noted.
fn damaged_dvd_r(dir: &Path, refuses: bool) -> Xorriso {
    let mended = if refuses { "refused" } else { "mended" };
    let text = format!(
        r#"#!/bin/sh
cd "{}" || exit 1
echo "$*" >> calls
case "$*" in
*close_damaged*) touch {mended} ;;
*-toc*)
  echo "Media current: DVD-R sequential recording"
  if [ -e mended ]; then echo "Media status : is written , is appendable"
  else echo "Media status : is written , is appendable , but next track is damaged"; fi
  echo "ISO session  :   1 ,         0 ,      400s , TEST"
  [ -e mended ] && echo "Other session:   2 ,     29088 ,      900s , "
  echo "Media space  : 2000000s" ;;
esac
"#,
        dir.display()
    );
    program(dir, &text)
}

fn program(dir: &Path, text: &str) -> Xorriso {
    let (draft, program) = (dir.join("draft"), dir.join("xorriso"));
    fs::write(&draft, text).unwrap();
    // Copied by a child: a file that this process wrote may still be open in a child that another test is
    // just starting, and cannot be executed then.
    let copied = Command::new("install")
        .args(["-m", "755"])
        .args([&draft, &program])
        .status()
        .unwrap();
    assert!(copied.success());
    Xorriso {
        program,
        ..Xorriso::default()
    }
}

#[test]
fn a_damaged_track_is_closed_by_force_and_the_last_good_session_becomes_the_base() {
    let bench = Bench::new();
    let xorriso = damaged_dvd_r(bench.dir.path(), false);
    let medium = inspect(&xorriso, &bench.device).unwrap();
    assert_eq!(
        (medium.state, medium.kind),
        (MediumState::LeftOpen, Some(MediumKind::DvdR))
    );
    let recovery = recover(&xorriso, &bench.device, &medium.sessions).unwrap();
    assert!(recovery.lost_session);
    assert_eq!(recovery.base_session_block, Some(0));
    let mappings = [bench.file("b", b"b")];
    let order = Burn {
        device: &bench.device,
        kind: MediumKind::DvdR,
        volume_id: "TEST",
        mappings: &mappings,
        closing: Closing::KeepOpen,
        base: recovery.base_session_block.map_or(Base::Newest, Base::Session),
        log: &bench.dir.path().join("burn.log"),
    };
    fs::write(bench.device.path(), "").unwrap();
    burn(&xorriso, &order, &mut |_| Ok(()), &mut |_| {}).unwrap();
    let calls = fs::read_to_string(bench.dir.path().join("calls")).unwrap();
    assert!(calls.contains("-close off -close_damaged force"), "{calls}");
    assert!(
        calls.contains(&format!("-load sbsector 0 -dev {}", bench.device)),
        "{calls}"
    );
}

#[test]
fn a_drive_that_refuses_to_close_a_damaged_track_loses_the_disc() {
    let bench = Bench::new();
    let xorriso = damaged_dvd_r(bench.dir.path(), true);
    let known = inspect(&xorriso, &bench.device).unwrap().sessions;
    let fault = recover(&xorriso, &bench.device, &known).unwrap_err();
    assert!(
        matches!(fault, DiscFault::NotRecoverable { .. }) && fault.wants_next_disc(),
        "{fault}"
    );
}

#[test]
fn a_drive_that_does_not_answer_is_given_up_when_asked_and_when_read() {
    let bench = Bench::new();
    bench.burn(&[bench.file("a", b"a")], &mut |_| Ok(())).unwrap();
    let silent = Xorriso {
        question_deadline: Duration::from_millis(300),
        write_stall: Duration::from_millis(300),
        ..program(bench.dir.path(), "#!/bin/sh\nexec sleep 60\n")
    };
    let asked = inspect(&silent, &bench.device).unwrap_err();
    assert!(matches!(asked, DiscFault::Hung { .. }), "{asked}");
    let read = read_files(&silent, &bench.device, &[("/a".to_owned(), 1)], &mut |_, _| {}).unwrap_err();
    assert!(matches!(read, DiscFault::Hung { .. }), "{read}");
}
