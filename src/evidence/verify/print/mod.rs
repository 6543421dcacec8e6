//! A report as a text that a court can read: sections in one order, every word from `words`, in Chinese, in
//! English, or in both one after the other.
//!
//! Texts out of the evidence may be hostile: nothing that steers a terminal, turns the direction of writing or
//! begins a line of its own is ever printed, and no line is longer than can be read.

mod copies;
mod events;
mod subject;

use super::{
    report::Report,
    story::Moment,
    words::{Language, Words, fill},
};
use chrono::DateTime;
use std::fmt::{self, Display, Write as _};

/// Longer lists are cut in the text; the JSON has all.
const LIST: usize = 40;
/// Longer lines are cut.
const LINE_CHARS: usize = 2_000;

impl Report {
    /// The text in each language, one after the other.
    pub fn text(&self, languages: &[Language]) -> String {
        let texts: Vec<String> = languages
            .iter()
            .map(|language| text(self, language.words()))
            .collect();
        texts.join("\n")
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&[Language::Chinese, Language::English]))
    }
}

fn text(report: &Report, words: &'static Words) -> String {
    let mut page = Page {
        words,
        text: String::new(),
        sections: 0,
    };
    page.line(0, words.title);
    page.verdict(report);
    page.checked(report);
    if report.figures.interview.is_some() {
        page.signer(&report.figures);
        page.clock(&report.figures.story.clock);
        page.gaps(&report.figures.story.gaps);
        page.drops(&report.figures.story);
        page.kept(&report.figures.story);
        page.acts(&report.figures.story.voided);
        page.alarms(&report.figures.story.alarms);
        page.ending(report);
    }
    page.copies(report);
    page.findings(report);
    page.text
}

/// A text under way.
struct Page {
    words: &'static Words,
    text: String,
    sections: usize,
}

impl Page {
    fn section(&mut self, title: &str) {
        let number = self.words.numbers.get(self.sections).copied();
        self.sections += 1;
        let mark = match self.words.language {
            Language::Chinese => "、",
            Language::English => ". ",
        };
        self.text.push('\n');
        self.line(0, &format!("{}{mark}{title}", number.unwrap_or_default()));
    }

    /// One line of its own, whatever stands in `text`.
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:width$}{}", "", clean(text), width = indent * 2); // a String
    }

    fn item(&mut self, indent: usize, label: &str, text: &str) {
        self.line(indent, &format!("{label}{}{text}", self.words.colon));
    }

    /// The same where there is something to say.
    fn item_if(&mut self, indent: usize, label: &str, text: &str) {
        if !text.is_empty() {
            self.item(indent, label, text);
        }
    }

    /// Lines of a list, as many as can be read.
    fn list<T>(&mut self, things: &[T], mut tell: impl FnMut(&mut Self, &T)) {
        things.iter().take(LIST).for_each(|thing| tell(self, thing));
        if things.len() > LIST {
            self.line(1, &fill(self.words.more, &[&(things.len() - LIST)]));
        }
    }

    /// When, and where in the recording.
    fn moment(&self, moment: &Moment) -> String {
        let at = wall(&moment.at);
        match moment.part.zip(moment.media_us) {
            Some((part, media_us)) => {
                let place = fill(self.words.place, &[&part, &hms(media_us)]);
                match self.words.language {
                    Language::Chinese => format!("{at}（{place}）"),
                    Language::English => format!("{at} ({place})"),
                }
            }
            None => at,
        }
    }
}

/// A line that is one line and shows what it holds.
fn clean(text: &str) -> String {
    // Marks that turn the direction of writing could make a text read as another.
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
    let shown = |c: char| {
        if c.is_control() || turns(c) || ends(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut chars = text.chars();
    let mut line: String = chars.by_ref().take(LINE_CHARS).map(shown).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

/// Hours, minutes, seconds, milliseconds.
fn hms(us: u64) -> String {
    let (seconds, ms) = (us / 1_000_000, us / 1_000 % 1_000);
    format!(
        "{}:{:02}:{:02}.{ms:03}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The same of time that may run backwards.
fn signed_hms(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    format!("{sign}{}", hms(us.unsigned_abs()))
}

fn milliseconds(us: u64) -> String {
    format!("{}.{:03} ms", us / 1_000, us % 1_000)
}

/// Wall time as it is read; what is none stays as it stands.
fn wall(at: &str) -> String {
    DateTime::parse_from_rfc3339(at).map_or_else(
        |_| at.to_owned(),
        |at| at.format("%Y-%m-%d %H:%M:%S%.3f %:z").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_stays_on_its_line_and_steers_nothing() {
        let shown = clean("a\n一、结论\u{1b}[2J\u{202e}b\u{2028}c");
        assert!(!shown.chars().any(char::is_control), "{shown}");
        assert_eq!(shown.lines().count(), 1);
        assert!(!shown.contains(['\u{202e}', '\u{2028}', '\u{1b}']));
        assert_eq!(clean(&"长".repeat(5_000)).chars().count(), LINE_CHARS + 1);
    }

    #[test]
    fn times_are_shown_in_hours_minutes_and_seconds() {
        assert_eq!(hms(3_723_004_999), "1:02:03.004");
        assert_eq!(signed_hms(-1_500_000), "-0:00:01.500");
        assert_eq!(
            wall("2026-03-04T05:06:07.000+08:00"),
            "2026-03-04 05:06:07.000 +08:00"
        );
        assert_eq!(wall("yesterday"), "yesterday");
    }
}
