//! The table that is printed and kept: rows with their goal, notes beneath, the machine at the end.
//!
//! Filled by `cpu` and `disc_hours`. Must never hold a host's name, and never drops a row that falls short.

use std::fmt::Write;
use std::process::Command;

/// One comparison: a heading, a table, and what must be said about it.
pub struct Section {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub verdicts: Vec<Verdict>,
    pub notes: Vec<String>,
}

/// A figure against its goal.
pub struct Verdict {
    pub what: String,
    pub figure: String,
    pub goal: String,
    pub met: bool,
}

#[derive(Default)]
pub struct Report {
    sections: Vec<Section>,
}

impl Report {
    pub fn new() -> Self {
        Report::default()
    }

    pub fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    pub fn markdown(&self) -> String {
        let mut text = String::from("# Benchmarks\n\nMade by `./deploy/bench.sh`; the latest run.\n");
        text.push_str("\n| what | figure | goal | |\n|---|---|---|---|\n");
        for verdict in self.sections.iter().flat_map(|section| &section.verdicts) {
            let met = if verdict.met { "met" } else { "**not met**" };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {met} |",
                verdict.what, verdict.figure, verdict.goal
            );
        }
        for section in &self.sections {
            section.write(&mut text);
        }
        text.push_str("\n## Machine\n\n");
        for line in machine() {
            let _ = writeln!(text, "- {line}");
        }
        text
    }
}

impl Section {
    fn write(&self, text: &mut String) {
        let _ = write!(text, "\n## {}\n\n| {} |\n|", self.title, self.columns.join(" | "));
        text.push_str(&"---|".repeat(self.columns.len()));
        for row in &self.rows {
            let _ = write!(text, "\n| {} |", row.join(" | "));
        }
        text.push('\n');
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
    }
}

fn machine() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get());
    let mut lines = vec![format!(
        "{cores} cores, {}",
        first_field("/proc/cpuinfo", "model name")
    )];
    lines.push(format!("memory {}", first_field("/proc/meminfo", "MemTotal")));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    lines.push(format!(
        "load averages at the end {load} (what runs beside the benchmark disturbs it)"
    ));
    for (program, argument) in [
        ("uname", "-sr"),
        ("ffmpeg", "-version"),
        ("gst-launch-1.0", "--version"),
    ] {
        let output = Command::new(program).arg(argument).output();
        let text = output
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default();
        lines.push(
            text.lines()
                .next()
                .unwrap_or(program)
                .split(" Copyright")
                .next()
                .unwrap_or(program)
                .into(),
        );
    }
    lines.push(format!(
        "measured {}",
        chrono::Local::now().format("%Y-%m-%d %H:%M")
    ));
    lines
}

fn first_field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_default();
    line.split_once(':')
        .map_or("unknown", |(_, value)| value.trim())
        .to_owned()
}
