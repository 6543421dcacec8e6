//! Copies of closed interviews that the mirror had not finished when the process ended: a queue in memory is lost
//! with it, and nothing of a closed interview is written again by itself. Called once per start, after recovery.
//! `SHA256SUMS` is the last that a copy gets, so a copy that has it is whole. Reads the master, never writes there.

use super::{
    closing::is_made_by_closing,
    directory::{DirectoryError, Place},
    durable::{DurableError, Step as _},
    mirror::Mirror,
    names::InterviewId,
    sums::{SHA256SUMS, list_files},
};
use std::{fs, io, path::Path};

/// Queues the rest of every copy that was begun and is behind; which interviews they are of, and what came of each.
/// Blocks for as long as the mirror's disk lets it wait.
pub fn catch_up_all(place: &Place) -> Vec<(String, Result<(), DirectoryError>)> {
    let behind = match find_behind(place) {
        Ok(behind) => behind,
        Err(error) => return vec![("-".to_owned(), Err(error.into()))],
    };
    behind
        .iter()
        .map(|id| (id.as_str().to_owned(), catch_up_one(place, id)))
        .collect()
}

fn catch_up_one(place: &Place, id: &InterviewId) -> Result<(), DirectoryError> {
    if let Some(mirror) = place.start_mirror(id)? {
        catch_up(&place.interviews().join(id.as_str()), &mirror)?;
    }
    Ok(())
}

/// Closed interviews whose copy was begun and lacks its end. One that never had a copy is none of them: a mirror
/// that was added later does not begin with the past.
fn find_behind(place: &Place) -> Result<Vec<InterviewId>, DurableError> {
    let Some(copies) = place.mirror.as_ref().map(|mirror| mirror.join("interviews")) else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(&copies) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.step("list", &copies)?,
    };
    let mut behind = Vec::new();
    for entry in entries {
        let name = entry.step("list", &copies)?.file_name();
        let sums = |interviews: &Path| fs::read(interviews.join(&name).join(SHA256SUMS)).ok();
        let whole = sums(&place.interviews());
        let id = name.to_str().and_then(|name| name.parse().ok());
        if let (Some(id), true) = (id, whole.is_some() && sums(&copies) != whole) {
            behind.push(id);
        }
    }
    behind.sort();
    Ok(behind)
}

/// Queues what the copy of a closed interview lacks. What closing made is put anew: it may be of the same size and
/// not the same bytes.
fn catch_up(path: &Path, mirror: &Mirror) -> Result<(), DurableError> {
    mirror.level(path);
    let made = list_files(path).step("list", path)?;
    let (last, made): (Vec<String>, Vec<String>) = made
        .into_iter()
        .filter(|name| is_made_by_closing(name))
        .partition(|name| name == SHA256SUMS);
    for name in made.iter().chain(&last) {
        let bytes = fs::read(path.join(name)).step("read", &path.join(name))?;
        mirror.put(name, bytes.into());
    }
    Ok(())
}
