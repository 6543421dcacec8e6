//! One program of tpm2-tools as a short child: what it is given, what it said, and its deadline.
//!
//! Called by `Tpm` only. What comes in by stdin and goes out by stdout may be a secret: it is wiped when it is
//! let go, and nothing of it is ever logged; only stderr is told. A child that hangs is killed.

use super::TpmError;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const POLL: Duration = Duration::from_millis(5);
/// More than any answer of these programs.
const MOST_BYTES: usize = 8 << 10;
/// Of what a program said when it failed.
const MOST_SAID: usize = 300;
/// TPM_RC_INTEGRITY, without the bits that say which parameter is meant.
const INTEGRITY: u32 = 0x9f;
const WITHOUT_PARAMETER: u32 = 0xffff_f0bf;

#[derive(Debug)]
pub(super) struct Tools {
    tcti: String,
    ends: Instant,
}

impl Tools {
    pub(super) fn new(tcti: &str, ends: Instant) -> Tools {
        Tools {
            tcti: tcti.to_owned(),
            ends,
        }
    }

    /// What the program wrote; `input` is all that it is given to read.
    pub(super) fn run(
        &self,
        program: &'static str,
        args: &[&str],
        input: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let missing = |error: std::io::Error| TpmError::ToolMissing {
            program,
            reason: error.to_string(),
        };
        let mut child = Command::new(program)
            .args(args)
            .env("LC_ALL", "C")
            .env("TPM2TOOLS_TCTI", &self.tcti)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(missing)?;
        let stdout = child.stdout.take().map(drain);
        let stderr = child.stderr.take().map(|mut pipe| {
            thread::spawn(move || {
                let mut text = Vec::new();
                let _ = pipe.read_to_end(&mut text); // what was read before an error was said all the same
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        // A program that ends without reading has its own reason, which it tells.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input));
        let good = self.wait(program, child)?;
        let text = stderr.and_then(|reader| reader.join().ok()).unwrap_or_default();
        let answer = stdout.and_then(|reader| reader.join().ok()).unwrap_or_default();
        if good {
            Ok(answer)
        } else {
            Err(fault(program, &text))
        }
    }

    fn wait(&self, program: &'static str, mut child: Child) -> Result<bool, TpmError> {
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) if Instant::now() < self.ends => thread::sleep(POLL),
                Ok(None) | Err(_) => {
                    let _ = child.kill();
                    // One that is stuck in the kernel may never end: a thread of its own waits for it.
                    thread::spawn(move || child.wait());
                    return Err(TpmError::Silent { program });
                }
            }
        }
    }

    /// Without a resource manager each program leaves what it loaded in the TPM, which has room for three.
    pub(super) fn flush(&self) -> Result<(), TpmError> {
        if self.tcti.contains("tpmrm") || self.tcti.starts_with("tabrmd") {
            return Ok(());
        }
        self.run("tpm2_flushcontext", &["-t"], &[]).map(drop)
    }
}

/// Reads a pipe into memory that is wiped, and never moved while it grows.
fn drain(pipe: ChildStdout) -> JoinHandle<Zeroizing<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
        let _ = pipe.take(MOST_BYTES as u64 / 2).read_to_end(&mut bytes); // the program's status says more
        bytes
    })
}

fn fault(program: &'static str, text: &str) -> TpmError {
    let lines = text.lines().filter_map(|line| line.strip_prefix("ERROR: "));
    let said: String = lines
        .collect::<Vec<_>>()
        .join("; ")
        .chars()
        .take(MOST_SAID)
        .collect();
    let is_foreign = program == "tpm2_load" && codes(text).any(|code| code & WITHOUT_PARAMETER == INTEGRITY);
    if is_foreign {
        TpmError::Foreign { said }
    } else {
        TpmError::Failed { program, said }
    }
}

/// The tools' return codes: `(0x1DF)`.
fn codes(text: &str) -> impl Iterator<Item = u32> {
    let hex = |rest: &str| {
        rest.split(')')
            .next()
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
    };
    text.split("(0x").skip(1).filter_map(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_tpm_is_told_from_one_that_fails() {
        let foreign = "ERROR: Eys_Load(0x1DF) - tpm:parameter(1):integrity check failed\n\
            ERROR: Unable to run tpm2_load";
        assert!(matches!(fault("tpm2_load", foreign), TpmError::Foreign { .. }));
        let full = "ERROR: Eys_Load(0x902) - tpm:warn(2.0): out of memory for object contexts";
        let TpmError::Failed { said, .. } = fault("tpm2_load", full) else {
            panic!("a full TPM is not another TPM");
        };
        assert!(said.contains("out of memory"), "{said}");
        assert!(matches!(
            fault("tpm2_createprimary", foreign),
            TpmError::Failed { .. }
        ));
    }
}
