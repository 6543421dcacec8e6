//! A certificate of a device's key, signed by the key itself: until the centre's authority issues one, it only
//! says which key this is. And the request for that one. Made by `keys`, read by `public` and by authorities.

use std::str::FromStr as _;
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::der::asn1::{BitString, GeneralizedTime, UtcTime};
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{self, DateTime, Decode as _, Encode as _, EncodePem as _};
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// SM2 with SM3 (GM/T 0006).
pub(super) const SM2_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");

/// PEM. Valid from 2026 on and for ever (RFC 5280 4.1.2.5): the machine's clock is not known to be right when
/// its key is made, and evidence does not expire.
pub(super) fn self_signed(
    room: &str,
    algorithm: ObjectIdentifier,
    spki: &[u8],
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> der::Result<String> {
    let name = name_of(room)?;
    let algorithm = AlgorithmIdentifierOwned {
        oid: algorithm,
        parameters: None,
    };
    let serial = super::Sha256Digest::of(spki).to_string();
    let serial: Vec<u8> = super::public::from_hex(serial.get(..30).unwrap_or_default()).unwrap_or_default();
    let tbs_certificate = TbsCertificate {
        version: Version::V1,
        serial_number: SerialNumber::new(&[&[0x01], serial.as_slice()].concat())?,
        signature: algorithm.clone(),
        issuer: name.clone(),
        validity: Validity {
            not_before: Time::UtcTime(UtcTime::from_date_time(DateTime::new(2026, 1, 1, 0, 0, 0)?)?),
            not_after: Time::GeneralTime(GeneralizedTime::from_date_time(DateTime::new(
                9999, 12, 31, 23, 59, 59,
            )?)),
        },
        subject: name,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(spki)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: None,
    };
    let signature = BitString::from_bytes(&sign(&tbs_certificate.to_der()?))?;
    let certificate = Certificate {
        tbs_certificate,
        signature_algorithm: algorithm,
        signature,
    };
    certificate.to_pem(LineEnding::LF)
}

fn name_of(room: &str) -> der::Result<Name> {
    Name::from_str(&format!("CN=shenlu {room}"))
}

/// PEM of a PKCS#10 request for the same name and key, without wishes: what the certificate may be used for is the
/// authority's to say.
pub(super) fn request(
    room: &str,
    algorithm: ObjectIdentifier,
    spki: &[u8],
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> der::Result<String> {
    let info = CertReqInfo {
        version: x509_cert::request::Version::V1,
        subject: name_of(room)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(spki)?,
        attributes: Default::default(),
    };
    let signature = BitString::from_bytes(&sign(&info.to_der()?))?;
    let algorithm = AlgorithmIdentifierOwned {
        oid: algorithm,
        parameters: None,
    };
    CertReq {
        info,
        algorithm,
        signature,
    }
    .to_pem(LineEnding::LF)
}
