//! What `verify` is given, made readable: a directory as it is, an image or a
//! drive through `xorriso` into a directory of our own that goes away again.
//! Says what it is: an interview's directory or one disc. Never writes to what
//! it is given.

use super::{codes::Code, report::Finding};
use crate::evidence::{digest::Sha256Digest, directory::JOURNAL, line::canonical, sums::list_files};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// Something readable, and every file in it.
pub struct Source {
    /// As it was given.
    pub label: String,
    pub kind: SourceKind,
    /// Path from its root to where it can be read.
    pub files: BTreeMap<String, PathBuf>,
    /// What was extracted; removed with the source.
    _extracted: Option<TempDir>,
}

/// What it is.
pub enum SourceKind {
    Interview,
    Disc(DiscRecord),
}

/// `disc.json`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct DiscRecord {
    #[serde(default)]
    pub interview: String,
    #[serde(default)]
    pub uuid: String,
    #[serde(default)]
    pub slot: String,
    #[serde(default)]
    pub number: u64,
    #[serde(default)]
    pub volume: Option<String>,
    #[serde(default)]
    pub predecessor: Option<String>,
    #[serde(default)]
    pub sha256: String,
}

pub const DISC_RECORD: &str = "disc.json";

impl Source {
    /// Makes `path` readable. What is wrong with it as a whole is a finding.
    pub fn open(path: &Path, findings: &mut Vec<Finding>) -> Option<Self> {
        let label = path.display().to_string();
        let opened = if path.is_dir() {
            Ok((path.to_owned(), None))
        } else if path.exists() {
            extract(path).map(|extracted| (extracted.path().to_owned(), Some(extracted)))
        } else {
            Err(io::Error::from(io::ErrorKind::NotFound))
        };
        let listed = opened.and_then(|(root, extracted)| Ok((list_files(&root)?, root, extracted)));
        let (names, root, extracted) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                findings.push(Finding::new(Code::Unreadable, label, error));
                return None;
            }
        };
        let files: BTreeMap<String, PathBuf> = names
            .into_iter()
            .map(|name| (name.clone(), root.join(name)))
            .collect();
        let kind = match files.get(DISC_RECORD) {
            Some(record) => SourceKind::Disc(read_record(&label, record, findings)),
            None if files.contains_key(JOURNAL) || files.contains_key("manifest.json") => {
                SourceKind::Interview
            }
            None => {
                findings.push(Finding::new(Code::NotEvidence, label, ""));
                return None;
            }
        };
        Some(Self {
            label,
            kind,
            files,
            _extracted: extracted,
        })
    }
}

/// A directory that is no evidence itself but holds discs (trees or `.iso`
/// images) stands for all of them; anything else for itself.
pub fn discs_in(path: &Path) -> Vec<PathBuf> {
    let is_evidence = |path: &Path| path.join(DISC_RECORD).exists() || path.join(JOURNAL).exists();
    let entries = match fs::read_dir(path) {
        Ok(entries) if !is_evidence(path) => entries,
        Ok(_) | Err(_) => return vec![path.to_owned()],
    };
    let is_disc = |path: &PathBuf| {
        path.join(DISC_RECORD).exists()
            || path.is_file() && path.extension().is_some_and(|kind| kind == "iso")
    };
    let mut discs: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_disc)
        .collect();
    discs.sort();
    if discs.is_empty() {
        vec![path.to_owned()]
    } else {
        discs
    }
}

/// Reads `disc.json` and checks the digest that it carries of itself.
fn read_record(label: &str, path: &Path, findings: &mut Vec<Finding>) -> DiscRecord {
    let read = || -> Result<DiscRecord, String> {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let mut object: Map<String, Value> =
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let record =
            DiscRecord::deserialize(Value::Object(object.clone())).map_err(|error| error.to_string())?;
        if canonical(&object).map_err(|fault| fault.to_string())? != bytes {
            return Err("not in RFC 8785 form".to_owned());
        }
        object.remove("sha256");
        let own = canonical(&object).map_err(|fault| fault.to_string())?;
        if Sha256Digest::of(&own).to_string() != record.sha256 {
            return Err("its own digest does not match".to_owned());
        }
        Ok(record)
    };
    read().unwrap_or_else(|reason| {
        findings.push(Finding::new(
            Code::DiscRecord,
            format!("{label}/{DISC_RECORD}"),
            reason,
        ));
        // Go on with what it claims, so that the rest of the disc is checked too.
        let claimed = fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        claimed.unwrap_or_default()
    })
}

/// Copies the tree of an image or a drive. The kernel's view of a drive may be
/// stale right after a burn (it keeps the old size), so xorriso reads it itself.
fn extract(path: &Path) -> io::Result<TempDir> {
    let target = tempfile::tempdir()?;
    let is_drive = path.starts_with("/dev")
        && path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with("sr") || name.starts_with("cdrom") || name.starts_with("dvd")
        });
    let path = path
        .to_str()
        .ok_or_else(|| io::Error::other("the path is not UTF-8"))?;
    let device = if is_drive {
        path.to_owned()
    } else {
        format!("stdio:{path}")
    };
    let program = std::env::var("SHENLU_XORRISO").unwrap_or_else(|_| "xorriso".to_owned());
    let output = Command::new(program)
        .args([
            "-no_rc",
            "-abort_on",
            "FATAL",
            "-indev",
            &device,
            "-osirrox",
            "on",
            "-extract",
            "/",
        ])
        .arg(target.path())
        .output()?;
    make_removable(target.path())?;
    let is_empty = fs::read_dir(target.path())?.next().is_none();
    // Warnings end with 32; a sector that cannot be read ends otherwise, and must not pass as a file.
    if is_empty || !matches!(output.status.code(), Some(0 | 32)) {
        let text = String::from_utf8_lossy(&output.stderr);
        let reason = text
            .lines()
            .rev()
            .find(|line| line.contains("FAILURE") || line.contains("FATAL"));
        let reason = reason
            .unwrap_or("no ISO 9660 file system, or not readable")
            .trim()
            .to_owned();
        return Err(io::Error::other(format!("xorriso: {reason}")));
    }
    Ok(target)
}

/// xorriso restores the modes of the disc, where directories are read-only.
fn make_removable(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_removable(&entry.path())?;
        }
    }
    Ok(())
}
