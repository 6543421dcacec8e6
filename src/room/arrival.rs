//! A file that came in beside the interview's directory and becomes evidence: its name, its line.
//!
//! Used by the recorder's thread. The file is whole, durable and digested already; here it gets its name by a link
//! and is not read, however large it is. The name under which it came in goes afterwards, whatever happened: what
//! became evidence has its other one, what did not is still with its sender.

use crate::evidence::digest::Digests;
use crate::evidence::directory::{DirectoryError, InterviewDirectory};
use crate::evidence::line::Line;
use std::path::PathBuf;

pub struct Arrival {
    pub from: PathBuf,
    /// From the interview's directory.
    pub path: String,
    pub size: u64,
    pub digests: Digests,
    /// The same file stands there already and was journalled: a crash came before the lines that say what it is.
    pub in_place: bool,
}

impl Arrival {
    /// Its line, unless it has one already.
    pub(super) fn put_in(&self, directory: &InterviewDirectory) -> Result<Option<Line>, DirectoryError> {
        let line = if self.in_place {
            Ok(None)
        } else {
            let line = directory.take_in(&self.path, &self.from, self.size, self.digests);
            line.map(Some)
        };
        if let Err(error) = std::fs::remove_file(&self.from) {
            tracing::warn!(%error, path = %self.from.display(), "left for the next start");
        }
        line
    }
}
