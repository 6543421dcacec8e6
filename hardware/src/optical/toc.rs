//! Reads what `xorriso -toc -tell_media_space` prints: kind of medium, its state, its table of sessions.
//!
//! Called by `inspect` only. Strict: a line that must be there and is not makes the whole answer *not
//! understood*, because burning on a guess is how discs are lost.

use super::fault::DiscFault;

/// One session as the medium tells it. Written into the ledger and compared before every append (disc case 1).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SessionEntry {
    pub start_block: u64,
    pub blocks: u64,
    pub volume_id: String,
    /// `false`: a track that holds no ISO 9660 tree, such as the rest of a cut burn.
    pub is_iso: bool,
}

impl SessionEntry {
    /// The same session at two looks. Only its place counts: drives round the length of the newest one.
    pub fn is_same(&self, other: &Self) -> bool {
        self.start_block == other.start_block && self.is_iso == other.is_iso
    }
}

/// The words of the program, read but not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toc {
    pub medium_name: String,
    pub status: TocStatus,
    pub next_track_damaged: bool,
    pub sessions: Vec<SessionEntry>,
    pub free_blocks: u64,
    pub next_writable_block: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TocStatus {
    NotPresent,
    Blank,
    Appendable,
    Closed,
    Unusable,
}

impl Toc {
    pub(super) fn parse(device: &str, text: &str) -> Result<Self, DiscFault> {
        let not_understood = |what: &str| DiscFault::NotUnderstood {
            device: device.to_owned(),
            detail: what.to_owned(),
        };
        let field = |name: &str| text.lines().find_map(|line| value_of(line, name));
        let medium_name = field("Media current").ok_or_else(|| not_understood("no line `Media current`"))?;
        let status_text = field("Media status").ok_or_else(|| not_understood("no line `Media status`"))?;
        let status = TocStatus::parse(status_text).ok_or_else(|| not_understood(status_text))?;
        let mut sessions = Vec::new();
        for line in text.lines() {
            let is_iso = line.starts_with("ISO session");
            if is_iso || line.starts_with("Other session") {
                sessions.push(session(line, is_iso).ok_or_else(|| not_understood(line))?);
            }
        }
        Ok(Self {
            medium_name: medium_name.to_owned(),
            status,
            next_track_damaged: status_text.contains("damaged"),
            sessions,
            free_blocks: field("Media space").and_then(blocks).unwrap_or(0),
            next_writable_block: field("Media nwa").and_then(blocks),
        })
    }
}

impl TocStatus {
    fn parse(text: &str) -> Option<Self> {
        if text.contains("is blank") {
            Some(Self::Blank)
        } else if text.contains("is appendable") {
            Some(Self::Appendable)
        } else if text.contains("is closed") {
            Some(Self::Closed)
        } else if text.contains("is not present") {
            Some(Self::NotPresent)
        } else if text.contains("not recognizable") || text.contains("not usable") {
            Some(Self::Unusable)
        } else {
            None
        }
    }
}

fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix(name)?
        .trim_start()
        .strip_prefix(':')
        .map(str::trim)
}

/// `1568s` → 1568.
fn blocks(text: &str) -> Option<u64> {
    text.trim().strip_suffix('s')?.parse().ok()
}

/// `ISO session  :   2 ,        64 ,      1498s , ABC`
fn session(line: &str, is_iso: bool) -> Option<SessionEntry> {
    let (_, rest) = line.split_once(':')?;
    let mut fields = rest.splitn(4, ',');
    let _index = fields.next()?;
    let start_block = fields.next()?.trim().parse().ok()?;
    let blocks = blocks(fields.next()?)?;
    let volume_id = fields.next().unwrap_or_default().trim().to_owned();
    Some(SessionEntry {
        start_block,
        blocks,
        volume_id,
        is_iso,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_SESSIONS: &str = "Drive current: -outdev 'stdio:/d.iso'
Media current: stdio file, overwriteable
Media status : is written , is appendable
Media blocks : 1568 readable , 41113264 writable , 41114832 overall
TOC layout   : Idx ,  sbsector ,       Size , Volume Id
ISO session  :   1 ,        32 ,        32s , ABC
ISO session  :   2 ,        64 ,      1498s , ABC
Media summary: 2 sessions, 1530 data blocks, 3060k data, 78.4g free
Media nwa    : 1568s
Media space  : 41113264s
";

    #[test]
    fn the_table_of_sessions_is_read() {
        let toc = Toc::parse("d", TWO_SESSIONS).unwrap();
        assert_eq!(toc.status, TocStatus::Appendable);
        assert_eq!(toc.next_writable_block, Some(1568));
        assert_eq!(toc.free_blocks, 41_113_264);
        let starts: Vec<_> = toc.sessions.iter().map(|s| (s.start_block, s.blocks)).collect();
        assert_eq!(starts, [(32, 32), (64, 1498)]);
    }

    #[test]
    fn a_damaged_next_track_is_seen() {
        let text = TWO_SESSIONS.replace("is appendable", "is appendable , but next track is damaged");
        assert!(Toc::parse("d", &text).unwrap().next_track_damaged);
    }

    #[test]
    fn words_never_seen_before_are_not_understood() {
        let text = TWO_SESSIONS.replace("is written , is appendable", "is something new");
        assert!(matches!(
            Toc::parse("d", &text),
            Err(DiscFault::NotUnderstood { .. })
        ));
        assert!(matches!(
            Toc::parse("d", ""),
            Err(DiscFault::NotUnderstood { .. })
        ));
    }
}
