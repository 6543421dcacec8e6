//! The messages of RFC 3161 in DER: the question, the answer, and what is signed inside it. Pure.
//!
//! Used by `mod` and `server`. Reads what a server wrote: everything here may come from a stranger.

use super::StampError;
use crate::evidence::digest::Sha256Digest;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::asn1::{AnyRef, Int, ObjectIdentifier, OctetString};
use der::{Any, Decode, DecodeValue, Encode as _, Header, Reader, Sequence, Tag, Tagged as _};
use x509_cert::spki::AlgorithmIdentifierOwned;

pub(super) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
pub(super) const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// `id-ct-TSTInfo`.
pub(super) const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// Granted as asked, and granted with changes.
const GRANTED: [u8; 2] = [0, 1];

#[derive(Sequence)]
pub(super) struct MessageImprint {
    pub hash_algorithm: AlgorithmIdentifierOwned,
    pub hashed_message: OctetString,
}

#[derive(Sequence)]
struct TimeStampReq {
    version: u8,
    imprint: MessageImprint,
    nonce: u64,
    cert_req: bool,
}

/// The question: stamp this digest, and put the certificate in, so that the answer can be checked alone.
pub(super) fn question(digest: Sha256Digest, nonce: u64) -> der::Result<Vec<u8>> {
    let imprint = MessageImprint {
        hash_algorithm: AlgorithmIdentifierOwned {
            oid: SHA256,
            parameters: Some(Any::null()),
        },
        hashed_message: OctetString::new(digest.as_bytes().as_slice())?,
    };
    TimeStampReq {
        version: 1,
        imprint,
        nonce,
        cert_req: true,
    }
    .to_der()
}

/// The answer.
pub(super) struct TimeStampResp {
    pub status: Status,
    pub token: Option<ContentInfo>,
}

impl der::FixedTag for TimeStampResp {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for TimeStampResp {
    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_nested(header.length, |reader| {
            let status = Status::decode(reader)?;
            let token = (!reader.is_finished())
                .then(|| ContentInfo::decode(reader))
                .transpose()?;
            Ok(Self { status, token })
        })
    }
}

/// `PKIStatusInfo`.
pub(super) struct Status {
    status: u8,
    said: String,
}

impl Status {
    pub fn is_granted(&self) -> bool {
        GRANTED.contains(&self.status)
    }

    pub fn refused(self) -> StampError {
        StampError::Refused {
            status: self.status,
            said: self.said,
        }
    }
}

impl der::FixedTag for Status {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for Status {
    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_nested(header.length, |reader| {
            let (status, mut said) = (u8::decode(reader)?, String::new());
            while !reader.is_finished() {
                let field = AnyRef::decode(reader)?;
                // The texts, where there are some; the bits behind them say the same to programs.
                if field.tag() == Tag::Sequence {
                    let texts: Vec<String> = field.sequence(|texts| {
                        let mut all = Vec::new();
                        while !texts.is_finished() {
                            all.push(String::from_utf8_lossy(AnyRef::decode(texts)?.value()).into_owned());
                        }
                        Ok(all)
                    })?;
                    said = texts
                        .join("; ")
                        .chars()
                        .filter(|c| !c.is_control())
                        .take(200)
                        .collect();
                }
            }
            Ok(Self { status, said })
        })
    }
}

/// What the server signed.
pub(super) struct TstInfo {
    pub imprint: MessageImprint,
    serial: Int,
    gen_time: String,
    pub nonce: Option<u64>,
}

impl der::FixedTag for TstInfo {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for TstInfo {
    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_nested(header.length, |reader| {
            let _version = u8::decode(reader)?;
            let _policy = ObjectIdentifier::decode(reader)?;
            let imprint = MessageImprint::decode(reader)?;
            let serial = Int::decode(reader)?;
            let gen_time = AnyRef::decode(reader)?;
            gen_time.tag().assert_eq(Tag::GeneralizedTime)?;
            let mut nonce = None;
            while !reader.is_finished() {
                // Accuracy, ordering, name and extensions are for those who want them; the nonce is the integer.
                let field = AnyRef::decode(reader)?;
                if field.tag() == Tag::Integer {
                    nonce = field.decode_as().ok();
                }
            }
            Ok(Self {
                imprint,
                serial,
                gen_time: String::from_utf8_lossy(gen_time.value()).into_owned(),
                nonce,
            })
        })
    }
}

impl TstInfo {
    /// `20260304050607.25Z` as RFC 3339. The standard lets fractions stand there, which stock readers refuse.
    pub fn at(&self) -> Result<String, StampError> {
        let bad = || StampError::Form(format!("time {:?}", self.gen_time));
        let (whole, fraction) = match self.gen_time.strip_suffix('Z').ok_or_else(bad)?.split_once('.') {
            Some((whole, fraction)) => (whole, format!(".{fraction}")),
            None => (self.gen_time.trim_end_matches('Z'), String::new()),
        };
        let at = chrono::NaiveDateTime::parse_from_str(whole, "%Y%m%d%H%M%S").map_err(|_| bad())?;
        let is_plain = fraction.bytes().skip(1).all(|digit| digit.is_ascii_digit()) && fraction.len() <= 10;
        if whole.len() != 14 || !is_plain {
            return Err(bad());
        }
        Ok(format!("{}{fraction}Z", at.format("%Y-%m-%dT%H:%M:%S")))
    }

    pub fn serial(&self) -> String {
        crate::evidence::signing::hex(self.serial.as_bytes())
    }
}

/// The bytes inside the signed envelope, which must be said to be a time stamp's.
pub(super) fn content_of(signed: &SignedData) -> Result<&[u8], StampError> {
    let inner = &signed.encap_content_info;
    if inner.econtent_type != TST_INFO {
        return Err(StampError::Form(inner.econtent_type.to_string()));
    }
    let content = inner
        .econtent
        .as_ref()
        .filter(|content| content.tag() == Tag::OctetString);
    content
        .map(Any::value)
        .ok_or_else(|| StampError::Form("no content".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_fractions() {
        let at = |text: &str| {
            let info = TstInfo {
                imprint: MessageImprint {
                    hash_algorithm: AlgorithmIdentifierOwned {
                        oid: SHA256,
                        parameters: None,
                    },
                    hashed_message: OctetString::new([]).unwrap(),
                },
                serial: Int::new(&[1]).unwrap(),
                gen_time: text.to_owned(),
                nonce: None,
            };
            info.at().ok()
        };
        assert_eq!(at("20260304050607Z").as_deref(), Some("2026-03-04T05:06:07Z"));
        assert_eq!(
            at("20260304050607.25Z").as_deref(),
            Some("2026-03-04T05:06:07.25Z")
        );
        for bad in [
            "",
            "20260304050607",
            "20261304050607Z",
            "20260304050607.2.5Z",
            "2026030405060Z",
            "æZ",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }
}
