//! The files of an interview against each other: journal, manifest, playlists
//! and sums must name the same files with the same digests, and nothing else
//! may stand there. Works on a directory and on the union of a set's discs,
//! where some files are lawfully absent.

use super::{
    codes::Code,
    digests::Digested,
    report::Finding,
    words::{
        details::{
            CUT_OUT, JOURNAL_KNOWS_NOT, MANIFEST_KNOWS_NOT, NAMED_BY_JOURNAL, NAMED_BY_MANIFEST,
            NAMED_BY_SUMS, NOT_IN_JOURNAL, NOT_IN_MANIFEST, NOT_IN_SUMS, PLAYLIST, SUMS_KNOW_NOT,
        },
        say,
    },
};
use crate::evidence::{
    closing::{is_made_by_closing, journalled_files},
    digest::{Digests, Sha256Digest, Sm3Digest},
    directory::JOURNAL,
    durable::TEMPORARY_SUFFIX,
    manifest::{MANIFEST, manifest},
    outline::Outline,
    playlist::playlists,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, PublicKeys, is_key_or_signature},
    sums::{Files, KnownFile, SHA256SUMS, SM3SUMS, parse_sums},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    str::FromStr,
};

/// An interview's files, wherever they stand.
pub struct Shelf<'a> {
    pub files: &'a BTreeMap<String, PathBuf>,
    pub digested: &'a BTreeMap<String, Digested>,
    /// Files that need not be here.
    pub may_be_absent: &'a dyn Fn(&str) -> bool,
}

impl Shelf<'_> {
    fn digests(&self, path: &str) -> Option<(u64, Digests)> {
        self.digested.get(path).map(|found| (found.size, found.digests))
    }

    pub(super) fn read(&self, path: &str, findings: &mut Vec<Finding>) -> Option<Vec<u8>> {
        let place = self.files.get(path)?;
        fs::read(place)
            .map_err(|error| findings.push(Finding::new(Code::Unreadable, path, error)))
            .ok()
    }
}

/// Everything that the journal names is there unchanged, nothing else is there.
pub fn check_journalled(outline: &Outline, shelf: &Shelf<'_>, findings: &mut Vec<Finding>) {
    let known = journalled_files(outline);
    let segments: BTreeSet<&str> = outline
        .segments()
        .map(|segment| segment.opened.segment.as_str())
        .collect();
    for (path, file) in known.iter().filter(|(path, _)| !segments.contains(path.as_str())) {
        match shelf.digests(path) {
            Some(found) if found == (file.size, file.digests) => {}
            Some(_) => findings.push(Finding::new(Code::FileChanged, path, say(NOT_IN_JOURNAL, &[]))),
            None if (shelf.may_be_absent)(path) => {}
            None => findings.push(Finding::new(Code::FileMissing, path, say(NAMED_BY_JOURNAL, &[]))),
        }
    }
    for kept in &outline.quarantined {
        let from = say(CUT_OUT, &[&kept.from, &kept.offset, &kept.size]);
        findings.push(Finding::new(Code::Quarantined, &kept.path, from));
    }
    for path in shelf.files.keys() {
        let is_known = known.contains_key(path) || segments.contains(path.as_str());
        if is_known || path == JOURNAL {
            continue;
        }
        if path.ends_with(TEMPORARY_SUFFIX) {
            findings.push(Finding::new(Code::LeftOver, path, ""));
        } else if !is_made_by_closing(path) || outline.closed.is_none() && !is_certificate(path) {
            findings.push(Finding::new(Code::FileExtra, path, say(JOURNAL_KNOWS_NOT, &[])));
        }
    }
}

/// What lies in an interview's directory from its opening on, without a line.
fn is_certificate(path: &str) -> bool {
    matches!(path, DEVICE_PEM | DEVICE_SM2_PEM)
}

/// Playlists and manifest are what journal and files say, with the keys that signed.
pub fn check_made(
    outline: &Outline,
    shelf: &Shelf<'_>,
    keys: Option<&PublicKeys>,
    findings: &mut Vec<Finding>,
) {
    for playlist in playlists(outline) {
        let is_same = |bytes: &Vec<u8>| bytes == playlist.text.as_bytes();
        match shelf.read(&playlist.path, findings) {
            Some(bytes) if is_same(&bytes) => {}
            Some(_) => findings.push(Finding::new(Code::PlaylistChanged, &playlist.path, "")),
            None if (shelf.may_be_absent)(&playlist.path) => {}
            None => findings.push(Finding::new(
                Code::FileMissing,
                &playlist.path,
                say(PLAYLIST, &[]),
            )),
        }
    }
    check_manifest(outline, shelf, keys, findings);
}

#[derive(Deserialize)]
struct ManifestFiles {
    files: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    path: String,
    size: u64,
    #[serde(flatten)]
    digests: Digests,
}

fn check_manifest(
    outline: &Outline,
    shelf: &Shelf<'_>,
    keys: Option<&PublicKeys>,
    findings: &mut Vec<Finding>,
) {
    let Some(bytes) = shelf.read(MANIFEST, findings) else {
        findings.push(Finding::new(Code::ManifestMissing, MANIFEST, ""));
        return;
    };
    let named = match files_in_manifest(&bytes) {
        Ok(named) => named,
        Err(error) => {
            findings.push(Finding::new(Code::ManifestChanged, MANIFEST, error));
            return;
        }
    };
    let public_keys = keys.map(PublicKeys::named).unwrap_or_default();
    match manifest(outline, &named, &public_keys) {
        Ok(again) if again == bytes => {}
        Ok(_) => findings.push(Finding::new(Code::ManifestChanged, MANIFEST, "")),
        Err(error) => findings.push(Finding::new(Code::ManifestChanged, MANIFEST, error)),
    }
    for (path, file) in &named {
        match shelf.digests(path) {
            Some(found) if found == (file.size, file.digests) => {}
            Some(_) => findings.push(Finding::new(Code::FileChanged, path, say(NOT_IN_MANIFEST, &[]))),
            None if (shelf.may_be_absent)(path) => {}
            None => findings.push(Finding::new(Code::FileMissing, path, say(NAMED_BY_MANIFEST, &[]))),
        }
    }
    let is_ours = |path: &&String| is_outside_manifest(path) || named.contains_key(*path);
    for path in shelf.files.keys().filter(|path| !is_ours(path)) {
        findings.push(Finding::new(Code::FileExtra, path, say(MANIFEST_KNOWS_NOT, &[])));
    }
}

/// What a manifest names, whoever wrote it.
pub(super) fn files_in_manifest(bytes: &[u8]) -> Result<Files, serde_json::Error> {
    let manifest: ManifestFiles = serde_json::from_slice(bytes)?;
    Ok(manifest.files.into_iter().map(into_known).collect())
}

fn into_known(file: ManifestFile) -> (String, KnownFile) {
    (
        file.path,
        KnownFile {
            size: file.size,
            digests: file.digests,
        },
    )
}

pub(super) fn is_outside_manifest(path: &str) -> bool {
    matches!(path, MANIFEST | SHA256SUMS | SM3SUMS) || is_key_or_signature(path)
}

/// One sums file: its form, every file that it names, every file that it should name.
pub fn check_sums<D: FromStr + PartialEq>(
    name: &str,
    shelf: &Shelf<'_>,
    digest: impl Fn(&Digested) -> D,
    is_covered: impl Fn(&str) -> bool,
    findings: &mut Vec<Finding>,
) {
    let Some(bytes) = shelf.read(name, findings) else {
        findings.push(Finding::new(Code::SumsMissing, name, ""));
        return;
    };
    let text = String::from_utf8_lossy(&bytes);
    let named: BTreeMap<String, D> = match parse_sums(&text) {
        Ok(named) => named,
        Err(error) => {
            findings.push(Finding::new(Code::SumsForm, name, error));
            return;
        }
    };
    for (path, expected) in &named {
        match shelf.digested.get(path) {
            Some(found) if digest(found) == *expected => {}
            Some(_) => {
                findings.push(Finding::new(Code::FileChanged, path, say(NOT_IN_SUMS, &[&name])));
            }
            None if (shelf.may_be_absent)(path) => {}
            None => findings.push(Finding::new(
                Code::FileMissing,
                path,
                say(NAMED_BY_SUMS, &[&name]),
            )),
        }
    }
    for path in shelf
        .files
        .keys()
        .filter(|path| is_covered(path) && !named.contains_key(*path))
    {
        findings.push(Finding::new(Code::FileExtra, path, say(SUMS_KNOW_NOT, &[&name])));
    }
}

/// SHA-256 of what was read, for `check_sums`.
pub fn sha256_of(found: &Digested) -> Sha256Digest {
    found.digests.sha256
}

/// SM3 of what was read, for `check_sums`.
pub fn sm3_of(found: &Digested) -> Sm3Digest {
    found.digests.sm3
}
