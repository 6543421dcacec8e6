//! One interview's directory: created exclusively, named after room and second,
//! with its journal from the first moment. Everything that is no media enters
//! through `put_file`, once, and is journalled. The room owns it; it never
//! replaces or deletes a file.

use super::{
    digest::Digests,
    durable::{self, DurableError},
    entries::{CHECKPOINT, CLOSED, Checkpoint, FILE_ADDED, FORM, FileAdded, Opened, to_data},
    journal::{Journal, JournalError},
    line::{Data, Line},
    mirror::Mirror,
    names::{InterviewId, NameError, check_relative},
    now::Now,
    signing::{DEVICE_PEM, DEVICE_SM2_PEM, DeviceKeys, PublicKeys, checkpoint_text, hex},
    timestamp::TimestampServer,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

/// What keeps an interview's directory from being made or filled.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error(transparent)]
    Durable(#[from] DurableError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("{0:?} belongs to the recording itself; choose another name")]
    Reserved(String),
    #[error("the mirror's thread cannot be started")]
    Mirror(#[source] io::Error),
}

/// Where the room keeps its interviews.
#[derive(Debug, Clone)]
pub struct Place {
    /// `<data>`.
    pub data: PathBuf,
    /// A second disk, if there is one.
    pub mirror: Option<PathBuf>,
    /// What its interviews are signed with.
    pub keys: Arc<DeviceKeys>,
    /// Who says when an interview was closed; none is configured: `None`.
    pub timestamp: Option<Arc<TimestampServer>>,
}

/// What may wait for the mirror before it counts as failed.
const MIRROR_LIMIT_BYTES: u64 = 64 << 20;

/// Where an interview's journal stands in its directory.
pub const JOURNAL: &str = "journal.jsonl";

impl Place {
    pub fn interviews(&self) -> PathBuf {
        interviews(&self.data)
    }

    /// The mirror of one interview. None is configured: `Ok(None)`.
    pub(super) fn start_mirror(&self, id: &InterviewId) -> Result<Option<Mirror>, DirectoryError> {
        let root = |mirror: &PathBuf| mirror.join("interviews").join(id.as_str());
        let start = |root| Mirror::start(root, MIRROR_LIMIT_BYTES).map_err(DirectoryError::Mirror);
        self.mirror.as_ref().map(root).map(start).transpose()
    }
}

/// Where interviews lie below `<data>`.
pub fn interviews(data: &Path) -> PathBuf {
    data.join("interviews")
}

/// An open interview's directory.
#[derive(Clone)]
pub struct InterviewDirectory {
    pub(super) id: InterviewId,
    pub(super) uuid: Uuid,
    pub(super) path: PathBuf,
    pub(super) journal: Journal,
    pub(super) mirror: Option<Mirror>,
    pub(super) keys: Arc<DeviceKeys>,
    pub(super) timestamp: Option<Arc<TimestampServer>>,
}

impl InterviewDirectory {
    /// Makes the directory with the device's certificates, then its journal, durably.
    pub fn create(place: &Place, room: &str, now: Arc<dyn Now>) -> Result<Self, DirectoryError> {
        durable::create_directories(&place.interviews())?;
        let (id, path) = create_exclusively(&place.interviews(), room, &*now)?;
        let uuid = Uuid::new_v4();
        let opened = Opened {
            form: FORM,
            uuid,
            id: id.clone(),
            room: room.to_owned(),
            device_key: place.keys.public().id(),
        };
        // Before the first line: an interview is there with it, and then its signed heads can be checked.
        for (name, pem) in certificates(&place.keys) {
            durable::put(&path.join(name), pem.as_bytes())?;
        }
        let journal = Journal::create(&path.join(JOURNAL), to_data(&opened), now)?;
        let mirror = place.start_mirror(&id)?;
        if let Some(mirror) = &mirror {
            for (name, pem) in certificates(&place.keys) {
                mirror.put(name, pem.as_bytes().into());
            }
            journal.mirror_to(mirror.clone(), JOURNAL)?;
        }
        Ok(Self {
            id,
            uuid,
            path,
            journal,
            mirror,
            keys: Arc::clone(&place.keys),
            timestamp: place.timestamp.clone(),
        })
    }

    /// Makes the certificates that lie here those of our keys. Another key's are kept in `attachments/`, since
    /// nothing else may know them any more: they check what that key signed.
    pub(super) fn put_certificates(&self) -> Result<(), DirectoryError> {
        let ours = certificates(&self.keys);
        let found = ours.map(|(name, _)| std::fs::read(self.path.join(name)).ok());
        let is_ours =
            |(pem, found): (&(&str, &str), &Option<Vec<u8>>)| found.as_deref() == Some(pem.1.as_bytes());
        if ours.iter().zip(&found).all(is_ours) {
            return Ok(());
        }
        if let [Some(device), Some(device_sm2)] = &found
            && let Ok(other) = PublicKeys::from_pem(device, device_sm2)
            && !other.is_same_key(self.keys.public())
        {
            let id = other.id();
            let folder = format!("attachments/device-{}", id.get(..16).unwrap_or(&id));
            for (name, pem) in [(DEVICE_PEM, device), (DEVICE_SM2_PEM, device_sm2)] {
                self.put_file(&format!("{folder}/{name}"), pem)?;
            }
        }
        for (name, pem) in ours {
            durable::put(&self.path.join(name), pem.as_bytes())?;
            if let Some(mirror) = &self.mirror {
                mirror.put(name, pem.as_bytes().into());
            }
        }
        Ok(())
    }

    pub fn id(&self) -> &InterviewId {
        &self.id
    }

    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The truth; clones of it append to the same file.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    pub fn mirror(&self) -> Option<&Mirror> {
        self.mirror.as_ref()
    }

    pub(super) fn keys(&self) -> &DeviceKeys {
        &self.keys
    }

    pub(super) fn timestamp(&self) -> Option<&TimestampServer> {
        self.timestamp.as_deref()
    }

    /// Signs the journal as far as it stands, durably. `clock` is what is known of the clock now.
    pub fn checkpoint(&self, clock: Data) -> Result<Line, JournalError> {
        self.journal.append_on(CHECKPOINT, |head| {
            let signatures = self.keys.sign(&checkpoint_text(self.uuid, head.seq, head.hash));
            to_data(&Checkpoint {
                seq: head.seq,
                hash: head.hash,
                ed25519: hex(&signatures.ed25519),
                sm2: hex(&signatures.sm2),
                clock,
            })
        })
    }

    /// Puts a whole new file in, durably, then journals it. A name is used once.
    pub fn put_file(&self, path: &str, bytes: &[u8]) -> Result<Line, DirectoryError> {
        self.takes(path)?;
        durable::put_new(&self.path.join(path), bytes)?;
        if let Some(mirror) = &self.mirror {
            mirror.put(path, bytes.into());
        }
        let added = FileAdded {
            path: path.to_owned(),
            size: bytes.len() as u64,
            digests: Digests::of(bytes),
            adopted: false,
        };
        Ok(self.journal.append(FILE_ADDED, to_data(&added))?)
    }

    /// Takes in a file that is whole and durable on the same volume, with the digests taken while it came; it is
    /// not read again, however large it is. Its old name is the caller's to remove.
    pub fn take_in(
        &self,
        path: &str,
        from: &Path,
        size: u64,
        digests: Digests,
    ) -> Result<Line, DirectoryError> {
        self.takes(path)?;
        durable::link_new(&self.path.join(path), from)?;
        let added = FileAdded {
            path: path.to_owned(),
            size,
            digests,
            adopted: false,
        };
        let line = self.journal.append(FILE_ADDED, to_data(&added))?;
        if let Some(mirror) = &self.mirror {
            mirror.copy(path, &self.path);
        }
        Ok(line)
    }

    fn takes(&self, path: &str) -> Result<(), DirectoryError> {
        check_relative(path)?;
        if !is_free_for_files(path) {
            return Err(DirectoryError::Reserved(path.to_owned()));
        }
        if self.journal.head().is_some_and(|line| line.kind == CLOSED) {
            return Err(JournalError::Closed.into());
        }
        Ok(())
    }
}

/// The certificates of a device under the names that they have beside its evidence.
fn certificates(keys: &DeviceKeys) -> [(&'static str, &str); 2] {
    [
        (DEVICE_PEM, keys.device_pem()),
        (DEVICE_SM2_PEM, keys.device_sm2_pem()),
    ]
}

/// Files of the room stand in directories of their own, never among the media,
/// never at the top, never as a file that is not complete.
fn is_free_for_files(path: &str) -> bool {
    let is_media = path.starts_with("part-") || path.starts_with("tracks/");
    let is_ours = path.starts_with("quarantine/") || path.ends_with(durable::TEMPORARY_SUFFIX);
    path.contains('/') && !is_media && !is_ours
}

fn create_exclusively(
    interviews: &Path,
    room: &str,
    now: &dyn Now,
) -> Result<(InterviewId, PathBuf), DirectoryError> {
    let at = now.now().at;
    for n in 1_u32..=999 {
        let id = InterviewId::new(room, at, n)?;
        let path = interviews.join(id.as_str());
        match durable::create_directory(&path) {
            Ok(()) => return Ok((id, path)),
            Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    let source = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(DurableError {
        step: "create an interview in",
        path: interviews.to_owned(),
        source,
    }
    .into())
}
