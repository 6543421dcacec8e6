//! What holds for every sequence of commands, faults, crashes and restarts of an interview.
//!
//! A world drives the state machine with random and with useful moves, keeps the journal as the room
//! would, crashes by replaying a prefix of it, and checks the promises after each move: nothing open at
//! the end, no entry lost, a changed page void, nobody able to pause.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod orders;
mod promises;
mod world;

use proptest::prelude::*;
use serde_json::json;
use shenlu::interview::{Command, Entry, Interview, Rules, StateName};

use promises::assert_integers_only;
use world::{Move, World};

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        24 => Just(Move::Advance),
        8 => (0..22_usize, 0..40_usize).prop_map(|(choice, n)| Move::Try(choice, n)),
        2 => (0..3_usize, 1..4_usize).prop_map(|(page, pages)| Move::Correct { page, pages }),
        1 => (0..30_u64).prop_map(|seconds_ago| Move::RecordingLost { seconds_ago }),
        1 => Just(Move::PartBegan),
        1 => (0..3_usize, 0..10_u64).prop_map(|(unwritten, seconds_ago)| Move::Crash { unwritten, seconds_ago }),
        1 => Just(Move::Closed),
        1 => (0..6_usize).prop_map(Move::Alarm),
        2 => (0..6_usize).prop_map(Move::Import),
        2 => (0..6_usize).prop_map(Move::Give),
    ];
    prop::collection::vec(one, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_faults_and_crashes_ends_with_an_act_open(moves in moves()) {
        let mut world = World::new();
        for next in &moves {
            let told = world.journal.clone();
            world.play(next);
            if !matches!(next, Move::Crash { .. }) {
                prop_assert!(world.journal.starts_with(&told), "an entry was lost or moved");
            }
        }
    }

    #[test]
    fn every_journal_line_reads_back_as_the_entry_it_was(moves in moves()) {
        let mut world = World::new();
        moves.iter().for_each(|next| world.play(next));
        for entry in &world.journal {
            let data = entry.data();
            assert_integers_only(&data);
            let read = Entry::from_line(entry.kind(), &data).unwrap();
            prop_assert_eq!(read.as_ref(), Some(entry));
        }
    }

    /// Every prefix is a place where power can be lost: it must give an interview that can go on.
    #[test]
    fn every_prefix_of_a_journal_can_be_resumed(moves in moves(), cut in 0..400_usize) {
        let mut world = World::new();
        moves.iter().for_each(|next| world.play(next));
        world.journal.truncate(cut);
        world.interview = Interview::replay(Rules::default(), &world.journal).unwrap();
        world.play(&Move::Crash { unwritten: 0, seconds_ago: 1 });
        for _ in 0..80 {
            world.play(&Move::Advance);
        }
        prop_assert_eq!(world.interview.state(), StateName::Closed);
    }
}

/// Without this the promises above could hold because nothing ever ends.
#[test]
fn an_interview_with_faults_on_the_way_reaches_its_complete_end() {
    let mut world = World::new();
    for round in 0..60 {
        if round % 9 == 8 {
            world.play(&Move::RecordingLost { seconds_ago: 2 });
        }
        world.play(&Move::Advance);
    }
    assert!(
        world.closed_complete,
        "stands at {:#?}",
        world.interview.view().owed
    );
}

#[test]
fn no_command_is_named_for_pausing_skipping_or_deleting() {
    for name in [
        "pause",
        "pause-interview",
        "skip",
        "delete",
        "delete-page",
        "cancel",
        "stop-recording",
    ] {
        assert!(serde_json::from_value::<Command>(json!({ "kind": name })).is_err());
    }
}
