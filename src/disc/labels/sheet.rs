//! Facts as they stand on paper: words chosen, times written, codes drawn; the templates only place them.
//!
//! Called by `pdf`. Whatever came from people is made harmless here: no control characters, no marks that turn the
//! direction of text, and long runs without a space get places to break.

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Timelike};
use serde::Serialize;

use super::Form;
use super::code::{self, Code};
use super::error::LabelError;
use super::facts::{Burnt, CaseNumber, DiscFacts, Facts, InterviewFacts, Maker, Standing};
use super::fonts::Fonts;
use super::words::{self, Said};

/// From the moment a disc was finalised to its hand-over.
const HAND_OVER_HOURS: i64 = 24;
/// Longer runs of letters and digits may be broken.
const LONGEST_RUN: usize = 24;
/// An invisible place where a line may end.
const BREAK: char = '\u{200b}';

#[derive(Serialize)]
pub(super) struct Sheet {
    /// Edge of a square sheet.
    millimetres: u32,
    title: Said,
    families: Vec<String>,
    /// Of the document; the last moment that the facts know.
    made: Option<Made>,
    words: Words,
    interviews: Vec<Interview>,
}

#[derive(Serialize)]
struct Made {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

/// Headings of the register and lines to be written on by hand.
#[derive(Serialize)]
struct Words {
    recording: Said,
    seal: Said,
    sealed_by: Said,
    sealed_at: Said,
    duty: Said,
    place: Said,
    columns: [Said; 12],
}

/// A field with its name; an empty value is a line to write on.
#[derive(Serialize)]
struct Field {
    name: Said,
    value: String,
}

#[derive(Serialize)]
struct Interview {
    unit: Field,
    case_name: Field,
    case_number: Field,
    makers: Field,
    time: Field,
    kind: Field,
    room: Field,
    id: Field,
    discs: Vec<Disc>,
}

#[derive(Serialize)]
struct Disc {
    is_original: bool,
    standing: Said,
    /// Set and number in each language.
    place_zh: Vec<String>,
    place_en: Vec<String>,
    slot: Field,
    volume: Field,
    medium: Field,
    burnt: Option<Field>,
    finalised: Field,
    hand_over_by: Field,
    digest: Field,
    /// The digest in groups, to be compared by eye.
    digest_groups: Vec<String>,
    code: Code,
}

pub(super) fn of(form: Form, facts: &Facts, fonts: &Fonts) -> Result<Sheet, LabelError> {
    let interviews: Result<_, _> = facts.interviews.iter().map(interview).collect();
    Ok(Sheet {
        millimetres: match form {
            Form::Disc => 120,
            Form::Sleeve => 121,
            Form::PaperSleeve => 125,
            Form::Register => 0,
        },
        title: match form {
            Form::Register => words::REGISTER,
            Form::Disc | Form::Sleeve | Form::PaperSleeve => words::RECORDING,
        },
        families: fonts.families(),
        made: last_moment(facts).map(made),
        words: Words {
            recording: words::RECORDING,
            seal: words::SEAL,
            sealed_by: words::SEALED_BY,
            sealed_at: words::SEALED_AT,
            duty: words::DUTY,
            place: words::DISC,
            columns: COLUMNS,
        },
        interviews: interviews?,
    })
}

const COLUMNS: [Said; 12] = [
    words::ROW,
    words::STANDING,
    words::DISC,
    words::VOLUME_AND_MEDIUM,
    words::FINALISED,
    words::HAND_OVER_BY,
    words::SEAL,
    words::HANDED_OVER_AT,
    words::HANDED_OVER_BY,
    words::RECEIVED_BY,
    words::CODE,
    words::NOTE,
];

fn field(name: Said, value: &str) -> Field {
    Field {
        name,
        value: printable(value),
    }
}

fn interview(facts: &InterviewFacts) -> Result<Interview, LabelError> {
    let (number_name, number) = match &facts.case_number {
        CaseNumber::Case(number) => (words::CASE_NUMBER, number.as_str()),
        CaseNumber::Incident(number) => (words::INCIDENT_NUMBER, number.as_str()),
        CaseNumber::NotYet => (words::CASE_NUMBER, ""),
    };
    let makers: Vec<String> = facts.makers.iter().map(maker).collect();
    let room = if facts.room_name.is_empty() {
        &facts.room_id
    } else {
        &facts.room_name
    };
    let discs: Result<_, _> = facts.discs.iter().map(|disc| self::disc(facts, disc)).collect();
    Ok(Interview {
        unit: field(words::UNIT, &facts.unit),
        case_name: field(words::CASE_NAME, &facts.case_name),
        case_number: field(number_name, number),
        makers: field(words::MAKER, &makers.join(words::AND)),
        time: field(words::TIME, &span(facts)),
        kind: field(words::KIND, &facts.kind),
        room: field(words::ROOM, room),
        id: field(words::INTERVIEW, &facts.id),
        discs: discs?,
    })
}

fn maker(maker: &Maker) -> String {
    if maker.number.is_empty() {
        maker.name.clone()
    } else {
        // A number stays beside its name.
        format!("{}\u{a0}{}", maker.name, maker.number)
    }
}

fn disc(interview: &InterviewFacts, facts: &DiscFacts) -> Result<Disc, LabelError> {
    let (disc_zh, disc_en) = words::disc(facts.number, facts.of);
    let (set_zh, set_en) = facts.set.map(words::set).unzip();
    let finalised = facts.finalised_at.as_deref().and_then(moment);
    let hand_over_by = finalised.and_then(|at| at.checked_add_signed(TimeDelta::hours(HAND_OVER_HOURS)));
    let burnt = match facts.burnt {
        Burnt::Live => Some(words::LIVE),
        Burnt::FromMaster => Some(words::FROM_MASTER),
        Burnt::Unknown => None,
    };
    Ok(Disc {
        is_original: facts.standing == Standing::Original,
        standing: match facts.standing {
            Standing::Original => words::ORIGINAL,
            Standing::Copy => words::COPY,
        },
        place_zh: set_zh.into_iter().chain([disc_zh]).collect(),
        place_en: set_en.into_iter().chain([disc_en]).collect(),
        slot: field(words::SLOT, &facts.slot.as_str().to_uppercase()),
        volume: field(words::VOLUME, &facts.volume_id),
        medium: field(words::MEDIUM, &facts.medium),
        burnt: burnt.map(|said| field(words::BURNT, &format!("{} {}", said.zh, said.en))),
        finalised: field(words::FINALISED, &finalised.map(written).unwrap_or_default()),
        hand_over_by: field(
            words::HAND_OVER_BY,
            &hand_over_by.map(written).unwrap_or_default(),
        ),
        digest: field(words::DIGEST, facts.digest.file),
        digest_groups: groups(&facts.digest.sha256),
        code: code::of(&code::text(interview, facts))?,
    })
}

fn moment(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

fn written(at: DateTime<FixedOffset>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// From the first part's begin to the last part's end; the date once where it is the same.
fn span(facts: &InterviewFacts) -> String {
    let Some(from) = moment(&facts.from) else {
        return facts.from.clone();
    };
    match facts.until.as_deref().and_then(moment) {
        None => written(from) + words::UNTIL_LATER,
        Some(until) if until.date_naive() == from.date_naive() => {
            written(from) + words::UNTIL + &until.format("%H:%M:%S").to_string()
        }
        Some(until) => written(from) + words::UNTIL + &written(until),
    }
}

fn last_moment(facts: &Facts) -> Option<DateTime<FixedOffset>> {
    let of_interview = |interview: &InterviewFacts| {
        let discs = interview
            .discs
            .iter()
            .filter_map(|disc| disc.finalised_at.clone());
        let own = [Some(interview.from.clone()), interview.until.clone()];
        own.into_iter().flatten().chain(discs).collect::<Vec<_>>()
    };
    let texts = facts.interviews.iter().flat_map(of_interview);
    texts.filter_map(|text| moment(&text)).max()
}

fn made(at: DateTime<FixedOffset>) -> Made {
    let at = at.to_utc();
    Made {
        year: at.year(),
        month: at.month(),
        day: at.day(),
        hour: at.hour(),
        minute: at.minute(),
        second: at.second(),
    }
}

fn groups(digest: &str) -> Vec<String> {
    let digits: Vec<char> = digest.chars().collect();
    digits.chunks(8).map(|group| group.iter().collect()).collect()
}

/// Without controls and marks of direction; with a place to break behind every so many letters.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    let mut run = 0;
    for c in text.trim().chars().filter(|c| !turns_direction(*c)) {
        let c = if c.is_control() { ' ' } else { c };
        run = if c.is_ascii_graphic() { run + 1 } else { 0 };
        if run > LONGEST_RUN {
            printable.push(BREAK);
            run = 1;
        }
        if is_dot_of_name(c) {
            printable.push('\u{2060}');
        }
        printable.push(c);
        if c == '_' {
            printable.push(BREAK);
            run = 0;
        }
    }
    printable
}

/// 间隔号: it may end a line, never begin one.
fn is_dot_of_name(c: char) -> bool {
    matches!(c, '·' | '•' | '‧' | '・')
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_people_is_made_harmless_and_breakable() {
        assert_eq!(printable(" 张\n三\u{202e} "), "张 三");
        assert_eq!(printable("阿卜杜拉·买买提"), "阿卜杜拉\u{2060}·买买提");
        let long = "A".repeat(25);
        assert_eq!(printable(&long), format!("{}\u{200b}A", &long[1..]));
    }

    #[test]
    fn a_span_of_one_day_has_its_date_once() {
        let mut facts = InterviewFacts {
            unit: String::new(),
            room_id: String::new(),
            room_name: String::new(),
            id: String::new(),
            kind: String::new(),
            case_number: CaseNumber::NotYet,
            case_name: String::new(),
            makers: Vec::new(),
            from: "2026-11-22T23:02:03.000+08:00".to_owned(),
            until: Some("2026-11-22T23:59:59.500+08:00".to_owned()),
            discs: Vec::new(),
        };
        assert_eq!(span(&facts), "2026-11-22 23:02:03 至 23:59:59");
        facts.until = Some("2026-11-23T00:10:00.000+08:00".to_owned());
        assert_eq!(span(&facts), "2026-11-22 23:02:03 至 2026-11-23 00:10:00");
    }
}
