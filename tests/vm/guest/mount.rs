//! A disc through the kernel's own ISO 9660, as an officer's computer has it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Unmounted on drop.
pub struct Mount {
    place: PathBuf,
}

impl Mount {
    /// Where the session lies is found by the kernel, or told to it.
    pub fn new(node: &Path, session_block: Option<u64>) -> Result<Self, String> {
        let name = node
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let place = Path::new("/mnt").join(name);
        std::fs::create_dir_all(&place).unwrap();
        let options = session_block.map_or("ro".to_owned(), |block| format!("ro,sbsector={block}"));
        let done = Command::new("mount")
            .args(["-t", "iso9660", "-o", &options])
            .args([node, &place])
            .output()
            .unwrap();
        if done.status.success() {
            Ok(Self { place })
        } else {
            Err(String::from_utf8_lossy(&done.stderr).into_owned())
        }
    }

    pub fn path(&self) -> &Path {
        &self.place
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.place).status();
    }
}
