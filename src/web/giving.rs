//! `shenlu give`: files and folders of the officer's computer into the e-case file of the open interview.
//!
//! One file after the other, each with its answer; a refused one does not keep the next from being given, and giving
//! all of them again is safe. A client of the room's API, never used inside the room.

use super::client::{Client, ClientError};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a file is sent again while another one is coming in.
const TRIES: u32 = 60;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum GivingError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("cannot read {path}: {source} / 无法读取")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} has no name that can be written / 文件名无法识别")]
    Name { path: PathBuf },
    #[error("{path} is neither a file nor a folder / 不是普通文件或文件夹")]
    Kind { path: PathBuf },
}

/// A file here, and what it will be called in the e-case file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gift {
    pub name: String,
    pub file: PathBuf,
}

/// What the room said of one file.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub status: u16,
    pub body: Value,
}

impl Outcome {
    pub fn is_taken(&self) -> bool {
        self.status == 200
    }
}

/// Every file that is meant, folders with all that is below them. `named` is the name of a single file, or the folder
/// that several are put in.
pub fn gifts(paths: &[PathBuf], named: Option<&str>) -> Result<Vec<Gift>, GivingError> {
    let mut gifts = Vec::new();
    for path in paths {
        let own = file_name(path)?;
        let name = match named {
            Some(named) if paths.len() == 1 => named.to_owned(),
            Some(folder) => format!("{folder}/{own}"),
            None => own,
        };
        collect(path, name, &mut gifts)?;
    }
    Ok(gifts)
}

fn collect(path: &Path, name: String, gifts: &mut Vec<Gift>) -> Result<(), GivingError> {
    let read = |source| GivingError::Read {
        path: path.to_owned(),
        source,
    };
    let kind = fs::metadata(path).map_err(read)?;
    if kind.is_file() {
        let file = path.to_owned();
        gifts.push(Gift { name, file });
        return Ok(());
    }
    if !kind.is_dir() {
        return Err(GivingError::Kind {
            path: path.to_owned(),
        });
    }
    let mut inner: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(read)? {
        inner.push(entry.map_err(read)?.path());
    }
    inner.sort();
    for path in inner {
        let name = format!("{name}/{}", file_name(&path)?);
        collect(&path, name, gifts)?;
    }
    Ok(())
}

fn file_name(path: &Path) -> Result<String, GivingError> {
    let unnamed = || GivingError::Name {
        path: path.to_owned(),
    };
    let path = path.canonicalize().map_err(|source| GivingError::Read {
        path: path.to_owned(),
        source,
    })?;
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(unnamed)
}

/// Gives one file and waits for its turn where another one is coming in.
pub fn give(client: &Client, gift: &Gift, internal: bool) -> Result<Outcome, GivingError> {
    let address = format!(
        "/api/v1/interview/case/{}?internal={internal}",
        escaped(&gift.name)
    );
    let mut tries = 0;
    loop {
        let reply = client.put_file(&address, &gift.file)?;
        tries += 1;
        let waits = reply.status == 503 && reply.body["code"] == "import-running" && tries < TRIES;
        if !waits {
            return Ok(Outcome {
                name: gift.name.clone(),
                status: reply.status,
                body: reply.body,
            });
        }
        std::thread::sleep(TRY_AGAIN_AFTER);
    }
}

/// A path as an address has it; folders stay folders.
pub fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/');
    path.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_given_with_all_that_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("卷一");
        fs::create_dir_all(folder.join("照片")).unwrap();
        for name in ["b.pdf", "a.pdf", "照片/1.jpg"] {
            fs::write(folder.join(name), name).unwrap();
        }
        let names = |named| -> Vec<String> {
            let gifts = gifts(std::slice::from_ref(&folder), named).unwrap();
            gifts.into_iter().map(|gift| gift.name).collect()
        };
        assert_eq!(names(None), ["卷一/a.pdf", "卷一/b.pdf", "卷一/照片/1.jpg"]);
        assert_eq!(names(Some("x")), ["x/a.pdf", "x/b.pdf", "x/照片/1.jpg"]);
        let two = [folder.join("a.pdf"), folder.join("b.pdf")];
        let named = gifts(&two, Some("y")).unwrap();
        assert_eq!(named[1].name, "y/b.pdf");
    }

    #[test]
    fn an_address_keeps_folders_and_nothing_else() {
        assert_eq!(escaped("卷/a b?.pdf"), "%E5%8D%B7/a%20b%3F.pdf");
    }
}
