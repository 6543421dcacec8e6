//! The few ways in which this room makes bytes durable. Order in all of them:
//! bytes, then fsync of the file, then (for a new name) fsync of its directory.
//! Called by everything that writes evidence; never deletes anything but a secret's copy and a stamp of nothing.

use super::crash_point;
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A step on the file system that failed, and where.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {}", path.display())]
pub struct DurableError {
    pub step: &'static str,
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}

impl DurableError {
    /// The medium has no room left: suspended, not broken.
    pub fn is_full(&self) -> bool {
        matches!(
            self.source.raw_os_error(),
            Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG)
        )
    }
}

/// Names the step and the path of an I/O error.
pub(crate) trait Step<T> {
    fn step(self, step: &'static str, path: &Path) -> Result<T, DurableError>;
}

impl<T> Step<T> for io::Result<T> {
    fn step(self, step: &'static str, path: &Path) -> Result<T, DurableError> {
        self.map_err(|source| DurableError {
            step,
            path: path.to_owned(),
            source,
        })
    }
}

pub fn sync_directory(path: &Path) -> Result<(), DurableError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .step("sync the directory", path)
}

/// Makes one directory, which must not exist, and its name durable.
pub fn create_directory(path: &Path) -> Result<(), DurableError> {
    fs::create_dir(path).step("create the directory", path)?;
    crash_point::pass("directory-made");
    sync_directory(parent_of(path))
}

/// Makes every directory that is missing on the way to `path`, durably.
pub fn create_directories(path: &Path) -> Result<(), DurableError> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    if path.is_dir() {
        return sync_name_once(path);
    }
    create_directories(parent_of(path))?;
    match create_directory(path) {
        Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// A directory that is there may have been made by a process that died before it synced the name: where this one
/// meets it first, the name is synced. Nothing that is built below may vanish with it.
fn sync_name_once(path: &Path) -> Result<(), DurableError> {
    static MET: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let met = || MET.lock().unwrap_or_else(PoisonError::into_inner);
    if met().contains(path) {
        return Ok(());
    }
    match sync_directory(parent_of(path)) {
        // A directory that we may not read, or of a file system that cannot be written: not made by us.
        Err(error)
            if matches!(
                error.source.raw_os_error(),
                Some(libc::EACCES | libc::EPERM | libc::EINVAL | libc::EROFS)
            ) => {}
        other => other?,
    }
    met().insert(path.to_owned());
    Ok(())
}

/// Opens a new file for writing; it must not exist.
pub fn create_file(path: &Path) -> Result<File, DurableError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .step("create the file", path)
}

/// Writes a whole new file so that it is seen complete or not at all, and never
/// replaces one that exists; the same bytes under the same name are no error, so
/// that a step that failed afterwards can be repeated.
pub fn put_new(path: &Path, bytes: &[u8]) -> Result<(), DurableError> {
    if fs::read(path).is_ok_and(|existing| existing == bytes) {
        return sync_directory(parent_of(path));
    }
    let temporary = write_temporary(path, bytes)?;
    crash_point::pass("file-written");
    let linked = fs::hard_link(&temporary, path).step("put in place (the name may be taken)", path);
    crash_point::pass("file-linked");
    fs::remove_file(&temporary).step("drop the temporary name of", path)?;
    linked?;
    sync_directory(parent_of(path))?;
    crash_point::pass("file-named");
    Ok(())
}

/// Gives a whole, durable file on the same volume a name here too, and never replaces one that exists; that the
/// name is this file's already is no error, so that a step that failed afterwards can be repeated.
pub fn link_new(path: &Path, from: &Path) -> Result<(), DurableError> {
    create_directories(parent_of(path))?;
    match fs::hard_link(from, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_same_file(path, from) => {}
        linked => linked.step("put in place (the name may be taken)", path)?,
    }
    crash_point::pass("file-linked");
    sync_directory(parent_of(path))?;
    crash_point::pass("file-named");
    Ok(())
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let inode = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    inode(one).is_some_and(|found| inode(other) == Some(found))
}

/// Writes a secret, for this account's eyes only from its first byte on.
pub fn put_secret(path: &Path, bytes: &[u8]) -> Result<(), DurableError> {
    let temporary = temporary_name(path);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .step("create", &temporary)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .step("write", &temporary)?;
    crash_point::pass("secret-written");
    fs::rename(&temporary, path).step("put in place", path)?;
    crash_point::pass("secret-named");
    sync_directory(parent_of(path))
}

/// Writes a file so that its name shows the old bytes or the new ones, never a mixture.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), DurableError> {
    let temporary = write_temporary(path, bytes)?;
    crash_point::pass("put-written");
    fs::rename(&temporary, path).step("put in place", path)?;
    crash_point::pass("put-renamed");
    sync_directory(parent_of(path))
}

/// Like `put`, with the bytes of another file.
pub fn put_copy(path: &Path, from: &Path) -> Result<(), DurableError> {
    create_directories(parent_of(path))?;
    let temporary = temporary_name(path);
    fs::copy(from, &temporary).step("copy to", &temporary)?;
    File::open(&temporary)
        .and_then(|file| file.sync_all())
        .step("sync", &temporary)?;
    fs::rename(&temporary, path).step("put in place", path)?;
    sync_directory(parent_of(path))
}

/// Takes a file away whose bytes are kept elsewhere or count for nothing; none there is no error.
pub(crate) fn remove(path: &Path) -> Result<(), DurableError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => {
            removed.step("take away", path)?;
            sync_directory(parent_of(path))
        }
    }
}

/// The suffix of files that are not complete yet; a leftover tells of a crash.
pub const TEMPORARY_SUFFIX: &str = ".partial";

fn write_temporary(path: &Path, bytes: &[u8]) -> Result<PathBuf, DurableError> {
    create_directories(parent_of(path))?;
    let temporary = temporary_name(path);
    let mut file = File::create(&temporary).step("create", &temporary)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .step("write", &temporary);
    if written.is_err() {
        // Half a copy of bytes that the caller still has; it must not come back where all is closed.
        let _ = fs::remove_file(&temporary).map(|()| sync_directory(parent_of(path)));
    }
    written.map(|()| temporary)
}

pub(crate) fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(TEMPORARY_SUFFIX);
    path.with_file_name(name)
}

pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}
