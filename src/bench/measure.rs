//! CPU time of a running process over a window, all its threads together and by thread name.
//!
//! Called by `cpu`. Reads `/proc`, so nothing is added to what is measured. Start-up is left out by waiting
//! until the process has settled; the window is wall time, which all contenders share.

use super::BenchError;
use std::collections::BTreeMap;
use std::io;
use std::process::{Child, Command, Output};
use std::thread;
use std::time::Duration;

/// Long enough for demuxers, rate control and caches to settle.
pub const SETTLE: Duration = Duration::from_secs(3);

pub struct CpuTime {
    pub seconds: f64,
    /// Thread name → CPU seconds, the largest first.
    pub by_thread: Vec<(String, f64)>,
}

/// Waits until `child` has settled and measures it for `window`.
pub fn cpu_time(name: &str, child: &mut Child, window: Duration) -> Result<CpuTime, BenchError> {
    let fault = |source| BenchError::CpuTime {
        name: name.into(),
        source,
    };
    thread::sleep(SETTLE);
    let (total, threads) = (
        process_seconds(child.id()).map_err(fault)?,
        thread_seconds(child.id()),
    );
    thread::sleep(window);
    if let Some(status) = child.try_wait().map_err(fault)? {
        return Err(BenchError::Ended {
            name: name.into(),
            output: status.to_string(),
        });
    }
    let seconds = process_seconds(child.id()).map_err(fault)? - total;
    Ok(CpuTime {
        seconds,
        by_thread: difference(&threads, &thread_seconds(child.id())),
    })
}

fn process_seconds(pid: u32) -> io::Result<f64> {
    seconds_in_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat"))?)
}

/// User and system time are the 14th and 15th field; the second is in parentheses and may hold spaces.
fn seconds_in_stat(stat: &str) -> io::Result<f64> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "malformed stat");
    let fields = stat.rsplit_once(')').ok_or_else(malformed)?.1;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<_, _>>().map_err(|_| malformed())?;
    // SAFETY: a plain query without pointers.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Ok(ticks as f64 / per_second.max(1) as f64)
}

fn thread_seconds(pid: u32) -> BTreeMap<String, (String, f64)> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return BTreeMap::new();
    };
    let read = |task: std::fs::DirEntry| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let seconds = seconds_in_stat(&std::fs::read_to_string(task.path().join("stat")).ok()?).ok()?;
        Some((
            task.file_name().to_string_lossy().into_owned(),
            (name.trim().to_owned(), seconds),
        ))
    };
    tasks.filter_map(|task| read(task.ok()?)).collect()
}

fn difference(
    before: &BTreeMap<String, (String, f64)>,
    after: &BTreeMap<String, (String, f64)>,
) -> Vec<(String, f64)> {
    let mut by_name = BTreeMap::<&str, f64>::new();
    for (task, (name, seconds)) in after {
        *by_name.entry(name).or_default() += seconds - before.get(task).map_or(0.0, |(_, seconds)| *seconds);
    }
    let mut sorted: Vec<_> = by_name
        .into_iter()
        .map(|(name, seconds)| (name.to_owned(), seconds))
        .collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    sorted
}

/// Runs a program to its end; its complaints become the error.
pub fn run(command: &mut Command) -> Result<Output, BenchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|source| BenchError::Start {
            program: program.clone(),
            source,
        })?;
    if output.status.success() {
        return Ok(output);
    }
    Err(BenchError::Failed {
        program,
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Middle value; of an even number the mean of the middle two. 0 for none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_after_a_name_with_spaces_and_parentheses_are_found() {
        let stat = "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        // SAFETY: a plain query without pointers.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
        assert!((seconds_in_stat(stat).unwrap() - 200.0 / per_second).abs() < 1e-9);
        assert!(seconds_in_stat("nonsense").is_err());
    }

    #[test]
    fn median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![]), 0.0);
    }
}
