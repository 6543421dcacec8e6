//! One line of a journal and the chain that lines form: RFC 8785 objects, each
//! with the digest of the one before. Pure; `journal` writes with it, `adopt`
//! and `verify` read with it. It must never accept a line that it would not
//! have written byte for byte.

use super::{
    digest::{Digests, Sha256Digest, Sm3Digest},
    now::Stamp,
};
use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The data of a line: integers, strings, truth values, lists and objects; never a fraction.
pub type Data = Map<String, Value>;

/// Integers stay below 2^53, where every JSON reader agrees on them.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
/// The longest line, so that a damaged file cannot claim all memory.
pub const MAX_LINE_BYTES: usize = 4 << 20;

/// One line as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub seq: u64,
    /// RFC 3339, local offset, milliseconds.
    pub at: String,
    pub boot: String,
    pub mono_us: u64,
    pub kind: String,
    pub data: Data,
    pub prev: Sha256Digest,
    /// SHA-256 over the object without `hash` and `sm3`.
    pub hash: Sha256Digest,
    /// SM3 over the same.
    pub sm3: Sm3Digest,
}

impl Line {
    /// The wall time; `None` only in a line that no `Chain` has accepted.
    pub fn at(&self) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(&self.at).ok()
    }

    /// The line's bytes, with the end of line.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LineFault> {
        let mut bytes = canonical(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn digests(&self) -> Result<Digests, LineFault> {
        let body = Body {
            seq: self.seq,
            at: &self.at,
            boot: &self.boot,
            mono_us: self.mono_us,
            kind: &self.kind,
            data: &self.data,
            prev: self.prev,
        };
        Ok(Digests::of(&canonical(&body)?))
    }
}

/// What the digests of a line cover.
#[derive(Serialize)]
struct Body<'a> {
    seq: u64,
    at: &'a str,
    boot: &'a str,
    mono_us: u64,
    kind: &'a str,
    data: &'a Data,
    prev: Sha256Digest,
}

/// RFC 8785 bytes of a value.
pub fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, LineFault> {
    serde_json_canonicalizer::to_vec(value).map_err(|_| LineFault::NotCanonicalisable)
}

/// RFC 3339 with the local offset and milliseconds, the only form of time in the evidence.
pub fn time_text(at: DateTime<FixedOffset>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// What is wrong with a line, or with data that should become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    #[error("longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    #[error("not a journal line: {0}")]
    NotALine(String),
    #[error("not in RFC 8785 form")]
    NotCanonical,
    #[error("cannot be brought into RFC 8785 form")]
    NotCanonicalisable,
    #[error("{0} is no integer below 2^53")]
    Number(String),
    #[error("{0:?} is no RFC 3339 time with milliseconds")]
    Time(String),
    #[error("sequence number {found} where {expected} belongs")]
    Sequence { expected: u64, found: u64 },
    #[error("does not name the digest of the line before")]
    Previous,
    #[error("its SHA-256 is not that of its content")]
    Hash,
    #[error("its SM3 is not that of its content")]
    Sm3,
    #[error("the monotonic clock runs backwards within one boot")]
    Order,
    #[error("the first line is not `opened`, or `opened` stands elsewhere")]
    Opened,
}

/// Checks lines one after another, and makes the next one.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    last: Option<Line>,
}

impl Chain {
    /// The last accepted line.
    pub fn head(&self) -> Option<&Line> {
        self.last.as_ref()
    }

    fn next_seq(&self) -> u64 {
        self.last.as_ref().map_or(1, |line| line.seq + 1)
    }

    fn next_prev(&self) -> Sha256Digest {
        self.last.as_ref().map_or(Sha256Digest::ZERO, |line| line.hash)
    }

    /// The line that would come next; the chain does not move on before `advance`.
    pub fn make(&self, stamp: Stamp, kind: &str, data: Data) -> Result<Line, LineFault> {
        check_numbers(&data)?;
        let mut line = Line {
            seq: self.next_seq(),
            at: time_text(stamp.at),
            boot: stamp.boot,
            mono_us: stamp.mono_us,
            kind: kind.to_owned(),
            data,
            prev: self.next_prev(),
            hash: Sha256Digest::ZERO,
            sm3: Sm3Digest::of(b""),
        };
        let digests = line.digests()?;
        (line.hash, line.sm3) = (digests.sha256, digests.sm3);
        Ok(line)
    }

    pub fn advance(&mut self, line: Line) {
        self.last = Some(line);
    }

    /// Accepts the next line of a file, given without its end of line.
    pub fn accept(&mut self, bytes: &[u8]) -> Result<&Line, LineFault> {
        let line = parse(bytes)?;
        self.check_place(&line)?;
        Ok(self.last.insert(line))
    }

    fn check_place(&self, line: &Line) -> Result<(), LineFault> {
        let expected = self.next_seq();
        if line.seq != expected {
            return Err(LineFault::Sequence {
                expected,
                found: line.seq,
            });
        }
        if line.prev != self.next_prev() {
            return Err(LineFault::Previous);
        }
        if (line.seq == 1) != (line.kind == OPENED) {
            return Err(LineFault::Opened);
        }
        match &self.last {
            Some(last) if last.boot == line.boot && last.mono_us > line.mono_us => Err(LineFault::Order),
            Some(_) | None => Ok(()),
        }
    }
}

/// The kind of every journal's first line.
pub const OPENED: &str = "opened";

/// A line judged by itself, without its place in the chain.
pub fn parse(bytes: &[u8]) -> Result<Line, LineFault> {
    if bytes.len() > MAX_LINE_BYTES {
        return Err(LineFault::TooLong);
    }
    let line: Line = serde_json::from_slice(bytes).map_err(|error| LineFault::NotALine(error.to_string()))?;
    check_numbers(&line.data)?;
    for number in [line.seq, line.mono_us] {
        check_magnitude(number)?;
    }
    if line.at().map(time_text).as_deref() != Some(&line.at) {
        return Err(LineFault::Time(line.at));
    }
    if canonical(&line)? != bytes {
        return Err(LineFault::NotCanonical);
    }
    let digests = line.digests()?;
    if digests.sha256 != line.hash {
        return Err(LineFault::Hash);
    }
    if digests.sm3 != line.sm3 {
        return Err(LineFault::Sm3);
    }
    Ok(line)
}

fn check_magnitude(number: u64) -> Result<(), LineFault> {
    if number > MAX_INTEGER {
        Err(LineFault::Number(number.to_string()))
    } else {
        Ok(())
    }
}

fn check_numbers(data: &Data) -> Result<(), LineFault> {
    data.values().try_for_each(check_value)
}

fn check_value(value: &Value) -> Result<(), LineFault> {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(magnitude), _) => check_magnitude(magnitude),
            (None, Some(negative)) => check_magnitude(negative.unsigned_abs()),
            (None, None) => Err(LineFault::Number(number.to_string())),
        },
        Value::Array(values) => values.iter().try_for_each(check_value),
        Value::Object(fields) => check_numbers(fields),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}
