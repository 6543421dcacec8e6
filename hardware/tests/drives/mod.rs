//! What the tests on drives share: a drive with a disc in it, files to burn, burning and reading them back.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use drive_model::Drive;
use hardware::optical::{
    Base, Burn, Burnt, Closing, Device, DiscFault, Mapping, Medium, MediumKind, Xorriso, burn, list_files,
    read_files,
};

/// A drive, its name, and a place for what is burnt.
pub struct Bay {
    pub device: Device,
    /// The model's folder; `None` for an image and for a real drive.
    pub folder: Option<PathBuf>,
    pub sources: tempfile::TempDir,
    pub xorriso: Xorriso,
}

pub type Files = BTreeMap<String, Vec<u8>>;

impl Bay {
    pub fn new(device: Device, folder: Option<&Path>) -> Self {
        Self {
            device,
            folder: folder.map(Path::to_owned),
            sources: tempfile::tempdir().unwrap(),
            xorriso: Xorriso::default(),
        }
    }

    pub fn modelled(folder: &Path, medium: drive_model::Medium) -> Self {
        Drive::insert_blank(folder, medium, 0).unwrap();
        Self::new(Device::Drive("/dev/sr0".into()), Some(folder))
    }

    /// One file whose bytes come from its name.
    pub fn file(&self, name: &str, size: usize) -> (Mapping, Vec<u8>) {
        let mut state = name
            .bytes()
            .fold(1u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        };
        let bytes: Vec<u8> = (0..size).map(|_| next()).collect();
        let source = self.sources.path().join(name);
        fs::write(&source, &bytes).unwrap();
        let target = format!("/{name}");
        (Mapping { source, target }, bytes)
    }

    pub fn burn(
        &self,
        kind: MediumKind,
        name: &str,
        base: Base,
        closing: Closing,
    ) -> Result<Burnt, DiscFault> {
        let (mapping, _) = self.file(name, 3_000_000);
        let order = Burn {
            device: &self.device,
            kind,
            volume_id: "TEST",
            mappings: &[mapping],
            closing,
            base,
            log: &self.sources.path().join("burn.log"),
        };
        burn(&self.xorriso, &order, &mut |_| Ok(()), &mut |_| {})
    }

    /// What stands on the disc, through the drive.
    pub fn read(&self) -> Result<Files, DiscFault> {
        let listed = list_files(&self.xorriso, &self.device)?;
        let wanted: Vec<_> = listed
            .iter()
            .map(|(path, file)| (path.clone(), file.size))
            .collect();
        let mut read = vec![Vec::new(); wanted.len()];
        read_files(&self.xorriso, &self.device, &wanted, &mut |index, bytes| {
            read[index].extend_from_slice(bytes);
        })?;
        Ok(wanted.into_iter().map(|(path, _)| path).zip(read).collect())
    }

    pub fn assert_holds(&self, names: &[&str]) {
        let wanted: Files = names
            .iter()
            .map(|name| {
                let (mapping, bytes) = self.file(name, 3_000_000);
                (mapping.target, bytes)
            })
            .collect();
        let read = self.read().unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
        assert!(read == wanted, "files read back differently");
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.sources.path().join("burn.log")).unwrap_or_default()
    }
}

/// Starts of the sessions, in order.
pub fn starts(medium: &Medium) -> Vec<u64> {
    medium
        .sessions
        .iter()
        .map(|session| session.start_block)
        .collect()
}
