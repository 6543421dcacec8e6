//! When a batch (批次) is burnt and when the next disc takes over (接力, disc case 8). Pure.
//!
//! Called by `worker` at every turn with what waits and what the disc can still take.

use std::time::Duration;

use hardware::optical::{BLOCK_BYTES, Profile};

use super::plan::BatchPolicy;

/// Kept free for the closing session.
pub(super) const CLOSING_RESERVE_BYTES: u64 = 8 * 1024 * 1024;
/// Sums, interview sums and the player's list, generously: an e-case file of 2,000 long names is 4 MB of sums.
const CLOSING_FILES_BYTES: u64 = 5 * 1024 * 1024;
/// Directory records, path tables and checksums of one session, beyond its files' blocks.
const TREE_BLOCKS: u64 = 256;
/// Sessions that are never used up by waiting time alone: recovery and closing need them.
const SPARE_SESSIONS: u64 = 8;

/// What the disc can still take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Space {
    pub(super) profile: Profile,
    pub(super) free_blocks: u64,
    pub(super) sessions: u32,
    pub(super) batches: u32,
    /// What the journal takes that the disc is closed with when the next one takes over; it grows all the time.
    pub(super) journal_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Wait,
    /// The first so many of the waiting files.
    Burn(usize),
    Relay,
}

/// Blocks that files take on a disc, with the tree that lists them.
pub(super) fn blocks_for(sizes: impl IntoIterator<Item = u64>) -> u64 {
    sizes
        .into_iter()
        .map(|size| size.div_ceil(BLOCK_BYTES) + 1)
        .sum::<u64>()
        + TREE_BLOCKS
}

impl Space {
    pub(super) fn batch_bytes(&self, policy: &BatchPolicy) -> u64 {
        policy.max_bytes.unwrap_or(self.profile.batch_bytes).max(1)
    }

    /// A batch, the gap before the next session, and the reserve for closing.
    pub(super) fn takes(&self, blocks: u64) -> bool {
        let gap = self.profile.gap_blocks(self.sessions);
        let sessions_left = self
            .profile
            .max_sessions
            .is_none_or(|max| self.sessions + 1 < max);
        let closing = (CLOSING_RESERVE_BYTES + self.journal_bytes).div_ceil(BLOCK_BYTES);
        sessions_left && self.free_blocks >= blocks + gap + closing
    }

    /// Together with the closing session, which then needs no reserve.
    pub(super) fn takes_at_the_end(&self, blocks: u64) -> bool {
        self.free_blocks >= blocks + CLOSING_FILES_BYTES / BLOCK_BYTES
    }

    /// Small batches are allowed as long as full ones would still fit the sessions that are left.
    fn may_burn_early(&self, policy: &BatchPolicy) -> bool {
        let Some(max) = self.profile.max_sessions else {
            return true;
        };
        let needed = self.free_blocks * BLOCK_BYTES / self.batch_bytes(policy);
        u64::from(max.saturating_sub(self.sessions)) > needed + SPARE_SESSIONS
    }
}

/// `sizes` are the waiting files' in order, `oldest` how long the first has waited. While `finishing`
/// everything goes that is more than one batch; the rest goes with the closing session.
pub(super) fn decide(
    sizes: &[u64],
    oldest: Duration,
    finishing: bool,
    space: &Space,
    policy: &BatchPolicy,
) -> Decision {
    let limit = space.batch_bytes(policy);
    let total: u64 = sizes.iter().sum();
    let due = total >= limit || (!finishing && oldest >= policy.max_wait && space.may_burn_early(policy));
    if sizes.is_empty() || !due {
        return Decision::Wait;
    }
    let mut bytes = 0;
    let wanted = 1 + sizes
        .iter()
        .take_while(|size| {
            bytes += **size;
            bytes < limit
        })
        .count();
    let wanted = wanted.min(sizes.len());
    let fits = |count: usize| space.takes(blocks_for(sizes[..count].iter().copied()));
    match (fits(wanted), space.batches) {
        (true, _) => Decision::Burn(wanted),
        // A fresh disc that is too small for a whole batch takes what it can.
        (false, 0) => (1..wanted)
            .rev()
            .find(|count| fits(*count))
            .map_or(Decision::Relay, Decision::Burn),
        (false, _) => Decision::Relay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hardware::optical::MediumKind;

    const MIB: u64 = 1024 * 1024;

    fn dvd_plus_r(free_mib: u64, sessions: u32) -> Space {
        Space {
            profile: MediumKind::DvdPlusR.profile(),
            free_blocks: free_mib * MIB / BLOCK_BYTES,
            sessions,
            batches: sessions.saturating_sub(1),
            journal_bytes: 0,
        }
    }

    fn decide_now(sizes: &[u64], waited_s: u64, space: Space) -> Decision {
        decide(
            sizes,
            Duration::from_secs(waited_s),
            false,
            &space,
            &BatchPolicy::default(),
        )
    }

    #[test]
    fn a_batch_goes_when_its_size_is_reached() {
        assert_eq!(
            decide_now(&[30 * MIB; 3], 10, dvd_plus_r(4000, 2)),
            Decision::Wait
        );
        assert_eq!(
            decide_now(&[30 * MIB; 9], 10, dvd_plus_r(4000, 2)),
            Decision::Burn(4)
        );
    }

    #[test]
    fn a_small_batch_goes_after_five_minutes_while_sessions_last() {
        assert_eq!(decide_now(&[MIB], 300, dvd_plus_r(4000, 2)), Decision::Burn(1));
        assert_eq!(decide_now(&[MIB], 300, dvd_plus_r(4000, 60)), Decision::Wait);
    }

    #[test]
    fn the_next_disc_takes_over_before_the_closing_reserve_is_touched() {
        let sizes = [100 * MIB];
        assert_eq!(decide_now(&sizes, 0, dvd_plus_r(114, 5)), Decision::Burn(1));
        assert_eq!(decide_now(&sizes, 0, dvd_plus_r(112, 5)), Decision::Relay);
        assert_eq!(decide_now(&sizes, 0, dvd_plus_r(4000, 97)), Decision::Relay);
    }

    #[test]
    fn a_long_journal_has_its_place_on_the_disc_that_is_closed_with_it() {
        let sizes = [100 * MIB];
        let space = Space {
            journal_bytes: 20 * MIB,
            ..dvd_plus_r(130, 5)
        };
        assert_eq!(decide_now(&sizes, 0, space), Decision::Relay);
        let space = Space {
            free_blocks: 134 * MIB / BLOCK_BYTES,
            ..space
        };
        assert_eq!(decide_now(&sizes, 0, space), Decision::Burn(1));
    }

    #[test]
    fn a_fresh_small_disc_takes_what_it_can() {
        assert_eq!(
            decide_now(&[40 * MIB; 3], 0, dvd_plus_r(60, 1)),
            Decision::Burn(1)
        );
        assert_eq!(decide_now(&[100 * MIB], 0, dvd_plus_r(60, 1)), Decision::Relay);
    }

    #[test]
    fn at_the_end_only_whole_batches_go_alone() {
        let space = dvd_plus_r(4000, 2);
        let finishing = |sizes: &[u64]| {
            decide(
                sizes,
                Duration::from_secs(999),
                true,
                &space,
                &BatchPolicy::default(),
            )
        };
        assert_eq!(finishing(&[MIB; 3]), Decision::Wait);
        assert_eq!(finishing(&[60 * MIB; 3]), Decision::Burn(2));
    }
}
