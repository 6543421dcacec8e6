//! Whether the e-case file takes a file: while the interview is open, within its limits, under a name of its own.
//!
//! Asked twice of each: before the file is sent, so that nobody sends gigabytes for nothing, and when it is there.

use crate::interview::case_files::{
    CaseFile, Given, GivenCaseFile, MAX_CASE_BYTES, MAX_CASE_FILES, fits_a_folder,
};
use crate::interview::entry::{Entry, Fact};
use crate::interview::state::{Interview, Matter, Stage, State};
use crate::interview::time::Moment;
use crate::interview::words::refusals::Why;
use std::collections::BTreeSet;

impl Interview {
    /// `bytes` as announced; one that says nothing may be of any size.
    pub(in crate::interview) fn may_give(&self, path: &str, bytes: Option<u64>) -> Result<(), Why> {
        let matter = self.taking_matter()?;
        if let Some(given) = matter.given_as(path) {
            let is_other = bytes.is_some_and(|bytes| bytes != given.file.size);
            return if is_other {
                Err(Why::CaseFileNameTaken)
            } else {
                Ok(())
            };
        }
        matter.has_free_name(path)?;
        matter.has_room_for_name(path)?;
        matter.has_room_for(bytes.unwrap_or(0))
    }

    pub(in crate::interview) fn decide_case_file(&self, at: Moment, file: CaseFile) -> Result<Given, Why> {
        let matter = self.taking_matter()?;
        if let Some(given) = matter.given_as(&file.path) {
            let is_same = given.file.sha256 == file.sha256 && given.file.size == file.size;
            return if is_same {
                Ok(Given::Before(given.at))
            } else {
                Err(Why::CaseFileNameTaken)
            };
        }
        matter.has_free_name(&file.path)?;
        matter.has_room_for_name(&file.path)?;
        matter.has_room_for(file.size)?;
        let fact = Fact::CaseFileGiven(file);
        Ok(Given::New(vec![Entry { at, fact }]))
    }

    /// What is being closed is sealed: its manifest names what stands there.
    fn taking_matter(&self) -> Result<&Matter, Why> {
        match &self.state {
            State::Open {
                stage: Stage::Closing { .. } | Stage::Closed { .. },
                ..
            } => Err(Why::CaseFileLate),
            State::Open { .. } | State::Idle | State::Prechecked { .. } | State::Confidential { .. } => {
                self.open_matter()
            }
        }
    }
}

impl Matter {
    fn given_as(&self, path: &str) -> Option<&GivenCaseFile> {
        self.case_files.iter().find(|given| given.file.path == path)
    }

    /// A computer that reads the disc may not tell names apart that differ in case only; and what is a folder to
    /// one file cannot be the name of another.
    fn has_free_name(&self, path: &str) -> Result<(), Why> {
        let path = path.to_lowercase();
        let is_below = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let clashes = |given: &GivenCaseFile| {
            let other = given.file.path.to_lowercase();
            is_below(&path, &other) || is_below(&other, &path)
        };
        if self.case_files.iter().any(clashes) {
            Err(Why::CaseFileNameTaken)
        } else {
            Ok(())
        }
    }

    /// In every folder that it stands in.
    fn has_room_for_name(&self, path: &str) -> Result<(), Why> {
        let given = || self.case_files.iter().map(|given| given.file.path.as_str());
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..=at));
        for folder in folders {
            let within = |path: &'_ str| -> Option<String> {
                let name = path.strip_prefix(folder)?.split('/').next()?;
                Some(name.to_owned())
            };
            let names: BTreeSet<String> = given().chain([path]).filter_map(within).collect();
            if !fits_a_folder(names.iter().map(String::as_str)) {
                return Err(Why::CaseFileNamesTooLong);
            }
        }
        Ok(())
    }

    fn has_room_for(&self, bytes: u64) -> Result<(), Why> {
        if self.case_files.len() >= MAX_CASE_FILES {
            return Err(Why::CaseFilesTooMany);
        }
        let used: u64 = self.case_files.iter().map(|given| given.file.size).sum();
        let left = MAX_CASE_BYTES.saturating_sub(used);
        if bytes > left {
            return Err(Why::CaseFilesTooLarge { left_bytes: left });
        }
        Ok(())
    }
}
