//! The network gone: cameras that stand in a network of their own, and a link to it that is set down.

use super::super::house::{House, arguments, is_whole};
use super::{causes, goes_on_as_the_next_part, has_alarm, is_suspended, ms, seen, table};
use fixtures::camera::{Camera, CameraScript};
use shenlu::demo::scripts;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

#[test]
fn a_network_that_is_gone_suspends_and_the_interview_goes_on_when_it_is_back() {
    let Some(network) = Network::make() else {
        eprintln!("left out: a network of its own cannot be made here; root can");
        return;
    };
    let cameras = network.cameras();
    let house = House::open(cameras, |_, text| {
        // Over UDP a link that is down is only silence; over TCP it is a connection that hangs.
        text.replace(
            "keep_original = true\n",
            "keep_original = true\ntransport = \"tcp\"\n",
        )
    });
    let id = house.begin();
    house.reach(3.0);
    network.set("down");
    let gone = Instant::now();
    let alarmed = seen(&house, "camera lost", gone, |s| has_alarm(s, "camera-lost"));
    let suspended = seen(&house, "suspended", gone, is_suspended);
    assert!(suspended <= table::NETWORK_GONE.within, "{suspended:?}");
    std::thread::sleep(std::time::Duration::from_secs(10).saturating_sub(gone.elapsed()));
    network.set("up");
    let back = Instant::now();
    goes_on_as_the_next_part(&house, 2);
    let resumed = back.elapsed();
    house.finish(&id);

    house.is_sound(&id);
    is_whole(&house.judge_part(&id, 1));
    is_whole(&house.judge_part(&id, 2));
    assert_eq!(causes(&house, &id), ["picture-lost"]);
    let measured = format!(
        "alarm {}, suspended {}, next part and 3 s of it {} after it was back",
        ms(alarmed),
        ms(suspended),
        ms(resumed)
    );
    table::held(&table::NETWORK_GONE, &measured);
}

/// A network namespace with one link to it.
struct Network {
    name: String,
}

/// Of the block that is kept for documentation: nobody's real network.
const HERE: &str = "198.51.100.1/30";
const THERE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);

impl Network {
    fn make() -> Option<Network> {
        let name = format!("sl{}", std::process::id());
        if !ip(&["netns", "add", &name]) {
            return None;
        }
        let network = Network { name };
        let (near, far) = (network.near(), format!("{}b", network.name));
        let made = ip(&[
            "link",
            "add",
            &near,
            "type",
            "veth",
            "peer",
            "name",
            &far,
            "netns",
            &network.name,
        ]) && ip(&["addr", "add", HERE, "dev", &near])
            && ip(&["link", "set", &near, "up"])
            && ip(&[
                "-n",
                &network.name,
                "addr",
                "add",
                &format!("{THERE}/30"),
                "dev",
                &far,
            ])
            && ip(&["-n", &network.name, "link", "set", &far, "up"]);
        made.then_some(network)
    }

    fn near(&self) -> String {
        format!("{}a", self.name)
    }

    fn set(&self, state: &str) {
        assert!(ip(&["link", "set", &self.near(), state]));
    }

    /// Started by a thread that stands in the other network, and so do the threads that it starts.
    fn cameras(&self) -> Vec<Camera> {
        let space = std::fs::File::open(format!("/run/netns/{}", self.name)).unwrap();
        std::thread::spawn(move || {
            // SAFETY: a plain system call on a descriptor that is open; it concerns this thread only.
            let entered = unsafe { libc::setns(space.as_raw_fd(), libc::CLONE_NEWNET) };
            assert_eq!(entered, 0, "{}", std::io::Error::last_os_error());
            let scripts = scripts(&arguments(Path::new(""))).unwrap();
            let at = |script: CameraScript| CameraScript {
                address: THERE,
                ..script
            };
            scripts
                .map(at)
                .map(|script| Camera::start(script).unwrap())
                .into()
        })
        .join()
        .unwrap()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        ip(&["link", "del", &self.near()]);
        ip(&["netns", "del", &self.name]);
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip")
        .args(arguments)
        .status()
        .is_ok_and(|status| status.success())
}
