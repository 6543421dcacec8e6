//! What guest and host say to each other: an order in a file before the machine starts, then one line of JSON
//! after the other by the guest's second serial line.
//!
//! Both ends are the same binary, so the forms cannot differ. A line that the pulled plug cut in two is none.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Stands before every line of ours: the test harness in the guest speaks on the same wire.
const MARK: &str = "said ";

/// What the guest does with its life; named on the kernel's command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Looks at the discs, resumes or begins the interview, burns until both sets are complete.
    Record,
    /// Reads every disc of both sets through the kernel's mount.
    Judge,
}

/// The interview of one round, in `plates/order.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub medium: String,
    pub capacity_blocks: u32,
    pub segments: u32,
    pub segment_bytes: usize,
}

/// How a slot stood when the machine came up, after the files of all its committed sessions were read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Look {
    pub slot: String,
    pub disc: u32,
    pub files: usize,
    pub bytes: u64,
    /// The kernel finds the newest good session without being told where it lies.
    pub plain_mount: bool,
    /// The purpose of the burn that the plug cut.
    pub cut: Option<String>,
    pub free_blocks: u64,
}

/// A disc that was mounted without help, its sums right.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    pub slot: String,
    pub disc: u32,
    pub files: usize,
    pub bytes: u64,
    /// Given up and replaced: not of the set, and its committed files are still there.
    pub failed: bool,
    /// The room read it once more after a reload of the tray.
    pub proven: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case")]
pub enum Said {
    Looked(Look),
    /// Both workers run.
    Working,
    /// A ledger line is durable.
    Line {
        kind: String,
        data: Value,
    },
    Event {
        event: Value,
    },
    Judged(Judged),
    /// The errand is done.
    Done,
}

impl Errand {
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Judge => "judge",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Record, Self::Judge]
            .into_iter()
            .find(|errand| errand.name() == name)
    }
}

impl Said {
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line.split_once(MARK)?.1).ok()
    }

    /// Out by the serial line, at once and whole.
    pub fn say(&self) {
        println!("\n{MARK}{}", serde_json::to_string(self).unwrap());
    }
}
