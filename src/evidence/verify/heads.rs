//! The signed heads of a journal (`checkpoint` lines): each checked with the key that was to sign there, and how
//! far they prove what was written.
//!
//! `signatures` asks. An interview of hours has thousands, a millisecond's work each: they are shared out to all
//! cores. A head proves the line before it and, by the chain, every line before that.

use super::{
    codes::Code,
    journal::ReadJournal,
    report::Finding,
    signatures::{ProvedUntil, Ring, Way},
    story::Moment,
    words::{
        Detail,
        details::{LINE, LINES, OF_KEY, SECONDS},
        fill, say,
    },
};
use crate::evidence::{
    directory::JOURNAL,
    entries::{FRAGMENT, Fragment, from_data},
    line::Line,
    outline::{Outline, SignedHead},
    signing::{PublicKeys, checkpoint_text, from_hex},
};
use std::thread;
use uuid::Uuid;

/// A stretch of recording longer than this without a signed head was not signed as it came: one is due with every
/// second fragment, and what is adopted after a cut comes without.
const UNSIGNED_US: u64 = 15_000_000;

/// What became of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    Proved,
    Wrong,
    /// No certificate of the key that was to sign is at hand.
    Unproved,
}

/// All heads, in the order of the journal.
pub struct Judged {
    pub heads: Vec<Head>,
    pub proved: u64,
}

pub fn judge(ring: &Ring<'_>, outline: &Outline) -> Judged {
    let Some(uuid) = outline.opened.as_ref().map(|opened| opened.uuid) else {
        return Judged {
            heads: Vec::new(),
            proved: 0,
        };
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = outline.checkpoints.len().div_ceil(cores).max(1);
    let judge_share = |heads: &[SignedHead]| -> Vec<Head> {
        heads.iter().map(|head| judge_one(ring, uuid, head)).collect()
    };
    let heads: Vec<Head> = thread::scope(|scope| {
        let shares: Vec<_> = outline
            .checkpoints
            .chunks(share)
            .map(|heads| (heads, scope.spawn(move || judge_share(heads))))
            .collect();
        // A thread that could not do its share leaves it undone, never good.
        let joined = shares.into_iter().map(|(heads, thread)| {
            thread
                .join()
                .unwrap_or_else(|_| vec![Head::Unproved; heads.len()])
        });
        joined.flatten().collect()
    });
    let proved = heads.iter().filter(|head| **head == Head::Proved).count() as u64;
    Judged { heads, proved }
}

fn judge_one(ring: &Ring<'_>, uuid: Uuid, head: &SignedHead) -> Head {
    match head.device_key.as_ref().and_then(|id| ring.get(id)) {
        Some(keys) if is_signed(keys, uuid, head) => Head::Proved,
        Some(_) => Head::Wrong,
        None => Head::Unproved,
    }
}

/// The signed head is the very line before, and both signatures are good.
fn is_signed(keys: &PublicKeys, uuid: Uuid, head: &SignedHead) -> bool {
    let checkpoint = &head.checkpoint;
    let text = checkpoint_text(uuid, checkpoint.seq, checkpoint.hash);
    let good = |hex: &str, holds: Way| from_hex(hex).is_some_and(|signature| holds(keys, &text, &signature));
    checkpoint.seq.checked_add(1) == Some(head.line)
        && checkpoint.hash == head.prev
        && good(&checkpoint.ed25519, PublicKeys::is_ed25519)
        && good(&checkpoint.sm2, PublicKeys::is_sm2)
}

/// What is not proved, one finding for heads of a kind that follow one another.
pub fn tell_of(judged: &Judged, outline: &Outline) -> Vec<Finding> {
    let all: Vec<(&SignedHead, Head)> = outline
        .checkpoints
        .iter()
        .zip(judged.heads.iter().copied())
        .collect();
    let is_alike =
        |a: &(&SignedHead, Head), b: &(&SignedHead, Head)| a.1 == b.1 && a.0.device_key == b.0.device_key;
    let tell = |alike: &[(&SignedHead, Head)]| {
        let (first, kind) = alike.first()?;
        let last = alike.last().map_or(first.line, |(last, _)| last.line);
        let lines = match alike.len() {
            1 => say(LINE, &[&first.line]),
            count => say(LINES, &[&first.line, &last, &count]),
        };
        let key = first.device_key.as_deref().unwrap_or_default();
        match kind {
            Head::Proved => None,
            Head::Wrong => Some(Finding::new(Code::CheckpointWrong, JOURNAL, lines)),
            Head::Unproved => {
                let detail = Detail {
                    zh: fill(OF_KEY.0, &[&key, &lines.zh]),
                    en: fill(OF_KEY.1, &[&key, &lines.en]),
                };
                Some(Finding::new(Code::CheckpointUnproved, JOURNAL, detail))
            }
        }
    };
    all.chunk_by(is_alike).filter_map(tell).collect()
}

pub fn longest_unsigned(outline: &Outline) -> Option<Finding> {
    let seconds = outline.longest_unsigned_us / 1_000_000;
    let is_too_long = outline.longest_unsigned_us > UNSIGNED_US;
    is_too_long.then(|| Finding::new(Code::CheckpointMissing, JOURNAL, say(SECONDS, &[&seconds])))
}

/// How far a journal is proved: up to the last good head in its part without a fault.
pub fn proved_until(journal: &ReadJournal, outline: &Outline, judged: &Judged) -> Option<ProvedUntil> {
    let mut heads = outline.checkpoints.iter().zip(&judged.heads).rev();
    let (head, _) = heads.find(|(head, judged)| **judged == Head::Proved && head.line <= journal.sound)?;
    let signed = usize::try_from(head.checkpoint.seq).ok()?;
    let (proved, behind) = journal.lines.split_at_checked(signed)?;
    let last = proved.last()?;
    let place = proved.iter().rev().find_map(program_fragment);
    let unsigned = behind.iter().filter_map(program_fragment);
    Some(ProvedUntil {
        line: last.seq,
        lines_behind: behind.len() as u64,
        unsigned_us: unsigned.fold(0, |sum: u64, (_, fragment)| {
            sum.saturating_add(fragment.duration_us)
        }),
        moment: Moment {
            at: last.at.clone(),
            part: place.as_ref().map(|(part, _)| *part),
            media_us: place.map(|(_, f)| f.media_us.saturating_add(f.duration_us)),
        },
    })
}

/// A fragment of the composite with its part, by the path that it stands in.
fn program_fragment(line: &Line) -> Option<(u64, Fragment)> {
    let is_fragment = line.kind == FRAGMENT;
    let fragment: Fragment = is_fragment.then(|| from_data(&line.data).ok())??;
    let part = fragment.segment.strip_prefix("part-")?.get(..4)?.parse().ok()?;
    Some((part, fragment))
}
