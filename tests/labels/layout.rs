//! What is on the paper: everything, inside its bounds, nothing over anything else, the same bytes again.

use crate::paper::{Print, Word, dense};
use crate::samples::{SHA256, barest, longest, maker, of_a_case, usual};
use shenlu::disc::Slot;
use shenlu::disc::labels::{CaseNumber, Facts, Form, LabelError, pdf};

fn samples() -> [(&'static str, Facts); 3] {
    [("usual", usual()), ("longest", longest()), ("barest", barest())]
}

/// What people wrote of an interview and must find again.
fn said(facts: &Facts) -> Vec<String> {
    let mut said = Vec::new();
    for interview in &facts.interviews {
        let number = match &interview.case_number {
            CaseNumber::Case(number) | CaseNumber::Incident(number) => number.as_str(),
            CaseNumber::NotYet => "",
        };
        let own = [
            &interview.unit,
            &interview.room_name,
            &interview.id,
            &interview.kind,
        ];
        said.extend(own.into_iter().chain([&interview.case_name]).cloned());
        said.push(number.to_owned());
        said.extend(
            interview
                .makers
                .iter()
                .flat_map(|m| [m.name.clone(), m.number.clone()]),
        );
        said.extend(interview.discs.iter().map(|disc| disc.volume_id.clone()));
    }
    said.iter().map(|text| dense(text)).collect()
}

#[test]
fn every_fact_is_on_every_form_whole_however_long_it_is() {
    for (name, facts) in samples() {
        for form in Form::ALL {
            let text = Print::of(name, form, &facts).text();
            for fact in said(&facts) {
                assert!(text.contains(&fact), "{name} {form:?}: {fact:?} is not in {text}");
            }
        }
    }
}

#[test]
fn times_places_and_names_of_fields_are_as_the_rule_asks() {
    let facts = usual();
    for form in [Form::Disc, Form::Sleeve, Form::PaperSleeve] {
        let text = Print::of("usual", form, &facts).text();
        for wanted in [
            "制作人",
            "制作时间",
            "案件名称",
            "案件编号",
            "正本",
            "副本",
            "封条编号",
            "第1套第2/2张",
        ] {
            assert!(text.contains(wanted), "{form:?}: {wanted}");
        }
        assert!(text.contains("2026-11-2201:02:03至03:04:05"), "{form:?}: {text}");
    }
    let text = Print::of("usual", Form::Register, &facts).text();
    for wanted in [
        "移交期限",
        "2026-11-23",
        "03:20:41",
        "保管人员",
        "签名",
        "封条编号",
        "24小时",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn nothing_is_printed_outside_the_ring_or_on_the_hub() {
    for (name, facts) in samples() {
        let print = Print::of(name, Form::Disc, &facts);
        for page in 1..=print.pages() {
            let picture = print.picture(page);
            // 120 mm at 300 dots to the inch.
            assert_eq!((picture.width, picture.height), (1418, 1418));
            let radius = |(x, y): (f64, f64)| (x - 60.0).hypot(y - 60.0);
            let radii: Vec<f64> = picture.ink().map(radius).collect();
            let farthest = radii.iter().copied().fold(0.0, f64::max);
            let nearest = radii.iter().copied().fold(f64::MAX, f64::min);
            assert!(
                farthest <= 58.5,
                "{name} page {page}: ink at {farthest} mm, the ring ends at 59"
            );
            assert!(
                nearest >= 23.0,
                "{name} page {page}: ink at {nearest} mm, some rings begin at 23"
            );
        }
    }
}

#[test]
fn a_sleeve_keeps_its_margin_and_its_size() {
    for (form, edge) in [(Form::Sleeve, 121.0), (Form::PaperSleeve, 125.0)] {
        for (name, facts) in samples() {
            let picture = Print::of(name, form, &facts).picture(1);
            let width = picture.width as f64 / crate::paper::DPI * 25.4;
            assert!((width - edge).abs() < 0.2, "{form:?}: {width} mm");
            // The frame to cut at lies on the edge itself.
            let inside = |v: f64| (1.0..=edge - 1.0).contains(&v);
            let mut ink = picture.ink().filter(|(x, y)| inside(*x) && inside(*y));
            let margin = |v: f64| (5.0..=edge - 5.0).contains(&v);
            assert!(
                ink.all(|(x, y)| margin(x) && margin(y)),
                "{name} {form:?}: ink in the margin"
            );
        }
    }
}

/// Poppler's boxes are as high as the font's line; ink is lower.
fn body(word: &Word) -> Word {
    let slack = (word.bottom - word.top) * 0.22;
    Word {
        top: word.top + slack,
        bottom: word.bottom - slack,
        left: word.left + 0.2,
        right: word.right - 0.2,
        ..word.clone()
    }
}

fn overlap(one: &Word, other: &Word) -> bool {
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

#[test]
fn no_word_lies_on_another() {
    for (name, facts) in samples() {
        for form in Form::ALL {
            let print = Print::of(name, form, &facts);
            for page in 1..=print.pages() {
                let words: Vec<Word> = print.words(page).iter().map(body).collect();
                assert!(words.len() > 20, "{name} {form:?} page {page}: {words:?}");
                for (n, one) in words.iter().enumerate() {
                    for other in &words[n + 1..] {
                        assert!(
                            !overlap(one, other),
                            "{name} {form:?} page {page}: {one:?} on {other:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_code_is_read_back_from_the_picture_of_every_form() {
    for (name, facts) in samples() {
        for form in [Form::Disc, Form::Sleeve] {
            let print = Print::of(name, form, &facts);
            let interview = &facts.interviews[0];
            // The sets differ in little: every page of one, the first of the others.
            let pages = if name == "usual" { 4 } else { 1 };
            for (page, disc) in (1..).zip(&interview.discs).take(pages) {
                let (id, slot, number) = (&interview.id, disc.slot.as_str(), disc.number);
                let wanted = format!("SHENLU1 {id} {slot} {number} {}:{SHA256}", disc.digest.file);
                assert_eq!(print.codes(page), [wanted], "{name} {form:?}");
            }
        }
        let mut codes = Print::of(name, Form::Register, &facts).codes(1);
        codes.sort();
        assert_eq!(codes.len(), facts.interviews[0].discs.len(), "{name}: {codes:?}");
        codes.dedup();
        assert_eq!(codes.len(), facts.interviews[0].discs.len(), "{name}: {codes:?}");
    }
}

/// The code's box on each form: left, top and edge in millimetres.
#[test]
fn nothing_comes_near_the_code() {
    let boxes = [
        (Form::Disc, 85.0, 39.0, 28.0),
        (Form::Sleeve, 82.0, 71.2, 33.0),
        (Form::PaperSleeve, 86.0, 71.2, 33.0),
    ];
    for (name, facts) in samples() {
        for (form, left, top, edge) in boxes {
            let picture = Print::of(name, form, &facts).picture(1);
            // Four modules of the widest code that there is here.
            let quiet = 4.0 * edge / (57.0 + 8.0) - 0.1;
            let within = |v: f64, from: f64, by: f64| (from + by..=from + edge - by).contains(&v);
            let (mut dark, mut near) = (0, Vec::new());
            for (x, y) in picture.ink() {
                if within(x, left, quiet) && within(y, top, quiet) {
                    dark += 1;
                } else if within(x, left, 0.0) && within(y, top, 0.0) {
                    near.push((x, y));
                }
            }
            assert!(
                dark > 10_000,
                "{name} {form:?}: the code is where this looks: {dark}"
            );
            assert!(near.is_empty(), "{name} {form:?}: {:?}", near.first());
        }
    }
}

#[test]
fn a_register_of_a_case_has_every_disc_of_every_interview() {
    let facts = of_a_case();
    let print = Print::of("case", Form::Register, &facts);
    let text = print.text();
    for fact in said(&facts) {
        assert!(text.contains(&fact), "{fact:?} is not in {text}");
    }
    assert!(text.contains("警情编号"), "{text}");
    let codes: usize = (1..=print.pages()).map(|page| print.codes(page).len()).sum();
    assert_eq!(codes, 8);
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    for form in Form::ALL {
        assert!(
            pdf(form, &longest()).unwrap() == pdf(form, &longest()).unwrap(),
            "{form:?}"
        );
    }
    assert!(pdf(Form::Disc, &usual()).unwrap() != pdf(Form::Disc, &longest()).unwrap());
}

#[test]
fn every_font_is_embedded() {
    for form in Form::ALL {
        let fonts = Print::of("longest", form, &longest()).fonts();
        assert!(!fonts.is_empty());
        for font in fonts {
            // emb sub uni object-id generation, from the end.
            let columns: Vec<&str> = font.split_whitespace().rev().collect();
            assert_eq!(columns[4], "yes", "{font}");
            assert_eq!(columns[2], "yes", "text can be read out again: {font}");
        }
    }
}

#[test]
fn a_name_in_another_script_is_set_in_a_font_that_has_it() {
    let mut facts = usual();
    facts.interviews[0].makers.push(maker("ئالىم", "1507230040"));
    let fonts = Print::of("script", Form::Sleeve, &facts).fonts();
    assert!(
        fonts.iter().any(|font| !font.contains("NotoSansCJK")),
        "{fonts:?}"
    );
}

#[test]
fn a_character_that_no_font_shows_is_named_and_never_a_box() {
    let mut facts = usual();
    facts.interviews[0].makers[0].name = "李\u{10fffd}国".into();
    for form in Form::ALL {
        let refused = pdf(form, &facts).unwrap_err();
        assert!(
            matches!(&refused, LabelError::NoGlyph(missing) if missing == &['\u{10fffd}']),
            "{refused}"
        );
        assert!(refused.to_string().contains("U+10FFFD"), "{refused}");
        assert!(
            refused.message_zh().contains("U+10FFFD"),
            "{}",
            refused.message_zh()
        );
    }
}

#[test]
fn what_does_not_fit_at_the_smallest_size_is_refused_by_its_field() {
    let mut facts = usual();
    facts.interviews[0].case_name = "涉嫌盗窃案".repeat(200);
    let refused = pdf(Form::Disc, &facts).unwrap_err();
    assert!(
        matches!(&refused, LabelError::TooLong { field } if field == "案件名称 Case"),
        "{refused}"
    );
    assert!(pdf(Form::Register, &facts).is_ok(), "rows of the register grow");
}

#[test]
fn controls_and_marks_of_direction_in_a_name_change_nothing_on_the_paper() {
    let (mut facts, plain) = (usual(), usual());
    facts.interviews[0].makers[0].name = "李\u{202e}卫\u{0}国\n".into();
    facts.interviews[0].unit = "示范县公安局\u{200f}".into();
    let text = |facts: &Facts| Print::of_bytes(pdf(Form::Disc, facts).unwrap()).text();
    assert_eq!(text(&facts), text(&plain));
    assert_eq!(plain.interviews[0].discs[0].slot, Slot::A);
}
