//! A journal under check: every line in its one lawful form, in its place in
//! the chain, and in agreement with the lines before it. Reads on behind a bad
//! line as far as that makes sense, so that one changed byte is one finding.

use super::{codes::Code, report::Finding};
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

/// Reads a whole journal. `None` when it cannot be read at all.
pub fn read(name: &str, path: &Path, findings: &mut Vec<Finding>) -> Option<Vec<Line>> {
    match File::open(path) {
        Ok(file) => read_lines(name, BufReader::new(file), findings),
        Err(error) => {
            findings.push(Finding::new(Code::Unreadable, name, error));
            None
        }
    }
}

/// The same from anything that has bytes.
pub fn read_lines(name: &str, bytes: impl BufRead, findings: &mut Vec<Finding>) -> Option<Vec<Line>> {
    let mut raw_lines = Lines::new(bytes);
    let (mut lines, mut chain) = (Vec::new(), Chain::default());
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
            findings.push(Finding::new(
                Code::JournalTorn,
                name,
                format_args!("line {number}"),
            ));
            break;
        };
        match chain.accept(content) {
            Ok(line) => lines.push(line.clone()),
            Err(fault) => {
                findings.push(Finding::new(
                    Code::JournalLine,
                    name,
                    format_args!("line {number}: {fault}"),
                ));
                go_on_behind(content, &fault, &mut chain, &mut lines);
            }
        }
    }
    Some(lines)
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
        findings.push(Finding::new(code, name, fault));
    }
    outline
}
