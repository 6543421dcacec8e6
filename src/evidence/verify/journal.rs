//! A journal under check: every line in its one lawful form, in its place in
//! the chain, and in agreement with the lines before it. Reads on behind a bad
//! line as far as that makes sense, so that one changed byte is one finding.

use super::{
    codes::Code,
    report::Finding,
    words::{
        details::{LINE, line_fault, outline_fault},
        say,
    },
};
use crate::evidence::{
    journal::Lines,
    line::{Chain, Line, LineFault, parse},
    outline::{Outline, OutlineFault},
};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

/// A journal as it was read.
pub struct ReadJournal {
    pub lines: Vec<Line>,
    /// So many lines from the first on are without a fault, each linked to the one before.
    pub sound: u64,
}

/// Reads a whole journal. `None` when it cannot be read at all.
pub fn read(name: &str, path: &Path, findings: &mut Vec<Finding>) -> Option<ReadJournal> {
    match File::open(path) {
        Ok(file) => read_whole(name, BufReader::new(file), findings),
        Err(error) => {
            findings.push(Finding::new(Code::Unreadable, name, error));
            None
        }
    }
}

/// The same from anything that has bytes.
pub fn read_lines(name: &str, bytes: impl BufRead, findings: &mut Vec<Finding>) -> Option<Vec<Line>> {
    read_whole(name, bytes, findings).map(|read| read.lines)
}

fn read_whole(name: &str, bytes: impl BufRead, findings: &mut Vec<Finding>) -> Option<ReadJournal> {
    let mut raw_lines = Lines::new(bytes);
    let (mut lines, mut chain) = (Vec::new(), Chain::default());
    let mut sound = None;
    for number in 1_u64.. {
        let raw = match raw_lines.next_raw() {
            Ok(Some(raw)) => raw,
            Ok(None) => break,
            Err(error) => {
                findings.push(Finding::new(Code::Unreadable, name, error));
                return None;
            }
        };
        let Some(content) = raw.strip_suffix(b"\n") else {
            findings.push(Finding::new(Code::JournalTorn, name, say(LINE, &[&number])));
            sound.get_or_insert(number - 1);
            break;
        };
        match chain.accept(content) {
            Ok(line) => lines.push(line.clone()),
            Err(fault) => {
                findings.push(Finding::new(Code::JournalLine, name, line_fault(number, &fault)));
                sound.get_or_insert(number - 1);
                go_on_behind(content, &fault, &mut chain, &mut lines);
            }
        }
    }
    let sound = sound.unwrap_or(lines.len() as u64);
    Some(ReadJournal { lines, sound })
}

/// A line that is good by itself, or at least still a line, is what the next one
/// is measured by; otherwise the fault would be reported for every further line.
fn go_on_behind(content: &[u8], fault: &LineFault, chain: &mut Chain, lines: &mut Vec<Line>) {
    tracing::debug!(%fault, "reading on behind a bad journal line");
    let line = parse(content)
        .ok()
        .or_else(|| serde_json::from_slice(content).ok());
    if let Some(line) = line {
        chain.advance(line.clone());
        lines.push(line);
    }
}

/// What the lines say, with every contradiction as a finding.
pub fn outline(name: &str, lines: &[Line], findings: &mut Vec<Finding>) -> Outline {
    let (outline, faults) = Outline::of(lines);
    for fault in faults {
        let code = match &fault {
            OutlineFault::GapMissing { .. } => Code::GapMissing,
            OutlineFault::Data { .. }
            | OutlineFault::UnknownSegment { .. }
            | OutlineFault::SegmentClosed { .. }
            | OutlineFault::SegmentOrder { .. }
            | OutlineFault::FragmentOffset { .. }
            | OutlineFault::SegmentSize { .. }
            | OutlineFault::PartOrder { .. }
            | OutlineFault::PartTotals { .. } => Code::JournalContradiction,
        };
        findings.push(Finding::new(code, name, outline_fault(&fault)));
    }
    outline
}
