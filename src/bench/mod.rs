//! `shenlu bench`: the CPU rows and the disc-hours row of the numbers to reach, with ffmpeg and stock
//! GStreamer beside ours in one run, as a table.
//!
//! Called by `main` and `deploy/bench.sh`. Everything compared runs in turn on the same material for the
//! same seconds; times become ratios of one run, never figures of this machine alone. Must never report a
//! contender whose output was not whole.

mod contenders;
mod cpu;
mod disc_hours;
mod material;
mod measure;
mod null_room;
mod report;
mod scene;

use std::path::PathBuf;
use std::process::ExitCode;

/// What `shenlu bench` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Only these rows.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Row::Cpu, Row::DiscHours])]
    rows: Vec<Row>,
    /// How often each contender of the CPU rows runs; medians count.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds measured of each run, after it has settled.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(4..=300))]
    seconds: u32,
    /// A rough look: one round of ten seconds, half the scene.
    #[arg(long)]
    quick: bool,
    /// Where material and output are kept.
    #[arg(long, default_value = "target/bench")]
    dir: PathBuf,
    /// Also writes the table, with the machine it was measured on, as Markdown.
    #[arg(long)]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Row {
    Cpu,
    DiscHours,
}

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot start {program}: {source}; ./deploy/bench.sh installs what is needed")]
    Start { program: String, source: std::io::Error },
    #[error("{program} failed: {output}")]
    Failed { program: String, output: String },
    #[error("{name} ended before it was measured: {output}")]
    Ended { name: String, output: String },
    #[error(
        "{name} gave {frames} frames in {seconds} s: not in real time, so it is not compared; let nothing else run beside it"
    )]
    NotWhole { name: String, frames: u64, seconds: u32 },
    #[error("cannot read the CPU time of {name}: {source}")]
    CpuTime { name: String, source: std::io::Error },
    #[error("the media process: {0}")]
    Media(String),
    #[error("cannot understand what {program} says: {output}")]
    Output { program: String, output: String },
}

/// Runs the rows and prints the table. Failure only if something could not be measured: a row that falls
/// short of its goal says so in the table.
pub fn run(mut options: Options) -> Result<ExitCode, BenchError> {
    if options.quick {
        (options.rounds, options.seconds) = (1, options.seconds.min(10));
    }
    std::fs::create_dir_all(&options.dir).map_err(|source| BenchError::Write {
        path: options.dir.clone(),
        source,
    })?;
    let mut report = report::Report::new();
    if options.rows.contains(&Row::Cpu) {
        report.add(cpu::measure(&options.dir, options.rounds, options.seconds)?);
    }
    if options.rows.contains(&Row::DiscHours) {
        let frames = if options.quick { 100 } else { 250 };
        report.add(disc_hours::measure(&options.dir, frames)?);
    }
    println!("{}", report.markdown());
    if let Some(path) = options.write {
        std::fs::write(&path, report.markdown()).map_err(|source| BenchError::Write { path, source })?;
    }
    Ok(ExitCode::SUCCESS)
}
