//! Facts for labels: as they mostly are, as long as they get, and as strange.

use shenlu::disc::Slot;
use shenlu::disc::labels::{Burnt, CaseNumber, Digest, DiscFacts, Facts, InterviewFacts, Maker, Standing};

pub const SHA256: &str = "3f9a12bc77d0e4415a6b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b";

pub fn maker(name: &str, number: &str) -> Maker {
    Maker {
        name: name.into(),
        number: number.into(),
    }
}

pub fn disc(slot: Slot, set: u32, number: u32, of: u32, standing: Standing) -> DiscFacts {
    DiscFacts {
        slot,
        set: Some(set),
        number,
        of: Some(of),
        volume_id: format!("A1_20261122_010203_{}{number:02}", slot.as_str().to_uppercase()),
        medium: "DVD+R".into(),
        digest: Digest {
            file: "manifest.json",
            sha256: SHA256.into(),
        },
        standing,
        burnt: Burnt::Live,
        finalised_at: Some("2026-11-22T03:20:41.000+08:00".into()),
    }
}

/// Two sets of two discs.
pub fn usual() -> Facts {
    let discs = vec![
        disc(Slot::A, 1, 1, 2, Standing::Original),
        disc(Slot::A, 1, 2, 2, Standing::Original),
        disc(Slot::B, 2, 1, 2, Standing::Copy),
        disc(Slot::B, 2, 2, 2, Standing::Copy),
    ];
    Facts {
        interviews: vec![InterviewFacts {
            unit: "示范县公安局".into(),
            room_id: "a1".into(),
            room_name: "第一讯问室".into(),
            id: "a1-20261122-010203".into(),
            kind: "讯问".into(),
            case_number: CaseNumber::Case("A1304280000202611001".into()),
            case_name: "王某某涉嫌盗窃案".into(),
            makers: vec![maker("李卫国", "031245"), maker("赵敏", "031388")],
            from: "2026-11-22T01:02:03.000+08:00".into(),
            until: Some("2026-11-22T03:04:05.000+08:00".into()),
            discs,
        }],
    }
}

/// Every field as long as it gets: minority names with their dots, Latin, numbers of both kinds, a night between.
pub fn longest() -> Facts {
    let mut facts = usual();
    let interview = &mut facts.interviews[0];
    interview.unit =
        "内蒙古自治区呼伦贝尔市鄂伦春自治旗公安局大杨树分局执法办案管理中心（城区联合执法办案区）".into();
    interview.room_id = "abcdefgh12345678".into();
    interview.room_name = "执法办案管理中心二层东侧未成年人专用第十二询问室".into();
    interview.id = "abcdefgh12345678-20261122-225959-12".into();
    interview.kind = "询问违法嫌疑人".into();
    interview.case_number =
        CaseNumber::Case("内鄂公（大）刑受案字〔2026〕第0000012345号-A1507230000202611000017".into());
    interview.case_name =
        "吾买尔江·阿不都热依木、买买提吐尔逊·阿卜杜拉、Alexander Konstantinopolsky-Worthington \
        等十七人涉嫌组织、领导黑社会性质组织、敲诈勒索、寻衅滋事、非法拘禁案"
            .into();
    interview.makers = vec![
        maker("阿迪力江·买买提吐尔逊", "1507230031"),
        maker("欧阳建国", "1507230032"),
        maker("Nurlan Abdrakhmanov", "1507230033"),
        maker("才旦卓玛", "1507230034"),
        maker("司马相如", "1507230035"),
        maker("古丽巴哈尔·阿不都克里木", "1507230036"),
    ];
    interview.from = "2026-11-22T22:59:59.000+08:00".into();
    interview.until = Some("2026-11-23T07:15:30.000+08:00".into());
    for disc in &mut interview.discs {
        disc.set = Some(118);
        disc.of = Some(12);
        disc.volume_id = "FGH12345678_20261122_225959_12_A".into();
        disc.medium = "DVD-R sequential recording".into();
        disc.burnt = Burnt::FromMaster;
    }
    facts
}

/// What is not known yet is left open: a relayed disc alone.
pub fn barest() -> Facts {
    let mut facts = usual();
    let interview = &mut facts.interviews[0];
    interview.unit = String::new();
    interview.case_name = String::new();
    interview.case_number = CaseNumber::NotYet;
    interview.makers = Vec::new();
    interview.until = None;
    interview.discs.truncate(1);
    for disc in &mut interview.discs {
        disc.set = None;
        disc.of = None;
        disc.medium = String::new();
        disc.burnt = Burnt::Unknown;
        disc.finalised_at = None;
        disc.digest.file = "disc.json";
    }
    facts
}

/// The discs of a case: two interviews, one of them before the case had its number.
pub fn of_a_case() -> Facts {
    let mut facts = usual();
    let mut second = longest().interviews.remove(0);
    second.case_number = CaseNumber::Incident("JQ20261122000731".into());
    facts.interviews.push(second);
    facts
}
