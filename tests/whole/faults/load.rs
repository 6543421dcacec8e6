//! Processors busy and memory short: the cadence keeps, and nothing that was recorded is lost.

use super::super::house::{House, PROGRAM, arguments, is_whole};
use super::{causes, table};
use shenlu::demo::place::Place;
use shenlu::demo::room_child::RoomChild;
use shenlu::demo::simulated;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FOR: Duration = Duration::from_secs(15);

#[test]
fn busy_processors_cost_no_frame_of_the_cadence() {
    let (house, id) = House::recording();
    house.reach(3.0);
    let processors = std::thread::available_parallelism().unwrap().get();
    let busy: Vec<Burden> = (0..2 * processors)
        .map(|_| Burden::start("while :; do :; done"))
        .collect();
    let began = Instant::now();
    while began.elapsed() < FOR {
        let state = house.until("recording", 10, |s| s["recording"] == true);
        assert_eq!(state["part"], 1);
        std::thread::sleep(Duration::from_millis(300));
    }
    drop(busy);
    house.until("caught up", 20, |s| s["durable_age_ms"].as_u64() < Some(2_000));
    house.finish(&id);

    house.is_sound(&id);
    let part = house.judge_part(&id, 1);
    is_whole(&part);
    assert!(causes(&house, &id).is_empty());
    let report = house.report(&id);
    let repeated = report["figures"]["repeated_frames"].clone();
    table::held(
        &table::PROCESSORS_BUSY,
        &format!("{} frames, {repeated} repeated", part.frames.len()),
    );
}

#[test]
fn a_room_with_hardly_any_memory_to_spare_goes_on() {
    let Some(group) = Group::make() else {
        eprintln!("left out: memory cannot be limited here; root can");
        return;
    };
    let cameras = simulated(&arguments(Path::new(""))).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let place = Place::prepare(dir.path().to_owned(), &arguments(dir.path()), &cameras).unwrap();
    let program = group.wrapper(dir.path());
    let room = RoomChild::start(&program, &place).unwrap();
    let house = House::of(dir, cameras, place, room);
    let id = house.begin();
    house.reach(3.0);
    let held = group.in_use();
    let limit = held + (40 << 20);
    group.limit(limit);
    // Something that writes and reads all the while takes the page cache, and programs' own pages with it.
    let reading = format!(
        "echo $$ > {}; while :; do head -c 200M /dev/zero > {1}; cat {1} > /dev/null; done",
        group.members().display(),
        house.place.dir.join("scratch").display()
    );
    let reader = Burden::start(&reading);
    let began = Instant::now();
    while began.elapsed() < FOR {
        house.until("recording", 10, |s| s["recording"] == true);
        std::thread::sleep(Duration::from_millis(300));
    }
    drop(reader);
    group.limit(u64::MAX >> 1);
    let refused = group.times_refused();
    house.finish(&id);

    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    assert!(causes(&house, &id).is_empty());
    assert!(refused > 0, "the limit was never felt");
    let measured = format!(
        "{} MiB held, limit {} MiB, met {refused} times",
        held >> 20,
        limit >> 20
    );
    table::held(&table::MEMORY_SHORT, &measured);
}

/// A shell that works until it is dropped.
struct Burden(Child);

impl Burden {
    fn start(script: &str) -> Burden {
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Burden(command.spawn().unwrap())
    }
}

impl Drop for Burden {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A memory control group of the first version, which Debian's containers still have, or of the second.
struct Group {
    path: PathBuf,
    limit: &'static str,
    stat: [&'static str; 2],
    refused: &'static str,
}

impl Group {
    fn make() -> Option<Group> {
        let name = format!("shenlu-test-{}", std::process::id());
        let first = Group {
            path: PathBuf::from("/sys/fs/cgroup/memory").join(&name),
            limit: "memory.limit_in_bytes",
            stat: ["total_rss", "total_shmem"],
            refused: "memory.failcnt",
        };
        let second = Group {
            path: PathBuf::from("/sys/fs/cgroup").join(&name),
            limit: "memory.max",
            stat: ["anon", "shmem"],
            refused: "memory.events",
        };
        [first, second]
            .into_iter()
            .find(|group| std::fs::create_dir(&group.path).is_ok() && group.path.join(group.limit).exists())
    }

    fn members(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }

    /// The room, which joins the group before it is the room.
    fn wrapper(&self, dir: &Path) -> PathBuf {
        let path = dir.join("room-in-a-group");
        let members = self.members();
        std::fs::write(
            &path,
            format!(
                "#!/bin/sh\necho $$ > {}\nexec {PROGRAM} \"$@\"\n",
                members.display()
            ),
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Bytes that cannot be had back from anywhere.
    fn in_use(&self) -> u64 {
        let text = std::fs::read_to_string(self.path.join("memory.stat")).unwrap();
        let value = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} ")));
            line.map_or(0, |value| value.trim().parse::<u64>().unwrap())
        };
        self.stat.into_iter().map(value).sum()
    }

    fn limit(&self, bytes: u64) {
        std::fs::write(self.path.join(self.limit), bytes.to_string()).unwrap();
    }

    fn times_refused(&self) -> u64 {
        let text = std::fs::read_to_string(self.path.join(self.refused)).unwrap();
        let max = text.lines().find_map(|line| line.strip_prefix("max "));
        max.unwrap_or(text.trim()).parse().unwrap_or(0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Its members may take a moment to be gone.
        for _ in 0..50 {
            if std::fs::remove_dir(&self.path).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
