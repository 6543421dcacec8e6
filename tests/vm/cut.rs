//! What each pulled plug cut, what it cost, and how long the mending took: the table at the end of a run.
//!
//! Nothing here is judged. Guest and judge fail the test when something committed is gone; what is counted is
//! what may be lost: the session that was being written.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::said::{Judged, Look, Said};

/// One life of the machine, slot by slot.
pub struct Boot {
    medium: &'static str,
    /// How many plugs were pulled on this round's discs before.
    cuts_before: u32,
    began: Option<Instant>,
    looks: BTreeMap<String, Look>,
    states: BTreeMap<String, String>,
    mended: BTreeMap<String, Mended>,
}

/// How a slot went on after a cut burn.
struct Mended {
    how: &'static str,
    after: Duration,
    lost_blocks: u64,
}

#[derive(Default)]
pub struct Tally {
    cut_in: BTreeMap<String, u32>,
    outcomes: BTreeMap<&'static str, u32>,
    lost_kib: Vec<u64>,
    mended_ms: Vec<u64>,
    unseen: u32,
    lookups: (u32, usize, u64),
    discs: Vec<String>,
    pulled: u64,
}

impl Boot {
    pub fn new(medium: &'static str, before: Option<u32>) -> Self {
        Self {
            medium,
            cuts_before: before.unwrap_or(0),
            began: None,
            looks: BTreeMap::new(),
            states: BTreeMap::new(),
            mended: BTreeMap::new(),
        }
    }

    pub fn heard(&mut self, said: &Said) {
        match said {
            Said::Looked(look) => {
                self.looks.insert(look.slot.clone(), look.clone());
            }
            Said::Working => self.began = Some(Instant::now()),
            Said::Line { kind, data } => {
                let slot = data["slot"].as_str().unwrap_or_default();
                self.line(slot, kind, data["free_blocks"].as_u64());
            }
            Said::Event { event } => self.event(event),
            Said::Judged(_) | Said::Done => {}
        }
    }

    fn event(&mut self, event: &serde_json::Value) {
        let slot = event["slot"].as_str().unwrap_or_default();
        match event["event"].as_str() {
            Some("state") => {
                let state = event["state"].as_str().unwrap_or_default();
                self.states.insert(slot.to_owned(), state.to_owned());
            }
            Some("fault") => println!("  {} slot {slot}: {}", self.medium, event["fault"]),
            _ => {}
        }
    }

    /// The first line after a cut burn says what became of it.
    fn line(&mut self, slot: &str, kind: &str, free_blocks: Option<u64>) {
        let was_cut = self.looks.get(slot).filter(|look| look.cut.is_some());
        let (Some(look), Some(began)) = (was_cut, self.began) else {
            return;
        };
        if self.mended.contains_key(slot) {
            return;
        }
        let lost = free_blocks.map_or(0, |free| look.free_blocks.saturating_sub(free));
        let (how, lost_blocks) = match kind {
            "disc-committed" => ("found whole", 0),
            "disc-recovered" if lost == 0 => ("nothing was written", 0),
            "disc-recovered" => ("partial session lost, disc goes on", lost),
            "disc-failed" => ("disc given up, next one burnt", 0),
            _ => return,
        };
        let after = began.elapsed();
        self.mended.insert(
            slot.to_owned(),
            Mended {
                how,
                after,
                lost_blocks,
            },
        );
    }
}

impl Tally {
    pub fn pulled(&self) -> u64 {
        self.pulled
    }

    /// What this life of the machine found and mended.
    pub fn add(&mut self, boot: &Boot) {
        for (slot, look) in &boot.looks {
            self.lookups.0 += 1;
            self.lookups.1 += look.files;
            self.lookups.2 += look.bytes;
            self.unseen += u32::from(!look.plain_mount && look.files > 0);
            let Some(mended) = boot.mended.get(slot) else {
                if look.cut.is_some() {
                    *self.outcomes.entry("cut again before it was mended").or_default() += 1;
                }
                continue;
            };
            *self.outcomes.entry(mended.how).or_default() += 1;
            self.mended_ms.push(mended.after.as_millis() as u64);
            if mended.lost_blocks > 0 {
                self.lost_kib.push(mended.lost_blocks * 2);
            }
            println!(
                "  {} slot {slot}, disc {}: {} was cut, {}; {} KiB; {:.1} s",
                boot.medium,
                look.disc,
                look.cut.as_deref().unwrap_or("nothing"),
                mended.how,
                mended.lost_blocks * 2,
                mended.after.as_secs_f32()
            );
        }
    }

    /// The plug was pulled; gives the count of this round's cuts to the next life.
    pub fn cut(&mut self, boot: Boot) -> u32 {
        self.pulled += 1;
        let state = |slot: &str| {
            boot.states
                .get(slot)
                .map_or("starting", String::as_str)
                .to_owned()
        };
        for slot in ["a", "b"] {
            *self.cut_in.entry(state(slot)).or_default() += 1;
        }
        let after = boot.began.map_or(Duration::ZERO, |began| began.elapsed());
        println!(
            "cut {} ({}, its number {}): after {:.1} s; A {}, B {}",
            self.pulled,
            boot.medium,
            boot.cuts_before + 1,
            after.as_secs_f32(),
            state("a"),
            state("b")
        );
        boot.cuts_before + 1
    }

    pub fn judged(&mut self, medium: &str, disc: &Judged) {
        let Judged {
            slot,
            disc,
            files,
            bytes,
            failed,
            proven,
        } = disc;
        let verdict = match (failed, proven) {
            (true, _) => "given up, what it held readable",
            (false, true) => "sound and proven",
            (false, false) => "sound",
        };
        let line = format!("{medium} {slot}-{disc:03}: {verdict}, {files} files, {bytes} bytes");
        println!("  {line}");
        self.discs.push(line);
    }
}

/// Least, middle, most.
fn spread(values: &[u64]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    match sorted.as_slice() {
        [] => "none".to_owned(),
        [least, ..] => {
            let most = sorted.last().unwrap_or(least);
            format!(
                "{least} / {} / {most} of {}",
                sorted[sorted.len() / 2],
                sorted.len()
            )
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plugs pulled: {}", self.pulled)?;
        writeln!(f, "what the slots were doing: {:?}", self.cut_in)?;
        writeln!(f, "what became of the cut burns: {:?}", self.outcomes)?;
        let (looks, files, bytes) = self.lookups;
        writeln!(
            f,
            "committed and read through the kernel's mount before mending: {files} files, {bytes} bytes, {looks} looks; \
             in {} of them the kernel had to be told where the last good session lies",
            self.unseen
        )?;
        writeln!(
            f,
            "partial sessions lost, with their gap, KiB (least / middle / most): {}",
            spread(&self.lost_kib)
        )?;
        writeln!(
            f,
            "from the workers' start to mended, ms: {}",
            spread(&self.mended_ms)
        )?;
        writeln!(f, "discs judged: {}", self.discs.len())
    }
}
