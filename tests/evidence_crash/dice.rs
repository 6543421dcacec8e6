//! Where and how the next child is killed: at random, and the same every time.

/// Where a recorder can be killed, and how often it passes there at most.
const ON_THE_WAY: [(&str, u64); 9] = [
    ("directory-made", 2),
    ("line-written", 12),
    ("line-synced", 12),
    ("chunk-written", 9),
    ("chunk-synced", 9),
    ("segment-named", 2),
    ("file-written", 1),
    ("file-linked", 1),
    ("file-named", 1),
];
/// Where it is killed that mends a torn journal.
const MENDING: [&str; 2] = ["torn-kept", "torn-cut"];

/// Small, and the same every time.
pub struct Dice(pub u64);

impl Dice {
    pub fn point(&mut self, torn_journal: bool) -> (&'static str, u64) {
        let throw = self.throw() as usize;
        if torn_journal && !throw.is_multiple_of(4) {
            return (MENDING[throw % 2], 1);
        }
        let (point, passes) = ON_THE_WAY[throw % ON_THE_WAY.len()];
        (point, 1 + self.throw() % passes)
    }

    pub fn throw(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}
