//! The manifest's time stamp, where one lies beside it: of this manifest or not, by whom, when.
//!
//! Called by `signatures`. That none is there is no finding: a server is optional, and one that could not be
//! reached must not make evidence unsound. The authority behind the stamp's certificate is not judged here.

use super::{codes::Code, files::Shelf, report::Figures, report::Finding};
use crate::evidence::{
    digest::Sha256Digest,
    manifest::MANIFEST,
    signing::MANIFEST_TSR,
    timestamp::{self, StampError},
};

pub fn check(shelf: &Shelf<'_>, figures: &mut Figures, findings: &mut Vec<Finding>) {
    let Some(response) = shelf.read(MANIFEST_TSR, findings) else {
        return;
    };
    let Some(manifest) = shelf.read(MANIFEST, findings) else {
        return; // told where the manifest is looked at
    };
    match timestamp::check(&response, Sha256Digest::of(&manifest)) {
        Ok(stamp) => figures.timestamp = Some(stamp),
        Err(StampError::OtherImprint) => {
            findings.push(Finding::new(Code::TimestampForeign, MANIFEST_TSR, ""));
        }
        Err(error) => findings.push(Finding::new(Code::TimestampWrong, MANIFEST_TSR, error)),
    }
}
