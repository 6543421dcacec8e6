//! Numbers per kind of medium: capacity gaps, batch size, sessions.
//!
//! Used by `inspect` to say what lies in the drive and by `disc` to decide on batch and relay. The numbers
//! come from standards and dumps for write-once media (not measured on real drives) and were measured for
//! overwritable ones; those that nobody has found yet take the most careful neighbour's value.

/// Size of a block on every disc we write.
pub const BLOCK_BYTES: u64 = 2048;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediumKind {
    DvdR,
    DvdPlusR,
    BdR,
    /// DVD+RW, BD-RE, DVD-RAM and image files: can be written anywhere, commits are atomic.
    Overwritable,
}

/// What a kind of medium costs and allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Profile {
    pub kind: MediumKind,
    pub gap_after_first_session_blocks: u64,
    pub gap_after_later_session_blocks: u64,
    /// Keeps the share of the gaps small and the sessions below the limit.
    pub batch_bytes: u64,
    /// `None`: no limit.
    pub max_sessions: Option<u32>,
}

impl MediumKind {
    pub fn profile(self) -> Profile {
        let (first, later, batch_mib, max_sessions) = match self {
            Self::DvdR => (28_688, 6_160, 150, Some(98)),
            Self::DvdPlusR => (2_048, 2_048, 100, Some(98)),
            // The gap of BD-R is in no source at hand: DVD-R's, the largest known, is assumed.
            Self::BdR => (28_688, 6_160, 256, Some(98)),
            Self::Overwritable => (64, 64, 16, None),
        };
        Profile {
            kind: self,
            gap_after_first_session_blocks: first,
            gap_after_later_session_blocks: later,
            batch_bytes: batch_mib * 1024 * 1024,
            max_sessions,
        }
    }

    /// From the words of `xorriso -toc` behind "Media current:"; `None` for media that we do not write
    /// (CD, DVD-ROM, dual layer whose layer jump loses sessions).
    pub fn from_toc_name(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.starts_with("stdio file") && name.contains("overwrit") {
            return Some(Self::Overwritable);
        }
        match name {
            "DVD-R sequential recording" => Some(Self::DvdR),
            "DVD+R" => Some(Self::DvdPlusR),
            "BD-R sequential recording" => Some(Self::BdR),
            "DVD+RW" | "BD-RE" | "DVD-RAM" | "DVD-RW restricted overwrite" => Some(Self::Overwritable),
            _ => None,
        }
    }

    pub fn is_write_once(self) -> bool {
        match self {
            Self::DvdR | Self::DvdPlusR | Self::BdR => true,
            Self::Overwritable => false,
        }
    }
}

impl Profile {
    pub fn gap_blocks(&self, sessions_so_far: u32) -> u64 {
        if sessions_so_far == 0 {
            self.gap_after_first_session_blocks
        } else {
            self.gap_after_later_session_blocks
        }
    }
}
