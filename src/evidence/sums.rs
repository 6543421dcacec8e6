//! `SHA256SUMS` and `SM3SUMS`: written last, in the forms that `sha256sum -c`
//! and `cksum -a sm3 -c` read. `closing` writes an interview's, the discs their
//! own with the same functions; `verify` parses both.

use super::{digest::Digests, names::check_relative};
use std::{collections::BTreeMap, fmt::Write as _, fs, io, path::Path, str::FromStr};

pub const SHA256SUMS: &str = "SHA256SUMS";
pub const SM3SUMS: &str = "SM3SUMS";

/// A file as the manifest and the sums know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFile {
    pub size: u64,
    pub digests: Digests,
}

/// Every file of a directory by its path from there.
pub type Files = BTreeMap<String, KnownFile>;

/// `<hex>  <path>`, sorted by path.
pub fn sha256sums(files: &Files) -> String {
    let mut text = String::new();
    for (path, file) in files {
        let _ = writeln!(text, "{}  {path}", file.digests.sha256); // writing to a String cannot fail
    }
    text
}

/// `SM3 (<path>) = <hex>`: the form of `cksum -a sm3`, which `cksum -c` reads without being told more.
pub fn sm3sums(files: &Files) -> String {
    let mut text = String::new();
    for (path, file) in files {
        let _ = writeln!(text, "SM3 ({path}) = {}", file.digests.sm3); // writing to a String cannot fail
    }
    text
}

/// A sums file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumsError {
    #[error("line {0} is no digest and path")]
    Line(usize),
    #[error("line {0} is out of order or names a file twice")]
    Order(usize),
    #[error("the last line has no end")]
    End,
}

/// Reads a sums file, plain or tagged, as strictly as we write it.
pub fn parse_sums<D: FromStr>(text: &str) -> Result<BTreeMap<String, D>, SumsError> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(SumsError::End);
    }
    let mut files: BTreeMap<String, D> = BTreeMap::new();
    for (n, line) in text.split_terminator('\n').enumerate() {
        let tagged = line
            .strip_prefix("SM3 (")
            .and_then(|rest| rest.rsplit_once(") = "));
        let plain = || line.split_once("  ").map(|(digest, path)| (path, digest));
        let (path, digest) = tagged.or_else(plain).ok_or(SumsError::Line(n + 1))?;
        let digest = digest.parse().map_err(|_| SumsError::Line(n + 1))?;
        check_relative(path).map_err(|_| SumsError::Line(n + 1))?;
        if files
            .last_key_value()
            .is_some_and(|(last, _)| last.as_str() >= path)
        {
            return Err(SumsError::Order(n + 1));
        }
        files.insert(path.to_owned(), digest);
    }
    Ok(files)
}

/// Every file below `root`, by its path from there, sorted; links and the like
/// are errors: evidence is plain files.
pub fn list_files(root: &Path) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    collect(root, "", &mut paths)?;
    paths.sort();
    Ok(paths)
}

fn collect(directory: &Path, prefix: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name
            .to_str()
            .ok_or_else(|| io::Error::other("a file name is not UTF-8"))?;
        let path = if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}/{name}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &path, paths)?;
        } else if kind.is_file() {
            paths.push(path);
        } else {
            return Err(io::Error::other(format!(
                "{path} is neither a file nor a directory"
            )));
        }
    }
    Ok(())
}
