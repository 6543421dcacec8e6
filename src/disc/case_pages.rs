//! What a person finds at the top of a case disc: the list of its interviews, README, each in Chinese and English.
//!
//! The list links to each interview's own page in its folder. Nothing here refers to anything outside the disc.

use serde_json::{Value, json};

use super::case_disc::{CaseOrder, Remark};
use super::plan::About;

/// The case disc's own record.
pub(super) const RECORD: &str = "case-disc.json";
const INDEX: &str = include_str!("case_page/index.html");
const README: &str = include_str!("case_page/README.txt");

/// Where an interview stands, seen from one disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    Here,
    Before,
    Later,
}

/// One interview in the list.
pub(super) struct Row<'a> {
    pub(super) about: &'a About,
    pub(super) remarks: &'a [Remark],
    /// The case's discs that hold it, as far as they are known.
    pub(super) discs: &'a [u32],
    pub(super) standing: Where,
    /// The rest of it follows on the next disc.
    pub(super) goes_on: bool,
}

pub(super) struct Page<'a> {
    pub(super) order: &'a CaseOrder,
    pub(super) place: u32,
    pub(super) is_last: bool,
    pub(super) rows: &'a [Row<'a>],
    pub(super) missing: &'a [Remark],
}

impl Row<'_> {
    pub(super) fn record(&self) -> Value {
        json!({
            "interview": self.about.interview_id, "uuid": self.about.uuid, "set_in_case": self.about.set_in_case,
            "discs": self.discs, "goes_on": self.goes_on,
        })
    }

    fn html(&self) -> String {
        let about = self.about;
        let name = match self.standing {
            Where::Here => format!("<a href=\"{0}/index.html\">{0}</a>", escaped(&about.interview_id)),
            Where::Before | Where::Later => escaped(&about.interview_id),
        };
        let set = about.set_in_case.map(|n| n.to_string()).unwrap_or_default();
        let remarks: String = self.remarks.iter().map(paragraph).collect();
        format!(
            "<tr><td>{set}</td><td>{name}</td><td>{}</td><td>{}</td><td>{}</td><td>{remarks}</td></tr>\n",
            escaped(&about.kind),
            escaped(&about.started_at),
            self.place(),
        )
    }

    fn place(&self) -> String {
        let discs: Vec<String> = self.discs.iter().map(u32::to_string).collect();
        let discs = discs.join("、");
        match (self.standing, self.goes_on) {
            (Where::Later, _) => "后续光盘 on a later disc".to_owned(),
            (_, true) => format!("第 {discs} 张，未完，续见下一张 disc {discs}, goes on"),
            (_, false) => format!("第 {discs} 张 disc {discs}"),
        }
    }
}

impl Page<'_> {
    pub(super) fn index(&self) -> String {
        let rows: String = self.rows.iter().map(Row::html).collect();
        let missing: String = self.missing.iter().map(paragraph).collect();
        let missing = if missing.is_empty() {
            "<p>无 none</p>".to_owned()
        } else {
            missing
        };
        let fields = self.fields().map(|(mark, value)| (mark, escaped(&value)));
        let page = filled(INDEX, &fields);
        page.replace("@ROWS@", &rows).replace("@MISSING@", &missing)
    }

    pub(super) fn readme(&self) -> String {
        let line = |remark: &Remark| format!("  - {}\n    {}\n", remark.zh, remark.en);
        let missing: String = self.missing.iter().map(line).collect();
        let missing = if missing.is_empty() {
            "  无 none\n".to_owned()
        } else {
            missing
        };
        let row = |row: &Row<'_>| {
            let remarks: String = row.remarks.iter().map(line).collect();
            let (id, kind, place) = (&row.about.interview_id, &row.about.kind, row.place());
            format!("  {id}  {kind}  {place}\n{remarks}")
        };
        let rows: String = self.rows.iter().map(row).collect();
        filled(README, &self.fields())
            .replace("@ROWS@", &rows)
            .replace("@MISSING@", &missing)
    }

    fn fields(&self) -> [(&'static str, String); 8] {
        let order = self.order;
        let last = if self.is_last {
            "末张 last"
        } else {
            "续见下一张 goes on"
        };
        [
            ("@UNIT@", order.unit.clone()),
            ("@CASE_NUMBER@", order.case_number.clone()),
            ("@CASE_NAME@", order.case_name.clone()),
            ("@ROOM@", order.room_name.clone()),
            ("@MADE_AT@", order.made_at.clone()),
            ("@BY@", order.by.clone()),
            ("@NUMBER@", self.place.to_string()),
            ("@LAST@", last.to_owned()),
        ]
    }
}

fn filled(text: &str, fields: &[(&str, String)]) -> String {
    fields
        .iter()
        .fold(text.to_owned(), |text, (mark, value)| text.replace(mark, value))
}

fn paragraph(remark: &Remark) -> String {
    format!("<p>{} {}</p>", escaped(&remark.zh), escaped(&remark.en))
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
