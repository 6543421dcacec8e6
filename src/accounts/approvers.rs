//! Approvers (办案部门负责人): who may allow an exception, and how it is proved that he did.
//!
//! By his own secret in the room, or by one of ten codes that he reads out over the telephone. The command line
//! adds and removes them, the room proves. Both work on the file afresh each time, under its lock where they
//! change it. A code is struck off durably before its use counts. Secrets and codes are never logged or kept.

use super::file::{ApproverRecord, CodeRecord, Locked, read};
use super::{AccountsError, hash_of, is_hash_of, random};
use serde::Deserialize;
use std::path::{Path, PathBuf};

pub const MIN_SECRET_CHARS: usize = 10;
const CODES: u32 = 10;
const CODE_RANGE: u64 = 100_000_000;
const MAX_NAME_CHARS: usize = 200;
/// Longer ones are no secrets but an attempt to keep the room busy.
const MAX_SECRET_BYTES: usize = 1024;

#[derive(Debug, thiserror::Error)]
pub enum ApproverError {
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    #[error("{field}: 1 to {MAX_NAME_CHARS} characters on one line are wanted / 须为一行文字")]
    Unfit { field: &'static str },
    #[error(
        "the secret must have {MIN_SECRET_CHARS} to {MAX_SECRET_BYTES} characters / 口令至少 {MIN_SECRET_CHARS} 个字符"
    )]
    SecretUnfit,
    #[error("number {0} has an account already; remove it first / 该警号已有账号,请先删除")]
    NumberTaken(String),
    #[error("no approver has the number {0} / 没有该警号的批准人")]
    Unknown(String),
    #[error("wrong secret or code")]
    Wrong,
}

/// What an approver offers as proof. Never printed.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    Secret(String),
    Code(String),
}

/// How he gave his word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    OwnSecret,
    /// The code of this index; it is used up.
    Code {
        index: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub name: String,
    pub number: String,
    pub means: Means,
}

/// An approver as he may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub number: String,
    pub codes_left: usize,
}

/// The approvers below one data directory.
#[derive(Clone, Debug)]
pub struct Approvers {
    data: PathBuf,
}

impl Approvers {
    pub fn below(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
        }
    }

    pub fn add(&self, name: &str, number: &str, secret: &str) -> Result<(), ApproverError> {
        let record = ApproverRecord {
            name: fit("name", name)?,
            number: fit("number", number)?,
            secret: hash_of(fit_secret(secret)?)?,
            codes: Vec::new(),
            next_code: 1,
        };
        let locked = Locked::take(&self.data)?;
        let mut file = locked.read()?;
        if file.approvers.iter().any(|known| known.number == record.number) {
            return Err(ApproverError::NumberTaken(record.number));
        }
        file.approvers.push(record);
        Ok(locked.write(&file)?)
    }

    /// His codes go with him.
    pub fn remove(&self, number: &str) -> Result<(), ApproverError> {
        let locked = Locked::take(&self.data)?;
        let mut file = locked.read()?;
        let before = file.approvers.len();
        file.approvers.retain(|known| known.number != number);
        if file.approvers.len() == before {
            return Err(ApproverError::Unknown(number.to_owned()));
        }
        Ok(locked.write(&file)?)
    }

    pub fn list(&self) -> Result<Vec<Listed>, ApproverError> {
        let file = read(&self.data)?;
        let approvers = file.map(|file| file.approvers).unwrap_or_default();
        Ok(approvers.into_iter().map(listed).collect())
    }

    pub fn find(&self, number: &str) -> Result<Option<Listed>, ApproverError> {
        Ok(self.list()?.into_iter().find(|known| known.number == number))
    }

    /// Ten new codes as they are written down, shown this once; older ones are void.
    pub fn new_codes(&self, number: &str) -> Result<Vec<String>, ApproverError> {
        // Hashed before the lock is taken: ten of them take more than a second on purpose.
        let made: Vec<(String, String)> = (0..CODES).map(|_| new_code()).collect::<Result<_, _>>()?;
        let locked = Locked::take(&self.data)?;
        let mut file = locked.read()?;
        let record = of(&mut file.approvers, number)?;
        let mut told = Vec::new();
        record.codes.clear();
        for (digits, hash) in made {
            let index = record.next_code;
            record.next_code = index.saturating_add(1);
            told.push(written(index, &digits));
            record.codes.push(CodeRecord { index, code: hash });
        }
        locked.write(&file)?;
        Ok(told)
    }

    /// Takes about 0.15 s and 64 MiB on purpose; call it where that may block, one at a time.
    pub fn prove(&self, number: &str, credential: &Credential) -> Result<Proof, ApproverError> {
        match credential {
            Credential::Secret(secret) => self.prove_secret(number, secret),
            Credential::Code(code) => self.use_code(number, code),
        }
    }

    fn prove_secret(&self, number: &str, secret: &str) -> Result<Proof, ApproverError> {
        let mut file = read(&self.data)?.ok_or_else(|| ApproverError::Unknown(number.to_owned()))?;
        let record = of(&mut file.approvers, number)?;
        if secret.len() > MAX_SECRET_BYTES || !is_hash_of(&record.secret, secret) {
            return Err(ApproverError::Wrong);
        }
        Ok(proof(record, Means::OwnSecret))
    }

    /// Under the lock from reading to writing, so that no two uses of one code can both be first.
    fn use_code(&self, number: &str, code: &str) -> Result<Proof, ApproverError> {
        let (index, digits) = parse_code(code).ok_or(ApproverError::Wrong)?;
        let locked = Locked::take(&self.data)?;
        let mut file = locked.read()?;
        let record = of(&mut file.approvers, number)?;
        let kept = record.codes.iter().position(|kept| kept.index == index);
        let place = kept.ok_or(ApproverError::Wrong)?;
        let is_right = record
            .codes
            .get(place)
            .is_some_and(|kept| is_hash_of(&kept.code, &digits));
        if !is_right {
            return Err(ApproverError::Wrong);
        }
        record.codes.remove(place);
        let proof = proof(record, Means::Code { index });
        locked.write(&file)?;
        Ok(proof)
    }
}

fn of<'a>(
    approvers: &'a mut [ApproverRecord],
    number: &str,
) -> Result<&'a mut ApproverRecord, ApproverError> {
    let found = approvers.iter_mut().find(|known| known.number == number);
    found.ok_or_else(|| ApproverError::Unknown(number.to_owned()))
}

fn proof(record: &ApproverRecord, means: Means) -> Proof {
    Proof {
        name: record.name.clone(),
        number: record.number.clone(),
        means,
    }
}

fn listed(record: ApproverRecord) -> Listed {
    Listed {
        codes_left: record.codes.len(),
        name: record.name,
        number: record.number,
    }
}

fn fit(field: &'static str, text: &str) -> Result<String, ApproverError> {
    let text = text.trim();
    let is_fit = (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.contains(char::is_control);
    is_fit
        .then(|| text.to_owned())
        .ok_or(ApproverError::Unfit { field })
}

fn fit_secret(secret: &str) -> Result<&str, ApproverError> {
    let is_fit = secret.chars().count() >= MIN_SECRET_CHARS && secret.len() <= MAX_SECRET_BYTES;
    is_fit.then_some(secret).ok_or(ApproverError::SecretUnfit)
}

/// Eight digits and their hash.
fn new_code() -> Result<(String, String), AccountsError> {
    // 2^64 is so much more than 10^8 that no digit is likelier than another by anything that counts.
    let number = u64::from_le_bytes(random()?) % CODE_RANGE;
    let digits = format!("{number:08}");
    let hash = hash_of(&digits)?;
    Ok((digits, hash))
}

fn written(index: u32, digits: &str) -> String {
    let (first, second) = digits.split_at(digits.len() / 2);
    format!("{index}-{first}-{second}")
}

fn parse_code(text: &str) -> Option<(u32, String)> {
    let mut fields = text.trim().split('-');
    let (index, first, second) = (fields.next()?, fields.next()?, fields.next()?);
    let four = |field: &str| field.len() == 4 && field.bytes().all(|b| b.is_ascii_digit());
    let is_code = fields.next().is_none() && four(first) && four(second);
    is_code.then_some((index.parse().ok()?, format!("{first}{second}")))
}
