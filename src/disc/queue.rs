//! What waits to be burnt by a slot: closed files in order, where each comes from, what became unreadable.
//!
//! Owned by `worker`. Every file of the interview that belongs on the set is either here, on a disc that is
//! sound, or named as unreadable; none is dropped silently.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use hardware::optical::DiscFault;

use super::contents::{INTERVIEW_SUMS, PLAYLIST, belongs_on_disc, from_master, interview_files};
use super::history::{DiscRecord, Standing};
use super::plan::DiscPlan;
use super::spool::{ClosedFile, Pending};
use super::sums::sha256_of_file;

#[derive(Default)]
pub(super) struct Queue {
    files: VecDeque<ClosedFile>,
    /// Neither spool nor master gives these as they were recorded.
    unreadable: BTreeSet<String>,
    /// Of what was fed in this run: committed and read back.
    burnt_bytes: u64,
}

/// Committed on a disc that has not failed.
fn is_on_a_disc(discs: &[DiscRecord], path: &str) -> bool {
    discs.iter().any(|disc| {
        disc.standing != Standing::Failed && disc.files.contains_key(path) && !is_its_own(disc, path)
    })
}

/// A playlist of what one disc holds has the name that the interview's has on the last.
fn is_its_own(disc: &DiscRecord, path: &str) -> bool {
    path == PLAYLIST && !disc.files.contains_key(INTERVIEW_SUMS)
}

impl Queue {
    pub(super) fn sizes(&self) -> Vec<u64> {
        self.files.iter().map(|file| file.record.size).collect()
    }

    pub(super) fn oldest(&self) -> Duration {
        self.files
            .front()
            .map_or(Duration::ZERO, |file| file.since.elapsed())
    }

    pub(super) fn first(&self, count: usize) -> Vec<ClosedFile> {
        self.files.iter().take(count).cloned().collect()
    }

    pub(super) fn burnt_bytes(&self) -> u64 {
        self.burnt_bytes
    }

    pub(super) fn lost_nothing(&self) -> bool {
        self.unreadable.is_empty()
    }

    fn holds(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.record.path == path)
    }

    /// Takes what the spool closed; what a sound disc already holds is let go.
    pub(super) fn take_over(&mut self, plan: &DiscPlan, pending: &Pending, discs: &[DiscRecord]) {
        let closed: Vec<_> = pending.lock().closed.drain(..).collect();
        for file in closed {
            let wanted = belongs_on_disc(&file.record.path, plan.include_tracks);
            if wanted && !self.holds(&file.record.path) {
                self.files.push_back(file);
            } else if let Some(spooled) = file.spooled.filter(|_| !wanted) {
                pending.free_spooled(&spooled);
            }
        }
        let there = |file: &&ClosedFile| is_on_a_disc(discs, &file.record.path);
        let burnt: Vec<_> = self.files.iter().filter(there).cloned().collect();
        self.let_go(&burnt, pending);
    }

    /// The interview is complete: everything that is not on a disc yet.
    pub(super) fn take_rest(&mut self, plan: &DiscPlan, discs: &[DiscRecord]) -> Result<(), DiscFault> {
        let files = interview_files(plan).map_err(|error| DiscFault::SourceUnreadable {
            path: plan.interview_dir.display().to_string(),
            detail: error.to_string(),
        })?;
        for record in files {
            let known = self.holds(&record.path) || self.unreadable.contains(&record.path);
            if !known && !is_on_a_disc(discs, &record.path) {
                self.files.push_back(from_master(record));
            }
        }
        Ok(())
    }

    /// What stood on a disc that failed waits again, before the rest.
    pub(super) fn put_back(&mut self, plan: &DiscPlan, failed: &DiscRecord) {
        let is_the_interviews = |path: &str| {
            belongs_on_disc(path, plan.include_tracks)
                && plan.interview_dir.join(path).is_file()
                && !is_its_own(failed, path)
        };
        let again = failed
            .files
            .values()
            .filter(|file| is_the_interviews(&file.path) && !self.holds(&file.path));
        let mut files: VecDeque<_> = again.cloned().map(from_master).collect();
        files.append(&mut self.files);
        self.files = files;
    }

    /// A spooled file that changed is taken from the master; one that the master does not give either is
    /// told and left out, so that it cannot hold up the others.
    pub(super) fn check_sources(
        &mut self,
        count: usize,
        plan: &DiscPlan,
        pending: &Pending,
    ) -> Vec<DiscFault> {
        let mut lost = Vec::new();
        for file in self.files.iter_mut().take(count) {
            let is_good =
                |path: &PathBuf| sha256_of_file(path).is_ok_and(|digest| digest == file.record.sha256);
            if file.spooled.as_ref().is_some_and(is_good) {
                continue;
            }
            if let Some(spooled) = file.spooled.take() {
                pending.free_spooled(&spooled);
            }
            let detail = match sha256_of_file(&plan.interview_dir.join(&file.record.path)) {
                Ok(digest) if digest == file.record.sha256 => continue,
                Ok(_) => "it is not what was recorded".to_owned(),
                Err(error) => error.to_string(),
            };
            lost.push(DiscFault::SourceUnreadable {
                path: file.record.path.clone(),
                detail,
            });
            self.unreadable.insert(file.record.path.clone());
        }
        self.files
            .retain(|file| !self.unreadable.contains(&file.record.path));
        lost
    }

    /// Gives the spool's volume free: everything that waits comes from the master.
    pub(super) fn shed_spool(&mut self, pending: &Pending) {
        for spooled in self.files.iter_mut().filter_map(|file| file.spooled.take()) {
            pending.free_spooled(&spooled);
        }
    }

    pub(super) fn let_go(&mut self, files: &[ClosedFile], pending: &Pending) {
        for file in files {
            if let Some(spooled) = &file.spooled {
                pending.free_spooled(spooled);
            }
            self.burnt_bytes += file.record.size;
        }
        self.files
            .retain(|queued| files.iter().all(|file| file.record.path != queued.record.path));
    }
}
