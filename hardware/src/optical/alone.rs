//! A session that goes on from nothing: every session on the disc is broken (disc case 4).
//!
//! Called by `burn`. `xorriso` loads what it appends to, so the session is made as an image first, addressed for
//! the place where it will stand, and then written as it is. The image lies beside the burn's log for so long;
//! what is made so is an opening session, the smallest that a disc has.

use std::path::{Path, PathBuf};

use super::burn::{Burn, Closing, contents};
use super::child::{Xorriso, tail};
use super::fault::DiscFault;
use super::inspect::inspect;

/// The image of the session; removed when it goes out of scope.
pub(super) struct Alone {
    image: PathBuf,
    speed: Vec<String>,
}

impl Alone {
    pub(super) fn prepare(xorriso: &Xorriso, burn: &Burn<'_>) -> Result<Self, DiscFault> {
        let device = burn.device.address();
        let medium = inspect(xorriso, burn.device)?;
        let Some(next) = medium.next_writable_block else {
            return Err(DiscFault::NotRecoverable {
                device,
                detail: "the next writable address is not known".to_owned(),
            });
        };
        let (empty, image) = (burn.log.with_extension("empty"), burn.log.with_extension("image"));
        let alone = Self {
            image,
            speed: xorriso.speed(),
        };
        remove(&empty);
        remove(&alone.image);
        let patient = Xorriso {
            question_deadline: xorriso.close_stall,
            ..xorriso.clone()
        };
        let out = stdio(&empty);
        // What is grown blindly must have something behind it: an image that holds nothing.
        let made = succeed(&patient, &device, &["-outdev", &out, "-volid", "NONE", "-commit"])
            .and_then(|()| alone.make(&patient, burn, &out, next));
        remove(&empty);
        made.map(|()| alone)
    }

    fn make(&self, xorriso: &Xorriso, burn: &Burn<'_>, empty: &str, next: u64) -> Result<(), DiscFault> {
        let (next, image) = (next.to_string(), stdio(&self.image));
        let mut args = vec!["-md5", "on", "-joliet", "on", "-indev", empty, "-outdev", &image];
        args.extend(["-grow_blindly", &next, "-volid", burn.volume_id]);
        let contents = contents(burn)?;
        args.extend(contents.iter().map(String::as_str));
        args.push("-commit");
        succeed(xorriso, &burn.device.address(), &args)
    }

    /// What writes the image; the words behind `-as cdrecord` are those of that program.
    pub(super) fn arguments(&self, burn: &Burn<'_>) -> Vec<String> {
        let mut args = ["-no_rc", "-abort_on", "FAILURE"].map(str::to_owned).to_vec();
        args.extend(self.speed.clone());
        args.extend(["-as", "cdrecord", "-v"].map(str::to_owned));
        args.push(format!("dev={}", burn.device.address()));
        match burn.closing {
            Closing::KeepOpen => args.push("-multi".to_owned()),
            Closing::CloseDisc => {}
        }
        args.push(self.image.to_string_lossy().into_owned());
        args
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        remove(&self.image);
    }
}

fn stdio(path: &Path) -> String {
    format!("stdio:{}", path.display())
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "a session's image stays behind");
    }
}

fn succeed(xorriso: &Xorriso, device: &str, args: &[&str]) -> Result<(), DiscFault> {
    let answer = xorriso.ask(device, "making a session", args)?;
    if answer.status.success() {
        return Ok(());
    }
    Err(DiscFault::Io {
        what: "making a session".to_owned(),
        detail: tail(&answer.stderr),
    })
}
