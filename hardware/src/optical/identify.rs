//! Which drive, which medium: makers, type, size, serial number, speeds, as drive and disc tell them.
//!
//! For the books that are kept per drive and per batch of media: called by `disc` when a disc is opened and by
//! `shenlu devices`. What a drive does not tell is `None`; discs have no serial number that a stock command
//! reads, and error counters are every maker's own, so neither is here.

use super::child::{Xorriso, tail};
use super::device::Device;
use super::fault::DiscFault;
use super::inspect::reach;

/// What could be learnt; everything but the kind of medium may be untold.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Identity {
    pub drive_maker: Option<String>,
    pub drive_model: Option<String>,
    pub drive_firmware: Option<String>,
    pub drive_serial: Option<String>,
    /// The program's words, e.g. `DVD+R`.
    pub medium: Option<String>,
    /// Maker's and type's code as pressed into the disc, e.g. `MCC/004/48`.
    pub medium_code: Option<String>,
    /// The maker's name, where the program knows the code.
    pub medium_maker: Option<String>,
    pub medium_blocks: Option<u64>,
    /// kB (1000 bytes) a second, fastest first.
    pub write_speeds_kb: Vec<u32>,
}

pub fn identify(xorriso: &Xorriso, device: &Device) -> Result<Identity, DiscFault> {
    reach(device)?;
    let name = device.address();
    let answer = xorriso.ask(
        &name,
        "asking who drive and disc are",
        &["-outdev", &name, "-toc", "-list_speeds"],
    )?;
    if !answer.status.success() && answer.stdout.is_empty() {
        return Err(DiscFault::Unreadable {
            device: name,
            detail: tail(&answer.stderr),
        });
    }
    Ok(Identity::read(&answer.stdout))
}

impl Identity {
    fn read(text: &str) -> Self {
        let value = |name: &str| text.lines().find_map(|line| value_of(line, name));
        let drive = value("Drive type").unwrap_or_default();
        let mut quoted = drive.split('\'').skip(1).step_by(2).map(|word| said(word.trim()));
        let product = value("Media product");
        let (code, maker) = product.map_or((None, None), |text| match text.split_once(" , ") {
            Some((code, maker)) => (said(code.trim()), said(maker.trim())),
            None => (said(text), None),
        });
        Self {
            drive_maker: quoted.next().flatten(),
            drive_model: quoted.next().flatten(),
            drive_firmware: quoted.next().flatten(),
            drive_serial: value("Drive id").and_then(|id| said(id.trim_matches('\'').trim())),
            medium: value("Media current").and_then(said),
            medium_code: code,
            medium_maker: maker,
            medium_blocks: value("Media blocks").and_then(overall),
            write_speeds_kb: text
                .lines()
                .filter_map(|line| speed(value_of(line, "Write speed")?))
                .collect(),
        }
    }
}

fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (label, value) = line.split_once(':')?;
    (label.trim_end() == name).then(|| value.trim())
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `0 readable , 2295104 writable , 2295104 overall`
fn overall(text: &str) -> Option<u64> {
    let part = text
        .split(',')
        .find_map(|part| part.trim().strip_suffix("overall"))?;
    part.trim().parse().ok()
}

/// `22160k , 16.0xD`
fn speed(text: &str) -> Option<u32> {
    text.split(',').next()?.trim().strip_suffix('k')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drive_and_disc_tell_is_read() {
        let text = "Drive type   : vendor 'SHENLU' product 'MODEL DRIVE' revision '1.00'
Drive id     : 'SHENLU000001'
Media current: DVD+R
Media product: MCC/004/48 , Mitsubishi Chemical Corporation
Media blocks : 0 readable , 2295104 writable , 2295104 overall
Write speed  :  22160k , 16.0xD
Write speed  :   2770k ,  2.0xD
Write speed L:   2770k ,  2.0xD
";
        let identity = Identity::read(text);
        assert_eq!(identity.drive_model.as_deref(), Some("MODEL DRIVE"));
        assert_eq!(identity.drive_serial.as_deref(), Some("SHENLU000001"));
        assert_eq!(identity.medium_code.as_deref(), Some("MCC/004/48"));
        assert_eq!(
            identity.medium_maker.as_deref(),
            Some("Mitsubishi Chemical Corporation")
        );
        assert_eq!(identity.medium_blocks, Some(2_295_104));
        assert_eq!(identity.write_speeds_kb, [22_160, 2_770]);
        assert_eq!(Identity::read("").drive_serial, None);
    }
}
