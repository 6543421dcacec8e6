//! Which set is proposed as the original, and what a person may choose instead.

use crate::samples::disc;
use shenlu::disc::Slot;
use shenlu::disc::labels::{Burnt, DiscFacts, LabelError, Standing, propose};

fn sets(a: Burnt, b: Burnt) -> Vec<DiscFacts> {
    let mut discs = Vec::new();
    for (slot, burnt) in [(Slot::A, a), (Slot::B, b)] {
        for number in 1..=2 {
            let disc = disc(slot, 1, number, 2, Standing::Copy);
            // One disc from the master is enough to make the set no live one.
            let burnt = if number == 1 { Burnt::Live } else { burnt };
            discs.push(DiscFacts { burnt, ..disc });
        }
    }
    discs
}

fn originals(discs: &[DiscFacts]) -> Vec<Slot> {
    let originals = discs.iter().filter(|disc| disc.standing == Standing::Original);
    originals.map(|disc| disc.slot).collect()
}

#[test]
fn a_set_that_was_burnt_live_is_proposed_whichever_slot_it_lay_in() {
    for (a, b, wanted) in [
        (Burnt::Live, Burnt::Live, Slot::A),
        (Burnt::Live, Burnt::FromMaster, Slot::A),
        (Burnt::FromMaster, Burnt::Live, Slot::B),
        (Burnt::FromMaster, Burnt::FromMaster, Slot::A),
    ] {
        let mut discs = sets(a, b);
        assert_eq!(propose(&mut discs, None).unwrap(), Some(wanted));
        assert_eq!(originals(&discs), [wanted, wanted]);
    }
}

#[test]
fn a_person_may_choose_among_equals_but_no_late_burn_before_a_live_one() {
    let mut discs = sets(Burnt::Live, Burnt::Live);
    assert_eq!(propose(&mut discs, Some(Slot::B)).unwrap(), Some(Slot::B));
    assert_eq!(originals(&discs), [Slot::B, Slot::B]);

    let mut discs = sets(Burnt::FromMaster, Burnt::FromMaster);
    assert_eq!(propose(&mut discs, Some(Slot::B)).unwrap(), Some(Slot::B));

    let mut discs = sets(Burnt::FromMaster, Burnt::Live);
    let refused = propose(&mut discs, Some(Slot::A)).unwrap_err();
    assert!(
        matches!(
            refused,
            LabelError::NotLive {
                chosen: Slot::A,
                live: Slot::B
            }
        ),
        "{refused}"
    );
}

#[test]
fn an_interview_without_discs_has_no_original() {
    assert_eq!(propose(&mut [], None).unwrap(), None);
}

#[test]
fn a_slot_without_discs_cannot_be_chosen() {
    let mut discs = sets(Burnt::Live, Burnt::Live);
    discs.retain(|disc| disc.slot == Slot::A);
    let refused = propose(&mut discs, Some(Slot::B)).unwrap_err();
    assert!(matches!(refused, LabelError::NoOriginal(Slot::B)), "{refused}");
}
