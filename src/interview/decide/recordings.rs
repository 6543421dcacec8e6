//! Recordings that were made elsewhere while this room could not record: linked, or taken in as files.
//!
//! They come when they come: while the interview stands still, goes on elsewhere, or long after recording went on
//! here; until it is closed. The other clock is not ours, so its times are kept as they are told.

use super::Decided;
use super::texts::{MAX_NAME_CHARS, MAX_TEXT_CHARS, few, limited, required};
use crate::interview::entry::Fact;
use crate::interview::ids::InterruptionId;
use crate::interview::marks::{Import, Interruption, OtherRecorder, OtherRecording};
use crate::interview::state::{Interview, Matter};
use crate::interview::time::WallTime;
use crate::interview::words::refusals::Why;

/// Of one interruption.
const MAX_RECORDINGS: usize = 200;

/// What a link was asked with.
pub(super) struct Link {
    pub interruption: InterruptionId,
    pub room: Option<String>,
    pub device: Option<String>,
    pub interview_id: String,
    pub uuid: Option<String>,
    pub from: String,
    pub until: String,
    pub note: String,
}

impl Interview {
    pub(super) fn link_recording(&self, link: Link) -> Decided {
        self.open_matter()?.takes_recordings_of(link.interruption)?;
        let recorder = match (link.room, link.device) {
            (Some(room), None) => {
                required("room", &room, MAX_NAME_CHARS)?;
                required("interview_id", &link.interview_id, MAX_NAME_CHARS)?;
                OtherRecorder::Room(room)
            }
            (None, Some(device)) => {
                required("device", &device, MAX_NAME_CHARS)?;
                limited("interview_id", &link.interview_id, MAX_NAME_CHARS)?;
                OtherRecorder::Device(device)
            }
            (Some(_), Some(_)) | (None, None) => return Err(Why::RecorderUnclear),
        };
        if let Some(uuid) = &link.uuid {
            required("uuid", uuid, MAX_NAME_CHARS)?;
        }
        limited("note", &link.note, MAX_TEXT_CHARS)?;
        let time = |text: &str| WallTime::parse(text).ok_or(Why::TimesUnfit);
        let (from, until) = (time(&link.from)?, time(&link.until)?);
        in_order(&from, &until)?;
        Ok(vec![Fact::RecordingLinked {
            interruption: link.interruption,
            recorder,
            interview_id: link.interview_id,
            uuid: link.uuid,
            from,
            until,
            note: link.note,
        }])
    }

    pub(in crate::interview) fn import_recording(&self, import: Import) -> Decided {
        let matter = self.open_matter()?;
        matter.takes_recordings_of(import.interruption)?;
        required("device", &import.device, MAX_NAME_CHARS)?;
        in_order(&import.from, &import.until)?;
        if matter.has_imported(&import.path) {
            return Err(Why::ImportTwice);
        }
        Ok(vec![Fact::RecordingImported(import)])
    }
}

impl Matter {
    fn takes_recordings_of(&self, id: InterruptionId) -> Result<(), Why> {
        let gap = self.interruptions.iter().find(|gap| gap.id == id);
        let gap = gap.ok_or(Why::InterruptionUnknown)?;
        few("recordings", gap.recordings.len() + 1, MAX_RECORDINGS)
    }

    fn has_imported(&self, path: &str) -> bool {
        let is_it = |recording: &OtherRecording| match recording {
            OtherRecording::Imported { import, .. } => import.path == path,
            OtherRecording::Linked { .. } => false,
        };
        let recordings = |gap: &Interruption| gap.recordings.iter().any(is_it);
        self.interruptions.iter().any(recordings)
    }
}

fn in_order(from: &WallTime, until: &WallTime) -> Result<(), Why> {
    if from.unix_ms < until.unix_ms {
        Ok(())
    } else {
        Err(Why::TimesUnfit)
    }
}
