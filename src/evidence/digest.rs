//! SHA-256 and SM3, always together: the two digests that every fragment, file
//! and journal line carries. Streaming, so that a segment is digested while it
//! is written; `digest_file` is for files that were not written by us just now.
//! Called by the journal, the writer, the sums and `verify`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use std::{fmt, fs::File, io, io::Read as _, path::Path, str::FromStr};

/// Not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct NotADigest;

fn hex_to_bytes(text: &str) -> Result<[u8; 32], NotADigest> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(NotADigest);
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotADigest),
    };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Ok(bytes)
}

macro_rules! digest_type {
    ($name:ident, $hasher:ty, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// 64 zeros: the `prev` of a journal's first line.
            pub const ZERO: Self = Self([0; 32]);

            pub fn of(bytes: &[u8]) -> Self {
                Self(<$hasher>::digest(bytes).into())
            }

            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl From<$name> for [u8; 32] {
            fn from(digest: $name) -> Self {
                digest.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotADigest;
            fn from_str(text: &str) -> Result<Self, NotADigest> {
                hex_to_bytes(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

digest_type!(
    Sha256Digest,
    Sha256,
    "A SHA-256 digest; text and JSON form are lower-case hex."
);
digest_type!(
    Sm3Digest,
    Sm3,
    "An SM3 digest (GB/T 32905); text and JSON form are lower-case hex."
);

/// Both digests of the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    pub sha256: Sha256Digest,
    pub sm3: Sm3Digest,
}

impl Digests {
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: Sha256Digest::of(bytes),
            sm3: Sm3Digest::of(bytes),
        }
    }
}

/// Both digests of a stream.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    sha256: Sha256,
    sm3: Sm3,
}

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sm3.update(bytes);
    }

    pub fn finish(self) -> Digests {
        Digests {
            sha256: Sha256Digest(self.sha256.finalize().into()),
            sm3: Sm3Digest(self.sm3.finalize().into()),
        }
    }
}

const READ_BYTES: usize = 256 * 1024;

/// Size and digests of a file, read once from its beginning.
pub fn digest_file(path: &Path) -> io::Result<(u64, Digests)> {
    let mut hasher = Hasher::default();
    let size = read_through(path, |bytes| hasher.update(bytes))?;
    Ok((size, hasher.finish()))
}

/// Gives a file's bytes in order and says how many there were.
pub fn read_through(path: &Path, mut each: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; READ_BYTES];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(count) => {
                each(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_digests_agree_with_the_published_examples() {
        let digests = Digests::of(b"abc");
        assert_eq!(
            digests.sha256.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            digests.sm3.to_string(),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
    }

    #[test]
    fn upper_case_and_short_digests_are_refused() {
        assert!("BA".repeat(32).parse::<Sha256Digest>().is_err());
        assert!("ba".repeat(31).parse::<Sha256Digest>().is_err());
        assert!("ba".repeat(32).parse::<Sha256Digest>().is_ok());
    }
}
