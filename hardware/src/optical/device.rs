//! The name of a drive: a real one (`/dev/sr0`) or an image file that stands in for one (`stdio:/path.iso`).
//!
//! Parsed once from the configuration; everything else in `optical` takes the parsed form. Knows also how the
//! next disc of a relay (接力刻录) is named when the "drive" is an image file.

use std::fmt;
use std::path::{Path, PathBuf};

/// One drive. A real drive keeps its name when the disc is changed; an image file is the disc itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    Drive(PathBuf),
    Image(PathBuf),
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceError {
    #[error("`{0}` is neither a drive such as /dev/sr0 nor stdio:/absolute/path.iso")]
    UnknownForm(String),
    #[error("the image path in `{0}` must be absolute")]
    RelativeImage(String),
}

impl Device {
    pub fn parse(text: &str) -> Result<Self, DeviceError> {
        if let Some(image) = text.strip_prefix("stdio:") {
            let path = PathBuf::from(image);
            return if path.is_absolute() {
                Ok(Self::Image(path))
            } else {
                Err(DeviceError::RelativeImage(text.to_owned()))
            };
        }
        if text.starts_with("/dev/") {
            return Ok(Self::Drive(PathBuf::from(text)));
        }
        Err(DeviceError::UnknownForm(text.to_owned()))
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Drive(path) | Self::Image(path) => path,
        }
    }

    /// The address as `xorriso` takes it.
    pub fn address(&self) -> String {
        self.to_string()
    }

    /// What disc `number` of this slot is burnt on: a drive gets a new medium, `…/a-001.iso` becomes
    /// `…/a-002.iso`. An image without a number in its name gets one behind its stem.
    pub fn for_disc(&self, number: u32) -> Self {
        let path = match self {
            Self::Drive(_) => return self.clone(),
            Self::Image(path) => path,
        };
        if number <= 1 {
            return self.clone();
        }
        let stem = path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        let base = match stem.rsplit_once('-') {
            Some((base, digits)) if digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()) => base,
            Some(_) | None => stem.as_str(),
        };
        Self::Image(path.with_file_name(format!("{base}-{number:03}.iso")))
    }

    /// Where the next disc is burnt on a drive that stands in, whose discs nobody counts: an image file gets the
    /// first number that no file has yet.
    pub fn first_unused(&self) -> Self {
        let unused = |device: &Self| matches!(device, Self::Drive(_)) || !device.path().exists();
        (1..=999)
            .map(|number| self.for_disc(number))
            .find(unused)
            .unwrap_or_else(|| self.clone())
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drive(path) => write!(f, "{}", path.display()),
            Self::Image(path) => write!(f, "stdio:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_disc_of_a_numbered_image_counts_on() {
        let first = Device::parse("stdio:/discs/a-001.iso").unwrap();
        assert_eq!(first.for_disc(1), first);
        assert_eq!(first.for_disc(2).address(), "stdio:/discs/a-002.iso");
        assert_eq!(
            Device::parse("stdio:/discs/plain.iso")
                .unwrap()
                .for_disc(3)
                .address(),
            "stdio:/discs/plain-003.iso"
        );
    }

    #[test]
    fn a_drive_keeps_its_name_over_a_relay() {
        let drive = Device::parse("/dev/sr0").unwrap();
        assert_eq!(drive.for_disc(2), drive);
    }

    #[test]
    fn a_relative_image_and_a_bare_word_are_refused() {
        assert_eq!(
            Device::parse("stdio:x.iso"),
            Err(DeviceError::RelativeImage("stdio:x.iso".into()))
        );
        assert_eq!(
            Device::parse("burner"),
            Err(DeviceError::UnknownForm("burner".into()))
        );
    }
}
