//! What happens to an interview that a power cut or a crash left open: whole
//! chunks beyond the last journal line are adopted (and said to be), torn bytes
//! go to `quarantine/`, files without a line get one, a closing that was begun
//! is completed. Nothing is deleted. Called once per start, before anything is
//! recorded; repeating it after another cut in its middle is harmless.

mod fragments;

use self::fragments::{adopted_fragment, fragments_of};
use super::{
    closing::{ClosedInterview, ClosingError, finish, is_made_by_closing, journalled_files},
    digest::{Digests, digest_file},
    directory::{DirectoryError, InterviewDirectory, JOURNAL, Place},
    durable::{self, DurableError, Step as _},
    entries::{
        DEVICE_KEY, DeviceKey, FILE_ADDED, FRAGMENT, FileAdded, Fragment, SEGMENT_CLOSED, SEGMENT_OPENED,
        SegmentClosed, TRACK_CLOSED, TrackClosed, to_data,
    },
    journal::{Journal, JournalError},
    line::{Data, Line},
    mp4::{Continuity, Header, PlacedChunk, scan_chunks, scan_header},
    names::{InterviewId, TrackName},
    now::Now,
    outline::{Outline, OutlineFault, PartOutline, SegmentOutline},
    sums::{SHA256SUMS, list_files},
    writer::{Writer, WriterError, quarantine, segment_opened, starts_with_key_frame},
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::Arc,
};

/// Why an interview cannot be taken up again. The directory stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error(transparent)]
    Durable(#[from] DurableError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Writer(#[from] WriterError),
    #[error(transparent)]
    Closing(#[from] ClosingError),
    #[error("the journal of {id} contradicts itself ({fault}); leave it, and run `shenlu verify`")]
    Contradiction { id: InterviewId, fault: OutlineFault },
    #[error("the journal of {0} does not say which interview it is")]
    NotOpened(InterviewId),
    #[error(
        "the closing of {id} waits for the device's own keys, which signed it so far; the next start tries again"
    )]
    KeysOutOfReach { id: InterviewId },
}

/// How an interview was found.
pub enum Recovered {
    /// It goes on as its next part.
    Open(Box<Adopted>),
    /// It had ended; its closing is complete now.
    Closed(Box<ClosedInterview>),
    /// The cut came before its first journal line: nothing was recorded.
    Stillborn,
}

/// An interview taken up again.
pub struct Adopted {
    pub directory: InterviewDirectory,
    /// Every line of its journal, with those that adoption added.
    pub lines: Vec<Line>,
    pub outline: Outline,
    /// What was durable and had no line.
    pub fragments: Vec<Fragment>,
    /// Paths of what was set aside.
    pub quarantined: Vec<String>,
}

impl Adopted {
    /// A writer that goes on after the parts that there are.
    pub fn writer(&self, segment_seconds: u32) -> Writer {
        let mut writer = Writer::new(&self.directory, segment_seconds);
        for part in &self.outline.parts {
            if let Some(at) = part.ended_at() {
                writer.resume_after(part.opened.track.clone(), part.opened.part, at);
            }
        }
        writer
    }
}

/// Interviews whose sums are not written, oldest name first.
pub fn find_unfinished(interviews: &Path) -> Result<Vec<InterviewId>, DurableError> {
    let entries = match fs::read_dir(interviews) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.step("list", interviews)?,
    };
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry.step("list", interviews)?;
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(id) = id.filter(|_| !entry.path().join(SHA256SUMS).exists()) {
            ids.push(id);
        }
    }
    ids.sort();
    Ok(ids)
}

/// Takes an unfinished interview up again, or completes its closing.
pub fn recover(place: &Place, id: &InterviewId, now: Arc<dyn Now>) -> Result<Recovered, AdoptError> {
    let path = place.interviews().join(id.as_str());
    if !path.join(JOURNAL).exists() {
        return Ok(Recovered::Stillborn);
    }
    let opened = match Journal::open(&path.join(JOURNAL), now) {
        Err(JournalError::Empty { .. }) => return Ok(Recovered::Stillborn),
        opened => opened?,
    };
    let outline = checked_outline(id, &opened.lines)?;
    if outline.closed.is_some() {
        let named = outline.device_key.as_deref();
        if place.keys.is_temporary() && named.is_some_and(|key| key != place.keys.public().id()) {
            return Err(AdoptError::KeysOutOfReach { id: id.clone() });
        }
        // Its copy: `catch_up`, with those of all that are closed.
        let closed = finish(&path, &place.keys, place.timestamp.as_deref(), None)?;
        return Ok(Recovered::Closed(Box::new(closed)));
    }
    let mirror = place.start_mirror(id)?;
    let uuid = outline
        .opened
        .as_ref()
        .ok_or_else(|| AdoptError::NotOpened(id.clone()))?
        .uuid;
    let directory = InterviewDirectory {
        id: id.clone(),
        uuid,
        path,
        journal: opened.journal,
        mirror,
        keys: Arc::clone(&place.keys),
        timestamp: place.timestamp.clone(),
    };
    note_other_key(&directory, &outline)?;
    let mut adoption = Adoption {
        directory,
        outline,
        fragments: Vec::new(),
        quarantined: Vec::new(),
    };
    adoption.run()?;
    adoption.finish()
}

/// An interview that another key began is signed on with ours, and says so; our certificates lie there from then
/// on. A cut in between is made good by the same steps.
fn note_other_key(directory: &InterviewDirectory, outline: &Outline) -> Result<(), AdoptError> {
    let device_key = directory.keys().public().id();
    if outline.device_key.as_ref() != Some(&device_key) {
        let changed = DeviceKey { device_key };
        directory.journal.append(DEVICE_KEY, to_data(&changed))?;
    }
    Ok(directory.put_certificates()?)
}

fn checked_outline(id: &InterviewId, lines: &[Line]) -> Result<Outline, AdoptError> {
    let (outline, faults) = Outline::of(lines);
    match faults.into_iter().next() {
        Some(fault) => Err(AdoptError::Contradiction {
            id: id.clone(),
            fault,
        }),
        None => Ok(outline),
    }
}

/// One recovery under way.
struct Adoption {
    directory: InterviewDirectory,
    /// As the journal stood before.
    outline: Outline,
    fragments: Vec<Fragment>,
    quarantined: Vec<String>,
}

impl Adoption {
    fn run(&mut self) -> Result<(), AdoptError> {
        let open: Vec<PartOutline> = self
            .outline
            .parts
            .iter()
            .filter(|part| part.closed.is_none())
            .cloned()
            .collect();
        for part in &open {
            self.close_part(part)?;
        }
        self.take_in_files()
    }

    fn finish(self) -> Result<Recovered, AdoptError> {
        let lines = Journal::read(&self.directory.path.join(JOURNAL))?;
        let outline = checked_outline(&self.directory.id, &lines)?;
        if let Some(mirror) = &self.directory.mirror {
            mirror.level(&self.directory.path);
            self.directory.journal.mirror_to(mirror.clone(), JOURNAL)?;
        }
        let Self {
            directory,
            fragments,
            quarantined,
            ..
        } = self;
        Ok(Recovered::Open(Box::new(Adopted {
            directory,
            lines,
            outline,
            fragments,
            quarantined,
        })))
    }

    fn append(&self, kind: &str, data: Data) -> Result<(), AdoptError> {
        self.directory.journal.append(kind, data)?;
        Ok(())
    }

    /// Ends a part that the cut left open: its segments one after another, then itself.
    fn close_part(&mut self, part: &PartOutline) -> Result<(), AdoptError> {
        let (number, track) = (part.opened.part, &part.opened.track);
        let mut segments = part.segments.clone();
        let mut timeline = None;
        // What the journal knows as closed was synced and is not read again, or a long interview would be long in
        // coming back: only the last of it, for the timeline to run on from.
        let open = segments.iter().position(|segment| segment.closed.is_none());
        let from = open.unwrap_or(segments.len()).saturating_sub(1);
        for segment in segments.iter_mut().skip(from) {
            self.close_segment(segment, &mut timeline)?;
        }
        // At most one segment can exist without its line; more are handled all the same.
        loop {
            let path = track.segment_path(number, segments.len() as u32 + 1);
            if !self.directory.path.join(&path).exists() {
                break;
            }
            match self.announce_segment(&path, number, track)? {
                Some(mut segment) => {
                    self.close_segment(&mut segment, &mut timeline)?;
                    segments.push(segment);
                }
                None => break,
            }
        }
        let whole = PartOutline {
            opened: part.opened.clone(),
            segments,
            closed: None,
        };
        let extent = whole.extent();
        let closed = TrackClosed {
            part: number,
            track: track.clone(),
            segments: whole.segments.len() as u32,
            duration_us: extent.duration_us,
            frames: extent.frames,
            samples: extent.samples,
            adopted: true,
        };
        self.append(TRACK_CLOSED, to_data(&closed))
    }

    /// Journals a segment that only the disk knows. One without a header and a
    /// whole chunk that can be shown alone is set aside as a whole.
    fn announce_segment(
        &mut self,
        path: &str,
        part: u32,
        track: &TrackName,
    ) -> Result<Option<SegmentOutline>, AdoptError> {
        let absolute = self.directory.path.join(path);
        let file = open_synced(&absolute)?;
        durable::sync_directory(durable::parent_of(&absolute))?; // nor need its name be more than in memory
        let readable = scan_header(&file).ok().filter(|(header, length)| {
            let scan = scan_chunks(&file, *length, header);
            scan.chunks
                .first()
                .is_some_and(|first| starts_with_key_frame(header, &first.chunk))
        });
        let Some((_, length)) = readable else {
            self.set_file_aside(path)?;
            return Ok(None);
        };
        let bytes = fs::read(&absolute).step("read", &absolute)?;
        let opened = segment_opened(track, part, path, &bytes[..length as usize], true);
        self.append(SEGMENT_OPENED, to_data(&opened))?;
        Ok(Some(SegmentOutline {
            opened,
            fragments: Vec::new(),
            closed: None,
        }))
    }

    /// Lets the part's timeline run through a segment, and ends it if the cut left it open.
    fn close_segment(
        &mut self,
        segment: &mut SegmentOutline,
        timeline: &mut Option<Continuity>,
    ) -> Result<(), AdoptError> {
        let path = segment.opened.segment.clone();
        let absolute = self.directory.path.join(&path);
        let file = open_synced(&absolute)?;
        let end = match scan_header(&file) {
            Ok((header, _)) => {
                let timeline = timeline.get_or_insert_with(|| Continuity::new(&header));
                self.adopt_chunks(segment, &file, &header, timeline)?
            }
            Err(_) => segment.end(), // damaged under us: keep what is journalled, `verify` names it
        };
        if segment.closed.is_some() {
            return Ok(());
        }
        self.cut_tail(&path, &file, end)?;
        let (size, Digests { sha256, sm3 }) = digest_file(&absolute).step("digest", &absolute)?;
        let closed = SegmentClosed {
            segment: path,
            size,
            sha256,
            sm3,
            adopted: true,
        };
        self.append(SEGMENT_CLOSED, to_data(&closed))?;
        segment.closed = Some(closed);
        Ok(())
    }

    /// Journals whole chunks beyond the last line; says where they end.
    fn adopt_chunks(
        &mut self,
        segment: &mut SegmentOutline,
        file: &File,
        header: &Header,
        timeline: &mut Continuity,
    ) -> Result<u64, AdoptError> {
        let scan = scan_chunks(file, segment.opened.header_length, header);
        let is_told = |placed: &PlacedChunk| placed.offset < segment.end();
        let (told, beyond) = scan
            .chunks
            .split_at(scan.chunks.iter().take_while(|c| is_told(c)).count());
        for placed in told {
            timeline.accept(&placed.chunk);
        }
        if segment.closed.is_some() {
            return Ok(segment.end());
        }
        for group in fragments_of(beyond, header) {
            let place = (
                segment.opened.segment.as_str(),
                file,
                self.directory.path.as_path(),
            );
            let fragment = adopted_fragment(place, group, timeline)?;
            self.append(FRAGMENT, to_data(&fragment))?;
            segment.fragments.push(fragment.clone());
            self.fragments.push(fragment);
        }
        Ok(segment.end())
    }

    /// Moves what is behind the last whole chunk to `quarantine/`.
    fn cut_tail(&mut self, path: &str, file: &File, end: u64) -> Result<(), AdoptError> {
        let absolute = self.directory.path.join(path);
        let bytes = fs::read(&absolute).step("read", &absolute)?;
        let Some(tail) = bytes.get(end as usize..).filter(|tail| !tail.is_empty()) else {
            return Ok(());
        };
        self.keep(&path.replace('/', "-"), path, end, tail)?;
        file.set_len(end)
            .and_then(|()| file.sync_all())
            .step("cut the torn tail off", &absolute)?;
        Ok(())
    }

    fn set_file_aside(&mut self, path: &str) -> Result<(), AdoptError> {
        let absolute = self.directory.path.join(path);
        let bytes = fs::read(&absolute).step("read", &absolute)?;
        self.keep(&path.replace('/', "-"), path, 0, &bytes)?;
        fs::remove_file(&absolute).step("move to quarantine", &absolute)?;
        durable::sync_directory(durable::parent_of(&absolute))?;
        Ok(())
    }

    fn keep(&mut self, name: &str, from: &str, offset: u64, bytes: &[u8]) -> Result<(), AdoptError> {
        // A cut between the line and the truncation comes back here with the same bytes.
        let digests = Digests::of(bytes);
        let is_same = |kept: &&super::entries::Quarantined| kept.from == from && kept.digests == digests;
        let path = match self.outline.quarantined.iter().find(is_same) {
            Some(kept) => kept.path.clone(),
            None => quarantine(&self.directory, name, from, offset, bytes)?,
        };
        self.quarantined.push(path);
        Ok(())
    }

    /// Every other file without a line: whole ones get theirs, incomplete ones go aside.
    fn take_in_files(&mut self) -> Result<(), AdoptError> {
        let root = self.directory.path.clone();
        let lines = Journal::read(&root.join(JOURNAL))?;
        let known = journalled_files(&checked_outline(&self.directory.id, &lines)?);
        for path in list_files(&root).step("list", &root)? {
            if path == JOURNAL || known.contains_key(&path) || is_made_by_closing(&path) {
                continue;
            }
            // A recovery that was cut while it kept something aside: kept aside again just now, under this very
            // name. Its own copy of it may be half, and what it is a copy of is whole.
            let is_half_kept = path.starts_with("quarantine/") && path.ends_with(durable::TEMPORARY_SUFFIX);
            if is_half_kept && !root.join(&path).exists() {
                continue;
            }
            let is_media = path.starts_with("part-") || path.starts_with("tracks/");
            if is_media || path.ends_with(durable::TEMPORARY_SUFFIX) {
                self.set_file_aside(&path)?;
                continue;
            }
            let absolute = root.join(&path);
            open_synced(&absolute)?;
            durable::sync_directory(durable::parent_of(&absolute))?;
            let (size, digests) = digest_file(&absolute).step("digest", &absolute)?;
            let added = FileAdded {
                path,
                size,
                digests,
                adopted: true,
            };
            // Its writer may not have come to the copy.
            if let Some(mirror) = &self.directory.mirror {
                mirror.copy(&added.path, &root);
            }
            self.append(FILE_ADDED, to_data(&added))?;
        }
        Ok(())
    }
}

/// Gives every file without a line its line, before an interview is closed: a
/// step between file and line may have failed without a restart since.
pub(super) fn take_in_unknown(directory: &InterviewDirectory) -> Result<(), AdoptError> {
    let lines = Journal::read(&directory.path.join(JOURNAL))?;
    let outline = checked_outline(&directory.id, &lines)?;
    let directory = directory.clone();
    Adoption {
        directory,
        outline,
        fragments: Vec::new(),
        quarantined: Vec::new(),
    }
    .take_in_files()
}

/// After a mere crash the bytes may still be in memory only: they count once synced.
fn open_synced(path: &Path) -> Result<File, DurableError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .step("open", path)?;
    file.sync_all().step("sync", path)?;
    Ok(file)
}
