//! Every word that a report says: one table per language (`zh`, `en`), details of findings as pairs (`details`).
//!
//! `print` puts a report together from them. Texts are templates: `{0}`, `{1}` stand for what the report fills in,
//! once, so that a text which comes from the evidence can never name a place of its own.

pub mod details;
mod en;
mod zh;

use std::fmt::{Display, Write as _};

/// A report's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Chinese,
    English,
}

impl Language {
    /// The name of a kind of interview, by the word that journal and manifest have for it.
    pub fn kind_of_interview(self, word: &str) -> &str {
        name(self.words().kinds, word)
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::Chinese => &zh::WORDS,
            Self::English => &en::WORDS,
        }
    }
}

/// Chinese and English of the same thing.
pub type Pair = (&'static str, &'static str);

/// What is said of a finding beyond its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    pub zh: String,
    pub en: String,
}

/// Figures, names and what a machine said are the same in both languages.
impl<T: Display> From<T> for Detail {
    fn from(text: T) -> Self {
        let text = text.to_string();
        Self {
            zh: text.clone(),
            en: text,
        }
    }
}

/// Both texts of a pair, filled.
pub fn say((zh, en): Pair, arguments: &[&dyn Display]) -> Detail {
    Detail {
        zh: fill(zh, arguments),
        en: fill(en, arguments),
    }
}

/// Both texts, filled with what is said in two languages itself.
pub fn say_of((zh, en): Pair, detail: &Detail) -> Detail {
    Detail {
        zh: fill(zh, &[&detail.zh]),
        en: fill(en, &[&detail.en]),
    }
}

/// A template with its places filled; a place without an argument stays empty.
pub fn fill(template: &str, arguments: &[&dyn Display]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let Some((place, after)) = behind.split_once('}') else {
            break;
        };
        if let Some(argument) = place.parse().ok().and_then(|n: usize| arguments.get(n)) {
            let _ = write!(text, "{argument}"); // a String
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// A name by the word that the journal has for it.
pub type Names = &'static [(&'static str, &'static str)];

/// The name, or the journal's own word where there is none.
pub fn name(names: Names, key: &str) -> &str {
    names
        .iter()
        .find(|(known, _)| *known == key)
        .map_or(key, |(_, name)| name)
}

/// A language's words.
pub struct Words {
    pub language: Language,
    pub title: &'static str,
    /// Between a label and what it says.
    pub colon: &'static str,
    /// Between two things of a list.
    pub comma: &'static str,
    pub numbers: &'static [&'static str],
    pub sections: Sections,
    pub verdict: VerdictWords,
    pub checked: CheckedWords,
    pub signer: SignerWords,
    pub clock: ClockWords,
    pub gaps: GapWords,
    pub drops: DropWords,
    pub kept: KeptWords,
    pub acts: ActWords,
    pub copies: CopyWords,
    pub findings: FindingWords,
    pub none: &'static str,
    pub unknown: &'static str,
    pub more: &'static str,
    pub place: &'static str,
    pub kinds: Names,
    pub causes: Names,
    pub grounds: Names,
    pub confirmations: Names,
    pub reasons: Names,
    pub act_names: Names,
    pub void_reasons: Names,
    pub alarms: Names,
    pub places: Names,
    pub clock_sources: Names,
}

pub struct Sections {
    pub verdict: &'static str,
    pub checked: &'static str,
    pub signer: &'static str,
    pub clock: &'static str,
    pub gaps: &'static str,
    pub drops: &'static str,
    pub kept: &'static str,
    pub acts: &'static str,
    pub alarms: &'static str,
    pub ending: &'static str,
    pub copies: &'static str,
    pub findings: &'static str,
}

pub struct VerdictWords {
    /// One sentence for each, in which {0} is the number of faults.
    pub sound_is: &'static str,
    pub only_open: &'static str,
    pub only_incomplete: &'static str,
    pub not_sound_is: &'static str,
    pub unreadable_is: &'static str,
}

pub struct CheckedWords {
    pub source: &'static str,
    pub against: &'static str,
    pub interview: &'static str,
    pub uuid: &'static str,
    pub room: &'static str,
    pub unit: &'static str,
    pub case: &'static str,
    pub incident: &'static str,
    pub kind: &'static str,
    pub opened: &'static str,
    pub closed: &'static str,
    pub not_closed: &'static str,
    pub recorded: &'static str,
    pub from_to: &'static str,
    pub part: &'static str,
    pub length: &'static str,
    pub length_is: &'static str,
    pub files: &'static str,
    pub files_are: &'static str,
}

pub struct SignerWords {
    pub nobody: &'static str,
    pub key: &'static str,
    pub subject: &'static str,
    pub issuer: &'static str,
    pub self_signed: &'static str,
    pub issuer_unchecked: &'static str,
    pub stamp: &'static str,
    pub stamp_is: &'static str,
    pub stamp_holds: &'static str,
    pub stamp_unproved: &'static str,
    pub matched: &'static str,
    pub is_expected: &'static str,
    pub is_another: &'static str,
    pub not_asked: &'static str,
    pub manifest: &'static str,
    pub manifest_holds: &'static str,
    pub manifest_none: &'static str,
    pub heads: &'static str,
    pub heads_are: &'static str,
    pub earlier: &'static str,
    pub proved: &'static str,
    pub proved_is: &'static str,
}

pub struct ClockWords {
    pub error: &'static str,
    pub error_is: &'static str,
    pub no_error: &'static str,
    pub unknown: &'static str,
    pub unknown_is: &'static str,
    pub source: &'static str,
    pub source_is: &'static str,
    pub no_source: &'static str,
    pub above: &'static str,
    pub above_is: &'static str,
    pub above_none: &'static str,
    pub steps: &'static str,
    pub step_is: &'static str,
}

pub struct GapWords {
    pub none: &'static str,
    pub gap: &'static str,
    pub set_back: &'static str,
    pub reason: &'static str,
    pub no_reason: &'static str,
    pub statement: &'static str,
    pub made: &'static str,
    pub owed: &'static str,
    pub not_obtained: &'static str,
    pub not_known: &'static str,
    pub unrecorded: &'static str,
    pub unrecorded_is: &'static str,
    pub elsewhere: &'static str,
    pub elsewhere_is: &'static str,
}

pub struct DropWords {
    pub none: &'static str,
    pub part: &'static str,
    pub at: &'static str,
    pub repeated: &'static str,
    pub left: &'static str,
    pub right: &'static str,
    pub missing: &'static str,
    pub twice: &'static str,
    pub late: &'static str,
}

pub struct KeptWords {
    pub none: &'static str,
    pub adopted: &'static str,
    pub adopted_file: &'static str,
    pub quarantined: &'static str,
}

pub struct ActWords {
    pub none: &'static str,
    pub voided: &'static str,
    pub alarms_none: &'static str,
    pub alarm: &'static str,
    pub standing: &'static str,
    pub complete: &'static str,
    pub open: &'static str,
    pub unfinished: &'static str,
    pub incomplete: &'static str,
    pub approver: &'static str,
    pub not_confirmed: &'static str,
    pub not_obtained: &'static str,
    pub act: &'static str,
    pub statements_not_obtained: &'static str,
}

pub struct CopyWords {
    pub none_given: &'static str,
    pub same: &'static str,
    pub missing: &'static str,
    pub length: &'static str,
    pub first: &'static str,
    pub in_header: &'static str,
    pub in_fragment: &'static str,
    pub right: &'static str,
    pub neither: &'static str,
    pub undecided: &'static str,
    pub by_manifest: &'static str,
    pub by_journal: &'static str,
    pub by_signature: &'static str,
}

pub struct FindingWords {
    pub none: &'static str,
    pub fault: &'static str,
    pub note: &'static str,
    pub at: &'static str,
    pub remedy: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_never_read_as_a_place() {
        assert_eq!(fill("{0} 与 {1}", &[&"{1}", &2]), "{1} 与 2");
        assert_eq!(fill("{7}{x}{", &[]), "{", "a brace that opens no place is text");
    }

    #[test]
    fn both_languages_name_the_same_things() {
        let (zh, en) = (&zh::WORDS, &en::WORDS);
        let keys = |names: Names| names.iter().map(|(key, _)| *key).collect::<Vec<_>>();
        for (zh, en) in [
            (zh.kinds, en.kinds),
            (zh.causes, en.causes),
            (zh.grounds, en.grounds),
            (zh.confirmations, en.confirmations),
            (zh.reasons, en.reasons),
            (zh.act_names, en.act_names),
            (zh.void_reasons, en.void_reasons),
            (zh.alarms, en.alarms),
            (zh.places, en.places),
            (zh.clock_sources, en.clock_sources),
        ] {
            assert_eq!(keys(zh), keys(en));
        }
    }
}
